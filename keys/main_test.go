package keys

import (
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
	"daypass/internal/state"
)

// memory is a keyring in memory that counts what is asked of it.
type memory struct {
	mu    sync.Mutex
	items map[string]string // by service/account
	calls []string          // "Get", "Set", "Delete"
	fail  map[string]error  // by call
}

func (m *memory) do(call string, work func() error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls = append(m.calls, call)
	if err := m.fail[call]; err != nil {
		return err
	}
	if m.items == nil {
		m.items = map[string]string{}
	}
	return work()
}

func (m *memory) Get(_ context.Context, service, account string) (value string, err error) {
	err = m.do("Get", func() error {
		v, ok := m.items[service+"/"+account]
		if value = v; !ok {
			return fmt.Errorf("reading: %w", keyring.ErrNotFound)
		}
		return nil
	})
	return value, err
}

func (m *memory) Set(_ context.Context, service, account, value string) error {
	return m.do("Set", func() error { m.items[service+"/"+account] = value; return nil })
}

func (m *memory) Delete(_ context.Context, service, account string) error {
	return m.do("Delete", func() error { delete(m.items, service+"/"+account); return nil })
}

func (m *memory) called() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := strings.Join(m.calls, " ")
	m.calls = nil
	return all
}

// noon is the time of every test.
var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// newKeys returns Keys on a keyring in memory and a folder of its own at noon.
func newKeys(t *testing.T) (*Keys, *memory) {
	t.Helper()
	m := &memory{}
	return &Keys{OS: m, State: state.New(t.TempDir()), Now: func() time.Time { return noon }}, m
}

// The secrets of sample and of its next key.
const (
	secretKey  = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	nextSecret = "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"
)

// sample is a key that lies under the name main.
func sample() Entry {
	return Entry{
		Name: "main", Account: "111111111111", User: "arn:aws:iam::111111111111:user/ana",
		Current: Pair{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", Secret: creds.NewSecret(secretKey), Created: noon},
	}
}

// rotating is sample while it is renewed.
func rotating() Entry {
	e := sample()
	e.Next = &Pair{AccessKeyID: "AKIAI44QH8DHBEXAMPLE", Secret: creds.NewSecret(nextSecret), Created: noon.Add(time.Hour)}
	e.Old = "AKIAIOSFODNN7OLDEXAM"
	return e
}

// child names what a copy of the test binary does instead of testing.
const child = "DAYPASS_TEST_CHILD"

func TestMain(m *testing.M) {
	work, ok := map[string]func(context.Context, *Keys) error{
		"get": func(ctx context.Context, k *Keys) error {
			e, err := k.Get(ctx, "main")
			fmt.Println(same(e, rotating()), errors.Is(err, ErrNone), errors.Is(err, keyring.ErrUnavailable))
			return nil
		},
		"put":    func(ctx context.Context, k *Keys) error { return k.Put(ctx, rotating()) },
		"remove": func(ctx context.Context, k *Keys) error { return k.Remove(ctx, "main") },
	}[os.Getenv(child)]
	if !ok {
		os.Exit(m.Run())
	}
	k := &Keys{OS: &keyring.Keyring{}, State: state.New(os.Getenv("DAYPASS_STATE_DIR"))}
	if err := work(context.Background(), k); err != nil {
		fmt.Println("error:", errors.Is(err, keyring.ErrUnavailable))
	}
}

// run does work in another process, as each command of daypass is one, and
// returns what it prints. godbus has one connection for a whole process.
func run(t *testing.T, work, path string, env ...string) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), append(env, child+"="+work, "DAYPASS_STATE_DIR="+path, "GORACE=atexit_sleep_ms=0")...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
