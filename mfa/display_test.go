//go:build !windows

package mfa

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// answeredBy is the display of an environment, seen by a patient person, or by one who waits for nobody.
func answeredBy(t *testing.T, patience time.Duration, environ ...string) (place string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return answering(ctx, servers(lookup(environ...)))
}

const (
	patient   = time.Minute
	impatient = 30 * time.Millisecond
)

// fakeServer listens and treats each connection by serve; what clients sent comes out of heard.
type fakeServer struct {
	net.Listener
	heard chan string
}

// serve starts a server that reads a greeting of size bytes and answers it; an empty answer closes the connection, and "silent"
// keeps it open.
func serve(t *testing.T, network, name string, size int, answer string) *fakeServer {
	t.Helper()
	l, err := net.Listen(network, name)
	if err != nil {
		t.Fatal(err)
	}
	s := &fakeServer{l, make(chan string, 10)}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			greeting := make([]byte, size)
			_, _ = io.ReadFull(conn, greeting)
			s.heard <- string(greeting)
			if answer == "silent" {
				_, _ = io.Copy(io.Discard, conn) // until the client gives up
			} else {
				_, _ = io.WriteString(conn, answer)
			}
			_ = conn.Close()
		}
	}()
	return s
}

// number is that of an X display on the server's TCP port.
func (s *fakeServer) number() string {
	return strconv.Itoa(s.Addr().(*net.TCPAddr).Port - 6000)
}

const (
	waylandGreeting = 12
	xGreeting       = 12 // without a cookie
)

func TestDisplay(t *testing.T) {
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	serve(t, "unix", at("wayland-live"), waylandGreeting, "done")
	serve(t, "unix", at("wayland-silent"), waylandGreeting, "silent")
	serve(t, "unix", at("wayland-closing"), waylandGreeting, "")
	serve(t, "unix", at("x-live:0"), xGreeting, "\x01")
	serve(t, "unix", at("x-refusing:0"), xGreeting, "\x00")
	serve(t, "unix", at("x-silent:0"), xGreeting, "silent")
	serve(t, "unix", at("x-closing:0"), xGreeting, "")
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: at("stale:0")})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	_ = stale.Close()
	silent := serve(t, "tcp", "127.0.0.1:0", xGreeting, "silent")

	runtimeDir, wayland, x := "XDG_RUNTIME_DIR="+folder, "WAYLAND_DISPLAY=", "DISPLAY="
	tests := []struct {
		name     string
		patience time.Duration
		environ  []string
		place    string // the address it is named after
		err      error
	}{
		{"nothing named", patient, []string{runtimeDir}, "", ErrNoDisplay},
		{"empty names", patient, []string{wayland, x}, "", ErrNoDisplay},
		{"Wayland by name", patient, []string{runtimeDir, wayland + "wayland-live"}, at("wayland-live"), nil},
		{"Wayland by path", patient, []string{wayland + at("wayland-live")}, at("wayland-live"), nil},
		{"Wayland without a folder", patient, []string{wayland + "wayland-live"}, "", ErrDisplayDead},
		{"Wayland gone", patient, []string{runtimeDir, wayland + "wayland-gone"}, "", ErrDisplayDead},
		{"Wayland that hangs", impatient, []string{runtimeDir, wayland + "wayland-silent"}, "", ErrDisplayDead},
		{"Wayland that dies", patient, []string{runtimeDir, wayland + "wayland-closing"}, "", ErrDisplayDead},
		{"X", patient, []string{x + at("x-live:0")}, at("x-live:0"), nil},
		{"X that wants another cookie", patient, []string{x + "unix:" + at("x-refusing:0")}, at("x-refusing:0"), nil},
		{"X gone", patient, []string{x + at("x-gone:0")}, "", ErrDisplayDead},
		{"X that left its socket", patient, []string{x + at("stale:0")}, "", ErrDisplayDead},
		{"X that hangs", impatient, []string{x + at("x-silent:0")}, "", ErrDisplayDead},
		{"X that dies", patient, []string{x + at("x-closing:0")}, "", ErrDisplayDead},
		{"X that hangs far away", impatient, []string{x + "localhost:" + silent.number() + ".0"}, "", ErrDisplayDead},
		{"X by an odd name", patient, []string{x + "0"}, "", ErrDisplayDead},
		{"both", patient, []string{runtimeDir, wayland + "wayland-live", x + at("x-live:0")}, at("x-live:0"), nil},
		{"both, and no X", patient, []string{runtimeDir, wayland + "wayland-live", x + at("x-gone:0")}, at("x-gone:0"), nil},
		{"both, and X by an odd name", patient, []string{runtimeDir, wayland + "wayland-live", x + "0"}, at("wayland-live"), nil},
		{"both, and no Wayland", patient, []string{runtimeDir, wayland + "wayland-gone", x + at("x-live:0")}, at("x-live:0"), nil},
		{"both, and Wayland dies", patient, []string{runtimeDir, wayland + "wayland-closing", x + at("x-live:0")}, at("x-live:0"), nil},
		{"both, and Wayland hangs", impatient, []string{runtimeDir, wayland + "wayland-silent", x + at("x-live:0")}, "", ErrDisplayDead},
		{"both dead", patient, []string{runtimeDir, wayland + "wayland-gone", x + at("x-gone:0")}, "", ErrDisplayDead},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			place, err := answeredBy(t, tt.patience, append(tt.environ, "HOME="+folder)...)
			want := ""
			if tt.place != "" {
				want = displayName(address{"unix", tt.place})
			}
			if place != want || !errors.Is(err, tt.err) || tt.err == nil && err != nil {
				t.Errorf("got %q, %v, want %q, %v", place, err, want, tt.err)
			}
		})
	}
}

