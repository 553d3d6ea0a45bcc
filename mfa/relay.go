package mfa

import (
	"bytes"
	"strings"
	"sync"
	"time"
)

const (
	// pause is how long the end of an unfinished line is awaited: "Touch your key..." must be seen while it waits.
	pause = 200 * time.Millisecond
	// maxRelayed is the longest line that is shown in one piece, in bytes.
	maxRelayed = 1024
)

// relay shows what a child writes on the terminal, line by line and not directly: Print makes it visible, and writes
// nothing while a full-screen program has the terminal.
type relay struct {
	terminal Terminal

	mu      sync.Mutex
	partial []byte
	timer   *time.Timer
}

func (r *relay) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.partial = append(r.partial, p...)
	for {
		line, rest, ok := bytes.Cut(r.partial, []byte("\n"))
		if !ok {
			break
		}
		r.print(line)
		r.partial = rest
	}
	if len(r.partial) > maxRelayed {
		r.print(r.partial)
		r.partial = nil
	}
	if r.timer == nil {
		r.timer = time.AfterFunc(pause, r.flush)
	} else {
		r.timer.Reset(pause)
	}
	return len(p), nil
}

func (r *relay) print(line []byte) {
	_ = r.terminal.Print(strings.TrimRight(string(line), "\r"))
}

// flush shows the line that was not finished.
func (r *relay) flush() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.partial) > 0 {
		r.print(r.partial)
		r.partial = nil
	}
}

// close shows what is left and closes the terminal. Nothing is written after it: a flush that is still to come finds nothing.
func (r *relay) close() {
	r.flush()
	r.terminal.Close()
}
