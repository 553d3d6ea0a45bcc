//go:build unix

package mfa

import (
	"os/exec"
	"syscall"
)

// ownGroup gives the child a process group, killed whole when its context ends: `sh -c` would die alone.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}

// withoutConsole does nothing: there are no consoles here.
func withoutConsole(*syscall.SysProcAttr) {}

// processGroup tells apart what was typed as one command from what is typed afresh.
func processGroup() int { return syscall.Getpgrp() }
