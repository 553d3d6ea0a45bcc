// Package tty owns the controlling terminal: whether a person can be asked on it, what is written to it and the
// line or the text that is read from it. Of the terminal's modes it changes the echo, while a secret is typed, and that lines are cut, while a
// text is; it puts back what it or a program that it was lent to has changed. It knows nothing of codes, and never touches stdin, stdout or stderr.
package tty

import (
	"errors"
	"os"

	"golang.org/x/term"
)

// Reasons why the terminal cannot be used. Open, Print, Prompt, Flush and ReadLine return errors that wrap them.
var (
	// ErrNone means that this process has no controlling terminal (or lost it).
	ErrNone = errors.New("there is no terminal")
	// ErrBackground means that this process group is not in the foreground of its terminal: a read would stop it
	// (SIGTTIN), and what is typed belongs to somebody else.
	ErrBackground = errors.New("this process runs in the background of its terminal")
	// ErrRaw means that the terminal is not in canonical mode: it belongs to a full-screen program, and keys would be
	// torn between two readers.
	ErrRaw = errors.New("the terminal is used by a full-screen program")
	// ErrStalled means that the terminal took no output for a while (Ctrl-S, a dead connection).
	ErrStalled = errors.New("the terminal takes no output")
)

// What can end a ReadLine besides its context and the reasons above.
var (
	// ErrSuspended is the cancellation cause of a context by CatchSuspend after Ctrl-Z.
	ErrSuspended = errors.New("suspended from the keyboard")
	// ErrLineTooLong means that a line of more than MaxLine bytes was typed; it was read to its end and dropped.
	ErrLineTooLong = errors.New("the line is too long")
)

// MaxLine is the longest line that ReadLine returns, in bytes with its newline.
const MaxLine = 256

// IsTerminal reports whether f is a terminal, the controlling one or any other. A nil f is none.
func IsTerminal(f *os.File) bool {
	return f != nil && term.IsTerminal(int(f.Fd()))
}
