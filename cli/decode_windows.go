package cli

import (
	"context"
	"os"
)

// typed is the text that is typed on the console f, which cuts no line and has a key
// of its own for the end.
// https://learn.microsoft.com/windows/console/high-level-console-input-and-output-functions
func (a *app) typed(ctx context.Context, f *os.File) (string, error) {
	a.tell("daypass: paste the message or the whole error, then press Enter, Ctrl-Z and Enter")
	return toTheEnd(ctx, f)
}
