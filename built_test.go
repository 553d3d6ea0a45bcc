package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// builtBinary returns the path of a daypass as install.sh builds it: without the
// test binary's knobs, and with the real keyring. All tests of a run share one.
func builtBinary(t testing.TB) string {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil && os.Getenv(builtVariable) == "" {
		t.Skipf("needs go: %v", err)
	}
	path, err := buildDaypass()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var (
	buildDaypass = sync.OnceValues(func() (string, error) { return build(".") })
	buildClient  = sync.OnceValues(func() (string, error) { return build("testdata/clients/go") })
)

// builtVariable names a folder in which the programs have been built before, for where
// there is no go: under Wine.
const builtVariable = "TEST_BUILT"

// build builds a main package and returns the path of the program. It lies where
// testscript has its programs, and goes with them after the last test.
func build(folder string) (string, error) {
	name := "daypass"
	if folder != "." {
		name = filepath.Base(folder)
	}
	if before := os.Getenv(builtVariable); before != "" {
		return exec.LookPath(filepath.Join(before, name))
	}
	path, err := filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	beside, err := exec.LookPath("daypass")
	if err != nil {
		return "", err
	}
	built, err := os.MkdirTemp(filepath.Dir(filepath.Dir(beside)), "built")
	if err != nil {
		return "", err
	}
	program := filepath.Join(built, name+filepath.Ext(beside))
	cmd := exec.Command("go", "build", "-tags", "nethttpomithttp2", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", program, path)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOTOOLCHAIN=local")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", folder, err, out)
	}
	return program, nil
}
