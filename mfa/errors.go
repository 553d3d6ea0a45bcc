package mfa

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"daypass/internal/tty"
)

var (
	// ErrUnavailable means that nobody can be asked. What wraps it wraps the reasons too, one for each way that was tried:
	// ErrPromptOff, tty.ErrNone, tty.ErrBackground, tty.ErrRaw or tty.ErrStalled of the terminal, ErrNoDisplay,
	// ErrDisplayDead, ErrNoProgram or an *AskError of programs.
	ErrUnavailable = errors.New("nobody can be asked for a code")
	// ErrPromptOff means that asking was ruled out by NoPrompt or Prompt.
	ErrPromptOff = errors.New("prompting is switched off")
	// ErrNoDisplay means that windows cannot be opened here.
	ErrNoDisplay = errors.New("there is no display")
	// ErrDisplayDead means that there should be a display, and it does not answer.
	ErrDisplayDead = errors.New("the display does not answer")
	// ErrNoProgram means that no program is installed that could ask.
	ErrNoProgram = errors.New("there is no program to ask with")
	// ErrCancelled means that the person closed the prompt: Ctrl-D, Ctrl-Z, the Cancel of a window.
	ErrCancelled = errors.New("the prompt was cancelled")
	// ErrTimedOut means that Until came before a code.
	ErrTimedOut = errors.New("no code was given in time")
)

// AskError means that a program was there and could not ask: it found no display, or was not what it seemed.
type AskError struct {
	// Program is what was run.
	Program string
	// Err is how it ended, or what it said.
	Err error
}

// Error names the program and how it ended.
func (e *AskError) Error() string {
	return fmt.Sprintf("%s could not ask: %v", e.Program, e.Err)
}

// Unwrap returns Err.
func (e *AskError) Unwrap() error { return e.Err }

// RefusedError means that no code was accepted.
type RefusedError struct {
	// Tries is how many codes were sent; zero if this machine had sent the only one before.
	Tries int
	// Reused means that the last code was not sent, since this machine had sent it before.
	Reused bool
	// Err is the answer to the last code that was sent, nil if none was or if it is only remembered.
	Err error
}

// Error says how many codes were refused, and the last answer.
func (e *RefusedError) Error() string {
	switch {
	case e.Reused:
		return "the code was used already"
	case e.Err == nil:
		return fmt.Sprintf("%d codes were refused", e.Tries)
	case e.Tries == 1:
		return fmt.Sprintf("the code was refused: %v", e.Err)
	}
	return fmt.Sprintf("%d codes were refused, the last one: %v", e.Tries, e.Err)
}

// Unwrap returns Err.
func (e *RefusedError) Unwrap() error { return e.Err }

// BadCodeError means that what TokenCode or Process gave is not six digits. It does not hold what was given, which
// may be a password.
type BadCodeError struct {
	// Program is the program that printed it, empty for TokenCode.
	Program string
}

// Error names the program, if it was one.
func (e *BadCodeError) Error() string {
	if e.Program == "" {
		return "the code given is not six digits"
	}
	return fmt.Sprintf("the output of %q is not one code of six digits", e.Program)
}

// RememberedError means that nobody was asked, since the same question has just failed.
type RememberedError struct {
	// Profile and PID tell who had asked.
	Profile string
	PID     int
	// At is when it failed.
	At time.Time
	// Window reports that it was asked in a window.
	Window bool
	// Err is how: ErrCancelled, ErrTimedOut or a *RefusedError.
	Err error
}

// Error says who had asked and how that ended.
func (e *RememberedError) Error() string {
	return fmt.Sprintf("asking for profile %q a moment ago: %v", e.Profile, e.Err)
}

// Unwrap returns Err.
func (e *RememberedError) Unwrap() error { return e.Err }

// BusyError means that another process was still asking.
type BusyError struct {
	// Profile and PID tell who is asking; empty and zero if that is not known.
	Profile string
	PID     int
	// Err is ErrTimedOut if it was waited for, nil with NoWait.
	Err error
}

// Error says who is asking.
func (e *BusyError) Error() string {
	return fmt.Sprintf("process %d is asking for the code of profile %q", e.PID, e.Profile)
}

// Unwrap returns Err.
func (e *BusyError) Unwrap() error { return e.Err }

// unavailableError is ErrUnavailable with its reasons.
type unavailableError struct{ reasons []error }

func (e *unavailableError) Error() string {
	text := ErrUnavailable.Error()
	separator := ": "
	for _, reason := range e.reasons {
		text += separator + reason.Error()
		separator = "; "
	}
	return text
}

func (e *unavailableError) Is(target error) bool { return target == ErrUnavailable }

func (e *unavailableError) Unwrap() []error { return e.reasons }

// unavailable is ErrUnavailable with its reasons, each told once.
func unavailable(reasons ...error) error {
	e := &unavailableError{}
	for _, reason := range reasons {
		all := []error{reason}
		if inner := (*unavailableError)(nil); errors.As(reason, &inner) {
			all = inner.reasons
		}
		for _, reason := range all {
			if !slices.ContainsFunc(e.reasons, func(r error) bool { return r.Error() == reason.Error() }) {
				e.reasons = append(e.reasons, reason)
			}
		}
	}
	return e
}

// stopped is nil while ctx goes on, then its cause, which for a caller that interrupted is the caller's own.
func stopped(ctx context.Context) error {
	cause := context.Cause(ctx)
	if errors.Is(cause, tty.ErrSuspended) {
		return ErrCancelled
	}
	return cause
}
