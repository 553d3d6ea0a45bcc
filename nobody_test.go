//go:build unix

package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Where nobody can be asked it is said in two lines, the second of which names
// the way out. Nothing is locked, nothing is sent, and what stands on standard
// input stays there.
func TestNobodyToAsk(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t, t.TempDir(), builtBinary(t))
	w.write("home/.aws/config", strings.ReplaceAll(profiles, "daypass_mfa_serial", "endpoint_url = "+w.url+"\ndaypass_store = none\ndaypass_mfa_serial"))
	bare := []string{"HOME=" + filepath.Join(w.folder, "home"), "PATH=" + os.Getenv("PATH"), noDialogs}
	for _, c := range []struct {
		name     string
		terminal bool
		env      []string
		flags    []string
		why      string
	}{
		{"cron", false, nil, nil, "there is no terminal to ask on"},
		{"CI", false, []string{"CI=true", "GITHUB_ACTIONS=true", "TERM=dumb"}, nil, "there is no terminal to ask on"},
		{"IDE", false, []string{"TERM_PROGRAM=vscode", "LANG=C.UTF-8", "DISPLAY=", "WAYLAND_DISPLAY="}, nil, "there is no terminal to ask on"},
		{"by flag", false, nil, []string{"--no-prompt"}, "asking is switched off"},
		{"by flag, on a terminal", true, nil, []string{"--no-prompt"}, "asking is switched off"},
		{"by variable, on a terminal", true, []string{"DAYPASS_NO_PROMPT=1"}, nil, "asking is switched off"},
	} {
		for _, command := range []string{"credential-process", "login", "export"} {
			w.env = append(bare[:len(bare):len(bare)], c.env...)
			cmd := w.command(append([]string{w.program, command, "--profile", "dev"}, c.flags...)...)
			code, out, problem, shown := w.unasked(cmd, c.terminal)
			first, second, _ := strings.Cut(problem, "\n")
			if code != 3 || out != "" || first != `daypass: error: profile "dev" needs an MFA code and `+c.why ||
				!strings.HasPrefix(second, "daypass: hint: ") || strings.Index(second, "\n") != len(second)-1 {
				t.Errorf("%s, %s: exit code %d, out %q, err %q", c.name, command, code, out, problem)
			}
			if !strings.Contains(second, `"daypass login dev"`) {
				t.Errorf("%s, %s: the way out is not named: %q", c.name, command, second)
			}
			if strings.Contains(shown, "MFA code: ") {
				t.Errorf("%s, %s: somebody was asked:\n%s", c.name, command, shown)
			}
		}
	}
	w.neverAsked()
}

// unasked runs cmd to its end, on a terminal or without one, with a standard
// input that must not be read.
func (w *world) unasked(cmd *exec.Cmd, terminal bool) (code int, out, problem, shown string) {
	w.t.Helper()
	const data = "the user's data"
	stdin, input, err := os.Pipe()
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = stdin.Close() }()
	if _, err := input.WriteString(data); err != nil {
		w.t.Fatal(err)
	}
	cmd.Stdin = stdin
	var got answered
	if terminal {
		p := w.screen().begin(cmd)
		got = p.end()
		shown = p.shown()
	} else {
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		got = w.begin(cmd)()
	}
	_ = input.Close()
	if rest, err := io.ReadAll(stdin); string(rest) != data {
		w.t.Errorf("of standard input %q is left (%v)", rest, err)
	}
	return got.code, got.out, got.err, shown
}

// neverAsked checks that no request arrived, and that the state folder has nothing
// but what status tells: neither a lock nor who asks.
func (w *world) neverAsked() {
	w.t.Helper()
	if n := w.sts.Count(""); n != 0 {
		w.t.Errorf("%d requests arrived", n)
	}
	entries, err := os.ReadDir(filepath.Join(w.folder, stateFolder))
	if err != nil {
		w.t.Error(err)
	}
	for _, entry := range entries {
		if entry.IsDir() && entry.Name() != "failures" {
			w.t.Errorf("a folder %s was made", entry.Name())
		}
	}
}
