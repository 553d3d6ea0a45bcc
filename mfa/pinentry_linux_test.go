package mfa

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"daypass/internal/tty"
	"daypass/internal/tty/ttytest"

	"github.com/google/go-cmp/cmp"
)

// conversation is what a played pinentry answers to the first word of a command, "" for the greeting: the text of an answer, or
// "hang", "exit CODE", "signal NUMBER", or "leave ADDRESS", which starts a program that holds its streams, and hangs. What is
// not there is answered by OK.
type conversation map[string]string

// playPinentry plays the pinentry whose file lies beside the name that it was called by, and notes what it hears.
func playPinentry(string) int {
	data, err := os.ReadFile(os.Args[0] + ".json")
	var c conversation
	if err != nil || json.Unmarshal(data, &c) != nil {
		return 9
	}
	heard, err := os.OpenFile(os.Args[0]+".heard", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return 9
	}
	c.answer("")
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		fmt.Fprintln(heard, lines.Text())
		word, _, _ := strings.Cut(lines.Text(), " ")
		c.answer(word)
		if word == "BYE" {
			return 0
		}
	}
	return 0
}

func (c conversation) answer(word string) {
	answer, ok := c[word]
	if !ok {
		answer = "OK\n"
	}
	do, arg, _ := strings.Cut(answer, " ")
	number := 0
	_, _ = fmt.Sscan(arg, &number)
	switch do {
	case "exit":
		os.Exit(number)
	case "signal":
		_ = syscall.Exec("/bin/sh", []string{"sh", "-c", "kill -" + arg + " $$"}, nil) // the Go runtime has handlers
	case "leave":
		startHung(arg, nil)
	case "hang":
	default:
		fmt.Print(answer)
		return
	}
	hang()
}

