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

	"github.com/creack/pty"
)

// exec makes the credentials of dev there, and returns the command that runs
// another with them.
func (w *world) execCommand(args ...string) *exec.Cmd {
	return w.command(append([]string{w.program, "exec", "dev", "--"}, args...)...)
}

// Everything but what exec is for reaches the command as it was, in its order.
func TestExecLeavesTheEnvironmentAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.loggedIn()
	answer := w.get("dev").credentials()
	before := slices.Clone(w.env)
	for i := range 200 {
		before = append(before, fmt.Sprintf("VARIABLE_%d=%d", 200-i, i))
	}
	before = append(before, "=odd=x", "no equals sign", "EMPTY=", "NEWLINE=a\nb", "NOT_UTF8=\xff", "b.c-d=x", "AWS_ROLE_ARN=r", "AWS_CONFIG_FILE_=x")
	cmd := w.execCommand("cat", "/proc/self/environ")
	cmd.Env = slices.Concat([]string{"AWS_PROFILE=nosuch", "DAYPASS_CALLERS=other", "AWS_SECURITY_TOKEN=old"}, before,
		[]string{"AWS_DEFAULT_PROFILE=nosuch", "DAYPASS_TOKEN_CODE=123456", "AWS_ACCESS_KEY_ID=old", "DAYPASS_PROFILE=old"})
	got := w.begin(cmd)()
	if got.code != 0 || got.err != "" {
		t.Fatalf("exit code %d, err %q", got.code, got.err)
	}
	all := strings.Split(strings.TrimSuffix(got.out, "\x00"), "\x00")
	if len(all) < len(before) || !slices.Equal(all[:len(before)], before) {
		t.Errorf("the environment was\n%q\nand is\n%q", before, all)
	}
	added := all[min(len(before), len(all)):]
	var names []string
	for _, entry := range added {
		name, value, _ := strings.Cut(entry, "=")
		names = append(names, name)
		if strings.HasPrefix(name, "AWS_") && !strings.HasSuffix(name, "REGION") && !strings.Contains(answer, `"`+value+`"`) {
			t.Errorf("%s is not of the credentials: %s", name, value)
		}
	}
	want := []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION", "AWS_REGION", "AWS_DEFAULT_REGION", "DAYPASS_PROFILE", "DAYPASS_REGION"}
	if !slices.Equal(names, want) {
		t.Errorf("%q were added, not %q", names, want)
	}
}

// What a process hands on besides its environment is as without daypass, after a
// hit and after a question: descriptors, limits, signals that are ignored or
// blocked, the folder, the process itself.
func TestExecHandsOnWhatItWasGiven(t *testing.T) {
	t.Parallel()
	// Only what the shell has in itself: dash blocks signals while it forks.
	const state = `echo $$ $PPID
while read -r line; do case $line in SigQ*);; Sig*|Shd*|Cpus_allowed_list*) echo "$line";; esac; done </proc/self/status
while read -r line; do echo "$line"; done </proc/self/limits
while read -r line; do echo "$line"; done </proc/self/task/$$/children
echo /proc/self/fd/*
pwd
umask`
	for name, ignored := range map[string]string{"nothing": "", "of nohup": "HUP", "of a shell's background": "INT", "that stop": "TTIN TTOU TSTP"} {
		t.Run("ignored "+name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.write("state", state)
			run := func(prefix string, code string) string {
				t.Helper()
				s := w.screen()
				cmd := w.command("sh", "-c", "umask 027; ulimit -n 300; exec 7<state; trap '' "+ignored+"; exec "+prefix+"sh state")
				if ignored == "" {
					cmd = w.command("sh", "-c", "umask 027; ulimit -n 300; exec 7<state; exec "+prefix+"sh state")
				}
				p := s.begin(cmd)
				if code != "" {
					p.answer(code)
				}
				got := p.end()
				if got.code != 0 || got.err != "" {
					t.Fatalf("exit code %d, err %q", got.code, got.err)
				}
				ids, rest, _ := strings.Cut(got.out, "\n")
				if want := fmt.Sprint(cmd.Process.Pid, os.Getpid()); ids != want {
					t.Errorf("it is process %s, not %s", ids, want)
				}
				return rest
			}
			want := run("", "")
			for _, code := range []string{w.sts.Code(device), ""} {
				if got := run("daypass exec dev -- ", code); got != want {
					t.Errorf("asked %t: without daypass\n%s\nwith it\n%s", code != "", want, got)
				}
			}
			w.unlocked()
		})
	}
}

