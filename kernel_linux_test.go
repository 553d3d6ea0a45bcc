package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"daypass/internal/keyring"
	"daypass/internal/keyring/keyringtest"
)

// says checks that a command prints all of the parts and ends well.
func (w *world) says(parts []string, args ...string) {
	w.t.Helper()
	got := w.alone(args...)
	if got.code != 0 || got.err != "" {
		w.t.Errorf("%q: exit code %d, err %q", args, got.code, got.err)
	}
	for _, part := range parts {
		if !strings.Contains(got.out, part) {
			w.t.Errorf("%q does not say %q:\n%s", args, part, got.out)
		}
	}
}

// Where the keyring cannot keep anything the kernel does. Nothing is said of it at
// the prompt, and status tells.
func TestAutoKeepsInTheKernel(t *testing.T) {
	t.Parallel()
	for name, c := range unusable {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == withoutBus && !keyringtest.RunWithoutBus(t) {
				return
			}
			usesKernel(t)
			w := newKeyringWorld(t, c.bus(t)...)
			p := w.ask("dev")
			p.answer(w.sts.Code(device))
			first := p.end().credentials()
			if text := p.shown(); strings.Contains(text, "kept") {
				t.Errorf("the prompt says\n%s", text)
			}
			if got := w.get("dev").credentials(); got != first {
				t.Errorf("another process got %s and not %s", got, first)
			}
			w.chosen("kernel", c.why)
			w.counts(1, 1)
			w.says([]string{`profile "dev": removed`}, "logout", "dev")
			w.says([]string{"nothing is cached"}, "status")
			w.get("dev").failed(3, "no terminal to ask on")
		})
	}
}

// chosen checks that status and explain say of the session and the role of dev in
// which store they lie, and why not in a better one, "" if there is none.
func (w *world) chosen(store, why string) {
	w.t.Helper()
	type place struct{ Store, Reason string }
	var listed, explained struct{ Entries, Steps []place }
	for command, into := range map[string]any{"status": &listed, "explain": &explained} {
		args := map[string][]string{"status": {"status", "--json"}, "explain": {"explain", "dev", "--json"}}[command]
		if err := json.Unmarshal([]byte(w.alone(args...).out), into); err != nil {
			w.t.Errorf("%s: %v", command, err)
		}
	}
	want := []place{{store, why}, {store, why}}
	if !slices.Equal(listed.Entries, want) || !slices.Equal(explained.Steps, want) {
		w.t.Errorf("status says %v, explain %v, not twice %v", listed.Entries, explained.Steps, want[0])
	}
	in := map[string]string{"keyring": "the keyring", "kernel": "the kernel keyring"}[store]
	status, explain := w.alone("status").out, w.alone("explain", "dev").out
	if since := ", since " + why; why != "" {
		w.says([]string{"\nkept in " + in + since + "\n"}, "status")
		in += since
	} else if strings.Contains(status, "since") {
		w.t.Errorf("status says\n%s", status)
	}
	if strings.Count(status, "  "+store+"\n") != 2 || strings.Count(explain, "Z in "+in+"\n") != 2 {
		w.t.Errorf("they do not say twice in %s:\n%s%s", in, status, explain)
	}
}

// Whatever the setting and the keyring, status and explain tell which store was
// chosen and why, or why none could be.
func TestWhatWasChosenAndWhy(t *testing.T) {
	t.Parallel()
	const locked, absent = "the keyring is locked", "no keyring answers here"
	buses := map[string][]string{"": keyringtest.Keyring(t).Env, locked: unusable["locked"].bus(t), absent: keyringtest.Bus(t).Env}
	for why, bus := range buses {
		for _, setting := range []string{"auto", "keyring", "kernel", "none"} {
			t.Run(setting+" "+why, func(t *testing.T) {
				t.Parallel()
				usesKernel(t)
				w := newKeyringWorld(t, bus...)
				w.set("DAYPASS_STORE=" + setting)
				w.alone("credential-process", "--profile", "dev", "--token-code", w.sts.Code(device)).credentials()
				switch {
				case setting == "none":
					w.says([]string{nothingCached}, "status", "--json")
					w.says([]string{"; cache: miss\n", "\nstore: none: nothing is kept\n"}, "explain", "dev")
				case setting == "kernel":
					w.chosen("kernel", "")
				case why == "":
					w.chosen("keyring", "")
				case setting == "auto":
					w.chosen("kernel", why)
				default:
					w.notCached(why)
				}
				w.says(nil, "logout", "dev")
			})
		}
	}
}

