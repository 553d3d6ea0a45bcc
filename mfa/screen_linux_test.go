package mfa

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"daypass/internal/screentest"
)

// windowProgram is one that asks in a window of its own.
type windowProgram struct {
	name string
	open func(*Asker) (way, error)
	// endless windows stand until somebody closes them.
	endless bool
}

// windowPrograms are those that can be run here. The pinentry of GNOME is not among them: it leaves its window to the desktop.
var windowPrograms = []windowProgram{
	{name: "zenity", open: func(a *Asker) (way, error) { return a.openDialog(zenity(nowhere)) }},
	{name: "kdialog", open: func(a *Asker) (way, error) { return a.openDialog(kdialog()) }, endless: true},
	{name: "pinentry-gtk-2", open: (*Asker).windowPinentryWay},
	{name: "pinentry-qt", open: (*Asker).windowPinentryWay},
}

// way asks by p. The display is taken for one that answers.
func (p windowProgram) way(environ []string) (way, error) {
	w, err := p.open(&Asker{Environ: environ, finder: finds(p.name), seen: &seen{place: "display-1"}})
	if pinentries, ok := w.(*byPinentries); ok {
		pinentries.startIn = screentest.Patience
	}
	return w, err
}

// finds finds the programs that are here, and no others than those named.
func finds(programs ...string) func(string) string {
	return func(name string) string {
		if !slices.Contains(programs, name) {
			return ""
		}
		path, _ := exec.LookPath(name)
		return path
	}
}

func TestWindowsOnAScreen(t *testing.T) {
	t.Parallel()
	for _, p := range windowPrograms {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(p.name); err != nil {
				t.Skipf("needs %s: %v", p.name, err)
			}
			s := &asked{screentest.New(t), p}
			t.Run("answered", s.answered)
			t.Run("ended", s.ended)
			t.Run("without display", s.hidden)
		})
	}
}

// asked is a program on a screen.
type asked struct {
	*screentest.Screen
	windowProgram
}

// environ puts programs on the screen, in no language: names must come through there too.
func (s *asked) environ(t *testing.T, more ...string) []string {
	return append(append(s.Env(), "PATH="+os.Getenv("PATH"), "HOME="+t.TempDir()), more...)
}

// put has the program put q, and returns what it came to.
func (s *asked) put(ctx context.Context, t *testing.T, q question, more ...string) (string, error) {
	w, err := s.way(s.environ(t, more...))
	if err != nil {
		return "", err
	}
	return w.put(ctx, q)
}

// standing is a question in a window.
type standing struct {
	*asked
	t      *testing.T
	id     string
	result chan result
}

type result struct {
	answer string
	err    error
}

// stand has the program put q, and waits until its window stands.
func (s *asked) stand(ctx context.Context, t *testing.T, q question) *standing {
	t.Helper()
	w := &standing{asked: s, t: t, result: make(chan result, 1)}
	go func() {
		answer, err := s.put(ctx, t, q)
		w.result <- result{answer, err}
	}()
	w.id = s.Window("daypass")
	s.Key("End") // GTK's pinentry grabs the keyboard when it gets it: a key that comes just then is lost
	return w
}

// ends is what the question came to; then its window is gone.
func (w *standing) ends(answer string, want error) {
	w.t.Helper()
	var r result
	select {
	case r = <-w.result:
	case <-time.After(screentest.Patience):
		w.t.Fatalf("the question does not end; there are the windows %q", w.Windows())
	}
	if r.answer != answer || !errors.Is(r.err, want) || (want == nil) != (r.err == nil) {
		w.t.Errorf("%q, %v, want %q, %v", r.answer, r.err, answer, want)
	}
	w.Gone("daypass")
}