// The command takes the place of daypass: whoever waits for one waits for the
// other, and a signal to it is the command's.
func TestExecReplacesTheProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.loggedIn()
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGPIPE} {
		for _, caught := range []bool{true, false} {
			_ = os.Remove(filepath.Join(w.folder, "pid"))
			w.write("wait.sh", "echo $$ >pid; while :; do sleep 0.02; done")
			if caught {
				w.write("wait.sh", fmt.Sprintf("trap 'echo caught; exit 42' %d; echo $$ >pid; while :; do sleep 0.02; done", signal))
			}
			cmd := w.execCommand("sh", "wait.sh")
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
			end := w.begin(cmd)
			w.until("the command runs", func() bool { return strings.HasSuffix(w.read("pid"), "\n") })
			if pid := strings.TrimSpace(w.read("pid")); pid != fmt.Sprint(cmd.Process.Pid) {
				t.Errorf("daypass was %d, and the command is %s", cmd.Process.Pid, pid)
			}
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			want := answered{t, "", "", 128 + int(signal)}
			if caught {
				want = answered{t, "caught\n", "", 42}
			}
			if got := end(); got != want {
				t.Errorf("%v, caught %t: exit code %d, out %q, err %q", signal, caught, got.code, got.out, got.err)
			}
		}
	}
}

// A person at a shell with job control: keys, the size of the window, fg.
func TestExecOnATerminal(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("perl"); err != nil {
		t.Skipf("needs perl: %v", err)
	}
	w := newWorld(t)
	// No shell: one that begins a command by vfork in the moment of Ctrl-Z is not stopped, and waits for its child, which is.
	w.write("job", `$| = 1;
$SIG{INT} = sub { print "got INT\n"; exit 42 };
$SIG{WINCH} = sub { print "size ", `+"`stty size`"+` };
print "begun ", `+"`stty size`"+`;
until (-e "done") { select undef, undef, undef, 0.02 }
print "over\n";`)
	c := w.console()
	c.run("daypass exec dev -- perl job; echo ended $?")
	c.answer(w.sts.Code(device))
	c.Expect("begun 50 400")
	if err := pty.Setsize(c.File(), &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		t.Fatal(err)
	}
	c.Expect("size 24 80")
	c.Type("\x03")
	c.Expect("got INT")
	c.Expect("ended 42")
	c.Expect(ready)

	c.run("daypass exec dev -- perl job; echo ended $?")
	c.Expect("begun 24 80")
	c.Type("\x1a")
	c.Expect("Stopped")
	c.Expect(ready)
	if len(w.stopped()) == 0 {
		t.Error("nothing is stopped")
	}
	c.run("fg; echo ended $?")
	w.until("it goes on", func() bool { return len(w.stopped()) == 0 })
	w.write("done", "")
	c.Expect("over")
	c.Expect("ended 0")
	c.Expect(ready)
	if err := pty.Setsize(c.File(), &pty.Winsize{Rows: 50, Cols: 400}); err != nil {
		t.Fatal(err)
	}
	c.exit()
	w.counts(1, 1)
	w.unlocked()
}

// A program that has the terminal to itself, and its raw keys: nothing of ours is
// shown there, and nothing reads them beside it.
func TestExecOfAFullScreenProgram(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("editor.sh", `was=$(stty -g)
stty raw -echo
printf 'screen'
keys=$(dd bs=1 count=8 2>/dev/null | od -An -tx1)
stty "$was"
echo " keys $keys"`)
	c := w.console()
	for i := range 2 {
		c.run("daypass exec dev -- sh editor.sh")
		if i == 0 {
			c.answer(w.sts.Code(device))
		}
		c.Expect("is good until ")
		if text := c.Expect("screen"); strings.Contains(text, "daypass:") {
			t.Errorf("once more it says %q", text)
		}
		c.Type(":q!\x03\x1a\x04\r\n")
		c.Expect(" keys  3a 71 21 03 1a 04 0d 0a")
		c.back()
	}
	c.exit()
}

