//go:build linux

package main

import (
	"fmt"
	"strings"
	"testing"

	"daypass/internal/keyring/keyringtest"
	"daypass/internal/stsim"
)

// aDisplay lets daypass think that somebody could unlock the keyring. There is
// none: what is asked is asked on the terminal.
const aDisplay = "DISPLAY=:4711"

// newFakeWorld is a world on a bus with a false Secret Service.
func newFakeWorld(t *testing.T, mode keyringtest.Mode, env ...string) (*world, *keyringtest.Fake) {
	t.Helper()
	s := keyringtest.Bus(t)
	w := newKeyringWorld(t, s.Env...)
	w.set("DAYPASS_STORE=keyring")
	w.set(env...)
	return w, s.Fake(mode)
}

// What a prompt says before why, what is said after it, and what status says.
const (
	notKept  = "the credentials will not be kept: "
	unkept   = "the credentials are not kept: "
	unstored = "the credentials could not be kept: "
)

// gets types a code into the prompt of dev, checks that the terminal says line,
// which begins as one of those, and not the other, and returns the credentials.
// With "" neither may be said.
func (w *world) gets(line string) string { return w.ask("dev").gets(line) }

func (p *person) gets(line string) string {
	w := p.w
	w.t.Helper()
	p.answer(w.sts.Code(device))
	answer := p.end().credentials()
	shown := p.shown()
	for _, begins := range []string{notKept, unkept} {
		if strings.Contains(shown, begins) != strings.HasPrefix(line, begins) {
			w.t.Errorf("the terminal shows\n%s\nwant %q", shown, line)
		}
	}
	if line != "" && !strings.Contains(shown, "daypass: "+line) || strings.Contains(shown, "panic") {
		w.t.Errorf("the terminal shows\n%s\nwant %q", shown, line)
	}
	w.counts(1, 1)
	return answer
}

// Whatever the keyring does, who types a code has credentials, and is told if they
// are not kept. A dialog is opened where somebody can see it, and once.
func TestNoKeyringKeepsCredentialsFromAnybody(t *testing.T) {
	t.Parallel()
	const locked = "the keyring is locked"
	for _, c := range []struct {
		mode    keyringtest.Mode
		display bool
		says    string
		dialogs int
		kept    bool
	}{
		{keyringtest.OK, false, "", 0, true},
		{keyringtest.OK, true, "", 0, true},
		{keyringtest.HangOpen, false, notKept + "the keyring does not answer", 0, false},
		{keyringtest.HangUnlock, false, notKept + locked, 0, false},
		{keyringtest.PromptUnlock, false, notKept + locked, 0, false},
		{keyringtest.PromptUnlock, true, "", 1, true},
		{keyringtest.PromptNever, false, notKept + locked, 0, false},
		{keyringtest.PromptDismiss, false, notKept + locked, 0, false},
		{keyringtest.PromptDismiss, true, notKept + locked, 1, false},
		// It can be read, so that nobody knows beforehand.
		{keyringtest.CreateDismiss, false, unkept + locked, 0, false},
		{keyringtest.CreateDismiss, true, unkept + locked, 1, false},
	} {
		t.Run(fmt.Sprintf("%s display=%t", c.mode, c.display), func(t *testing.T) {
			t.Parallel()
			w, f := newFakeWorld(t, c.mode)
			if c.display {
				w.set(aDisplay)
			}
			first := w.gets(c.says)
			if n := f.Count("Prompt"); n != c.dialogs || !c.display && f.Count("Unlock") != 0 {
				t.Errorf("it opened %d dialogs, and was asked to unlock %d times", n, f.Count("Unlock"))
			}
			if _, why, _ := strings.Cut(c.says, ": "); !c.kept {
				w.notCached(why)
			} else if listed := w.alone("status", "--json"); !strings.Contains(listed.out, `"store":"keyring"`) || !strings.Contains(listed.out, `"unkept":[]`) {
				t.Errorf("status --json: out %q, err %q, exit code %d", listed.out, listed.err, listed.code)
			}
			if got := w.alone("credential-process", "--profile", "dev", "--no-prompt"); c.kept && got.credentials() != first {
				t.Errorf("another process got %s and not %s", got.out, first)
			} else if !c.kept {
				got.failed(3, "asking is switched off")
			}
		})
	}
}

