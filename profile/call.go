package profile

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// ownCall says whether a credential_process is daypass's own, and for which
// profile, "" if it names none.
func (r *Reader) ownCall(s Setting) (profile string, ours bool) {
	if !strings.Contains(s.Value, "credential-process") {
		return "", false
	}
	words, err := SplitCommand(s.Value)
	if err != nil || len(words) < 2 || words[1] != "credential-process" {
		return "", false
	}
	if !isOwnName(words[0]) && !sameProgram(words[0], r.self) {
		return "", false
	}
	return profileFlag(words[2:]), true
}

// isOwnCall reports whether words are a call of daypass under its own name.
func isOwnCall(words []string) bool {
	return len(words) > 1 && words[1] == "credential-process" && isOwnName(words[0])
}

func isOwnName(program string) bool {
	base := filepath.Base(program)
	if runtime.GOOS == "windows" {
		base = strings.ToLower(base)
	}
	return base == "daypass" || base == "daypass.exe"
}

func sameProgram(program, self string) bool {
	if self == "" {
		return false
	}
	path, err := exec.LookPath(program)
	return err == nil && sameFile(path, self)
}

func sameFile(path, other string) bool {
	a, errA := os.Stat(path)
	b, errB := os.Stat(other)
	return errA == nil && errB == nil && os.SameFile(a, b)
}

// profileFlag gives the last --profile, as flags are read.
func profileFlag(args []string) string {
	name := ""
	for i := 0; i < len(args) && args[i] != "--"; i++ {
		if v, ok := strings.CutPrefix(args[i], "--profile="); ok {
			name = v
		} else if args[i] == "--profile" && i+1 < len(args) {
			i++
			name = args[i]
		}
	}
	return name
}
