//go:build unix

package main

import (
	"io"
	"strings"
	"syscall"
	"testing"
)

// clean checks that the terminal is as it was, that nothing of what was typed is
// left for a shell, and that it would begin on a new line.
func (s *screen) clean() {
	s.w.t.Helper()
	s.unchanged()
	if text := s.shown(); !strings.HasSuffix(text, "\n") {
		s.w.t.Errorf("the cursor stands behind %q", text[strings.LastIndexByte(text, '\n')+1:])
	}
	if text := s.left(); text != "" {
		s.w.t.Errorf("%q is left for the shell", text)
	}
}

// half types half a code.
func (s *screen) half() {
	s.w.t.Helper()
	s.Expect("MFA code: ")
	s.Type("123")
	s.Expect("123")
}

// However the prompt ends, half a code was typed.
func TestAnAbortLeavesTheTerminalClean(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("home/.aws/config", strings.ReplaceAll(profiles, "[profile session]", "[profile session]\ndaypass_prompt_timeout = 5s"))
	idle := w.screen()
	idle.Type("123")
	idle.Expect("123")
	if text := idle.left(); text != "123" {
		t.Fatalf("%q is left of half a line", text)
	}

	signal := func(number syscall.Signal) func(*person) {
		return func(p *person) {
			if err := p.cmd.Process.Signal(number); err != nil {
				t.Fatal(err)
			}
		}
	}
	keys := func(text string) func(*person) { return func(p *person) { p.Type(text) } }
	for _, c := range []struct {
		name, profile string
		abort         func(*person)
		code          int
		says          string
	}{
		{"Ctrl-C", "dev", keys("\x03"), 130, "interrupted"},
		{"Ctrl-Z", "dev", keys("\x1a"), 4, "the prompt was closed"},
		{"Ctrl-D", "dev", keys("\x04\x04"), 4, "the prompt was closed"},
		{"SIGINT", "dev", signal(syscall.SIGINT), 130, "interrupted"},
		{"SIGTERM", "dev", signal(syscall.SIGTERM), 143, "interrupted"},
		{"SIGHUP", "dev", signal(syscall.SIGHUP), 129, "interrupted"},
		{"SIGTSTP", "dev", signal(syscall.SIGTSTP), 4, "the prompt was closed"},
		{"deadline", "session", func(*person) {}, 4, "none was typed in time"},
	} {
		p := w.ask(c.profile)
		p.half()
		c.abort(p)
		t.Log(c.name)
		p.end().failed(c.code, c.says)
		p.clean()
	}

	s := w.shell()
	out := s.called()
	s.half()
	s.kill("caller")
	if _, err := io.ReadAll(out); err != nil {
		t.Fatal(err)
	}
	s.clean()
	s.close()
	w.counts(0, 0)
	w.unlocked()
}

// A standard input that never ends, typed or piped: the first signal ends decode.
func TestASignalEndsTheReadingOfAMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for number, code := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143} {
		cmd := w.command(w.program, "decode", "--profile", "dev")
		s := w.screen()
		cmd.Stdin = s.File()
		p := s.begin(cmd)
		p.Expect("press Enter and Ctrl-D")
		if err := cmd.Process.Signal(number); err != nil {
			t.Fatal(err)
		}
		p.end().failed(code, "interrupted")

		cmd = w.command(w.program, "decode", "--profile", "dev")
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		end := w.begin(cmd)
		// More than a pipe holds: somebody reads.
		if _, err := io.WriteString(in, strings.Repeat("no message here\n", 1<<14)); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Process.Signal(number); err != nil {
			t.Fatal(err)
		}
		end().failed(code, "interrupted")
	}
}
