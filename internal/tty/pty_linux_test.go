package tty

import (
	"bufio"
	"bytes"
	"context"
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

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// The test binary plays the programs of these tests too: TTY_TEST names the part.
func TestMain(m *testing.M) {
	part, ok := parts[os.Getenv("TTY_TEST")]
	if !ok {
		os.Exit(m.Run())
	}
	if err := part(); err != nil {
		fmt.Println("error:", err)
	}
}

var parts = map[string]func() error{
	"open":        playOpen,
	"read":        playRead,
	"read on go":  func() error { awaitGo(); return playRead() },
	"read twice":  playReadTwice,
	"print on go": playPrint,
	"background":  func() error { return start("open", &syscall.SysProcAttr{Setpgid: true}).Wait() },
	"lose it":     playLoseIt,
}

func awaitGo() { _, _ = bufio.NewReader(os.Stdin).ReadString('\n') }

func playOpen() error {
	term, err := Open()
	if err != nil {
		return err
	}
	fmt.Println("id:", term.ID())
	return term.Close()
}

func playRead() error {
	term, err := Open()
	if err != nil {
		return err
	}
	defer term.Close()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, done := CatchSuspend(ctx)
	defer done()
	return ask(ctx, term)
}

func ask(ctx context.Context, term *Terminal) error {
	if err := term.Flush(); err != nil {
		return err
	}
	if err := term.Prompt("code: "); err != nil {
		return err
	}
	line, err := term.ReadLine(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("line: %q\n", line)
	return nil
}

var errCalledOff = errors.New("called off")

func playReadTwice() error {
	term, err := Open()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	go func() {
		awaitGo()
		cancel(errCalledOff)
	}()
	fmt.Println("error:", ask(ctx, term))
	return ask(context.Background(), term)
}

func playPrint() error {
	term, err := Open()
	if err != nil {
		return err
	}
	awaitGo()
	if err := term.Print("a\x1b[2Jb"); err != nil {
		return err
	}
	fmt.Println("printed")
	return nil
}

// playLoseIt asks in a process group of its own, and takes the terminal away from it when told.
func playLoseIt() error {
	IgnoreStops()
	const terminal = 3
	asker := start("read", &syscall.SysProcAttr{Setpgid: true, Foreground: true, Ctty: terminal})
	awaitGo()
	if err := unix.IoctlSetPointerInt(terminal, unix.TIOCSPGRP, unix.Getpgrp()); err != nil {
		return err
	}
	return asker.Wait()
}

func start(part string, attr *syscall.SysProcAttr) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = playing(part)
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = os.Stdout, os.Stderr, attr
	if err := cmd.Start(); err != nil {
		fmt.Println("error:", err)
	}
	return cmd
}

// playing is the environment of a program that plays part; with -race, programs would sleep a second before they end.
func playing(part string) []string {
	return append(os.Environ(), "TTY_TEST="+part, "GORACE=atexit_sleep_ms=0")
}

// desk is a terminal with a program on it: the test sees its screen and types.
type desk struct {
	t             *testing.T
	master, slave *os.File
	cmd           *exec.Cmd
	stdin         io.Writer
	mu            sync.Mutex
	screen, out   bytes.Buffer
	copied        sync.WaitGroup
}

// sit starts part as the leader of a session whose controlling terminal is a new pty; prepare may change the terminal first.
func sit(t *testing.T, part string, prepare ...func(slave *os.File)) *desk {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range prepare {
		p(slave)
	}
	master = pollable(t, master)
	d := &desk{t: t, master: master, slave: slave, cmd: exec.Command(os.Args[0])}
	d.cmd.Env = playing(part)
	d.cmd.ExtraFiles = []*os.File{slave}
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 3}
	stdin, err := d.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	d.stdin, d.cmd.Stdout = stdin, &d.out
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	d.copied.Add(1)
	go d.watch()
	t.Cleanup(func() {
		_ = d.cmd.Process.Kill()
		_ = d.cmd.Wait()
		slave.Close()
		master.Close()
		d.copied.Wait()
	})
	return d
}

// pollable returns f in a form whose Close ends a Read.
func pollable(t *testing.T, f *os.File) *os.File {
	t.Helper()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := unix.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fd), f.Name())
}

func (d *desk) watch() {
	defer d.copied.Done()
	buf := make([]byte, 4096)
	for {
		n, err := d.master.Read(buf)
		d.mu.Lock()
		d.screen.Write(buf[:n])
		d.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (d *desk) see() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.screen.String()
}

// await waits for text on the screen. The limit only ends a test that would hang.
func (d *desk) await(text string) {
	d.t.Helper()
	for range 1000 {
		if strings.Contains(d.see(), text) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	d.t.Fatalf("the screen never showed %q:\n%q", text, d.see())
}

func (d *desk) typeIn(keys string) {
	if _, err := io.WriteString(d.master, keys); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) sayGo() {
	if _, err := io.WriteString(d.stdin, "go\n"); err != nil {
		d.t.Fatal(err)
	}
}

// result waits for the end of the program and returns what it wrote to stdout.
func (d *desk) result() string {
	_ = d.cmd.Wait()
	return d.out.String()
}

func (d *desk) want(result string) {
	d.t.Helper()
	if got := d.result(); got != result {
		d.t.Errorf("result %q, want %q; screen %q", got, result, d.see())
	}
}

func termios(t *testing.T, f *os.File) unix.Termios {
	t.Helper()
	mode, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return *mode
}

// setRaw does what a full-screen program does.
func setRaw(t *testing.T) func(*os.File) {
	return func(slave *os.File) {
		mode := termios(t, slave)
		mode.Lflag &^= unix.ICANON | unix.ECHO
		if err := unix.IoctlSetTermios(int(slave.Fd()), unix.TCSETS, &mode); err != nil {
			t.Error(err)
		}
	}
}
