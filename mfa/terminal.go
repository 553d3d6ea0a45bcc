package mfa

import (
	"context"
	"errors"
	"io"

	"daypass/internal/tty"
)

// terminalWay asks on the controlling terminal.
func (a *Asker) terminalWay() (way, error) {
	t, err := a.openTerminal()
	if err != nil {
		return nil, unavailable(err)
	}
	return onTerminal{t}, nil
}

// onTerminal is the way of asking on a terminal.
type onTerminal struct{ Terminal }

func (t onTerminal) place() string { return TerminalName(t.ID()) }
func (t onTerminal) window() bool  { return false }
func (t onTerminal) close()        { t.Close() }

// TerminalName is what the terminal with that ID is called in the state folder. The lock of that name is held by whoever asks there.
func TerminalName(id string) string { return "terminal-" + id }

// put prints what q is about, and later only why it is asked again: the rest still stands above.
func (t onTerminal) put(ctx context.Context, q question) (string, error) {
	lines := q.about
	if q.again != "" {
		lines = []string{q.again}
	}
	err := t.Flush()
	for _, line := range lines {
		if err == nil {
			err = t.Print("daypass: " + line)
		}
	}
	if err == nil {
		err = t.Prompt("MFA code: ")
	}
	if err != nil {
		return "", unavailable(err)
	}
	answer, err := t.ReadLine(ctx)
	switch {
	case err == nil:
		return answer, nil
	case errors.Is(err, tty.ErrLineTooLong):
		return "", nil
	case errors.Is(err, io.EOF):
		return "", ErrCancelled
	case ctx.Err() != nil:
		return "", stopped(ctx)
	}
	return "", unavailable(err)
}
