package mfa

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"daypass/internal/state"
	"daypass/internal/tty/ttytest"

	"golang.org/x/sys/unix"
)

func ptyParts() map[string]func(string) int {
	return map[string]func(string) int{"window": playWindow, "shell": playShell, "ask": playAsk, "read-terminal": playReadTerminal, "pinentry": playPinentry, "window-of": playWindowOf}
}

// playReadTerminal does what a pinentry for terminals does.
func playReadTerminal(string) int {
	terminal, err := os.Open("/dev/tty")
	if err == nil {
		_, err = terminal.Read(make([]byte, 1))
	}
	if errors.Is(err, unix.EIO) {
		return 5
	}
	return 1
}

// script tells an asking program what to do.
type script struct {
	Name       string // what it calls itself in its report
	Folder     string
	Request    Request
	Outcomes   []Outcome
	Process    string   // the part that its mfa_process plays, if it has one
	Pinentry   []string // the pinentries that there are, if it asks by them and not by itself
	Term       string   // the kind of terminal, for these
	NoPrompt   bool
	Background bool
	Job        bool // a process group of its own, in the foreground, as shells do it
}

// playShell is a shell on a terminal: it starts an asking program for every line of its stdin.
func playShell(string) int {
	signal.Notify(make(chan os.Signal, 1), os.Interrupt, unix.SIGTSTP) // those keys are for the programs
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		cmd := exec.Command(os.Args[0])
		cmd.Env = playing("ask " + lines.Text())
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		var s script
		if json.Unmarshal(lines.Bytes(), &s) == nil && (s.Background || s.Job) {
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Foreground: s.Job, Ctty: 3}
		}
		if err := cmd.Start(); err != nil {
			return 1
		}
		go func() { _ = cmd.Wait() }()
	}
	return 0
}

// playAsk asks on its terminal and reports what came of it. Its time is up at SIGUSR1.
func playAsk(arg string) int {
	var s script
	if err := json.Unmarshal([]byte(arg), &s); err != nil {
		fmt.Println("error:", err)
		return 1
	}
	report := func(format string, a ...any) {
		fmt.Print(s.Name + " " + fmt.Sprintf(format, a...) + "\n")
	}
	report("is %d", os.Getpid())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM)
	defer stop()
	a := &Asker{State: state.New(s.Folder), NoPrompt: s.NoPrompt, seen: &seen{err: ErrNoDisplay}}
	a.After = struck()
	if s.Process != "" {
		a.Process, a.Environ = []string{"/proc/self/exe"}, playing(s.Process)
	}
	if len(s.Pinentry) > 0 {
		byPinentriesOf(a, s)
	}
	answers := sts(s.Outcomes...)
	err := a.Ask(ctx, s.Request, func(ctx context.Context, code string) (Outcome, error) {
		report("sends %s", code)
		return answers.try(ctx, code)
	})
	report("ends: %v", err)
	return 0
}

// struck is a clock that strikes at SIGUSR1, but tells in real time that somebody else is waited for.
func struck() func(time.Duration) <-chan time.Time {
	strike, strikes := make(chan os.Signal, 1), make(chan time.Time)
	signal.Notify(strike, unix.SIGUSR1)
	go func() { <-strike; close(strikes) }()
	return func(d time.Duration) <-chan time.Time {
		if d == patience {
			return time.After(d)
		}
		return strikes
	}
}

// await waits until something has come. The limit only ends a test that would hang.
func await(t *testing.T, what string, come func() bool) {
	t.Helper()
	for range ttytest.Patience / (10 * time.Millisecond) {
		if come() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("never came: %q", what)
}

// text is what was written so far; it may be awaited.
type text struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (w *text) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.Write(p)
}

func (w *text) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.String()
}

// await waits until what stands there.
func (w *text) await(t *testing.T, what string) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("there is\n%s", w)
		}
	}()
	await(t, what, func() bool { return strings.Contains(w.String(), what) })
}

// desk is a terminal with a shell on it.
type desk struct {
	*ttytest.Terminal
	t      *testing.T
	shell  io.Writer
	report *text
}

func sit(t *testing.T) *desk {
	t.Helper()
	d := &desk{Terminal: ttytest.New(t), t: t, report: &text{}}
	cmd := exec.Command(os.Args[0])
	cmd.Env = playing("shell")
	cmd.Stdout, cmd.WaitDelay = d.report, time.Second
	shell, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	d.shell = shell
	t.Cleanup(func() { _ = cmd.Wait() }) // once Start's has killed it
	d.Start(cmd)
	return d
}

func (d *desk) start(s script) {
	d.t.Helper()
	line, err := json.Marshal(s)
	if err == nil {
		_, err = fmt.Fprintf(d.shell, "%s\n", line)
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) reports(line string) {
	d.t.Helper()
	d.report.await(d.t, line+"\n")
}

// pid returns the process id that the program name reported.
func (d *desk) pid(name string) int {
	d.t.Helper()
	d.report.await(d.t, name+" is ")
	for line := range strings.Lines(d.report.String()) {
		var pid int
		if _, err := fmt.Sscanf(line, name+" is %d\n", &pid); err == nil {
			return pid
		}
	}
	d.t.Fatalf("no process id of %s:\n%s", name, d.report)
	return 0
}
