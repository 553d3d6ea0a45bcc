//go:build unix

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"daypass/internal/keyring/keyringtest"
	"daypass/internal/tty/ttytest"
)

// installer runs install.sh with a home of its own. Go's caches stay, since
// downloads are not what is tested.
type installer struct {
	t    *testing.T
	home string
	tmp  string
	env  []string
}

func newInstaller(t *testing.T) *installer {
	t.Helper()
	keyringtest.NeedAlone(t)
	i := &installer{t: t, home: t.TempDir(), tmp: t.TempDir()}
	i.env = append(environment(i.home, "http://127.0.0.1:1"), "TMPDIR="+i.tmp, "DBUS_SESSION_BUS_ADDRESS=disabled:")
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOFLAGS"} {
		out, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Skip("needs go: install.sh builds with it")
		}
		i.env = append(i.env, name+"="+strings.TrimSpace(string(out)))
	}
	return i
}

func (i *installer) command(args ...string) *exec.Cmd {
	cmd := exec.Command("./install.sh", args...)
	cmd.Env = i.env
	return cmd
}

// run returns what install.sh said and its exit code.
func (i *installer) run(args ...string) (string, int) {
	i.t.Helper()
	out, err := i.command(args...).CombinedOutput()
	return string(out), ttytest.ExitCode(err)
}

func (i *installer) binary() string { return filepath.Join(i.home, ".local/bin/daypass") }

func contain(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in:\n%s", part, text)
		}
	}
}