// played makes programs that play the conversations, and returns their folder.
func played(t *testing.T, programs map[string]conversation) (folder string) {
	t.Helper()
	folder = t.TempDir()
	for name, c := range programs {
		path := filepath.Join(folder, name)
		data, err := json.Marshal(c)
		if err == nil {
			err = os.WriteFile(path+".json", data, 0o600)
		}
		if err == nil {
			err = os.Symlink(os.Args[0], path)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// foundIn finds the programs of one folder.
func foundIn(folder string) func(string) string {
	return func(name string) string {
		path := filepath.Join(folder, name)
		if _, err := os.Stat(path); err != nil {
			return ""
		}
		return path
	}
}

// askedBy opens the way of a display with the programs played in folder.
func askedBy(t *testing.T, folder string) *byPinentries {
	t.Helper()
	a := &Asker{Environ: playing("pinentry", "XDG_CURRENT_DESKTOP=X"), finder: foundIn(folder), seen: &seen{place: "display-1"}}
	w, err := a.windowPinentryWay()
	if err != nil {
		t.Fatal(err)
	}
	if w.place() != "display-1" || !w.window() {
		t.Errorf("asks in a window %v, at %s", w.window(), w.place())
	}
	p := w.(*byPinentries)
	p.startIn = ttytest.Patience
	return p
}

func heard(t *testing.T, folder, program string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, program+".heard"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

var forDev = question{about: []string{`profile "dev" wants a code from arn:aws:iam::111111111111:mfa/ana (asked by aws)`, "the code goes to 100%"}}

const code123456 = "D 123456\nOK\n"

func TestPinentrySays(t *testing.T) {
	t.Parallel()
	folder := played(t, map[string]conversation{"pinentry-qt": {"GETPIN": code123456}})
	p := askedBy(t, folder)
	q := forDev
	q.again, q.left = "that code was refused", 44500*time.Millisecond
	if code, err := p.put(t.Context(), q); code != "123456" || err != nil {
		t.Errorf("got %q, %v", code, err)
	}
	want := []string{
		"GETINFO flavor",
		"OPTION no-grab",
		"SETTITLE daypass: MFA code",
		"SETPROMPT MFA code:",
		"SETTIMEOUT 45",
		"SETERROR that code was refused",
		`SETDESC profile "dev" wants a code from arn:aws:iam::111111111111:mfa/ana%0A(asked by aws)%0Athe code goes to 100%25`,
		"GETPIN",
		"BYE",
	}
	got := heard(t, folder, "pinentry-qt")
	for i := range got {
		got[i] = strings.ReplaceAll(got[i], " %0A", "%0A") // where the line was broken
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("it was told (-want +got):\n%s", diff)
	}
}

func TestPinentryAnswers(t *testing.T) {
	const refused = "ERR 83886254 Unknown option <Pinentry>\n"
	const cannotAsk = "could not ask: "
	tests := []struct {
		name string
		c    conversation
		code string
		err  string // "" is none; else a part of it
	}{
		{"a code", conversation{"GETPIN": code123456}, "123456", ""},
		{"in pieces", conversation{"GETPIN": "S X\nD 12%33\n# x\nD 456\nOK\n"}, "123456", ""},
		{"nothing", conversation{"GETPIN": "OK\n"}, "", ""},
		{"an old program", conversation{"GETPIN": code123456, "GETINFO": "ERR 280\n", "OPTION": refused, "SETTITLE": refused, "SETTIMEOUT": refused,
			"SETPROMPT": refused, "SETERROR": refused}, "123456", ""},
		{"a window", conversation{"GETPIN": code123456, "GETINFO": "D gtk2\nOK\n"}, "123456", ""},
		{"no goodbye", conversation{"GETPIN": code123456, "BYE": "hang"}, "123456", ""},
		{"an inquiry", conversation{"GETPIN": "INQUIRE QUALITY 123456\n", "CAN": code123456}, "123456", ""},

		{"cancelled", conversation{"GETPIN": "S BUTTON_INFO close\nERR 83886179 Operation cancelled <Pinentry>\n"}, "", ErrCancelled.Error()},
		{"cancelled by an old program", conversation{"GETPIN": "ERR 99\n"}, "", ErrCancelled.Error()},
		{"fully cancelled", conversation{"GETPIN": "ERR 83886278\n"}, "", ErrCancelled.Error()},
		{"timed out", conversation{"GETPIN": "ERR 83886142 123456\n"}, "", ErrTimedOut.Error()},
		{"killed while it asks", conversation{"GETPIN": "signal 9"}, "", ErrCancelled.Error()},
		{"told to go while it asks", conversation{"GETPIN": "signal 15"}, "", ErrCancelled.Error()},

		{"no terminal", conversation{"GETPIN": "ERR 83918950 123456\n"}, "", cannotAsk + "it answered with error 32870"},
		{"a crash", conversation{"GETPIN": "signal 11"}, "", cannotAsk + "signal: segmentation fault"},
		{"the display is gone", conversation{"GETPIN": "exit 1"}, "", cannotAsk + "exit status 1"},
		{"gone without a word", conversation{"GETPIN": "exit 0"}, "", cannotAsk + "unexpected EOF"},
		{"garbage", conversation{"GETPIN": "123456\nOK\n"}, "", cannotAsk + "its answer is not understood"},
		{"a line that is too long", conversation{"GETPIN": "D 123456" + strings.Repeat("7", 2000)}, "", cannotAsk + "its answer is not understood"},
		{"lines without end", conversation{"GETPIN": strings.Repeat("S 123456\n", maxHeard/8)}, "", cannotAsk + "it printed too much"},
		{"no display", conversation{"": "signal 6"}, "", cannotAsk + "signal: aborted"},
		{"killed before it asks", conversation{"SETPROMPT": "signal 9"}, "", cannotAsk + "signal: killed"},
		{"another program", conversation{"": "123456\n"}, "", cannotAsk + "its answer is not understood"},
		{"a greeting that refuses", conversation{"": "ERR 99\n"}, "", cannotAsk + "it answered with error 99"},
		{"it does not tell for what", conversation{"SETDESC": "ERR 99\n", "GETPIN": code123456}, "", cannotAsk + "it answered with error 99"},
		{"curses", conversation{"GETINFO": "D curses\nOK\n", "GETPIN": code123456}, "", cannotAsk + "it asks on a terminal"},
		{"tty", conversation{"GETINFO": "D tty\nOK\n", "GETPIN": code123456}, "", cannotAsk + "it asks on a terminal"},
		{"falls back to curses", conversation{"GETINFO": "D gtk2:curses\nOK\n", "GETPIN": code123456}, "", cannotAsk + "it asks on a terminal"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			folder := played(t, map[string]conversation{"pinentry": tt.c})
			code, err := askedBy(t, folder).put(t.Context(), forDev)
			if tt.err == "" && (code != tt.code || err != nil) {
				t.Errorf("got %q, %v, want %q", code, err, tt.code)
			}
			if tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err) || strings.Contains(err.Error(), "123456")) {
				t.Errorf("error %v, want %s", err, tt.err)
			}
			var window *AskError
			if unable := strings.HasPrefix(tt.err, cannotAsk); errors.Is(err, ErrUnavailable) != unable || errors.As(err, &window) != unable {
				t.Errorf("error %v is no reason to go on", err)
			}
			if err != nil && strings.Contains(tt.err, "asks on a terminal") && slices.Contains(heard(t, folder, "pinentry"), "GETPIN") {
				t.Error("it was asked")
			}
		})
	}
}

// Those that cannot ask are passed over, once.
func TestPinentriesInTurn(t *testing.T) {
	t.Parallel()
	folder := played(t, map[string]conversation{
		"pinentry-gnome3": {"GETINFO": "D gnome3:curses\nOK\n"},
		"pinentry-gtk-2":  {"": "exit 127"},
		"pinentry-qt":     {"GETPIN": code123456},
		"pinentry":        {},
	})
	p := askedBy(t, folder)
	for range 2 {
		if code, err := p.put(t.Context(), forDev); code != "123456" || err != nil {
			t.Errorf("got %q, %v", code, err)
		}
	}
	for program, want := range map[string]int{"pinentry-gnome3": 1, "pinentry-qt": 2} {
		if got := strings.Count(strings.Join(heard(t, folder, program), "\n"), "GETINFO"); got != want {
			t.Errorf("%s ran %d times, want %d", program, got, want)
		}
	}
	if _, err := os.Stat(filepath.Join(folder, "pinentry.heard")); err == nil {
		t.Error("the last one ran too")
	}
}

// One that never gets to its question does not use up the time of the next.
func TestPinentryThatHangsAtTheStart(t *testing.T) {
	for _, at := range []string{"", "GETINFO", "SETDESC"} {
		t.Run("at "+at, func(t *testing.T) {
			t.Parallel()
			p := askedBy(t, played(t, map[string]conversation{"pinentry-gtk-2": {at: "hang"}, "pinentry-qt": {}}))
			p.startIn, p.programs = 100*time.Millisecond, p.programs[:1]
			if _, err := p.put(t.Context(), forDev); !errors.Is(err, ErrUnavailable) || !errors.Is(err, errNoStart) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// The deadline ends a question, even if its streams are held by what the program has left running.
func TestDeadlineEndsAPinentry(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	folder := played(t, map[string]conversation{"pinentry-qt": {"GETPIN": "leave " + listener.Addr().String()}})
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	p := askedBy(t, folder)
	go func() {
		_, err := p.put(ctx, forDev)
		ended <- err
	}()
	arrived := make(chan net.Conn)
	go func() {
		if left, err := listener.Accept(); err == nil {
			arrived <- left
		}
	}()
	select {
	case left := <-arrived:
		defer left.Close()
	case err := <-ended:
		t.Fatal("it ended before it asked:", err)
	}
	cancel(ErrTimedOut)
	if err := <-ended; !errors.Is(err, ErrTimedOut) {
		t.Errorf("error %v", err)
	}
}

func TestPinentriesThatAreThere(t *testing.T) {
	for _, tt := range []struct {
		there  string // names, "A>B" is a link
		term   string
		window string // those that are tried, with a display
		tty    string // and on a terminal
	}{
		{"", "xterm", "", ""},
		{"zenity", "xterm", "", ""},
		{"pinentry", "xterm", "pinentry", "pinentry"},
		{"pinentry-qt pinentry-gnome3", "xterm", "pinentry-gnome3 pinentry-qt", ""},
		{"pinentry-curses pinentry-tty", "xterm", "", "pinentry-curses pinentry-tty"},
		{"pinentry-curses pinentry-tty", "dumb", "", "pinentry-tty pinentry-curses"},
		{"pinentry-curses pinentry-tty", "", "", "pinentry-tty pinentry-curses"},
		{"pinentry>pinentry-curses pinentry-curses", "xterm", "", "pinentry-curses"},
		{"pinentry>pinentry-gnome3 pinentry-gnome3", "xterm", "pinentry-gnome3", "pinentry"},
		{"pinentry>pinentry-rofi pinentry-rofi", "xterm", "pinentry", "pinentry"},
		{"pinentry>nothing", "xterm", "", ""},
	} {
		t.Run(tt.there+" on "+tt.term, func(t *testing.T) {
			folder, k := t.TempDir(), types()
			for name := range strings.FieldsSeq(tt.there) {
				name, target, isLink := strings.Cut(name, ">")
				err := os.Symlink(target, filepath.Join(folder, name))
				if !isLink {
					err = os.WriteFile(filepath.Join(folder, name), nil, 0o700)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			a := asker(t, k)
			a.Environ, a.finder, a.seen = []string{"TERM=" + tt.term}, foundIn(folder), &seen{place: "display-1"}
			a.Terminal = func() (Terminal, error) { _, _ = k.terminal(); return lendable{k}, nil }
			tried(t, a.windowPinentryWay, "display-1", true, tt.window)
			tried(t, a.terminalPinentryWay, "terminal-1", false, tt.tty)
		})
	}
}

// lendable is a terminal that can be lent.
type lendable struct{ *keyboard }

func (lendable) KeepMode() (func(), error) { return func() {}, nil }

func tried(t *testing.T, open opener, place string, window bool, programs string) {
	t.Helper()
	w, err := open()
	if programs == "" && errors.Is(err, ErrUnavailable) && errors.Is(err, ErrNoProgram) {
		return
	}
	if err != nil {
		t.Errorf("error %v", err)
		return
	}
	defer w.close()
	var names []string
	for _, path := range w.(*byPinentries).programs {
		names = append(names, filepath.Base(path))
	}
	if w.place() != place || w.window() != window || strings.Join(names, " ") != programs {
		t.Errorf("window %v at %s by %q, want window %v at %s by %q", w.window(), w.place(), names, window, place, programs)
	}
}

func TestNoPlaceForAPinentry(t *testing.T) {
	folder := played(t, map[string]conversation{"pinentry": {}})
	a := &Asker{finder: foundIn(folder), seen: &seen{err: ErrNoDisplay}}
	for _, tt := range []struct {
		open     opener
		terminal func() (Terminal, error)
		err      error
	}{
		{a.windowPinentryWay, nil, ErrNoDisplay},
		{a.terminalPinentryWay, func() (Terminal, error) { return nil, tty.ErrBackground }, tty.ErrBackground},
		{a.terminalPinentryWay, func() (Terminal, error) { return nil, tty.ErrRaw }, tty.ErrRaw},
		{a.terminalPinentryWay, types().terminal, ErrNoProgram}, // as on Windows
	} {
		a.Terminal = tt.terminal
		if _, err := tt.open(); !errors.Is(err, ErrUnavailable) || !errors.Is(err, tt.err) {
			t.Errorf("error %v, want %v", err, tt.err)
		}
	}
}
