//go:build unix

package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

const nobody = 65534

// everyError returns what each method says of d.
func everyError(t *testing.T, d *Dir) map[string]error {
	t.Helper()
	_, read := d.Read("entries/x")
	_, list := d.List("entries")
	_, lock := d.Lock(t.Context(), "a")
	_, _, try := d.TryLock("a")
	return map[string]error{
		"Read": read, "List": list, "Lock": lock, "TryLock": try, "Err": d.Err(),
		"Write": d.Write("entries/x", []byte("data")), "Remove": d.Remove("entries/x"),
		"Append": d.Append("log", []byte("line\n"), 100),
	}
}

func TestUnusable(t *testing.T) {
	real := t.TempDir()
	for _, c := range []struct {
		name string
		make func(t *testing.T, path string)
		says string
	}{
		{"a file", func(t *testing.T, path string) { must(t, os.WriteFile(path, nil, 0o600)) }, "is not a folder"},
		{"a link", func(t *testing.T, path string) { must(t, os.Symlink(real, path)) }, "is a link"},
		{"a dangling link", func(t *testing.T, path string) { must(t, os.Symlink(path+"-gone", path)) }, "is a link"},
		{"a file above", func(t *testing.T, path string) {
			must(t, os.Remove(filepath.Dir(path)))
			must(t, os.WriteFile(filepath.Dir(path), nil, 0o600))
		}, "not a directory"},
		{"open to others", func(t *testing.T, path string) {
			must(t, os.Mkdir(path, 0o700))
			must(t, os.Chmod(path, 0o777))
		}, "may be written to by other users"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "in", "state")
			must(t, os.Mkdir(filepath.Dir(path), 0o700))
			c.make(t, path)
			for method, err := range everyError(t, New(path)) {
				if !errors.Is(err, ErrUnusable) || !strings.Contains(fmt.Sprint(err), c.says) {
					t.Errorf("%s gives %v, want one that says %q", method, err, c.says)
				}
			}
		})
	}
	if found, _ := os.ReadDir(real); len(found) != 0 {
		t.Errorf("something went through the link: %v", found)
	}
	for method, err := range everyError(t, New("")) {
		if !errors.Is(err, ErrUnusable) {
			t.Errorf("with no path %s gives %v", method, err)
		}
	}
}

// TestAnothers wants a folder of another user: who is not root finds one in /usr.
func TestAnothers(t *testing.T) {
	path := "/usr"
	if os.Geteuid() == 0 {
		path = filepath.Join(t.TempDir(), "state")
		must(t, os.Mkdir(path, 0o700))
		must(t, os.Chown(path, nobody, nobody))
	}
	for method, err := range everyError(t, New(path)) {
		if !errors.Is(err, ErrUnusable) || !strings.Contains(fmt.Sprint(err), "belongs to uid") {
			t.Errorf("%s gives %v", method, err)
		}
	}
}

func TestUnusableParts(t *testing.T) {
	elsewhere := t.TempDir()
	d := New(t.TempDir())
	must(t, os.WriteFile(filepath.Join(elsewhere, "x"), []byte("theirs"), 0o600))
	must(t, os.Symlink(filepath.Join(elsewhere, "x"), filepath.Join(d.path, "link")))
	must(t, os.Symlink(elsewhere, filepath.Join(d.path, "entries")))
	must(t, syscall.Mkfifo(filepath.Join(d.path, "pipe"), 0o600))
	must(t, os.Mkdir(filepath.Join(d.path, "folder"), 0o700))
	for _, name := range []string{"link", "entries/x", "pipe", "folder"} {
		if _, err := d.Read(name); !errors.Is(err, ErrUnusable) {
			t.Errorf("Read(%s) gives %v", name, err)
		}
		if err := d.Append(name, []byte("ours\n"), 100); !errors.Is(err, ErrUnusable) {
			t.Errorf("Append(%s) gives %v", name, err)
		}
	}
	if err := d.Write("entries/x", []byte("ours")); !errors.Is(err, ErrUnusable) {
		t.Errorf("Write through a linked folder gives %v", err)
	}
	if err := d.Write("link", []byte("ours")); err != nil { // replaces the link itself
		t.Error(err)
	}
	if got, _ := os.ReadFile(filepath.Join(elsewhere, "x")); string(got) != "theirs" {
		t.Errorf("the link's target now holds %q", got)
	}
}

