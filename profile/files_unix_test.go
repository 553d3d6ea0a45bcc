//go:build unix

package profile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func pipe(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A shell's <(PROGRAM) is a pipe, whose program may come late.
func TestConfigFromAPipe(t *testing.T) {
	path := pipe(t)
	go func() {
		time.Sleep(10 * time.Millisecond)
		_ = os.WriteFile(path, []byte("[profile a]\n"+keys), 0o600)
	}()
	p, err := Load(Files{Config: path}, "a", "")
	if err != nil || p.Base.AccessKeyID.Value != "AKIA" {
		t.Errorf("%v, %s", err, summary(p))
	}
}

func TestPipeThatNobodyWritesTo(t *testing.T) {
	path := pipe(t)
	s, err := readPipe(path, time.Millisecond)
	var e *Error
	if !errors.As(err, &e) || e.File != path || !strings.Contains(e.Message, "did not end") {
		t.Fatalf("%v, %v", s, err)
	}
	w, err := os.OpenFile(path, os.O_WRONLY, 0) // lets the wait end
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
}
