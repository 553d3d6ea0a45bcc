package state

import (
	"bufio"
	"context"
	"errors"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// lockFiles are those of locks that are held, or were left: on Windows they all
// stay, and are not told.
func lockFiles(t *testing.T, d *Dir) []string {
	t.Helper()
	if runtime.GOOS == "windows" {
		return nil
	}
	names, err := d.List(locks)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestTryLock(t *testing.T) {
	d := New(t.TempDir())
	unlock, ok, err := d.TryLock("a")
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	if second, ok, err := d.TryLock("a"); ok || err != nil || second != nil {
		t.Errorf("taken twice: %v, %v", ok, err)
	}
	other, ok, err := d.TryLock("b")
	if !ok || err != nil {
		t.Errorf("a lock of another name: %v, %v", ok, err)
	}
	unlock()
	again, ok, err := d.TryLock("a")
	if !ok || err != nil {
		t.Fatalf("after unlock: %v, %v", ok, err)
	}
	unlock() // the second call of the first holder must not free the second's lock
	if _, ok, _ := d.TryLock("a"); ok {
		t.Error("unlocking twice frees another's lock")
	}
	again()
	other()
	if names := lockFiles(t, d); len(names) != 0 {
		t.Errorf("lock files left over: %q", names)
	}
}

func TestLockEndsWithContext(t *testing.T) {
	d := New(t.TempDir())
	unlock, _, err := d.TryLock("a")
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	why := errors.New("the caller has gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := make(chan error)
	go func() {
		_, err := d.Lock(ctx, "a")
		ended <- err
	}()
	cancel(why)
	if err := <-ended; err != why {
		t.Errorf("got %v, want the context's cause", err)
	}
	if _, err := d.Lock(ctx, "free"); err != why {
		t.Errorf("an ended context takes a lock: %v", err)
	}
}

// Lock files come and go all the time here.
func TestLockExcludes(t *testing.T) {
	d := New(t.TempDir())
	var inside, n atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range rounds {
				unlock, err := d.Lock(t.Context(), "a")
				if err != nil {
					t.Error(err)
					return
				}
				if inside.Add(1) != 1 {
					t.Error("two hold the lock")
				}
				n.Add(1)
				inside.Add(-1)
				unlock()
			}
		})
	}
	all.Wait()
	if n.Load() != 8*rounds {
		t.Errorf("counted %d of %d", n.Load(), 8*rounds)
	}
	if names := lockFiles(t, d); len(names) != 0 {
		t.Errorf("lock files left over: %q", names)
	}
}

func TestLockExcludesProcesses(t *testing.T) {
	d := New(t.TempDir())
	var all []*exec.Cmd
	for range 6 {
		cmd := copyOf(t, "count", d.path)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		all = append(all, cmd)
	}
	for _, cmd := range all {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	got, err := d.Read("number")
	if err != nil || string(got) != strconv.Itoa(6*rounds) {
		t.Errorf("counted %s of %d, %v", got, 6*rounds, err)
	}
}

func TestKilledHolderFreesLock(t *testing.T) {
	d := New(t.TempDir())
	cmd := copyOf(t, "hold", d.path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || !strings.Contains(line, "held <nil>") {
		t.Fatalf("the holder says %q, %v", line, err)
	}
	if _, ok, err := d.TryLock("a"); ok || err != nil {
		t.Fatalf("another process's lock can be taken: %v, %v", ok, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	unlock, err := d.Lock(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	unlock()
	if names := lockFiles(t, d); len(names) != 0 {
		t.Errorf("the killed holder's file is still there: %q", names)
	}
}
