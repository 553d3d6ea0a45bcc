package mfa

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// leavesGroup starts a program outside of the job.
func leavesGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: windows.CREATE_BREAKAWAY_FROM_JOB}
}
