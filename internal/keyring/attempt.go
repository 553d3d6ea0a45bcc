package keyring

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

// Memory is what the processes of a user tell each other about the trouble with
// their keyring, so that not each of them waits in vain and opens a dialog.
type Memory interface {
	// Recent reports whether there was trouble lately. Only a call that is not
	// answered at once, or would open a dialog, asks for it, once: an answer true
	// makes it ErrTimeout or ErrLocked.
	Recent() bool
	// Note remembers trouble: an error that is ErrTimeout, when a call had all
	// its time, or ErrLocked, when somebody could have unlocked the keyring and
	// did not. A nil error is a keyring that was unlocked: all is forgotten.
	Note(err error)
}

// attempt is one call: what it may do, and what there is to say about it.
type attempt struct {
	k      *Keyring
	recent func() bool // of the Memory, asked once
	known  atomic.Bool // the trouble, if any, is known already
	asked  atomic.Bool // go-keyring was called to unlock the keyring
}

func newAttempt(k *Keyring) *attempt {
	return &attempt{k: k, recent: sync.OnceValue(func() bool { return k.Memory != nil && k.Memory.Recent() })}
}

// trouble reports whether there was any before this call.
func (a *attempt) trouble() bool {
	if a.k.refused.Load() || a.recent() {
		a.known.Store(true)
		return true
	}
	return false
}

// end returns the error that err, of a call that has ended, amounts to. What is
// known already is not noted again: somebody who calls for ever would renew it.
func (a *attempt) end(err error) error {
	asked := a.asked.Load()
	if asked && (errors.Is(err, errNotKept) || errors.Is(err, errStillThere)) {
		err = fmt.Errorf("%w: %w", ErrLocked, err) // the dialog was dismissed, which go-keyring does not tell
	}
	switch {
	case errors.Is(err, ErrLocked) && a.k.Attended && !a.known.Load():
		a.k.refused.Store(true)
		a.note(err)
	case asked && unlessAbsent(err, nil) == nil:
		a.note(nil)
	}
	return err
}

func (a *attempt) note(err error) {
	if a.k.Memory != nil {
		a.k.Memory.Note(err)
	}
}
