package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"daypass/internal/stsim"
	"daypass/internal/tty/ttytest"
)

// nothingCached is what status --json says of an empty cache where nothing failed.
const nothingCached = `{"entries":[],"unkept":[],"failures":[]}` + "\n"

// world is a test's own: an STS, a home with the profiles, and a store.
type world struct {
	t       *testing.T
	sts     *stsim.Server
	url     string // of sts
	folder  string // where programs run; the home and the store are in it
	program string // the daypass that is run
	env     []string
	uid     uint32 // of who runs it without a terminal; 0: of who runs the tests
}

// newWorld makes a world in which daypass is the test binary, its keyring a
// folder and its clock to be moved.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := newWorldOf(t, t.TempDir(), "")
	program, err := exec.LookPath("daypass")
	if err != nil {
		t.Fatal(err)
	}
	store := filepath.Join(w.folder, "store")
	if err := os.Mkdir(store, 0o700); err != nil {
		t.Fatal(err)
	}
	w.program, w.env = program, append(w.env, "TEST_STORE="+store, "TEST_CLOCK="+filepath.Join(w.folder, "clock"))
	return w
}

// newWorldOf makes a world of that daypass in that folder.
func newWorldOf(t *testing.T, folder, program string) *world {
	t.Helper()
	sts, url := newSTS(t)
	w := &world{t: t, sts: sts, url: url, folder: folder, program: program, env: environment(filepath.Join(folder, "home"), url)}
	w.write("home/.aws/config", profiles)
	w.write("home/.aws/credentials", keys)
	return w
}

