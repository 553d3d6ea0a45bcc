// Package keyring is the only door to the OS keyring: every call through it ends
// in time, survives the library's panics, is read back after a change, takes
// values of any size, and has errors that tell what is wrong. It does not know
// what the items mean.
package keyring

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// What can be wrong with a keyring. Other errors are those of the platform.
var (
	ErrNotFound    = errors.New("no such item in the keyring")
	ErrLocked      = errors.New("the keyring is locked")
	ErrUnavailable = errors.New("there is no keyring to be reached")
	ErrTimeout     = errors.New("the keyring did not answer in time")
	ErrTooLarge    = errors.New("too large for the keyring")
)

// The limits of a call. A person needs longer to type the password of a keyring
// than the keyring to answer: https://github.com/cli/cli/issues/11005
const (
	limit         = 3 * time.Second
	attendedLimit = 15 * time.Second
)

// glance is how long a call takes that is not slow. A slow one that knows of
// trouble waits no longer.
const glance = 500 * time.Millisecond

// Keyring is the keyring of the user: the Secret Service of the session bus,
// the macOS keychain, the Windows credential manager. The zero value is one that
// nobody can unlock. It may be used by several goroutines at once.
//
// A call that did not end in time cannot be stopped and may still be at work,
// so after one each further call is ErrTimeout at once. After a dialog that came
// to nothing no other is opened.
type Keyring struct {
	// Attended says that somebody can unlock the keyring: there is a display
	// and asking is allowed. If not, a locked keyring is ErrLocked, on Linux
	// without a dialog being opened, and each call has 3 s instead of 15 s.
	Attended bool
	// Getenv is the environment, nil: os.Getenv. godbus reads that of the
	// process whatever stands here, so where the two name different session
	// buses there is no keyring.
	Getenv func(string) string
	// Memory is what other processes know of this keyring; nil: nothing.
	Memory Memory

	backend backend                           // nil: the platform's
	room    func(service, account string) int // nil: the platform's
	limit   time.Duration                     // 0: by Attended
	hung    atomic.Bool
	refused atomic.Bool
}

// backend is go-keyring, or a fake.
type backend interface {
	Get(service, account string) (string, error)
	Set(service, account, value string) error
	Delete(service, account string) error
	DeleteAll(service string) error
}

// Get returns the value of an item. The errors of all methods are those of this
// package, the cause of ctx if it was cancelled, or the platform's.
func (k *Keyring) Get(ctx context.Context, service, account string) (string, error) {
	return k.call(ctx, "reading from the keyring", func(b backend) (string, error) {
		return b.Get(service, account)
	})
}

// Set makes value the value of an item, and reads it back: go-keyring reports
// success when the user dismisses the dialog, and when macOS cuts the command
// short (https://github.com/zalando/go-keyring/issues/153).
func (k *Keyring) Set(ctx context.Context, service, account, value string) error {
	_, err := k.call(ctx, "writing to the keyring", func(b backend) (string, error) {
		if err := b.Set(service, account, value); err != nil {
			return "", err
		}
		kept, err := b.Get(service, account)
		if err != nil {
			return "", fmt.Errorf("reading back: %w", unlessAbsent(classify(err), errNotKept))
		}
		if kept != value {
			return "", errNotKept
		}
		return "", nil
	})
	return err
}

// Delete removes an item, and looks whether it is gone. That there is none is
// no error.
func (k *Keyring) Delete(ctx context.Context, service, account string) error {
	_, err := k.call(ctx, "deleting from the keyring", func(b backend) (string, error) {
		if err := b.Delete(service, account); err != nil {
			return "", unlessAbsent(classify(err), nil)
		}
		_, err := b.Get(service, account)
		if err == nil {
			return "", errStillThere
		}
		return "", unlessAbsent(classify(err), nil)
	})
	return err
}

// DeleteAll removes all items of service, which must not be empty. That there
// are none is no error. On Windows it also removes those of a service whose
// name begins with service and a colon.
func (k *Keyring) DeleteAll(ctx context.Context, service string) error {
	if service == "" { // would mean every item of the user
		return errors.New("clearing the keyring: no service given")
	}
	_, err := k.call(ctx, "clearing the keyring", func(b backend) (string, error) {
		return "", unlessAbsent(classify(b.DeleteAll(service)), nil)
	})
	return err
}

var (
	errNotKept    = errors.New("it was taken and is not there")
	errStillThere = errors.New("it was deleted and is still there")
)

func unlessAbsent(err, absent error) error {
	if errors.Is(err, ErrNotFound) {
		return absent
	}
	return err
}

type answer struct {
	value string
	err   error
}

// call does f, which takes as long as it likes, and waits as long as it may.
func (k *Keyring) call(ctx context.Context, what string, f func(backend) (string, error)) (string, error) {
	value, err := k.try(ctx, f)
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	return value, nil
}

func (k *Keyring) try(ctx context.Context, f func(backend) (string, error)) (string, error) {
	if k.hung.Load() {
		return "", ErrTimeout
	}
	a := newAttempt(k)
	b, err := k.open(a)
	if err == nil && ctx.Err() != nil {
		err = ended(ctx)
	}
	if err != nil {
		return "", err
	}
	done := make(chan answer, 1)
	go func() { done <- guarded(b, f) }()
	got, err := k.await(ctx, a, done)
	if err != nil { // it may still be at work
		k.hung.Store(true)
		return "", err
	}
	return got.value, a.end(got.err)
}

// await returns what arrives at done, or an error if that takes too long.
func (k *Keyring) await(ctx context.Context, a *attempt, done <-chan answer) (answer, error) {
	limit := k.patience()
	look, stop := time.NewTimer(min(glance, limit/6)), time.NewTimer(limit)
	defer look.Stop()
	defer stop.Stop()
	for {
		select {
		case got := <-done:
			return got, nil
		case <-ctx.Done():
			return answer{}, ended(ctx)
		case <-look.C:
			if a.trouble() {
				return answer{}, ErrTimeout
			}
		case <-stop.C:
			a.note(ErrTimeout)
			return answer{}, ErrTimeout
		}
	}
}

// guarded does f in the face of panics: go-keyring has one when the bus goes
// away while a dialog is open.
func guarded(b backend, f func(backend) (string, error)) (a answer) {
	defer func() {
		if p := recover(); p != nil {
			a = answer{err: fmt.Errorf("%w: the keyring library panicked: %v", ErrUnavailable, p)}
		}
	}()
	value, err := f(b)
	return answer{value, classify(err)}
}

// open returns what does the work of a.
func (k *Keyring) open(a *attempt) (backend, error) {
	s := split{k.backend, k.room}
	if s.room == nil {
		s.room = platformRoom
	}
	if s.backend == nil {
		if err := preflight(k.Getenv); err != nil {
			return nil, err
		}
		var err error
		if s.backend, err = platform(a); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (k *Keyring) patience() time.Duration {
	switch {
	case k.limit != 0:
		return k.limit
	case k.Attended:
		return attendedLimit
	}
	return limit
}

// ended is the error of a call whose context is done.
func ended(ctx context.Context) error {
	cause := context.Cause(ctx)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w", ErrTimeout, cause)
	}
	return cause
}
