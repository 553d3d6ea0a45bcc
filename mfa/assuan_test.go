package mfa

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestHear(t *testing.T) {
	long := strings.Repeat("x", maxAssuanLine-2)
	tests := []struct{ name, answer, data, err string }{
		{"nothing but OK", "OK\n", "", "<nil>"},
		{"a greeting", "# hello\nOK Pleased to meet you\nD 1\n", "", "<nil>"},
		{"data", "D 123456\nOK\n", "123456", "<nil>"},
		{"an empty answer", "D \nOK\n", "", "<nil>"},
		{"in several lines", "D 12\nS PROGRESS x\nD 34\n\n# 99\nD 56\nOK\n", "123456", "<nil>"},
		{"escaped", "D %31%32%0a%25%2B+\nOK\n", "12\n%++", "<nil>"},
		{"hardly escaped", "D %zz%3%\nOK\n", "%zz%3%", "<nil>"},
		{"blanks", "D  1 2 \nOK\n", " 1 2 ", "<nil>"},
		{"CR LF", "D 1\r\nOK\r\n", "1", "<nil>"},
		{"the longest line", "D " + long + "\r\nOK\n", long, "<nil>"},
		{"a byte longer", "D x" + long + "\nOK\n", "", "its answer is not understood"},
		{"much longer", "D " + long + long + "\nOK\n", "", "its answer is not understood"},
		{"without end", strings.Repeat("S x\n", maxHeard), "", "it printed too much"},
		{"refused", "D 123456\nERR 83886179 123456\n", "", "it answered with error 99"},
		{"refused by an older program", "ERR 99 cancelled <pinentry>\n", "", "it answered with error 99"},
		{"refused without a number", "ERR 123456x\n", "", "its answer is not understood"},
		{"refused with nothing", "ERR\n", "", "its answer is not understood"},
		{"another language", "+OK POP3 123456\n", "", "its answer is not understood"},
		{"words that begin so", "OKAY\n", "", "its answer is not understood"},
		{"gone", "", "", "unexpected EOF"},
		{"gone amid a line", "D 123456\nOK", "", "unexpected EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data, err := newAssuan(strings.NewReader(tt.answer), io.Discard).hear()
			if err == nil {
				err = errors.New("<nil>")
			}
			if data != tt.data || err.Error() != tt.err {
				t.Errorf("got %q, %v, want %q, %s", data, err, tt.data, tt.err)
			}
		})
	}
}

// Answers come one by one, and questions of the other side get none.
func TestCommand(t *testing.T) {
	var said bytes.Buffer
	a := newAssuan(strings.NewReader("OK hello\nINQUIRE QUALITY 12\nD 1\nINQUIRE X\nOK\nERR 62 late\n"), &said)
	if _, err := a.hear(); err != nil {
		t.Fatal(err)
	}
	if data, err := a.command("GETPIN"); data != "1" || err != nil {
		t.Errorf("got %q, %v", data, err)
	}
	var refused *assuanError
	if _, err := a.command("GETPIN"); !errors.As(err, &refused) || refused.code != gpgTimeout {
		t.Errorf("error %v", err)
	}
	for _, line := range []string{"SETDESC a\nSETERROR b", "SETDESC \r", strings.Repeat("x", maxAssuanLine+1)} {
		if _, err := a.command(line); !errors.Is(err, errLongCommand) {
			t.Errorf("%.20q: error %v", line, err)
		}
	}
	if want := "GETPIN\nCAN\nCAN\nGETPIN\n"; said.String() != want {
		t.Errorf("said %q, want %q", said.String(), want)
	}
}

func TestEscape(t *testing.T) {
	tests := []struct {
		text string
		room int
		want string
	}{
		{"plain text + more: prüf…", 100, "plain text + more: prüf…"},
		{"100% \\ a\nb\r\x7f", 100, "100%25 %5C a%0Ab%0D%7F"},
		{"123456", 6, "123456"},
		{"1234567", 6, "123…"},
		{"12%%", 8, "12%25%25"},
		{"12%%%", 10, "12%25…"},
		{"üüüü", 8, "üüüü"},
		{"üüüüx", 8, "üü…"},
		{"北北", 5, "…"},
		{"", 0, ""},
	}
	for _, tt := range tests {
		if got := escape(tt.text, tt.room); got != tt.want {
			t.Errorf("escape(%q, %d) = %q, want %q", tt.text, tt.room, got, tt.want)
		}
	}
}

// Whatever the other side writes: an end comes, and no error tells what it wrote.
func FuzzAssuan(f *testing.F) {
	for _, answer := range []string{"OK\n", "D 123%34\nOK\n", "ERR 83886179 x\n", "INQUIRE Q\nS x\n#\nD \nOK\n", "D %\nOK", "garbage\n", strings.Repeat("x", 1001)} {
		f.Add([]byte(answer))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		var said bytes.Buffer
		data, err := newAssuan(bytes.NewReader(answer), &said).hear()
		if len(data) > len(answer) || err != nil && data != "" {
			t.Errorf("data %q, error %v", data, err)
		}
		if strings.Trim(said.String(), "CAN\n") != "" {
			t.Errorf("said %q", said.String())
		}
		var refused *assuanError
		switch {
		case err == nil, errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, errNotAssuan), errors.Is(err, errTooMuch):
		case errors.As(err, &refused) && bytes.Contains(answer, []byte("ERR ")):
		default:
			t.Errorf("error %v", err)
		}
	})
}

// What is escaped fits, is one line, and means what it meant, up to where it is cut.
func FuzzEscape(f *testing.F) {
	f.Add("profile \"dev\" 100%\n\\ ü…", uint16(20))
	f.Fuzz(func(t *testing.T, text string, size uint16) {
		room := int(size) + len(cutMark)
		if !utf8.ValidString(text) {
			return
		}
		got := escape(text, room)
		if len(got) > room || !utf8.ValidString(got) || strings.ContainsAny(got, "\r\n") {
			t.Fatalf("escape(%q, %d) = %q", text, room, got)
		}
		back := string(unescape([]byte(got)))
		if start, isCut := strings.CutSuffix(back, cutMark); back != text && !(isCut && strings.HasPrefix(text, start)) {
			t.Errorf("escape(%q, %d) = %q means %q", text, room, got, back)
		}
	})
}
