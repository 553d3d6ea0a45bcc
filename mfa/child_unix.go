//go:build unix

package mfa

import (
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// ownGroup gives the child a process group, killed whole when its context ends: `sh -c` would die alone.
func ownGroup(cmd *exec.Cmd) (start func() error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd.Start
}

// withoutConsole does nothing: there are no consoles here.
func withoutConsole(*syscall.SysProcAttr) {}

// oneCommand is a number of what was typed as one command: its process group. Below $(...) that is the interactive shell's own,
// the same for all that is ever typed; then it is the program that called, negative.
func oneCommand() int {
	group := syscall.Getpgrp()
	if leader, err := unix.Getsid(0); err == nil && leader == group && group != os.Getpid() {
		return -callerPID()
	}
	return group
}
