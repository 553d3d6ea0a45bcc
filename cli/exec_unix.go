//go:build unix

package cli

import (
	"errors"
	"syscall"
)

// currentFolderCounts: a PATH with the current folder in it is what the person
// wants.
const currentFolderCounts = true

// runProgram makes this process the program at path. It returns only if that
// fails.
func runProgram(path string, command, environ []string) error {
	err := syscall.Exec(path, command, environ)
	if errors.Is(err, syscall.ENOEXEC) { // a script without #!, which shells run all the same, as execvp(3) does
		err = syscall.Exec("/bin/sh", append([]string{"sh", "--", path}, command[1:]...), environ)
	}
	return &programError{command[0], err}
}
