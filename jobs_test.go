//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"daypass/internal/stsim"
)

// console is a terminal where somebody works in a shell with job control.
type console struct {
	*screen
	cmd *exec.Cmd
}

// ready is what the shell says when it waits for a line.
const ready = "ready> "

func (w *world) console() *console {
	w.t.Helper()
	c := &console{w.screen(), w.command("sh", "-i")}
	c.cmd.Env = append(slices.Clone(c.cmd.Env), "PS1="+ready)
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = c.File(), c.File(), c.File()
	c.Start(c.cmd)
	c.Expect(ready)
	return c
}

// get is the command that gets a profile's credentials. The name tells one from
// another.
func get(name, profile string) string {
	return fmt.Sprintf("daypass credential-process --profile %s >%s.out 2>%[2]s.err; echo $? >%[2]s.end", profile, name)
}

// job is the command that gets several at once in one process group, as a caller
// does that wants them for several clients. Their names are 0, 1 and so on.
func job(profiles ...string) string {
	var parts []string
	for i, profile := range profiles {
		parts = append(parts, "{ trap : INT TSTP; "+get(fmt.Sprint(i), profile)+"; }")
	}
	return strings.Join(parts, " | ")
}

// run types a command.
func (c *console) run(command string) {
	c.w.t.Helper()
	c.Type(command + "\r")
}

// back waits until the shell has the terminal again, which is as it was.
func (c *console) back() {
	c.w.t.Helper()
	c.Expect(ready)
	c.unchanged()
}

// again gets dev's credentials with a code, whatever was there before.
func (c *console) again() {
	c.w.t.Helper()
	c.run(get("again", "dev"))
	c.answer(c.w.sts.Code(device))
	c.back()
	c.w.ended("again").credentials()
}

// exit ends the shell.
func (c *console) exit() {
	c.w.t.Helper()
	c.run("exit")
	c.Wait(c.cmd)
	c.unchanged()
}

// ended waits for the end of what was run under that name, which must not be
// stopped.
func (w *world) ended(name string) (got answered) {
	w.t.Helper()
	w.until(name+" ends", func() (ended bool) {
		if stopped := w.stopped(); len(stopped) > 0 {
			w.t.Fatalf("stopped: %s", stopped)
		}
		got, ended = w.ending(name)
		return ended
	})
	_ = os.Remove(filepath.Join(w.folder, name+".end")) // the name may be used again
	return got
}

// stopped are the processes of this world that are stopped.
func (w *world) stopped() (found []string) {
	w.t.Helper()
	folders, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil || len(folders) == 0 {
		w.t.Fatal("no processes")
	}
	here, err := filepath.EvalSymlinks(w.folder)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, folder := range folders {
		if at, err := os.Readlink(folder); err != nil || at != here {
			continue
		}
		text, _ := os.ReadFile(filepath.Join(filepath.Dir(folder), "stat"))
		if _, state, _ := strings.Cut(string(text), ") "); strings.HasPrefix(state, "T") {
			found = append(found, string(text))
		}
	}
	return found
}

// interrupted checks that Ctrl-C ended it, which one that has just begun does not
// comment on.
func (a answered) interrupted() {
	a.t.Helper()
	if a.code != 130 || a.out != "" || a.err != "" && a.err != "daypass: error: interrupted\n" {
		a.t.Fatalf("exit code %d, out %q, err %q", a.code, a.out, a.err)
	}
}

// Ctrl-C ends all of the job, and what waits on another terminal asks there.
func TestCtrlCAtThePrompt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.console()
	for range 2 { // the same command again, at once
		c.run(job("dev", "dev", "ops"))
		c.Expect("MFA code: ")
		w.missed(3)
		c.Type("12")
		c.Expect("12")
		c.Type("\x03")
		c.back()
		for _, name := range []string{"0", "1", "2"} {
			w.ended(name).interrupted()
		}
		w.forget("dev")
	}

	c.run(job("dev", "dev", "ops"))
	c.Expect("MFA code: ")
	w.missed(3)
	elsewhere := w.ask("session")
	elsewhere.Expect("waiting for the code that profile ")
	c.Type("\x03")
	c.back()
	for _, name := range []string{"0", "1", "2"} {
		w.ended(name).interrupted()
	}
	elsewhere.answer(w.sts.Code(device))
	elsewhere.end().credentials()
	for i, profile := range []string{"dev", "ops"} {
		c.run(get("again", profile))
		c.back()
		w.ended("again").credentials()
		w.counts(1, 1+i)
	}
	c.exit()
	w.unlocked()
}

// Ctrl-Z cancels, for all who wait: nobody is stopped, and nobody asks next.
func TestCtrlZAtThePrompt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.console()
	c.run(job("dev", "dev", "ops"))
	c.Expect("MFA code: ")
	w.missed(3)
	waiters := []*person{w.ask("session"), w.ask("ops"), w.ask("long")}
	for _, p := range waiters {
		p.Expect("waiting for the code that profile ")
	}
	c.Type("12")
	c.Expect("12")
	c.Type("\x1a")
	c.back()
	for _, name := range []string{"0", "1", "2"} {
		w.ended(name).failed(4, "needs an MFA code and ")
	}
	for _, p := range waiters {
		p.end().failed(4, "the question for it has just come to nothing: the prompt was cancelled")
		if text := p.shown(); strings.Contains(text, "MFA code: ") {
			t.Errorf("it asked:\n%s", text)
		}
	}
	w.unlocked()

	c.again()
	c.exit()
	if n := prompts(c.shown()); n != 2 {
		t.Errorf("%d prompts:\n%s", n, c.Output())
	}
	w.counts(1, 1)
	w.unlocked()
}

