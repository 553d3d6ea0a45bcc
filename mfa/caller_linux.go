package mfa

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
)

func callerName() string { return callerIn(os.DirFS("/proc"), os.Getppid()) }

// callerIn finds in proc the first process from pid upwards that is not a shell running one command.
func callerIn(proc fs.FS, pid int) string {
	for range maxShells {
		name, parent, err := parentOf(proc, pid)
		if err != nil {
			return ""
		}
		args, _ := fs.ReadFile(proc, fmt.Sprintf("%d/cmdline", pid))
		words := strings.Split(string(args), "\x00")
		if !runsOneCommand(name, words) {
			return fullName(name, words[0])
		}
		pid = parent
	}
	return ""
}

// parentOf reads a process's name and parent from its stat file: "PID (NAME) STATE PPID ...", where NAME may hold anything.
func parentOf(proc fs.FS, pid int) (name string, parent int, err error) {
	stat, err := fs.ReadFile(proc, fmt.Sprintf("%d/stat", pid))
	if err != nil {
		return "", 0, err
	}
	from, to := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if from < 0 || to < from {
		return "", 0, fmt.Errorf("process %d: stat is not of the known form", pid)
	}
	fields := strings.Fields(string(stat[to+1:]))
	if len(fields) < 2 {
		return "", 0, fmt.Errorf("process %d: stat is cut short", pid)
	}
	parent, err = strconv.Atoi(fields[1])
	return string(stat[from+1 : to]), parent, err
}

func runsOneCommand(name string, words []string) bool {
	switch name {
	case "sh", "dash", "bash", "zsh", "ash", "busybox", "ksh":
		return len(words) > 1 && strings.HasPrefix(words[1], "-") && strings.HasSuffix(words[1], "c")
	}
	return false
}

// fullName undoes the kernel's cut of names at 15 bytes, if the program was started under its own.
func fullName(name, program string) string {
	const cut = 15
	if base := path.Base(program); len(name) == cut && strings.HasPrefix(base, name) {
		return base
	}
	return name
}