func (w *world) write(name, text string) {
	w.t.Helper()
	path := filepath.Join(w.folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := writeFile(path, text); err != nil {
		w.t.Fatal(err)
	}
}

// writeFile writes a file, which is a program if it begins as a script does. A process
// that is forked meanwhile would hold it open for writing, and such a file is not run.
func writeFile(path, text string) error {
	mode := fs.FileMode(0o600)
	if strings.HasPrefix(text, "#!") {
		mode = 0o700
	}
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return os.WriteFile(path, []byte(text), mode)
}

func (w *world) read(name string) string {
	text, _ := os.ReadFile(filepath.Join(w.folder, name))
	return string(text)
}

// set puts variables, as NAME=value, into the environment of what runs next.
func (w *world) set(variables ...string) { w.env = append(w.env, variables...) }

func (w *world) command(args ...string) *exec.Cmd {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = w.folder, w.env, &syscall.SysProcAttr{}
	if w.uid != 0 {
		runAs(cmd, w.uid)
	}
	return cmd
}

// moveClock moves daypass's clock, and not that of STS.
func (w *world) moveClock(d time.Duration) {
	w.t.Helper()
	w.write("clock", d.String())
}

// counts fails the test unless so many requests arrived at STS.
func (w *world) counts(sessions, roles int) {
	w.t.Helper()
	if s, r := w.sts.Count("GetSessionToken"), w.sts.Count("AssumeRole"); s != sessions || r != roles {
		w.t.Errorf("%d GetSessionToken and %d AssumeRole arrived, want %d and %d", s, r, sessions, roles)
	}
}

// answered is how a program ended.
type answered struct {
	t        *testing.T
	out, err string
	code     int
}

// credentials returns the answer, of a run that did nothing but give one.
func (a answered) credentials() string {
	a.t.Helper()
	var c struct {
		Version                                                int
		AccessKeyId, SecretAccessKey, SessionToken, Expiration string
	}
	err := json.Unmarshal([]byte(a.out), &c)
	if err != nil || a.code != 0 || a.err != "" || c.Version != 1 ||
		slices.Contains([]string{c.AccessKeyId, c.SecretAccessKey, c.SessionToken, c.Expiration}, "") {
		a.t.Fatalf("exit code %d, out %q, err %q", a.code, a.out, a.err)
	}
	return a.out
}

// failed checks that the run gave nothing, and why.
func (a answered) failed(code int, why string) {
	a.t.Helper()
	if a.code != code || a.out != "" || !strings.HasPrefix(a.err, "daypass: error: ") || !strings.Contains(a.err, why) {
		a.t.Fatalf("exit code %d, out %q, err %q; want code %d and the error %q", a.code, a.out, a.err, code, why)
	}
}

// alone runs daypass without a terminal.
func (w *world) alone(args ...string) answered {
	w.t.Helper()
	return w.beginAlone(args...)()
}

func (w *world) beginAlone(args ...string) func() answered {
	w.t.Helper()
	cmd := w.command(append([]string{w.program}, args...)...)
	withoutTerminal(cmd)
	return w.begin(cmd)
}

// loggedIn gets credentials of dev that are then there.
func (w *world) loggedIn() {
	w.t.Helper()
	got := w.alone("login", "dev", "--token-code", w.sts.Code(device))
	if got.code != 0 {
		w.t.Fatalf("login: exit code %d, err %q", got.code, got.err)
	}
}

// begin starts cmd, and returns what waits for its end.
func (w *world) begin(cmd *exec.Cmd) func() answered {
	w.t.Helper()
	var out, problem bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problem
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	late := time.AfterFunc(ttytest.Patience, func() { _ = cmd.Process.Kill() })
	return func() answered {
		defer late.Stop()
		code := ttytest.ExitCode(cmd.Wait())
		return answered{w.t, out.String(), problem.String(), code}
	}
}

// get is alone, for the credentials of a profile.
func (w *world) get(profile string) answered {
	w.t.Helper()
	return w.alone("credential-process", "--profile", profile)
}

// until waits for what is sure to come. How long it takes is no matter.
func (w *world) until(what string, came func() bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), ttytest.Patience)
	defer cancel()
	for !came() {
		select {
		case <-ctx.Done():
			w.t.Fatalf("waited in vain: %s", what)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// missed waits until so many processes have looked into the store, each of which
// has missed if nothing is there.
func (w *world) missed(n int) {
	w.t.Helper()
	w.until(fmt.Sprintf("%d processes look into the store", n), func() bool {
		seen := map[string]bool{}
		for line := range strings.Lines(w.read("store/calls")) {
			if pid, ok := strings.CutPrefix(line, "get "); ok {
				seen[pid] = true
			}
		}
		return len(seen) >= n
	})
}

// forget empties the store, so that the profile asks again.
func (w *world) forget(profile string) {
	w.t.Helper()
	if got := w.alone("logout", profile); got.code != 0 {
		w.t.Fatalf("logout: exit code %d, err %q", got.code, got.err)
	}
	if err := os.Remove(filepath.Join(w.folder, "store", "calls")); err != nil {
		w.t.Fatal(err)
	}
}

// locks are the files of those locks that are held, or were left.
func (w *world) locks(pattern string) []string {
	w.t.Helper()
	files, err := filepath.Glob(filepath.Join(w.folder, "home/.local/state/daypass/locks", pattern))
	if err != nil {
		w.t.Fatal(err)
	}
	return files
}

// unlocked checks that nobody left a lock behind.
func (w *world) unlocked() {
	w.t.Helper()
	if locks := w.locks("*"); len(locks) > 0 {
		w.t.Errorf("locks are left: %v", locks)
	}
	if got := w.alone("status"); got.code != 0 || strings.Contains(got.out, "state folder") {
		w.t.Errorf("status says %q, exit code %d", got.out, got.code)
	}
}

// kernelUse is held by tests whose credentials lie in the kernel keyring, of which
// there is one, and alone by those that log out of everything.
var kernelUse sync.RWMutex

func usesKernel(t *testing.T) {
	t.Helper()
	kernelUse.RLock()
	t.Cleanup(kernelUse.RUnlock)
}

func clearsKernel(t *testing.T) {
	t.Helper()
	kernelUse.Lock()
	t.Cleanup(kernelUse.Unlock)
}
