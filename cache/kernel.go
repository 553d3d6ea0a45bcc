package cache

import (
	"cmp"
	"context"
	"errors"
	"sort"
	"time"

	"daypass/creds"
	"daypass/internal/keyring"
)

// Kernel is the Store in the Linux kernel keyring.
type Kernel struct{ OS keyring.Kernel }

// Name returns "kernel".
func (Kernel) Name() string { return kernelName }

const kernelName = "kernel"

// Get returns the item of account. Its errors are ErrMiss and those of package
// keyring.
func (k Kernel) Get(_ context.Context, account string) ([]byte, error) {
	item, err := k.OS.Get(account)
	if errors.Is(err, keyring.ErrNotFound) {
		return nil, ErrMiss
	}
	return []byte(item), err
}

// Set makes item the one of account, until left is over.
func (k Kernel) Set(_ context.Context, account string, item []byte, left time.Duration) error {
	return k.OS.Set(account, string(item), left)
}

// Delete removes the item of account.
func (k Kernel) Delete(_ context.Context, account string) error { return k.OS.Delete(account) }

// Clear removes all items of daypass.
func (k Kernel) Clear(context.Context) error { return k.OS.Clear() }

// Check asks the kernel.
func (k Kernel) Check() error { return k.OS.Check() }

func (k Kernel) expired() (accounts []string) {
	for account := range k.OS.Expired() {
		accounts = append(accounts, account)
	}
	return accounts
}

// spare returns account itself, whose old entry nobody will miss, and then what is
// cheaper to mint again than i; nothing if all of it would not be enough.
func (k Kernel) spare(account string, item []byte, i creds.Issued) []string {
	cheaper, r := k.cheaper(account, i)
	if !r.takes(k.OS.Needs(account, string(item))) {
		return nil
	}
	all := []string{account}
	for _, e := range cheaper {
		all = append(all, e.account)
	}
	return all
}

// usual is about what the entry of a session takes in bytes, with a token of 300 to
// 400. What issues are really like is known when they are there.
const usual = 700

func (k Kernel) full(account string, i creds.Issued) error {
	_, r := k.cheaper(account, i)
	for _, bytes := range k.OS.Expired() {
		r.add(bytes)
	}
	if keys, bytes := k.OS.Needs(account, ""); !r.takes(keys, bytes+usual) {
		return keyring.ErrFull
	}
	return nil
}

// room is what is left of the quota, or would be.
type room struct {
	keys, bytes int
	known       bool
}

func (r *room) add(bytes int) { r.keys, r.bytes = r.keys+1, r.bytes+bytes }

// takes reports whether so many keys of so many bytes in all may find room.
func (r *room) takes(keys, bytes int) bool { return !r.known || r.keys >= keys && r.bytes >= bytes }

// resident is an entry that is in the keyring.
type resident struct {
	account string
	issued  creds.Issued
}

// cheaper returns what is cheaper to mint again than i, the cheapest first, and
// the room that there would be without it, and without the old entry of account.
func (k Kernel) cheaper(account string, i creds.Issued) (cheaper []resident, r room) {
	r.keys, r.bytes, r.known = k.OS.Free()
	accounts, _ := k.OS.Accounts()
	for _, other := range accounts {
		value, err := k.OS.Get(other)
		e, foreign := decode([]byte(value))
		if err != nil || other != account && (foreign != nil || cost(e, i) >= 0) {
			continue
		}
		r.add(k.OS.Room(other, value))
		if other != account {
			cheaper = append(cheaper, resident{other, e})
		}
	}
	sort.Slice(cheaper, func(i, j int) bool { return cost(cheaper[i].issued, cheaper[j].issued) < 0 })
	return cheaper, r
}

// cost compares what it takes to mint entries again: a code is dearer than none,
// and what expires soon is soon worth nothing.
func cost(a, b creds.Issued) int {
	if coded := a.Serial != ""; coded != (b.Serial != "") {
		if coded {
			return 1
		}
		return -1
	}
	return cmp.Compare(a.Expiration.UnixNano(), b.Expiration.UnixNano())
}
