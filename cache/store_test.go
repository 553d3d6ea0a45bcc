package cache

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"daypass/internal/keyring/keyringtest"
)

// run does work in another process and returns what it prints.
func run(t *testing.T, work, path string, env ...string) string {
	t.Helper()
	out, err := copyOf(t, work, path, env...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// Each step is a process of its own, as daypass is.
func TestRealKeyring(t *testing.T) {
	s := keyringtest.Keyring(t)
	path := filepath.Join(t.TempDir(), "state")
	for i, step := range []struct{ work, says string }{
		{"get", "false false <nil>\n"},
		{"put", ""},
		{"get", "true true <nil>\n"},
		{"delete", ""},
		{"get", "false false <nil>\n"},
		{"put", ""},
		{"clear", ""},
		{"get", "false false <nil>\n"},
	} {
		t.Run(strconv.Itoa(i)+" "+step.work, func(t *testing.T) {
			if got := run(t, step.work, path, s.Env...); got != step.says {
				t.Errorf("got %q, want %q", got, step.says)
			}
			if step.work == "put" {
				noSecret(t, path)
			}
		})
	}
	if left, err := os.ReadDir(filepath.Join(path, entries)); len(left) != 0 || err != nil {
		t.Errorf("the index keeps %v, %v", left, err)
	}
}

func TestNoKeyring(t *testing.T) {
	s := keyringtest.Bus(t)
	path := filepath.Join(t.TempDir(), "state")
	for _, work := range []string{"put", "delete", "clear"} {
		if got := run(t, work, path, s.Env...); len(got) < 5 || got[len(got)-5:] != "true\n" {
			t.Errorf("%s: got %q, want one that is ErrUnavailable", work, got)
		}
	}
	if got := run(t, "get", path, s.Env...); got[:11] != "false false" {
		t.Errorf("get: %q", got)
	}
}
