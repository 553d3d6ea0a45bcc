package cache

import (
	"context"
	"errors"
	"runtime"
	"time"

	"daypass/creds"
	"daypass/internal/keyring"
)

// crowded is a Store with a quota.
type crowded interface {
	Store
	// expired returns the accounts of what has expired and still takes room.
	expired() []string
	// spare returns the accounts of what may go for the entry i of account, what
	// is missed least first.
	spare(account string, item []byte, i creds.Issued) []string
	// full is keyring.ErrFull if the entry i of account, whose keys are not known
	// yet, will find no room, whatever may go for it.
	full(account string, i creds.Issued) error
}

// settling is how long the kernel takes to give back all that a key takes of the
// quota. The bytes of a live one it gives back at once.
const settling = 30 * time.Millisecond

// settlings is how often that is waited for when nothing more can go: by the reckoning
// there is room then, and a busy kernel takes longer.
const settlings = 30

// makeRoom drops what has expired, and then what can be spared, one after the
// other, until set succeeds. What somebody else is renewing stays.
func (c *Cache) makeRoom(ctx context.Context, s crowded, account string, item []byte, i creds.Issued, set func() error) error {
	runtime.LockOSThread() // what a store tells of its room is true of the thread that writes
	defer runtime.UnlockOSThread()
	gone := func(_ []byte, err error) bool { return errors.Is(err, ErrMiss) }
	for _, dead := range s.expired() {
		c.drop(ctx, s, dead, dead == account, gone)
	}
	time.Sleep(settling)
	err := set()
	if !errors.Is(err, keyring.ErrFull) {
		return err
	}
	cheaper := func(item []byte, err error) bool {
		e, foreign := decode(item)
		return err == nil && foreign == nil && cost(e, i) < 0
	}
	spare := s.spare(account, item, i)
	for n, other := range spare {
		if !c.drop(ctx, s, other, other == account, cheaper) {
			continue
		}
		waits := 1
		if n == len(spare)-1 {
			waits = settlings
		}
		for err = set(); waits > 0 && errors.Is(err, keyring.ErrFull); waits-- {
			time.Sleep(settling)
			err = set()
		}
		if !errors.Is(err, keyring.ErrFull) {
			return err
		}
	}
	return err
}

// drop removes an item and its index file, under its lock if that is not held
// already. Then it is read again: somebody may have renewed it since it was found
// to be one that may go.
func (c *Cache) drop(ctx context.Context, s Store, account string, held bool, may func(item []byte, err error) bool) bool {
	if !held {
		unlock, ok, _ := c.State.TryLock(account)
		if !ok {
			return false
		}
		defer unlock()
		if !may(s.Get(ctx, account)) {
			return false
		}
	}
	if s.Delete(ctx, account) != nil {
		return false
	}
	if !held { // else it is being written
		c.forget(s, account)
	}
	return true
}
