package cache

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"sort"
	"strings"
	"time"

	"daypass/creds"
	"daypass/internal/keyring"
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
	CodedAt           time.Time
	Skew              time.Duration
	PassedOver        error // why a better store was not used, nil if none was

	lost bool // in a reboot
}

// Issued returns the story of the entry as credentials without keys, for what
// judges freshness.
func (l Listing) Issued() creds.Issued {
	return story{Profile: l.Profile, Call: l.Call, RoleARN: l.RoleARN, Serial: l.Serial,
		Expires: l.Expires, IssuedAt: l.IssuedAt, CodedAt: l.CodedAt, Skew: l.Skew}.issued()
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
		if l, ok := c.read(name); ok && c.good(&l) {
			all = append(all, l)
		}
	}
	sort.Slice(all, func(i, j int) bool { // slices.SortFunc would be 25 KB of code for each type
		a, b := &all[i], &all[j]
		return cmp.Or(cmp.Compare(a.Profile, b.Profile), cmp.Compare(a.Call, b.Call),
			cmp.Compare(a.RoleARN, b.RoleARN), cmp.Compare(a.Store+a.Account, b.Store+b.Account)) < 0
	})
	return all, nil
}

// Peek returns the index's word on the entry of key in the first store that has
// one, unless it would be a miss for its age. It opens no item.
func (c *Cache) Peek(key string) (Listing, bool) {
	for _, s := range c.Stores {
		if l, ok := c.read(file(s, Account(key))); ok && c.good(&l) {
			return l, true
		}
	}
	return Listing{}, false
}

func (c *Cache) good(l *Listing) bool { return !l.lost && usable(l.Issued(), c.now()) }

func file(s Store, account string) string { return s.Name() + "-" + account }

// indexFile is where the state folder has the word on an entry.
func indexFile(s Store, account string) string { return entries + "/" + file(s, account) }

// record is an index file: a story, and what is known of the store.
type record struct {
	story
	Boot   string `json:"boot,omitempty"`   // the boot that a kernel entry does not outlive
	Passed string `json:"passed,omitempty"` // why a better store was not used: a key of reasons, else a text
}

// reasons are the errors that an index file tells by a word.
var reasons = map[string]error{
	"locked": keyring.ErrLocked, "unavailable": keyring.ErrUnavailable, "timeout": keyring.ErrTimeout, "too large": keyring.ErrTooLarge,
}

func wordOf(passed error) string {
	if passed == nil {
		return ""
	}
	for word, err := range reasons {
		if errors.Is(passed, err) {
			return word
		}
	}
	return passed.Error()
}

func (r record) passedOver() error {
	if err, known := reasons[r.Passed]; known || r.Passed == "" {
		return err
	}
	return errors.New(r.Passed)
}

// boot tells this boot of the system from every other, "" if it cannot be told.
func boot() string {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(id))
}

// read returns what the index file name says; not ok if it is not there or not
// one of this version.
func (c *Cache) read(name string) (Listing, bool) {
	store, account, ok := strings.Cut(name, "-")
	text, err := c.State.Read(entries + "/" + name)
	var r record
	if !ok || err != nil || json.Unmarshal(text, &r) != nil || r.Version != version || r.Expires.IsZero() {
		return Listing{}, false
	}
	return Listing{
		Account: account, Store: store, Profile: r.Profile, Call: r.Call, RoleARN: r.RoleARN, Serial: r.Serial,
		Expires: r.Expires, IssuedAt: r.IssuedAt, CodedAt: r.CodedAt, Skew: r.Skew,
		PassedOver: r.passedOver(), lost: store == kernelName && r.Boot != boot(),
	}, true
}

// index writes the index file of an entry, and returns what puts back what was
// there. That it cannot be written stops nothing.
func (c *Cache) index(s Store, account string, i creds.Issued, passed error) (undo func()) {
	name := indexFile(s, account)
	before, absent := c.State.Read(name)
	r := record{story: storyOf(i), Passed: wordOf(passed)}
	if s.Name() == kernelName {
		r.Boot = boot()
	}
	if text, err := json.Marshal(r); err == nil {
		_ = c.State.Write(name, text)
	}
	return func() {
		if _, removed := c.State.Read(name); absent != nil || removed != nil { // with the old entry, by another process
			c.forget(s, account)
			return
		}
		_ = c.State.Write(name, before)
	}
}

// recall writes the index file of an entry that is there without one. Put, which
// writes the file first, and a removal, which removes it last, do not wait for each
// other: a question may be open for minutes. So each looks again when it is done.
// Whichever looks last sees what the other has done.
func (c *Cache) recall(ctx context.Context, s Store, account string, passed error) {
	if _, err := c.State.Read(indexFile(s, account)); !errors.Is(err, fs.ErrNotExist) {
		return
	}
	item, err := s.Get(ctx, account)
	if err != nil {
		return
	}
	if i, err := decode(item); err == nil {
		c.index(s, account, i, passed)
	}
}

func (c *Cache) forget(s Store, account string) { _ = c.State.Remove(indexFile(s, account)) }

// indexed returns the accounts that the index knows in s.
func (c *Cache) indexed(s Store) []string {
	names, _ := c.State.List(entries)
	var accounts []string
	for _, name := range names {
		if account, ok := strings.CutPrefix(name, file(s, "")); ok {
			accounts = append(accounts, account)
		}
	}
	return accounts
}
