package mfa

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestInspectIn(t *testing.T) {
	proc := fstest.MapFS{}
	add := func(pid, stat, cmdline string) {
		proc[pid+"/stat"] = &fstest.MapFile{Data: []byte(pid + stat)}
		proc[pid+"/cmdline"] = &fstest.MapFile{Data: []byte(cmdline)}
	}
	add("10", " (aws) S 2 10 10 0", "/usr/bin/python3\x00/usr/bin/aws\x00s3\x00ls\x00")
	add("30", " (odd) (name) R) S 4 30 30 0", "/p/odd) (name) R\x00")
	add("33", " (kernel) S 0 0 0", "")
	proc["34/stat"] = &fstest.MapFile{Data: []byte("34 (x) S 2 1 1 0")}
	add("50", " cut", "")
	add("51", " (x)", "")
	add("52", " (x) S y", "")
	for pid, want := range map[int]process{
		10: {"aws", 2, []string{"/usr/bin/python3", "/usr/bin/aws", "s3", "ls", ""}},
		30: {"odd) (name) R", 4, []string{"/p/odd) (name) R", ""}},
		33: {"kernel", 0, []string{""}},
		34: {"x", 2, []string{""}},
	} {
		got, err := inspectIn(proc, pid)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(process{})); err != nil || diff != "" {
			t.Errorf("process %d: %v\n%s", pid, err, diff)
		}
	}
	for pid, what := range map[int]string{99: "gone", 50: "without brackets", 51: "cut short", 52: "without a number"} {
		if got, err := inspectIn(proc, pid); err == nil {
			t.Errorf("one that is %s: %v", what, got)
		}
	}
}

// called is what Caller says to a program that argv starts: it runs the test binary, which is in $0 or the last argument.
func called(t *testing.T, argv ...string) string {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = playing("caller")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestCallerPastARealShell(t *testing.T) {
	if got, want := called(t, "sh", "-c", `"$0"; true`, os.Args[0]), filepath.Base(os.Args[0]); got != want {
		t.Errorf("called by %q, want %q", got, want)
	}
}

func TestCallerIsARealScript(t *testing.T) {
	script := filepath.Join(t.TempDir(), "deploy-all-buckets")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n\"$1\"; true\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, argv := range [][]string{{script}, {"/bin/sh", script}, {"/usr/bin/env", "sh", script}} {
		if got := called(t, append(argv, os.Args[0])...); got != "deploy-all-buckets" {
			t.Errorf("%q: called by %q", argv, got)
		}
	}
}
