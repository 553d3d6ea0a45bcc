package cache

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"daypass/internal/keyring"
	"daypass/internal/state"
)

// newCaches returns a Cache of two stores, of which first is read first and last
// is written first.
func newCaches(t *testing.T) (c *Cache, first, last *memory) {
	t.Helper()
	first, last = &memory{name: "first"}, &memory{name: "last"}
	return &Cache{Stores: []Store{first, last}, State: state.New(t.TempDir()), Now: func() time.Time { return noon }}, first, last
}

// listed are the stores in which the index knows the entry of key.
func listed(t *testing.T, c *Cache) (stores string) {
	t.Helper()
	all, err := c.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range all {
		stores += l.Store + " "
	}
	return stores
}

func TestTheLastStoreIsWritten(t *testing.T) {
	c, first, last := newCaches(t)
	if err := c.Put(t.Context(), "key", sample()); err != nil {
		t.Fatal(err)
	}
	if len(first.items) != 0 || len(last.items) != 1 || listed(t, c) != "last " {
		t.Errorf("first has %d, last %d items; listed in %s", len(first.items), len(last.items), listed(t, c))
	}
	if last.left != sample().Left(noon) {
		t.Errorf("it is told to keep it for %v", last.left)
	}
	first.called()
	last.called()
	if _, ok := c.Get(t.Context(), "key"); !ok || first.called() != "Get" || last.called() != "Get" {
		t.Error("it is not found in the last")
	}
}

// A hit in the first store does not touch the next.
func TestTheFirstStoreIsRead(t *testing.T) {
	c, first, last := newCaches(t)
	last.fail = map[string]error{"Set": fmt.Errorf("writing: %w", keyring.ErrLocked), "Get": keyring.ErrLocked}
	if err := c.Put(t.Context(), "key", sample()); err != nil {
		t.Fatal(err)
	}
	last.called()
	if i, ok := c.Get(t.Context(), "key"); !ok || !same(i, sample()) || c.Trouble() != nil {
		t.Errorf("got %v, trouble %v", ok, c.Trouble())
	}
	if got := last.called(); got != "" {
		t.Errorf("a hit in the first calls %s of the last", got)
	}
	l, ok := c.Peek("key")
	if !ok || l.Store != "first" || !errors.Is(l.PassedOver, keyring.ErrLocked) {
		t.Errorf("the index says %+v, %v", l, ok)
	}
	first.items[Account("key")] = "torn"
	last.fail, last.items = nil, map[string]string{Account("key"): frozen}
	if _, ok := c.Get(t.Context(), "key"); !ok || c.Trouble() != nil {
		t.Errorf("a torn item in the first hides that of the last")
	}
}

// What is read before a new entry does not stay.
func TestAnOlderEntryDoesNotWin(t *testing.T) {
	c, first, last := newCaches(t)
	last.fail = map[string]error{"Set": keyring.ErrLocked}
	for _, key := range []string{"key", "other"} {
		if err := c.Put(t.Context(), key, sample()); err != nil {
			t.Fatal(err)
		}
	}
	last.fail = nil
	later := sample()
	later.Expiration = later.Expiration.Add(time.Hour)
	if err := c.Put(t.Context(), "key", later); err != nil {
		t.Fatal(err)
	}
	if i, ok := c.Get(t.Context(), "key"); !ok || !same(i, later) {
		t.Errorf("got %+v, %v", i, ok)
	}
	if l, _ := c.Peek("key"); l.Store != "last" || l.PassedOver != nil || len(first.items) != 1 || listed(t, c) != "first last " {
		t.Errorf("the first has %d items; listed in %s, the key in %s, passed over %v", len(first.items), listed(t, c), l.Store, l.PassedOver)
	}
}

