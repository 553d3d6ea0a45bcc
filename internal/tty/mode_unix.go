//go:build linux || darwin

package tty

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// KeepMode remembers the mode of the terminal before another program gets it, which may end without putting it back. Its errors
// are those of Print. The function returned puts the mode back; it does nothing if the terminal is not ours any more: then
// it is another's mode.
func (t *Terminal) KeepMode() (restore func(), err error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	mode, err := unix.IoctlGetTermios(t.fd, getTermios)
	if err != nil {
		return nil, fmt.Errorf("%w: reading its mode: %w", ErrNone, err)
	}
	return func() {
		if t.inForeground() == nil {
			_ = unix.IoctlSetTermios(t.fd, setTermios, mode) // at once: a stalled terminal would never be drained
		}
	}, nil
}

// AskHidden is Flush, Prompt and ReadLine without an echo, for what nobody may see, now or by scrolling back. The echo is off
// before the prompt shows, and back when AskHidden returns, whatever ended it; only a process that is killed cannot see to that.
// The key that would end the process at once (Ctrl-\) means nothing meanwhile.
func (t *Terminal) AskHidden(ctx context.Context, prompt string) (string, error) {
	restore, err := t.setMode(func(mode *unix.Termios) { mode.Lflag = mode.Lflag&^unix.ECHO | unix.ECHONL })
	if err != nil {
		return "", err
	}
	defer restore()
	err = t.Flush()
	if err == nil {
		err = t.Prompt(prompt)
	}
	if err != nil {
		return "", err
	}
	return t.ReadLine(ctx)
}

// Is reports whether f is this terminal too.
func (t *Terminal) Is(f *os.File) bool {
	_, err := unix.IoctlGetInt(int(f.Fd()), unix.TIOCGPGRP) // of the controlling terminal alone
	return err == nil
}

// AskText is Print of invite, and returns what is typed before Ctrl-D, with its newlines; of more than most bytes, the first.
// A line may be of any length: in canonical mode a terminal cuts it, without a word, at 4095 bytes on Linux and at 1024 on macOS
// (https://man7.org/linux/man-pages/man3/termios.3.html), so that it is left until AskText returns, whatever ended it, as by
// AskHidden. The keys that take back a character or a line still do, though the screen shows the keys themselves. Errors are those
// of ReadLine, but for ErrLineTooLong. What was typed and not read is dropped: a shell would end by a second Ctrl-D.
func (t *Terminal) AskText(ctx context.Context, invite string, most int) (string, error) {
	restore, err := t.setMode(func(mode *unix.Termios) {
		mode.Lflag &^= unix.ICANON
		mode.Cc[unix.VMIN], mode.Cc[unix.VTIME] = 1, 0
	})
	if err != nil {
		return "", err
	}
	defer restore()
	if err := t.Print(invite); err != nil {
		return "", err
	}
	text, err := t.readText(ctx, most)
	if t.Flush() == nil && err != nil {
		_ = t.write("\n")
	}
	return text, err
}

func (t *Terminal) readText(ctx context.Context, most int) (string, error) {
	var text []byte
	for ended := false; !ended && len(text) < most; {
		keys, err := t.next(ctx)
		if err != nil {
			return "", err
		}
		text, ended = t.edited(text, keys)
	}
	return string(text[:min(len(text), most)]), nil
}

// edited is text after keys, and whether one of them has ended it: what the terminal itself does with them in canonical mode.
func (t *Terminal) edited(text, keys []byte) (after []byte, ended bool) {
	for _, key := range keys {
		line := bytes.LastIndexByte(text, '\n') + 1
		switch key {
		case t.own.Cc[unix.VEOF]:
			return text, true
		case t.own.Cc[unix.VERASE]:
			_, size := utf8.DecodeLastRune(text[line:])
			text = text[:len(text)-size]
		case t.own.Cc[unix.VKILL]:
			text = text[:line]
		default:
			text = append(text, key)
		}
	}
	return text, false
}

// setMode changes the mode of the terminal. The function returned puts it back, unless another program has changed it since.
// The key that would end the process at once (Ctrl-\) means nothing meanwhile.
func (t *Terminal) setMode(change func(*unix.Termios)) (restore func(), err error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	before, err := unix.IoctlGetTermios(t.fd, getTermios)
	if err != nil {
		return nil, fmt.Errorf("%w: reading its mode: %w", ErrNone, err)
	}
	own := *before
	change(&own)
	own.Cc[unix.VQUIT] = noKey
	if err := unix.IoctlSetTermios(t.fd, setTermios, &own); err != nil {
		return nil, fmt.Errorf("%w: changing its mode: %w", ErrNone, err)
	}
	t.own = &own
	return func() {
		if now, err := unix.IoctlGetTermios(t.fd, getTermios); err == nil && t.isOwn(now) {
			_ = unix.IoctlSetTermios(t.fd, setTermios, before)
		}
		t.own = nil
	}, nil
}

// isOwn reports whether mode is the one that an Ask has set. The kernel of macOS sets and clears PENDIN by itself.
// https://github.com/apple-oss-distributions/xnu/blob/main/bsd/kern/tty.c
func (t *Terminal) isOwn(mode *unix.Termios) bool {
	return t.own != nil && (mode.Lflag^t.own.Lflag)&^unix.PENDIN == 0 && mode.Cc == t.own.Cc
}
