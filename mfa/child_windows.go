package mfa

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// ownGroup keeps Ctrl-C from the child, as a process group does elsewhere. Only the child itself is killed when its
// context ends.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// withoutConsole keeps a console window from flashing up when this process has none, as below an IDE. To hide it instead
// would hide the program's first own window too (https://learn.microsoft.com/windows/win32/procthread/process-creation-flags).
func withoutConsole(attr *syscall.SysProcAttr) { attr.CreationFlags |= windows.CREATE_NO_WINDOW }

// oneCommand is not known: no two processes count as one command.
func oneCommand() int { return 0 }
