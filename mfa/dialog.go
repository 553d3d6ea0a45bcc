package mfa

import (
	"context"
	"errors"
	"runtime"
)

// dialog is a program that puts one question in a window.
type dialog struct {
	// program is what Asker.find looks for, or an absolute path.
	program string
	// command is how it is called for q: its arguments, and variables added to its environment. No text from outside may
	// become an option or part of a script.
	command func(q question) (args, more []string)
	// read tells what became of the question: the answer, ErrCancelled, ErrTimedOut, or unavailable(*AskError) if the window
	// could not be opened. err is nil or that of Run, a *ProcessError.
	read func(out []byte, err error) (answer string, _ error)
}

// dialogWays ask by the dialog programs of this system.
func (a *Asker) dialogWays() []opener {
	var ways []opener
	for _, d := range dialogs(runtime.GOOS, a.getenv) {
		ways = append(ways, func() (way, error) { return a.openDialog(d) })
	}
	return ways
}

func (a *Asker) openDialog(d dialog) (way, error) {
	place, err := a.displayPlace()
	if err != nil {
		return nil, err
	}
	path := a.find(d.program)
	if path == "" {
		return nil, unavailable(ErrNoProgram)
	}
	return &inDialog{Asker: a, dialog: d, path: path, display: place}, nil
}

// displayPlace is the place of the display that windows open on; without one that answers, the error wraps ErrUnavailable.
// It looks once: a display that does not answer takes its time.
func (a *Asker) displayPlace() (string, error) {
	if a.seen == nil {
		place, err := display(runtime.GOOS, a.getenv)
		a.seen = &seen{place, err}
	}
	if a.seen.err != nil {
		return "", unavailable(a.seen.err)
	}
	return a.seen.place, nil
}

// seen is what display returned.
type seen struct {
	place string
	err   error
}

// inDialog is the way of asking by a dialog program.
type inDialog struct {
	*Asker
	dialog  dialog
	path    string
	display string
}

func (d *inDialog) place() string { return d.display }
func (d *inDialog) window() bool  { return true }
func (d *inDialog) close()        {}

// put runs the program once. It is killed when ctx ends: the window goes with the question.
func (d *inDialog) put(ctx context.Context, q question) (string, error) {
	args, more := d.dialog.command(q)
	child := Child{Args: append([]string{d.path}, args...), Environ: d.Environ, More: more, MaxOutput: maxOutput, Window: true}
	out, err := Run(ctx, child)
	switch {
	case err != nil && ctx.Err() != nil:
		return "", stopped(ctx)
	case errors.Is(err, errTooMuch):
		return "", nil // a page that was pasted is no code
	}
	return d.dialog.read(out, err)
}
