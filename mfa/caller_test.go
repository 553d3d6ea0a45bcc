package mfa

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCallerOf(t *testing.T) {
	processes := map[int]process{}
	add := func(pid, parent int, name string, args ...string) {
		processes[pid] = process{name, parent, args}
	}
	add(1, 0, "init")
	add(10, 1, "aws", "/usr/bin/python3", "/usr/bin/aws", "s3", "ls")
	add(11, 10, "sh", "/bin/sh", "-c", "daypass credential-process")
	add(12, 11, "bash", "bash", "-ec", "daypass")
	add(13, 12, "zsh", "zsh", "-c", "daypass")
	add(14, 13, "sh", "sh", "-c", "daypass")
	add(20, 1, "bash", "-bash")
	add(21, 10, "dash", "dash", "./deploy.sh")
	add(22, 1, "cmd.exe")
	add(23, 10, "CMD.EXE")
	add(24, 1, "aws.exe")
	add(25, 24, "cmd.exe")
	add(30, 1, "odd) (name) R", "/p/odd) (name) R")
	add(31, 1, "terraform-provi", "/p/terraform-provider-aws_v5")
	add(32, 1, "0123456789abcde", "other")
	add(33, 1, "kernel", "")
	add(34, 1, "MainThread", "/usr/bin/node", "list.mjs")
	add(35, 1, "list-all-bucket", "/usr/bin/perl", "-T", "./list-all-buckets")
	add(36, 1, "abcdefghijklmnop", "/Applications/abcdefghijklmnopq")
	add(50, 1, "rclone", "rclone", "ls", "s3:bucket")
	add(51, 1, "ruby", "ruby", "/srv/upload.rb")
	add(52, 1, "python3.12", "python3.12", "-m", "awscli", "s3", "ls")
	add(53, 1, "Python", "/opt/homebrew/Frameworks/Python", "/opt/homebrew/bin/aws", "s3")
	add(54, 1, "node", "node", "/usr/local/bin/cdk", "deploy")
	add(55, 1, "python3", "python3", "-c", "password = 1")
	add(56, 1, "python3", "python3")
	add(57, 1, "python3", "python3", "-m")
	add(58, 1, "java", "java", "-cp", "a.jar", "Main")
	add(59, 1, "code", "/usr/share/code/code --type=utility --user-data-dir=/home/ana/.config/Code", "")
	add(60, 1, "code", "/usr/share/code/code", "--ms-enable-electron-run-as-node", "/usr/share/code/x.js")
	add(61, 1, "My IDE", "/opt/My IDE/My IDE --type=utility")
	add(62, 1, "python3", "python3", "")
	tests := []struct {
		name   string
		parent int
		want   string
	}{
		{"an SDK without a shell", 10, "aws"},
		{"an SDK's shell", 11, "aws"},
		{"two shells", 12, "aws"},
		{"as many shells as are looked past", 13, "aws"},
		{"too many shells", 14, ""},
		{"typed into a shell", 20, "bash"},
		{"a shell's script", 21, "deploy.sh"},
		{"typed into Windows' shell", 22, "init"},
		{"Windows' shell in capitals", 23, "aws"},
		{"an SDK on Windows", 25, "aws.exe"},
		{"brackets and blanks", 30, "odd) (name) R"},
		{"cut by Linux", 31, "terraform-provider-aws_v5"},
		{"cut by macOS", 36, "abcdefghijklmnopq"},
		{"renamed", 32, "other"},
		{"no arguments", 33, "kernel"},
		{"renamed by Node.js", 34, "list.mjs"},
		{"a script's name cut", 35, "list-all-buckets"},
		{"rclone", 50, "rclone"},
		{"a Ruby script", 51, "upload.rb"},
		{"a Python module", 52, "awscli"},
		{"a Python script on macOS", 53, "aws"},
		{"a Node.js tool", 54, "cdk"},
		{"code as an argument", 55, "python3"},
		{"a Python prompt", 56, "python3"},
		{"no module", 57, "python3"},
		{"an empty script", 62, "python3"},
		{"Java", 58, "java"},
		{"an Electron IDE", 59, "code"},
		{"an Electron IDE's Node.js", 60, "code"},
		{"an Electron IDE with a blank", 61, "My IDE"},
		{"gone", 99, ""},
		{"no parent", 0, ""},
	}
	const self = 1000
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			add(self, tt.parent, "daypass")
			at, _ := above(self, process.runsOneCommand, func(pid int) (process, error) {
				p, ok := processes[pid]
				if !ok {
					return process{}, errors.New("no such process")
				}
				return p, nil
			})
			if got := at.program(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if at, _ := above(self, process.runsOneCommand, func(int) (process, error) { return process{}, errors.ErrUnsupported }); at.program() != "" {
		t.Errorf("where nothing can be known: %q", at.program())
	}
}

// procargs is what kern.procargs2 returns.
func procargs(count int32, text string) []byte {
	return append(binary.NativeEndian.AppendUint32(nil, uint32(count)), text...)
}

func TestArguments(t *testing.T) {
	tests := []struct {
		name string
		raw  []byte
		want []string
	}{
		{"a program", procargs(2, "/bin/ls\x00\x00\x00\x00ls\x00-l\x00HOME=/\x00"), []string{"ls", "-l"}},
		{"no padding", procargs(1, "/bin/sh\x00-sh\x00HOME=/\x00"), []string{"-sh"}},
		{"an empty argument", procargs(3, "/p\x00\x00p\x00\x00x\x00HOME=/\x00"), []string{"p", "", "x"}},
		{"no environment", procargs(1, "/p\x00p\x00"), []string{"p"}},
		{"cut short", procargs(3, "/p\x00p\x00half"), []string{"p"}},
		{"no arguments", procargs(0, "/p\x00HOME=/\x00"), nil},
		{"a negative number", procargs(-1, "/p\x00HOME=/\x00"), nil},
		{"only a path", procargs(1, "/p"), nil},
		{"only a number", procargs(1, ""), nil},
		{"less", []byte{1, 0, 0}, nil},
		{"nothing", nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, arguments(tt.raw)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzArguments(f *testing.F) {
	f.Add(procargs(2, "/bin/ls\x00\x00ls\x00-l\x00HOME=/\x00"))
	f.Add(procargs(-1, "/p\x00p\x00"))
	f.Add(procargs(1<<30, "/p\x00p\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		args := arguments(raw)
		if !bytes.Contains(raw, []byte(strings.Join(args, "\x00"))) {
			t.Errorf("%q are not the arguments in %q", args, raw)
		}
		if len(args) > 0 && len(args) > int(int32(binary.NativeEndian.Uint32(raw))) {
			t.Errorf("%d arguments", len(args))
		}
	})
}

// What a process was given comes back, whatever else is there.
func FuzzArgumentsBack(f *testing.F) {
	f.Add("/bin/ls", "ls -l", "HOME=/")
	f.Fuzz(func(t *testing.T, path, words, environ string) {
		want := strings.Fields(words)
		if strings.Contains(path+words+environ, "\x00") || len(want) == 0 {
			t.Skip()
		}
		raw := procargs(int32(len(want)), path+"\x00\x00"+strings.Join(want, "\x00")+"\x00"+environ+"\x00")
		if got := arguments(raw); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
