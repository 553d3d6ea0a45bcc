package mfa

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"daypass/internal/state"
	"daypass/internal/tty"
)

// desktop is a display with dialog programs, which the test binary plays: each time one is called, it is answered by the next
// of the answers. A clock of its own goes on while nobody answers.
type desktop struct {
	*Asker
	t      *testing.T
	folder string

	mu    sync.Mutex
	clock time.Time
}

// newDesktop is one without a terminal. The answers: a code, "cancel", "broken" (the window cannot be opened), "" (nobody
// answers).
func newDesktop(t *testing.T, programs string, answers ...string) *desktop {
	t.Helper()
	d := &desktop{t: t, folder: t.TempDir(), clock: time.Unix(1000000020, 0)}
	for _, program := range strings.Fields(programs) {
		if err := os.Symlink(os.Args[0], filepath.Join(d.folder, program)); err != nil {
			t.Fatal(err)
		}
	}
	d.answers(answers...)
	d.Asker = &Asker{
		State:    state.New(filepath.Join(d.folder, "state")),
		Environ:  playing("window "+d.folder, "XDG_CURRENT_DESKTOP=X"),
		finder:   foundIn(d.folder),
		Terminal: func() (Terminal, error) { return nil, tty.ErrNone },
		Now:      d.time,
		After:    d.after,
		seen:     &seen{place: "display-1"},
	}
	return d
}

