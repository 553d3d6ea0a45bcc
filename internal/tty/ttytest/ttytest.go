//go:build unix

// Package ttytest runs programs on a pseudo-terminal of their own, and reads and
// types there as a person would. It is for tests only and knows nothing of what
// it runs.
package ttytest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/creack/pty"
)

// TB is what is needed of a testing.TB, so that scripts can bring their own.
type TB interface {
	Helper()
	Cleanup(func())
	Fatal(...any)
	Fatalf(string, ...any)
}

// Terminal is a pseudo-terminal. The commands of Start have it as their
// controlling terminal.
type Terminal struct {
	t        TB
	pty, tty *os.File

	mutex  sync.Mutex
	seen   bytes.Buffer
	read   int // what Expect has consumed of seen
	change chan struct{}
	ended  []*exec.Cmd
}

// New opens a pseudo-terminal that is closed when the test ends.
func New(t TB) *Terminal {
	t.Helper()
	p, s, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	_ = pty.Setsize(p, &pty.Winsize{Rows: 50, Cols: 400})
	term := &Terminal{t: t, pty: p, tty: s, change: make(chan struct{}, 1)}
	go term.collect()
	t.Cleanup(func() { _ = s.Close(); _ = p.Close() })
	return term
}

func (term *Terminal) collect() {
	buffer := make([]byte, 4096)
	for {
		n, err := term.pty.Read(buffer)
		term.mutex.Lock()
		term.seen.Write(buffer[:n])
		term.mutex.Unlock()
		select {
		case term.change <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

// File is the terminal's own side, for a command's standard streams.
func (term *Terminal) File() *os.File { return term.tty }

// Start starts cmd as the leader of a new session with this controlling
// terminal, in its foreground. Streams that are nil stay /dev/null. Only one
// session can have the terminal.
func (term *Terminal) Start(cmd *exec.Cmd) {
	term.t.Helper()
	cmd.ExtraFiles = append(cmd.ExtraFiles, term.tty)
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setsid, cmd.SysProcAttr.Setctty, cmd.SysProcAttr.Ctty = true, true, 2+len(cmd.ExtraFiles)
	if err := cmd.Start(); err != nil {
		term.t.Fatal(err)
	}
	term.t.Cleanup(func() { term.kill(cmd) })
}

// kill kills what is left of cmd and its children. Of those that have all ended the
// number may be another test's by now: numbers come again soon where many processes start.
func (term *Terminal) kill(cmd *exec.Cmd) {
	term.mutex.Lock()
	defer term.mutex.Unlock()
	if !slices.Contains(term.ended, cmd) {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
}

// end remembers that cmd has ended, unless children of it have not: as long as they
// live, the number is theirs.
func (term *Terminal) end(cmd *exec.Cmd) {
	term.mutex.Lock()
	defer term.mutex.Unlock()
	if errors.Is(syscall.Kill(-cmd.Process.Pid, 0), syscall.ESRCH) {
		term.ended = append(term.ended, cmd)
	}
}

// Expect waits until text appears after what earlier calls have found, and
// returns what the terminal showed up to its end.
func (term *Terminal) Expect(text string) string {
	term.t.Helper()
	late := time.After(Patience)
	for {
		if shown, ok := term.find(text); ok {
			return shown
		}
		select {
		case <-term.change:
		case <-time.After(100 * time.Millisecond):
		case <-late:
			term.t.Fatalf("the terminal never showed %q; it shows:\n%s", text, term.Output())
		}
	}
}

func (term *Terminal) find(text string) (string, bool) {
	term.mutex.Lock()
	defer term.mutex.Unlock()
	rest := term.seen.String()[term.read:]
	i := strings.Index(rest, text)
	if i < 0 {
		return "", false
	}
	term.read += i + len(text)
	return rest[:i+len(text)], true
}

// Type types text. "\r" is the return key, "\x03" Ctrl-C, "\x1a" Ctrl-Z.
func (term *Terminal) Type(text string) {
	term.t.Helper()
	if _, err := term.pty.WriteString(text); err != nil {
		term.t.Fatal(err)
	}
}

// Output is all that the terminal has shown, echo included.
func (term *Terminal) Output() string {
	term.mutex.Lock()
	defer term.mutex.Unlock()
	return term.seen.String()
}

// Wait waits for cmd and returns its exit code; a signal gives 128 and its
// number, as in shells.
func (term *Terminal) Wait(cmd *exec.Cmd) int {
	term.t.Helper()
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		term.end(cmd)
		return ExitCode(err)
	case <-time.After(Patience):
		_ = cmd.Process.Signal(syscall.SIGQUIT)
		term.t.Fatalf("%s does not end; the terminal shows:\n%s", cmd.Path, term.Output())
	}
	return -1
}

// Settings are the modes of the terminal, to compare before and after.
func (term *Terminal) Settings() string {
	cmd := exec.Command("stty", "-a")
	cmd.Stdin = term.tty
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Sprint(err)
	}
	return string(out)
}
