package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"daypass/creds"
	"daypass/internal/state"
	"daypass/internal/tty"
	"daypass/mfa"
)

// screen is what a conversation needs of a terminal: *tty.Terminal, or a fake.
type screen interface {
	Print(line string) error
	Prompt(text string) error
	Flush() error
	ReadLine(ctx context.Context) (string, error)
	AskHidden(ctx context.Context, prompt string) (string, error)
}

// talk is a conversation on the controlling terminal, in which a person gives more
// than a code.
type talk struct {
	screen
	ctx context.Context // ends with Ctrl-Z too
}

// answerable returns ctx as it is for one question, or for the wait until it may be put.
func answerable(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, personLimits.ask, mfa.ErrTimedOut)
}

// talk opens the terminal, to ask about the key called name. Its error is a *noTalkError
// if that cannot be. The function returned gives the terminal back.
func (a *app) talk(ctx context.Context, o options, dir *state.Dir, name string) (*talk, func(), error) {
	if o.noPrompt {
		return nil, nil, &noTalkError{mfa.ErrPromptOff}
	}
	t, err := tty.Open()
	if err != nil {
		return nil, nil, &noTalkError{err}
	}
	a.catchSignals() // what is switched off must be switched on again
	ctx, resume := tty.CatchSuspend(ctx)
	done := func() { resume(); _ = t.Close() }
	limited, cancel := answerable(ctx)
	defer cancel()
	asker := &mfa.Asker{State: dir, Now: a.Now}
	unlock, err := asker.Converse(limited, t.ID(), name)
	if err != nil {
		done()
		if errors.Is(err, mfa.ErrTimedOut) {
			return nil, nil, &noTalkError{err}
		}
		return nil, nil, closed(err)
	}
	return &talk{t, ctx}, func() { unlock(); done() }, nil
}

// ask returns the answer to a question, without the blanks around it.
func (t *talk) ask(question string) (string, error) {
	err := t.Flush()
	if err == nil {
		err = t.Prompt(question)
	}
	if err != nil {
		return "", &noTalkError{err}
	}
	ctx, cancel := answerable(t.ctx)
	defer cancel()
	return t.answer(t.ReadLine(ctx))
}

// askHidden is ask for what nobody may see.
func (t *talk) askHidden(question string) (string, error) {
	ctx, cancel := answerable(t.ctx)
	defer cancel()
	return t.answer(t.AskHidden(ctx, question))
}

func (t *talk) answer(line string, err error) (string, error) {
	switch {
	case err == nil || errors.Is(err, tty.ErrLineTooLong): // then line is empty
		return strings.TrimSpace(line), nil
	case errors.Is(err, io.EOF), errors.Is(err, mfa.ErrTimedOut), t.ctx.Err() != nil:
		return "", closed(err)
	}
	return "", &noTalkError{err}
}

// confirm asks a question whose answer is no, unless y or yes is typed.
func (t *talk) confirm(question string) (bool, error) {
	answer, err := t.ask(question + " [y/N] ")
	yes := strings.EqualFold(answer, "y") || strings.EqualFold(answer, "yes")
	return yes, err
}

// agree is confirm, where a no is errDeclined.
func (t *talk) agree(question string) error {
	yes, err := t.confirm(question)
	if err == nil && !yes {
		err = errDeclined
	}
	return err
}

// say writes lines.
func (t *talk) say(text string) {
	for line := range strings.Lines(text) {
		_ = t.Print(strings.TrimRight(line, "\r\n")) // the question behind it fails if this does
	}
}

var (
	// errClosed is a question that was closed by Ctrl-D or Ctrl-Z, or one of the others.
	errClosed     = errors.New("the question was closed")
	errUnanswered = fmt.Errorf("%w: nothing was typed in time", errClosed)
	errDeclined   = fmt.Errorf("%w: the answer was no", errClosed)
)

// closed is errClosed, unless a signal ended the program.
func closed(err error) error {
	switch {
	case errors.Is(err, mfa.ErrTimedOut):
		return errUnanswered
	case errors.Is(err, io.EOF), errors.Is(err, tty.ErrSuspended), errors.Is(err, mfa.ErrCancelled):
		return errClosed
	}
	return err
}

// noTalkError is a terminal on which nothing can be asked.
type noTalkError struct{ err error }

func (e *noTalkError) Error() string { return fmt.Sprintf("asking on the terminal: %v", e.err) }

func (e *noTalkError) Unwrap() error { return e.err }

const (
	replaces     = "the keyring holds another access key %q, which nothing replaces without a question, and %s"
	whereAllowed = "run it where asking is allowed: --no-prompt and DAYPASS_NO_PROMPT forbid it"
)

// talkWords are those for a conversation that came to nothing.
func (a *app) talkWords(err error) (what, hint string, code int) {
	var none *noTalkError
	again := fmt.Sprintf("run \"%s %s\" in a terminal", a.command, creds.ShellWord(a.profile))
	switch {
	case errors.Is(err, errReplaces) && errors.Is(err, mfa.ErrPromptOff):
		return fmt.Sprintf(replaces, a.profile, "asking is switched off"), whereAllowed, exitUnasked
	case errors.Is(err, errReplaces):
		return fmt.Sprintf(replaces, a.profile, noTerminal(err)), again, exitUnasked
	case errors.Is(err, errDeclined):
		return "the answer was no, and nothing was changed", fmt.Sprintf("run \"%s %s\" again and type y if it shall be done", a.command, creds.ShellWord(a.profile)), exitRefused
	case errors.Is(err, errUnanswered):
		return "the question was not answered in time, and nothing was changed", again, exitRefused
	case errors.Is(err, errClosed):
		return "the question was closed, and nothing was changed", again, exitRefused
	case errors.As(err, &none) && errors.Is(err, mfa.ErrPromptOff):
		return fmt.Sprintf("\"%s\" asks on the terminal, and asking is switched off", a.command),
			whereAllowed, exitUnasked
	case errors.As(err, &none) && errors.Is(err, mfa.ErrTimedOut):
		return fmt.Sprintf("\"%s\" asks on the terminal, and another daypass asks there", a.command), "answer it there, then try again", exitRefused
	case errors.As(err, &none):
		return fmt.Sprintf("\"%s\" asks on the terminal, and %s", a.command, noTerminal(err)), again, exitUnasked
	}
	return "", "", 0
}
