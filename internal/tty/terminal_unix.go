//go:build linux || darwin

package tty

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// tick is how often a waiting ReadLine looks whether it may go on waiting.
	tick = 50 * time.Millisecond
	// stallTicks is how many ticks a write waits for a terminal that takes nothing.
	stallTicks = 20
)

// Terminal is the controlling terminal of this process, opened for itself: closing it or its being non-blocking
// concerns nobody else. It is for one goroutine; only Print may be called beside another call.
type Terminal struct {
	fd  int
	id  string
	own *unix.Termios // the mode that an Ask has set, nil while it is that of others
}

// Open opens /dev/tty. Without a terminal, in its background, or when a full-screen program uses it, it opens nothing
// and returns an error that wraps ErrNone, ErrBackground or ErrRaw. It calls IgnoreStops.
func Open() (*Terminal, error) {
	IgnoreStops()
	t, err := openDevice()
	if err != nil {
		return nil, err
	}
	if err := t.check(); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// ID returns what the method ID does, even of a terminal that Open would not open. Its error wraps ErrNone.
func ID() (string, error) {
	t, err := openDevice()
	if err != nil {
		return "", err
	}
	return t.ID(), t.Close()
}

func openDevice() (*Terminal, error) {
	fd, err := unix.Open("/dev/tty", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("%w: opening /dev/tty: %w", ErrNone, err)
	}
	t := &Terminal{fd: fd}
	if err := t.setUp(); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return t, nil
}

func (t *Terminal) setUp() error {
	if t.fd >= unix.FD_SETSIZE {
		return fmt.Errorf("%w: too many open files to wait for it", ErrNone)
	}
	device, err := deviceNumber(t.fd)
	if err != nil {
		return fmt.Errorf("%w: reading its device number: %w", ErrNone, err)
	}
	t.id = fmt.Sprintf("%x", device)
	return nil
}

// ID returns a name of the terminal that is the same in every process which has it as its controlling terminal, and
// fit for a file name.
func (t *Terminal) ID() string { return t.id }

// Print writes line, made Visible, and a newline. If the terminal may not be written to, nothing is, and the error
// wraps ErrNone, ErrBackground, ErrRaw or ErrStalled.
func (t *Terminal) Print(line string) error {
	return t.write(Visible(line) + "\n")
}

// Prompt writes text, made Visible, and leaves the cursor behind it. Errors are those of Print.
func (t *Terminal) Prompt(text string) error {
	return t.write(Visible(text))
}

// Flush drops what was typed and not read yet. Errors are those of Print.
func (t *Terminal) Flush() error {
	if err := t.check(); err != nil {
		return err
	}
	if err := flushInput(t.fd); err != nil {
		return fmt.Errorf("dropping the terminal's type-ahead: %w", err)
	}
	return nil
}

// Close closes the terminal.
func (t *Terminal) Close() error {
	return unix.Close(t.fd)
}

// ReadLine returns the next line that is typed, without its newline. Its errors: io.EOF for Ctrl-D; the cause of ctx
// when that is cancelled; ErrLineTooLong; ErrNone, ErrBackground or ErrRaw when the terminal was taken away meanwhile,
// in which case nothing of what is typed was read. No reader stays behind to eat the next keys. If no line was
// typed and the terminal is still ours, half a line is dropped, lest a shell should get it, and the cursor put on a
// new line.
func (t *Terminal) ReadLine(ctx context.Context) (string, error) {
	line, err := t.readLine(ctx)
	if err != nil && !errors.Is(err, ErrLineTooLong) && t.Flush() == nil {
		_ = t.write("\n")
	}
	return line, err
}

func (t *Terminal) readLine(ctx context.Context) (string, error) {
	var line []byte
	tooLong := false
	for {
		part, err := t.next(ctx)
		if err != nil {
			return "", err
		}
		line = append(line, part...)
		tooLong = tooLong || len(line) > MaxLine
		end := len(line) - 1
		switch {
		case end < 0 || line[end] != '\n':
			line = line[:min(len(line), MaxLine)]
		case tooLong:
			return "", ErrLineTooLong
		default:
			return string(line[:end]), nil
		}
	}
}

// next waits at most a tick and returns what can be read, nil if there is nothing yet.
func (t *Terminal) next(ctx context.Context) ([]byte, error) {
	readable, err := t.wait(false)
	if err != nil {
		return nil, err
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if err := t.check(); err != nil {
		return nil, lost(ctx, err)
	}
	if !readable {
		return nil, nil
	}
	buf := make([]byte, MaxLine)
	n, err := unix.Read(t.fd, buf)
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		return nil, nil
	case errors.Is(err, unix.EIO):
		// Where the process groups cannot be compared (another PID namespace), the kernel says it this way.
		return nil, fmt.Errorf("reading: %w", ErrBackground)
	case err != nil:
		return nil, fmt.Errorf("%w: reading: %w", ErrNone, err)
	case n == 0:
		return nil, io.EOF
	}
	return buf[:n], nil
}

// lost returns why the terminal was lost. Often that is the same key, hang-up or end of the caller that cancels ctx, word of
// which may still be on its way: that cause goes before err.
func lost(ctx context.Context, err error) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(3 * tick):
		return err
	}
}

// check says whether the terminal is still ours to write to and to read from.
func (t *Terminal) check() error {
	if err := t.inForeground(); err != nil {
		return err
	}
	mode, err := unix.IoctlGetTermios(t.fd, getTermios)
	if err != nil {
		return fmt.Errorf("%w: reading its mode: %w", ErrNone, err)
	}
	if mode.Lflag&unix.ICANON == 0 && !t.isOwn(mode) {
		return ErrRaw
	}
	return nil
}

func (t *Terminal) inForeground() error {
	foreground, err := unix.IoctlGetInt(t.fd, unix.TIOCGPGRP)
	if err != nil {
		return fmt.Errorf("%w: reading its foreground process group: %w", ErrNone, err)
	}
	if foreground != unix.Getpgrp() {
		return ErrBackground
	}
	return nil
}

func (t *Terminal) write(text string) error {
	if err := t.check(); err != nil {
		return err
	}
	stalled := 0
	for len(text) > 0 {
		n, err := unix.Write(t.fd, []byte(text))
		switch {
		case err == nil:
			text, stalled = text[n:], 0
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EAGAIN) && stalled < stallTicks:
			stalled++
			if _, err := t.wait(true); err != nil {
				return err
			}
		case errors.Is(err, unix.EAGAIN):
			return ErrStalled
		default:
			return fmt.Errorf("%w: writing: %w", ErrNone, err)
		}
	}
	return nil
}

// wait waits a tick for input, or for room for output, and reports whether it came. It is select and not poll,
// since poll refuses /dev/tty on macOS.
func (t *Terminal) wait(output bool) (bool, error) {
	var set unix.FdSet
	set.Set(t.fd)
	in, out := &set, (*unix.FdSet)(nil)
	if output {
		in, out = nil, &set
	}
	limit := unix.NsecToTimeval(tick.Nanoseconds())
	n, err := unix.Select(t.fd+1, in, out, nil, &limit)
	if err != nil && !errors.Is(err, unix.EINTR) {
		return false, fmt.Errorf("%w: waiting for it: %w", ErrNone, err)
	}
	return n > 0, nil
}
