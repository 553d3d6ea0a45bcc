package session

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"daypass/creds"
	"daypass/profile"
)

// Getter gets the credentials of a plan. The fields up to Log are needed, Replan if
// the base is a key in the keyring.
type Getter struct {
	Cache Cache
	Codes Codes
	Means
	Replan  func(Base) ([]Step, error) // plans anew for another base
	Base    Base
	Network Network
	Steps   []Step
	Profile string // as asked for
	Now     func() time.Time
	Log     *slog.Logger // never sees a secret

	MinRemaining time.Duration // renew with less than this left; 16 min and less is no wish
	MaxAge       time.Duration // use nothing that rests on an older code; 0: any
	Refresh      bool          // take nothing that was issued before Since
	Since        time.Time     // of a run over several profiles; zero: when Get is called
	Strict       bool          // a wish that needs a code and finds nobody to ask is an error

	Issued func(Issuance) // is told of all that STS issues; nil: nobody is

	started time.Time
	wait    bool // for others, since nothing is held that serves meanwhile
	client  *client
	stale   map[string]time.Time // entries refused by STS, by key: when they were issued
}

// Result is what Get returns: the credentials, and whether anything was issued
// for them.
type Result struct {
	creds.Issued
	Cached bool  // from the cache, without a call
	Failed error // why they could not be renewed, nil if they need not be
}

// Get returns credentials for the last step. What is fresh comes from the cache
// by one read. What cannot be renewed, for whatever reason, is handed out while
// it lives a minute more.
func (g *Getter) Get(ctx context.Context) (Result, error) {
	g.started = g.Now()
	last := len(g.Steps) - 1
	held, hit := g.lookup(ctx, last)
	g.Log.Debug("looked up", "call", g.Steps[last].Call, "hit", hit, "left", held.Left(g.started))
	if hit && g.fresh(held) {
		return Result{Issued: held, Cached: true}, nil
	}
	code := g.codeStep(ctx)
	if hit && code >= 0 && !g.wish() && lasts(held, g.Now()) {
		return Result{Issued: held, Cached: true}, nil
	}
	g.wait = !hit
	issued, err := g.renew(ctx, code)
	result := Result{Issued: issued}
	if errors.Is(err, errOtherKey) {
		result, err = g.replanned(ctx)
	}
	if stopped(ctx) { // what was issued all the same is kept for the next call
		return Result{}, context.Cause(ctx)
	}
	if err == nil {
		return result, nil
	}
	if left := held.Left(g.Now()); hit && left >= usable && !(g.Strict && g.wish() && g.nobody(err)) {
		g.Log.Info("handing out what is left", "left", left, "because", err)
		return Result{Issued: held, Cached: true, Failed: err}, nil
	}
	return Result{}, err
}

// renew gets new credentials for the last step. It takes no lock if a code is
// needed, by the step code, and nobody can give one; such a step is signed by the
// base.
func (g *Getter) renew(ctx context.Context, code int) (creds.Issued, error) {
	if code >= 0 {
		if g.Base.Kind == profile.Keyring { // others are not got before the lock: a program may ask somebody
			if err := g.open(ctx); err != nil {
				return creds.Issued{}, err
			}
		}
		if err := g.available(); err != nil {
			return creds.Issued{}, err
		}
	}
	return g.obtain(ctx, len(g.Steps)-1)
}

func (g *Getter) available() error {
	if err := g.Codes.Available(); err != nil {
		return &UnaskedError{err}
	}
	return nil
}

// codeStep is the index of the step that would have to ask for a code if the
// last were renewed now, -1 if none would.
func (g *Getter) codeStep(ctx context.Context) int {
	for i := len(g.Steps) - 1; i >= 0; i-- {
		if g.Steps[i].Serial != "" {
			return i
		}
		if i > 0 {
			if _, ok := g.lookup(ctx, i-1); ok {
				return -1
			}
		}
	}
	return -1
}

// ErrBusy is why what is left was handed out though nothing is wrong: another
// process renews it.
var ErrBusy = errors.New("another process is renewing these credentials")

// obtain returns credentials of step i, from the cache if another has just
// renewed them, else from STS. The lock of a step is held while it is asked for
// and issued, and those before it are freed as soon as they are kept.
func (g *Getter) obtain(ctx context.Context, i int) (creds.Issued, error) {
	unlock, err := g.lock(ctx, i)
	if err != nil {
		return creds.Issued{}, err
	}
	defer unlock()
	if again, ok := g.lookup(ctx, i); ok && g.serves(again, i) {
		return again, nil
	}
	issued, err := g.issue(ctx, i)
	if err != nil {
		return creds.Issued{}, err
	}
	issued.Profile, issued.IssuedAt = g.Profile, g.Now()
	issued.AccountID = account(g.Steps[:i+1])
	defer g.tell(i, issued) // once it is kept
	if issued.Left(issued.IssuedAt) <= 0 {
		return creds.Issued{}, &ClockError{Skew: issued.Skew}
	}
	g.keep(ctx, i, issued)
	return issued, nil
}

