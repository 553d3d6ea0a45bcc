//go:build unix

package cli

import (
	"os"
	"os/signal"
	"syscall"
)

var endingSignals = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}

// surviveClosedPipes makes writing to a caller that has gone an error: the signal would end the process, with another exit
// code, before the terminal was told.
func surviveClosedPipes() { signal.Ignore(syscall.SIGPIPE) }
