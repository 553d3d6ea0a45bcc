package mfa

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"testing/fstest"
)

func TestCallerIn(t *testing.T) {
	proc := fstest.MapFS{}
	add := func(pid, stat, cmdline string) {
		proc[pid+"/stat"] = &fstest.MapFile{Data: []byte(pid + stat)}
		proc[pid+"/cmdline"] = &fstest.MapFile{Data: []byte(cmdline)}
	}
	add("10", " (aws) S 2 10 10 0", "/usr/bin/python3\x00/usr/bin/aws\x00s3\x00ls\x00")
	add("11", " (sh) S 10 10 10 0", "/bin/sh\x00-c\x00daypass credential-process\x00")
	add("12", " (bash) S 11 10 10 0", "bash\x00-ec\x00daypass\x00")
	add("20", " (bash) S 2 20 20 0", "-bash\x00")
	add("21", " (dash) S 10 20 20 0", "dash\x00script\x00")
	add("30", " (odd) (name) R) S 2 30 30 0", "/p/odd) (name) R\x00")
	add("31", " (terraform-provi) S 2 30 30 0", "/p/terraform-provider-aws_v5\x00")
	add("32", " (0123456789abcde) S 2 30 30 0", "other\x00")
	add("33", " (kernel) S 2 0 0", "")
	add("34", " (MainThread) S 2 30 30 0", "/usr/bin/node\x00list.mjs\x00")
	add("35", " (list-all-bucket) S 2 30 30 0", "/usr/bin/perl\x00-T\x00./list-all-buckets\x00")
	add("40", " (sh) S 40 40", "sh\x00-c\x00x\x00")
	add("50", " cut", "")
	add("51", " (x)", "")
	add("52", " (x) S y", "")
	tests := []struct {
		name string
		pid  int
		want string
	}{
		{"an SDK without a shell", 10, "aws"},
		{"an SDK's shell", 11, "aws"},
		{"two shells", 12, "aws"},
		{"typed into a shell", 20, "bash"},
		{"a script", 21, "dash"},
		{"brackets and blanks", 30, "odd) (name) R"},
		{"cut by the kernel", 31, "terraform-provider-aws_v5"},
		{"renamed", 32, "other"},
		{"renamed by Node.js", 34, "node"},
		{"a script's name cut", 35, "list-all-buckets"},
		{"no arguments", 33, "kernel"},
		{"shells without end", 40, ""},
		{"gone", 99, ""},
		{"no brackets", 50, ""},
		{"cut short", 51, ""},
		{"no number", 52, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := callerIn(proc, tt.pid); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestCallerPastARealShell(t *testing.T) {
	cmd := exec.Command("sh", "-c", `"$0"; true`, os.Args[0])
	cmd.Env = playing("caller")
	out, err := cmd.Output()
	if want := filepath.Base(os.Args[0]); err != nil || string(out) != want {
		t.Errorf("called by %q, %v, want %q", out, err, want)
	}
}
