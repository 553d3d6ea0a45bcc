package keyring

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// hears makes a Get of k with a Memory, and checks its error and what the Memory
// heard of it.
func hears(t *testing.T, k *Keyring, trouble bool, kind error, heard ...string) {
	t.Helper()
	m := &memory{trouble: trouble}
	k.Memory = m
	if _, err := k.Get(t.Context(), "s", "a"); !errors.Is(err, kind) {
		t.Errorf("got %v, want %v", err, kind)
	}
	if !slices.Equal(m.all(), heard) {
		t.Errorf("the memory heard %q, want %q", m.all(), heard)
	}
}

// What is answered at once does not look into the memory, whatever the answer.
func TestAQuickCallDoesNotLookIntoTheMemory(t *testing.T) {
	for _, attended := range []bool{false, true} {
		for _, trouble := range []bool{false, true} {
			k := func(f *fake) *Keyring { return &Keyring{backend: f, Attended: attended} }
			hears(t, k(&fake{items: map[string]string{"s/a": "v"}}), trouble, nil)
			hears(t, k(&fake{}), trouble, ErrNotFound)
			hears(t, k(&fake{panic: true}), trouble, ErrUnavailable)
		}
	}
}

func TestASlowCallLooksIntoTheMemory(t *testing.T) {
	hanging := func(limit time.Duration) (*Keyring, *fake) {
		f := &fake{hang: make(chan struct{})}
		t.Cleanup(func() { close(f.hang) })
		return &Keyring{backend: f, limit: limit}, f
	}
	k, f := hanging(20 * time.Millisecond)
	hears(t, k, false, ErrTimeout, "recent?", "timeout")
	hears(t, k, false, ErrTimeout) // this process knows it
	if n := f.calls.Load(); n != 1 {
		t.Errorf("%d calls of a keyring that hangs", n)
	}
	// An hour would be waited for by a call that does not believe its memory.
	k, _ = hanging(time.Hour)
	hears(t, k, true, ErrTimeout, "recent?")
	hears(t, k, true, ErrTimeout)
}

// A locked keyring is news only where somebody could have unlocked it.
func TestALockedKeyringIsNoted(t *testing.T) {
	locked := func(attended bool) *Keyring {
		return &Keyring{backend: &fake{fail: map[string]error{"Get": exit(t, 128)}}, Attended: attended}
	}
	hears(t, locked(false), false, ErrLocked)
	k := locked(true)
	hears(t, k, false, ErrLocked, "locked")
}
