package cli

import (
	"context"
	"errors"
	"io"
	"strings"

	"daypass/internal/tty"
	"daypass/mfa"
)

// confirm asks on the terminal, about being what there is to know, and reports
// whether the answer was yes.
func (a *app) confirm(ctx context.Context, o options, about []string, question string) (bool, error) {
	if o.noPrompt {
		return false, mfa.ErrPromptOff
	}
	t, err := tty.Open()
	if err != nil {
		return false, err
	}
	defer t.Close()
	ctx, resume := tty.CatchSuspend(ctx)
	defer resume()
	for _, l := range about {
		if err := t.Print(l); err != nil {
			return false, err
		}
	}
	if err := errors.Join(t.Flush(), t.Prompt(question+" [y/N]: ")); err != nil {
		return false, err
	}
	answer, err := t.ReadLine(ctx)
	if errors.Is(err, io.EOF) || errors.Is(err, tty.ErrSuspended) {
		return false, mfa.ErrCancelled
	}
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes", err
}