func TestEveryStoreIsEmptied(t *testing.T) {
	stuck := errors.New("stuck")
	for _, call := range []string{"Delete", "Clear"} {
		c, first, last := newCaches(t)
		empty := func() error {
			if call == "Clear" {
				return c.Clear(t.Context())
			}
			_, err := c.Delete(t.Context(), Account("key"))
			return err
		}
		fill := func() {
			for _, s := range []*memory{first, last} {
				one := &Cache{Stores: []Store{s}, State: c.State, Now: c.Now}
				if err := one.Put(t.Context(), "key", sample()); err != nil {
					t.Fatal(err)
				}
			}
		}
		fill()
		first.fail = map[string]error{call: stuck}
		err := empty()
		var which *StoreError
		if !errors.Is(err, stuck) || !errors.As(err, &which) || which.Store != "first" || len(last.items) != 0 || listed(t, c) != "first " {
			t.Errorf("%s: %v, the last has %d items; listed in %s", call, err, len(last.items), listed(t, c))
		}
		first.fail = nil
		fill()
		if err := empty(); err != nil || len(first.items)+len(last.items) != 0 || listed(t, c) != "" {
			t.Errorf("%s: %v; listed in %s", call, err, listed(t, c))
		}
	}
}

func TestTroubleIsOfAllStores(t *testing.T) {
	c, first, last := newCaches(t)
	last.fail = map[string]error{"Get": keyring.ErrLocked, "Set": keyring.ErrLocked}
	if c.Get(t.Context(), "key"); c.Trouble() != nil {
		t.Errorf("the first could keep it, and the trouble is %v", c.Trouble())
	}
	first.fail = map[string]error{"Get": keyring.ErrUnavailable, "Set": keyring.ErrFull}
	c.Get(t.Context(), "key")
	for _, err := range []error{c.Trouble(), c.Put(t.Context(), "key", sample()), c.Trouble()} {
		all, ok := err.(interface{ Unwrap() []error })
		if !ok || len(all.Unwrap()) != 2 {
			t.Fatalf("got %v", err)
		}
		var a, b *StoreError
		if !errors.As(all.Unwrap()[0], &a) || !errors.As(all.Unwrap()[1], &b) || a.Store != "last" || b.Store != "first" ||
			!errors.Is(a, keyring.ErrLocked) || !errors.Is(b, keyring.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
	}
	if listed(t, c) != "" {
		t.Errorf("listed in %s", listed(t, c))
	}
}

func TestReasons(t *testing.T) {
	for _, passed := range []error{nil, keyring.ErrLocked, keyring.ErrUnavailable, keyring.ErrTimeout, keyring.ErrTooLarge} {
		wrapped := passed
		if passed != nil {
			wrapped = fmt.Errorf("writing: %w", passed)
		}
		if got := (record{Passed: wordOf(wrapped)}).passedOver(); got != passed {
			t.Errorf("%v became %v", passed, got)
		}
	}
	if got := (record{Passed: wordOf(errors.New("no room"))}).passedOver(); got == nil || got.Error() != "no room" {
		t.Errorf("another error became %v", got)
	}
}

// A store that splits items takes one whose parts are not whole for none, though
// some may be left: they go when the entry does.
func TestWhatIsLeftOfATornItemIsDeleted(t *testing.T) {
	c, first, last := newCaches(t)
	if err := c.Put(t.Context(), "key", sample()); err != nil {
		t.Fatal(err)
	}
	last.fail = map[string]error{"Get": ErrMiss}
	first.called()
	last.called()
	existed, err := c.Delete(t.Context(), Account("key"))
	if existed || err != nil || len(last.items) != 0 {
		t.Errorf("existed %t, %v, %d items are left", existed, err, len(last.items))
	}
	if got := last.called(); got != "Get Delete Get" {
		t.Errorf("the store was asked to %s", got)
	}

	now := noon
	c.Now = func() time.Time { return now }
	last.fail = nil
	if err := c.Put(t.Context(), "old", sample()); err != nil {
		t.Fatal(err)
	}
	now = noon.Add(48 * time.Hour)
	last.fail = map[string]error{"Get": ErrMiss}
	i := sample()
	i.IssuedAt, i.Expiration = now, now.Add(time.Hour)
	if err := c.Put(t.Context(), "new", i); err != nil {
		t.Fatal(err)
	}
	if _, left := last.items[Account("old")]; left {
		t.Error("purging leaves it")
	}
}
