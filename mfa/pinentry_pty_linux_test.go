package mfa

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const (
	curses  = "pinentry-curses"
	textual = "pinentry-tty"
)

// byPinentriesOf lets a ask by what the script names.
func byPinentriesOf(a *Asker, s script) {
	a.Prompt = ByPinentry
	a.Environ = []string{"PATH=" + os.Getenv("PATH"), "TERM=" + s.Term, "LC_ALL=C.UTF-8"}
	a.finder = finds(s.Pinentry...)
}

// asksBy is what a program does that asks by pinentries; without them, the test is skipped.
func asksBy(t *testing.T, name string, pinentries ...string) script {
	t.Helper()
	for _, program := range pinentries {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("needs %s: %v", program, err)
		}
	}
	return script{Name: name, Folder: t.TempDir(), Request: wants("dev", "ana"), Outcomes: []Outcome{Accepted},
		Pinentry: pinentries, Term: "xterm", Job: true}
}

// child waits for the pinentry that the process pid has started, and returns its process.
func (d *desk) child(pid int) (child int) {
	d.t.Helper()
	parent := fmt.Sprintf("\nPPid:\t%d\n", pid)
	await(d.t, "the pinentry", func() bool {
		files, _ := filepath.Glob("/proc/[0-9]*/status")
		for _, file := range files {
			status, _ := os.ReadFile(file)
			if _, err := fmt.Sscanf(file, "/proc/%d/status", &child); err == nil && strings.Contains(string(status), parent) {
				return true
			}
		}
		return false
	})
	return child
}

func (d *desk) kill(pid int, signal unix.Signal) {
	d.t.Helper()
	if err := unix.Kill(pid, signal); err != nil {
		d.t.Fatal(err)
	}
}

func TestPinentryOnATerminal(t *testing.T) {
	const cancelled = "ends: the prompt was cancelled"
	own := func(signal unix.Signal) func(*desk) {
		return func(d *desk) { d.Type("12"); d.kill(d.pid("A"), signal) }
	}
	pinentrys := func(signal unix.Signal) func(*desk) {
		return func(d *desk) { d.Type("12"); d.kill(d.child(d.pid("A")), signal) }
	}
	types := func(keys string) func(*desk) { return func(d *desk) { d.Type(keys) } }
	for _, tt := range []struct {
		name    string
		only    string // the program, "" for both
		do      func(*desk)
		reports string
	}{
		{"a code", "", types("123456\r"), "ends: <nil>"},
		{"no code first", "", func(d *desk) {
			d.Type("hunter2\r")
			d.Expect("that is no code")
			d.Expect("MFA code:")
			d.Type("123456\r")
		}, "ends: <nil>"},
		{"the cancel button", curses, types("12\t\t\r"), cancelled},
		{"Ctrl-D", textual, types("\x04"), cancelled},
		{"Ctrl-C", "", types("12\x03"), "ends: interrupt signal received"},
		{"Ctrl-Z", "", types("12\x1a"), cancelled},
		{"half a code in time", "", own(unix.SIGUSR1), "ends: no code was given in time"},
		{"SIGTERM", "", own(unix.SIGTERM), "ends: terminated signal received"},
		{"the pinentry is killed", "", pinentrys(unix.SIGKILL), cancelled},
		{"the pinentry is ended", "", pinentrys(unix.SIGTERM), cancelled},
		{"the pinentry crashes", "", pinentrys(unix.SIGSEGV), "could not ask: signal: segmentation fault"},
	} {
		for _, program := range []string{curses, textual} {
			if tt.only != "" && tt.only != program {
				continue
			}
			t.Run(tt.name+" by "+program, func(t *testing.T) {
				t.Parallel()
				s, d := asksBy(t, "A", program), sit(t)
				s.Request.Until = time.Now().Add(time.Hour)
				before := d.Settings()
				d.start(s)
				d.Expect("MFA code:")
				if d.Settings() == before {
					t.Error("the mode is as it was while it asks: this test proves nothing")
				}
				tt.do(d)
				d.report.await(t, tt.reports)
				if after := d.Settings(); after != before {
					t.Errorf("mode afterwards:\n%s\nbefore:\n%s", after, before)
				}
				if tt.reports == "ends: <nil>" {
					d.reports("A sends 123456")
				} else {
					d.isLeftClean()
				}
			})
		}
	}
}