// Every command that asks says it, each once, also where the call behind the code
// fails; who gave the code beforehand, or let a program give it, was not asked, and
// finds it in status.
func TestEveryCommandTellsWhatIsNotKept(t *testing.T) {
	t.Parallel()
	const why = "the keyring is locked"
	const says = "daypass: " + unkept + why + "\n"
	for _, c := range []struct {
		command string
		mode    keyringtest.Mode
		says    string
		denied  bool
	}{
		{"credential-process --profile dev", keyringtest.CreateDismiss, says, false},
		{"credential-process --profile dev", keyringtest.CreateDismiss, says, true},
		{"export dev", keyringtest.CreateDismiss, says, false},
		{"whoami dev", keyringtest.CreateDismiss, says, false},
		{"whoami dev", keyringtest.CreateDismiss, says, true},
		{"login dev", keyringtest.CreateDismiss, "", false}, // on standard output
		{"login dev", keyringtest.CreateDismiss, says, true},
		{"exec dev -- true", keyringtest.CreateDismiss, "left); not kept: " + why + "\n", false},
		{"exec dev -- true", keyringtest.CreateDismiss, says, true},
		{"exec dev -- true", keyringtest.PromptDismiss, "daypass: " + notKept + why + "\n", false},
		{"exec dev -- true", keyringtest.PromptDismiss, "daypass: " + notKept + why + "\n", true},
		{"credential-process --profile dev --token-code CODE", keyringtest.CreateDismiss, "", false},
		{"credential-process --profile fetched", keyringtest.CreateDismiss, "", false},
	} {
		t.Run(fmt.Sprintf("%s %s denied=%t", c.command, c.mode, c.denied), func(t *testing.T) {
			t.Parallel()
			w, _ := newFakeWorld(t, c.mode)
			w.write("authenticator", "echo "+w.sts.Code(device)+"\n")
			code := 0
			if c.denied {
				w.sts.Inject(stsim.Fault{Action: "AssumeRole", Status: 403, Code: "AccessDenied", Message: "no"})
				code = 5
				if strings.HasPrefix(c.command, "exec") {
					code = 125
				}
			}
			command := strings.ReplaceAll(c.command, "CODE", w.sts.Code(device))
			p := w.screen().begin(w.command(append([]string{w.program}, strings.Fields(command)...)...))
			if command == c.command && !strings.Contains(command, "fetched") {
				p.answer(w.sts.Code(device))
			}
			if got := p.end(); got.code != code || strings.Contains(got.err, "kept") {
				t.Errorf("exit code %d, err %q", got.code, got.err)
			}
			shown := strings.ReplaceAll(p.shown(), "\r\n", "\n")
			n := strings.Count(shown, "not kept") + strings.Count(shown, "not be kept")
			if !strings.Contains(shown, c.says) || (n == 1) != (c.says != "") || n > 1 {
				t.Errorf("the terminal shows\n%s\nwant %q", shown, c.says)
			}
			w.says([]string{`"message":"` + unstored + why + `",`}, "status", "--json")
		})
	}
}

// What could not be kept is forgotten once it is, also for another profile that
// shares the session, and by a logout.
func TestWhatIsNotKeptIsForgottenOnceSomethingIs(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"login dev --token-code CODE", "login ops --token-code CODE", "logout dev", "logout ops", "logout --all"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			w, _ := newFakeWorld(t, keyringtest.CreateDismiss)
			run := func(command string) answered {
				return w.alone(strings.Fields(strings.ReplaceAll(command, "CODE", w.sts.Code(device)))...)
			}
			if got := run("login dev --token-code CODE"); !strings.Contains(got.out, "; not kept: the keyring is locked\n") {
				t.Errorf("login says %q", got.out)
			}
			w.notCached("the keyring is locked")
			w.set(keyringtest.Keyring(t).Env...) // of its own: one of them clears it
			if got := run(command); got.code != 0 || strings.Contains(got.out, "kept") {
				t.Errorf("exit code %d, out %q, err %q", got.code, got.out, got.err)
			}
			for _, args := range [][]string{{"status"}, {"explain", "dev"}, {"explain", "ops"}} {
				if got := w.alone(args...); got.code != 0 || strings.Contains(got.out, "kept:") {
					t.Errorf("%s says\n%s", args, got.out)
				}
			}
		})
	}
}

