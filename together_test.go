//go:build unix

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"daypass/internal/stsim"
)

const crowd = 50

// crowded are profiles of one device: three roles, each in a region of its own,
// one of them again under another name, and the session itself.
const crowded = profiles + `
[profile plain]
region = ap-southeast-2
daypass_role_arn = ` + plainRole + `
daypass_source_profile = main
daypass_mfa_serial = ` + device + `

[profile again]
region = eu-west-1
daypass_role_arn = ` + devRole + `
daypass_role_session_name = again
daypass_source_profile = main
daypass_mfa_serial = ` + device + `
`

func TestAHundredProcessesOverFiveProfilesAskOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("home/.aws/config", crowded)
	s := w.shell()
	names := []string{"dev", "ops", "plain", "again", "session"}
	for i := range 2 * crowd {
		s.start(fmt.Sprint("process", i), names[i%len(names)])
	}
	w.missed(2 * crowd)
	s.answer(w.sts.Code(device))
	first := map[string]string{}
	whose := map[string]string{}
	for i := range 2 * crowd {
		got, name := s.end(fmt.Sprint("process", i)).credentials(), names[i%len(names)]
		if first[name] == "" {
			first[name] = got
			whose[got] += name
		}
		if got != first[name] {
			t.Errorf("process %d, of profile %s, got %s and not %s", i, name, got, first[name])
		}
	}
	s.close()
	w.counts(1, len(names)-1)
	if len(whose) != len(names) {
		t.Errorf("profiles share answers: %q", whose)
	}
	if n := prompts(s.shown()); n != 1 {
		t.Errorf("%d prompts:\n%s", n, s.Output())
	}
	regions := map[string]string{devRole: "eu-west-1", opsRole: "us-east-2", plainRole: "ap-southeast-2"}
	for _, r := range w.sts.Requests() {
		if role := r.Form.Get("RoleArn"); !r.Accepted || role != "" && r.Region != regions[role] {
			t.Errorf("%s of %s in %s, accepted %t", r.Action, role, r.Region, r.Accepted)
		}
	}
	w.unlocked()
}

func TestFiftyProcessesWithoutTerminalFetchOneCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("authenticator", "echo run >>runs\nuntil [ -e code ]; do sleep 0.05; done\ncat code\n")
	ends := make([]func() answered, crowd)
	for i := range ends {
		ends[i] = w.beginAlone("credential-process", "--profile", "fetched")
	}
	w.missed(crowd)
	w.write("fresh", w.sts.Code(device)+"\n")
	if err := os.Rename(filepath.Join(w.folder, "fresh"), filepath.Join(w.folder, "code")); err != nil {
		t.Fatal(err)
	}
	first := ends[0]().credentials()
	for i, end := range ends[1:] {
		if got := end().credentials(); got != first {
			t.Errorf("process %d got %s and not %s", i+1, got, first)
		}
	}
	w.counts(1, 1)
	if runs := w.read("runs"); runs != "run\n" {
		t.Errorf("the program ran %d times", strings.Count(runs, "\n"))
	}
}

func TestAHitDoesNotWaitForAnotherPrompt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.shell()
	s.start("first", "dev")
	s.answer(w.sts.Code(device))
	first := s.end("first").credentials()

	s.start("asking", "long")
	s.Expect("MFA code: ")
	s.start("hit", "dev")
	if got := s.end("hit").credentials(); got != first {
		t.Errorf("the hit got %s and not %s", got, first)
	}
	if got := w.get("dev").credentials(); got != first {
		t.Errorf("the hit without a terminal got %s and not %s", got, first)
	}
	s.answerAtLast("asking")
}

// answerAtLast answers the prompt of the process called name, which must have
// stood open until now, and sees that process and the shell to their ends.
func (s *shell) answerAtLast(name string) {
	s.w.t.Helper()
	if end := s.w.read(name + ".end"); end != "" {
		s.w.t.Fatalf("the prompt ended unanswered: %s", end)
	}
	s.Type(s.w.sts.Code(device) + "\r")
	s.end(name).credentials()
	s.close()
}

func TestWhatIsLeftDoesNotWaitForAnotherPrompt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.shell()
	s.start("first", "session")
	s.answer(w.sts.Code(device))
	first := s.end("first").credentials()

	w.moveClock(57 * time.Minute)
	s.start("asking", "long")
	s.Expect("MFA code: ")
	s.start("left", "session")
	if got := s.end("left").credentials(); got != first {
		t.Errorf("got %s and not %s", got, first)
	}
	s.answerAtLast("asking")
	w.counts(1, 1)
}

