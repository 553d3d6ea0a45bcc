//go:build unix

package mfa

import (
	"errors"
	"os"
	"syscall"
	"testing"
	"time"

	"daypass/internal/tty/ttytest"
)

// leavesGroup starts a program in a group of its own.
func leavesGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// watch returns what waits for its end, and reports whether that came.
func (h hung) watch(*testing.T) (ends func() bool) {
	return func() bool {
		_ = h.SetReadDeadline(time.Now().Add(ttytest.Patience))
		_, err := h.lines.ReadByte()
		return err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
	}
}