// Who waits for another's prompt holds the lock of its own role.
func TestCtrlZWhileWaitingStopsNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.ask("dev")
	first.Expect("MFA code: ")
	c := w.console()
	c.run(get("ops", "ops"))
	c.Expect("waiting for the code that profile ")
	c.Type("\x1a")
	c.back()
	if got := w.ended("ops"); got.code != 4 {
		t.Errorf("exit code %d, err %q", got.code, got.err)
	}
	c.run(get("ops", "ops"))
	c.Expect("waiting for the code that profile ")
	first.Type(w.sts.Code(device) + "\r")
	first.end().credentials()
	c.back()
	w.ended("ops").credentials()
	c.exit()
	w.counts(1, 2)
	w.unlocked()
}

// What a code buys is not given up: Ctrl-Z comes too late.
func TestCtrlZAfterTheCodeStopsNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.console()
	for _, action := range []string{"GetSessionToken", "AssumeRole"} {
		w.sts.Reset()
		w.sts.Inject(stsim.Fault{Action: action, Times: 1, Delay: time.Second})
		c.run(get("first", "dev"))
		c.answer(w.sts.Code(device))
		w.until(action, func() bool { return w.sts.Accepted(action) == 1 })
		c.Type("\x1a")
		c.back()
		w.ended("first").credentials()
		w.forget("dev")
	}
	c.exit()
	w.unlocked()
}

// Nobody was asked, and the lock is held all the same.
func TestCtrlZDuringASilentCallStopsNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.alone("login", "session", "--token-code", w.sts.Code(device))
	w.sts.Inject(stsim.Fault{Action: "AssumeRole", Times: 1, Delay: time.Second})
	c := w.console()
	c.run(get("silent", "dev"))
	w.until("AssumeRole", func() bool { return w.sts.Accepted("AssumeRole") == 1 })
	c.Type("\x1a")
	c.back()
	w.ended("silent").credentials()
	c.exit()
	w.counts(1, 1)
	w.unlocked()
}

// What a code buys is kept, though nobody waits for it any more: the terminal was
// closed, the session ended. Only Ctrl-C, of somebody who wants to be rid of it,
// ends the call too.
func TestASignalDuringTheCallThatTheCodeIsFor(t *testing.T) {
	t.Parallel()
	for signal, kept := range map[syscall.Signal]bool{syscall.SIGTERM: true, syscall.SIGHUP: true, syscall.SIGINT: false} {
		for _, profile := range []string{"dev", "session"} {
			t.Run(fmt.Sprint(signal, " ", profile), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.sts.Inject(stsim.Fault{Action: "GetSessionToken", Times: 1, Delay: time.Second})
				p := w.ask(profile)
				p.Expect("MFA code: ")
				p.Type(w.sts.Code(device) + "\r")
				w.until("the code is taken", func() bool { return w.sts.Accepted("GetSessionToken") == 1 })
				if err := p.cmd.Process.Signal(signal); err != nil {
					t.Fatal(err)
				}
				if got := p.end(); got.code != 128+int(signal) || got.out != "" || got.err != "daypass: error: interrupted\n" {
					t.Errorf("exit code %d, out %q, err %q", got.code, got.out, got.err)
				}
				w.counts(1, 0)
				if kept {
					w.get("session").credentials()
				} else {
					w.get("session").failed(3, "no terminal to ask on")
				}
				w.unlocked()
			})
		}
	}
}

// A script's background processes ignore Ctrl-C. They end with the script.
func TestCtrlCAtThePromptOfAScriptsBackground(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("script", "daypass credential-process --profile dev & echo $! >0.pid; daypass credential-process --profile ops & echo $! >1.pid; wait")
	c := w.console()
	c.run("sh script")
	c.Expect("MFA code: ")
	w.missed(2)
	c.Type("\x03")
	c.back()
	for _, name := range []string{"0", "1"} {
		w.until(name+" ends", func() bool { return !w.runs(name) })
	}
	w.unlocked()
	c.again()
	c.exit()
	w.counts(1, 1)
}

// runs reports whether the process whose id is in that file still runs.
func (w *world) runs(name string) bool {
	text, err := os.ReadFile(filepath.Join("/proc", strings.TrimSpace(w.read(name+".pid")), "stat"))
	_, state, _ := strings.Cut(string(text), ") ")
	return err == nil && !strings.HasPrefix(state, "Z")
}

// The terminal of the prompter and of one that waits goes away.
func TestAHangUpAtThePrompt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.shell()
	s.start("0", "dev")
	s.Expect("MFA code: ")
	s.start("1", "ops")
	w.missed(2)
	elsewhere := w.ask("ops")
	elsewhere.Expect("waiting for the code that profile ")
	if err := s.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	elsewhere.answer(w.sts.Code(device))
	elsewhere.end().credentials()
	for _, name := range []string{"0", "1"} {
		w.until(name+" ends", func() bool { return !w.runs(name) })
	}
	s.unchanged()
	w.counts(1, 1)
	w.unlocked()
}

// Below $(...) all that is typed has the shell's own process group.
func TestASubstitutionTypedAgainAsks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.console()
	for range 2 {
		c.run(`eval "$(daypass export dev)"`)
		c.Expect("MFA code: ")
		c.Type("\x04")
		c.back()
	}
	c.exit()
	w.counts(0, 0)
}
