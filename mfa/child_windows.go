package mfa

import (
	"os/exec"
	"syscall"
)

// ownGroup keeps Ctrl-C from the child, as a process group does elsewhere. Only the child itself is killed when its
// context ends.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// processGroup is not known: no two processes count as one command.
func processGroup() int { return 0 }
