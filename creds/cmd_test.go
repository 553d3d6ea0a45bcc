//go:build unix

package creds

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestCmdReadsThemBack is by the cmd of Wine, from a batch file. The other way, for
// /f, it cannot show: that of Wine does not split into words what stands for a
// whole command, as Windows does.
func TestCmdReadsThemBack(t *testing.T) {
	if _, err := exec.LookPath("wine"); err != nil {
		t.Skip("needs wine: no cmd reads the lines back")
	}
	values := slices.DeleteFunc(hostile(), func(s string) bool { return onlyPlain("X", s) != nil || len(s) > 1000 })
	if len(values) < 30 {
		t.Fatalf("only %q", values)
	}
	folder := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var undo, want bytes.Buffer
	if err := WriteUnset(&undo, WindowsCmd); err != nil {
		t.Fatal(err)
	}
	write("undo.cmd", undo.String())
	batch := "@echo off\nset AWS_PROFILE=p\nset AWS_SECURITY_TOKEN=old\n"
	for v := range threes(values) {
		c := sample()
		c.AccessKeyID, c.SecretAccessKey, c.SessionToken = v[0], NewSecret(v[1]), NewSecret("t"+v[2]+"t")
		name := fmt.Sprintf("%d.cmd", want.Len())
		write(name, lines(t, WindowsCmd, c))
		batch += "call " + name + "\nset AWS_\necho --\n"
		fmt.Fprintf(&want, "AWS_ACCESS_KEY_ID=%s\nAWS_CREDENTIAL_EXPIRATION=2026-11-21T12:00:00Z\nAWS_DEFAULT_REGION=eu-west-1\nAWS_REGION=eu-west-1\nAWS_SECRET_ACCESS_KEY=%s\nAWS_SESSION_TOKEN=t%st\n--\n", v[0], v[1], v[2])
	}
	write("all.cmd", batch+"call undo.cmd\nset AWS_\necho --\n")
	want.WriteString("--\n")

	run := func(name string, args ...string) string {
		cmd := exec.Command(name, args...)
		cmd.Dir = folder
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + folder, "WINEPREFIX=" + filepath.Join(folder, "wine"), "WINEDEBUG=-all", "WINEDLLOVERRIDES=mscoree,mshtml="}
		out, err := cmd.Output()
		if err != nil {
			t.Logf("%s: %v", name, err) // "set AWS_" of nothing fails
		}
		return strings.ReplaceAll(string(out), "\r\n", "\n")
	}
	got := run("wine", "cmd", "/c", "all.cmd")
	run("wineserver", "-k")
	run("wineserver", "-w") // it writes to the folder until its end
	if got != want.String() {
		t.Errorf("it read\n%s\nwant\n%s", got, want.String())
	}
}
