package main

import (
	"os/exec"

	"golang.org/x/sys/windows"
)

// otherPrograms are what the test binary can be on this platform besides daypass.
func otherPrograms() map[string]func() {
	return map[string]func(){"console": console, "hear": hear, "say": say}
}

// homeVariables say where the home is, and where what programs keep for themselves.
func homeVariables(home string) []string {
	return []string{"USERPROFILE=" + home, "LOCALAPPDATA=" + home + `\AppData\Local`}
}

func leaveTerminal() {}

// withoutTerminal gives cmd a console that has no window, where daypass asks nobody.
func withoutTerminal(cmd *exec.Cmd) { cmd.SysProcAttr.CreationFlags |= windows.CREATE_NO_WINDOW }

// runAs is for where tests may be those of root.
func runAs(*exec.Cmd, uint32) { panic("tests do not run as another user here") }
