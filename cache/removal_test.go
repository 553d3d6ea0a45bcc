package cache

import (
	"context"
	"iter"
	"testing"
	"time"

	"daypass/internal/keyring"
)

// paced is what one of two processes sees of a store. It pauses at its calls, so
// that the other can go on.
type paced struct {
	*memory
	pause func()
}

func (p paced) Get(ctx context.Context, account string) ([]byte, error) {
	defer p.pause()
	return p.memory.Get(ctx, account)
}

// Set reads back, as the real ones do: what is removed before that is not kept.
func (p paced) Set(ctx context.Context, account string, item []byte, left time.Duration) error {
	p.pause()
	if err := p.memory.Set(ctx, account, item, left); err != nil {
		return err
	}
	p.pause()
	defer p.pause()
	_, err := p.memory.Get(ctx, account)
	return err
}

func (p paced) Delete(ctx context.Context, account string) error {
	defer p.pause()
	return p.memory.Delete(ctx, account)
}

func (p paced) Clear(ctx context.Context) error {
	defer p.pause()
	return p.memory.Clear(ctx)
}

// process returns what lets another process work with c until it pauses, and then
// tells whether there is more to do.
func process(c *Cache, work func(*Cache)) (goOn func() bool) {
	next, _ := iter.Pull(func(yield func(struct{}) bool) {
		s := paced{c.Stores[0].(*memory), func() { yield(struct{}{}) }}
		work(&Cache{Stores: []Store{s}, State: c.State, Now: c.Now})
	})
	return func() bool {
		_, more := next()
		return more
	}
}

// inEveryOrder plays two processes in each order that there is, from begin to end.
func inEveryOrder(begin func() (a, b func() bool), end func(order []bool)) {
	var order []bool // where both can go on, whether b does
	for {
		a, b := begin()
		choices := 0
		for aMore, bMore := true, true; aMore || bMore; {
			second := bMore
			if aMore && bMore {
				if choices == len(order) {
					order = append(order, false)
				}
				second = order[choices]
				choices++
			}
			if second {
				bMore = b()
			} else {
				aMore = a()
			}
		}
		end(order)
		for len(order) > 0 && order[len(order)-1] {
			order = order[:len(order)-1]
		}
		if len(order) == 0 {
			return
		}
		order[len(order)-1] = true
	}
}

// Neither of them waits for the other. However they meet, the index knows what is
// in the store then, and nothing else.
func TestRemovalMeetsPut(t *testing.T) {
	removals := map[string]func(*Cache) error{
		"Delete": func(c *Cache) error { _, err := c.Delete(t.Context(), Account("key")); return err },
		"Clear":  func(c *Cache) error { return c.Clear(t.Context()) },
	}
	for name, remove := range removals {
		for _, first := range []struct {
			name     string
			old      bool
			fail     error    // of Set
			outcomes []string // of which each must be seen, and no other
		}{
			{"nothing", false, nil, []string{"kept", "put and removed", "not put"}},
			{"an old entry", true, nil, []string{"kept", "put and removed", "not put"}},
			{"an old entry, no room", true, keyring.ErrFull, []string{"not put"}},
		} {
			t.Run(name+", "+first.name, func(t *testing.T) {
				var c *Cache
				var m *memory
				var put error
				seen := map[string]int{}
				inEveryOrder(func() (a, b func() bool) {
					c, m, _ = newCache(t)
					old := sample()
					old.Expiration = noon.Add(time.Minute)
					if first.old {
						put = c.Put(t.Context(), "key", old)
					}
					m.fail = map[string]error{"Set": first.fail}
					return process(c, func(c *Cache) { put = c.Put(t.Context(), "key", sample()) }),
						process(c, func(c *Cache) {
							if err := remove(c); err != nil {
								t.Error(err)
							}
						})
				}, func(order []bool) {
					item, there := m.items[Account("key")]
					i, _ := decode([]byte(item))
					l, known := c.Peek("key")
					if known != there || !l.Expires.Equal(i.Expiration) {
						t.Errorf("order %v: %t in the store and %t in the index, until %v", order, there, known, l.Expires)
					}
					seen[outcome(there, put)]++
				})
				for _, o := range first.outcomes {
					if seen[o] == 0 {
						t.Errorf("no order has %q: %v", o, seen)
					}
				}
				if len(seen) != len(first.outcomes) {
					t.Errorf("outcomes: %v", seen)
				}
			})
		}
	}
}

// outcome is what has become of an entry that was put.
func outcome(there bool, put error) string {
	switch {
	case put != nil && !there:
		return "not put"
	case put == nil && there:
		return "kept"
	case put == nil:
		return "put and removed"
	}
	return "kept by a Put that failed"
}
