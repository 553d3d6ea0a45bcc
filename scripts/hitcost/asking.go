//go:build unix

package main

import (
	"os/exec"
	"syscall"
	"time"

	"daypass/internal/tty/ttytest"
)

// What a cold cache may cost, as a multiple of a hit: both ways read the keyring.
const (
	maxUnasked = 1.5
	maxPrompt  = 2.5
)

// The exit codes of a call that asks nobody, and of one that Ctrl-C ends.
const (
	exitUnasked     = 3
	exitInterrupted = 130
)

// nobodyToAsk compares a hit with a call that has neither terminal nor display.
func (w *world) nobodyToAsk() row {
	return w.besideHit("start to exit 3, nobody to ask", maxUnasked, func() time.Duration {
		return w.timed(alone(w.cold(noDisplay)), exitUnasked, "")
	})
}

// promptOff compares a hit with a call that has a terminal and may not ask there.
func (w *world) promptOff() row {
	return w.besideHit("start to exit 3, --no-prompt on a terminal", maxUnasked, func() time.Duration {
		return w.onTerminal(func(term *ttytest.Terminal) time.Duration {
			cmd := w.cold(noDisplay)
			cmd.Args = append(cmd.Args, "--no-prompt")
			begun := time.Now()
			term.Start(cmd)
			w.mustEnd(term, cmd, exitUnasked)
			return time.Since(begun)
		})
	})
}

// promptShown compares a hit with the time until the prompt stands on the
// terminal, where it is then cancelled.
func (w *world) promptShown() row {
	return w.besideHit("start to the prompt on a terminal", maxPrompt, func() time.Duration {
		return w.onTerminal(func(term *ttytest.Terminal) time.Duration {
			cmd := w.cold(noDisplay)
			begun := time.Now()
			term.Start(cmd)
			term.Expect("MFA code: ")
			took := time.Since(begun)
			term.Type("\x03")
			w.mustEnd(term, cmd, exitInterrupted)
			return took
		})
	})
}

// besideHit compares with a hit that has a session of its own too: the system
// gives those their share of a busy machine apart from others.
func (w *world) besideHit(what string, bound float64, measured func() time.Duration) row {
	return ratio(what, bound, measured, "hit", func() time.Duration { return w.timed(alone(w.call(noDisplay)), 0, w.answer) })
}

// alone gives cmd a session without a terminal.
func alone(cmd *exec.Cmd) *exec.Cmd {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd
}

// onTerminal lends a terminal, which only one session can have.
func (w *world) onTerminal(measured func(*ttytest.Terminal) time.Duration) time.Duration {
	t := newHarness()
	defer t.cleanUp()
	return measured(ttytest.New(t))
}

func (w *world) mustEnd(term *ttytest.Terminal, cmd *exec.Cmd, code int) {
	if got := term.Wait(cmd); got != code {
		w.Fatalf("%s: exit code %d, not %d, and the terminal shows\n%s", cmd, got, code, term.Output())
	}
}
