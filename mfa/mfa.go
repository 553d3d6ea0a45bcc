// Package mfa owns how one code for one device is had: it was given, a program fetches it, or a person types it, on the
// terminal or in a window; one question at a time in one place, and no code sent twice. It does not know what the code buys: STS,
// the cache and the words of error messages belong to others.
//
// What asks in a window on macOS and Windows was written by their documentation and never run: only its scripts, its arguments
// and the reading of its output are tested.
package mfa

import (
	"context"
	"fmt"
	"io"
	"time"

	"daypass/internal/state"
	"daypass/internal/tty"
)

// Request says for whom a code is wanted, and what the person who gives it should know. Its strings may come from
// outside: they are made visible before they are shown.
type Request struct {
	// Profile and Serial name the profile and its MFA device (an ARN, or the serial of a hardware token).
	Profile, Serial string
	// Caller is the program that wants the credentials, empty if it is not known: see Caller.
	Caller string
	// Host is where the code goes when that is not AWS's own STS, else empty; Plain adds that it goes there unencrypted.
	Host  string
	Plain bool
	// NotKept says why what the code buys will not be kept; empty if it will.
	NotKept string
	// Since is when this process began to want the credentials: a failure remembered from after that instant is its
	// failure too. Zero: it never waited for anybody.
	Since time.Time
	// Until is when asking stops; zero means never. A code that came before it is still sent.
	Until time.Time
	// NoWait makes Ask return a *BusyError at once, instead of waiting, while another process asks for that device or on that terminal.
	NoWait bool
}

// Outcome says what became of a code.
type Outcome int

const (
	// Accepted: STS took the code.
	Accepted Outcome = iota
	// Refused: STS looked at the code and refused it. Another is asked for, up to 3 in all.
	Refused
	// Lost: the code was sent and the answer was lost, so it may be used up. Another is asked for, up to 3 in all.
	Lost
	// Unsent: the code never reached STS. Asking ends with the error given; the code may be sent again later.
	Unsent
	// Failed: asking ends with the error given, whatever became of the code.
	Failed
)

// Try sends a code of six digits to STS and says what became of it. The error belongs to the outcome; with Accepted
// it is ignored.
type Try func(ctx context.Context, code string) (Outcome, error)

// Terminal is what Asker needs of a terminal: *tty.Terminal has it, with the meaning and the errors documented there.
type Terminal interface {
	ID() string
	Print(line string) error
	Prompt(text string) error
	ReadLine(ctx context.Context) (string, error)
	Flush() error
	Close() error
}

// Asker gets codes, from the first of its sources that counts: TokenCode, Process, a person. A person is asked on the
// terminal, else by a dialog, else by a graphical pinentry. The zero value asks without memory and locks.
type Asker struct {
	// TokenCode is a code that was given beforehand, empty if none was. It is final: no other source is tried after it.
	TokenCode string
	// Process is the program that prints a code, with its arguments; empty if there is none.
	Process []string
	// NoPrompt rules out to ask a person, and to tell anything on the terminal, but not TokenCode and Process.
	NoPrompt bool
	// Prompt is the only way of asking a person: "terminal", "dialog", "pinentry" (in a window or, without a display, on the
	// terminal), "" for the first that can be, anything else for none.
	Prompt string
	// Fresh is set when somebody asks expressly: remembered failures are ignored and cleared. TokenCode implies it.
	Fresh bool
	// Typed is set when a person typed the command: what came to nothing a moment ago is asked again.
	Typed bool
	// Gone is an error once nobody waits for the code any more; then no question is put, and no code sent. Nil: never.
	Gone func() error
	// State keeps locks and memory; nil, or a folder that cannot be used, means to go on without both.
	State *state.Dir
	// Now and After are the clock; nil means the real one.
	Now   func() time.Time
	After func(time.Duration) <-chan time.Time
	// Environ is this process's environment. It tells where the display is, and those of Process and of the programs that ask
	// in a window are made of it: see Child.
	Environ []string
	// Callers is the value of DAYPASS_CALLERS for Process.
	Callers string
	// Terminal opens the controlling terminal; nil means tty.Open.
	Terminal func() (Terminal, error)

	seen   *seen                    // the display, nil before it was looked for
	finder func(name string) string // in place of lookUp, in tests
}

// Format writes the type's name under every verb, since TokenCode is secret.
func (a Asker) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "mfa.Asker") }

func (a *Asker) now() time.Time {
	if a.Now == nil {
		return time.Now()
	}
	return a.Now()
}

func (a *Asker) after(d time.Duration) <-chan time.Time {
	if a.After == nil {
		return time.After(d)
	}
	return a.After(d)
}

func (a *Asker) openTerminal() (Terminal, error) {
	if a.Terminal != nil {
		return a.Terminal()
	}
	t, err := tty.Open()
	if err != nil {
		return nil, err
	}
	return t, nil
}

// terminalToTell opens the terminal if it may be written to, else returns nil.
func (a *Asker) terminalToTell() Terminal {
	if a.NoPrompt {
		return nil
	}
	t, err := a.openTerminal()
	if err != nil {
		return nil
	}
	return t
}
