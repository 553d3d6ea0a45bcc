package mfa

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"daypass/internal/screentest"
)

// linuxDialogs are the dialog programs that can be run here.
var linuxDialogs = []dialog{zenity(nowhere), kdialog()}

// eachDialog tests with every dialog program, on a screen.
func eachDialog(t *testing.T, test func(t *testing.T, s *screentest.Screen, d dialog)) {
	for _, d := range linuxDialogs {
		t.Run(d.program, func(t *testing.T) {
			if _, err := exec.LookPath(d.program); err != nil {
				t.Skipf("needs %s: %v", d.program, err)
			}
			t.Parallel()
			test(t, screentest.New(t), d)
		})
	}
}

// environOf is an environment on a screen, in no language: names must come through there too.
func environOf(t *testing.T, s *screentest.Screen) []string {
	return append(s.Env(), "PATH="+os.Getenv("PATH"), "HOME="+t.TempDir())
}

// standing is a question in a window.
type standing struct {
	*screentest.Screen
	t      *testing.T
	id     string
	result chan result
}

type result struct {
	answer string
	err    error
}

// open puts q in a window and waits until it stands there.
func open(ctx context.Context, t *testing.T, s *screentest.Screen, d dialog, q question) *standing {
	t.Helper()
	w := &standing{Screen: s, t: t, result: make(chan result, 1)}
	way, err := (&Asker{Environ: environOf(t, s)}).openDialog(d)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		answer, err := way.put(ctx, q)
		w.result <- result{answer, err}
	}()
	w.id = s.Window("daypass")
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

// shoot takes a picture for who wants to look at it.
func shoot(s *screentest.Screen, d dialog, name string) {
	if folder := os.Getenv("DAYPASS_SHOTS"); folder != "" {
		s.Shot(filepath.Join(folder, d.program+"-"+name+".png"))
	}
}

func TestAPersonAnswersInAWindow(t *testing.T) {
	eachDialog(t, func(t *testing.T, s *screentest.Screen, d dialog) {
		q := questionOf("dev")
		for _, tt := range []struct {
			name, types, key string
			answer           string
			err              error
		}{
			{"code", "123 456", "Return", "123 456", nil},
			{"nothing", "", "Return", "", nil},
			{"long", strings.Repeat("0123456789", 10), "Return", strings.Repeat("0123456789", 10), nil},
			{"escape", "123456", "Escape", "", ErrCancelled},
			{"closed", "123456", "alt+F4", "", ErrCancelled},
		} {
			t.Run(tt.name, func(t *testing.T) {
				w := open(t.Context(), t, s, d, q)
				if tt.types != "" {
					w.Type(tt.types)
				}
				shoot(s, d, tt.name)
				w.Key(tt.key)
				w.ends(tt.answer, tt.err)
			})
		}
	})
}

// The window goes with the question, and with daypass, however that ends. Somebody who ends the program has closed its window;
// one that crashes has not asked.
func TestAWindowEnds(t *testing.T) {
	eachDialog(t, func(t *testing.T, s *screentest.Screen, d dialog) {
		t.Run("time is up", func(t *testing.T) {
			ctx, end := context.WithCancelCause(t.Context())
			w := open(ctx, t, s, d, questionOf("dev"))
			end(ErrTimedOut)
			w.ends("", ErrTimedOut)
		})
		for signal, want := range map[syscall.Signal]error{
			syscall.SIGKILL: ErrCancelled, syscall.SIGTERM: ErrCancelled, syscall.SIGSEGV: ErrUnavailable,
		} {
			t.Run(signal.String(), func(t *testing.T) {
				w := open(t.Context(), t, s, d, questionOf("dev"))
				if err := syscall.Kill(s.PID(w.id), signal); err != nil {
					t.Fatal(err)
				}
				w.ends("", want)
			})
		}
		t.Run("daypass is killed", func(t *testing.T) {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(environOf(t, s), playing("dialog "+d.program)...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = cmd.Wait() }()
			s.Window("daypass")
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			s.Gone("daypass")
		})
	})
}

// playDialog asks by a dialog program.
func playDialog(program string) int {
	for _, d := range linuxDialogs {
		if d.program == program {
			way, err := (&Asker{Environ: os.Environ()}).openDialog(d)
			if err == nil {
				_, err = way.put(context.Background(), questionOf("dev"))
			}
			fmt.Fprintln(os.Stderr, err)
		}
	}
	return 1
}

// zenity closes its window itself if nobody else does.
func TestAWindowOfZenityClosesItself(t *testing.T) {
	if _, err := exec.LookPath("zenity"); err != nil {
		t.Skipf("needs zenity: %v", err)
	}
	q := questionOf("dev")
	q.left = 2 * time.Second
	open(t.Context(), t, screentest.New(t), zenity(nowhere), q).ends("", ErrTimedOut)
}

func TestADialogThatHasNoDisplayHasNotAsked(t *testing.T) {
	eachDialog(t, func(t *testing.T, s *screentest.Screen, d dialog) {
		path, err := exec.LookPath(d.program)
		if err != nil {
			t.Fatal(err)
		}
		for name, variable := range map[string]string{
			"dead": "DISPLAY=:99999", "forbidden": "XAUTHORITY=/dev/null", "nonsense": "DISPLAY=nowhere", "none": "DISPLAY=",
		} {
			t.Run(name, func(t *testing.T) {
				way := &inDialog{Asker: &Asker{Environ: append(environOf(t, s), variable)}, dialog: d, path: path}
				answer, err := way.put(t.Context(), questionOf("dev"))
				var window *WindowError
				if answer != "" || !errors.Is(err, ErrUnavailable) || !errors.As(err, &window) {
					t.Errorf("%q, %v", answer, err)
				}
			})
		}
	})
}

func TestAPageThatIsPastedIsNoCode(t *testing.T) {
	d := newDesktop(t, "zenity", strings.Repeat("0", maxOutput+1), "111111")
	if err := d.ask(sts(Accepted)); err != nil || len(d.runs()) != 2 {
		t.Errorf("%v after %d windows", err, len(d.runs()))
	}
}

// What stands in the windows cannot be read by a program: look at the pictures.
func TestHostileNamesInAWindow(t *testing.T) {
	eachDialog(t, func(t *testing.T, s *screentest.Screen, d dialog) {
		for name, q := range map[string]question{
			"names": {about: hostile[:len(hostile)-2], again: `profile "<i>slanted</i> & a_b": that code was refused`},
			"long":  {about: append(questionOf(strings.Repeat("漢", 2000)).about, questionOf(strings.Repeat("long ", 400)).about...)},
			"plain": questionOf("dev"),
		} {
			t.Run(name, func(t *testing.T) {
				w := open(t.Context(), t, s, d, q)
				shoot(s, d, name)
				if width, height := w.Size(w.id); width > screentest.Width || height > screentest.Height {
					t.Errorf("the window is %d by %d", width, height)
				}
				w.Key("Escape")
				w.ends("", ErrCancelled)
			})
		}
	})
}
