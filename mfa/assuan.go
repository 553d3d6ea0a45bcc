package mfa

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// The limits of a conversation, in bytes.
const (
	// maxAssuanLine is the longest line either side may write, without its end
	// (https://www.gnupg.org/documentation/manuals/assuan/Server-responses.html).
	maxAssuanLine = 1000
	// maxHeard is how much the other side may write in all.
	maxHeard = 1 << 20
)

// cutMark stands where text was too long.
const cutMark = "…"

var (
	errNotAssuan   = errors.New("its answer is not understood")
	errLongCommand = errors.New("the command does not fit in a line")
)

// The codes of libgpg-error that mean something here (https://dev.gnupg.org/source/libgpg-error/browse/master/src/err-codes.h.in).
const (
	gpgTimeout       = 62
	gpgCanceled      = 99
	gpgFullyCanceled = 198
)

// assuanError is an ERR answer. What else was in it is not kept: it may hold what was typed.
type assuanError struct{ code uint16 }

func (e *assuanError) Error() string { return fmt.Sprintf("it answered with error %d", e.code) }

// assuan is the client's end of a conversation in Assuan, the protocol of pinentry
// (https://www.gnupg.org/documentation/manuals/assuan/). No error of its methods holds a byte of what was heard.
type assuan struct {
	from  *bufio.Reader
	to    io.Writer
	heard int
}

func newAssuan(from io.Reader, to io.Writer) *assuan {
	return &assuan{from: bufio.NewReaderSize(from, maxAssuanLine+len("\r\n")), to: to}
}

// command gives a command, whose arguments are escaped, and returns the data of the answer. Its errors: *assuanError;
// io.ErrUnexpectedEOF if the other side has gone without an answer; others.
func (a *assuan) command(line string) (data string, err error) {
	if err := a.say(line); err != nil {
		return "", err
	}
	return a.hear()
}

func (a *assuan) say(line string) error {
	if len(line) > maxAssuanLine || strings.ContainsAny(line, "\r\n") {
		return errLongCommand
	}
	_, err := io.WriteString(a.to, line+"\n")
	return err
}

// hear reads an answer to its end, like command.
func (a *assuan) hear() (string, error) {
	var data []byte
	for {
		line, err := a.line()
		if err != nil {
			return "", err
		}
		word, rest, _ := bytes.Cut(line, []byte(" "))
		switch {
		case string(word) == "OK":
			return string(data), nil
		case string(word) == "ERR":
			return "", refusedWith(rest)
		case string(word) == "D":
			data = append(data, unescape(rest)...)
		case string(word) == "INQUIRE":
			err = a.say("CAN")
		case len(line) > 0 && string(word) != "S" && line[0] != '#':
			err = errNotAssuan
		}
		if err != nil {
			return "", err
		}
	}
}

// line reads a line without its end. It is valid until the next one is read.
func (a *assuan) line() ([]byte, error) {
	line, err := a.from.ReadSlice('\n')
	a.heard += len(line)
	switch {
	case errors.Is(err, io.EOF):
		return nil, io.ErrUnexpectedEOF
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, errNotAssuan
	case err != nil:
		return nil, err
	case a.heard > maxHeard:
		return nil, errTooMuch
	}
	line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	if len(line) > maxAssuanLine {
		return nil, errNotAssuan
	}
	return line, nil
}

// refusedWith is the error of an ERR answer. The upper half of its number says which program's error it is.
func refusedWith(rest []byte) error {
	number, _, _ := bytes.Cut(rest, []byte(" "))
	code, err := strconv.ParseUint(string(number), 10, 32)
	if err != nil {
		return errNotAssuan
	}
	return &assuanError{code: uint16(code)}
}

// unescape undoes the percent escapes of data.
func unescape(escaped []byte) []byte {
	data := make([]byte, 0, len(escaped))
	for len(escaped) > 0 {
		if escaped[0] == '%' && len(escaped) > 2 {
			if c, err := strconv.ParseUint(string(escaped[1:3]), 16, 8); err == nil {
				data, escaped = append(data, byte(c)), escaped[3:]
				continue
			}
		}
		data, escaped = append(data, escaped[0]), escaped[1:]
	}
	return data
}

// escape makes text an argument of at most room bytes, not fewer than cutMark has. What does not fit is cut off, visibly.
func escape(text string, room int) string {
	var b strings.Builder
	whole := 0 // as much of b as leaves room for the mark
	for _, r := range text {
		if r < ' ' || r == '%' || r == '\\' || r == 0x7f {
			fmt.Fprintf(&b, "%%%02X", r)
		} else {
			b.WriteRune(r)
		}
		if b.Len() > room {
			return b.String()[:whole] + cutMark
		}
		if b.Len() <= room-len(cutMark) {
			whole = b.Len()
		}
	}
	return b.String()
}
