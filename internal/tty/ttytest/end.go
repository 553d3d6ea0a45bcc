package ttytest

import (
	"os/exec"
	"syscall"
	"time"
)

// Patience is how long Expect and Wait wait before they give a test up. It is no
// measure of anything.
const Patience = 60 * time.Second

// ExitCode is the exit code in an error of exec's: 0 for nil, -1 if the command
// did not run.
func ExitCode(err error) int {
	exit, ok := err.(*exec.ExitError)
	switch {
	case err == nil:
		return 0
	case !ok:
		return -1
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return exit.ExitCode()
}