// notCached checks that nothing is cached, and that status and explain say why.
func (w *world) notCached(why string) {
	w.t.Helper()
	why = unstored + why
	w.says([]string{`{"entries":[],`, `"unkept":[{"profile":"dev",`, `"message":"` + why + `",`, `"failures":[]`}, "status", "--json")
	w.says([]string{"nothing is cached\nprofile \"dev\" at ", ": " + why + "\n"}, "status")
	w.says([]string{"; cache: miss\n", "note: profile \"dev\" at ", ": " + why + "\n"}, "explain", "dev")
	w.says([]string{`"cache":"miss","expires":null,"unkept":"` + why + `"}`}, "explain", "dev", "--json")
}

// With the kernel behind it, whatever the keyring does costs nobody a second code.
func TestTheKernelKeepsWhatTheKeyringDoesNot(t *testing.T) {
	t.Parallel()
	keyringtest.NeedAlone(t)
	for mode, store := range map[keyringtest.Mode]string{
		keyringtest.OK: "keyring", keyringtest.HangOpen: "kernel", keyringtest.HangUnlock: "kernel",
		keyringtest.PromptNever: "kernel", keyringtest.PromptDismiss: "kernel", keyringtest.CreateDismiss: "kernel",
	} {
		t.Run(fmt.Sprint(mode), func(t *testing.T) {
			t.Parallel()
			w, f := newFakeWorld(t, mode)
			w.set("DAYPASS_STORE=auto")
			first := w.gets("")
			if got := w.alone("credential-process", "--profile", "dev", "--no-prompt").credentials(); got != first {
				t.Errorf("another process got %s and not %s", got, first)
			}
			listed := w.alone("status", "--json").out
			if strings.Count(listed, `"store":"`+store+`"`) != 2 || strings.Contains(listed, `"reason"`) != (store == "kernel") {
				t.Errorf("status --json: %s", listed)
			}
			if n := f.Count("Unlock", "Prompt"); n != 0 {
				t.Errorf("it was asked %d times to unlock and to open dialogs, which nobody would see", n)
			}
		})
	}
}

// A dialog that is not answered has its time once. The calls that follow, each a
// process of its own, open no other.
func TestADialogOfTheKeyringIsNeverAnswered(t *testing.T) {
	t.Parallel()
	s := keyringtest.Keyring(t)
	s.Lock()
	prompter := s.Prompter()
	hanging, hangs := newFakeWorld(t, keyringtest.HangUnlock)
	silent, waits := newFakeWorld(t, keyringtest.PromptNever)
	var all []*person // they wait at the same time
	dialogs := []func() int{prompter.Asked, func() int { return hangs.Count("Unlock") }, func() int { return waits.Count("Prompt") }}
	asking := newKeyringWorld(t, s.Env...)
	asking.set("DAYPASS_STORE=keyring")
	for _, w := range []*world{asking, hanging, silent} {
		w.get("dev").failed(3, "needs an MFA code") // nobody sees a dialog
		w.set(aDisplay)
		all = append(all, w.ask("dev"))
	}
	for i, p := range all {
		p.gets(notKept + "the keyring does not answer")
		for range 20 {
			p.w.get("dev").failed(3, "needs an MFA code")
		}
		if n := dialogs[i](); n != 1 {
			t.Errorf("world %d: %d dialogs were wanted", i, n)
		}
	}
}

