package cli

import (
	"context"
	"errors"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"daypass/cache"
	"daypass/creds"
	"daypass/internal/tty"
	"daypass/mfa"
	"daypass/profile"
	"daypass/session"
)

// callersVariable tells a child of ours which profiles are being resolved.
const callersVariable = "DAYPASS_CALLERS"

func callers(getenv func(string) string) []string {
	var names []string
	for _, escaped := range strings.Split(getenv(callersVariable), ",") {
		if name, err := url.PathUnescape(escaped); err == nil && name != "" {
			names = append(names, name)
		}
	}
	return names
}

// loopError is a profile whose own resolving asked for it.
type loopError struct{ profiles []string }

func (e *loopError) Error() string {
	return "profiles ask for each other: " + strings.Join(e.profiles, " → ")
}

// until is when nobody is asked any more.
func (g *get) until() time.Time { return g.begun.Add(g.limits.ask) }

// errWaited ends the wait for another process that asks.
var errWaited = errors.New("another process asks for the same credentials, and has got no code in time")

// waiting is the cache, with the waits that a person is told of.
type waiting struct {
	*cache.Cache
	get *get
}

// TryLock takes a lock, or does not, and never leaves it to a process that Ctrl-Z has stopped.
func (w waiting) TryLock(key string) (unlock func(), ok bool, err error) {
	tty.KeepRunning()
	return w.Cache.TryLock(key)
}

// Lock waits no longer than a person is asked, since that is what the holder does.
func (w waiting) Lock(ctx context.Context, key string) (func(), error) {
	if unlock, ok, err := w.TryLock(key); ok || err != nil {
		return unlock, err
	}
	ctx, done := w.get.app.watchCaller(ctx)
	defer done()
	ctx, resume := tty.CatchSuspend(ctx) // a stopped process would keep the locks of later steps
	defer resume()
	ctx, cancel := context.WithTimeoutCause(ctx, w.get.until().Sub(w.get.app.Now()), errWaited)
	defer cancel()
	told, stop := context.WithCancel(ctx)
	var telling sync.WaitGroup
	telling.Go(func() { w.get.asker.Waiting(told, w.get.profile.MFASerial.Value) })
	defer telling.Wait()
	defer stop()
	unlock, err := w.Cache.Lock(ctx, key)
	if errors.Is(err, tty.ErrSuspended) {
		err = mfa.ErrCancelled
	}
	return unlock, err
}

// Put keeps what was issued. Why what a code has bought cannot be kept is for who
// gave the code.
func (w waiting) Put(ctx context.Context, key string, i creds.Issued) error {
	err := w.Cache.Put(ctx, key, i)
	if i.Serial != "" {
		w.get.settle(key, i, err)
	}
	return err
}

// codes lets session ask through mfa.
type codes struct{ *get }

// Available is nil if a code can be expected.
func (c codes) Available() error { return c.asker.Available() }

// Ask asks until the person's time is up or the caller has died. What a code is
// used for outlives the caller: its next try finds the session.
func (c codes) Ask(ctx context.Context, q session.Question, try func(context.Context, string) (session.Answer, error)) error {
	c.app.catchSignals()
	c.get.asked = c.asker.TokenCode == "" && len(c.asker.Process) == 0
	asking, done := c.app.watchCaller(ctx)
	defer done()
	return c.asker.Ask(asking, c.request(q), func(_ context.Context, code string) (mfa.Outcome, error) {
		ctx, done := seenThrough(ctx)
		defer done()
		answer, err := try(ctx, code)
		return outcomes[answer], err
	})
}

// seenThrough returns ctx as it is for a call that uses up a code: its time limit ends it, and so does Ctrl-C, since a person
// wants to be rid of it; but not SIGTERM, nor the SIGHUP of a terminal that is closed. What STS issues then is kept.
func seenThrough(ctx context.Context) (context.Context, context.CancelFunc) {
	through, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		var s signalError
		if cause := context.Cause(ctx); !errors.As(cause, &s) || s.Signal == os.Interrupt {
			cancel(cause)
		}
	})
	return through, func() {
		stop()
		cancel(nil)
	}
}

var outcomes = map[session.Answer]mfa.Outcome{
	session.Accepted: mfa.Accepted,
	session.Refused:  mfa.Refused,
	session.Lost:     mfa.Lost,
	session.Unsent:   mfa.Unsent,
	session.Failed:   mfa.Failed,
}

func (c codes) request(q session.Question) mfa.Request {
	caller := ""
	if c.app.automatic { // else the person knows who asks
		caller = mfa.Caller()
	}
	foreseen := c.cache.Foreseen(q.Key, creds.Issued{Serial: q.Serial, Credentials: creds.Credentials{Expiration: q.Expires}})
	c.get.foretold = foreseen != nil
	return mfa.Request{
		Profile: q.Profile, Serial: q.Serial, Host: q.Host, Plain: q.Plain,
		Caller: caller, NotKept: notKept(foreseen),
		Since: q.Since, Until: c.until(), NoWait: q.NoWait,
	}
}

// newAsker is how a code is asked for, and other programs are run. Its error is a
// *loopError if one of those has called us for the same profile.
func (g *get) newAsker() (*mfa.Asker, error) {
	p, o := g.profile, g.options
	process, err := profile.SplitCommand(p.MFAProcess.Value)
	if err != nil {
		return nil, err
	}
	names := append(callers(g.app.Getenv), p.Name)
	if slices.Contains(names[:len(names)-1], p.Name) {
		return nil, &loopError{names}
	}
	for i := range names {
		names[i] = url.PathEscape(names[i])
	}
	return &mfa.Asker{
		TokenCode: o.tokenCode, Process: process, NoPrompt: o.noPrompt, Prompt: p.Prompt,
		Fresh: g.fresh || o.refresh, Gone: g.app.callerGone, Typed: !g.app.automatic,
		State: g.dir, Now: g.app.Now, Environ: g.app.environ,
		Callers: strings.Join(names, ","),
	}, nil
}
