package keyringtest

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// Processes are the programs that run with the variable, as KEY=value, in their
// environment: those that were given it, and whatever those have started.
func Processes(t testing.TB, variable string) []string {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, process := range all {
		environment, _ := os.ReadFile(filepath.Join(process, "environ")) // it may have ended
		if bytes.Contains(append([]byte{0}, environment...), []byte("\x00"+variable+"\x00")) {
			name, _ := os.ReadFile(filepath.Join(process, "comm"))
			names = append(names, string(bytes.TrimSpace(name)))
		}
	}
	return names
}