// issue makes the call of step i. Credentials of the cache that STS no longer
// takes, since their key was deactivated or they were revoked, are got anew.
func (g *Getter) issue(ctx context.Context, i int) (creds.Issued, error) {
	signer, cached, err := g.signer(ctx, i)
	if err != nil {
		return creds.Issued{}, err
	}
	issued, err := g.call(ctx, i, signer.Credentials)
	var refused *RefusedError
	if cached && errors.As(err, &refused) && refused.BadSigner() {
		g.Log.Info("the cached session is no longer accepted", "code", refused.Code)
		g.reject(i-1, signer)
		if signer, _, err = g.signer(ctx, i); err == nil {
			issued, err = g.call(ctx, i, signer.Credentials)
		}
	}
	issued.CodedAt = codedAt(signer)
	return issued, err
}

// signer returns what signs the call of step i, and whether it was in the cache.
func (g *Getter) signer(ctx context.Context, i int) (creds.Issued, bool, error) {
	if i == 0 {
		err := g.open(ctx)
		return creds.Issued{Credentials: g.Base.Credentials}, false, err
	}
	if parent, ok := g.lookup(ctx, i-1); ok {
		return parent, true, nil
	}
	parent, err := g.obtain(ctx, i-1)
	return parent, false, err
}

// call makes the call of step i, with a code if it carries one.
func (g *Getter) call(ctx context.Context, i int, signer creds.Credentials) (issued creds.Issued, err error) {
	step := g.Steps[i]
	step.Duration = g.duration(i)
	if g.client == nil {
		if g.client, err = newClient(ctx, g.Network); err != nil {
			return creds.Issued{}, err
		}
	}
	g.Log.Debug("calling", "call", step.Call, "role", step.RoleARN, "serial", step.Serial, "duration", step.Duration)
	if step.Serial == "" {
		issued, err = g.client.call(ctx, step, signer, "")
		return issued, g.withoutCode(i, err)
	}
	if err := g.available(); err != nil {
		return creds.Issued{}, err
	}
	err = g.Codes.Ask(ctx, g.question(i), func(ctx context.Context, code string) (Answer, error) {
		issued, err = g.client.call(ctx, step, signer, code)
		return answer(err), err
	})
	return issued, err
}

// withoutCode marks a refusal that a code might have prevented.
func (g *Getter) withoutCode(i int, err error) error {
	var refused *RefusedError
	if errors.As(err, &refused) && !coded(g.Steps[:i+1]) && !g.Base.Temporary() {
		refused.NoCode = true
	}
	return err
}

func answer(err error) Answer {
	var refused *RefusedError
	var unreachable *UnreachableError
	switch {
	case err == nil:
		return Accepted
	case errors.As(err, &refused) && refused.BadCode():
		return Refused
	case errors.As(err, &refused) && refused.BadTime():
		return Unsent
	case errors.As(err, &unreachable) && !unreachable.Sent:
		return Unsent
	case errors.As(err, &unreachable) && !unreachable.Slow:
		return Lost
	}
	return Failed
}

func (g *Getter) question(i int) Question {
	host, plain := g.Network.Foreign()
	return Question{
		Profile: g.Profile, Serial: g.Steps[i].Serial, Key: g.Steps[i].Key, Expires: g.Now().Add(g.duration(i)),
		Host: host, Plain: plain, Since: g.started, NoWait: !g.wait,
	}
}

// keep puts what was issued into the cache, also when the caller has gone: its
// next try shall find it. That it cannot be kept never stops it from being used.
func (g *Getter) keep(ctx context.Context, i int, issued creds.Issued) {
	limit := storeLimit
	if end, ok := ctx.Deadline(); ok {
		limit = min(limit, max(time.Until(end), storeLeast))
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	if err := g.Cache.Put(ctx, g.Steps[i].Key, issued); err != nil {
		g.Log.Warn("not kept", "call", issued.Call, "because", err)
	}
}

func (g *Getter) lock(ctx context.Context, i int) (func(), error) {
	if g.wait {
		return g.Cache.Lock(ctx, g.Steps[i].Key)
	}
	unlock, ok, err := g.Cache.TryLock(g.Steps[i].Key)
	if err == nil && !ok {
		err = ErrBusy
	}
	return unlock, err
}

func (g *Getter) nobody(err error) bool {
	var unasked *UnaskedError
	return errors.As(err, &unasked)
}

// stopped reports whether ctx was ended by somebody, rather than by its time.
func stopped(ctx context.Context) bool {
	cause := context.Cause(ctx)
	return cause != nil && !errors.Is(cause, context.DeadlineExceeded)
}

// UnaskedError is the error of Codes.Available: a code is needed and there is no
// one to ask.
type UnaskedError struct{ Err error }

// Error is that of Err.
func (e *UnaskedError) Error() string { return e.Err.Error() }

// Unwrap returns why nobody can be asked.
func (e *UnaskedError) Unwrap() error { return e.Err }
