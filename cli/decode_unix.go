//go:build unix

package cli

import (
	"context"
	"fmt"
	"os"

	"daypass/internal/tty"
)

// typed is the text that is typed on the terminal f.
func (a *app) typed(ctx context.Context, f *os.File) (string, error) {
	t, err := tty.Open()
	if err != nil {
		return toTheEnd(ctx, f) // as whoever changed the terminal has it
	}
	defer t.Close()
	if !t.Is(f) {
		return toTheEnd(ctx, f)
	}
	ctx, resume := tty.CatchSuspend(ctx) // a stopped process would leave the mode to the shell
	defer resume()
	text, err := t.AskText(ctx, "daypass: paste the message or the whole error, then press Enter and Ctrl-D", mostPasted)
	if err != nil {
		err = fmt.Errorf("%w: %w", errUnread, err)
	}
	return text, err
}
