package state

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// poll is how long a waiter for a lock sleeps between two looks.
const poll = 25 * time.Millisecond

// Lock waits until this process alone holds the lock name, a word without a
// slash, and returns what frees it; calling that twice is harmless. The OS frees
// it when the holder dies. Locks have names of their own, apart from the files'.
// If ctx ends first, its cause is the error.
//
// The file of a lock is there only while somebody holds it or waits for it, so
// that they do not pile up; a killed holder's stays until the next one is done.
func (d *Dir) Lock(ctx context.Context, name string) (unlock func(), err error) {
	for {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		unlock, ok, err := d.TryLock(name)
		if ok || err != nil {
			return unlock, err
		}
		select {
		case <-ctx.Done():
		case <-time.After(poll):
		}
	}
}

// TryLock is Lock without the wait: ok is false, and unlock nil, if another
// process, or another part of this one, holds the lock.
func (d *Dir) TryLock(name string) (unlock func(), ok bool, err error) {
	if strings.Contains(name, "/") {
		return nil, false, fmt.Errorf("%q is no name for a lock", name)
	}
	path, err := d.file(locks+"/"+name, true)
	if err != nil {
		return nil, false, err
	}
	unlock, ok, err = take(path)
	return unlock, ok, unusable(err)
}

// take locks the file at path. Between opening and locking it the holder may
// have removed it: such a lock excludes nobody who comes later, and is taken again.
func take(path string) (unlock func(), ok bool, err error) {
	for {
		if err := regular(path); err != nil {
			return nil, false, err
		}
		lock := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
		if ok, err := lock.TryLock(); !ok {
			return nil, false, err
		}
		if current(lock) {
			return sync.OnceFunc(func() { release(lock) }), true, nil
		}
		_ = lock.Unlock()
	}
}

func current(lock *flock.Flock) bool {
	held, err := lock.Stat()
	if err != nil {
		return false
	}
	now, err := os.Lstat(lock.Path())
	return err == nil && os.SameFile(held, now)
}

// release removes the file while it is still locked, so that nobody can hold a
// lock on it that others do not see. On Windows it stays: no file is removed
// there while it is open, and one that is being removed cannot be opened.
func release(lock *flock.Flock) {
	if runtime.GOOS != "windows" {
		_ = os.Remove(lock.Path())
	}
	_ = lock.Unlock()
}
