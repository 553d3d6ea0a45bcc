// Package cache owns temporary credentials from their issue until they expire:
// in which store they lie, what is known of them without opening it, and that
// one process at a time renews them. It does not know how they are got, nor
// when they are too old to be of use.
package cache

import (
	"context"
	"errors"
	"sync"
	"time"

	"daypass/creds"
	"daypass/internal/keyring"
	"daypass/internal/state"
)

// futureLimit is how far in the local future an entry may have been issued. One
// from further off tells of a clock that was wrong, then or now.
const futureLimit = 5 * time.Minute

// Cache keeps credentials in Stores, and what is known of them in State, which is
// needed. Keys are the canonical text of all that shapes the credentials. Its
// methods may be called by several goroutines at once.
type Cache struct {
	// Stores are in the order in which they are read. An entry is written to the
	// last of them that takes it. None: nothing is kept.
	Stores []Store
	State  *state.Dir
	Now    func() time.Time // nil: time.Now

	mu      sync.Mutex
	trouble map[string]error // of the last call, by store
}

// ErrNotKept is the error of a cache without stores.
var ErrNotKept = errors.New("there is no store")

// StoreError is what went wrong with one of the stores.
type StoreError struct {
	Store string // its name
	Err   error
}

func (e *StoreError) Error() string { return e.Err.Error() }

func (e *StoreError) Unwrap() error { return e.Err }

// Account is the name of key's entry in stores, in the index and among the
// locks. It tells nothing: labels can be read while a keyring is locked.
func Account(key string) string {
	return "v1-" + keyring.Digest(key)
}

// Get returns the entry of key, from the first store that has a good one. It is
// a miss if there is none, it cannot be read, is not what Put wrote, has expired,
// or was issued more than 5 minutes in the local future. It costs one Get of each
// store that it looks into, and nothing else.
func (c *Cache) Get(ctx context.Context, key string) (creds.Issued, bool) {
	for _, s := range c.Stores {
		item, err := s.Get(ctx, Account(key))
		c.note(s, err)
		if err != nil {
			continue
		}
		issued, err := decode(item)
		if err == nil && usable(issued, c.now()) {
			return issued, true
		}
	}
	return creds.Issued{}, false
}

func usable(i creds.Issued, now time.Time) bool {
	return i.Left(now) > 0 && !i.IssuedAt.After(now.Add(futureLimit))
}

// Put keeps i as the entry of key, which nobody else must be renewing. Its error
// means that the entry is not kept: ErrNotKept, or a StoreError of each store. A
// Put also purges a few entries that have expired.
func (c *Cache) Put(ctx context.Context, key string, i creds.Issued) error {
	if len(c.Stores) == 0 {
		return ErrNotKept
	}
	account := Account(key)
	item, err := encode(i)
	if err != nil {
		return err
	}
	var failed []error
	for n := len(c.Stores) - 1; n >= 0; n-- {
		s := c.Stores[n]
		err := c.put(ctx, s, account, item, i, errors.Join(failed...))
		c.note(s, err)
		if err != nil {
			failed = append(failed, &StoreError{s.Name(), err})
			continue
		}
		for _, before := range c.Stores[:n] {
			c.supersede(ctx, before, account)
			c.purge(ctx, before, account)
		}
		c.purge(ctx, s, account)
		return nil
	}
	return errors.Join(failed...)
}

// put keeps an entry in s; passed is what was wrong with the stores that would
// have been better.
func (c *Cache) put(ctx context.Context, s Store, account string, item []byte, i creds.Issued, passed error) error {
	undo := c.index(s, account, i, passed)
	set := func() error { return s.Set(ctx, account, item, i.Left(c.now())) }
	err := set()
	if crowded, ok := s.(crowded); ok && errors.Is(err, keyring.ErrFull) {
		err = c.makeRoom(ctx, crowded, account, item, i, set)
		if _, gone := s.Get(ctx, account); errors.Is(gone, ErrMiss) { // the old one was dropped
			undo = func() { c.forget(s, account) }
		}
	}
	if err != nil {
		undo()
		return err
	}
	c.recall(ctx, s, account, passed)
	return nil
}

// supersede removes what would be read before the entry that was just written.
// Where it cannot be removed it cannot be read either.
func (c *Cache) supersede(ctx context.Context, before Store, account string) {
	if before.Delete(ctx, account) == nil {
		c.forget(before, account)
	}
}

// Delete removes the entry of account, which Account or List has named, from
// every store, and reports whether there was one, expired or not. After an error
// it may still be there. It waits for nobody who renews the entry: what such a one
// puts meanwhile may stay, and the index knows it.
func (c *Cache) Delete(ctx context.Context, account string) (existed bool, err error) {
	var failed []error
	for _, s := range c.Stores {
		_, err := s.Get(ctx, account)
		existed = existed || err == nil
		if err == nil || errors.Is(err, ErrMiss) { // parts of a torn item may be left
			err = s.Delete(ctx, account)
		}
		if err != nil {
			failed = append(failed, &StoreError{s.Name(), err})
			continue
		}
		c.forget(s, account)
		c.recall(ctx, s, account, nil)
	}
	return existed, errors.Join(failed...)
}

// Clear removes every entry of the stores, also those that the index does not
// know, then their index. What is put meanwhile may stay, as after Delete.
func (c *Cache) Clear(ctx context.Context) error {
	var failed []error
	for _, s := range c.Stores {
		if err := s.Clear(ctx); err != nil {
			failed = append(failed, &StoreError{s.Name(), err})
			continue
		}
		for _, account := range c.indexed(s) {
			c.forget(s, account)
			c.recall(ctx, s, account, nil)
		}
	}
	return errors.Join(failed...)
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

// Trouble is why nothing can be kept, nil if one of the stores could: ErrNotKept,
// or a StoreError of each, the one that is written first before the others. They
// are of the last Get or Put; a miss is none.
func (c *Cache) Trouble() error { return c.troubles(func(Store) error { return nil }) }

// Foreseen is Trouble, or that a Put of i as the entry of key will find a store
// full. Of i are needed Serial and Expiration, which tell what may go for it.
func (c *Cache) Foreseen(key string, i creds.Issued) error {
	return c.troubles(func(s Store) error {
		if crowded, ok := s.(crowded); ok {
			return crowded.full(Account(key), i)
		}
		return nil
	})
}

// troubles looks closer at the stores that had no trouble.
func (c *Cache) troubles(closer func(Store) error) error {
	if len(c.Stores) == 0 {
		return ErrNotKept
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []error
	for n := len(c.Stores) - 1; n >= 0; n-- {
		s := c.Stores[n]
		err := c.trouble[s.Name()]
		if err == nil {
			err = closer(s)
		}
		if err == nil {
			return nil
		}
		all = append(all, &StoreError{s.Name(), err})
	}
	return errors.Join(all...)
}

func (c *Cache) note(s Store, err error) {
	if errors.Is(err, ErrMiss) {
		err = nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.trouble == nil {
		c.trouble = map[string]error{}
	}
	c.trouble[s.Name()] = err
}

func (c *Cache) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}
