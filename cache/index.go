package cache

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"daypass/creds"
)

// entries is the folder of the index: a file per entry, named STORE-ACCOUNT. It
// never decides a hit or a miss.
const entries = "entries"

// Listing is what the index knows of an entry, which is no secret.
type Listing struct {
	Account, Store    string
	Profile, Call     string // as in creds.Issued
	RoleARN, Serial   string // empty if none
	Expires, IssuedAt time.Time
	Skew              time.Duration
}

// Issued returns the story of the entry as credentials without keys, for what
// judges freshness.
func (l Listing) Issued() creds.Issued {
	return story{Profile: l.Profile, Call: l.Call, RoleARN: l.RoleARN, Serial: l.Serial,
		Expires: l.Expires, IssuedAt: l.IssuedAt, Skew: l.Skew}.issued()
}

// Left is how long the entry still lives, as creds.Issued tells it.
func (l Listing) Left(now time.Time) time.Duration { return l.Issued().Left(now) }

// List returns what the index knows of all stores, without what would be a miss
// for its age, sorted by profile. It opens no item. Its error is that of the
// state folder.
func (c *Cache) List() ([]Listing, error) {
	names, err := c.State.List(entries)
	if err != nil {
		return nil, err
	}
	var all []Listing
	for _, name := range names {
		if l, ok := c.read(name); ok && usable(l.Issued(), c.now()) {
			all = append(all, l)
		}
	}
	slices.SortFunc(all, func(a, b Listing) int {
		return cmp.Or(cmp.Compare(a.Profile, b.Profile), cmp.Compare(a.Call, b.Call),
			cmp.Compare(a.RoleARN, b.RoleARN), cmp.Compare(a.Store+a.Account, b.Store+b.Account))
	})
	return all, nil
}

// Peek returns the index's word on the entry of key in the store of this cache,
// unless it would be a miss for its age. It opens no item.
func (c *Cache) Peek(key string) (Listing, bool) {
	l, ok := c.read(c.file(Account(key)))
	return l, ok && usable(l.Issued(), c.now())
}

func (c *Cache) file(account string) string { return c.Store.Name() + "-" + account }

// read returns what the index file name says; not ok if it is not there or not
// one of this version.
func (c *Cache) read(name string) (Listing, bool) {
	store, account, ok := strings.Cut(name, "-")
	text, err := c.State.Read(entries + "/" + name)
	var r story
	if !ok || err != nil || json.Unmarshal(text, &r) != nil || r.Version != version || r.Expires.IsZero() {
		return Listing{}, false
	}
	return Listing{
		Account: account, Store: store, Profile: r.Profile, Call: r.Call, RoleARN: r.RoleARN, Serial: r.Serial,
		Expires: r.Expires, IssuedAt: r.IssuedAt, Skew: r.Skew,
	}, true
}

// index writes the index file of account, and returns what puts back what was
// there. That it cannot be written stops nothing.
func (c *Cache) index(account string, i creds.Issued) (undo func()) {
	name := entries + "/" + c.file(account)
	before, absent := c.State.Read(name)
	if text, err := json.Marshal(storyOf(i)); err == nil {
		_ = c.State.Write(name, text)
	}
	return func() {
		if absent != nil {
			c.forget(account)
			return
		}
		_ = c.State.Write(name, before)
	}
}

func (c *Cache) forget(account string) { _ = c.State.Remove(entries + "/" + c.file(account)) }

// indexed returns the accounts that the index knows in the store of this cache.
func (c *Cache) indexed() []string {
	names, _ := c.State.List(entries)
	var accounts []string
	for _, name := range names {
		if account, ok := strings.CutPrefix(name, c.file("")); ok {
			accounts = append(accounts, account)
		}
	}
	return accounts
}
