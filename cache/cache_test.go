package cache

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"daypass/creds"
	"daypass/internal/state"
)

func TestAccount(t *testing.T) {
	// Frozen: a change loses every entry, and whoever wants that changes "v1".
	if got, want := Account("a key"), "v1-r6r2vmx2vg3z4cqdtdnfwwv5a6abijccuw7ibongiyenoggld7gq"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	seen := map[string]bool{}
	for i := range 1000 {
		account := Account(strings.Repeat("arn:aws:iam::111111111111:mfa/ana", i))
		if seen[account] || !regexp.MustCompile(`^v1-[a-z2-7]{52}$`).MatchString(account) {
			t.Errorf("account %d is %s", i, account)
		}
		seen[account] = true
	}
}

func TestPutGet(t *testing.T) {
	c, m, _ := newCache(t)
	if _, ok := c.Get(t.Context(), "key"); ok || c.Trouble() != nil {
		t.Errorf("an empty cache has %v, %v", ok, c.Trouble())
	}
	m.called()
	if err := c.Put(t.Context(), "key", sample()); err != nil {
		t.Fatal(err)
	}
	if got := m.called(); got != "Set" {
		t.Errorf("Put calls %s", got)
	}
	got, ok := c.Get(t.Context(), "key")
	if !ok || !same(got, sample()) {
		t.Errorf("got %+v, %v", got, ok)
	}
	if got := m.called(); got != "Get" {
		t.Errorf("Get calls %s", got)
	}
	if _, ok := c.Get(t.Context(), "another key"); ok {
		t.Error("another key has the same entry")
	}
}

// A hit does not look at the state folder.
func TestHitWithoutFolder(t *testing.T) {
	c, _, _ := newCache(t)
	if err := c.Put(t.Context(), "key", sample()); err != nil {
		t.Fatal(err)
	}
	c.State = nil
	if _, ok := c.Get(t.Context(), "key"); !ok {
		t.Error("a miss")
	}
}

func TestGetByAge(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*creds.Issued)
		hit    bool
	}{
		{"fresh", func(*creds.Issued) {}, true},
		{"a second left", func(i *creds.Issued) { i.Expiration, i.Skew = noon.Add(time.Second), 0 }, true},
		{"expired", func(i *creds.Issued) { i.Expiration, i.Skew = noon, 0 }, false},
		{"expired by STS's clock", func(i *creds.Issued) { i.Expiration, i.Skew = noon.Add(time.Minute), time.Minute }, false},
		{"expired by the local clock", func(i *creds.Issued) { i.Expiration, i.Skew = noon.Add(-time.Minute), -time.Hour }, false},
		{"issued in 5 minutes", func(i *creds.Issued) { i.IssuedAt = noon.Add(5 * time.Minute) }, true},
		{"issued later than that", func(i *creds.Issued) { i.IssuedAt = noon.Add(5*time.Minute + 1) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			cache, _, _ := newCache(t)
			i := sample()
			c.change(&i)
			if err := cache.Put(t.Context(), "key", i); err != nil {
				t.Fatal(err)
			}
			if _, ok := cache.Get(t.Context(), "key"); ok != c.hit {
				t.Errorf("Get: hit is %v", ok)
			}
			if _, ok := cache.Peek("key"); ok != c.hit {
				t.Errorf("Peek: hit is %v", ok)
			}
			if all, err := cache.List(); (len(all) == 1) != c.hit || err != nil {
				t.Errorf("List: %v, %v", all, err)
			}
			if cache.Trouble() != nil {
				t.Errorf("it is trouble: %v", cache.Trouble())
			}
		})
	}
}

func TestPutFails(t *testing.T) {
	full := errors.New("full")
	c, m, _ := newCache(t)
	m.fail = map[string]error{"Set": full}
	m.onSet = func() {
		if all, _ := c.List(); len(all) != 1 {
			t.Errorf("the index is not written before the item: %v", all)
		}
	}
	err := c.Put(t.Context(), "key", sample())
	if !errors.Is(err, full) || !errors.Is(c.Trouble(), full) {
		t.Errorf("got %v, trouble %v", err, c.Trouble())
	}
	if all, _ := c.List(); len(all) != 0 {
		t.Errorf("the index keeps %v", all)
	}
	m.fail = nil
	first := sample()
	if err := c.Put(t.Context(), "key", first); err != nil || c.Trouble() != nil {
		t.Fatal(err, c.Trouble())
	}
	m.fail = map[string]error{"Set": full}
	later := sample()
	later.Expiration = later.Expiration.Add(time.Hour)
	_ = c.Put(t.Context(), "key", later)
	if l, ok := c.Peek("key"); !ok || !l.Expires.Equal(first.Expiration) {
		t.Errorf("after a failed renewal the index says %v, %v", l, ok)
	}
	later.Expiration = time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := c.Put(t.Context(), "key", later); err == nil || strings.Contains(err.Error(), token) {
		t.Errorf("a year that JSON has not: %v", err)
	}
}

