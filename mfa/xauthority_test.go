//go:build !windows

package mfa

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"daypass/internal/screentest"
)

func TestXHears(t *testing.T) {
	folder := t.TempDir()
	const cookie = "0123456789abcdef"
	setup := "l\x00\x0b\x00\x00\x00\x12\x00\x10\x00\x00\x00" + cookieName + "\x00\x00" + cookie
	x := serve(t, "tcp", "127.0.0.1:0", len(setup), "\x01")
	host, _ := os.Hostname()
	authority := filepath.Join(folder, "authority")
	for _, file := range []string{authority, filepath.Join(folder, ".Xauthority")} {
		if err := os.WriteFile(file, []byte(entry(256, host, x.number(), cookieName, cookie)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, environ := range []string{"XAUTHORITY=" + authority, "HOME=" + folder} {
		if _, err := answeredBy(t, patient, "DISPLAY=localhost:"+x.number(), environ); err != nil {
			t.Fatal(err)
		}
		if got := <-x.heard; got != setup {
			t.Errorf("with %s the X server hears %q, want %q", environ, got, setup)
		}
	}
}

// entry is one of an Xauthority file.
func entry(family uint16, fields ...string) string {
	b := binary.BigEndian.AppendUint16(nil, family)
	for _, field := range fields {
		b = binary.BigEndian.AppendUint16(b, uint16(len(field)))
		b = append(b, field...)
	}
	return string(b)
}

func TestCookieIn(t *testing.T) {
	const local, internet, anyHost = 256, 0, 0xffff
	file := entry(local, "other", "10", cookieName, "another host") +
		entry(local, "here", "11", cookieName, "another display") +
		entry(local, "here", "10", "XDM-AUTHORIZATION-1", "another way") +
		entry(local, "here", "10", cookieName, "right") +
		entry(local, "here", "10", cookieName, "later") +
		entry(internet, "\x0a\x00\x00\x01", "10", cookieName, "far") +
		entry(local, "here", "", cookieName, "any display") +
		entry(anyHost, "", "12", cookieName, "any host")
	tests := []struct{ host, number, want string }{
		{"here", "10", "right"},
		{"here", "11", "another display"},
		{"other", "10", "another host"},
		{"\x0a\x00\x00\x01", "10", "far"},
		{"here", "13", "any display"},
		{"nowhere", "12", "any host"},
		{"nowhere", "10", ""},
	}
	for _, tt := range tests {
		if got := string(cookieIn([]byte(file), tt.host, tt.number)); got != tt.want {
			t.Errorf("display %s of %q: %q, want %q", tt.number, tt.host, got, tt.want)
		}
	}
	// What xauth writes for "unix:10" and for "10.1.2.3:12".
	const written = "\x01\x00\x00\x02vm\x00\x0210\x00\x12MIT-MAGIC-COOKIE-1\x00\x03abc" +
		"\x00\x00\x00\x04\x0a\x01\x02\x03\x00\x0212\x00\x12MIT-MAGIC-COOKIE-1\x00\x03xyz"
	if here, far := cookieIn([]byte(written), "vm", "10"), cookieIn([]byte(written), "\x0a\x01\x02\x03", "12"); string(here) != "abc" || string(far) != "xyz" {
		t.Errorf("of xauth's: %q and %q", here, far)
	}
	whole := entry(local, "here", "10", cookieName, "right")
	for cut := range len(whole) {
		if got := cookieIn([]byte(whole[:cut]), "here", "10"); got != nil {
			t.Errorf("cut at %d: %q", cut, got)
		}
	}
}

// connected is a connection to a server at addr.
type connected struct {
	net.Conn
	addr net.Addr
}

func (c connected) RemoteAddr() net.Addr { return c.addr }

// The host of an entry is this one's name or the server's address.
func TestCookieOfHost(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	six := net.ParseIP("2001:db8::1")
	file := filepath.Join(t.TempDir(), "authority")
	entries := entry(256, host, "0", cookieName, "here") + entry(0, "\x0a\x01\x02\x03", "0", cookieName, "four") + entry(6, string(six), "0", cookieName, "six")
	if err := os.WriteFile(file, []byte(entries), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, addr := range map[string]net.Addr{
		"here": &net.UnixAddr{Name: "/tmp/.X11-unix/X0", Net: "unix"},
		"four": &net.TCPAddr{IP: net.ParseIP("10.1.2.3")},
		"six":  &net.TCPAddr{IP: six},
		"":     &net.TCPAddr{IP: net.ParseIP("10.9.9.9")},
	} {
		if got := xCookie(lookup("XAUTHORITY="+file), connected{addr: addr}, "0"); string(got) != want {
			t.Errorf("for %s: %q, want %q", addr, got, want)
		}
	}
	for _, loopback := range []string{"127.0.0.1", "::1"} {
		if got := xCookie(lookup("XAUTHORITY="+file), connected{addr: &net.TCPAddr{IP: net.ParseIP(loopback)}}, "0"); string(got) != "here" {
			t.Errorf("for %s: %q", loopback, got)
		}
	}
	if got := xCookie(lookup(), connected{addr: &net.TCPAddr{}}, "0"); got != nil {
		t.Errorf("without a file: %q", got)
	}
}

func FuzzCookieIn(f *testing.F) {
	whole := entry(256, "here", "10", cookieName, "cookie")
	f.Add([]byte(whole))
	f.Add([]byte(whole[:20]))
	f.Add([]byte("\xff\xff\x00\x00\x00\x00\xff\xff"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if got := cookieIn(file, "here", "10"); !bytes.Contains(file, append([]byte(cookieName), byte(len(got)>>8), byte(len(got)))) && got != nil {
			t.Errorf("%q is no cookie of the file", got)
		}
		if got := cookieIn([]byte(whole+string(file)), "here", "10"); string(got) != "cookie" {
			t.Errorf("what follows changes the first entry: %q", got)
		}
	})
}

// TestRealX: a real X server with a cookie answers, whether that is known or not, until it is gone.
func TestRealX(t *testing.T) {
	s := screentest.New(t)
	known, unknown := s.Env(), append([]string{"XAUTHORITY=" + t.TempDir()}, s.Env()...)
	for _, tt := range []struct {
		environ []string
		first   byte
	}{{known, 1}, {unknown, 0}} {
		if _, err := answeredBy(t, patient, tt.environ...); err != nil {
			t.Errorf("with %q: %v", tt.environ, err)
		}
		if got := setUp(t, lookup(tt.environ...)); got != tt.first {
			t.Errorf("with %q it answers %d, want %d", tt.environ, got, tt.first)
		}
	}
	s.Freeze()
	if _, err := answeredBy(t, impatient, known...); !errors.Is(err, ErrDisplayDead) {
		t.Errorf("when it is stopped: %v", err)
	}
	s.Kill()
	if _, err := answeredBy(t, patient, "DISPLAY=unix"+lookup(known...)("DISPLAY")); !errors.Is(err, ErrDisplayDead) {
		t.Errorf("when it is gone: %v", err)
	}
}

// setUp is the first byte of an X server's answer.
func setUp(t *testing.T, getenv func(string) string) byte {
	t.Helper()
	s := servers(getenv)[0]
	conn, err := net.Dial(s.addresses[0].network, s.addresses[0].name)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(s.greeting(conn)); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 1)
	if _, err := io.ReadFull(conn, answer); err != nil {
		t.Fatal(err)
	}
	return answer[0]
}
