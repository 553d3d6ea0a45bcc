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

// maxThread is the most bytes of a thread's name.
const maxThread = 15

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
			return programName(name, words)
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

// programName is the name of a program by what the kernel calls its first thread, cut at 15 bytes, and its command line. Of
// these it is the word that the name was taken from: the first, or that of a script. A name that is neither was given to
// the thread (Node.js 24 calls it MainThread), and the first word it is.
func programName(thread string, words []string) string {
	for _, word := range words[:min(len(words), 3)] {
		base := strings.TrimPrefix(path.Base(word), "-") // that of a login shell
		if base == thread || len(thread) == maxThread && strings.HasPrefix(base, thread) {
			return base
		}
	}
	if words[0] == "" {
		return thread
	}
	return path.Base(words[0])
}
