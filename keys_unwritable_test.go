//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"daypass/internal/stsim"
	"daypass/session"
)

// unwritable makes the state folder one that nothing can be written to, on a full disk
// or by who runs daypass, and returns what undoes that.
func (w *world) unwritable(what string) (again func()) {
	w.t.Helper()
	if what == "full" {
		folder := w.unusable(what)
		w.set("DAYPASS_STATE_DIR=" + folder)
		return func() {
			if err := os.Remove(filepath.Join(folder, "filler")); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	folder := filepath.Join(w.folder, stateFolder)
	mode := func(mode os.FileMode) {
		if err := os.Chmod(folder, mode); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		w.t.Fatal(err)
	}
	w.giveAway()
	mode(0o500)
	w.t.Cleanup(func() { _ = os.Chmod(folder, 0o700) })
	return func() { mode(0o700) }
}

// fullAndReadOnly are the ways of unwritable.
var fullAndReadOnly = []string{"full", "read-only"}

const cannotBeUsed = "the state folder cannot be used"

// An import does without the state folder, and there is nothing to be said of it.
func TestAnImportWithAnUnwritableStateFolder(t *testing.T) {
	t.Parallel()
	for _, what := range fullAndReadOnly {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newImport(t)
			again := w.unwritable(what)
			w.says([]string{`stored in the keyring as "main": `, "\nremoved from " + filepath.Join(w.folder, importing) + "\n"}, "keys", "import", "main", "--yes")
			if where := w.whereabouts(what); where != inRing {
				t.Errorf("the key is %s", where)
			}
			first := w.alone("credential-process", "--profile", "dev", "--token-code", w.sts.Code(device)).credentials()
			w.says([]string{cannotBeUsed}, "status")
			again()
			w.importAgain(what)
			w.says([]string{accessKeyID}, "keys", "list")
			if got := w.get("dev").credentials(); got != first {
				t.Errorf("the second call got %s and not %s", got, first)
			}
			w.counts(1, 1)
		})
	}
}

// Killed at any call of the keyring, the key is there, and who runs it again where the
// folder can be written to finishes the work.
func TestAnImportIsKilledWithAnUnwritableStateFolder(t *testing.T) {
	t.Parallel()
	for _, what := range fullAndReadOnly {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			for _, when := range []string{"before", "after"} {
				for n := 1; ; n++ {
					w := newImport(t)
					w.write("store/deadly", fmt.Sprint(n, " ", when))
					again := w.unwritable(what)
					got := w.alone("keys", "import", "main", "--yes")
					if err := os.Remove(filepath.Join(w.folder, "store", "deadly")); err != nil {
						t.Fatal(err)
					}
					point := fmt.Sprintf("killed %s call %d", when, n)
					w.whereabouts(point)
					again()
					w.importAgain(point)
					if got.code != 128+int(syscall.SIGKILL) {
						if got.code != 0 || n < 4 {
							t.Errorf("%s: exit code %d, err %q", point, got.code, got.err)
						}
						break
					}
				}
			}
		})
	}
}

// A rotation does without it too, though the folder tells of the key that was in use
// before, and cannot be told of another.
func TestRotateWithAnUnwritableStateFolder(t *testing.T) {
	t.Parallel()
	for _, what := range fullAndReadOnly {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			r := newTurning(t)
			again := r.unwritable(what)
			o := r.rotate()
			got := o.end()
			e := r.works(what)
			if want := fmt.Sprintf("access key \"eva\" is %s from now on; its session is good until ", e.Current.AccessKeyID); got.code != 0 || got.err != "" || !strings.Contains(got.out, want) {
				t.Fatalf("exit code %d, err %q, out %q\n%s", got.code, got.err, got.out, o.shown())
			}
			if n := r.codesDiffer(what); n != 2 {
				t.Errorf("%d codes were taken", n)
			}
			r.get("eva").credentials()
			r.says(nil, "login", "eva", "--refresh", "--token-code", r.code())
			r.says([]string{cannotBeUsed}, "status")
			again()
			r.get("eva").credentials()
			r.goesOn(what)
		})
	}
}

// Nor is a key lost when a rotation is killed, at the keyring or at AWS.
func TestRotateKilledWithAnUnwritableStateFolder(t *testing.T) {
	t.Parallel()
	for _, what := range fullAndReadOnly {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			for n := 1; ; n++ {
				when := fmt.Sprintf("killed after call %d of the keyring", n)
				r := newTurning(t)
				r.write("store/deadly", fmt.Sprint(n, " after"))
				again := r.unwritable(what)
				got := r.rotate().end()
				if err := os.Remove(filepath.Join(r.folder, "store/deadly")); err != nil {
					t.Fatal(err)
				}
				if got.code != 128+int(syscall.SIGKILL) {
					if got.code != 0 || n < 4 {
						t.Errorf("%s: exit code %d, err %q", when, got.code, got.err)
					}
					break
				}
				r.works(when)
				again()
				r.goesOn(when)
			}
			for _, action := range []string{session.CreateAccessKey, session.UpdateAccessKey, session.DeleteAccessKey} {
				when := "killed at " + action
				r := newTurning(t)
				again := r.unwritable(what)
				r.sts.Inject(stsim.Fault{Action: action, Delay: time.Hour, Times: 1})
				o := r.rotate()
				r.until(when, func() bool { return r.hangs(action, 1, true) })
				_ = o.cmd.Process.Kill()
				_ = o.end()
				r.works(when)
				again()
				r.goesOn(when)
			}
		})
	}
}