func TestInstallAndUninstall(t *testing.T) {
	t.Parallel()
	if !keyringtest.RunAlone(t) { // it clears the kernel keyring, which other tests use
		return
	}
	clearsKernel(t)
	i := newInstaller(t)
	said, code := i.run()
	if code != 0 {
		t.Fatalf("exit %d:\n%s", code, said)
	}
	contain(t, said, "installed "+i.binary(), "is not on your PATH", "credential_process = "+i.binary()+" credential-process --profile NAME")
	version, err := exec.Command(i.binary(), "version").Output()
	if err != nil || !regexp.MustCompile(`^daypass \S+ \w+/\w+ go1`).Match(version) {
		t.Errorf("version %q, %v", version, err)
	}

	i.env = append(i.env, "PATH="+filepath.Dir(i.binary())+":"+os.Getenv("PATH"))
	if said, _ := i.run(); !strings.Contains(said, "is on your PATH") {
		t.Errorf("installed again, on the PATH:\n%s", said)
	}
	if left, _ := os.ReadDir(filepath.Dir(i.binary())); len(left) != 1 {
		t.Errorf("left beside the binary: %v", left)
	}

	config := "[profile dev]\ncredential_process = " + i.binary() + " credential-process --profile dev\n[default]\ncredential_process=daypass credential-process --profile x\n[profile other]\ncredential_process = other\n"
	if err := os.Mkdir(filepath.Join(i.home, ".aws"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(i.home, ".aws/config"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(i.home, ".local/state/daypass")
	if err := os.MkdirAll(state, 0o700); err != nil {
		t.Fatal(err)
	}
	list := `{"v":1,"keys":{"main":{"id":"` + accessKeyID + `","account":"111111111111","user":"arn:aws:iam::111111111111:user/ana","created":"2026-03-02T09:14:07Z","state":"settled"}}}`
	if err := os.WriteFile(filepath.Join(state, "keys.json"), []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	said, code = i.run("--uninstall")
	contain(t, said, "these access keys stay in the keyring", "\nmain  "+accessKeyID)
	contain(t, said, "everything is removed", "removed "+i.binary(), `profile "dev" still`, `profile "default" still`)
	if _, err := os.Stat(i.binary()); code != 0 || !os.IsNotExist(err) || strings.Contains(said, "other") {
		t.Errorf("exit %d, %v:\n%s", code, err, said)
	}
}

func TestInstallPrefix(t *testing.T) {
	t.Parallel()
	i := newInstaller(t)
	prefix := t.TempDir()
	i.env = append(i.env, "PREFIX="+prefix)
	if said, code := i.run(); code != 0 || !strings.Contains(said, "installed "+prefix+"/bin/daypass") {
		t.Errorf("exit %d:\n%s", code, said)
	}
}

// tools is a PATH with the named programs, and scripts in place of others.
func tools(t *testing.T, scripts map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{"sh", "dirname", "id", "awk", "ls", "find", "mkdir", "sort", "head", "sed", "cut"} {
		if path, err := exec.LookPath(name); err == nil {
			if err := os.Symlink(path, filepath.Join(folder, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, script := range scripts {
		path := filepath.Join(folder, name)
		_ = os.Remove(path)
		if err := writeFile(path, "#!/bin/sh\n"+script+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	return "PATH=" + folder
}

func TestInstallSaysInOneLineWhatIsWrong(t *testing.T) {
	for _, test := range []struct {
		name string
		args []string
		env  []string
		want string
	}{
		{"no Go", nil, []string{tools(t, nil)}, "install.sh: Go 1.26.0 or newer is missing: get it from https://go.dev/dl/"},
		{"old Go", nil, []string{tools(t, map[string]string{"go": "echo go1.19.8"})}, "install.sh: Go 1.19.8 is too old, 1.26.0 or newer is needed"},
		{"old Go of two digits", nil, []string{tools(t, map[string]string{"go": "echo go1.9"})}, "install.sh: Go 1.9 is too old"},
		{"sudo", nil, []string{tools(t, map[string]string{"id": "echo 12345"}), "SUDO_UID=1000"}, "install.sh: run this without sudo"},
		{"no home", nil, []string{"HOME="}, "install.sh: HOME is not set"},
		{"unknown argument", []string{"--purge"}, nil, "install.sh: unknown argument --purge"},
	} {
		t.Run(test.name, func(t *testing.T) {
			i := newInstaller(t)
			i.env = append(i.env, test.env...)
			said, code := i.run(test.args...)
			if code != 1 || strings.Count(said, "\n") != 1 || !strings.Contains(said, test.want) {
				t.Errorf("exit %d:\n%s", code, said)
			}
		})
	}
}

func TestDemoWithoutKeyringAndTerminal(t *testing.T) {
	t.Parallel()
	usesKernel(t)
	i := newInstaller(t)
	said, code := i.run("--demo")
	if code != 0 {
		t.Fatalf("exit %d:\n%s", code, said)
	}
	contain(t, said, "mfa_process gives it", `{"Version":1,"AccessKeyId":"ASIA`, keptIn("no keyring answers here"), `profile "demo": removed`)
	i.leavesNothing()
}

// keptIn is what the demo's status says of a keyring that cannot keep anything.
func keptIn(why string) string {
	if runtime.GOOS == "linux" {
		return "kept in the kernel keyring, since " + why
	}
	return "nothing is cached"
}

func TestDemoWithALockedKeyring(t *testing.T) {
	t.Parallel()
	usesKernel(t)
	keyring := keyringtest.Keyring(t)
	keyring.Lock()
	i := newInstaller(t)
	i.env = append(i.env, keyring.Env...)
	said, code := i.run("--demo")
	if code != 0 {
		t.Fatalf("exit %d:\n%s", code, said)
	}
	contain(t, said, keptIn("the keyring is locked"), `profile "demo": removed`)
	i.leavesNothing()
}

// leavesNothing checks that the demo has cleaned up: what is left is the binary
// and Go's own files.
func (i *installer) leavesNothing() {
	i.t.Helper()
	if left, _ := os.ReadDir(i.tmp); len(left) > 0 {
		i.t.Errorf("left in the temporary folder: %v", left)
	}
	if _, err := os.Stat(filepath.Join(i.home, ".local/state")); !os.IsNotExist(err) {
		i.t.Errorf("a state folder is left: %v", err)
	}
}

// onTerminal starts install.sh on a terminal of its own.
func (i *installer) onTerminal(args ...string) (*ttytest.Terminal, *exec.Cmd) {
	i.t.Helper()
	term := ttytest.New(i.t)
	cmd := i.command(args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = term.File(), term.File(), term.File()
	term.Start(cmd)
	return term, cmd
}

func TestDemoInterrupted(t *testing.T) {
	t.Parallel()
	i := newInstaller(t)
	term, cmd := i.onTerminal("--demo")
	term.Expect("MFA code: ")
	term.Type("\x03")
	if code := term.Wait(cmd); code != 130 {
		t.Errorf("exit %d:\n%s", code, term.Output())
	}
	i.leavesNothing()
}

func TestDemoOnATerminal(t *testing.T) {
	t.Parallel()
	keyring := keyringtest.Keyring(t)
	i := newInstaller(t)
	i.env = append(i.env, keyring.Env...)
	term, cmd := i.onTerminal("--demo")
	before := term.Settings()
	shown := term.Expect("MFA code: ")
	code := regexp.MustCompile(`authenticator shows (\d{6})`).FindStringSubmatch(shown)
	if code == nil {
		t.Fatalf("no code is shown:\n%s", shown)
	}
	term.Type(code[1] + "\r")
	if code := term.Wait(cmd); code != 0 {
		t.Fatalf("exit %d:\n%s", code, term.Output())
	}
	contain(t, term.Expect("credential_process = "), `{"Version":1,"AccessKeyId":"ASIA`, "ms, without a call to STS", "AssumeRole", "logout demo", `profile "demo": removed`)
	if n := prompts(term.Output()); n != 1 {
		t.Errorf("asked %d times", n)
	}
	if after := term.Settings(); after != before {
		t.Errorf("the terminal was\n%s\nis\n%s", before, after)
	}
	i.leavesNothing()
}

func TestDemoFailsWithItsSteps(t *testing.T) {
	t.Parallel()
	i := newInstaller(t)
	demo := filepath.Join(t.TempDir(), "demo")
	build := exec.Command("go", "build", "-o", demo, "./demo")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(demo, "/bin/false")
	cmd.Env = i.env
	var problem bytes.Buffer
	cmd.Stderr = &problem
	if code := ttytest.ExitCode(cmd.Run()); code != 1 || !strings.Contains(problem.String(), "demo: error: /bin/false") {
		t.Errorf("exit %d: %s", code, problem.String())
	}
	i.leavesNothing()
}
