//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"daypass/internal/keyring/keyringtest"
	"daypass/internal/stsim"
	"daypass/session"
)

// keyProfiles rest on the key main, which no file holds.
const keyProfiles = `
[profile dev]
daypass_role_arn = ` + devRole + `
daypass_source_profile = main
daypass_mfa_serial = ` + device + `
`

// begins starts a command on a terminal.
func (w *world) begins(args ...string) *person {
	w.t.Helper()
	return w.screen().begin(w.command(append([]string{w.program}, args...)...))
}

// types answers the two questions of keys add.
func (p *person) typesKey(id, secret string) {
	p.w.t.Helper()
	p.Expect("Access key ID: ")
	p.Type(id + "\r")
	p.Expect("Secret access key (not shown): ")
	p.Type(secret + "\r")
}

func TestAKeyInTheRealKeyring(t *testing.T) {
	t.Parallel()
	if !keyringtest.RunAlone(t) { // it clears the kernel keyring, which other tests use
		return
	}
	bus := keyringtest.Keyring(t)
	w := newKeyringWorld(t, bus.Env...)
	w.write("home/.aws/config", keyProfiles)
	w.write("home/.aws/credentials", "")
	r := ring{w}
	p := w.begins("keys", "add", "main")
	p.typesKey(accessKeyID, secretAccessKey)
	if got := p.end(); got.code != 0 || got.err != "" || !strings.HasPrefix(got.out, `stored in the keyring as "main": access key `+accessKeyID+" of arn:aws:iam::111111111111:user/ana ") {
		t.Fatalf("keys add: exit code %d, out %q, err %q", got.code, got.out, got.err)
	}
	if strings.Contains(p.shown(), "SECRET") {
		t.Errorf("the terminal shows %q", p.shown())
	}
	r.tellsNothing()

	p = w.ask("dev")
	p.answer(w.sts.Code(device))
	first := p.end().credentials()
	if got := w.get("dev").credentials(); got != first {
		t.Errorf("the second answer is another: %s", got)
	}
	w.counts(1, 1)

	if got := w.alone("logout", "--all"); got.code != 0 {
		t.Fatalf("logout --all: %s", got.err)
	}
	r.checkEmpty()
	r.tellsNothing()
	p = w.ask("dev")
	p.answer(w.sts.Code(device))
	p.end().credentials()

	bus.Lock()
	p = w.begins("keys", "add", "other")
	p.end().failed(1, `the access key "other" cannot be looked for in the keyring: the keyring is locked`)
	if shown := p.shown(); shown != "" {
		t.Errorf("a locked keyring was told of after %q", shown)
	}
}

func TestAKeyIsRemovedFromTheRealKeyring(t *testing.T) {
	t.Parallel()
	w := newKeyringWorld(t, keyringtest.Keyring(t).Env...)
	w.write("home/.aws/config", keyProfiles)
	if got := w.alone("keys", "import", "main", "--yes"); got.code != 0 || got.err != "" {
		t.Fatalf("keys import: exit code %d, err %q", got.code, got.err)
	}
	if text := w.read("home/.aws/credentials"); text != "\n[main]\n" {
		t.Errorf("the file holds %q", text)
	}
	ring{w}.tellsNothing()
	if got := w.alone("credential-process", "--profile", "dev", "--token-code", w.sts.Code(device)); got.code != 0 {
		t.Errorf("exit code %d, err %q", got.code, got.err)
	}
	if got := w.alone("keys", "remove", "main", "--yes"); got.code != 0 || got.err != "" {
		t.Errorf("keys remove: exit code %d, err %q", got.code, got.err)
	}
	if found := (ring{w}).run("", "search", "--all", "service", "daypass-keys"); found != "" {
		t.Errorf("left in the keyring: %s", found)
	}
}

// tellsNothing checks that the keyring holds the key, and that what can be read of
// it while it is locked is neither a name nor an account.
func (r ring) tellsNothing() {
	r.w.t.Helper()
	found := r.run("", "search", "--all", "service", "daypass-keys")
	if strings.Count(found, "secret = ") != 1 || !strings.Contains(found, secretAccessKey) {
		r.w.t.Fatalf("the keyring holds not one key: %s", found)
	}
	for line := range strings.Lines(found) {
		for _, word := range []string{"main", "111111111111", accessKeyID, "ana"} {
			if !strings.HasPrefix(line, "secret = ") && strings.Contains(line, word) {
				r.w.t.Errorf("%q can be read while the keyring is locked: %s", word, line)
			}
		}
	}
}

