package tty

import (
	"context"
	"fmt"
	"io"
	"time"
	"unicode/utf16"
	"unsafe"

	"golang.org/x/sys/windows"
)

// tick is how often a waiting ReadLine looks whether it may go on waiting.
const tick = 50 * time.Millisecond

// Terminal is the console of this process, opened for itself (CONIN$ and CONOUT$). It is for one goroutine; only
// Print may be called beside another call.
type Terminal struct {
	in, out windows.Handle
	id      string
}

// Open opens the console. Without one that has a window (a program started by an IDE has a hidden console that nobody
// can type on), or when a full-screen program uses it, it opens nothing and returns an error that wraps ErrNone or
// ErrRaw. Windows knows no background.
func Open() (*Terminal, error) {
	id, err := ID()
	if err != nil {
		return nil, err
	}
	in, err := openConsole("CONIN$")
	if err != nil {
		return nil, err
	}
	out, err := openConsole("CONOUT$")
	if err != nil {
		windows.CloseHandle(in)
		return nil, err
	}
	t := &Terminal{in: in, out: out, id: id}
	if err := t.check(); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// ID returns what the method ID does, even of a console that Open would not open. Its error wraps ErrNone.
func ID() (string, error) {
	window, _, _ := windows.NewLazySystemDLL("kernel32.dll").NewProc("GetConsoleWindow").Call()
	if window == 0 {
		return "", fmt.Errorf("%w: no console window", ErrNone)
	}
	return fmt.Sprintf("%x", window), nil
}

func openConsole(name string) (windows.Handle, error) {
	path, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return 0, err
	}
	h, err := windows.CreateFile(path, windows.GENERIC_READ|windows.GENERIC_WRITE,
		windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE, nil, windows.OPEN_EXISTING, 0, 0)
	if err != nil {
		return 0, fmt.Errorf("%w: opening %s: %w", ErrNone, name, err)
	}
	return h, nil
}

// IgnoreStops does nothing here: Windows stops no process for using its console.
func IgnoreStops() {}

// KeepRunning does nothing: Windows has no Ctrl-Z signal.
func KeepRunning() {}

// CatchSuspend returns a child of ctx. Windows has no Ctrl-Z signal: at the prompt that key ends the input (io.EOF).
func CatchSuspend(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}

// ID returns a name of the console that is the same in every process on it, and fit for a file name.
func (t *Terminal) ID() string { return t.id }

// Print writes line, made Visible, and a newline. If the console may not be written to, nothing is, and the error
// wraps ErrNone or ErrRaw.
func (t *Terminal) Print(line string) error {
	return t.write(Visible(line) + "\r\n")
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
	if err := windows.FlushConsoleInputBuffer(t.in); err != nil {
		return fmt.Errorf("dropping the console's type-ahead: %w", err)
	}
	return nil
}

// Close closes the console.
func (t *Terminal) Close() error {
	windows.CloseHandle(t.in)
	return windows.CloseHandle(t.out)
}

// ReadLine returns the next line that is typed, without its end. Its errors: io.EOF for Ctrl-Z and Ctrl-D; the cause
// of ctx when that is cancelled; ErrLineTooLong; ErrNone or ErrRaw when the console was taken away meanwhile. It
// reads and echoes key by key, since a ReadConsole once begun waits for Enter and would eat the next keys. If no line was
// typed and the console is still ours, the cursor is put on a new line.
func (t *Terminal) ReadLine(ctx context.Context) (string, error) { return t.readLine(ctx, t.write) }

// AskHidden is Flush, Prompt and ReadLine without an echo, for what nobody may see, now or by scrolling back. It changes no
// mode of the console, which never echoes by itself what is read key by key.
func (t *Terminal) AskHidden(ctx context.Context, prompt string) (string, error) {
	err := t.Flush()
	if err == nil {
		err = t.Prompt(prompt)
	}
	if err != nil {
		return "", err
	}
	return t.readLine(ctx, func(string) error { return nil })
}

func (t *Terminal) readLine(ctx context.Context, echo func(string) error) (string, error) {
	var line []uint16
	for {
		k, err := t.key(ctx)
		if err == nil && (k == ctrlD || k == ctrlZ) {
			err = io.EOF
		}
		if err != nil {
			_ = t.write("\r\n")
			return "", err
		}
		switch {
		case k == '\r' || k == '\n':
			return t.enter(line)
		case k == '\b' && len(line) > 0:
			line = line[:len(line)-1]
			err = echo("\b \b")
		case k >= ' ' && len(line) <= MaxLine:
			line = append(line, k)
			err = echo(string(utf16.Decode([]uint16{k})))
		}
		if err != nil {
			return "", err
		}
	}
}

const (
	ctrlD = 0x04
	ctrlZ = 0x1a
)

func (t *Terminal) enter(line []uint16) (string, error) {
	if err := t.write("\r\n"); err != nil {
		return "", err
	}
	if len(line) >= MaxLine {
		return "", ErrLineTooLong
	}
	return string(utf16.Decode(line)), nil
}

// keyRecord is an INPUT_RECORD with a KEY_EVENT_RECORD in it:
// https://learn.microsoft.com/windows/console/input-record-str
type keyRecord struct {
	eventType uint16
	_         uint16
	down      int32
	repeat    uint16
	keyCode   uint16
	scanCode  uint16
	char      uint16
	control   uint32
}

const keyEvent = 1

// key waits for the next key that stands for a character.
func (t *Terminal) key(ctx context.Context) (uint16, error) {
	read := windows.NewLazySystemDLL("kernel32.dll").NewProc("ReadConsoleInputW")
	for {
		event, err := windows.WaitForSingleObject(t.in, uint32(tick.Milliseconds()))
		if err != nil {
			return 0, fmt.Errorf("%w: waiting for it: %w", ErrNone, err)
		}
		if err := context.Cause(ctx); err != nil {
			return 0, err
		}
		if err := t.check(); err != nil {
			return 0, err
		}
		if event != windows.WAIT_OBJECT_0 {
			continue
		}
		var record keyRecord
		var n uint32
		ok, _, err := read.Call(uintptr(t.in), uintptr(unsafe.Pointer(&record)), 1, uintptr(unsafe.Pointer(&n)))
		if ok == 0 {
			return 0, fmt.Errorf("%w: reading: %w", ErrNone, err)
		}
		if n == 1 && record.eventType == keyEvent && record.down != 0 && record.char != 0 {
			return record.char, nil
		}
	}
}

// check says whether the console is still there and reads lines.
func (t *Terminal) check() error {
	var mode uint32
	if err := windows.GetConsoleMode(t.in, &mode); err != nil {
		return fmt.Errorf("%w: reading its mode: %w", ErrNone, err)
	}
	if mode&windows.ENABLE_LINE_INPUT == 0 {
		return ErrRaw
	}
	return nil
}

func (t *Terminal) write(text string) error {
	if err := t.check(); err != nil {
		return err
	}
	for rest := utf16.Encode([]rune(text)); len(rest) > 0; {
		var n uint32
		if err := windows.WriteConsole(t.out, &rest[0], uint32(len(rest)), &n, nil); err != nil {
			return fmt.Errorf("%w: writing: %w", ErrNone, err)
		}
		rest = rest[n:]
	}
	return nil
}
