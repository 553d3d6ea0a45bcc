//go:build unix

package main

import (
	"os/exec"
	"syscall"

	"daypass/internal/keyring/keyringtest"
)

// otherPrograms are what the test binary can be on this platform besides daypass.
func otherPrograms() map[string]func() {
	return map[string]func(){"forbid": keyringtest.ForbidAndRun, "join": keyringtest.JoinAndRun}
}

// homeVariables say where the home is.
func homeVariables(home string) []string { return []string{"HOME=" + home} }

// leaveTerminal takes this process off whatever terminal the tests run on: a
// script that expects nobody to be asked must not ask the developer.
func leaveTerminal() { _, _ = syscall.Setsid() }

// withoutTerminal makes cmd a process without a terminal.
func withoutTerminal(cmd *exec.Cmd) { cmd.SysProcAttr.Setsid = true }

// runAs makes cmd a process of that user.
func runAs(cmd *exec.Cmd, uid uint32) {
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uid, Gid: uid}
}