func (d *desktop) answers(answers ...string) {
	if err := os.WriteFile(filepath.Join(d.folder, "answers"), []byte(strings.Join(answers, "\n")), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// after is the clock's: it strikes once a window stands unanswered.
func (d *desktop) after(left time.Duration) <-chan time.Time {
	strikes := make(chan time.Time)
	go func() {
		for !d.stands() {
			if d.t.Context().Err() != nil {
				return
			}
			time.Sleep(time.Millisecond)
		}
		_ = os.Remove(filepath.Join(d.folder, "standing"))
		d.pass(left)
		close(strikes)
	}()
	return strikes
}

func (d *desktop) time() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.clock
}

func (d *desktop) pass(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.clock = d.clock.Add(by)
}

func (d *desktop) stands() bool {
	_, err := os.Stat(filepath.Join(d.folder, "standing"))
	return err == nil
}

// runs are the windows that were opened, a line each.
func (d *desktop) runs() []string {
	text, _ := os.ReadFile(filepath.Join(d.folder, "runs"))
	return strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' })
}

// ask asks as a credential_process does.
func (d *desktop) ask(s *answers) error {
	r := dev
	r.Since, r.Until = d.time(), d.time().Add(45*time.Second)
	return d.Ask(d.t.Context(), r, s.try)
}

// playWindow is a dialog program: it notes its name and what it was told, and does as the next answer says.
func playWindow(folder string) int {
	runs := filepath.Join(folder, "runs")
	before, _ := os.ReadFile(runs)
	told := fmt.Sprintf("%s %q\n", filepath.Base(os.Args[0]), os.Args[1:])
	if err := os.WriteFile(runs, append(before, told...), 0o600); err != nil {
		return 99
	}
	text, _ := os.ReadFile(filepath.Join(folder, "answers"))
	answers := append(strings.Split(string(text), "\n"), make([]string, 1000)...)
	switch answer := answers[strings.Count(string(before), "\n")]; answer {
	case "broken":
		fmt.Fprintln(os.Stderr, "Gtk-WARNING: cannot open display: :1")
		return 1
	case "cancel":
		code := 1 // kdialog's
		_, _ = fmt.Sscan(os.Getenv("ZENITY_CANCEL"), &code)
		return code
	case "":
		_ = os.WriteFile(filepath.Join(folder, "standing"), nil, 0o600)
		hang()
	default:
		fmt.Println(answer)
	}
	return 0
}

func TestTheWayOfAsking(t *testing.T) {
	onScreen := types()
	for _, tt := range []struct {
		prompt   string
		terminal func() (Terminal, error)
		programs string
		want     string // the program, "" for the terminal
		err      error
	}{
		{"", onScreen.terminal, "zenity kdialog", "", nil},
		{"", nil, "zenity kdialog", "zenity", nil},
		{"", nil, "kdialog", "kdialog", nil},
		{"", nil, "", "", ErrNoProgram},
		{"terminal", nil, "zenity", "", tty.ErrNone},
		{"dialog", onScreen.terminal, "zenity", "zenity", nil},
		{"dialog", onScreen.terminal, "", "", ErrNoProgram},
		{"none", onScreen.terminal, "zenity", "", ErrPromptOff},
	} {
		t.Run(fmt.Sprint(tt.prompt, " ", tt.terminal != nil, " ", tt.programs), func(t *testing.T) {
			d := newDesktop(t, tt.programs)
			d.Prompt = tt.prompt
			if tt.terminal != nil {
				d.Terminal = tt.terminal
			}
			w, err := d.firstWay()
			if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if err != nil {
				return
			}
			defer w.close()
			got := ""
			if dialog, ok := w.(*inDialog); ok {
				got = filepath.Base(dialog.path)
			}
			if got != tt.want || w.window() != (tt.want != "") {
				t.Errorf("asks by %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAWindowIsAskedUntilItGivesACode(t *testing.T) {
	d := newDesktop(t, "zenity", "hunter2", "１２３４５６", "111 111", "222222")
	s := sts(Refused, Accepted)
	if err := d.ask(s); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(s.codes); got != "[111111 222222]" {
		t.Errorf("sent %s", got)
	}
	runs := d.runs()
	for i, want := range []string{"", "that is no code", "that is no code", "that code was refused"} {
		for _, part := range []string{want, "dev", "arn:aws:iam::111111111111:mfa/ana"} {
			if !strings.Contains(runs[i], part) {
				t.Errorf("window %d does not tell %q: %s", i+1, part, runs[i])
			}
		}
	}
}

func TestAProgramThatOnlyPretendsToAskIsGivenUp(t *testing.T) {
	d := newDesktop(t, "zenity", strings.Split(strings.Repeat("no ", 20), " ")...)
	if err := d.ask(sts()); !errors.Is(err, ErrCancelled) || len(d.runs()) != maxAnswers {
		t.Errorf("%v after %d windows", err, len(d.runs()))
	}
}

func TestAPageThatIsPastedIsNoCode(t *testing.T) {
	d := newDesktop(t, "zenity", strings.Repeat("0", maxOutput+1), "111111")
	if err := d.ask(sts(Accepted)); err != nil || len(d.runs()) != 2 {
		t.Errorf("%v after %d windows", err, len(d.runs()))
	}
}

// A window that cannot be opened is not one that was closed.
func TestAWindowThatCannotBeOpenedLeavesTheNextWay(t *testing.T) {
	d := newDesktop(t, "zenity kdialog", "broken", "111111", "222222")
	if err := d.ask(sts(Refused, Accepted)); err != nil {
		t.Fatal(err)
	}
	var programs []string
	for _, run := range d.runs() {
		program, _, _ := strings.Cut(run, " ")
		programs = append(programs, program)
	}
	if got := fmt.Sprint(programs); got != "[zenity kdialog kdialog]" {
		t.Errorf("asked by %s", got)
	}

	d = newDesktop(t, "zenity", "broken", "broken")
	var window *AskError
	if err := d.ask(sts()); !errors.Is(err, ErrUnavailable) || !errors.Is(err, tty.ErrNone) || !errors.As(err, &window) {
		t.Errorf("error %v", err)
	}
	if err := d.ask(sts()); !errors.Is(err, ErrUnavailable) {
		t.Errorf("that was remembered: %v", err)
	}
}

// What a window came to counts for ten minutes for those who would open another, and for nobody else.
func TestAWindowThatCameToNothingIsRemembered(t *testing.T) {
	for _, tt := range []struct {
		name    string
		answers []string
		sts     []Outcome
		want    error
	}{
		{"cancelled", []string{"cancel"}, nil, ErrCancelled},
		{"ignored", nil, nil, ErrTimedOut},
		{"refused", []string{"111111", "222222", "333333"}, []Outcome{Refused, Refused, Refused}, errSTS},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesktop(t, "zenity", tt.answers...)
			if err := d.ask(sts(tt.sts...)); !errors.Is(err, tt.want) {
				t.Fatalf("error %v", err)
			}
			windows := len(d.runs())
			d.pass(10*time.Minute - time.Second)
			var remembered *RememberedError
			if err := d.ask(sts()); !errors.As(err, &remembered) || !remembered.Window || len(d.runs()) != windows {
				t.Errorf("just before ten minutes: %v after %d windows", err, len(d.runs()))
			}

			k := types("444444")
			d.Terminal = k.terminal
			if err := d.ask(sts(Accepted)); err != nil {
				t.Errorf("on a terminal: %v", err)
			}
		})
	}
}

func TestAWindowIsOpenedAgain(t *testing.T) {
	after := func(answer string, then func(*desktop)) {
		t.Helper()
		d := newDesktop(t, "zenity", "cancel", answer)
		if err := d.ask(sts()); !errors.Is(err, ErrCancelled) {
			t.Fatal(err)
		}
		then(d)
		if err := d.ask(sts(Accepted)); err != nil {
			t.Error(err)
		}
	}
	after("111111", func(d *desktop) { d.pass(10*time.Minute + time.Second) })
	after("111111", func(d *desktop) { d.Fresh = true })
	after("111111", func(d *desktop) { // a code has succeeded elsewhere
		other := *d.Asker
		other.TokenCode = "222222"
		if err := other.Ask(t.Context(), dev, sts(Accepted).try); err != nil {
			t.Error(err)
		}
	})
}

// An IDE that comes again for ever, to an empty chair.
func TestAPollerOpensOneWindowInTenMinutes(t *testing.T) {
	d := newDesktop(t, "zenity")
	begin := d.time()
	for d.time().Sub(begin) < 10*time.Minute {
		if err := d.ask(sts()); !errors.Is(err, ErrTimedOut) {
			t.Fatal(err)
		}
		d.pass(5 * time.Second)
	}
	if n := len(d.runs()); n != 1 {
		t.Errorf("%d windows", n)
	}
}

// A terminal and a window remember their failures apart: neither hides the other's.
func TestACancelOnATerminalLeavesThatOfAWindowRemembered(t *testing.T) {
	d := newDesktop(t, "zenity", "cancel")
	if err := d.ask(sts()); !errors.Is(err, ErrCancelled) {
		t.Fatal(err)
	}
	nowhere := d.Terminal
	d.Terminal = types(io.EOF).terminal
	if err := d.ask(sts()); !errors.Is(err, ErrCancelled) {
		t.Fatal(err)
	}
	d.Terminal = nowhere
	var remembered *RememberedError
	if err := d.ask(sts()); !errors.As(err, &remembered) || !remembered.Window {
		t.Errorf("error %v after %d windows", err, len(d.runs()))
	}
}

// stalled is a terminal that can be opened and takes no output.
type stalled struct{ *keyboard }

func (stalled) Print(string) error { return tty.ErrStalled }

// The way that is tried first does not decide what is remembered, but the one that asked.
func TestAStalledTerminalOpensOneWindow(t *testing.T) {
	d := newDesktop(t, "zenity", "cancel", "cancel")
	d.Terminal = func() (Terminal, error) { return stalled{types()}, nil }
	for range 2 {
		if err := d.ask(sts()); !errors.Is(err, ErrCancelled) {
			t.Fatal(err)
		}
		d.pass(time.Minute)
	}
	if n := len(d.runs()); n != 1 {
		t.Errorf("%d windows", n)
	}
}

func TestNobodyIsAskedForTheDead(t *testing.T) {
	d, gone := newDesktop(t, "zenity"), errors.New("gone")
	d.Gone = func() error { return gone }
	if err := d.ask(sts()); !errors.Is(err, gone) || len(d.runs()) > 0 {
		t.Errorf("error %v after %d windows", err, len(d.runs()))
	}
}

// What PATH leads to comes after the system's own folders, and never from where one stands.
func TestProgramsAreLookedUp(t *testing.T) {
	folder := t.TempDir()
	t.Chdir(folder)
	for _, name := range []string{"sh", "daypass-test-only"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct{ path, name, want string }{
		{folder, "sh", "/usr/bin/sh"},
		{folder, "daypass-test-only", filepath.Join(folder, "daypass-test-only")},
		{".", "daypass-test-only", ""},
		{"", "daypass-test-only", ""},
		{"", filepath.Join(folder, "daypass-test-only"), filepath.Join(folder, "daypass-test-only")},
		{folder, "./daypass-test-only", filepath.Join(folder, "daypass-test-only")},
	} {
		a := &Asker{Environ: []string{"PATH=" + tt.path}}
		if got := a.find(tt.name); got != tt.want {
			t.Errorf("with PATH=%q, %s is %q, want %q", tt.path, tt.name, got, tt.want)
		}
	}
}
