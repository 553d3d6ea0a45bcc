package mfa

import (
	"syscall"
	"testing"

	"golang.org/x/sys/windows"

	"daypass/internal/tty/ttytest"
)

// leavesGroup starts a program outside of the job.
func leavesGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: windows.CREATE_BREAKAWAY_FROM_JOB}
}

// watch returns what waits for its end, and reports whether that came. The connection does not tell: on a busy machine Wine 8
// may leave that of a killed program open.
func (h hung) watch(t *testing.T) (ends func() bool) {
	t.Helper()
	process, err := windows.OpenProcess(windows.SYNCHRONIZE, false, uint32(h.pid))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = windows.CloseHandle(process) })
	return func() bool {
		event, err := windows.WaitForSingleObject(process, uint32(ttytest.Patience.Milliseconds()))
		return event == windows.WAIT_OBJECT_0 && err == nil
	}
}
