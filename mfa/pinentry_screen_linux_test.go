package mfa

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"daypass/internal/screentest"
)

// Pinentries that open windows by themselves; that of GNOME leaves it to the desktop.
func TestPinentriesOnAScreen(t *testing.T) {
	for _, program := range []string{"pinentry-gtk-2", "pinentry-qt"} {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(program); err != nil {
				t.Skipf("needs %s: %v", program, err)
			}
			s := screentest.New(t)
			for name, test := range map[string]func(*testing.T, *screentest.Screen, string){
				"answered": answerPinentry, "ended": endPinentry, "without display": hidePinentry, "hostile names": nameInPinentry,
			} {
				t.Run(name, func(t *testing.T) { test(t, s, program) })
			}
		})
	}
}

// onlyFinds finds no other program.
func onlyFinds(program string) func(name string) string {
	return func(name string) string {
		if name != program {
			return ""
		}
		path, _ := exec.LookPath(name)
		return path
	}
}

// pinentryOn asks by program on a screen. More are variables of its environment.
func pinentryOn(t *testing.T, s *screentest.Screen, program string, more ...string) way {
	t.Helper()
	a := &Asker{Environ: append(environOf(t, s), more...), Find: onlyFinds(program), seen: &seen{place: "display-1"}}
	w, err := a.windowPinentryWay()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// openPinentry has program put q and waits until its window stands.
func openPinentry(ctx context.Context, t *testing.T, s *screentest.Screen, program string, q question) *standing {
	t.Helper()
	w := &standing{Screen: s, t: t, result: make(chan result, 1)}
	way := pinentryOn(t, s, program)
	go func() {
		answer, err := way.put(ctx, q)
		w.result <- result{answer, err}
	}()
	w.id = s.Window("daypass")
	s.Key("End") // GTK's grabs the keyboard when it gets it: a key that comes just then is lost
	return w
}

func answerPinentry(t *testing.T, s *screentest.Screen, program string) {
	for _, tt := range []struct {
		name, types, key string
		answer           string
		err              error
	}{
		{"code", "123 456", "Return", "123 456", nil},
		{"escaped", `1% +\`, "Return", `1% +\`, nil},
		{"nothing", "", "Return", "", nil},
		{"escape", "123456", "Escape", "", ErrCancelled},
		{"closed", "123456", "alt+F4", "", ErrCancelled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := openPinentry(t.Context(), t, s, program, questionOf("dev"))
			if tt.types != "" {
				w.Type(tt.types)
			}
			w.Key(tt.key)
			w.ends(tt.answer, tt.err)
		})
	}
}

func endPinentry(t *testing.T, s *screentest.Screen, program string) {
	t.Run("time is up", func(t *testing.T) {
		ctx, end := context.WithCancelCause(t.Context())
		w := openPinentry(ctx, t, s, program, questionOf("dev"))
		w.Type("12")
		end(ErrTimedOut)
		w.ends("", ErrTimedOut)
	})
	t.Run("by itself", func(t *testing.T) {
		q := questionOf("dev")
		q.left = time.Second
		if answer, err := pinentryOn(t, s, program).put(t.Context(), q); answer != "" || !errors.Is(err, ErrTimedOut) {
			t.Errorf("%q, %v", answer, err)
		}
	})
	for signal, want := range map[syscall.Signal]error{
		syscall.SIGKILL: ErrCancelled, syscall.SIGTERM: ErrCancelled, syscall.SIGSEGV: ErrUnavailable,
	} {
		t.Run(signal.String(), func(t *testing.T) {
			w := openPinentry(t.Context(), t, s, program, questionOf("dev"))
			if err := syscall.Kill(s.PID(w.id), signal); err != nil {
				t.Fatal(err)
			}
			w.ends("", want)
		})
	}
	t.Run("daypass is killed", func(t *testing.T) {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(environOf(t, s), playing("ask-by "+program)...)
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
}

// playAskBy asks by a pinentry in a window.
func playAskBy(program string) int {
	way, err := (&Asker{Environ: os.Environ(), Find: onlyFinds(program)}).windowPinentryWay()
	if err == nil {
		_, err = way.put(context.Background(), questionOf("dev"))
	}
	if err != nil {
		return 1
	}
	return 0
}

// Without its display, a pinentry that opens windows would take a terminal, or crash.
func hidePinentry(t *testing.T, s *screentest.Screen, program string) {
	for name, variable := range map[string]string{
		"dead": "DISPLAY=:99999", "forbidden": "XAUTHORITY=/dev/null", "none": "DISPLAY=",
	} {
		t.Run(name, func(t *testing.T) {
			answer, err := pinentryOn(t, s, program, variable).put(t.Context(), questionOf("dev"))
			var window *WindowError
			if answer != "" || !errors.Is(err, ErrUnavailable) || !errors.As(err, &window) {
				t.Errorf("%q, %v", answer, err)
			}
		})
	}
}

// What stands in the windows cannot be read by a program: look at the pictures.
func nameInPinentry(t *testing.T, s *screentest.Screen, program string) {
	for name, q := range map[string]question{
		"names": {about: hostile[:len(hostile)-2], again: `profile "<i>slanted</i> & a_b": that code was refused`},
		"long":  {about: append(questionOf(strings.Repeat("漢", 2000)).about, questionOf(strings.Repeat("long ", 400)).about...)},
		"plain": questionOf("dev"),
	} {
		t.Run(name, func(t *testing.T) {
			w := openPinentry(t.Context(), t, s, program, q)
			if folder := os.Getenv("DAYPASS_SHOTS"); folder != "" {
				time.Sleep(time.Second) // Qt has the keyboard before it paints
				s.Shot(filepath.Join(folder, program+"-"+name+".png"))
			}
			if width, height := w.Size(w.id); width > screentest.Width || height > screentest.Height {
				t.Errorf("the window is %d by %d", width, height)
			}
			w.Key("Escape")
			w.ends("", ErrCancelled)
		})
	}
}
