package keys

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"daypass/creds"
)

const (
	// quota is how many access keys a user may have; inactive ones count.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
	quota = 2
	// A new key is known after 3 to 15 seconds, and not everywhere at once.
	// https://github.com/hashicorp/go-secure-stdlib/pull/10
	readyLimit = time.Minute
	readyPause = 2 * time.Second
	// creations bounds the tries to make a key: one, one more after a lost answer,
	// and before each AWS may say that there is no room though the list shows some.
	creations = 4
	// sessions bounds the questions for a code of a new key that is not known
	// everywhere yet.
	sessions = 3
)

// create makes a new key and lets the keyring hold it.
func (r *rotation) create(ctx context.Context) error {
	signer, all, err := r.signer(ctx)
	if err != nil {
		return err
	}
	var before []Listed // the keys before an answer was lost; nil if none was
	for range creations {
		left, err := r.makeRoom(ctx, signer, all, before)
		if err != nil {
			return err
		}
		err = r.makeKey(ctx, signer)
		switch {
		case errors.Is(err, ErrLost):
			if r.lost = true; before != nil {
				return err
			}
			before = left
			r.Person.Tell(Lost, "")
		case !errors.Is(err, ErrFull): // else the list was behind
			return err
		}
		if err := r.sleep(ctx, readyPause); err != nil {
			return err
		}
		if all, err = r.AWS.List(ctx, signer); err != nil {
			return err
		}
	}
	return ErrFull
}

// signer returns a session of the current key, and the user's keys, which show that
// AWS takes it. One from the cache may have been revoked.
func (r *rotation) signer(ctx context.Context) (signer creds.Credentials, all []Listed, err error) {
	for refused := ""; ; refused = signer.AccessKeyID {
		if signer, err = r.AWS.Session(ctx, r.entry.Current, refused); err != nil {
			return signer, nil, err
		}
		all, err = r.AWS.List(ctx, signer)
		if !errors.Is(err, ErrUnknown) || refused != "" {
			return signer, all, err
		}
	}
}

// makeKey lets nothing come between the making of a key and its keeping. One that
// cannot be kept is deleted: nobody else has its secret.
func (r *rotation) makeKey(ctx context.Context, signer creds.Credentials) error {
	ctx = context.WithoutCancel(ctx)
	made, err := r.AWS.Create(ctx, signer)
	if err != nil {
		return err
	}
	r.lost = false // there would have been no room for two
	e := r.entry
	e.Next = &made
	if err := r.put(ctx, e); err != nil {
		if r.AWS.Delete(ctx, signer, made.AccessKeyID) != nil {
			r.orphan = made.AccessKeyID
		}
		return err
	}
	r.Person.Tell(Made, made.AccessKeyID)
	return nil
}

// makeRoom deletes keys until there is room for a new one, and returns the others.
// Each is asked for, those that serve nobody first.
func (r *rotation) makeRoom(ctx context.Context, signer creds.Credentials, all, before []Listed) ([]Listed, error) {
	ours := r.entry.Current.AccessKeyID
	isOurs := func(k Listed) bool { return k.AccessKeyID == ours }
	candidates := slices.DeleteFunc(slices.Clone(all), isOurs)
	slices.SortStableFunc(candidates, func(a, b Listed) int {
		return cmp.Or(cmp.Compare(rank(a.Active), rank(b.Active)), a.Created.Compare(b.Created))
	})
	left := all
	for _, k := range candidates {
		if len(left) < quota {
			break
		}
		isIt := func(other Listed) bool { return other.AccessKeyID == k.AccessKeyID }
		lost := before != nil && !slices.ContainsFunc(before, isIt)
		if lost {
			r.orphan, r.lost = k.AccessKeyID, false
		}
		yes, err := r.Person.MayDelete(ctx, Surplus{k, all, lost})
		if err != nil {
			return nil, err
		}
		if !yes {
			continue
		}
		if err := r.AWS.Delete(ctx, signer, k.AccessKeyID); err != nil && !errors.Is(err, ErrGone) {
			return nil, err
		}
		if lost {
			r.orphan = ""
		}
		r.Person.Tell(Deleted, k.AccessKeyID)
		left = slices.DeleteFunc(slices.Clone(left), isIt)
	}
	if len(left) >= quota {
		return nil, ErrDeclined
	}
	return left, nil
}

func rank(active bool) int {
	if active {
		return 1
	}
	return 0
}

// verify waits until AWS takes the new key.
func (r *rotation) verify(ctx context.Context) (user string, err error) {
	err = r.wait(ctx, r.entry.Next.AccessKeyID, func() error {
		user, err = r.AWS.Check(ctx, *r.entry.Next)
		return err
	})
	return user, err
}

// session is one of the current key. Where that is new, STS may not know it yet in
// the very place that answers.
func (r *rotation) session(ctx context.Context) (signer creds.Credentials, err error) {
	for range sessions {
		signer, err = r.AWS.Session(ctx, r.entry.Current, "")
		if !r.fresh || !errors.Is(err, ErrUnknown) {
			return signer, err
		}
		r.Person.Tell(Waiting, r.entry.Current.AccessKeyID)
		if stopped := r.sleep(ctx, readyPause); stopped != nil {
			return signer, stopped
		}
	}
	return signer, err
}

// patiently waits, if the current key is new, until IAM knows it too.
func (r *rotation) patiently(ctx context.Context, do func() error) error {
	if !r.fresh {
		return do()
	}
	return r.wait(ctx, r.entry.Current.AccessKeyID, do)
}

// wait does it until AWS knows the key, for readyLimit at most.
func (r *rotation) wait(ctx context.Context, id string, do func() error) error {
	for waited := time.Duration(0); ; waited += readyPause {
		err := do()
		if !errors.Is(err, ErrUnknown) || waited >= readyLimit {
			return err
		}
		r.Person.Tell(Waiting, id)
		if err := r.sleep(ctx, readyPause); err != nil {
			return err
		}
	}
}

func (r *rotation) sleep(ctx context.Context, d time.Duration) error {
	if r.Sleep != nil {
		return r.Sleep(ctx, d)
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
