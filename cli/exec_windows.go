package cli

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// currentFolderCounts: Windows looks there first, for which nobody has asked.
const currentFolderCounts = false

// runProgram runs the program at path, which cannot take the place of this
// process here, to its end. Console events reach both: this process passes over
// them, so that the program alone decides what they mean, and is there to tell
// its exit code.
// https://learn.microsoft.com/windows/console/ctrl-c-and-ctrl-break-signals
func runProgram(path string, command, environ []string) error {
	signal.Notify(make(chan os.Signal, 1), os.Interrupt, syscall.SIGTERM)
	cmd := exec.Command(path)
	cmd.Args, cmd.Env = command, environ
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return toldError{exit.ExitCode()}
	case err != nil:
		return &programError{command[0], reason(err)}
	}
	return nil
}
