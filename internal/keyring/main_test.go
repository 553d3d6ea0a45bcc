package keyring

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"

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
}

type reply struct {
	Value string
	Error string
	Kind  string // of the error, a key of kinds
	Name  string // of the process on the bus
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
	_ = json.NewEncoder(os.Stdout).Encode(serve(r))
}

func serve(r request) (a reply) {
	k, ctx := &Keyring{Attended: r.Attended}, context.Background()
	var err error
	switch r.Call {
	case "Get":
		a.Value, err = k.Get(ctx, r.Service, r.Account)
	case "Set":
		err = k.Set(ctx, r.Service, r.Account, r.Value)
	case "Delete":
		err = k.Delete(ctx, r.Service, r.Account)
	case "DeleteAll":
		err = k.DeleteAll(ctx, r.Service)
	}
	if err != nil {
		a.Error = err.Error()
	}
	for name, kind := range kinds {
		if errors.Is(err, kind) {
			a.Kind = name
		}
	}
	if preflight(nil) == nil {
		if bus, err := dbus.SessionBus(); err == nil {
			a.Name = bus.Names()[0]
		}
	}
	return a
}

// ask lets another process make the call r with env added to its environment.
func ask(t *testing.T, env []string, r request) reply {
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
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var a reply
	if err := json.Unmarshal(out, &a); err != nil {
		t.Fatalf("%q: %v", out, err)
	}
	return a
}