// Nobody can keep a key here, whatever store would keep credentials, and that is said
// before anything is typed.
func TestAKeyNeedsAKeyring(t *testing.T) {
	t.Parallel()
	if !keyringtest.RunAlone(t) { // it looks at all that is in the kernel keyring
		return
	}
	for name, bus := range map[string]func(t *testing.T) []string{
		"no keyring": func(t *testing.T) []string { return keyringtest.Bus(t).Env },
		"never used": func(t *testing.T) []string { return keyringtest.Fresh(t).Env },
		"dead bus": func(t *testing.T) []string {
			return []string{"DBUS_SESSION_BUS_ADDRESS=unix:path=" + filepath.Join(t.TempDir(), "bus")}
		},
	} {
		w := newKeyringWorld(t, bus(t)...)
		for _, store := range []string{"none", "kernel", "auto"} {
			w.set("DAYPASS_STORE=" + store)
			p := w.begins("keys", "add", "main")
			p.end().failed(1, `the access key "main" cannot be looked for in the keyring: no keyring answers here`)
			if shown := p.shown(); shown != "" {
				t.Errorf("%s, %s: it was told after %q", name, store, shown)
			}
			w.alone("keys", "import", "main", "--yes").failed(1, `the access key "main" cannot be looked for in the keyring: no keyring answers here`)
			if text := w.read(importing); text != keys {
				t.Errorf("%s, %s: the file holds %q", name, store, text)
			}
			if kept := inKernel(t); len(kept) != 0 {
				t.Errorf("%s, %s: the kernel has %q", name, store, kept)
			}
		}
	}
}

// However typing the secret ends, the terminal is as it was, and shows nothing.
func TestAnAbortedSecretLeavesTheTerminalClean(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		name string
		end  func(*person)
		code int
	}{
		{"Ctrl-C", func(p *person) { p.Type("\x03") }, 130},
		{"Ctrl-C held down", func(p *person) { p.Type("\x03\x03\x03\x03\x03") }, 130},
		{"SIGTERM", func(p *person) { _ = p.cmd.Process.Signal(syscall.SIGTERM) }, 143},
		{"SIGHUP", func(p *person) { _ = p.cmd.Process.Signal(syscall.SIGHUP) }, 129},
		{"Ctrl-Z", func(p *person) { p.Type("\x1a") }, 4},
		{"Ctrl-D", func(p *person) { p.Type("\x04\x04") }, 4},
	} {
		p := w.begins("keys", "add", "main")
		p.Expect("Access key ID: ")
		p.Type(accessKeyID + "\r")
		p.Expect("Secret access key (not shown): ")
		p.Type(secretAccessKey)
		c.end(p)
		if got := p.end(); got.code != c.code {
			t.Errorf("%s: exit code %d, err %q", c.name, got.code, got.err)
		}
		p.clean()
		if strings.Contains(p.shown(), "SECRET") {
			t.Errorf("%s: the terminal shows %q", c.name, p.shown())
		}
	}
	w.counts(0, 0)
	w.unlocked()
}

// Wherever a long-term key is typed, moved or used, its secret is to be seen
// nowhere.
func TestKeySecretsStayInTheKeyring(t *testing.T) {
	t.Parallel()
	s := newSpy(t)
	s.write("home/.aws/config", keyProfiles)
	saw := func(p *person, args ...string) {
		got := p.end()
		s.saw("terminal of "+strings.Join(args, " "), p.shown())
		s.keep(args, got)
	}
	wrong := secret{"a secret that was refused", "WRONG/of+ana/EXAMPLE00000000000000000009"}
	s.secrets = append(s.secrets, wrong)
	for _, value := range []string{wrong.value, secondSecret} {
		p := s.begins("keys", "add", "second")
		p.typesKey(secondKeyID, value)
		saw(p, "keys", "add")
	}
	p := s.begins("keys", "add", "second")
	p.Expect("[y/N] ")
	p.Type("n\r")
	saw(p, "keys", "add", "again")
	p = s.begins("keys", "import", "main")
	p.Expect("[y/N] ")
	p.Type("n\r")
	saw(p, "keys", "import", "declined")
	s.does(0, nil, "explain", "dev")
	s.does(0, nil, "keys", "import", "main", "--yes")
	s.does(0, []string{"DAYPASS_TOKEN_CODE=" + s.code()}, "credential-process", "--profile", "dev")
	s.does(0, nil, "keys", "list")
	s.does(0, nil, "keys", "list", "--json")
	s.does(0, nil, "explain", "dev", "--json")
	s.saw("credentials file", s.read("home/.aws/credentials"))
	s.files()
	if text := s.keyItems(); !strings.Contains(text, secretAccessKey) || !strings.Contains(text, secondSecret) {
		t.Errorf("the keyring holds %s", text)
	}
	s.does(0, nil, "keys", "remove", "main", "--yes")
	s.does(0, nil, "keys", "remove", "second", "--yes")
	s.files()
	s.check()
	if n := len(s.seen); n < 20 {
		t.Errorf("only %d texts were looked at", n)
	}
}

