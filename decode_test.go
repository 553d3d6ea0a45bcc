//go:build unix

package main

import (
	"strings"
	"syscall"
	"testing"
)

// A terminal in canonical mode cuts what is pasted as one line.
func TestALongMessageIsTypedWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	text := strings.Repeat("a line as long as a message may be, ", 250) + "Encoded authorization failure message: " +
		w.sts.Encode("arn:aws:iam::111111111111:user/ana", "ec2:RunInstances", "*")
	for name, end := range map[string]string{"Enter and Ctrl-D": "\r\x04", "Ctrl-D": "\x04"} {
		t.Log(name)
		p := w.decodes()
		p.Type(text + end)
		if got := p.end(); got.code != 0 || !strings.Contains(got.out, "action    ec2:RunInstances\n") || got.err != "" {
			t.Errorf("%d, %q, %q", got.code, got.out, got.err)
		}
	}
}

// Ctrl-Z ends the typing as it ends a question: a stopped process would leave the
// shell a changed terminal. What was typed is not for the shell either.
func TestTheTypingOfAMessageIsStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, stop := range map[string]func(*person){
		"Ctrl-Z":  func(p *person) { p.Type("\x1a") },
		"SIGTSTP": func(p *person) { _ = p.cmd.Process.Signal(syscall.SIGTSTP) },
	} {
		t.Log(name)
		p := w.decodes()
		p.Type("half a line")
		p.Expect("half a line")
		stop(p)
		p.end().failed(4, "the message was not read to its end: suspended from the keyboard")
		if left := p.left(); left != "" {
			t.Errorf("the shell gets %q", left)
		}
	}
	w.counts(0, 0)
}

// decodes starts decode, and has it ask for the message.
func (w *world) decodes() *person {
	w.t.Helper()
	cmd := w.command(w.program, "decode", "--profile", "session")
	s := w.screen()
	cmd.Stdin = s.File()
	p := s.begin(cmd)
	p.Expect("press Enter and Ctrl-D")
	return p
}