func TestDisplayElsewhere(t *testing.T) {
	for _, goos := range []string{"darwin", "windows"} {
		for environ, want := range map[string]error{
			"DISPLAY=:99":        nil,
			"SSH_CONNECTION=1":   ErrNoDisplay,
			"SSH_TTY=/dev/ttys1": ErrNoDisplay,
		} {
			place, err := display(goos, lookup(environ))
			if err != want || err == nil && place != "display" {
				t.Errorf("%s with %s: %q, %v, want %v", goos, environ, place, err, want)
			}
		}
	}
	if _, err := display("linux", lookup("SSH_TTY=/dev/pts/1")); err != ErrNoDisplay {
		t.Errorf("Linux without a display: %v", err)
	}
}

func TestXAddresses(t *testing.T) {
	local := func(n string) []address {
		return []address{{"unix", "/tmp/.X11-unix/X" + n}, {"unix", "@/tmp/.X11-unix/X" + n}}
	}
	tcp := func(name string) address { return address{"tcp", name} }
	tests := []struct {
		name   string
		want   []address
		number string
	}{
		{":0", append(local("0"), tcp("localhost:6000")), "0"},
		{":0.0", append(local("0"), tcp("localhost:6000")), "0"},
		{":00.1", append(local("0"), tcp("localhost:6000")), "0"},
		{"unix:0", local("0"), "0"},
		{"unix/:12.1", local("12"), "12"},
		{"unix/host:12", local("12"), "12"},
		{"localhost:10.0", []address{tcp("localhost:6010")}, "10"},
		{"tcp/localhost:10", []address{tcp("localhost:6010")}, "10"},
		{"host.example:10.0", []address{tcp("host.example:6010")}, "10"},
		{"172.20.0.1:0", []address{tcp("172.20.0.1:6000")}, "0"},
		{"[::1]:1", []address{tcp("[::1]:6001")}, "1"},
		{"::1:1", []address{tcp("[::1]:6001")}, "1"},
		{"inet6/[fe80::1%eth0]:1.0", []address{tcp("[fe80::1%eth0]:6001")}, "1"},
		{"/private/tmp/com.apple.launchd.x/org.xquartz:0", []address{{"unix", "/private/tmp/com.apple.launchd.x/org.xquartz:0"}}, "0"},
		{"unix:/run/x", []address{{"unix", "/run/x"}}, "0"},
		{"0", nil, ""},
		{":", nil, ""},
		{":x", nil, ""},
		{":-1", nil, ""},
		{":65536", nil, ""},
		{"tcp:0/x", nil, ""},
		{"", nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, number := xAddresses(tt.name)
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(address{})); diff != "" || number != tt.number {
				t.Errorf("number %q, want %q; addresses: %s", number, tt.number, diff)
			}
		})
	}
}

