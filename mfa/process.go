package mfa

import (
	"context"
	"fmt"
	"strings"
	"time"

	"daypass/internal/tty"
)

const (
	// maxRuns is how often the program is run for one Ask.
	maxRuns = 2
	// maxOutput is how much of its output is read, in bytes.
	maxOutput = 4096
)

// fetching is the source of a code that a program prints.
type fetching struct {
	*asking
	runs    int
	fetched time.Time
}

// code runs the program, and once more in the device's next window if its code was refused, lost or used before.
func (f *fetching) code(ctx context.Context) (string, error) {
	reused := false
	for f.runs < maxRuns {
		if f.runs > 0 {
			if ok, err := f.awaitNext(ctx, reused); err != nil || !ok {
				return "", f.orRefusal(err, reused)
			}
		}
		code, err := f.run(ctx)
		if err != nil {
			return "", err
		}
		if _, reused = f.memory.sent(code); !reused {
			return code, nil
		}
	}
	return "", f.refusal(reused)
}

func (f *fetching) orRefusal(err error, reused bool) error {
	if err != nil {
		return err
	}
	return f.refusal(reused)
}

// awaitNext waits until the device shows another code than when the last one was fetched. It reports false, without
// waiting, if Until comes first.
func (f *fetching) awaitNext(ctx context.Context, reused bool) (bool, error) {
	next := windowEnd(f.fetched)
	left := next.Sub(f.now())
	switch {
	case left <= 0:
		return true, nil
	case !f.Until.IsZero() && !next.Before(f.Until):
		return false, nil
	}
	why := f.whyAgain()
	if reused {
		why = "that code was used already"
	}
	f.tell(fmt.Sprintf(`daypass: profile "%s": %s; another is fetched in %d s`, tty.Visible(f.Profile), why, secondsLeft(left)))
	select {
	case <-f.after(left):
		return true, nil
	case <-ctx.Done():
		return false, stopped(ctx)
	}
}

func (f *fetching) tell(line string) {
	if t := f.terminalToTell(); t != nil {
		_ = t.Print(line)
		t.Close()
	}
}

// Fetch runs a program that prints a code or credentials, as Process is run, and returns what it printed, limit bytes at most.
// Its stderr is shown on the terminal: it may say that a key wants to be touched. Errors are those of Run.
func (a *Asker) Fetch(ctx context.Context, args []string, limit int) ([]byte, error) {
	child := Child{Args: args, Environ: a.Environ, Callers: a.Callers, MaxOutput: limit}
	if t := a.terminalToTell(); t != nil {
		relay := &relay{terminal: t}
		defer relay.close()
		child.Stderr = relay
	}
	return Run(ctx, child)
}

// run runs the program once.
func (f *fetching) run(ctx context.Context) (string, error) {
	f.runs++
	out, err := f.Fetch(ctx, f.Process, maxOutput)
	f.fetched = f.now()
	if ctx.Err() != nil && err != nil {
		return "", stopped(ctx)
	}
	if err != nil {
		return "", err
	}
	code, ok := normalise(strings.TrimSpace(string(out)))
	if !ok {
		return "", &BadCodeError{Program: f.Process[0]}
	}
	return code, nil
}
