package cache

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"daypass/creds"
	"daypass/internal/keyring"
	"daypass/internal/keyring/keyringtest"
	"daypass/internal/state"
)

// memory is a store in memory that counts what is asked of it.
type memory struct {
	mu    sync.Mutex
	items map[string]string
	calls []string         // "Get", "Set", ...
	fail  map[string]error // by call
	onSet func()           // before an item is stored
	name  string           // "": "memory"
	left  time.Duration    // of the item that was stored last
}

func (m *memory) enter(call string) error {
	m.calls = append(m.calls, call)
	return m.fail[call]
}

func (m *memory) Name() string { return cmp.Or(m.name, "memory") }

func (m *memory) Check() error { return nil }

func (m *memory) Get(_ context.Context, account string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter("Get"); err != nil {
		return nil, err
	}
	item, ok := m.items[account]
	if !ok {
		return nil, ErrMiss
	}
	return []byte(item), nil
}

func (m *memory) Set(_ context.Context, account string, item []byte, left time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.onSet != nil {
		m.onSet()
	}
	if err := m.enter("Set"); err != nil {
		return err
	}
	if m.items == nil {
		m.items = map[string]string{}
	}
	m.items[account], m.left = string(item), left
	return nil
}

func (m *memory) Delete(_ context.Context, account string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	err := m.enter("Delete")
	if err == nil {
		delete(m.items, account)
	}
	return err
}

func (m *memory) Clear(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	err := m.enter("Clear")
	if err == nil {
		clear(m.items)
	}
	return err
}

func (m *memory) called() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := strings.Join(m.calls, " ")
	m.calls = nil
	return all
}

// noon is the time of every test; clock is one that can be set.
var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

// newCache returns a Cache on a memory store and a folder of its own at noon.
func newCache(t *testing.T) (*Cache, *memory, *clock) {
	t.Helper()
	m, now := &memory{}, &clock{noon}
	return &Cache{Stores: []Store{m}, State: state.New(t.TempDir()), Now: now.Now}, m, now
}

// The secrets of sample.
const (
	secretKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	token     = "FwoGZXIvYXdzEBY+token/with=all&<signs>"
)

// sample is what AssumeRole gives at noon, for an hour.
func sample() creds.Issued {
	return creds.Issued{
		Credentials: creds.Credentials{
			AccessKeyID:     "ASIAIOSFODNN7EXAMPLE",
			SecretAccessKey: creds.NewSecret(secretKey),
			SessionToken:    creds.NewSecret(token),
			Expiration:      noon.Add(time.Hour),
			AccountID:       "222222222222",
		},
		Profile: "dev", Call: "AssumeRole",
		RoleARN:  "arn:aws:iam::222222222222:role/Dev",
		Serial:   "arn:aws:iam::111111111111:mfa/ana",
		IssuedAt: noon.Add(123456789 * time.Nanosecond),
		CodedAt:  noon.Add(-time.Hour),
		Skew:     -1500 * time.Millisecond,
	}
}

func same(a, b creds.Issued) bool {
	return a.AccessKeyID == b.AccessKeyID && a.SecretAccessKey.Equal(b.SecretAccessKey) && a.SessionToken.Equal(b.SessionToken) &&
		a.Expiration.Equal(b.Expiration) && a.AccountID == b.AccountID && a.Profile == b.Profile && a.Call == b.Call &&
		a.RoleARN == b.RoleARN && a.Serial == b.Serial && a.IssuedAt.Equal(b.IssuedAt) && a.CodedAt.Equal(b.CodedAt) && a.Skew == b.Skew
}

// storesOf names the stores of a child.
const storesOf = "DAYPASS_TEST_STORES"

var stores = map[string][]Store{
	"":       {Keyring{&keyring.Keyring{}}},
	"kernel": {Kernel{}},
	"auto":   {Kernel{}, Keyring{&keyring.Keyring{}}},
}

// child names what a copy of the test binary does instead of testing.
const child = "DAYPASS_TEST_CHILD"

// works is what a child can do.
var works = map[string]func(context.Context, *Cache) error{
	"hold": func(ctx context.Context, c *Cache) error {
		_, err := c.Lock(ctx, "key")
		fmt.Println("held", err)
		time.Sleep(time.Hour)
		return nil
	},
	"get": func(ctx context.Context, c *Cache) error {
		i, ok := c.Get(ctx, "key")
		fmt.Println(ok, same(i, sample()), c.Trouble())
		return nil
	},
	"put":    func(ctx context.Context, c *Cache) error { return c.Put(ctx, "key", sample()) },
	"delete": func(ctx context.Context, c *Cache) error { _, err := c.Delete(ctx, Account("key")); return err },
	"clear":  func(ctx context.Context, c *Cache) error { return c.Clear(ctx) },
}

func TestMain(m *testing.M) {
	work, ok := works[os.Getenv(child)]
	if !ok {
		work, ok = kernelWork[os.Getenv(child)]
	}
	if !ok {
		keyringtest.Alone()
		os.Exit(m.Run())
	}
	c := &Cache{
		Stores: stores[os.Getenv(storesOf)],
		State:  state.New(os.Getenv("DAYPASS_STATE_DIR")),
		Now:    func() time.Time { return noon },
	}
	err := forbid()
	if err == nil {
		err = work(context.Background(), c)
	}
	if err != nil {
		fmt.Println("error:", err, errors.Is(err, keyring.ErrUnavailable))
	}
}

// copyOf returns a command that does the work named with the OS keyring and the
// state folder at path.
func copyOf(t *testing.T, work, path string, env ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), append(env, child+"="+work, "DAYPASS_STATE_DIR="+path, "GORACE=atexit_sleep_ms=0")...)
	cmd.Stderr = os.Stderr
	return cmd
}
