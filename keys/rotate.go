package keys

import (
	"context"
	"errors"
	"slices"
	"time"

	"daypass/creds"
)

var (
	// ErrUnknown means that AWS does not know a key: one that is wrong, inactive,
	// deleted, or was made a moment ago.
	ErrUnknown = errors.New("AWS does not know the key")
	// ErrGone means that AWS has no such key to take out of use. It says the same if it
	// does not know the user.
	ErrGone = errors.New("AWS has no such key")
	// ErrLeft means that AWS still has a key that it said it did not have.
	ErrLeft = errors.New("AWS still lists the key")
	// ErrLost means that AWS may have made a key whose secret did not arrive.
	ErrLost = errors.New("the answer with the new key was lost")
	// ErrFull means that the user has as many keys as AWS allows.
	ErrFull = errors.New("the user has as many access keys as AWS allows")
	// ErrDeclined means that there is no room for a new key, and that the person
	// deletes none.
	ErrDeclined = errors.New("there is no room for a new access key")
)

// Listed is an access key as IAM lists it.
type Listed struct {
	AccessKeyID string
	Active      bool
	Created     time.Time // UTC; zero if IAM did not say
}

// AWS is what a rotation needs of AWS, about the one user whose keys they are.
type AWS interface {
	// Session returns what signs the calls below: a session of p that carries a
	// code or, where there is no MFA device, p itself. It wraps ErrUnknown if AWS
	// does not know p. refused is the access key id of a session that AWS did not
	// know although it had been returned before, else empty: one from the cache,
	// which was revoked, is replaced then.
	Session(ctx context.Context, p Pair, refused string) (creds.Credentials, error)
	// Check returns the ARN of the user of p once AWS takes p, and wraps ErrUnknown
	// if it does not know it.
	Check(ctx context.Context, p Pair) (user string, err error)
	// List lists the user's keys.
	List(ctx context.Context, signer creds.Credentials) ([]Listed, error)
	// Create makes a key, in one attempt. It wraps ErrLost or ErrFull if so.
	Create(ctx context.Context, signer creds.Credentials) (Pair, error)
	// Deactivate and Delete take a key out of use. They wrap ErrGone if AWS has no
	// such key, and ErrUnknown if it does not know the signer.
	Deactivate(ctx context.Context, signer creds.Credentials, accessKeyID string) error
	Delete(ctx context.Context, signer creds.Credentials, accessKeyID string) error
}

// Event is what happens during a rotation.
type Event int

// The events, each about one key.
const (
	Made        Event = iota // a new key: the keyring has it
	Lost                     // none that is known yet: the answer with a new key did not arrive
	Waiting                  // AWS does not know the new key yet
	InUse                    // the new key, from now on
	Deactivated              // the old key
	Deleted                  // a key
)

// Surplus is a key that is in the way of a new one.
type Surplus struct {
	Key  Listed
	All  []Listed // the user's keys
	Lost bool     // Key was made by the call whose answer was lost
}

// Person is told, and asked.
type Person interface {
	// Begin is called once with what the keyring holds: it tells what is to come. Its
	// error ends the rotation before AWS was called.
	Begin(ctx context.Context, e Entry) error
	// Tell is called as things happen; id is that of the key.
	Tell(what Event, id string)
	// MayDelete asks whether a key may be deleted at AWS.
	MayDelete(ctx context.Context, s Surplus) (bool, error)
}

// Rotation replaces a key by a new one. It goes by what the keyring holds, so that
// after a crash at any point another run goes on where it was: until the new key
// is known to work, the old one is in use; from then on the new one is.
type Rotation struct {
	Keys   *Keys
	AWS    AWS
	Person Person
	Sleep  func(ctx context.Context, d time.Duration) error // nil: time passes
}

// RotateError is a rotation that stopped. Another run goes on.
type RotateError struct {
	Entry  Entry  // what the keyring holds
	Orphan string // id of a new key at AWS whose secret nobody has, else empty
	Lost   bool   // AWS may have such a key, whose id is not known
	Err    error
}

// Error is that of Err.
func (e *RotateError) Error() string { return e.Err.Error() }

// Unwrap returns why it stopped.
func (e *RotateError) Unwrap() error { return e.Err }

