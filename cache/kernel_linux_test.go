package cache

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"daypass/creds"
	"daypass/internal/keyring"
	"daypass/internal/keyring/keyringtest"
	"daypass/internal/state"
)

// kernelWork is what a child does beside the work of every system.
var kernelWork = map[string]func(context.Context, *Cache) error{"crowd": crowd, "renewals": renewals, "quota": quota}

// forbid makes calls to the kernel keyring fail in this child, if it is told to.
func forbid() error {
	errno, err := strconv.Atoi(os.Getenv("DAYPASS_TEST_FORBID"))
	if err != nil {
		return nil
	}
	runtime.LockOSThread()
	return keyringtest.Forbid(syscall.Errno(errno))
}

// newKernel returns a Cache in the kernel keyring alone. Its tests are not
// parallel: there is one.
func newKernel(t *testing.T) *Cache {
	t.Helper()
	keyringtest.NeedAlone(t)
	t.Cleanup(func() { _ = keyring.Kernel{}.Clear() })
	return &Cache{Stores: []Store{Kernel{}}, State: state.New(t.TempDir()), Now: func() time.Time { return noon }}
}

func sized(n int) creds.Issued {
	i := sample()
	i.SessionToken = creds.NewSecret(strings.Repeat("T", n))
	return i
}

func TestKernelKeepsTokensOfEverySize(t *testing.T) {
	c := newKernel(t)
	for _, n := range []int{343, 832, 2100, 2700, 4096, 16_384} {
		if err := c.Put(t.Context(), "key", sized(n)); err != nil {
			t.Fatalf("a token of %d bytes: %v", n, err)
		}
		if i, ok := c.Get(t.Context(), "key"); !ok || !same(i, sized(n)) {
			t.Errorf("a token of %d bytes: %v", n, ok)
		}
	}
	if err := c.Put(t.Context(), "key", sized(40_000)); !errors.Is(err, keyring.ErrTooLarge) || !errors.Is(c.Trouble(), keyring.ErrTooLarge) {
		t.Errorf("one of 40,000 bytes: %v, trouble %v", err, c.Trouble())
	}
	if i, ok := c.Get(t.Context(), "key"); !ok || !same(i, sized(16_384)) {
		t.Errorf("the entry that was to be replaced: %v", ok)
	}
}

// The entry goes by itself when either clock says so.
func TestKernelEntriesExpire(t *testing.T) {
	c := newKernel(t)
	i := sample()
	i.Skew = time.Hour - 2*time.Second // STS's clock is ahead
	if err := c.Put(t.Context(), "key", i); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := (keyring.Kernel{}).Get(Account("key")); errors.Is(err, keyring.ErrNotFound) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	if _, ok := c.Get(t.Context(), "key"); ok || c.Trouble() != nil {
		t.Errorf("hit %v, trouble %v", ok, c.Trouble())
	}
}

