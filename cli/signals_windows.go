package cli

import (
	"io"
	"os"
)

var endingSignals = []os.Signal{os.Interrupt}

// surviveClosedPipes does nothing: there is no such signal.
func surviveClosedPipes() {}

// readerGone is never known.
func readerGone(io.Writer) bool { return false }