// The prompter is stopped and will not let go. Who waits for it, for the session
// or for the device, gives up when its own time is over.
func TestAWaiterGivesUpBeforeItsCaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.ask("dev")
	first.Expect("MFA code: ")
	if err := first.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	w.write("brief", strings.ReplaceAll(profiles, "daypass_mfa_serial", "daypass_prompt_timeout = 5s\ndaypass_mfa_serial"))
	w.set("AWS_CONFIG_FILE=" + filepath.Join(w.folder, "brief"))
	why := map[string]string{
		"dev":   "another process asks for the same credentials, and has got no code in time",
		"ops":   "another process asks for the same credentials, and has got no code in time",
		"long":  `another process asks for profile "dev" already`,
		"other": "none was typed in time",
	}
	waiters := map[string]*person{}
	for profile := range why {
		waiters[profile] = w.ask(profile)
	}
	for profile, p := range waiters {
		p.end().failed(4, why[profile])
		if text := p.shown(); strings.Contains(text, "MFA code: ") != (profile == "other") {
			t.Errorf("%s shows:\n%s", profile, text)
		}
	}
	if err := first.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	first.Type(w.sts.Code(device) + "\r")
	first.end().credentials()
	w.counts(1, 1)
	w.unlocked()
}

// called starts the getting of dev's credentials by a program called caller, and
// returns what daypass alone writes to.
func (s *shell) called() *os.File {
	s.w.t.Helper()
	stream := filepath.Join(s.w.folder, "stream")
	if err := syscall.Mkfifo(stream, 0o600); err != nil {
		s.w.t.Fatal(err)
	}
	s.line(fmt.Sprintf("{ sh -c '\"%s\" credential-process --profile dev >stream; :' & echo $! >caller.pid; wait $!; echo $? >caller.end; } </dev/null &", s.w.program))
	out, err := os.Open(stream)
	if err != nil {
		s.w.t.Fatal(err)
	}
	s.w.t.Cleanup(func() { _ = out.Close() })
	return out
}

// The code is typed as soon as the caller is dead, and once more when daypass has
// noticed.
func TestACodeTypedForADeadCallerIsNotSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.shell()
	out := s.called()
	s.Expect("MFA code: ")
	code := w.sts.Code(device)
	s.kill("caller")
	s.end("caller")
	s.Type(code + "\r")
	if got, err := io.ReadAll(out); err != nil || len(got) > 0 {
		t.Errorf("the dead caller was answered %q (%v)", got, err)
	}
	s.Type(code + "\r")
	w.counts(0, 0)

	s.start("next", "dev")
	s.answer(code)
	s.end("next").credentials()
	s.close()
	w.counts(1, 1)
	w.unlocked()
}

// The caller dies while STS has the code: what the code buys is kept, so that the
// next call asks nobody.
func TestACodeSentForADeadCallerIsNotLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sts.Inject(stsim.Fault{Action: "GetSessionToken", Delay: time.Second})
	s := w.shell()
	out := s.called()
	s.answer(w.sts.Code(device))
	w.until("STS takes the code", func() bool { return w.sts.Accepted("GetSessionToken") == 1 })
	s.kill("caller")
	s.end("caller")
	if _, err := io.ReadAll(out); err != nil {
		t.Error(err)
	}
	w.get("dev").credentials()
	s.close()
	w.counts(1, 1)
	w.unlocked()
}

// Those who wait behind a prompt do not ask in its place if their callers have died
// as well, as an IDE does with all that it has started.
func TestWaitersOfTheDeadAskNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.shell()
	out := s.called()
	const more = 3
	for i := range more {
		s.line(fmt.Sprintf("{ sh -c '\"%s\" credential-process --profile dev >stream; :' & echo $! >waiter%d.pid; wait $!; } </dev/null &", w.program, i))
	}
	s.Expect("MFA code: ")
	w.missed(1 + more)
	s.Expect("waiting for the code")
	for i := range more {
		s.kill(fmt.Sprint("waiter", i))
	}
	s.kill("caller")
	if text, err := io.ReadAll(out); err != nil || len(text) > 0 {
		t.Errorf("they printed %q, %v", text, err)
	}
	if n := prompts(s.shown()); n != 1 {
		t.Errorf("%d prompts:\n%s", n, s.shown())
	}
	s.close()
	w.counts(0, 0)
	w.unlocked()
}
