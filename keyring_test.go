//go:build linux

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"daypass/internal/keyring/keyringtest"
)

// newKeyringWorld is a world of the real daypass on that bus.
func newKeyringWorld(t *testing.T, bus ...string) *world {
	t.Helper()
	keyringtest.NeedAlone(t)
	w := newWorldOf(t, t.TempDir(), builtBinary(t))
	w.set(bus...)
	return w
}

// ring is what others see of the keyring.
type ring struct{ w *world }

func (r ring) run(input string, args ...string) string {
	r.w.t.Helper()
	program, err := exec.LookPath("secret-tool")
	if err != nil {
		r.w.t.Skipf("needs secret-tool: %v", err)
	}
	cmd := r.w.command(append([]string{program}, args...)...)
	cmd.Stdin = strings.NewReader(input)
	got := r.w.begin(cmd)()
	if got.code != 0 && got.out+got.err != "" { // 1 without a word: nothing found
		r.w.t.Fatalf("secret-tool %q: %s", args, got.err)
	}
	return got.out
}

// foreign are items that are not daypass's to remove.
var foreign = []string{"daypass-keys", "daypass:old", "other"}

func (r ring) storeForeign() {
	r.w.t.Helper()
	for _, service := range foreign {
		r.run("kept by "+service, "store", "--label=an item", "service", service, "username", "main")
	}
}

func (r ring) checkForeign() {
	r.w.t.Helper()
	for _, service := range foreign {
		if got := r.run("", "lookup", "service", service, "username", "main"); got != "kept by "+service {
			r.w.t.Errorf("the item of %s is %q", service, got)
		}
	}
}

// items is how many items lie under the service daypass, and all that is in them.
func (r ring) items() (int, string) {
	r.w.t.Helper()
	found := r.run("", "search", "--all", "service", "daypass")
	return strings.Count("\n"+found, "\nsecret = "), found
}

func (r ring) checkEmpty() {
	r.w.t.Helper()
	if n, found := r.items(); n != 0 || found != "" {
		r.w.t.Errorf("%d items are left:\n%s", n, found)
	}
	if got := r.w.alone("status", "--json"); got.out != nothingCached || got.code != 0 || got.err != "" {
		r.w.t.Errorf("status --json: out %q, err %q, exit code %d", got.out, got.err, got.code)
	}
	r.w.get("dev").failed(3, "no terminal to ask on")
}

func TestTheKeyringKeepsCredentialsUntilLogout(t *testing.T) {
	t.Parallel()
	w := newKeyringWorld(t, keyringtest.Keyring(t).Env...)
	r := ring{w}
	r.storeForeign()
	p := w.ask("dev")
	p.answer(w.sts.Code(device))
	first := p.end().credentials()
	if text := p.shown(); strings.Contains(text, "kept") {
		t.Errorf("the prompt says\n%s", text)
	}

	var c struct{ SecretAccessKey, SessionToken string }
	if err := json.Unmarshal([]byte(first), &c); err != nil {
		t.Fatal(err)
	}
	n, found := r.items()
	if n != 2 || !strings.Contains(found, c.SecretAccessKey) || !strings.Contains(found, c.SessionToken) {
		t.Errorf("the keyring holds %d items, not the session and the role:\n%s", n, found)
	}
	if strings.Contains(found, secretAccessKey) {
		t.Errorf("the keyring holds the long-term key:\n%s", found)
	}
	if got := w.get("dev").credentials(); got != first {
		t.Errorf("another process got %s and not %s", got, first)
	}
	w.counts(1, 1)
	if got := w.alone("logout", "dev"); got.code != 0 || got.err != "" {
		t.Errorf("logout: %q, exit code %d", got.err, got.code)
	}
	r.checkEmpty()
	r.checkForeign()
}

func TestLogoutAllClearsTheKeyringWithoutItsIndex(t *testing.T) {
	t.Parallel()
	if !keyringtest.RunAlone(t) { // it clears the kernel keyring, which other tests use
		return
	}
	clearsKernel(t)
	w := newKeyringWorld(t, keyringtest.Keyring(t).Env...)
	r := ring{w}
	r.storeForeign()
	w.alone("credential-process", "--profile", "dev", "--token-code", w.sts.Code(device)).credentials()
	w.get("ops").credentials()
	if n, _ := r.items(); n != 3 {
		t.Errorf("the keyring holds %d items, not a session and two roles", n)
	}
	if err := os.RemoveAll(filepath.Join(w.folder, stateFolder, "entries")); err != nil {
		t.Fatal(err)
	}
	if got := w.alone("logout", "--all"); got.code != 0 || got.err != "" {
		t.Errorf("logout --all: %q, exit code %d", got.err, got.code)
	}
	r.checkEmpty()
	r.checkForeign()
}

// withoutBus is the one of unusable whose user must have no session bus either.
const withoutBus = "no bus"

// unusable are session buses with no keyring that keeps anything, and what is said
// of it.
var unusable = map[string]struct {
	bus func(t *testing.T) []string
	why string
}{
	"locked": {func(t *testing.T) []string {
		s := keyringtest.Keyring(t)
		s.Lock()
		return s.Env
	}, "the keyring is locked"},
	"never used": {func(t *testing.T) []string { return keyringtest.Fresh(t).Env }, "no keyring answers here"},
	"no keyring": {func(t *testing.T) []string { return keyringtest.Bus(t).Env }, "no keyring answers here"},
	"dead bus": {func(t *testing.T) []string {
		return []string{"DBUS_SESSION_BUS_ADDRESS=unix:path=" + filepath.Join(t.TempDir(), "bus")}
	}, "no keyring answers here"},
	withoutBus: {func(*testing.T) []string { return nil }, "no keyring answers here"},
}

// Nothing can be kept, and the person is told before typing; the program that
// asked gets its credentials and hears nothing of it.
func TestAKeyringThatCannotKeepIsToldAtThePrompt(t *testing.T) {
	t.Parallel()
	for name, c := range unusable {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == withoutBus && !keyringtest.RunWithoutBus(t) {
				return
			}
			w := newKeyringWorld(t, c.bus(t)...)
			w.set("DAYPASS_STORE=keyring")
			w.gets(notKept + c.why)
			w.notCached(c.why)
		})
	}
}