// keyItems is all that the ring holds.
func (w *world) keyItems() (all string) {
	w.t.Helper()
	items, err := filepath.Glob(filepath.Join(w.folder, "store", "key-*"))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, item := range items {
		text, err := os.ReadFile(item)
		if err != nil {
			w.t.Fatal(err)
		}
		all += string(text)
	}
	return all
}

// Where an imported key is.
const (
	moved     = "\n[main]\n" // what is left of the file
	inRing    = "in the keyring"
	inFile    = "in the file"
	inBoth    = inRing + " and " + inFile
	importing = "home/.aws/credentials"
)

// whereabouts says where the key is, which must be in one place at least, whole.
func (w *world) whereabouts(when string) string {
	w.t.Helper()
	var item struct{ Current struct{ ID, Secret string } }
	text := w.keyItems()
	kept := json.Unmarshal([]byte(text), &item) == nil && item.Current.ID == accessKeyID && item.Current.Secret == secretAccessKey
	switch file := w.read(importing); {
	case kept && file == keys:
		return inBoth
	case kept && file == moved:
		return inRing
	case text == "" && file == keys:
		return inFile
	default:
		w.t.Fatalf("%s: the keyring holds %q, the file %q", when, text, file)
		return ""
	}
}

// importAgain finishes what was interrupted, and leaves nothing behind.
func (w *world) importAgain(when string) {
	w.t.Helper()
	if got := w.alone("keys", "import", "main", "--yes"); got.code != 0 || got.err != "" {
		w.t.Errorf("%s, then again: exit code %d, err %q", when, got.code, got.err)
	}
	if where := w.whereabouts(when); where != inRing {
		w.t.Errorf("%s, then again: the key is %s", when, where)
	}
	if left, err := os.ReadDir(filepath.Join(w.folder, "home/.aws")); len(left) != 2 || err != nil {
		w.t.Errorf("%s, then again: left beside the file: %v, %v", when, left, err)
	}
}

func newImport(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.write("home/.aws/config", keyProfiles)
	return w
}

// Whichever call of the keyring is an import's last, before or behind its work.
// What another program has written into the file since the import read it is not
// the key that was moved, and stays.
func TestAnImportRemovesNoOtherKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const file = "home/.aws/credentials"
	if got := w.alone("keys", "import", "main", "--yes"); got.code != 0 {
		t.Fatalf("exit code %d, err %q", got.code, got.err)
	}
	section := func(id, secret string) string {
		return "[main]\naws_access_key_id = " + id + "\naws_secret_access_key = " + secret + "\n"
	}
	w.write(file, section(secondKeyID, secondSecret))
	p := w.screen().begin(w.command(w.program, "keys", "import", "main"))
	p.Expect("Replace it? [y/N] ")
	newest := section("AKIAEXAMPLENEWEST001", "SECRET/of+the/newest/EXAMPLE0000000000003")
	w.write(file, newest)
	p.Type("y\r")
	if got := p.end(); got.code != 1 || !strings.Contains(got.err, "and nothing was removed: ") || strings.Contains(got.err, "SECRET") {
		t.Errorf("exit code %d, out %q, err %q", got.code, got.out, got.err)
	}
	if got := w.read(file); got != newest {
		t.Errorf("the file holds %q", got)
	}
	if got := w.alone("keys", "list").out; !strings.Contains(got, secondKeyID) {
		t.Errorf("keys list: %q", got)
	}
}

func TestAnImportIsKilledAtTheKeyring(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for _, when := range []string{"before", "after"} {
		for n := 1; ; n++ {
			w := newImport(t)
			w.write("store/deadly", fmt.Sprint(n, " ", when))
			got := w.alone("keys", "import", "main", "--yes")
			if err := os.Remove(filepath.Join(w.folder, "store", "deadly")); err != nil {
				t.Fatal(err)
			}
			point := fmt.Sprintf("killed %s call %d", when, n)
			seen[w.whereabouts(point)]++
			w.importAgain(point)
			if got.code != 128+int(syscall.SIGKILL) {
				break
			}
		}
	}
	if seen[inFile] < 3 || seen[inBoth] < 3 || seen[inRing] != 2 {
		t.Errorf("the key was %v", seen)
	}
}