func FuzzXAddresses(f *testing.F) {
	for _, seed := range []string{":0", "unix:0.0", "localhost:10.0", "[::1]:1", "tcp/h:1", "/tmp/x:0", "unix:/x", ":", "a/b:c.d", "unix/:7"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		addresses, number := xAddresses(name)
		if (len(addresses) == 0) != (number == "") {
			t.Fatalf("addresses %v for number %q", addresses, number)
		}
		for _, a := range addresses {
			switch a.network {
			case "unix":
				if !filepath.IsAbs(strings.TrimPrefix(a.name, "@")) {
					t.Errorf("a relative socket: %q", a.name)
				}
			case "tcp":
				if _, port, err := net.SplitHostPort(a.name); err == nil {
					if n, err := strconv.Atoi(port); err != nil || n < 6000 {
						t.Errorf("port %q", port)
					}
				}
			default:
				t.Errorf("network %q", a.network)
			}
		}
	})
}

// The socket without a file, and the host of each family: whatever the spelling, the server is found.
func TestDisplaySpellings(t *testing.T) {
	four := serve(t, "tcp", "127.0.0.1:0", xGreeting, "\x01")
	spellings := []string{"127.0.0.1:" + four.number(), "localhost:" + four.number() + ".0", "tcp/localhost:" + four.number(), ":" + four.number()}
	if runtime.GOOS == "linux" {
		n := "3" + four.number()[1:]
		serve(t, "unix", "@/tmp/.X11-unix/X"+n, xGreeting, "\x00")
		spellings = append(spellings, ":"+n, "unix:"+n)
	}
	for _, name := range spellings {
		if _, err := answeredBy(t, patient, "DISPLAY="+name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if l, err := net.Listen("tcp6", "[::1]:0"); err != nil {
		t.Logf("there is no IPv6 here: %v", err)
	} else {
		_ = l.Close()
		six := serve(t, "tcp6", "[::1]:0", xGreeting, "\x01")
		if _, err := answeredBy(t, patient, "DISPLAY=[::1]:"+six.number()); err != nil {
			t.Error(err)
		}
	}
}

// Spellings of one display are one place, and displays are told apart.
func TestDisplayPlaces(t *testing.T) {
	place := func(name string) string {
		addresses, _ := xAddresses(name)
		return displayName(addresses[0])
	}
	for _, same := range []string{":0.0", ":0.1", "unix:0", "unix/:0"} {
		if place(same) != place(":0") {
			t.Errorf("%s is another place than :0", same)
		}
	}
	for _, other := range []string{":1", "localhost:0", "/tmp/x:0"} {
		if place(other) == place(":0") {
			t.Errorf("%s is the place of :0", other)
		}
	}
}

func TestWaylandHears(t *testing.T) {
	folder := t.TempDir()
	wayland := serve(t, "unix", filepath.Join(folder, "wayland-0"), waylandGreeting, "done")
	if _, err := answeredBy(t, patient, "XDG_RUNTIME_DIR="+folder, "WAYLAND_DISPLAY=wayland-0"); err != nil {
		t.Fatal(err)
	}
	var sync bytes.Buffer
	for _, word := range []any{uint32(1), uint32(12 << 16), uint32(2)} {
		if err := binary.Write(&sync, binary.NativeEndian, word); err != nil {
			t.Fatal(err)
		}
	}
	if got := <-wayland.heard; got != sync.String() {
		t.Errorf("the compositor hears %q, want %q", got, sync.String())
	}
}
