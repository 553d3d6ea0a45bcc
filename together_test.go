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

func TestFiftyProcessesOnOneTerminalAskOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.shell()
	for i := range crowd {
		s.start(fmt.Sprint("process", i), "dev")
	}
	w.missed(crowd)
	s.answer(w.sts.Code(device))
	first := s.end("process0").credentials()
	for i := range crowd {
		if got := s.end(fmt.Sprint("process", i)).credentials(); got != first {
			t.Errorf("process %d got %s and not %s", i, got, first)
		}
	}
	s.close()
	w.counts(1, 1)
	if n := strings.Count(s.shown(), "MFA code: "); n != 1 {
		t.Errorf("%d prompts:\n%s", n, s.Output())
	}
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

// The holder of the locks is killed while its prompt is open, in the first round
// when another waits visibly, and in the others at once.
func TestAKilledHolderIsSucceeded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.shell()
	for round := range 20 {
		holder, heir := fmt.Sprint("holder", round), fmt.Sprint("heir", round)
		s.start(holder, "dev")
		s.Expect("MFA code: ")
		s.start(heir, "dev")
		w.missed(2)
		if round == 0 {
			s.Expect(`waiting for the code that profile "dev" asks for`)
		}
		s.kill(holder)
		s.answer(w.sts.Code(device))
		s.end(heir).credentials()
		if got := s.end(holder); got.code != 128+int(syscall.SIGKILL) {
			t.Fatalf("the holder was not killed: exit code %d, err %q", got.code, got.err)
		}
		w.counts(round+1, round+1)
		w.forget("dev")
	}
	s.close()
	w.unlocked()
}

// The holder is killed after STS took its code and before it heard of it.
func TestAHolderKilledAfterItsCodeIsSucceeded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sts.Inject(stsim.Fault{Action: "GetSessionToken", Times: 1, Delay: time.Hour})
	s := w.shell()
	s.start("holder", "dev")
	s.answer(w.sts.Code(device))
	s.start("heir", "dev")
	w.missed(2)
	w.until("STS takes the code", func() bool { return w.sts.Accepted("GetSessionToken") == 1 })
	s.kill("holder")
	s.answer(w.sts.Code(device))
	s.end("heir").credentials()
	s.close()
	w.counts(2, 1)
	w.unlocked()
}

func TestTwoDevicesOnOneTerminalAskOneAfterTheOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.shell()
	s.start("first", "dev")
	s.Expect("profile \"dev\" wants a code from " + device)
	s.Expect("MFA code: ")
	s.start("second", "other")
	s.Expect(`waiting for the code that profile "dev" asks for`)
	if text := s.Output(); strings.Contains(text, `"other"`) {
		t.Errorf("the second question came too early:\n%s", text)
	}
	s.Type(w.sts.Code(device) + "\r")
	s.end("first").credentials()
	s.Expect("profile \"other\" wants a code from " + secondDevice)
	s.answer(w.sts.Code(secondDevice))
	s.end("second").credentials()
	s.close()
	w.counts(2, 2)
	for _, r := range w.sts.Requests() {
		if !r.Accepted {
			t.Errorf("%s with a code from %s: %s", r.Action, r.Form.Get("SerialNumber"), r.ErrorCode)
		}
	}
}

// One question at a time for a device, wherever it is asked: two answers would be
// the same code.
func TestOneDeviceOnTwoTerminalsIsAskedForOneAfterTheOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.ask("dev")
	first.Expect("MFA code: ")
	second := w.ask("long")
	second.Expect(`waiting for the code that profile "dev" asks for`)
	if text := second.Output(); strings.Contains(text, "MFA code: ") {
		t.Errorf("the second question came too early:\n%s", text)
	}
	first.Type(w.sts.Code(device) + "\r")
	first.end().credentials()
	second.answer(w.sts.Code(device))
	second.end().credentials()
	w.counts(1, 2)
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