func TestAnImportIsKilledAtSTS(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]stsim.Fault{"on its way": {Hang: true}, "answering": {Delay: 1 << 40}} {
		w := newImport(t)
		fault.Action = session.GetCallerIdentity
		w.sts.Inject(fault)
		cmd := w.command(w.program, "keys", "import", "main", "--yes")
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		end := w.begin(cmd)
		w.until("STS is asked", func() bool { return w.sts.Count(session.GetCallerIdentity) == 1 })
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		end()
		if where := w.whereabouts(name); where != inFile {
			t.Errorf("%s: the key is %s", name, where)
		}
		w.sts.ClearFaults()
		w.importAgain(name)
	}
}

// Whichever call that changes a file is an import's last.
func TestAnImportIsKilledAtTheFile(t *testing.T) {
	t.Parallel()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("needs strace: apt-get install strace")
	}
	seen := map[string]int{}
	for _, call := range []string{"fsync", "fchmod", "renameat", "unlinkat"} {
		for n := 1; ; n++ {
			w := newImport(t)
			trace := []string{strace, "-f", "-o", os.DevNull, "-e", "trace=" + call, "-e", fmt.Sprintf("inject=%s:signal=SIGKILL:when=%d", call, n)}
			cmd := w.command(append(trace, w.program, "keys", "import", "main", "--yes")...)
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
			got := w.begin(cmd)()
			point := fmt.Sprintf("killed at %s %d", call, n)
			seen[w.whereabouts(point)]++
			w.importAgain(point)
			if got.code != 128+int(syscall.SIGKILL) {
				break
			}
		}
	}
	if seen[inBoth] < 3 || seen[inRing] < 4 {
		t.Errorf("the key was %v", seen)
	}
}

// leftIn checks an import that could not change the file: the words say where the
// key is and what to do.
func (w *world) leftIn(why string) {
	w.t.Helper()
	got := w.alone("keys", "import", "main", "--yes")
	lines := strings.Split(got.err, "\n")
	if got.code != 1 || len(lines) != 3 || !strings.HasPrefix(got.out, `stored in the keyring as "main": `) ||
		!strings.HasPrefix(lines[0], fmt.Sprintf("daypass: error: the access key \"main\" is in the keyring, and still in %s, in clear: ", filepath.Join(w.folder, importing))) ||
		!strings.HasSuffix(lines[0], why) || !strings.HasSuffix(lines[1], `run "daypass keys import main" again to remove it there`) {
		w.t.Errorf("exit code %d, out %q, err %q", got.code, got.out, got.err)
	}
	if where := w.whereabouts(why); where != inBoth {
		w.t.Errorf("the key is %s", where)
	}
}

func TestAnImportOnAFullDisk(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: to mount a small disk")
	}
	w := newImport(t)
	folder := filepath.Join(w.folder, "home/.aws")
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", folder).Run() })
	w.write("home/.aws/config", keyProfiles)
	w.write(importing, keys)
	filler := filepath.Join(folder, "filler")
	_ = os.WriteFile(filler, make([]byte, 64<<10), 0o600) // as far as it goes
	w.leftIn("no space left on device")
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	w.importAgain("with room again")
}

func TestAnImportFromAReadOnlyFolder(t *testing.T) {
	w := newImport(t)
	w.giveAway()
	folder := filepath.Join(w.folder, "home/.aws")
	if err := os.Chmod(folder, 0o500); err != nil {
		t.Fatal(err)
	}
	w.leftIn("permission denied")
	if err := os.Chmod(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	w.importAgain("writable again")
}

// Two conversations on one terminal come one after the other, and the second says
// what it waits for.
func TestTwoConversationsOnOneTerminal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.shell()
	s.run("one", "keys add one")
	s.Expect("Access key ID: ")
	s.run("two", "keys add two")
	s.Expect(fmt.Sprintf("daypass: waiting for the answers about the key \"one\" (process %d)\r\n", s.pid("one")))
	s.Type("\x04")
	s.end("one").failed(4, "the question was closed, and nothing was changed")
	s.Expect("Access key ID: ")
	s.Type("\x04")
	s.end("two").failed(4, "the question was closed, and nothing was changed")
	s.close()
	w.unlocked()
}
