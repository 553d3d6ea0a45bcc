// Package cache owns temporary credentials from their issue until they expire:
// in which store they lie, what is known of them without opening it, and that
// one process at a time renews them. It does not know how they are got, nor
// when they are too old to be of use.
package cache

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"strings"
	"sync"
	"time"

	"daypass/creds"
	"daypass/internal/state"
)

// futureLimit is how far in the local future an entry may have been issued. One
// from further off tells of a clock that was wrong, then or now.
const futureLimit = 5 * time.Minute

// Cache keeps credentials in Store, and what is known of them in State; both are
// needed, but that List needs no Store. Keys are the canonical text of all that shapes the credentials. Its
// methods may be called by several goroutines at once.
type Cache struct {
	Store Store
	State *state.Dir
	Now   func() time.Time // nil: time.Now

	mu      sync.Mutex
	trouble error
}

// Account is the name of key's entry in stores, in the index and among the
// locks. It tells nothing: labels can be read while a keyring is locked.
func Account(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "v1-" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:]))
}

// Get returns the entry of key. It is a miss if there is none, it cannot be
// read, is not what Put wrote, has expired, or was issued more than 5 minutes in
// the local future. It costs one Get of the store and nothing else.
func (c *Cache) Get(ctx context.Context, key string) (creds.Issued, bool) {
	item, err := c.Store.Get(ctx, Account(key))
	c.note(err)
	if err != nil {
		return creds.Issued{}, false
	}
	issued, err := decode(item)
	if err != nil || !usable(issued, c.now()) {
		return creds.Issued{}, false
	}
	return issued, true
}

func usable(i creds.Issued, now time.Time) bool {
	return i.Left(now) > 0 && !i.IssuedAt.After(now.Add(futureLimit))
}

// Put keeps i as the entry of key. Its error means that the entry is not kept,
// ErrNotKept that the store keeps none. A Put also purges a few entries that
// have expired.
func (c *Cache) Put(ctx context.Context, key string, i creds.Issued) error {
	if c.off() {
		return ErrNotKept
	}
	account := Account(key)
	item, err := encode(i)
	if err != nil {
		return err
	}
	undo := c.index(account, i)
	err = c.Store.Set(ctx, account, item)
	c.note(err)
	if err != nil {
		undo()
		return err
	}
	c.purge(ctx, account)
	return nil
}

// Delete removes the entry of account, which Account or List has named, and
// reports whether there was one, expired or not. After an error it may still be
// there.
func (c *Cache) Delete(ctx context.Context, account string) (existed bool, err error) {
	_, err = c.Store.Get(ctx, account)
	if existed = err == nil; existed {
		err = c.Store.Delete(ctx, account)
	}
	if err != nil && !errors.Is(err, ErrMiss) {
		return existed, err
	}
	c.forget(account)
	return existed, nil
}

// Clear removes every entry of the store, also those that the index does not
// know, then its index.
func (c *Cache) Clear(ctx context.Context) error {
	if err := c.Store.Clear(ctx); err != nil {
		return err
	}
	for _, account := range c.indexed() {
		c.forget(account)
	}
	return nil
}

// Lock waits until nobody else renews the entry of key, and returns what lets
// the next one in. If ctx ends first, its cause is the error. Where the state
// folder cannot be used there are no locks, and everybody is let in.
func (c *Cache) Lock(ctx context.Context, key string) (unlock func(), err error) {
	unlock, err = c.State.Lock(ctx, Account(key))
	if errors.Is(err, state.ErrUnusable) {
		return func() {}, nil
	}
	return unlock, err
}

// TryLock is Lock without the wait: ok is false if somebody else renews the
// entry.
func (c *Cache) TryLock(key string) (unlock func(), ok bool, err error) {
	unlock, ok, err = c.State.TryLock(Account(key))
	if errors.Is(err, state.ErrUnusable) {
		return func() {}, true, nil
	}
	return unlock, ok, err
}

// Trouble is why nothing can be kept: the error of the last Get or Put in the
// store, nil if there was none or only a miss; ErrNotKept if the store is None.
func (c *Cache) Trouble() error {
	if c.off() {
		return ErrNotKept
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.trouble
}

func (c *Cache) note(err error) {
	if errors.Is(err, ErrMiss) {
		err = nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.trouble = err
}

func (c *Cache) off() bool {
	_, off := c.Store.(None)
	return off
}

func (c *Cache) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}
