//go:build unix

package main

import (
	"bytes"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"daypass/internal/tty/ttytest"
)

// screen is a terminal where somebody sits.
type screen struct {
	*ttytest.Terminal
	w      *world
	before string
}

func (w *world) screen() *screen {
	w.t.Helper()
	term := ttytest.New(w.t)
	return &screen{term, w, term.Settings()}
}

// answer types a code when it is asked for.
func (s *screen) answer(code string) {
	s.w.t.Helper()
	s.Expect("MFA code: ")
	s.Type(code + "\r")
}

// unchanged checks that the terminal is as it was.
func (s *screen) unchanged() {
	s.w.t.Helper()
	if after := s.Settings(); after != s.before {
		s.w.t.Errorf("the terminal was\n%s\nand is\n%s", s.before, after)
	}
}

// stty changes the terminal's modes, as another program does that was there before.
func (s *screen) stty(modes ...string) {
	s.w.t.Helper()
	cmd := exec.Command("stty", modes...)
	cmd.Stdin = s.File()
	if out, err := cmd.CombinedOutput(); err != nil {
		s.w.t.Fatalf("stty %q: %v\n%s", modes, err, out)
	}
	s.before = s.Settings()
}

// left is what was typed and not read, for the program that reads the terminal
// next. Return ended it.
func (s *screen) left() string {
	s.w.t.Helper()
	const end = "end of the keys"
	s.Type(end + "\r")
	keys := make(chan string, 1)
	go func() {
		var read []byte
		key := make([]byte, 1)
		for !strings.HasSuffix(string(read), end+"\n") && !strings.HasSuffix(string(read), end+"\r") {
			if n, err := s.File().Read(key); n == 0 || err != nil {
				break
			}
			read = append(read, key[0])
		}
		keys <- string(read)
	}()
	select {
	case read := <-keys:
		before, _, found := strings.Cut(read, end)
		if !found {
			s.w.t.Fatalf("the keys cannot be read: %q", read)
		}
		return before
	case <-time.After(ttytest.Patience):
		s.w.t.Fatal("somebody else reads the keys")
	}
	return ""
}

// shown is all that was to be seen, when nothing writes there any more.
func (s *screen) shown() string { return shown(s.Terminal) }

// prompts is how many of them a terminal shows.
func prompts(shown string) int { return strings.Count(shown, "MFA code: ") }

// person is a program on a terminal, as a person has it.
type person struct {
	*screen
	cmd      *exec.Cmd
	out, err bytes.Buffer
}

// begin starts cmd on the terminal, with pipes for what it writes.
func (s *screen) begin(cmd *exec.Cmd) *person {
	s.w.t.Helper()
	p := &person{screen: s, cmd: cmd}
	cmd.Stdout, cmd.Stderr = &p.out, &p.err
	s.Start(cmd)
	return p
}

// ask starts the getting of a profile's credentials on a terminal of its own.
func (w *world) ask(profile string) *person {
	w.t.Helper()
	return w.screen().begin(w.command(w.program, "credential-process", "--profile", profile))
}

// end waits for the end, which must leave the terminal as it was.
func (p *person) end() answered {
	p.w.t.Helper()
	code := p.Wait(p.cmd)
	p.unchanged()
	return answered{p.w.t, p.out.String(), p.err.String(), code}
}

// shell is a terminal in whose foreground many programs run at once.
type shell struct {
	*screen
	cmd   *exec.Cmd
	lines io.WriteCloser
}

// shell starts a shell that runs the lines it is sent. It reads them from a pipe:
// what is typed is for the programs.
func (w *world) shell() *shell {
	w.t.Helper()
	s := &shell{screen: w.screen(), cmd: w.command("sh", "-c", `while read -r line; do eval "$line"; done; wait`)}
	lines, err := s.cmd.StdinPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	s.lines = lines
	s.Start(s.cmd)
	return s
}

// start starts the getting of a profile's credentials. The name tells one from
// another.
func (s *shell) start(name, profile string) {
	s.w.t.Helper()
	s.run(name, "credential-process --profile "+profile)
}

// run starts a command under a name.
func (s *shell) run(name, command string) {
	s.w.t.Helper()
	s.line(fmt.Sprintf("{ '%s' %s >%[3]s.out 2>%[3]s.err & echo $! >%[3]s.pid; wait $!; echo $? >%[3]s.end; } </dev/null &", s.w.program, command, name))
}

func (s *shell) line(line string) {
	s.w.t.Helper()
	if _, err := fmt.Fprintln(s.lines, line); err != nil {
		s.w.t.Fatal(err)
	}
}

// end waits for the end of what was started under that name.
func (s *shell) end(name string) (got answered) {
	s.w.t.Helper()
	s.w.until(name+" ends", func() (ended bool) { got, ended = s.w.ending(name); return ended })
	return got
}

// ending is how what was started under that name has ended, if it has.
func (w *world) ending(name string) (got answered, ended bool) {
	text := w.read(name + ".end")
	if !strings.HasSuffix(text, "\n") {
		return answered{}, false
	}
	var code int
	_, _ = fmt.Sscan(text, &code)
	return answered{w.t, w.read(name + ".out"), w.read(name + ".err"), code}, true
}

// pid is the id of what was started under that name.
func (s *shell) pid(name string) (pid int) {
	s.w.t.Helper()
	s.w.until("the id of "+name, func() bool { n, _ := fmt.Sscan(s.w.read(name+".pid"), &pid); return n == 1 })
	return pid
}

// kill kills what was started under that name.
func (s *shell) kill(name string) {
	s.w.t.Helper()
	if err := syscall.Kill(s.pid(name), syscall.SIGKILL); err != nil {
		s.w.t.Fatal(err)
	}
}

// close ends the shell when all that it started has ended.
func (s *shell) close() {
	s.w.t.Helper()
	_ = s.lines.Close()
	s.Wait(s.cmd)
	s.unchanged()
}
