// Package keyringtest starts session buses, real keyrings and false ones for
// tests, and for nothing else. It does not know daypass's keyring package, nor
// touch the user's own bus and keyring.
package keyringtest

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

const (
	service = "org.freedesktop.secrets"
	object  = "/org/freedesktop/secrets"
	login   = object + "/collection/login"
)

// startLimit is when a daemon that does not come up fails the test.
const startLimit = 20 * time.Second

// Session is a session bus of its own, which ends with the test.
type Session struct {
	// Env are the variables, as KEY=value, that put a process on this bus and
	// take the display away from it. They come after those of os.Environ.
	Env []string
	// Address is that of the bus.
	Address string

	t      testing.TB
	home   string
	bus    *os.Process
	daemon *os.Process // nil: there is none
}

// Bus starts a bus without a keyring. It skips the test if there is no
// dbus-daemon.
func Bus(t testing.TB) *Session {
	t.Helper()
	need(t, "dbus-daemon")
	home := folder(t)
	config := filepath.Join(home, "bus.conf")
	if err := os.WriteFile(config, []byte(strings.Replace(busConfig, "HOME", home, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("dbus-daemon", "--nofork", "--print-address=1", "--config-file="+config)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	start(t, cmd)
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("dbus-daemon gives no address: %v", err)
	}
	address = strings.TrimSpace(address)
	env := []string{"DBUS_SESSION_BUS_ADDRESS=" + address, "DISPLAY=", "WAYLAND_DISPLAY="}
	return &Session{Env: env, Address: address, t: t, home: home, bus: cmd.Process}
}

// busConfig has no service folders: nothing is started by being called.
const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir=HOME</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`

// Keyring starts a bus with a gnome-keyring on it, whose login collection is
// there, empty and unlocked. It skips the test if there is no gnome-keyring.
func Keyring(t testing.TB) *Session {
	t.Helper()
	need(t, "dbus-daemon")
	need(t, "gnome-keyring-daemon")
	s := Bus(t)
	s.serve("--unlock")
	s.await(func(bus *dbus.Conn) bool {
		locked, err := bus.Object(service, login).GetProperty("org.freedesktop.Secret.Collection.Locked")
		return err == nil && locked.Value() == false
	})
	return s
}

// Fresh starts a bus with a gnome-keyring that was never used: it has no
// collection that keeps anything. It skips the test if there is no gnome-keyring.
func Fresh(t testing.TB) *Session {
	t.Helper()
	need(t, "dbus-daemon")
	need(t, "gnome-keyring-daemon")
	s := Bus(t)
	s.serve()
	s.await(func(bus *dbus.Conn) bool {
		return bus.Object(service, object).Call("org.freedesktop.DBus.Peer.Ping", 0).Err == nil
	})
	return s
}

// Lock locks the login collection of a Keyring.
func (s *Session) Lock() {
	s.t.Helper()
	bus := s.Connect()
	defer bus.Close()
	call := bus.Object(service, object).Call("org.freedesktop.Secret.Service.Lock", 0, []dbus.ObjectPath{login})
	if call.Err != nil {
		s.t.Fatal(call.Err)
	}
}

// KillBus kills the bus. Whoever is on it loses the connection.
func (s *Session) KillBus() {
	s.t.Helper()
	if err := s.bus.Kill(); err != nil {
		s.t.Fatal(err)
	}
}

// Connect returns a connection of the test's own to the bus.
func (s *Session) Connect() *dbus.Conn {
	s.t.Helper()
	bus, err := dbus.Connect(s.Address)
	if err != nil {
		s.t.Fatal(err)
	}
	return bus
}

func (s *Session) serve(args ...string) {
	s.t.Helper()
	cmd := exec.Command("gnome-keyring-daemon", append(args, "--foreground", "--components=secrets")...)
	cmd.Env = append(os.Environ(), append(s.Env, "HOME="+s.home, "XDG_RUNTIME_DIR="+s.home, "XDG_DATA_HOME=")...)
	cmd.Stdin = strings.NewReader("the password of a test")
	start(s.t, cmd)
	s.daemon = cmd.Process
}

// await waits until ready: a keyring has its name on the bus a while after it
// was started.
func (s *Session) await(ready func(*dbus.Conn) bool) {
	s.t.Helper()
	bus := s.Connect()
	defer bus.Close()
	ctx, cancel := context.WithTimeout(s.t.Context(), startLimit)
	defer cancel()
	for !ready(bus) {
		select {
		case <-ctx.Done():
			s.t.Fatal("gnome-keyring-daemon does not come up")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// folder is t.TempDir with a short path: that of a socket has at most 107 bytes.
// It lies in memory if it can, since gnome-keyring syncs each of its writes.
func folder(t testing.TB) string {
	t.Helper()
	path, err := os.MkdirTemp("/dev/shm", "bus")
	if err != nil {
		path, err = os.MkdirTemp("", "bus")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(path) })
	return path
}

func start(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

func need(t testing.TB, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("needs %s: %v", strings.TrimSuffix(program, "-daemon"), err)
	}
}
