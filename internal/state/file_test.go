package state

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestWriteReadRemove(t *testing.T) {
	d := New(filepath.Join(t.TempDir(), "not", "yet", "there"))
	for _, name := range []string{"plain", "entries/keyring-v1-abc"} {
		if _, err := d.Read(name); !errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrUnusable) {
			t.Errorf("%s: reading before writing gives %v", name, err)
		}
		if err := d.Remove(name); err != nil {
			t.Errorf("%s: removing before writing gives %v", name, err)
		}
		for _, data := range []string{"one", "", "a longer content than before"} {
			if err := d.Write(name, []byte(data)); err != nil {
				t.Fatal(err)
			}
			if got, err := d.Read(name); err != nil || string(got) != data {
				t.Errorf("%s: got %q, %v, want %q", name, got, err, data)
			}
		}
		if err := d.Remove(name); err != nil {
			t.Error(err)
		}
		if _, err := d.Read(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: reading after removing gives %v", name, err)
		}
	}
}

func TestNothingIsMadeByReading(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	d := New(path)
	_, _ = d.Read("entries/x")
	_, _ = d.List("entries")
	_ = d.Remove("x")
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder was made: %v", err)
	}
	if err := d.Err(); err != nil {
		t.Errorf("it can be made: %v", err)
	}
	if names, err := d.List(""); len(names) != 0 || err != nil {
		t.Errorf("Err left %q behind, %v", names, err)
	}
}

func TestList(t *testing.T) {
	d := New(t.TempDir())
	if names, err := d.List("entries"); names != nil || err != nil {
		t.Errorf("before anything was written: %q, %v", names, err)
	}
	for _, name := range []string{"entries/c", "entries/a", "entries/b", "top"} {
		if err := d.Write(name, nil); err != nil {
			t.Fatal(err)
		}
	}
	old, young := filepath.Join(d.path, "entries", unfinished+"1"), filepath.Join(d.path, "entries", unfinished+"2")
	for _, path := range []string{old, young} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ago := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(old, ago, ago); err != nil {
		t.Fatal(err)
	}
	if names, err := d.List("entries"); err != nil || !slices.Equal(names, []string{"a", "b", "c"}) {
		t.Errorf("got %q, %v", names, err)
	}
	if names, err := d.List(""); err != nil || !slices.Equal(names, []string{"top"}) {
		t.Errorf("got %q, %v", names, err)
	}
	if _, err := os.Lstat(old); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a half-written file of two hours ago is still there: %v", err)
	}
	if _, err := os.Lstat(young); err != nil {
		t.Errorf("another process's half-written file was removed: %v", err)
	}
}

func TestBadNames(t *testing.T) {
	parent := t.TempDir()
	d := New(filepath.Join(parent, "state"))
	for _, name := range []string{"", "/", "a/", "/a", "a/b/c", "..", "../x", "a/..", "a/../x", ".hidden", "a/.b", `a\b`, "c:x", "a\x00b"} {
		_, read := d.Read(name)
		_, _, lock := d.TryLock(name)
		for what, err := range map[string]error{
			"Read": read, "Write": d.Write(name, nil), "Remove": d.Remove(name),
			"Append": d.Append(name, []byte("x\n"), 9), "TryLock": lock,
		} {
			if err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrUnusable) {
				t.Errorf("%s(%q) gives %v", what, name, err)
			}
		}
	}
	if _, err := d.List("a/b"); err == nil {
		t.Error("List takes a path")
	}
	if _, _, err := d.TryLock("a/b"); err == nil {
		t.Error("a lock takes a path")
	}
	if found, _ := os.ReadDir(parent); len(found) != 0 {
		t.Errorf("bad names left %v behind", found)
	}
}

// Readers of a file that is written all the time see whole contents only.
func TestWriteIsAtomic(t *testing.T) {
	d := New(t.TempDir())
	contents := [][]byte{bytes.Repeat([]byte("a"), 70_000), bytes.Repeat([]byte("b"), 50_000)}
	if err := d.Write("x", contents[0]); err != nil {
		t.Fatal(err)
	}
	var writers sync.WaitGroup
	for _, data := range contents {
		writers.Go(func() {
			for range 30 {
				if err := d.Write("x", data); err != nil {
					t.Error(err)
				}
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { writers.Wait(); cancel() }()
	for ctx.Err() == nil {
		got, err := d.Read("x")
		if err != nil || !slices.ContainsFunc(contents, func(c []byte) bool { return bytes.Equal(c, got) }) {
			t.Fatalf("read %d bytes, %v", len(got), err)
		}
		if runtime.GOOS == "windows" { // nobody can write where a reader never lets go
			time.Sleep(time.Millisecond)
		}
	}
	if found, _ := os.ReadDir(d.path); len(found) != 1 {
		t.Errorf("files left over: %v", found)
	}
}

func TestAppend(t *testing.T) {
	d := New(t.TempDir())
	for i := range 100 {
		line := []byte(strings.Repeat(string(rune('a'+i%26)), 9) + "\n")
		if err := d.Append("debug.log", line, 200); err != nil {
			t.Fatal(err)
		}
		got, err := d.Read("debug.log")
		if err != nil || len(got) > 200 || !bytes.HasSuffix(got, line) || len(got)%10 != 0 {
			t.Fatalf("after line %d there are %d bytes, %v: %q", i, len(got), err, got)
		}
		if i >= 20 && len(got) < 100 {
			t.Fatalf("after line %d only %d bytes are left", i, len(got))
		}
	}
}

func TestAppendTogether(t *testing.T) {
	d := New(t.TempDir())
	line := []byte(strings.Repeat("x", 79) + "\n")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				if err := d.Append("debug.log", line, 4000); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	got, err := d.Read("debug.log")
	if err != nil || len(got) == 0 {
		t.Fatal(len(got), err)
	}
	for i, l := range bytes.SplitAfter(got, []byte("\n")) {
		if len(l) != 0 && !bytes.Equal(l, line) {
			t.Errorf("line %d is torn: %q", i, l)
		}
	}
}

// A line that another process is writing is not copied in part: the next one would
// be glued to it.
func TestAppendCutsAtALine(t *testing.T) {
	d := New(t.TempDir())
	path := filepath.Join(d.path, "debug.log")
	if err := os.WriteFile(path, []byte("one\ntwo\nthr"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.Append("debug.log", []byte("four\n"), 12); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); string(got) != "four\n" && string(got) != "two\nfour\n" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// Below the limit no line is lost, whoever writes.
func TestAppendLosesNothing(t *testing.T) {
	if os.Getenv("WINEPREFIX") != "" {
		t.Skip("needs a system that appends in one step, as Windows does and Wine does not")
	}
	d := New(t.TempDir())
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				if err := d.Append("history", []byte("line\n"), 1<<20); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if got, _ := d.Read("history"); bytes.Count(got, []byte("line\n")) != 400 {
		t.Errorf("%d of 400 lines", bytes.Count(got, []byte("line\n")))
	}
}
