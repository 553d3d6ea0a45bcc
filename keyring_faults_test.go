//go:build linux

package main

import (
	"fmt"
	"strings"
	"testing"

	"daypass/internal/keyring/keyringtest"
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

// notKept is what a prompt says before why.
const notKept = "the credentials will not be kept: "

// gets types a code into the prompt of dev, which must say why nothing will be
// kept, "" for nothing of the kind, and returns the credentials.
func (w *world) gets(why string) string { return w.ask("dev").gets(why) }

func (p *person) gets(why string) string {
	w := p.w
	w.t.Helper()
	p.answer(w.sts.Code(device))
	answer := p.end().credentials()
	shown := p.shown()
	if strings.Contains(shown, notKept) != (why != "") || !strings.Contains(shown, why) || strings.Contains(shown, "panic") {
		w.t.Errorf("the terminal shows\n%s\nwant %q", shown, why)
	}
	w.counts(1, 1)
	return answer
}

// Whatever the keyring does, who types a code has credentials. A dialog is opened
// where somebody can see it, and once.
func TestNoKeyringKeepsCredentialsFromAnybody(t *testing.T) {
	t.Parallel()
	const locked = "the keyring is locked"
	for _, c := range []struct {
		mode    keyringtest.Mode
		display bool
		why     string
		dialogs int
		kept    bool
	}{
		{keyringtest.OK, false, "", 0, true},
		{keyringtest.OK, true, "", 0, true},
		{keyringtest.HangOpen, false, "the keyring does not answer", 0, false},
		{keyringtest.HangUnlock, false, locked, 0, false},
		{keyringtest.PromptUnlock, false, locked, 0, false},
		{keyringtest.PromptUnlock, true, "", 1, true},
		{keyringtest.PromptNever, false, locked, 0, false},
		{keyringtest.PromptDismiss, false, locked, 0, false},
		{keyringtest.PromptDismiss, true, locked, 1, false},
		// It can be read, so that nobody knows beforehand.
		{keyringtest.CreateDismiss, false, "", 0, false},
		{keyringtest.CreateDismiss, true, "", 1, false},
	} {
		t.Run(fmt.Sprintf("%s display=%t", c.mode, c.display), func(t *testing.T) {
			t.Parallel()
			w, f := newFakeWorld(t, c.mode)
			if c.display {
				w.set(aDisplay)
			}
			first := w.gets(c.why)
			if n := f.Count("Prompt"); n != c.dialogs || !c.display && f.Count("Unlock") != 0 {
				t.Errorf("it opened %d dialogs, and was asked to unlock %d times", n, f.Count("Unlock"))
			}
			listed := w.alone("status", "--json")
			if listed.code != 0 || (listed.out != nothingCached) != c.kept {
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
		p.gets("the keyring does not answer")
		for range 20 {
			p.w.get("dev").failed(3, "needs an MFA code")
		}
		if n := dialogs[i](); n != 1 {
			t.Errorf("world %d: %d dialogs were wanted", i, n)
		}
	}
}

func TestAStoppedKeyringKeepsNothing(t *testing.T) {
	t.Parallel()
	s := keyringtest.Keyring(t)
	w := newKeyringWorld(t, s.Env...)
	w.set("DAYPASS_STORE=keyring")
	s.Stop()
	w.gets("the keyring does not answer")
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
