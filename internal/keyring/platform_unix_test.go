//go:build !darwin && !windows

package keyring

import (
	"errors"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"daypass/internal/keyring/keyringtest"
)

func TestRealKeyring(t *testing.T) {
	for _, attended := range []bool{false, true} {
		t.Run("attended="+strconv.FormatBool(attended), func(t *testing.T) {
			s := keyringtest.Keyring(t)
			call := func(r request) reply {
				r.Attended = attended
				return ask(t, s.Env, r)
			}
			for _, value := range []string{"first", strings.Repeat("0123456789abcdef", 1024)} {
				expect(t, call(request{Call: "Set", Service: "s", Account: "a", Value: value}), reply{})
				expect(t, call(request{Call: "Get", Service: "s", Account: "a"}), reply{Value: value})
			}
			expect(t, call(request{Call: "Get", Service: "s", Account: "b"}), reply{Kind: "not found"})
			expect(t, call(request{Call: "Delete", Service: "s", Account: "a"}), reply{})
			expect(t, call(request{Call: "Get", Service: "s", Account: "a"}), reply{Kind: "not found"})
			expect(t, call(request{Call: "Delete", Service: "s", Account: "a"}), reply{})

			for _, name := range []string{"s/a", "s/b", "s-keys/a"} {
				service, account, _ := strings.Cut(name, "/")
				expect(t, call(request{Call: "Set", Service: service, Account: account, Value: "v"}), reply{})
			}
			expect(t, call(request{Call: "DeleteAll", Service: "s"}), reply{})
			expect(t, call(request{Call: "Get", Service: "s", Account: "a"}), reply{Kind: "not found"})
			expect(t, call(request{Call: "Get", Service: "s", Account: "b"}), reply{Kind: "not found"})
			expect(t, call(request{Call: "Get", Service: "s-keys", Account: "a"}), reply{Value: "v"})
			expect(t, call(request{Call: "DeleteAll", Service: "s"}), reply{})
		})
	}
}

// ask lets another process make the call r with env added to its environment.
func ask(t *testing.T, env []string, r request) reply {
	t.Helper()
	return begin(t, env, r)()
}

// everyKind asks for all calls unattended, and wants them to end in one kind.
func everyKind(t *testing.T, env []string, kind string) []reply {
	t.Helper()
	var all []reply
	for _, call := range []string{"Get", "Set", "Delete", "DeleteAll"} {
		got := ask(t, env, request{Call: call, Service: "s", Account: "a", Value: "v"})
		if got.Kind != kind {
			t.Errorf("%s gives %+v, want %q", call, got, kind)
		}
		all = append(all, got)
	}
	return all
}

// A locked keyring that nobody can unlock is not even asked to be unlocked.
func TestLocked(t *testing.T) {
	s := keyringtest.Keyring(t)
	expect(t, ask(t, s.Env, request{Call: "Set", Service: "s", Account: "a", Value: "v"}), reply{})
	s.Lock()
	monitor := s.Monitor()
	for _, a := range everyKind(t, s.Env, "locked") {
		for _, member := range monitor.Of(a.Name) {
			if member == "Unlock" || member == "Prompt" {
				t.Errorf("it was asked to %s", member)
			}
		}
	}
	// With somebody there it is, but this bus has nothing that opens a dialog.
	a := ask(t, s.Env, request{Call: "Get", Service: "s", Account: "a", Attended: true})
	if a.Kind != "locked" || !slices.Contains(monitor.Of(a.Name), "Unlock") {
		t.Errorf("attended: %+v after %q", a, monitor.Of(a.Name))
	}
}

func TestNoCollection(t *testing.T) {
	s := keyringtest.Fresh(t)
	everyKind(t, s.Env, "unavailable")
	expect(t, ask(t, s.Env, request{Call: "Get", Service: "s", Account: "a", Attended: true}), reply{Kind: "unavailable"})
}

func TestNoService(t *testing.T) {
	everyKind(t, keyringtest.Bus(t).Env, "unavailable")
}

func TestBadAddress(t *testing.T) {
	for _, address := range []string{"disabled:", "nonsense", "unix:path=" + filepath.Join(t.TempDir(), "nothing")} {
		everyKind(t, []string{"DBUS_SESSION_BUS_ADDRESS=" + address}, "unavailable")
	}
}

// The bus of another environment than the process's is not to be had.
func TestGetenv(t *testing.T) {
	t.Setenv(busVariable, "unix:path=/the/process")
	for address, want := range map[string]error{"unix:path=/the/process": nil, "unix:path=/another": ErrUnavailable, "": ErrUnavailable} {
		if err := preflight(func(string) string { return address }); !errors.Is(err, want) {
			t.Errorf("%q gives %v, want %v", address, err, want)
		}
	}
}

// A hit is seven calls, Hello included, where go-keyring alone takes eight, and
// whatever else lies in the keyring.
func TestCallsOfGet(t *testing.T) {
	s := keyringtest.Keyring(t)
	expect(t, ask(t, s.Env, request{Call: "Set", Service: "s", Account: "a", Value: "v"}), reply{})
	expect(t, ask(t, s.Env, request{Call: "SetAnother", Service: "other", Account: "a", Value: "v", Times: 100}), reply{})
	expect(t, ask(t, s.Env, request{Call: "SetAnother", Service: "s", Account: "b", Value: "v", Times: 10}), reply{})
	monitor := s.Monitor()
	for _, attended := range []bool{false, true} {
		a := ask(t, s.Env, request{Call: "Get", Service: "s", Account: "a", Attended: attended})
		expect(t, a, reply{Value: "v"})
		const want = "Hello Get Get SearchItems OpenSession GetSecret Close"
		if got := strings.Join(monitor.Of(a.Name), " "); got != want {
			t.Errorf("attended=%v: the calls are %s, want %s", attended, got, want)
		}
	}
}
