package mfa

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"daypass/internal/tty/ttytest"
)

// hung is a program that the child has started, which says what it is told.
type hung struct {
	net.Conn
	lines *bufio.Reader
	pid   int
}

// answers reports whether it is still there.
func (h hung) answers() bool {
	fmt.Fprintln(h, "still here?")
	line, err := h.lines.ReadString('\n')
	return err == nil && line == "still here?\n"
}

// starts has a ask a child that plays part and starts a program, which is returned with the end of the question. elapse
// brings the deadline.
func starts(t *testing.T, a *Asker, part string) (h hung, ended <-chan error, elapse func()) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(ttytest.Patience, func() { listener.Close() })
	defer late.Stop()
	defer listener.Close()
	r, deadline := dev, make(chan time.Time)
	r.Until = time.Now().Add(time.Hour)
	a.After = func(time.Duration) <-chan time.Time { return deadline }
	ended = beside(t, runs(a, part+" "+listener.Addr().String()), r, sts(Accepted).try)
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	h = hung{Conn: conn, lines: bufio.NewReader(conn)}
	if _, err := fmt.Fscanln(h.lines, &h.pid); err != nil || !h.answers() {
		t.Fatalf("the program that the child has started does not answer, %v", err)
	}
	return h, ended, func() { close(deadline) }
}

// A program that goes on in the background (an agent) does not keep anybody waiting, and is left alone.
func TestProcessLeavesSomethingBehind(t *testing.T) {
	h, ended, _ := starts(t, asker(t, types()), "leave")
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if !h.answers() {
		t.Error("it was ended")
	}
}

// The deadline kills what the program started too.
func TestDeadlineKillsTheWholeGroup(t *testing.T) {
	a := asker(t, types())
	h, ended, elapse := starts(t, a, "hang")
	ends := h.watch(t)
	elapse()
	if err := <-ended; !errors.Is(err, ErrTimedOut) {
		t.Errorf("error %v", err)
	}
	if !ends() {
		t.Error("the grandchild goes on")
	}
	if m := recall(a.State, dev.Serial, a.now); m.Failures[inProgram].Kind != kindTimedOut {
		t.Errorf("the time-out is not remembered: %+v", m.Failures)
	}
}

// What has left the group is no longer the program's: an agent for all to come.
func TestDeadlineSparesWhatLeftTheGroup(t *testing.T) {
	h, ended, elapse := starts(t, asker(t, types()), "found")
	elapse()
	if err := <-ended; !errors.Is(err, ErrTimedOut) {
		t.Errorf("error %v", err)
	}
	if !h.answers() {
		t.Error("it was ended")
	}
}