// What each setting comes to, as far as it can be told without a look.
func TestExplainNamesTheStores(t *testing.T) {
	t.Parallel()
	w := newKeyringWorld(t, keyringtest.Keyring(t).Env...)
	w.says([]string{"\nstore: auto: the keyring if it is unlocked or can be, else the kernel keyring\n"}, "explain", "dev")
	w.says([]string{"\nstore: keyring: the keyring\n"}, "explain", "dev", "--store", "keyring")
	w.says([]string{"\nstore: kernel: the kernel keyring\n"}, "explain", "dev", "--store", "kernel")
	w.says([]string{"\nstore: none: nothing is kept\n"}, "explain", "dev", "--store", "none")
	w.says([]string{`"store":{"name":"auto","stores":[{"name":"kernel"},{"name":"keyring"}]}`}, "explain", "dev", "--json")
}

func TestExplainNamesTheStoresWithoutABus(t *testing.T) {
	t.Parallel()
	if !keyringtest.RunWithoutBus(t) {
		return
	}
	w := newKeyringWorld(t)
	w.says([]string{"\nstore: auto: the kernel keyring, since no keyring answers here\n"}, "explain", "dev")
	w.says([]string{`{"name":"keyring","reason":"no keyring answers here"}`}, "explain", "dev", "--json")
}

// A renewal that the keyring takes again is not hidden by what the kernel still has.
func TestTheKeyringTakesOverAgain(t *testing.T) {
	t.Parallel()
	usesKernel(t)
	s := keyringtest.Keyring(t)
	w := newKeyringWorld(t, s.Env...)
	login := []string{"login", "dev", "--token-code"}
	w.says(nil, append(login, w.sts.Code(device), "--store", "kernel")...)
	first := w.get("dev").credentials()
	w.says(nil, append(login, w.sts.Code(device), "--refresh")...)
	second := w.get("dev").credentials()
	if second == first {
		t.Error("the older entry in the kernel wins")
	}
	w.says([]string{"keyring"}, "status")
	if got := w.alone("status"); strings.Contains(got.out, "kernel") {
		t.Errorf("status names the kernel:\n%s", got.out)
	}
	s.Lock()
	w.says([]string{"keyring"}, "status")
}

// logout --all leaves no session in either store, with and without the index, and
// every key of others.
func TestLogoutAllClearsBothStores(t *testing.T) {
	t.Parallel()
	if !keyringtest.RunAlone(t) { // it clears the kernel keyring, which other tests use
		return
	}
	for _, index := range []string{"with", "without"} {
		t.Run(index, func(t *testing.T) {
			clearsKernel(t)
			w := newKeyringWorld(t, keyringtest.Keyring(t).Env...)
			r := ring{w}
			r.storeForeign()
			others := []string{"daypass-keys:main", "daypass", "other", "my daypass:x"}
			for _, name := range others {
				if _, err := unix.AddKey("user", name, []byte("x"), unix.KEY_SPEC_USER_KEYRING); err != nil {
					t.Fatal(err)
				}
			}
			w.says(nil, "login", "dev", "--store", "kernel", "--token-code", w.sts.Code(device))
			w.says(nil, "login", "ops", "--store", "keyring", "--token-code", w.sts.Code(device))
			w.says(nil, "login", "session", "--store", "kernel", "--refresh", "--token-code", w.sts.Code(device))
			if accounts, err := (keyring.Kernel{}).Accounts(); len(accounts) < 2 || err != nil {
				t.Errorf("the kernel has %v, %v", accounts, err)
			}
			if index == "without" {
				if err := os.RemoveAll(filepath.Join(w.folder, stateFolder, "entries")); err != nil {
					t.Fatal(err)
				}
			}
			w.says([]string{"everything is removed"}, "logout", "--all")
			if accounts, err := (keyring.Kernel{}).Accounts(); len(accounts) > 0 || err != nil {
				t.Errorf("the kernel has %v, %v", accounts, err)
			}
			for _, name := range others {
				if _, err := unix.KeyctlSearch(unix.KEY_SPEC_USER_KEYRING, "user", name, 0); err != nil {
					t.Errorf("the key %q: %v", name, err)
				}
			}
			r.checkEmpty()
			r.checkForeign()
		})
	}
}

// through lets daypass be run by another program, which has those arguments before
// it.
func (w *world) through(program string, args ...string) {
	w.t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		w.t.Fatal(err)
	}
	w.write("bin/daypass", fmt.Sprintf("#!/bin/sh\nexec %s %s %s \"$@\"\n", path, strings.Join(args, " "), w.program))
	w.program = filepath.Join(w.folder, "bin/daypass")
}

