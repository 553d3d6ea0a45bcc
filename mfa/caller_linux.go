package mfa

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

func inspect(pid int) (process, error) { return inspectIn(os.DirFS("/proc"), pid) }

// inspectIn reads a process's stat file, "PID (NAME) STATE PPID ...", where NAME may hold anything, and its command line.
func inspectIn(proc fs.FS, pid int) (process, error) {
	stat, err := fs.ReadFile(proc, fmt.Sprintf("%d/stat", pid))
	if err != nil {
		return process{}, err
	}
	from, to := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if from < 0 || to < from {
		return process{}, fmt.Errorf("process %d: stat is not of the known form", pid)
	}
	fields := strings.Fields(string(stat[to+1:]))
	if len(fields) < 2 {
		return process{}, fmt.Errorf("process %d: stat is cut short", pid)
	}
	parent, err := strconv.Atoi(fields[1])
	if err != nil {
		return process{}, fmt.Errorf("process %d: its parent: %w", pid, err)
	}
	args, _ := fs.ReadFile(proc, fmt.Sprintf("%d/cmdline", pid))
	return process{string(stat[from+1 : to]), parent, strings.Split(string(args), "\x00")}, nil
}
