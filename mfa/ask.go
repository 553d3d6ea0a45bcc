package mfa

import (
	"context"
	"errors"
	"time"

	"daypass/internal/tty"
)

// maxTries is how many codes are sent before asking ends.
const maxTries = 3

// Available returns nil if some source can be expected to give a code now, else an error that wraps ErrUnavailable
// and the reasons. It asks nobody, waits for nobody and takes no lock.
func (a *Asker) Available() error {
	_, err := a.where()
	return err
}

// The places where a code can come from, as their failures are remembered: who can get one elsewhere is not concerned.
const (
	inProgram  = "program"
	inTerminal = "terminal"
	inWindow   = "window"
)

// where tells where the code will come from, empty if it was given. Its errors are those of Available.
func (a *Asker) where() (string, error) {
	switch {
	case a.TokenCode != "":
		return "", nil
	case len(a.Process) > 0:
		return inProgram, nil
	}
	w, err := a.firstWay()
	if err != nil {
		return "", err
	}
	defer w.close()
	return whereOf(w), nil
}

func whereOf(w way) string {
	if w.window() {
		return inWindow
	}
	return inTerminal
}

// Ask gets a code and hands it to try, and again, up to three codes in all, while they are refused or lost. It returns nil
// once a code was accepted. Only one process at a time asks for a serial; a code that this machine has sent for it within 90
// seconds is not sent again, since STS takes each only once (RFC 6238, section 5.2).
//
// Its errors: one that wraps ErrUnavailable; ErrCancelled and ErrTimedOut; *RefusedError, *BadCodeError, *ProcessError;
// *RememberedError, which wraps what the question before ended with; *BusyError; the cause of ctx if that was
// cancelled, and then no code was sent after it; the error of try when the outcome is Unsent or Failed, or Lost and
// no other code came.
func (a *Asker) Ask(ctx context.Context, r Request, try Try) error {
	where, err := a.where()
	if err != nil {
		return err
	}
	limited, done := a.limit(ctx, r.Until)
	defer done()
	if err := stopped(limited); err != nil {
		return err
	}
	unlock, err := a.lock(limited, serialName(r.Serial), r.asks(), r.NoWait)
	if err != nil {
		return err
	}
	defer unlock()
	m := recall(a.State, r.Serial, a.now)
	if a.Fresh || a.TokenCode != "" {
		m.clear()
	}
	q := &asking{Asker: a, Request: r, memory: m, begun: a.now(), where: where}
	if !a.Typed {
		q.group = oneCommand()
	}
	if err := m.failed(where, r.Since, q.group); err != nil {
		return err
	}
	err = q.run(ctx, limited, try)
	if err == nil {
		m.clear()
	} else if !(errors.Is(err, ErrTimedOut) && q.late()) {
		m.settle(q.where, err, r.Profile, q.group)
	}
	return err
}

// late reports that the turn came when the time was nearly up: that nobody answered then tells nothing to those behind, who
// have more.
func (q *asking) late() bool {
	return !q.Since.IsZero() && q.begun.Sub(q.Since) > q.Until.Sub(q.Since)*3/4
}

// limit returns a child of ctx that Until cancels with ErrTimedOut, and Ctrl-Z with tty.ErrSuspended: a stopped
// process would keep its locks.
func (a *Asker) limit(ctx context.Context, until time.Time) (context.Context, context.CancelFunc) {
	ctx, resume := tty.CatchSuspend(ctx)
	ctx, cancel := context.WithCancelCause(ctx)
	left := until.Sub(a.now())
	switch {
	case until.IsZero():
	case left <= 0:
		cancel(ErrTimedOut)
	default:
		go func() {
			select {
			case <-a.after(left):
				cancel(ErrTimedOut)
			case <-ctx.Done():
			}
		}()
	}
	return ctx, func() {
		cancel(nil)
		resume()
	}
}

// asking is one Ask while it holds the lock of its serial.
type asking struct {
	*Asker
	Request
	memory *memory
	begun  time.Time // when its turn came
	// tries counts the codes that were sent; last and lastErr are the outcome of the latest, if tries is not zero.
	tries   int
	last    Outcome
	lastErr error
	where   string // the latest question was put there
	group   int    // of what was typed as one command; zero: none, it is asked again
	// next is the way that the person is asked in, an index of ways; reasons are why those before it could not be.
	next    int
	reasons []error
}

// source returns a code of six digits that was not sent before, each time another one.
type source func(ctx context.Context) (string, error)

func (q *asking) source() source {
	switch {
	case q.TokenCode != "":
		return q.given
	case len(q.Process) > 0:
		return (&fetching{asking: q}).code
	}
	return q.asked
}

// run asks within limited, but tries within ctx: neither Until nor Ctrl-Z breaks off a call that may use up the code.
func (q *asking) run(ctx, limited context.Context, try Try) error {
	next := q.source()
	for q.tries < maxTries {
		code, err := next(limited)
		if errors.Is(err, ErrTimedOut) && q.lost() {
			return q.lastErr
		}
		if err != nil {
			return err
		}
		if err := q.stopped(ctx); err != nil {
			return err
		}
		q.memory.note(code)
		q.tries++
		q.last, q.lastErr = try(ctx, code)
		switch q.last {
		case Accepted:
			return nil
		case Refused:
			q.memory.refused()
		case Lost:
		case Unsent:
			q.memory.takeBack()
			return q.lastErr
		default:
			return q.lastErr
		}
	}
	return q.refusal(false)
}

func (q *asking) lost() bool { return q.tries > 0 && q.last == Lost }

// refusal is the error when no further code is to be had. An answer that was lost is the network's failure, not the code's.
func (q *asking) refusal(reused bool) error {
	if q.lost() {
		return q.lastErr
	}
	return &RefusedError{Tries: q.tries, Reused: reused, Err: q.lastErr}
}

// given is the source of the code that was given beforehand.
func (q *asking) given(context.Context) (string, error) {
	if q.tries > 0 {
		return "", q.refusal(false)
	}
	code, ok := normalise(q.TokenCode)
	if !ok {
		return "", &BadCodeError{}
	}
	if _, used := q.memory.sent(code); used {
		return "", q.refusal(true)
	}
	return code, nil
}

// whyAgain tells in words what became of the last code.
func (q *asking) whyAgain() string {
	if q.last == Lost {
		return "no answer came to that code, it may be used up"
	}
	return "that code was refused: it is wrong, or was used elsewhere"
}

// untilNext is how long a device shows no other code than the one that was sent at sent; not positive if it shows one already.
func (q *asking) untilNext(sent time.Time) time.Duration {
	return windowEnd(sent).Sub(q.now())
}