// Run replaces the key under name, whose lock the caller holds, and returns the
// entry of the new one. Its errors are those of Keys.Get, and *RotateError.
func (r *Rotation) Run(ctx context.Context, name string) (Entry, error) {
	e, err := r.Keys.Get(ctx, name)
	if err != nil {
		return Entry{}, err
	}
	run := &rotation{Rotation: r, entry: e, resumed: e.Next != nil}
	err = r.Person.Begin(ctx, e)
	if err == nil && e.Old == "" {
		err = run.replace(ctx)
	}
	if err == nil {
		err = run.retire(ctx)
	}
	if err != nil {
		return run.entry, &RotateError{run.entry, run.orphan, run.lost, err}
	}
	return run.entry, nil
}

// rotation is one run.
type rotation struct {
	*Rotation
	entry   Entry // what the keyring holds
	resumed bool  // the new key was made by an earlier run
	fresh   bool  // AWS has known the new key for moments
	orphan  string
	lost    bool
}

// replace makes a new key, if there is none yet, and takes it into use.
func (r *rotation) replace(ctx context.Context) error {
	if r.entry.Next == nil {
		if err := r.create(ctx); err != nil {
			return err
		}
	}
	user, err := r.verify(ctx)
	if errors.Is(err, ErrUnknown) && r.resumed {
		return r.replaceAgain(ctx, err)
	}
	if err != nil {
		return err
	}
	e := r.entry
	e.User, e.Current, e.Next, e.Old = user, *e.Next, nil, e.Current.AccessKeyID
	if err := r.put(ctx, e); err != nil {
		return err
	}
	r.fresh = true
	r.Person.Tell(InUse, e.Current.AccessKeyID)
	return nil
}

// replaceAgain begins anew if the key that an earlier run has made is gone.
func (r *rotation) replaceAgain(ctx context.Context, unknown error) error {
	r.resumed = false
	_, all, err := r.signer(ctx)
	if err != nil {
		return err
	}
	if contains(all, r.entry.Next.AccessKeyID) {
		return unknown
	}
	e := r.entry
	e.Next = nil
	if err := r.put(ctx, e); err != nil {
		return err
	}
	return r.replace(ctx)
}

// put lets the keyring hold e, also when somebody has just stopped us.
func (r *rotation) put(ctx context.Context, e Entry) error {
	if err := r.Keys.Put(context.WithoutCancel(ctx), e); err != nil {
		return err
	}
	r.entry = e
	return nil
}

// retire takes the old key out of use, by a session of the new one.
func (r *rotation) retire(ctx context.Context) error {
	old := r.entry.Old
	signer, err := r.deactivate(ctx, old)
	if err == nil {
		r.Person.Tell(Deactivated, old)
		err = r.patiently(ctx, func() error { return r.AWS.Delete(ctx, signer, old) })
	}
	if errors.Is(err, ErrGone) {
		err = r.gone(ctx, signer, old)
	}
	if err != nil {
		return err
	}
	r.Person.Tell(Deleted, old)
	e := r.entry
	e.Old = ""
	return r.put(ctx, e)
}

// deactivate makes the old key inactive, and returns the session that it was done by. One
// from the cache may have been revoked.
func (r *rotation) deactivate(ctx context.Context, old string) (signer creds.Credentials, err error) {
	if signer, err = r.session(ctx); err != nil {
		return signer, err
	}
	do := func() error { return r.AWS.Deactivate(ctx, signer, old) }
	err = r.patiently(ctx, do)
	if !r.fresh && errors.Is(err, ErrUnknown) {
		if signer, err = r.AWS.Session(ctx, r.entry.Current, signer.AccessKeyID); err == nil {
			err = do()
		}
	}
	return signer, err
}

// gone sees that the user, whom AWS knows, has no such key.
func (r *rotation) gone(ctx context.Context, signer creds.Credentials, id string) error {
	all, err := r.AWS.List(ctx, signer)
	if err == nil && contains(all, id) {
		err = ErrLeft
	}
	return err
}

func contains(all []Listed, id string) bool {
	return slices.ContainsFunc(all, func(k Listed) bool { return k.AccessKeyID == id })
}
