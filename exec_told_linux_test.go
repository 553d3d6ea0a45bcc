package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Who sees what the command writes is told once how long the credentials live,
// before it begins; on a hit too. Scripts are told nothing.
func TestExecTellsWhoSeesTheCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	config := profiles
	for _, name := range []string{"dev", "ops"} {
		head := "[profile " + name + "]\n"
		config = strings.Replace(config, head, head+"credential_process = daypass credential-process --profile "+name+"\n", 1)
	}
	w.write("home/.aws/config", config)
	w.loggedIn()
	c := w.console()
	const told = ` is good until `
	const renews = ` ... renews by itself`
	for _, test := range []struct {
		line          string
		times, renews int // the second: that AWS_PROFILE would do as well
	}{
		{"daypass exec dev -- printf '%s' over", 1, 1},
		{"daypass exec dev -- daypass exec ops -- printf '%s' over", 2, 1}, // inside, the keys go before AWS_PROFILE
		{"eval \"$(daypass export dev)\"; daypass exec ops -- printf '%s' over; eval \"$(daypass export --unset)\"", 1, 0},
		{"daypass exec dev --region eu-north-1 -- printf '%s' over", 1, 0},
		{"daypass exec dev --mfa-max-age 12h -- printf '%s' over", 1, 0},
		{"daypass exec dev --role-session-name other -- printf '%s' over", 1, 0},
		{"daypass exec dev -- sh -c 'printf %s over >&2'", 1, 1},
		{"daypass exec dev --no-prompt -- printf '%s' over", 0, 0},
		{"DAYPASS_NO_PROMPT=1 daypass exec dev -- printf '%s' over", 0, 0},
		{"daypass exec dev -- printf '%s' over 2>/dev/null", 0, 0},
		{"daypass exec dev -- printf '%s' over >seen; cat seen", 0, 0},
		{"daypass exec dev -- printf '%s' over | cat", 0, 0},
		{"daypass exec dev -- printf '%s' over </dev/null", 1, 1},
		{"seen=$(daypass exec dev -- printf '%s' over); echo $seen", 0, 0},
		{"daypass exec dev -- printf '%s' over & wait $!", 0, 0}, // the terminal is the shell's
		{"was=$(stty -g); stty raw; daypass exec dev -- printf '%s' over; stty $was", 0, 0},
		{"stty -echo; daypass exec dev -- printf '%s' over; stty $was", 1, 1},
	} {
		c.run(test.line)
		c.Expect("\n") // of the line itself
		shown := c.Expect("over")
		if n, m := strings.Count(shown, told), strings.Count(shown, renews); n != test.times || m != test.renews {
			t.Errorf("%s: told %d times, not %d, and %d times to use AWS_PROFILE, not %d: the terminal shows\n%s", test.line, n, test.times, m, test.renews, shown)
		}
		if text := c.Expect(ready); strings.Contains(text, told) {
			t.Errorf("%s: it says afterwards %q", test.line, text)
		}
	}
	w.forget("dev")
	c.run("daypass exec dev -- printf '%s' over")
	c.answer(w.sts.Code(device))
	if shown := c.Expect("over"); strings.Count(shown, told) != 1 {
		t.Errorf("after a question the terminal shows\n%s", shown)
	}
	c.exit()
}

// What exec tells costs a hit the opening of the terminal, and nothing if nobody
// is told; the config is read once.
func TestExecTellsAtNoCost(t *testing.T) {
	t.Parallel()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("needs strace: apt-get install strace")
	}
	w := newWorld(t)
	w.loggedIn()
	opened := func(terminal bool, file string) (n int) {
		t.Helper()
		cmd := w.command(strace, "-f", "-o", "trace", "-e", "trace=open,openat", w.program, "exec", "dev", "--", "true")
		s := w.screen()
		if terminal {
			cmd.Stdout, cmd.Stderr = s.File(), s.File()
		}
		s.Start(cmd)
		if code := s.Wait(cmd); code != 0 {
			t.Fatalf("exit code %d: %s", code, s.shown())
		}
		return strings.Count(w.read("trace"), `"`+file+`"`)
	}
	config := filepath.Join(w.folder, "home/.aws/config")
	for _, test := range []struct {
		terminal bool
		file     string
		times    int
	}{{false, "/dev/tty", 0}, {true, "/dev/tty", 1}, {false, config, 1}, {true, config, 1}} {
		if n := opened(test.terminal, test.file); n != test.times {
			t.Errorf("on a terminal %t: %s is opened %d times, not %d", test.terminal, test.file, n, test.times)
		}
	}
}