// A reboot takes what the kernel has kept, and the index goes with it.
func TestKernelIndexAfterAReboot(t *testing.T) {
	c := newKernel(t)
	for _, key := range []string{"before", "after"} {
		if err := c.Put(t.Context(), key, sample()); err != nil {
			t.Fatal(err)
		}
	}
	name := indexFile(Kernel{}, Account("before"))
	text, err := c.State.Read(name)
	this := boot()
	if len(this) != 36 || !strings.Contains(string(text), `"boot":"`+this+`"`) || err != nil {
		t.Fatalf("boot %q, index %s, %v", this, text, err)
	}
	if err := c.State.Write(name, []byte(strings.Replace(string(text), this, "another", 1))); err != nil {
		t.Fatal(err)
	}
	if err := (keyring.Kernel{}).Delete(Account("before")); err != nil {
		t.Fatal(err)
	}
	if all, err := c.List(); len(all) != 1 || all[0].Account != Account("after") || err != nil {
		t.Errorf("listed: %v, %v", all, err)
	}
	if _, ok := c.Peek("before"); ok {
		t.Error("Peek knows an entry of before the reboot")
	}
	if err := c.Put(t.Context(), "third", sample()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.State.Read(name); err == nil {
		t.Error("its index file was not swept")
	}
}

// What another process has renewed meanwhile is not purged, even if the index has
// not heard of it.
func TestKernelPurgeSparesTheRenewed(t *testing.T) {
	c := newKernel(t)
	now := noon
	c.Now = func() time.Time { return now }
	for _, key := range []string{"renewed", "old"} {
		if err := c.Put(t.Context(), key, sample()); err != nil {
			t.Fatal(err)
		}
	}
	now = noon.Add(2 * time.Hour)
	late := sample()
	late.IssuedAt, late.Expiration = now, now.Add(time.Hour)
	unindexed := &Cache{Stores: c.Stores, State: state.New(""), Now: c.Now}
	if err := unindexed.Put(t.Context(), "renewed", late); err != nil {
		t.Fatal(err)
	}
	if err := c.Put(t.Context(), "another", late); err != nil {
		t.Fatal(err)
	}
	if i, ok := c.Get(t.Context(), "renewed"); !ok || !same(i, late) {
		t.Errorf("the renewed one: %v", ok)
	}
	if _, err := (keyring.Kernel{}).Get(Account("old")); !errors.Is(err, keyring.ErrNotFound) {
		t.Errorf("the old one: %v", err)
	}
}

// Each step is a process of its own, on a bus with a keyring that is locked and
// unlocked again.
func TestAutoWithARealKeyring(t *testing.T) {
	keyringtest.NeedAlone(t)
	s := keyringtest.Keyring(t)
	path := filepath.Join(t.TempDir(), "state")
	auto := append(s.Env, storesOf+"=auto")
	in := func(store string) bool {
		_, err := os.Stat(filepath.Join(path, entries, store+"-"+Account("key")))
		return err == nil
	}
	for i, step := range []struct {
		do, says        string
		kernel, keyring bool
	}{
		{"get", "false false <nil>\n", false, false},
		{"put", "", false, true},
		{"get", "true true <nil>\n", false, true},
		{"lock", "", false, true},
		{"put", "", true, true},
		{"get", "true true <nil>\n", true, true},
		{"unlock", "", true, true},
		{"put", "", false, true},
		{"get", "true true <nil>\n", false, true},
		{"delete", "", false, false},
		{"get", "false false <nil>\n", false, false},
	} {
		switch step.do {
		case "lock":
			s.Lock()
		case "unlock":
			s = keyringtest.Keyring(t)
			auto = append(s.Env, storesOf+"=auto")
		default:
			if got := run(t, step.do, path, auto...); got != step.says {
				t.Errorf("%d %s: got %q, want %q", i, step.do, got, step.says)
			}
		}
		if in("kernel") != step.kernel || in("keyring") != step.keyring {
			t.Errorf("%d %s: in the kernel %v, in the keyring %v", i, step.do, in("kernel"), in("keyring"))
		}
	}
}

// In a container that forbids the calls, the keyring is used, and alone the kernel
// is unavailable.
func TestKernelForbidden(t *testing.T) {
	keyringtest.NeedAlone(t)
	s := keyringtest.Keyring(t)
	for _, errno := range []syscall.Errno{unix.EPERM, unix.ENOSYS, unix.EACCES} {
		path := filepath.Join(t.TempDir(), "state")
		forbidden := "DAYPASS_TEST_FORBID=" + strconv.Itoa(int(errno))
		for _, step := range []struct{ work, stores, want string }{
			{"put", "auto", ""},
			{"get", "auto", "true true <nil>"},
			{"delete", "auto", "there is no keyring"},
			{"put", "kernel", "there is no keyring to be reached: " + errno.Error() + " true"},
			{"get", "kernel", "false false reading from the kernel keyring: there is no keyring to be reached: " + errno.Error()},
		} {
			if got := run(t, step.work, path, append(s.Env, storesOf+"="+step.stores, forbidden)...); !strings.Contains(got, step.want) || (got == "") != (step.want == "") {
				t.Errorf("%v, %s in %s: %q, want %q", errno, step.work, step.stores, got, step.want)
			}
		}
	}
}