func TestLockFollowsNoLink(t *testing.T) {
	d := New(t.TempDir())
	target := filepath.Join(t.TempDir(), "new")
	must(t, os.Mkdir(filepath.Join(d.path, locks), 0o700))
	must(t, os.Symlink(target, filepath.Join(d.path, locks, "a")))
	if _, _, err := d.TryLock("a"); !errors.Is(err, ErrUnusable) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Lstat(target); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the lock made the link's target: %v", err)
	}
}

func TestModes(t *testing.T) {
	for _, mask := range []int{0, 0o022, 0o077, 0o277} {
		t.Run(fmt.Sprintf("umask %03o", mask), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state")
			d := New(path)
			was := syscall.Umask(mask)
			err := errors.Join(d.Write("top", nil), d.Write("entries/x", nil), d.Append("log", []byte("x\n"), 9))
			unlock, _, lock := d.TryLock("a")
			syscall.Umask(was)
			if err := errors.Join(err, lock); err != nil {
				t.Fatal(err)
			}
			defer unlock()
			modes(t, path, mask)
		})
	}
}

func modes(t *testing.T, path string, mask int) {
	err := filepath.WalkDir(path, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if entry.IsDir() {
			want = 0o700
		} else if filepath.Base(filepath.Dir(path)) == locks {
			want &^= fs.FileMode(mask) // an empty file, opened by its maker alone
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %04o, want %04o", path, info.Mode().Perm(), want)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// as runs cmd as nobody if this is root, whom no mode stops.
func as(t *testing.T, cmd *exec.Cmd, path string) *exec.Cmd {
	t.Helper()
	if os.Geteuid() != 0 {
		return cmd
	}
	if runtime.GOOS != "linux" {
		t.Skip("needs Linux: or not to be root")
	}
	cmd.Path = "/proc/self/exe" // the folder of the test binary is closed to nobody
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	must(t, os.Chown(path, nobody, nobody))
	for up := filepath.Dir(path); strings.HasPrefix(up, filepath.Clean(os.TempDir())+string(filepath.Separator)); up = filepath.Dir(up) {
		must(t, os.Chmod(up, 0o755))
	}
	return cmd
}

func TestReadOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	must(t, os.Mkdir(path, 0o700))
	cmd := as(t, copyOf(t, "write", path), path)
	must(t, os.Chmod(path, 0o500))
	defer os.Chmod(path, 0o700)
	for _, line := range lines(t, cmd) {
		if !strings.Contains(line, ErrUnusable.Error()) || !strings.Contains(line, "permission denied") {
			t.Errorf("got %q", line)
		}
	}
}

func TestFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	cmd := copyOf(t, "full", path)
	got := lines(t, cmd)
	want := []string{"write", "append", "lock", "err"}
	if len(got) != len(want) {
		t.Fatalf("got %q", got)
	}
	for i, line := range got {
		if want[i] == "lock" { // an empty file fits
			if line != "lock <nil>" {
				t.Errorf("got %q", line)
			}
			continue
		}
		if !strings.HasPrefix(line, want[i]+" "+ErrUnusable.Error()) {
			t.Errorf("got %q", line)
		}
	}
	for _, folder := range []string{path, filepath.Join(path, "entries")} {
		found, err := os.ReadDir(folder)
		for _, entry := range found {
			if strings.HasPrefix(entry.Name(), unfinished) || err != nil {
				t.Errorf("%s was left behind, %v", entry.Name(), err)
			}
		}
	}
}

// reportFull is report on a disk that takes not a byte more.
func reportFull(d *Dir) {
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	report(d)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
