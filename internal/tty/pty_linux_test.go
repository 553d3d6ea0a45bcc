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
	"syscall"
	"testing"

	"daypass/internal/tty/ttytest"

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
	"hidden":      func() error { return playHidden(func() {}) },
	"hidden away": func() error { return playHidden(func() { _ = giveAway() }) },
	"text":        func() error { return playText(func() {}) },
	"text away":   func() error { return playText(func() { _ = giveAway() }) },
	"read on go":  func() error { awaitGo(); return playRead() },
	"read twice":  playReadTwice,
	"print on go": playPrint,
	"lend":        func() error { return playLend(func() error { return nil }) },
	"lend away":   func() error { return playLend(giveAway) },
	"background":  func() error { return start("open", &syscall.SysProcAttr{Setpgid: true}).Wait() },
	"lose it":     playLoseIt,
	"hang up":     playHangUp,
	"survive":     func() error { signal.Ignore(syscall.SIGHUP); return playRead() },
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

// playHidden reads a line without an echo, and a moment after it has asked does do.
func playHidden(do func()) error {
	return playAsk(do, func(ctx context.Context, term *Terminal) (string, error) { return term.AskHidden(ctx, "secret: ") })
}

// playText reads a text, and a moment after it has asked does do.
func playText(do func()) error {
	return playAsk(do, func(ctx context.Context, term *Terminal) (string, error) { return term.AskText(ctx, "text?", mostText) })
}

// mostText is what AskText is told to take at most.
const mostText = 20000

func playAsk(do func(), ask func(context.Context, *Terminal) (string, error)) error {
	term, err := Open()
	if err != nil {
		return err
	}
	defer term.Close()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, done := CatchSuspend(ctx)
	defer done()
	go func() { awaitGo(); do() }()
	line, err := ask(ctx, term)
	if err != nil {
		return err
	}
	fmt.Printf("line: %q\n", line)
	return nil
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

// playLend makes the terminal raw, as a program that it is lent to, and then puts its mode back. Meanwhile it does do.
func playLend(do func() error) error {
	term, err := Open()
	if err != nil {
		return err
	}
	restore, err := term.KeepMode()
	if err != nil {
		return err
	}
	mode := unix.Termios{Oflag: unix.OPOST, Cflag: unix.CS8 | unix.CREAD}
	if err := unix.IoctlSetTermios(term.fd, setTermios, &mode); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	restore()
	return nil
}

// giveAway gives the terminal to another process group.
func giveAway() error {
	other := exec.Command(os.Args[0])
	other.Env, other.SysProcAttr = playing("read on go"), &syscall.SysProcAttr{Setpgid: true}
	stdin, err := other.StdinPipe()
	if err != nil {
		return err
	}
	defer stdin.Close()
	if err := other.Start(); err != nil {
		return err
	}
	return unix.IoctlSetPointerInt(3, unix.TIOCSPGRP, other.Process.Pid)
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

// playHangUp starts a program that asks, and when told, takes the terminal from it by ending the session.
func playHangUp() error {
	start("survive", &syscall.SysProcAttr{Setpgid: true, Foreground: true, Ctty: 3})
	awaitGo()
	return nil
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
	*ttytest.Terminal
	t     *testing.T
	cmd   *exec.Cmd
	stdin io.Writer
	out   bytes.Buffer
}

// sit starts part as the leader of a session on a new terminal; prepare may change the terminal first.
func sit(t *testing.T, part string, prepare ...func(terminal *os.File)) *desk {
	t.Helper()
	d := &desk{Terminal: ttytest.New(t), t: t, cmd: exec.Command(os.Args[0])}
	for _, p := range prepare {
		p(d.File())
	}
	d.cmd.Env, d.cmd.Stdout = playing(part), &d.out
	stdin, err := d.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	d.stdin = stdin
	d.Start(d.cmd)
	return d
}

func (d *desk) sayGo() {
	if _, err := io.WriteString(d.stdin, "go\n"); err != nil {
		d.t.Fatal(err)
	}
}

// result waits for the end of the program and returns what it wrote to stdout.
func (d *desk) result() string {
	d.Wait(d.cmd)
	return d.out.String()
}

func (d *desk) want(result string) {
	d.t.Helper()
	if got := d.result(); got != result {
		d.t.Errorf("result %q, want %q; screen %q", got, result, d.Output())
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
	return func(terminal *os.File) {
		mode := termios(t, terminal)
		mode.Lflag &^= unix.ICANON | unix.ECHO
		if err := unix.IoctlSetTermios(int(terminal.Fd()), unix.TCSETS, &mode); err != nil {
			t.Error(err)
		}
	}
}
