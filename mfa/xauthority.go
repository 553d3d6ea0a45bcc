package mfa

import (
	"encoding/binary"
	"net"
	"os"
	"path/filepath"
)

// cookieName is the only way of authentication that is still in use.
const cookieName = "MIT-MAGIC-COOKIE-1"

// xSetup is the first request of an X client (X11 protocol, chapter 8), with a cookie unless that is empty. Without the
// right one a server refuses, which is an answer as well, but ssh -X closes the connection and complains on the person's
// terminal.
func xSetup(cookie []byte) []byte {
	name := cookieName
	if len(cookie) == 0 {
		name = ""
	}
	b := []byte{'l', 0}
	for _, field := range []int{11, 0, len(name), len(cookie), 0} {
		b = binary.LittleEndian.AppendUint16(b, uint16(field))
	}
	for _, text := range []string{name, string(cookie)} {
		b = append(b, text...)
		b = append(b, make([]byte, -len(text)&3)...)
	}
	return b
}

// xCookie is what opens the display of that number at the other end of conn, nil if none is known.
func xCookie(getenv func(string) string, conn net.Conn, number string) []byte {
	file := getenv("XAUTHORITY")
	if home := getenv("HOME"); file == "" && home != "" {
		file = filepath.Join(home, ".Xauthority")
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	host, _ := os.Hostname()
	if peer, ok := conn.RemoteAddr().(*net.TCPAddr); ok && !peer.IP.IsLoopback() {
		host = string(peer.IP)
		if ip := peer.IP.To4(); ip != nil {
			host = string(ip)
		}
	}
	return cookieIn(data, host, number)
}

// cookieIn finds the cookie for a display in an Xauthority file. host is this one's name for all that is local, else the
// bytes of its IP address. An entry has a family (a short), and as bytes with their length before them the host, the
// number, the name of the way and the cookie; all numbers are big-endian (Xau(3)).
func cookieIn(file []byte, host, number string) []byte {
	const anyHost = 0xffff
	for len(file) >= 2 {
		family := binary.BigEndian.Uint16(file)
		file = file[2:]
		var fields [4]string
		for i := range fields {
			if len(file) < 2 || len(file)-2 < int(binary.BigEndian.Uint16(file)) {
				return nil
			}
			end := 2 + int(binary.BigEndian.Uint16(file))
			fields[i], file = string(file[2:end]), file[end:]
		}
		if (family == anyHost || fields[0] == host) && (fields[1] == "" || fields[1] == number) && fields[2] == cookieName {
			return []byte(fields[3])
		}
	}
	return nil
}
