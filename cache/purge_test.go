package cache

import (
	"errors"
	"strconv"
	"testing"
	"time"
)

// The entry of "old" expires at one o'clock. Then another is put.
func TestPurge(t *testing.T) {
	for _, c := range []struct {
		name    string
		between func(*testing.T, *Cache, *memory, *clock)
		item    bool // it is there afterwards
		index   bool
	}{
		{"alive", func(*testing.T, *Cache, *memory, *clock) {}, true, true},
		{"expired", late, false, false},
		{"alive by STS's clock", func(t *testing.T, c *Cache, m *memory, now *clock) {
			now.now = noon.Add(time.Hour + time.Second) // the skew is a second and a half
		}, true, true},
		{"somebody renews it", func(t *testing.T, c *Cache, m *memory, now *clock) {
			late(t, c, m, now)
			unlock, ok, err := c.TryLock("old")
			if !ok || err != nil {
				t.Fatal(ok, err)
			}
			t.Cleanup(unlock)
		}, true, true},
		{"renewed by one without an index", func(t *testing.T, c *Cache, m *memory, now *clock) {
			late(t, c, m, now)
			i := sample()
			i.Expiration = i.Expiration.Add(time.Hour * 3)
			item, err := encode(i)
			if err != nil {
				t.Fatal(err)
			}
			m.items[Account("old")] = string(item)
		}, true, true},
		{"the item is gone", func(t *testing.T, c *Cache, m *memory, now *clock) {
			late(t, c, m, now)
			delete(m.items, Account("old"))
		}, false, false},
		{"the item is torn", func(t *testing.T, c *Cache, m *memory, now *clock) {
			late(t, c, m, now)
			m.items[Account("old")] = frozen[:50]
		}, false, false},
		{"the item cannot be read", func(t *testing.T, c *Cache, m *memory, now *clock) {
			late(t, c, m, now)
			m.fail = map[string]error{"Get": errors.New("stuck")}
		}, true, true},
		{"the item cannot be deleted", func(t *testing.T, c *Cache, m *memory, now *clock) {
			late(t, c, m, now)
			m.fail = map[string]error{"Delete": errors.New("stuck")}
		}, true, true},
		{"the index is a later version's", func(t *testing.T, c *Cache, m *memory, now *clock) {
			late(t, c, m, now)
			if err := c.State.Write(entries+"/"+file(c.Stores[0], Account("old")), []byte(`{"v":2}`)); err != nil {
				t.Fatal(err)
			}
		}, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			cache, m, now := newCache(t)
			if err := cache.Put(t.Context(), "old", sample()); err != nil {
				t.Fatal(err)
			}
			c.between(t, cache, m, now)
			i := sample()
			i.Expiration, i.IssuedAt = now.now.Add(time.Hour), now.now
			if err := cache.Put(t.Context(), "new", i); err != nil || cache.Trouble() != nil {
				t.Fatal(err, cache.Trouble())
			}
			if _, ok := m.items[Account("old")]; ok != c.item {
				t.Errorf("the item is there: %v", ok)
			}
			if _, err := cache.State.Read(indexFile(cache.Stores[0], Account("old"))); (err == nil) != c.index {
				t.Errorf("reading the index file gives %v", err)
			}
			if _, ok := m.items[Account("new")]; !ok {
				t.Error("the new item is gone")
			}
		})
	}
}

func late(_ *testing.T, _ *Cache, _ *memory, now *clock) { now.now = noon.Add(2 * time.Hour) }

// Entries that have expired by the hundred do not make one Put wait for all.
func TestPurgeIsBounded(t *testing.T) {
	c, m, now := newCache(t)
	for n := range 25 {
		if err := c.Put(t.Context(), strconv.Itoa(n), sample()); err != nil {
			t.Fatal(err)
		}
	}
	now.now = noon.Add(2 * time.Hour)
	for _, left := range []int{15, 5, 0, 0} {
		i := sample()
		i.Expiration = now.now.Add(time.Hour)
		if err := c.Put(t.Context(), "new", i); err != nil {
			t.Fatal(err)
		}
		if len(m.items) != left+1 || len(c.indexed(m)) != left+1 {
			t.Errorf("%d items and %d index files, want %d", len(m.items), len(c.indexed(m)), left+1)
		}
	}
}
