//go:build !darwin && !windows

package keyring

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

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

func expect(t *testing.T, got, want reply) {
	t.Helper()
	if got.Value != want.Value || got.Kind != want.Kind || (got.Error != "") != (want.Kind != "") {
		t.Errorf("got %+v, want %+v", got, want)
	}
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
	calls := watch(t, s)
	for _, a := range everyKind(t, s.Env, "locked") {
		for _, member := range calls(a.Name) {
			if member == "Unlock" || member == "Prompt" {
				t.Errorf("it was asked to %s", member)
			}
		}
	}
	// With somebody there it is, but this bus has nothing that opens a dialog.
	a := ask(t, s.Env, request{Call: "Get", Service: "s", Account: "a", Attended: true})
	if a.Kind != "locked" || !strings.Contains(strings.Join(calls(a.Name), " "), "Unlock") {
		t.Errorf("attended: %+v after %q", a, calls(a.Name))
	}
}

func TestNoCollection(t *testing.T) {
	s := keyringtest.Fresh(t)
	everyKind(t, s.Env, "unavailable")
}

func TestNoService(t *testing.T) {
	everyKind(t, keyringtest.Bus(t).Env, "unavailable")
}

func TestBadAddress(t *testing.T) {
	for _, address := range []string{"disabled:", "nonsense", "unix:path=" + filepath.Join(t.TempDir(), "nothing")} {
		everyKind(t, []string{"DBUS_SESSION_BUS_ADDRESS=" + address}, "unavailable")
	}
}

// Without a bus no program is started: a dbus-launch of ours would tell.
func TestNoBus(t *testing.T) {
	if _, err := os.Stat(filepath.Join("/run/user", strconv.Itoa(os.Getuid()), "bus")); err == nil {
		t.Skip("needs a machine without a session bus: godbus finds this one's")
	}
	folder := t.TempDir()
	told := filepath.Join(folder, "told")
	script := "#!/bin/sh\necho started >>'" + told + "'\nexit 1\n"
	if err := os.WriteFile(filepath.Join(folder, "dbus-launch"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"", "autolaunch:"} {
		env := []string{"PATH=" + folder + ":/usr/bin:/bin", "DBUS_SESSION_BUS_ADDRESS=" + address}
		everyKind(t, env, "unavailable")
	}
	if _, err := os.Stat(told); err == nil {
		t.Error("dbus-launch was started")
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

// A hit is seven calls, Hello included, where go-keyring alone takes eight.
func TestCallsOfGet(t *testing.T) {
	s := keyringtest.Keyring(t)
	expect(t, ask(t, s.Env, request{Call: "Set", Service: "s", Account: "a", Value: "v"}), reply{})
	calls := watch(t, s)
	for _, c := range []struct {
		attended bool
		want     string
	}{
		{false, "Hello Get Get SearchItems OpenSession GetSecret Close"},
		{true, "Hello Get Unlock SearchItems OpenSession Unlock GetSecret Close"},
	} {
		a := ask(t, s.Env, request{Call: "Get", Service: "s", Account: "a", Attended: c.attended})
		expect(t, a, reply{Value: "v"})
		if got := strings.Join(calls(a.Name), " "); got != c.want {
			t.Errorf("attended=%v: the calls are %s, want %s", c.attended, got, c.want)
		}
	}
}

// watch returns what lists the methods that a process, by its name on the bus,
// has called since.
func watch(t *testing.T, s *keyringtest.Session) (calls func(sender string) []string) {
	t.Helper()
	monitor := s.Connect()
	t.Cleanup(func() { _ = monitor.Close() })
	err := monitor.BusObject().Call("org.freedesktop.DBus.Monitoring.BecomeMonitor", 0, []string{"type='method_call'"}, uint32(0)).Err
	if err != nil {
		t.Fatal(err)
	}
	messages := make(chan *dbus.Message, 1000)
	monitor.Eavesdrop(messages)
	marker := s.Connect()
	t.Cleanup(func() { _ = marker.Close() })
	seen := map[string][]string{}
	return func(sender string) []string {
		// All that was sent before this call is here when it is.
		marker.BusObject().Call("org.freedesktop.DBus.Peer.Ping", 0)
		for m := range messages {
			from, member := header(m, dbus.FieldSender), header(m, dbus.FieldMember)
			if from == marker.Names()[0] && member == "Ping" {
				break
			}
			seen[from] = append(seen[from], member)
		}
		return seen[sender]
	}
}

func header(m *dbus.Message, field dbus.HeaderField) string {
	value, _ := m.Headers[field].Value().(string)
	return value
}