// Each process has a session keyring of its own that leads nowhere. They have the
// user's in common all the same, with those whose sessions lead there.
func TestTheKernelKeepsForAnonymousSessions(t *testing.T) {
	t.Parallel()
	usesKernel(t)
	w := newKeyringWorld(t, "DBUS_SESSION_BUS_ADDRESS=disabled:")
	plain := w.program
	w.through("join")
	p := w.ask("dev")
	p.answer(w.sts.Code(device))
	first := p.end().credentials()
	if text := p.shown(); strings.Contains(text, "kept") {
		t.Errorf("the terminal shows\n%s", text)
	}
	joined := w.program
	for _, program := range []string{joined, plain, joined} {
		w.program = program
		if got := w.get("dev").credentials(); got != first {
			t.Errorf("%s got %s and not %s", program, got, first)
		}
	}
	w.counts(1, 1)
	w.chosen("kernel", "no keyring answers here")
	w.program = plain
	w.says(nil, "login", "dev", "--refresh", "--token-code", w.sts.Code(device))
	second := w.get("dev").credentials()
	w.program = joined
	if got := w.get("dev").credentials(); got != second || got == first {
		t.Errorf("got %s and not %s", got, second)
	}
	w.says([]string{`profile "dev": removed`}, "logout", "dev")
	w.get("dev").failed(3, "no terminal to ask on")
}

func TestAForbiddenKernelKeyring(t *testing.T) {
	t.Parallel()
	bus := keyringtest.Keyring(t)
	for _, errno := range []unix.Errno{unix.EPERM, unix.ENOSYS} {
		w := newKeyringWorld(t, bus.Env...)
		w.through("forbid", strconv.Itoa(int(errno))) // as in a container
		p := w.ask("dev")
		p.answer(w.sts.Code(device))
		first := p.end().credentials()
		if text := p.shown(); strings.Contains(text, "kept") {
			t.Errorf("%v: the prompt says\n%s", errno, text)
		}
		if got := w.get("dev").credentials(); got != first {
			t.Errorf("%v: another process got another answer", errno)
		}
		w.says([]string{"  keyring\n"}, "status")
		w.says([]string{"\nstore: auto: the keyring, since the kernel keyring cannot be used here\n"}, "explain", "dev")
		w.says([]string{`profile "dev": removed`}, "logout", "dev")

		for store, why := range map[string]string{
			"kernel": "the kernel keyring cannot be used here",
			"auto":   "no keyring answers here, and the kernel keyring cannot be used here",
		} {
			w.sts.Reset()
			w.set("DAYPASS_STORE="+store, "DBUS_SESSION_BUS_ADDRESS=disabled:")
			p := w.ask("dev")
			p.Expect("daypass: the credentials will not be kept: " + why)
			p.answer(w.sts.Code(device))
			p.end().credentials()
			w.counts(1, 1)
			w.says([]string{"nothing is cached"}, "status")
		}
		w.says([]string{"\nstore: kernel: nothing is kept, since the kernel keyring cannot be used here\n"}, "explain", "dev", "--store", "kernel")
	}
}

// Fifty programs at once, of which none asks.
func TestFiftyHitsInTheKernel(t *testing.T) {
	t.Parallel()
	usesKernel(t)
	w := newKeyringWorld(t, "DBUS_SESSION_BUS_ADDRESS=disabled:")
	w.says(nil, "login", "dev", "--token-code", w.sts.Code(device))
	var ends []func() answered
	for range 50 {
		ends = append(ends, w.beginAlone("credential-process", "--profile", "dev"))
	}
	var answers []string
	for _, end := range ends {
		answers = append(answers, end().credentials())
	}
	if len(slices.Compact(answers)) != 1 {
		t.Errorf("the answers differ: %v", answers)
	}
	w.counts(1, 1)
	w.says(nil, "logout", "dev")
}

func TestDemoWhereNothingIsKept(t *testing.T) {
	t.Parallel()
	i := newInstaller(t)
	cmd := i.command("--demo")
	forbidden := exec.Command("forbid", append([]string{strconv.Itoa(int(unix.EPERM)), cmd.Path}, cmd.Args[1:]...)...)
	forbidden.Env = cmd.Env
	out, err := forbidden.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	contain(t, string(out), "not even the kernel's, so daypass keeps nothing", "nothing is cached")
	i.leavesNothing()
}