// isLeftClean sees whether the cursor is on a new line, and whether what was typed reaches who reads next.
func (d *desk) isLeftClean() {
	d.t.Helper()
	d.Expect("\r\n")
	if screen := d.Output(); !strings.HasSuffix(screen, "\r\n") {
		d.t.Errorf("the cursor is not on a new line: %q", screen)
	}
	d.Type("ls\n")
	line := make([]byte, 100)
	if n, err := d.File().Read(line); err != nil || string(line[:n]) != "ls\n" {
		d.t.Errorf("the shell reads %q, %v", line[:n], err)
	}
}

// One that dies leaves the next a terminal in order.
func TestNextPinentryOnATerminal(t *testing.T) {
	t.Parallel()
	s, d := asksBy(t, "A", curses, textual), sit(t)
	before := d.Settings()
	d.start(s)
	d.Expect("MFA code:")
	d.kill(d.child(d.pid("A")), unix.SIGSEGV)
	d.Expect("MFA code: ")
	d.Type("123456\n")
	d.reports("A sends 123456")
	d.reports("A ends: <nil>")
	if after := d.Settings(); after != before {
		t.Errorf("mode afterwards:\n%s\nbefore:\n%s", after, before)
	}
}

// Without a display, "pinentry" may be one that opens windows, and takes the terminal instead.
func TestPinentryOfWindowsOnATerminal(t *testing.T) {
	t.Parallel()
	s := asksBy(t, "A", "pinentry")
	path, err := filepath.EvalSymlinks(finds("pinentry")("pinentry"))
	if err != nil || !slices.Contains(windowPinentries("linux", nowhere), filepath.Base(path)) {
		t.Skipf("needs pinentry: as one of windows, and it is %s, %v", path, err)
	}
	d := sit(t)
	d.start(s)
	d.Expect("MFA code:")
	d.Type("123456\r")
	d.reports("A sends 123456")
	d.reports("A ends: <nil>")
}

func TestTerminalsOfNoUseToAPinentry(t *testing.T) {
	for name, tt := range map[string]struct {
		prepare func(*desk, *script)
		ends    string
	}{
		"in the background": {func(_ *desk, s *script) { s.Job, s.Background = false, true }, "this process runs in the background of its terminal"},
		"below a full-screen program": {func(d *desk, _ *script) {
			mode, err := unix.IoctlGetTermios(int(d.File().Fd()), unix.TCGETS)
			if err == nil {
				mode.Lflag &^= unix.ICANON | unix.ECHO
				err = unix.IoctlSetTermios(int(d.File().Fd()), unix.TCSETS, mode)
			}
			if err != nil {
				d.t.Fatal(err)
			}
		}, "the terminal is used by a full-screen program"},
		"of no known kind": {func(_ *desk, s *script) { s.Term = "" }, "could not ask: it answered with error 301"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, d := asksBy(t, "A", curses), sit(t)
			tt.prepare(d, &s)
			before := d.Settings()
			d.start(s)
			d.report.await(t, tt.ends+"\n")
			if screen, after := strings.TrimSpace(d.Output()), d.Settings(); screen != "" || after != before {
				t.Errorf("screen %q, mode\n%s\nbefore\n%s", screen, after, before)
			}
		})
	}
}

// A terminal that is lent looks like that of a full-screen program, but it comes back.
func TestWaitingForALentTerminal(t *testing.T) {
	t.Parallel()
	one, d := asksBy(t, "A", curses), sit(t)
	one.Job = false
	other := one
	other.Name, other.Request = "B", wants("ops", "two")
	d.start(one)
	d.Expect("MFA code:")
	d.start(other)
	await(t, "B's turn at its device", func() bool {
		_, err := os.Stat(filepath.Join(other.Folder, holderName(serialName(other.Request.Serial))))
		return err == nil
	})
	d.Type("111111\r")
	d.reports("A sends 111111")
	d.Expect("ops")
	d.Expect("MFA code:")
	d.Type("222222\r")
	d.reports("B sends 222222")
	d.reports("B ends: <nil>")
}

// Nobody is left on the terminal when daypass itself is killed.
func TestKilledWhileAPinentryAsks(t *testing.T) {
	t.Parallel()
	s, d := asksBy(t, "A", curses), sit(t)
	before := d.Settings()
	d.start(s)
	d.Expect("MFA code:")
	d.child(d.pid("A"))
	d.kill(d.pid("A"), unix.SIGKILL)
	await(t, "the mode that it had", func() bool { return d.Settings() == before })
}
