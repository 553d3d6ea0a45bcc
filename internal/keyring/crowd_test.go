package keyring

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	gokeyring "github.com/zalando/go-keyring"

	"daypass/internal/keyring/keyringtest"
)

// inMemory is t.TempDir, without waiting for a disk.
func inMemory(t *testing.T) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("needs files that can be replaced while somebody reads them")
	}
	path, err := os.MkdirTemp("/dev/shm", "keyring")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(path) })
	return path
}

// folder is a keyring of several processes: a file an item, written at once.
type folder struct{ path string }

func (f folder) file(service, account string) string {
	return filepath.Join(f.path, url.PathEscape(service+"/"+account))
}

func (f folder) Get(service, account string) (string, error) {
	text, err := os.ReadFile(f.file(service, account))
	if errors.Is(err, fs.ErrNotExist) {
		err = gokeyring.ErrNotFound
	}
	return string(text), err
}

func (f folder) Set(service, account, value string) error {
	temporary := filepath.Join(f.path, "."+strconv.Itoa(os.Getpid()))
	if err := os.WriteFile(temporary, []byte(value), 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, f.file(service, account))
}

func (f folder) Delete(service, account string) error {
	err := os.Remove(f.file(service, account))
	if errors.Is(err, fs.ErrNotExist) {
		err = gokeyring.ErrNotFound
	}
	return err
}

func (f folder) DeleteAll(string) error { return errors.ErrUnsupported }

// churnSize is that of the token in a value of churn, one of two.
func churnSize(round int) int { return 700 + 600*(round%2) }

// churn writes a value of its own and returns one that it reads, "" for none, and
// fails if that is not whole. It is what the call "Churn" does.
func churn(ctx context.Context, k *Keyring, r request, round int) (string, error) {
	tag := fmt.Sprintf("%d.%d", os.Getpid(), round)
	size := churnSize(os.Getpid() + round) // in step they would never disturb each other
	err := k.Set(ctx, r.Service, r.Account, itemOf(tag, size))
	if err != nil && !errors.Is(err, errNotKept) { // else another was faster
		return "", err
	}
	value, err := k.Get(ctx, r.Service, r.Account)
	if err == nil && !whole(value) {
		return "", errors.New("torn: " + value)
	}
	return value, unlessAbsent(err, nil)
}

// whole reports whether value is one that churn wrote.
func whole(value string) bool {
	_, rest, _ := strings.Cut(value, `{"tag":"`)
	tag, _, _ := strings.Cut(rest, `"`)
	return value == itemOf(tag, churnSize(0)) || value == itemOf(tag, churnSize(1))
}

// Nobody ever reads a mixture, though nobody waits for the others, and whatever they
// leave stands in nobody's way.
func TestFiftyProcessesOnOneItem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		store string
		room  int
	}{
		{"folder", 0},
		{"folder", 400},
		{"keyring", 700}, // two or three parts: the daemon writes one item at once
	} {
		t.Run(fmt.Sprintf("%s %d", c.store, c.room), func(t *testing.T) {
			t.Parallel()
			r := request{Call: "Churn", Service: "s", Account: "a", Room: c.room, Times: 10, Limit: time.Minute}
			var env []string
			if c.store == "folder" {
				r.Folder = inMemory(t)
			} else {
				env = keyringtest.Keyring(t).Env
				if os.Getenv("TEST_LONG") == "" { // all ten take the whole machine for half a minute: .ci/run has them alone
					r.Times = 2
				}
			}
			ends := make([]func() reply, 50)
			for i := range ends {
				ends[i] = begin(t, env, r)
			}
			for _, end := range ends {
				got := end()
				expect(t, got, reply{Value: got.Value})
			}
			r.Times = 1
			if got := begin(t, env, r)(); got.Error != "" || got.Value == "" {
				t.Errorf("whoever comes after them has %+v", got)
			}
		})
	}
}

// A process is killed before each of the calls that writing takes, time and
// again, and the next goes on where it was. Once there is a value, there is one.
func TestKilledWhileWriting(t *testing.T) {
	t.Parallel()
	const rounds = 200
	path := inMemory(t)
	written := false
	for n := 1; n <= rounds; n++ {
		kill(t, request{Call: "Churn", Service: "s", Account: "a", Room: 400, Times: rounds, Folder: path, Stop: n})
		k := &Keyring{backend: folder{path}, room: tinyRoom(400)}
		value, err := k.Get(t.Context(), "s", "a")
		if !written && errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil || !whole(value) {
			t.Fatalf("killed at call %d: %q, %v", n, value, err)
		}
		written = true
	}
	if !written {
		t.Error("nothing was ever written")
	}
	k := &Keyring{backend: folder{path}, room: tinyRoom(400)}
	if err := k.Delete(t.Context(), "s", "a"); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(path, "[^.]*")); len(left) != 0 || err != nil {
		t.Errorf("after Delete there are %v, %v", left, err)
	}
}

// kill starts the process of r, and kills it when it waits for that.
func kill(t *testing.T, r request) {
	t.Helper()
	cmd := command(t, nil, r)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said, err := bufio.NewReader(out).ReadString('\n')
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if said != waits {
		t.Fatalf("it says %q, %v", said, err)
	}
}