// What stands in the windows cannot be read by a program: with TEST_SHOTS, look at the pictures in that folder.
func (s *asked) answered(t *testing.T) {
	dev := questionOf("dev")
	names := question{about: hostile[:len(hostile)-2], again: `profile "<i>slanted</i> & a_b": that code was refused`}
	long := question{about: append(questionOf(strings.Repeat("漢", 2000)).about, questionOf(strings.Repeat("long ", 400)).about...)}
	for _, tt := range []struct {
		name       string
		q          question
		types, key string
		err        error
	}{
		{"code to hostile names", names, "123 456", "Return", nil},
		{"no code to long names", long, `1% +\` + strings.Repeat("0123456789", 10), "Return", nil},
		{"nothing", dev, "", "Return", nil},
		{"escape", dev, "123456", "Escape", ErrCancelled},
		{"closed", dev, "123456", "alt+F4", ErrCancelled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := s.stand(t.Context(), t, tt.q)
			answer := ""
			if tt.types != "" {
				w.Type(tt.types)
			}
			if tt.err == nil {
				answer = tt.types
			}
			if folder := os.Getenv("TEST_SHOTS"); folder != "" {
				time.Sleep(time.Second) // Qt has the keyboard before it paints
				s.Shot(filepath.Join(folder, s.name+"-"+tt.name+".png"))
			}
			if width, height := w.Size(w.id); width > screentest.Width || height > screentest.Height {
				t.Errorf("the window is %d by %d", width, height)
			}
			w.Key(tt.key)
			w.ends(answer, tt.err)
		})
	}
}

// The window goes with the question, and with daypass, however that ends. Somebody who ends the program has closed its window;
// one that crashes has not asked.
func (s *asked) ended(t *testing.T) {
	t.Run("time is up", func(t *testing.T) {
		ctx, end := context.WithCancelCause(t.Context())
		w := s.stand(ctx, t, questionOf("dev"))
		w.Type("12")
		end(ErrTimedOut)
		w.ends("", ErrTimedOut)
	})
	if !s.endless {
		t.Run("by itself", func(t *testing.T) {
			q := questionOf("dev")
			q.left = time.Second
			if answer, err := s.put(t.Context(), t, q); answer != "" || !errors.Is(err, ErrTimedOut) {
				t.Errorf("%q, %v", answer, err)
			}
		})
	}
	for signal, want := range map[syscall.Signal]error{
		syscall.SIGKILL: ErrCancelled, syscall.SIGTERM: ErrCancelled, syscall.SIGSEGV: ErrUnavailable,
	} {
		t.Run(signal.String(), func(t *testing.T) {
			w := s.stand(t.Context(), t, questionOf("dev"))
			if err := syscall.Kill(s.PID(w.id), signal); err != nil {
				t.Fatal(err)
			}
			w.ends("", want)
		})
	}
	t.Run("daypass is killed", func(t *testing.T) {
		cmd := exec.Command(os.Args[0])
		cmd.Env = s.environ(t, playing("window-of "+s.name)...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		kill := func() { _, _ = cmd.Process.Kill(), cmd.Wait() }
		t.Cleanup(kill)
		s.Window("daypass")
		kill()
		s.Gone("daypass")
	})
}

// playWindowOf asks by one of windowPrograms.
func playWindowOf(name string) int {
	i := slices.IndexFunc(windowPrograms, func(p windowProgram) bool { return p.name == name })
	w, err := windowPrograms[i].way(os.Environ())
	if err == nil {
		_, err = w.put(context.Background(), questionOf("dev"))
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// Without its display, a pinentry that opens windows would take a terminal, or crash.
func (s *asked) hidden(t *testing.T) {
	for name, variable := range map[string]string{
		"dead": "DISPLAY=:99999", "forbidden": "XAUTHORITY=/dev/null", "nonsense": "DISPLAY=nowhere", "none": "DISPLAY=",
	} {
		t.Run(name, func(t *testing.T) {
			answer, err := s.put(t.Context(), t, questionOf("dev"), variable)
			var unable *AskError
			if answer != "" || !errors.Is(err, ErrUnavailable) || !errors.As(err, &unable) {
				t.Errorf("%q, %v", answer, err)
			}
		})
	}
}
