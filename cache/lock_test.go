package cache

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"daypass/internal/state"
)

// Without a state folder all goes on, but for the index and the locks.
func TestWithoutFolder(t *testing.T) {
	for _, name := range []string{"", "a file"} {
		path := name
		if name != "" {
			path = filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		c := &Cache{Stores: []Store{&memory{}}, State: state.New(path), Now: func() time.Time { return noon }}
		if err := c.Put(t.Context(), "key", sample()); err != nil {
			t.Errorf("Put: %v", err)
		}
		if _, ok := c.Get(t.Context(), "key"); !ok || c.Trouble() != nil {
			t.Errorf("Get: %v, %v", ok, c.Trouble())
		}
		for range 2 {
			unlock, err := c.Lock(t.Context(), "key")
			if err != nil {
				t.Fatalf("Lock: %v", err)
			}
			defer unlock()
			unlock, ok, err := c.TryLock("key")
			if !ok || err != nil {
				t.Fatalf("TryLock: %v, %v", ok, err)
			}
			defer unlock()
		}
		if _, ok := c.Peek("key"); ok {
			t.Error("Peek finds an index")
		}
		if _, err := c.List(); !errors.Is(err, state.ErrUnusable) {
			t.Errorf("List: %v", err)
		}
		if existed, err := c.Delete(t.Context(), Account("key")); !existed || err != nil {
			t.Errorf("Delete: %v, %v", existed, err)
		}
		if err := c.Clear(t.Context()); err != nil {
			t.Errorf("Clear: %v", err)
		}
	}
}

func TestLock(t *testing.T) {
	c, _, _ := newCache(t)
	cmd := copyOf(t, "hold", lockFolder(t, c))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "held <nil>\n" {
		t.Fatalf("the holder says %q, %v", line, err)
	}
	if _, ok, err := c.TryLock("key"); ok || err != nil {
		t.Errorf("TryLock takes another's lock: %v, %v", ok, err)
	}
	unlock, ok, err := c.TryLock("another key")
	if !ok || err != nil {
		t.Fatalf("another key is locked: %v, %v", ok, err)
	}
	unlock()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	unlock, err = c.Lock(t.Context(), "key")
	if err != nil {
		t.Fatal(err)
	}
	unlock()
	_ = cmd.Wait()
}

// lockFolder gives c a state folder whose path the test knows.
func lockFolder(t *testing.T, c *Cache) string {
	path := t.TempDir()
	c.State = state.New(path)
	return path
}

// Many callers at once on a cold cache: one makes the call.
func TestOneWriter(t *testing.T) {
	c, m, _ := newCache(t)
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() {
			unlock, err := c.Lock(t.Context(), "key")
			if err != nil {
				t.Error(err)
				return
			}
			defer unlock()
			if _, ok := c.Get(t.Context(), "key"); !ok {
				if err := c.Put(t.Context(), "key", sample()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if n := strings.Count(m.called(), "Set"); n != 1 {
		t.Errorf("%d of 30 callers made the call", n)
	}
}
