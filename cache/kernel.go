package cache

import (
	"cmp"
	"context"
	"errors"
	"math"
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

func (k Kernel) expired() []string { return k.OS.Expired() }

// spare returns account itself, whose old entry nobody will miss, and then what is
// cheaper to mint again than i; nothing if all of it would not be enough.
func (k Kernel) spare(account string, item []byte, i creds.Issued) []string {
	type entry struct {
		account string
		issued  creds.Issued
	}
	var cheaper []entry
	keys, bytes, known := k.OS.Free()
	accounts, _ := k.OS.Accounts()
	for _, other := range accounts {
		value, err := k.OS.Get(other)
		e, foreign := decode([]byte(value))
		if err != nil || other != account && (foreign != nil || cost(e, i) >= 0) {
			continue
		}
		keys, bytes = keys+1, bytes+k.OS.Room(other, value)
		if other != account {
			cheaper = append(cheaper, entry{other, e})
		}
	}
	if known && (keys < 1 || bytes < k.OS.Room(account, string(item))) {
		return nil
	}
	sort.Slice(cheaper, func(i, j int) bool { return cost(cheaper[i].issued, cheaper[j].issued) < 0 })
	all := []string{account}
	for _, e := range cheaper {
		all = append(all, e.account)
	}
	return all
}

// usual is about what the entry of a session takes in bytes, with a token of 300 to
// 400. What issues are really like is known when they are there.
const usual = 700

// full supposes an entry for which all others would go.
func (k Kernel) full() error {
	dearest := creds.Issued{Serial: "any"}
	dearest.Expiration = time.Unix(0, math.MaxInt64)
	if len(k.OS.Expired()) == 0 && k.spare(Account(""), make([]byte, usual), dearest) == nil {
		return keyring.ErrFull
	}
	return nil
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