// In a pipeline the terminal may be another's, which reads its keys there.
func TestExecInAPipeline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.loggedIn()
	c := w.console()
	c.run(`seq 3 | daypass exec dev -- cat | { was=$(stty -g </dev/tty); stty raw -echo </dev/tty; key=$(dd bs=1 count=1 </dev/tty 2>/dev/null); stty "$was" </dev/tty; echo "key $key of $(tr '\n' ' ')"; }`)
	w.until("the keys are raw", func() bool { return strings.Contains(c.Settings(), "-icanon") })
	c.Type("k")
	c.Expect("key k of 1 2 3")
	c.Expect(ready)
	c.exit()
	if text := c.shown(); strings.Contains(text, "daypass:") {
		t.Errorf("it says\n%s", text)
	}
}

// What the command leaves running stays, with its credentials, when the command
// ends and when who started daypass does.
func TestExecsChildOutlivesItsParent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("serve.sh", `echo $$ >served
while test ! -e go; do sleep 0.02; done
env | grep ^AWS_SESSION_TOKEN= >late`)
	w.loggedIn()
	got := w.alone("exec", "dev", "--", "sh", "-c", "sh serve.sh >/dev/null 2>&1 & echo begun")
	if got.code != 0 || got.out != "begun\n" || got.err != "" {
		t.Fatalf("exit code %d, out %q, err %q", got.code, got.out, got.err)
	}
	w.until("the server runs", func() bool { return strings.HasSuffix(w.read("served"), "\n") })
	w.write("go", "")
	w.until("the server does its work", func() bool { return strings.HasSuffix(w.read("late"), "\n") })
	token, _ := strings.CutPrefix(strings.TrimSpace(w.read("late")), "AWS_SESSION_TOKEN=")
	if !strings.Contains(w.get("dev").credentials(), `"`+token+`"`) {
		t.Errorf("the token of the server is not that of dev: %s", token)
	}
}

// While the command runs, nothing is locked: others get credentials, and new ones.
func TestExecHoldsNoLock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("wait.sh", "echo >runs; while test ! -e go; do sleep 0.02; done")
	p := w.screen().begin(w.execCommand("sh", "wait.sh"))
	p.answer(w.sts.Code(device))
	w.until("the command runs", func() bool { return w.read("runs") != "" })
	w.unlocked()
	w.get("ops").credentials()
	w.sts.Reset()
	if got := w.alone("logout", "--all"); got.code != 0 {
		t.Errorf("logout: exit code %d, err %q", got.code, got.err)
	}
	w.write("go", "")
	if got := p.end(); got.code != 0 || got.err != "" {
		t.Errorf("exit code %d, err %q", got.code, got.err)
	}
}

// A signal that comes while credentials are got ends daypass, and the command
// does not begin.
func TestASignalBeforeTheCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		p := w.screen().begin(w.execCommand("touch", "ran"))
		p.Expect("MFA code: ")
		if err := p.cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		p.end().failed(128+int(signal), "interrupted")
	}
	if _, err := os.Stat(filepath.Join(w.folder, "ran")); err == nil {
		t.Error("the command ran")
	}
	w.unlocked()
}

// The daypass that is installed does it too, with the keyring that is there.
func TestTheBuiltBinaryExecs(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t, t.TempDir(), builtBinary(t))
	got := w.alone("exec", "dev", "--store", "none", "--token-code", w.sts.Code(device), "--", "sh", "-c", "echo $DAYPASS_PROFILE ${#AWS_ACCESS_KEY_ID}; exit 9")
	if got.out != "dev 20\n" || got.err != "" || got.code != 9 {
		t.Errorf("exit code %d, out %q, err %q", got.code, got.out, got.err)
	}
}