func TestTrouble(t *testing.T) {
	c, m, _ := newCache(t)
	locked := errors.New("locked")
	m.fail = map[string]error{"Get": locked}
	if _, ok := c.Get(t.Context(), "key"); ok || !errors.Is(c.Trouble(), locked) {
		t.Errorf("got %v, trouble %v", ok, c.Trouble())
	}
	m.fail = nil
	if _, ok := c.Get(t.Context(), "key"); ok || c.Trouble() != nil {
		t.Errorf("a miss is trouble: %v", c.Trouble())
	}
}

func TestDelete(t *testing.T) {
	c, m, _ := newCache(t)
	if existed, err := c.Delete(t.Context(), Account("key")); existed || err != nil {
		t.Errorf("before Put: %v, %v", existed, err)
	}
	put := func() {
		if err := c.Put(t.Context(), "key", sample()); err != nil {
			t.Fatal(err)
		}
	}
	put()
	if existed, err := c.Delete(t.Context(), Account("key")); !existed || err != nil {
		t.Errorf("after Put: %v, %v", existed, err)
	}
	if all, _ := c.List(); len(all) != 0 || len(m.items) != 0 {
		t.Errorf("left: %v, %v", all, m.items)
	}
	stuck := errors.New("stuck")
	for _, call := range []string{"Get", "Delete"} {
		put()
		m.fail = map[string]error{call: stuck}
		if existed, err := c.Delete(t.Context(), Account("key")); existed != (call == "Delete") || !errors.Is(err, stuck) {
			t.Errorf("when %s fails: %v, %v", call, existed, err)
		}
		if _, ok := c.Peek("key"); !ok {
			t.Errorf("when %s fails the index forgets an item that is there", call)
		}
		m.fail = nil
	}
	listed, err := c.List()
	if err != nil || len(listed) != 1 {
		t.Fatal(listed, err)
	}
	if _, err := c.Delete(t.Context(), listed[0].Account); err != nil || len(m.items) != 0 {
		t.Errorf("Delete: %v, left %v", err, m.items)
	}
	put()
	if err := c.State.Remove(indexFile(c.Stores[0], Account("key"))); err != nil {
		t.Fatal(err)
	}
	if existed, err := c.Delete(t.Context(), Account("key")); !existed || err != nil {
		t.Errorf("an item that the index does not know: %v, %v", existed, err)
	}
}

func TestClear(t *testing.T) {
	c, m, _ := newCache(t)
	for _, key := range []string{"a", "b", "lost"} {
		if err := c.Put(t.Context(), key, sample()); err != nil {
			t.Fatal(err)
		}
	}
	other := entries + "/other-" + Account("a")
	text, err := c.State.Read(indexFile(c.Stores[0], Account("a")))
	if err := errors.Join(err, c.State.Write(other, text), c.State.Remove(entries+"/"+file(c.Stores[0], Account("lost")))); err != nil {
		t.Fatal(err)
	}
	stuck := errors.New("stuck")
	m.fail = map[string]error{"Clear": stuck}
	if err := c.Clear(t.Context()); !errors.Is(err, stuck) {
		t.Errorf("got %v", err)
	}
	if all, _ := c.List(); len(all) != 3 {
		t.Errorf("after a failure the index has %v", all)
	}
	m.fail = nil
	if err := c.Clear(t.Context()); err != nil || len(m.items) != 0 {
		t.Errorf("got %v, left %v", err, m.items)
	}
	all, _ := c.List()
	if len(all) != 1 || all[0].Store != "other" {
		t.Errorf("the index has %v, want another store's entry", all)
	}
}

func TestNoStores(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	c := &Cache{State: state.New(path)}
	if err := c.Put(t.Context(), "key", sample()); err != ErrNotKept {
		t.Errorf("Put gives %v", err)
	}
	if _, ok := c.Get(t.Context(), "key"); ok || c.Trouble() != ErrNotKept {
		t.Errorf("Get gives %v, trouble %v", ok, c.Trouble())
	}
	if existed, err := c.Delete(t.Context(), Account("key")); existed || err != nil {
		t.Errorf("Delete gives %v, %v", existed, err)
	}
	if err := c.Clear(t.Context()); err != nil {
		t.Errorf("Clear gives %v", err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it made a state folder: %v", err)
	}
}
