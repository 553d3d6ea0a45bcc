package keyring

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"daypass/internal/keyring/keyringtest"
)

// Without a bus no program is started: neither the dbus-launch of this machine,
// if it has one, nor one of ours that would tell, and leave something behind.
func TestNoBus(t *testing.T) {
	if !keyringtest.RunWithoutBus(t) {
		return
	}
	folder := t.TempDir()
	told := filepath.Join(folder, "told")
	script := "#!/bin/sh\necho started >>'" + told + "'\nsleep 60 </dev/null >/dev/null 2>&1 &\n"
	if err := os.WriteFile(filepath.Join(folder, "dbus-launch"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	mark := fmt.Sprintf("DAYPASS_TEST_MARK=%d-%s", os.Getpid(), filepath.Base(folder))
	for _, path := range []string{os.Getenv("PATH"), folder + ":/usr/bin:/bin"} {
		for _, address := range []string{"", "autolaunch:"} {
			everyKind(t, []string{mark, "PATH=" + path, "DBUS_SESSION_BUS_ADDRESS=" + address}, "unavailable")
		}
	}
	if left := keyringtest.Processes(t, mark); len(left) > 0 {
		t.Errorf("it leaves %q running", left)
	}
	if _, err := os.Stat(told); err == nil {
		t.Error("dbus-launch was started")
	}
	findsProcesses(t, mark)
}

// findsProcesses checks that what is left would have been found.
func findsProcesses(t *testing.T, mark string) {
	t.Helper()
	cmd := exec.Command("sleep", "60")
	cmd.Env = append(os.Environ(), mark)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if left := keyringtest.Processes(t, mark); !slices.Equal(left, []string{"sleep"}) {
		t.Errorf("a process that runs is seen as %q", left)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}
