package main

import (
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"daypass/internal/screentest"
)

const windowTitle = "daypass: MFA code"

// newWindowWorld is a world with a display, as an IDE's.
func newWindowWorld(t *testing.T) (*world, *screentest.Screen) {
	t.Helper()
	if _, err := exec.LookPath("zenity"); err != nil {
		t.Skipf("needs zenity: %v", err)
	}
	w, s := newWorld(t), screentest.New(t)
	w.set(s.Env()...)
	return w, s
}

// noWindows checks that none of daypass's is open.
func noWindows(t *testing.T, s *screentest.Screen) {
	t.Helper()
	for _, title := range s.Windows() {
		if strings.Contains(title, windowTitle) {
			t.Errorf("there is a window %q", title)
		}
	}
}

// answerIn types a code into the window that asks for it, and sees it close.
func (w *world) answerIn(s *screentest.Screen, code string) {
	w.t.Helper()
	s.Window(windowTitle)
	s.Type(code)
	s.Key("Return")
}

func TestWithoutATerminalAWindowAsks(t *testing.T) {
	t.Parallel()
	w, s := newWindowWorld(t)
	ends := make([]func() answered, 20)
	for i := range ends {
		ends[i] = w.beginAlone("credential-process", "--profile", "dev")
	}
	w.missed(len(ends))
	w.answerIn(s, w.sts.Code(device))
	first := ends[0]().credentials()
	for _, end := range ends[1:] {
		if got := end().credentials(); got != first {
			t.Errorf("another answer: %s", got)
		}
	}
	w.counts(1, 1)
	noWindows(t, s)
	w.unlocked()
}

// An answer that is none is asked for again in another window.
func TestAWindowAsksAgain(t *testing.T) {
	t.Parallel()
	w, s := newWindowWorld(t)
	end := w.beginAlone("credential-process", "--profile", "session")
	first := s.PID(s.Window(windowTitle))
	s.Type("hunter2")
	s.Key("Return")
	w.until("the first window closes", func() bool { return syscall.Kill(first, 0) != nil })
	w.answerIn(s, w.sts.Code(device))
	end().credentials()
	w.counts(1, 0)
}

// A full-screen program has the terminal: its keys are its own, and a window asks.
func TestBesideAFullScreenProgramAWindowAsks(t *testing.T) {
	t.Parallel()
	w, s := newWindowWorld(t)
	terminal := w.screen()
	terminal.stty("raw", "-echo")
	p := terminal.begin(w.command(w.program, "credential-process", "--profile", "dev"))
	w.answerIn(s, w.sts.Code(device))
	p.end().credentials()
	if shown := terminal.shown(); shown != "" {
		t.Errorf("the terminal shows %q", shown)
	}
}

// Closed, or left alone, it is not followed by another for those who come again.
func TestAWindowIsNotOpenedForEver(t *testing.T) {
	brief := strings.Replace(profiles, "[profile dev]\n", "[profile dev]\ndaypass_prompt_timeout = 5s\n", 1)
	for name, how := range map[string]struct {
		config string
		leave  func(*screentest.Screen)
		why    string
	}{
		"cancelled":  {profiles, func(s *screentest.Screen) { s.Key("Escape") }, "the prompt was closed"},
		"left alone": {brief, func(*screentest.Screen) {}, "none was typed in time"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, s := newWindowWorld(t)
			w.write("home/.aws/config", how.config)
			end := w.beginAlone("credential-process", "--profile", "dev")
			s.Window(windowTitle)
			how.leave(s)
			end().failed(4, how.why)
			s.Gone(windowTitle)
			w.write("home/.aws/config", profiles)
			for minute := range 9 {
				w.moveClock(time.Duration(minute) * time.Minute)
				w.get("dev").failed(4, "a window that asked for it")
			}
			w.moveClock(11 * time.Minute)
			end = w.beginAlone("credential-process", "--profile", "dev")
			w.answerIn(s, w.sts.Code(device))
			end().credentials()
			w.counts(1, 1)
		})
	}
}

// A display that is gone, or takes connections and says nothing, is none.
func TestADeadDisplayIsNone(t *testing.T) {
	t.Parallel()
	w, s := newWindowWorld(t)
	s.Freeze()
	w.get("dev").failed(3, "there is no terminal to ask on, and the display does not answer")
	w.set("DISPLAY=:99999")
	w.get("dev").failed(3, "there is no terminal to ask on, and the display does not answer")
	w.counts(0, 0)
}

// One that lets nobody in cannot be told before zenity has tried: that is no
// cancel, the next way is tried, and nothing is remembered.
func TestADisplayThatRefusesIsNoCancel(t *testing.T) {
	t.Parallel()
	w, _ := newWindowWorld(t)
	w.set("XAUTHORITY=/dev/null")
	for range 2 {
		w.get("dev").failed(3, "could not ask")
	}
	p := w.ask("dev")
	p.answer(w.sts.Code(device))
	p.end().credentials()
}

// The window goes with the program that called.
func TestAWindowEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	w, s := newWindowWorld(t)
	caller := w.command("sh", "-c", fmt.Sprintf(`%q credential-process --profile dev; :`, w.program))
	end := w.begin(caller)
	s.Window(windowTitle)
	if err := caller.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	end()
	s.Gone(windowTitle)
	w.counts(0, 0)
	second := w.beginAlone("credential-process", "--profile", "dev")
	w.answerIn(s, w.sts.Code(device))
	second().credentials()
}

// A person at a terminal who waits for a window is told of it.
func TestAWaiterIsToldOfTheWindow(t *testing.T) {
	t.Parallel()
	w, s := newWindowWorld(t)
	end := w.beginAlone("credential-process", "--profile", "dev")
	s.Window(windowTitle)
	waiter := w.ask("dev")
	waiter.Expect(`waiting for the code that profile "dev" asks for in a window`)
	w.answerIn(s, w.sts.Code(device))
	if first := end().credentials(); waiter.end().credentials() != first {
		t.Error("the waiter got another answer")
	}
	w.counts(1, 1)
}

// A program that was killed leaves its shell behind, but nobody reads what daypass
// would print.
func TestAWindowEndsWithItsSDK(t *testing.T) {
	t.Parallel()
	_, s := newWindowWorld(t)
	dev, _, _ := theProfiles(t)
	for _, c := range clients {
		t.Run(c.name, func(t *testing.T) {
			w := newClientWorld(t, c, noBus)
			w.set(s.Env()...)
			cmd := w.run(dev, c.command(t, w.url))
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			s.Window(windowTitle)
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			s.Gone(windowTitle)
			w.until("daypass lets go of its locks", func() bool { return len(w.locks("*")) == 0 })
			w.counts(0, 0)
		})
	}
}

// Two questions in one place would get each other's answers.
func TestTwoDevicesOnOneDisplayAskOneAfterTheOther(t *testing.T) {
	t.Parallel()
	w, s := newWindowWorld(t)
	first := w.beginAlone("credential-process", "--profile", "dev")
	pid := s.PID(s.Window(windowTitle))
	second := w.beginAlone("credential-process", "--profile", "other")
	w.missed(2)
	w.until("the second asks", func() bool { return len(w.locks("serial-*")) == 2 })
	w.answerIn(s, w.sts.Code(device))
	first().credentials()
	w.until("the first window closes", func() bool { return syscall.Kill(pid, 0) != nil })
	w.answerIn(s, w.sts.Code(secondDevice))
	second().credentials()
	w.counts(2, 2)
}
