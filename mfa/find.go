package mfa

import (
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// systemFolders are where programs that ask for a code are looked for before PATH, whose earlier folders others may write to.
var systemFolders = []string{"/usr/bin", "/bin", "/usr/local/bin", "/run/current-system/sw/bin", "/opt/homebrew/bin", "/opt/local/bin"}

// find returns the path of a program, empty if it is not there.
func (a *Asker) find(name string) string {
	if a.finder != nil {
		return a.finder(name)
	}
	return a.lookUp(name)
}

// lookUp leaves out the relative folders of PATH: what they hold depends on where one stands.
func (a *Asker) lookUp(name string) string {
	folders := append(systemFolders[:len(systemFolders):len(systemFolders)], filepath.SplitList(a.getenv("PATH"))...)
	if filepath.IsAbs(name) {
		folders = []string{""}
	}
	for _, folder := range folders {
		path := filepath.Join(folder, name)
		if !filepath.IsAbs(path) {
			continue
		}
		if found, err := exec.LookPath(path); err == nil {
			return found
		}
	}
	return ""
}

// getenv is a variable of Environ, empty if it is not there. Of two of one name the first counts, as getenv(3) has it. Windows
// has no case in their names: what is SystemRoot to most is SYSTEMROOT to some.
func (a *Asker) getenv(name string) string {
	for _, entry := range a.Environ {
		key, value, _ := strings.Cut(entry, "=")
		if key == name || runtime.GOOS == "windows" && strings.EqualFold(key, name) {
			return value
		}
	}
	return ""
}
