package mfa

import (
	"os"
	"path"
	"strings"
)

// maxShells is how many shells Caller looks past.
const maxShells = 4

// Caller returns the name of the program that called this one, not counting the shells in between that SDKs start
// (sh -c, cmd /c); of a program that runs a script, it is that of the script. It is empty if it cannot be found out. It
// comes from outside: see tty.Visible.
func Caller() string {
	at, _ := above(os.Getpid(), process.runsOneCommand, inspect)
	return at.program()
}

// callerPID is the process that called this one, not counting any shell; zero if it cannot be found out.
func callerPID() int {
	_, pid := above(os.Getpid(), process.isShell, inspect)
	return pid
}

// process is a running program.
type process struct {
	name   string // as the kernel has it, which may have cut it
	parent int    // zero if there is none
	args   []string
}

// minCut is the length from which a name may be cut short: 15 bytes on Linux, 16 on macOS.
const minCut = 15

// above finds the first process above self that is not to be passed over. It is zero if there is none near.
func above(self int, passOver func(process) bool, inspect func(pid int) (process, error)) (at process, pid int) {
	at, err := inspect(self)
	for range maxShells {
		if err != nil || at.parent == 0 {
			break
		}
		pid = at.parent
		if at, err = inspect(pid); err == nil && !passOver(at) {
			return at, pid
		}
	}
	return process{}, 0
}

// isShell also finds those that run a script, whose name the kernel may have.
func (p process) isShell() bool {
	return isShell(p.name) || isShell(strings.TrimPrefix(path.Base(p.arg(0)), "-"))
}

func (p process) runsOneCommand() bool {
	if strings.EqualFold(p.name, "cmd.exe") { // whose arguments are not known
		return true
	}
	return isShell(p.name) && strings.HasPrefix(p.arg(1), "-") && strings.HasSuffix(p.arg(1), "c")
}

func isShell(name string) bool {
	switch name {
	case "sh", "dash", "bash", "zsh", "ash", "busybox", "ksh":
		return true
	}
	return false
}

// program is what a person knows p by.
func (p process) program() string {
	name := p.ownName()
	script := p.arg(1)
	if script == "-m" { // python3 -m awscli
		script = p.arg(2)
	}
	if script == "" || strings.HasPrefix(script, "-") || !runsScripts(name) {
		return name
	}
	return path.Base(script)
}

// runsScripts reports programs that have their script as first argument.
func runsScripts(name string) bool {
	switch strings.ToLower(strings.TrimRight(name, ".0123456789")) { // python3.12, macOS has Python
	case "python", "pypy", "ruby", "node", "nodejs", "perl", "php":
		return true
	}
	return isShell(name)
}

// ownName is the name of p whole. Of p's command line, it is the word that the kernel's name was taken from: the first, or that
// of a script. A name that is neither was given to the thread (Node.js 24 calls it MainThread), and the first word it is.
func (p process) ownName() string {
	// Chromium, and so every Electron IDE, writes the whole command line into the first word.
	title, _, _ := strings.Cut(p.arg(0), " -")
	for _, word := range []string{title, p.arg(0), p.arg(1), p.arg(2)} {
		base := strings.TrimPrefix(path.Base(word), "-") // that of a login shell
		if base == p.name || len(p.name) >= minCut && strings.HasPrefix(base, p.name) {
			return base
		}
	}
	if p.arg(0) == "" {
		return p.name
	}
	return path.Base(p.arg(0))
}

// arg is an argument, empty if there is none.
func (p process) arg(i int) string {
	if i < len(p.args) {
		return p.args[i]
	}
	return ""
}
