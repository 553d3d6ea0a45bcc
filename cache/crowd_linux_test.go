package cache

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"daypass/creds"
	"daypass/internal/keyring"
	"daypass/internal/keyring/keyringtest"
	"daypass/internal/state"
)

// writers are n processes that do that work on the kernel keyring.
func writers(t *testing.T, n int, work, path string) *sync.WaitGroup {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			if got := run(t, work, path, storesOf+"=kernel", "DAYPASS_TEST_WRITER="+strconv.Itoa(i)); got != "" {
				t.Errorf("writer %d: %s", i, got)
			}
		})
	}
	return &all
}

// Each of many processes writes and reads a shared entry and its own, and lets
// others expire, which any of them purges; what several renew is never purged.
func TestKernelCrowd(t *testing.T) {
	keyringtest.NeedAlone(t)
	keyringtest.NeedQuota(t)
	path := filepath.Join(t.TempDir(), "state")
	writers(t, 50, "crowd", path).Wait()
	defer func() { _ = keyring.Kernel{}.Clear() }()
	c := &Cache{Stores: []Store{Kernel{}}, State: state.New(path), Now: func() time.Time { return noon }}
	if err := c.Put(t.Context(), "last", sample()); err != nil {
		t.Fatal(err)
	}
	left, err := keyring.Kernel{}.Accounts()
	if err != nil || len(c.indexed(Kernel{})) != len(left) {
		t.Errorf("%d items, of which the index knows %d: %v", len(left), len(c.indexed(Kernel{})), err)
	}
	for i := range 10 {
		if slices.Contains(left, Account("expired"+strconv.Itoa(i))) {
			t.Errorf("what has expired, %d, is still there", i)
		}
	}
}

// crowd is the work of one of the crowd.
func crowd(ctx context.Context, c *Cache) error {
	writer := os.Getenv("DAYPASS_TEST_WRITER")
	mine := sample()
	mine.AccessKeyID, mine.SessionToken = "ASIA"+writer, creds.NewSecret(strings.Repeat(writer+" ", 300))
	for n := range 10 {
		for _, key := range []string{"shared", writer} {
			if err := c.Put(ctx, key, mine); err != nil {
				fmt.Println("put", key, err)
			}
			i, ok := c.Get(ctx, key)
			wrote := strings.TrimPrefix(i.AccessKeyID, "ASIA")
			if !ok || i.SessionToken.Reveal() != strings.Repeat(wrote+" ", 300) || key == writer && wrote != writer {
				fmt.Println("get", key, ok, c.Trouble())
			}
		}
		if n%3 > 0 {
			continue
		}
		some := writer[len(writer)-1:] // of the writers have these in common
		if err := errors.Join(expire(ctx, c, "expired"+some, mine), renew(ctx, c, "renewed"+some, mine)); err != nil {
			fmt.Println("renew", err)
		}
	}
	return nil
}

// expire puts an entry that has expired at noon.
func expire(ctx context.Context, c *Cache, key string, i creds.Issued) error {
	unlock, err := c.Lock(ctx, key)
	if err != nil {
		return err
	}
	defer unlock()
	before := &Cache{Stores: c.Stores, State: c.State, Now: func() time.Time { return noon.Add(-2 * time.Hour) }}
	i.IssuedAt, i.Expiration = noon.Add(-2*time.Hour), noon.Add(-time.Hour)
	return before.Put(ctx, key, i)
}

// renew lets an entry expire that several have, and renews it as session does: what
// others purge meanwhile is not what was renewed.
func renew(ctx context.Context, c *Cache, key string, i creds.Issued) error {
	if err := expire(ctx, c, key, i); err != nil {
		return err
	}
	unlock, err := c.Lock(ctx, key)
	if err != nil {
		return err
	}
	defer unlock()
	if err := c.Put(ctx, key, i); err != nil {
		return err
	}
	time.Sleep(2 * time.Millisecond) // others purge
	if got, ok := c.Get(ctx, key); !ok || !got.SessionToken.Equal(i.SessionToken) {
		return fmt.Errorf("%s is gone: %t, %v", key, ok, c.Trouble())
	}
	return nil
}

// Beside a crowd that renews, one process removes what the index knows. What is left
// is known to it too.
func TestKernelRemovalInACrowd(t *testing.T) {
	keyringtest.NeedAlone(t)
	keyringtest.NeedQuota(t)
	path := filepath.Join(t.TempDir(), "state")
	all := writers(t, 10, "renewals", path)
	over := make(chan struct{})
	go func() {
		all.Wait()
		close(over)
	}()
	defer func() { _ = keyring.Kernel{}.Clear() }()
	c := &Cache{Stores: []Store{Kernel{}}, State: state.New(path), Now: func() time.Time { return noon }}
	removed := 0
	for !done(over) {
		for _, account := range c.indexed(Kernel{}) {
			existed, err := c.Delete(t.Context(), account)
			if err != nil {
				t.Error(err)
			}
			if existed {
				removed++
			}
		}
	}
	left, err := keyring.Kernel{}.Accounts()
	known := c.indexed(Kernel{})
	slices.Sort(left)
	slices.Sort(known)
	if err != nil || !slices.Equal(left, known) {
		t.Errorf("%v: the items are\n%v, those of the index\n%v", err, left, known)
	}
	if removed == 0 {
		t.Error("no removal has met an entry")
	}
}

func done(over <-chan struct{}) bool {
	select {
	case <-over:
		return true
	default:
		return false
	}
}

// renewals is the work of one of those beside whom entries are removed.
func renewals(ctx context.Context, c *Cache) error {
	for n := range 30 {
		for _, key := range []string{"shared", os.Getenv("DAYPASS_TEST_WRITER") + " " + strconv.Itoa(n)} {
			unlock, err := c.Lock(ctx, key)
			if err != nil {
				return err
			}
			err = c.Put(ctx, key, sample())
			unlock()
			if err != nil && !errors.Is(err, keyring.ErrNotFound) { // it was removed before it was read back
				return err
			}
		}
	}
	return nil
}
