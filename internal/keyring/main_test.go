package keyring

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// child tells a copy of the test binary to make one call instead of testing: a
// JSON of its request. godbus has one connection for a whole process.
const child = "DAYPASS_TEST_CHILD"

// request is a call of a Keyring; its answer is a reply.
type request struct {
	Call                    string
	Service, Account, Value string
	Attended                bool
	Trouble                 bool          // is what the Memory knows of
	Limit                   time.Duration // 0: the real one
	Room                    int           // of an item; 0: the platform's
	Times                   int           // the call is made so often, by one Keyring; 0: once
	Folder                  string        // in which the items lie instead of the keyring; "": not so
	Stop                    int           // before that many calls of the folder, and wait to be killed; 0: never
}

type reply struct {
	Value  string
	Error  string   // of all calls
	Kind   string   // of that error, a key of kinds
	Name   string   // of the process on the bus
	Memory []string // what the Memory was asked and told
}

// memory is one that knows of trouble, or not, and tells what it heard.
type memory struct {
	mu      sync.Mutex
	trouble bool
	heard   []string
}

func (m *memory) hear(word string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.heard = append(m.heard, word)
}

func (m *memory) Recent() bool {
	m.hear("recent?")
	return m.trouble
}

func (m *memory) Note(err error) { m.hear(kindName(err)) }

// all is what it heard.
func (m *memory) all() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.heard
}

// kindName is a key of kinds, "well" for no error and "" for another one.
func kindName(err error) string {
	if err == nil {
		return "well"
	}
	for name, kind := range kinds {
		if errors.Is(err, kind) {
			return name
		}
	}
	return ""
}

var kinds = map[string]error{
	"not found": ErrNotFound, "locked": ErrLocked, "unavailable": ErrUnavailable,
	"timeout": ErrTimeout, "too large": ErrTooLarge,
}

func TestMain(m *testing.M) {
	text, ok := os.LookupEnv(child)
	if !ok {
		os.Exit(m.Run())
	}
	var r request
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if r.Call == "Exit" {
		os.Exit(r.Times)
	}
	_ = json.NewEncoder(os.Stdout).Encode(serve(r))
}

func serve(r request) (a reply) {
	m := &memory{trouble: r.Trouble}
	k := &Keyring{Attended: r.Attended, Memory: m, limit: r.Limit}
	if r.Room > 0 {
		k.room = tinyRoom(r.Room)
	}
	if r.Folder != "" {
		k.backend = between{folder{r.Folder}, &r.Stop, waitForDeath}
	}
	var err error
	for round := range max(1, r.Times) {
		value, failed := r.do(k, round)
		a.Value, err = value, errors.Join(err, failed)
	}
	if err != nil {
		a.Error, a.Kind = err.Error(), kindName(err)
	}
	a.Memory = m.all()
	if preflight(nil) == nil {
		if bus, err := dbus.SessionBus(); err == nil {
			a.Name = bus.Names()[0]
		}
	}
	return a
}

// waits is what a process says that waits to be killed.
const waits = "waiting\n"

func waitForDeath() {
	fmt.Print(waits)
	time.Sleep(time.Hour)
}

func (r request) do(k *Keyring, round int) (value string, err error) {
	ctx := context.Background()
	switch r.Call {
	case "Get":
		return k.Get(ctx, r.Service, r.Account)
	case "Set":
		return "", k.Set(ctx, r.Service, r.Account, r.Value)
	case "Delete":
		return "", k.Delete(ctx, r.Service, r.Account)
	case "DeleteAll":
		return "", k.DeleteAll(ctx, r.Service)
	case "SetAnother": // item each time
		return "", k.Set(ctx, r.Service, fmt.Sprint(r.Account, round), r.Value)
	case "Churn":
		return churn(ctx, k, r, round)
	}
	return "", errors.New("no such call: " + r.Call)
}

func expect(t *testing.T, got, want reply) {
	t.Helper()
	if got.Value != want.Value || got.Kind != want.Kind || (got.Error != "") != (want.Kind != "") {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// begin starts another process that makes the call r, with env added to its
// environment, and returns what waits for its end.
func begin(t *testing.T, env []string, r request) func() reply {
	t.Helper()
	cmd := command(t, env, r)
	var out, problem bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problem
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return func() (a reply) {
		t.Helper()
		err := cmd.Wait()
		if err != nil || problem.Len() > 0 || json.Unmarshal(out.Bytes(), &a) != nil {
			t.Fatalf("%v: it says %q, and %q", err, out.String(), problem.String())
		}
		return a
	}
}

// command is the process that does r.
func command(t *testing.T, env []string, r request) *exec.Cmd {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), append(env, child+"="+string(text), "GORACE=atexit_sleep_ms=0")...)
	return cmd
}
