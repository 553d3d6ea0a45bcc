// Package keys owns the long-term access keys of this user in the OS keyring:
// the item that each name has there, and the map, a file without secrets, that
// tells which names there are. It does not know what AWS says of a key, nor who
// uses it.
package keys

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"daypass/creds"
	"daypass/internal/keyring"
	"daypass/internal/state"
)

// Service is what the keys are filed under. It does not begin with that of the
// temporary credentials and a colon: clearing those would take it along on
// Windows.
// https://github.com/zalando/go-keyring/blob/v0.2.8/keyring_windows.go
const Service = "daypass-keys"

var (
	// ErrNone means that the keyring holds no key under a name.
	ErrNone = errors.New("the keyring holds no key of that name")
	// ErrForeign means that the keyring holds what this daypass did not write, a
	// newer one perhaps. It says no more: what was read may hold a secret.
	ErrForeign = errors.New("what the keyring holds under that name is not a key of this version")
)

// Ring is the OS keyring: *keyring.Keyring, or a fake. Its errors are those of
// package keyring; with a nil error from Set the item was read back.
type Ring interface {
	Get(ctx context.Context, service, account string) (string, error)
	Set(ctx context.Context, service, account, value string) error
	Delete(ctx context.Context, service, account string) error
}

// Keys are the long-term access keys of this user. They lie in the OS keyring and
// nowhere else: a store that forgets would lose them.
type Keys struct {
	OS    Ring
	State *state.Dir       // holds the map; where it cannot be used, the keyring is asked instead
	Now   func() time.Time // nil: time.Now
}

// Pair is one access key.
type Pair struct {
	AccessKeyID string
	Secret      creds.Secret
	Created     time.Time // when daypass stored it, UTC, whole seconds; Put fills in a zero one
}

// Credentials returns the pair as what signs a call.
func (p Pair) Credentials() creds.Credentials {
	return creds.Credentials{AccessKeyID: p.AccessKeyID, SecretAccessKey: p.Secret}
}

// Entry is what lies under one name.
type Entry struct {
	Name          string // of a profile, or one that profiles name as their source
	Account, User string // account id and user ARN as GetCallerIdentity gave them
	Current       Pair   // what profiles use
	Next          *Pair  // made and not known to work yet; nil if there is none
	Old           string // id of the key that Current has replaced and AWS still knows; empty if there is none
}

// Lookup returns the access key id of name by the map alone: what it does not
// know may be in the keyring all the same.
func (k *Keys) Lookup(name string) (accessKeyID string, ok bool) {
	m, _ := k.readMap()
	l, ok := m[name]
	return l.AccessKeyID, ok
}

// Get returns what the keyring holds under name, ErrNone if that is nothing and
// ErrForeign if it is not understood, and lets the map tell the same. Its other
// errors are those of the keyring.
func (k *Keys) Get(ctx context.Context, name string) (Entry, error) {
	item, err := k.OS.Get(ctx, Service, account(name))
	if errors.Is(err, keyring.ErrNotFound) {
		k.unmap(ctx, name)
		return Entry{}, ErrNone
	}
	if err != nil {
		return Entry{}, err
	}
	e, err := decode(name, item)
	if err == nil {
		k.enter(ctx, e)
	}
	return e, err
}

// Put makes e what lies under its name. With a nil error the keyring has it, read
// back; that the map could not be written is none.
func (k *Keys) Put(ctx context.Context, e Entry) error {
	now := k.now().UTC().Truncate(time.Second)
	e.Current = e.Current.since(now)
	if e.Next != nil {
		next := e.Next.since(now)
		e.Next = &next
	}
	item, err := encode(e)
	if err != nil {
		return err
	}
	if err := k.OS.Set(ctx, Service, account(e.Name), item); err != nil {
		return err
	}
	k.enter(ctx, e)
	return nil
}

func (p Pair) since(now time.Time) Pair {
	if p.Created.IsZero() {
		p.Created = now
	}
	p.Created = p.Created.UTC().Truncate(time.Second)
	return p
}

// Remove removes what lies under name, in the keyring and then in the map. That
// there is nothing is no error.
func (k *Keys) Remove(ctx context.Context, name string) error {
	if err := k.OS.Delete(ctx, Service, account(name)); err != nil {
		return err
	}
	k.unmap(ctx, name)
	return nil
}

// Lock waits until nobody else changes what lies under name, and returns what
// lets the next one in: whoever reads an entry to write it again holds the lock
// meanwhile. If ctx ends first, its cause is the error. Where the state folder
// cannot be used there are no locks.
func (k *Keys) Lock(ctx context.Context, name string) (unlock func(), err error) {
	unlock, err = k.State.Lock(ctx, "key-"+account(name))
	if errors.Is(err, state.ErrUnusable) {
		return func() {}, nil
	}
	return unlock, err
}

// CheckName is why there can be no key of that name, nil if there can.
func CheckName(name string) error {
	if name == "" || !utf8.ValidString(name) {
		return fmt.Errorf("%q is no name for a key", name)
	}
	return nil
}

func (k *Keys) now() time.Time {
	if k.Now == nil {
		return time.Now()
	}
	return k.Now()
}
