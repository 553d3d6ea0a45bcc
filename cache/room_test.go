package cache

import (
	"context"
	"strings"
	"testing"
	"time"

	"daypass/creds"
	"daypass/internal/keyring"
	"daypass/internal/state"
)

// tiny is a store that has room for some items only. What has expired is a miss,
// and takes its room.
type tiny struct {
	memory
	most  int
	dead  map[string]bool // by account
	cheap []string        // accounts, in the order in which they may go
	found func()          // is called when what may go was found; nil: nothing is
}

func (s *tiny) Get(ctx context.Context, account string) ([]byte, error) {
	if s.dead[account] {
		return nil, ErrMiss
	}
	return s.memory.Get(ctx, account)
}

func (s *tiny) Set(ctx context.Context, account string, item []byte, left time.Duration) error {
	if _, there := s.items[account]; !there && len(s.items) >= s.most {
		return keyring.ErrFull
	}
	delete(s.dead, account)
	return s.memory.Set(ctx, account, item, left)
}

func (s *tiny) expired() (accounts []string) {
	for account := range s.dead {
		accounts = append(accounts, account)
	}
	if len(accounts) > 0 && s.found != nil {
		s.found()
	}
	return accounts
}

func (s *tiny) spare(account string, _ []byte, _ creds.Issued) []string {
	if s.found != nil {
		s.found()
	}
	return append([]string{account}, s.cheap...)
}

func (s *tiny) full(string, creds.Issued) error { return nil }

// newTiny is a Cache in a store that is full of the entries of these keys, all for
// an hour and without a code.
func newTiny(t *testing.T, keys ...string) (*Cache, *tiny) {
	t.Helper()
	s := &tiny{most: len(keys)}
	c := &Cache{Stores: []Store{s}, State: state.New(t.TempDir()), Now: func() time.Time { return noon }}
	for _, key := range keys {
		if err := c.Put(t.Context(), key, uncoded(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	return c, s
}

// uncoded is an entry without a code, which lives so long.
func uncoded(life time.Duration) creds.Issued {
	i := sample()
	i.Serial, i.Expiration = "", noon.Add(life)
	return i
}

// itemsOf are those keys of which the store has items, dead or alive.
func (s *tiny) itemsOf(keys ...string) string {
	var there []string
	for _, key := range keys {
		if _, ok := s.items[Account(key)]; ok {
			there = append(there, key)
		}
	}
	return strings.Join(there, " ")
}

// What can be spared goes one after the other, and no more than is needed.
func TestRoomIsMadeOfWhatCanBeSpared(t *testing.T) {
	c, s := newTiny(t, "a", "b", "c")
	s.cheap = []string{Account("b"), Account("a"), Account("c")}
	if err := c.Put(t.Context(), "new", sample()); err != nil {
		t.Fatal(err)
	}
	if got := s.itemsOf("a", "b", "c", "new"); got != "a c new" {
		t.Errorf("there are %s", got)
	}
	if _, ok := c.Peek("b"); ok {
		t.Error("the index knows what has gone")
	}
}

// Between its being found and dropped another process renews an entry, or takes
// its lock to do so. It stays, and what comes next goes.
func TestRoomIsNotMadeOfWhatIsRenewed(t *testing.T) {
	for _, expired := range []bool{false, true} {
		for how, meanwhile := range map[string]func(*testing.T, *Cache){
			"renewed": func(t *testing.T, c *Cache) {
				if err := c.Put(t.Context(), "busy", uncoded(36*time.Hour)); err != nil {
					t.Error(err)
				}
			},
			"locked": func(t *testing.T, c *Cache) {
				unlock, ok, err := c.TryLock("busy")
				if !ok || err != nil {
					t.Error(ok, err)
				}
				t.Cleanup(unlock)
			},
		} {
			c, s := newTiny(t, "busy", "old")
			s.cheap = []string{Account("busy"), Account("old")}
			if expired {
				s.dead, s.cheap = map[string]bool{Account("busy"): true, Account("old"): true}, nil
			}
			s.found = func() {
				s.found = nil
				meanwhile(t, c)
			}
			if err := c.Put(t.Context(), "new", uncoded(2*time.Hour)); err != nil {
				t.Errorf("%s, expired %t: %v", how, expired, err)
			}
			if got := s.itemsOf("busy", "old", "new"); got != "busy new" {
				t.Errorf("%s, expired %t: there are %s", how, expired, got)
			}
		}
	}
}