// The first call has waited, and says so in the state folder. Those that follow wait
// no longer than it takes to look there: each that had waited in full would say so
// again.
func TestAStoppedKeyringKeepsNothing(t *testing.T) {
	t.Parallel()
	s := keyringtest.Keyring(t)
	w := newKeyringWorld(t, s.Env...)
	w.set("DAYPASS_STORE=keyring")
	s.Stop()
	w.gets(notKept + "the keyring does not answer")
	const file = stateFolder + "/keyring.json"
	said := w.read(file)
	var ends []func() answered
	for range 20 {
		ends = append(ends, w.beginAlone("credential-process", "--profile", "dev"))
	}
	for _, end := range ends {
		end().failed(3, "needs an MFA code")
	}
	if now := w.read(file); now != said || !strings.Contains(said, `"timeout"`) {
		t.Errorf("the state folder says %s, then %s", said, now)
	}
	s.Continue()
	if n, found := (ring{w}).items(); n != 0 {
		t.Errorf("there is something in it:\n%s", found)
	}
}

// go-keyring panics when the bus goes away while a dialog is open.
func TestTheBusDiesWhileTheKeyringIsUnlocked(t *testing.T) {
	t.Parallel()
	s := keyringtest.Bus(t)
	w := newKeyringWorld(t, s.Env...)
	w.set("DAYPASS_STORE=keyring", aDisplay)
	f := s.Fake(keyringtest.PromptNever)
	p := w.ask("dev")
	w.until("a dialog is opened", func() bool { return f.Count("Prompt") == 1 })
	s.KillBus()
	p.Expect(notKept + "no keyring answers here")
	p.answer(w.sts.Code(device))
	p.end().credentials()
	if shown := p.shown(); strings.Contains(shown, "panic") || strings.Contains(shown, "goroutine") {
		t.Errorf("the terminal shows\n%s", shown)
	}
}

// Where nobody is to be asked the keyring opens no dialog either, with a code or
// without one.
func TestNoPromptOpensNoDialogOfTheKeyring(t *testing.T) {
	t.Parallel()
	if !keyringtest.RunAlone(t) { // it clears the kernel keyring, which other tests use
		return
	}
	for _, mode := range []keyringtest.Mode{keyringtest.HangUnlock, keyringtest.PromptUnlock, keyringtest.PromptNever, keyringtest.PromptDismiss, keyringtest.CreateDismiss} {
		w, f := newFakeWorld(t, mode, aDisplay)
		w.alone("credential-process", "--profile", "dev", "--no-prompt").failed(3, "asking is switched off")
		w.alone("credential-process", "--profile", "dev", "--no-prompt", "--token-code", w.sts.Code(device)).credentials()
		w.alone("logout", "--all", "--no-prompt")
		w.set("DAYPASS_NO_PROMPT=1")
		w.get("dev").failed(3, "asking is switched off")
		if n := f.Count("Unlock", "Prompt"); n != 0 {
			t.Errorf("%s: it was asked %d times to unlock and to open dialogs", mode, n)
		}
	}
}

// A dialog that was dismissed is not opened again by the calls that follow, though
// each is a process of its own. Who logs in, with --refresh or without, wants it.
func TestADismissedDialogOfTheKeyringComesBackForALogin(t *testing.T) {
	t.Parallel()
	w, f := newFakeWorld(t, keyringtest.PromptDismiss, aDisplay)
	for range 20 {
		w.get("dev").failed(3, "needs an MFA code")
	}
	w.opened(f, 1)
	for i, command := range [][]string{{"login", "dev"}, {"export", "dev", "--refresh"}} {
		got := w.alone(append(command, "--token-code", w.sts.Code(device))...)
		if got.code != 0 || command[0] == "login" && !strings.Contains(got.out, "not kept: the keyring is locked") {
			t.Errorf("%s: out %q, err %q, exit code %d", command, got.out, got.err, got.code)
		}
		w.opened(f, 2+i)
	}
	w.alone("export", "dev", "--token-code", w.sts.Code(device))
	w.opened(f, 3)
}

func (w *world) opened(f *keyringtest.Fake, want int) {
	w.t.Helper()
	if n := f.Count("Prompt"); n != want {
		w.t.Errorf("%d dialogs were opened, want %d", n, want)
	}
}
