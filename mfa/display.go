package mfa

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// maxSilence is how long a display may take to answer: time enough for an X server at the far end of ssh -X, or one that its
// compositor starts when it is first called. A window would wait for ever.
const maxSilence = 500 * time.Millisecond

// display finds the display that windows open on and sees whether it answers. place names it in the state folder. Its errors
// are ErrNoDisplay, which costs nothing, and one that wraps ErrDisplayDead.
func display(goos string, getenv func(string) string) (place string, err error) {
	if goos == "darwin" || goos == "windows" {
		// No more is asked: Windows Forms itself refuses to open a window in the session of services, and SESSIONNAME is missing
		// in others too.
		if getenv("SSH_CONNECTION") != "" || getenv("SSH_TTY") != "" {
			return "", ErrNoDisplay
		}
		return "display", nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), maxSilence)
	defer cancel()
	return answering(ctx, servers(getenv))
}

// errNoAddress means that a variable names no display.
var errNoAddress = errors.New("its name is not of a known form")

// server is what draws windows.
type server struct {
	addresses []address // where it may listen, in the order in which clients try
	// greeting is what a client sends first on conn.
	greeting func(conn net.Conn) []byte
}

// address is what net.Dial takes.
type address struct{ network, name string }

// servers are those of the environment, in the order in which programs try them.
func servers(getenv func(string) string) []server {
	var all []server
	if name := getenv("WAYLAND_DISPLAY"); name != "" {
		all = append(all, server{
			addresses: waylandAddresses(name, getenv("XDG_RUNTIME_DIR")),
			greeting:  func(net.Conn) []byte { return waylandSync() },
		})
	}
	if name := getenv("DISPLAY"); name != "" {
		addresses, number := xAddresses(name)
		all = append(all, server{
			addresses: addresses,
			greeting:  func(conn net.Conn) []byte { return xSetup(xCookie(getenv, conn, number)) },
		})
	}
	return all
}

// answering returns the place of the display once one of its servers has answered. One that is silent uses up the time for
// the rest, as it should: programs wait for it and never come to them. The place is that of the last server, X: sudo and
// some launchers hand on DISPLAY alone, and the screen is the same.
func answering(ctx context.Context, all []server) (place string, err error) {
	if len(all) == 0 {
		return "", ErrNoDisplay
	}
	for _, s := range all {
		if len(s.addresses) > 0 {
			place = displayName(s.addresses[0])
		}
	}
	for _, s := range all {
		if err = s.answers(ctx); err == nil {
			return place, nil
		}
	}
	return "", fmt.Errorf("%w: %w", ErrDisplayDead, err)
}

// displayName names the display at a in the state folder.
func displayName(a address) string {
	sum := sha256.Sum256([]byte(a.network + " " + a.name))
	return "display-" + hex.EncodeToString(sum[:10])
}

// answers is nil if s says anything at all before ctx ends. The kernel accepts connections for a server that hangs.
func (s server) answers(ctx context.Context) error {
	var conn net.Conn
	err := errNoAddress
	for _, a := range s.addresses {
		if conn, err = (&net.Dialer{}).DialContext(ctx, a.network, a.name); err == nil {
			break
		}
	}
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return err
	}
	if _, err := conn.Write(s.greeting(conn)); err != nil {
		return err
	}
	_, err = conn.Read(make([]byte, 1))
	return err
}

// waylandAddresses is where the compositor called name listens: https://wayland.freedesktop.org/docs/html/apb.html
// (wl_display_connect).
func waylandAddresses(name, folder string) []address {
	switch {
	case filepath.IsAbs(name):
		return []address{{"unix", name}}
	case filepath.IsAbs(folder):
		return []address{{"unix", filepath.Join(folder, name)}}
	}
	return nil
}

// waylandSync is a request that changes nothing and is always answered: sync, the first of wl_display, which is object 1. The
// answer is to go to object 2.
func waylandSync() []byte {
	const size = 12
	var b []byte
	for _, word := range []uint32{1, size << 16, 2} {
		b = binary.NativeEndian.AppendUint32(b, word)
	}
	return b
}

// xAddresses reads DISPLAY: [protocol/][host]:number[.screen], or the path of a socket. It returns where the server may
// listen, nothing if name is of another form, and the number (libxcb's _xcb_parse_display,
// https://gitlab.freedesktop.org/xorg/lib/libxcb/-/blob/master/src/xcb_util.c).
func xAddresses(name string) (addresses []address, number string) {
	if path := strings.TrimPrefix(name, "unix:"); filepath.IsAbs(path) {
		return []address{{"unix", path}}, "0"
	}
	slash, colon := strings.LastIndexByte(name, '/'), strings.LastIndexByte(name, ':')
	if colon < slash || colon < 0 {
		return nil, ""
	}
	protocol, host := name[:max(slash, 0)], strings.Trim(name[slash+1:colon], "[]")
	number, _, _ = strings.Cut(name[colon+1:], ".")
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return nil, ""
	}
	number = strconv.FormatUint(n, 10)
	socket := "/tmp/.X11-unix/X" + number
	local := []address{{"unix", socket}, {"unix", "@" + socket}}
	port := strconv.FormatUint(6000+n, 10)
	switch {
	case protocol == "unix" || protocol == "" && host == "unix":
		return local, number
	case protocol == "" && host == "":
		return append(local, address{"tcp", net.JoinHostPort("localhost", port)}), number
	}
	return []address{{"tcp", net.JoinHostPort(host, port)}}, number
}
