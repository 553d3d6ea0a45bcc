//go:build unix

package state

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

func TestEditKeepsModeAndOwner(t *testing.T) {
	for _, mode := range []fs.FileMode{0o600, 0o644, 0o400, 0o660} {
		path := userFile(t, "old")
		must(t, os.Chmod(path, mode))
		if os.Geteuid() == 0 {
			must(t, os.Chown(path, nobody, nobody))
		}
		before, err := os.Stat(path)
		must(t, err)
		if left, err := folderOf(t).Edit(t.Context(), path, []byte("old"), []byte("new")); left != "" || err != nil {
			t.Errorf("%04o: %q, %v", mode, left, err)
		}
		alone(t, path, "new")
		after, err := os.Stat(path)
		must(t, err)
		a, b := before.Sys().(*syscall.Stat_t), after.Sys().(*syscall.Stat_t)
		if after.Mode() != before.Mode() || a.Uid != b.Uid || a.Gid != b.Gid {
			t.Errorf("%v of %d:%d became %v of %d:%d", before.Mode(), a.Uid, a.Gid, after.Mode(), b.Uid, b.Gid)
		}
	}
}

func TestEditFollowsLinks(t *testing.T) {
	path := userFile(t, "old")
	first, second := filepath.Join(t.TempDir(), "first"), filepath.Join(t.TempDir(), "second")
	must(t, os.Symlink(path, first))
	must(t, os.Symlink(first, second))
	if left, err := folderOf(t).Edit(t.Context(), second, []byte("old"), []byte("new")); left != "" || err != nil {
		t.Errorf("%q, %v", left, err)
	}
	alone(t, path, "new")
	for link, want := range map[string]string{first: path, second: first} {
		if got, err := os.Readlink(link); got != want || err != nil {
			t.Errorf("%s leads to %s, %v", link, got, err)
		}
		alone(t, link, "new")
	}
}

func TestEditInAReadOnlyFolder(t *testing.T) {
	path := userFile(t, string(unedited))
	folder := filepath.Dir(path)
	cmd := as(t, copyOf(t, "edit", path), folder)
	if os.Geteuid() == 0 {
		must(t, os.Chown(path, nobody, nobody))
	}
	must(t, os.Chmod(folder, 0o500))
	defer os.Chmod(folder, 0o700)
	if got := lines(t, cmd); len(got) != 1 || !strings.HasPrefix(got[0], "left  open ") || !strings.Contains(got[0], "permission denied") {
		t.Errorf("got %q", got)
	}
	alone(t, path, string(unedited))
}

// What an edit has made beside the file goes where it cannot be found by looking.
func TestEditInAFolderThatCannotBeListed(t *testing.T) {
	path := userFile(t, string(unedited))
	folder := filepath.Dir(path)
	cmd := as(t, copyOf(t, "edit", path), folder)
	if os.Geteuid() == 0 {
		must(t, os.Chown(path, nobody, nobody))
	}
	must(t, os.Chmod(folder, 0o300))
	got := lines(t, cmd)
	must(t, os.Chmod(folder, 0o700))
	if len(got) != 1 || got[0] != "left  <nil>" {
		t.Errorf("got %q", got)
	}
	alone(t, path, string(rewrote))
}

// TestEditOnAFullDisk: the backup does not fit, or the new content beside it.
func TestEditOnAFullDisk(t *testing.T) {
	for _, spare := range []int{4 << 10, 12 << 10} {
		path := fullDisk(t, spare)
		if left, err := folderOf(t).Edit(t.Context(), path, unedited, rewrote); left != "" || !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("with %d bytes left: %q, %v", spare, left, err)
		}
		must(t, os.Remove(filepath.Join(filepath.Dir(path), "filler")))
		alone(t, path, string(unedited))
		if left, err := folderOf(t).Edit(t.Context(), path, unedited, rewrote); left != "" || err != nil {
			t.Errorf("with room again: %q, %v", left, err)
		}
		alone(t, path, string(rewrote))
	}
}

// fullDisk gives a file on a disk with so many bytes left.
func fullDisk(t *testing.T, spare int) (path string) {
	t.Helper()
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		t.Skip("needs root on Linux: to mount a small disk")
	}
	const size = 128 << 10
	folder := t.TempDir()
	must(t, exec.Command("mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%d", size), "tmpfs", folder).Run())
	t.Cleanup(func() { must(t, exec.Command("umount", folder).Run()) })
	path = filepath.Join(folder, "credentials")
	must(t, os.WriteFile(path, unedited, 0o600))
	const pages = 12 << 10 // what the file takes
	must(t, os.WriteFile(filepath.Join(folder, "filler"), make([]byte, size-pages-spare), 0o600))
	return path
}

// TestEditKilled: whichever call of an edit is its last, the file is whole, and
// the next edit leaves nothing else.
func TestEditKilled(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("needs strace: apt-get install strace")
	}
	seen := map[string]int{}
	for _, call := range []string{"openat", "fchmod", "write", "fsync", "newfstatat", "renameat", "unlinkat"} {
		for n := 1; killedAt(t, strace, call, n, seen); n++ {
		}
	}
	if seen["unlinkat"] != 2 || seen["renameat"] != 1 || seen["fsync"] != 2 || seen["write"] < 2 || seen["old"] == 0 || seen["new"] == 0 {
		t.Errorf("killed at %v", seen)
	}
}

// killedAt reports whether a copy of this binary was killed at its n-th call of
// that name.
func killedAt(t *testing.T, strace, call string, n int, seen map[string]int) bool {
	t.Helper()
	path := userFile(t, string(unedited))
	cmd := copyOf(t, "edit", path)
	cmd.Args = []string{strace, "-f", "-o", os.DevNull, "-e", "trace=" + call, "-e", fmt.Sprintf("inject=%s:signal=SIGKILL:when=%d", call, n), cmd.Path}
	cmd.Path, cmd.Stderr = strace, nil
	out, err := cmd.Output()
	if err == nil {
		if !bytes.HasPrefix(out, []byte("left  <nil>")) {
			t.Errorf("%q after %d of %s", out, n, call)
		}
		return false
	}
	seen[call]++
	afterKill(t, path, seen)
	return true
}

func afterKill(t *testing.T, path string, seen map[string]int) {
	t.Helper()
	got, err := os.ReadFile(path)
	must(t, err)
	switch {
	case bytes.Equal(got, unedited):
		seen["old"]++
	case bytes.Equal(got, rewrote):
		seen["new"]++
	default:
		t.Fatalf("the file holds %d bytes: neither the old content nor the new", len(got))
	}
	left, err := os.ReadDir(filepath.Dir(path))
	must(t, err)
	for _, entry := range left {
		info, err := entry.Info()
		must(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s was left with mode %v", entry.Name(), info.Mode())
		}
	}
	if left, err := folderOf(t).Edit(t.Context(), path, got, rewrote); left != "" || err != nil {
		t.Errorf("the next edit: %q, %v", left, err)
	}
	alone(t, path, string(rewrote))
}
