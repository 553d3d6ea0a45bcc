package cache

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
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
var kernelWork = map[string]func(context.Context, *Cache) error{"crowd": crowd, "quota": quota}

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
	name := entries + "/" + file(Kernel{}, Account("before"))
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

// Each of many processes writes and reads a shared entry and its own, and lets
// others expire, which any of them purges; what several renew is never purged.
func TestKernelCrowd(t *testing.T) {
	keyringtest.NeedAlone(t)
	keyringtest.NeedQuota(t)
	path := filepath.Join(t.TempDir(), "state")
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			if got := run(t, "crowd", path, storesOf+"=kernel", "DAYPASS_TEST_WRITER="+strconv.Itoa(i)); got != "" {
				t.Errorf("writer %d: %s", i, got)
			}
		})
	}
	all.Wait()
	defer func() { _ = keyring.Kernel{}.Clear() }()
	c := &Cache{Stores: []Store{Kernel{}}, State: state.New(path), Now: func() time.Time { return noon }}
	if err := c.Put(t.Context(), "last", sample()); err != nil {
		t.Fatal(err)
	}
	left, err := keyring.Kernel{}.Accounts()
	if err != nil || len(c.indexed(Kernel{})) != len(left) {
		t.Errorf("%d items, of which the index knows %d: %v", len(left), len(c.indexed(Kernel{})), err)
	}
	for i := range 10 {
		if slices.Contains(left, Account("expired"+strconv.Itoa(i))) {
			t.Errorf("what has expired, %d, is still there", i)
		}
	}
}

// crowd is the work of one of the crowd.
func crowd(ctx context.Context, c *Cache) error {
	writer := os.Getenv("DAYPASS_TEST_WRITER")
	mine := sample()
	mine.AccessKeyID, mine.SessionToken = "ASIA"+writer, creds.NewSecret(strings.Repeat(writer+" ", 300))
	for n := range 10 {
		for _, key := range []string{"shared", writer} {
			if err := c.Put(ctx, key, mine); err != nil {
				fmt.Println("put", key, err)
			}
			i, ok := c.Get(ctx, key)
			wrote := strings.TrimPrefix(i.AccessKeyID, "ASIA")
			if !ok || i.SessionToken.Reveal() != strings.Repeat(wrote+" ", 300) || key == writer && wrote != writer {
				fmt.Println("get", key, ok, c.Trouble())
			}
		}
		if n%3 > 0 {
			continue
		}
		some := writer[len(writer)-1:] // of the writers have these in common
		if err := errors.Join(expire(ctx, c, "expired"+some, mine), renew(ctx, c, "renewed"+some, mine)); err != nil {
			fmt.Println("renew", err)
		}
	}
	return nil
}

// expire puts an entry that has expired at noon.
func expire(ctx context.Context, c *Cache, key string, i creds.Issued) error {
	unlock, err := c.Lock(ctx, key)
	if err != nil {
		return err
	}
	defer unlock()
	before := &Cache{Stores: c.Stores, State: c.State, Now: func() time.Time { return noon.Add(-2 * time.Hour) }}
	i.IssuedAt, i.Expiration = noon.Add(-2*time.Hour), noon.Add(-time.Hour)
	return before.Put(ctx, key, i)
}

// renew lets an entry expire that several have, and renews it as session does: what
// others purge meanwhile is not what was renewed.
func renew(ctx context.Context, c *Cache, key string, i creds.Issued) error {
	if err := expire(ctx, c, key, i); err != nil {
		return err
	}
	unlock, err := c.Lock(ctx, key)
	if err != nil {
		return err
	}
	defer unlock()
	if err := c.Put(ctx, key, i); err != nil {
		return err
	}
	time.Sleep(2 * time.Millisecond) // others purge
	if got, ok := c.Get(ctx, key); !ok || !got.SessionToken.Equal(i.SessionToken) {
		return fmt.Errorf("%s is gone: %t, %v", key, ok, c.Trouble())
	}
	return nil
}

// quotaUser tells a child who it shall be.
const quotaUser = "DAYPASS_TEST_UID"

// quota is what somebody does whose quota is 20,000 bytes.
func quota(ctx context.Context, c *Cache) error {
	uid, err := strconv.Atoi(os.Getenv(quotaUser))
	if err := errors.Join(err, syscall.Setresgid(uid, uid, uid), syscall.Setresuid(uid, uid, uid)); err != nil {
		return err
	}
	defer clearUser()
	put := func(key, serial string, life time.Duration, size int) {
		i := sized(size)
		i.Serial, i.Expiration, i.Skew = serial, noon.Add(life), 0
		err := c.Put(ctx, key, i)
		if err != nil {
			fmt.Println("put", key, errors.Is(err, keyring.ErrFull), errors.Is(err, keyring.ErrUnavailable), c.Trouble() != nil)
		}
		have := ""
		for _, key := range []string{"dear", "soon", "later", "expired", "new", "own", "huge", "cheap", "dearest", "small"} {
			if _, ok := c.Get(ctx, key); ok {
				have += " " + key
			}
		}
		all, _ := c.List()
		fmt.Printf("%s:%s (%d listed)\n", key, have, len(all))
	}
	expire := func(size int) {
		put("expired", "device", 2*time.Second, size)
		for len(keyring.Kernel{}.Expired()) == 0 {
			time.Sleep(20 * time.Millisecond)
		}
	}
	foresee := func(what, key string, life time.Duration) {
		i := creds.Issued{Serial: "device"}
		i.Expiration = noon.Add(life)
		fmt.Printf("%s: %v\n", what, c.Foreseen(key, i))
	}
	put("dear", "device", 12*time.Hour, 3000)
	put("later", "", 50*time.Minute, 3000)
	put("soon", "", 40*time.Minute, 3000)
	put("own", "", 20*time.Minute, 3000)
	expire(3000)
	put("new", "device", time.Hour, 5000) // in the place of the expired one
	put("own", "", time.Hour, 3500)       // in its own place
	put("cheap", "", time.Minute, 3000)   // nothing is cheaper
	put("dearest", "device", 36*time.Hour, 9000)
	put("huge", "device", 36*time.Hour, 25_000)
	put("small", "device", 36*time.Hour, 700)
	foresee("an hour beside dearer ones", "next", time.Hour)
	foresee("an hour in the place of one", "small", time.Hour)
	foresee("two hours", "next", 2*time.Hour) // in the place of new

	clearUser()
	leave(800)
	foresee("others leave enough", "next", time.Hour)
	clearUser()
	leave(700)
	foresee("others leave less", "next", time.Hour)
	clearUser()
	for n := range 200 {
		_, _ = unix.AddKey("user", fmt.Sprint("one of many", n), []byte("x"), unix.KEY_SPEC_USER_KEYRING)
	}
	foresee("200 keys of others", "next", time.Hour)
	clearUser()
	expire(1)
	leave(100)
	foresee("what has expired is too small", "next", time.Hour)
	clearUser()
	expire(500)
	leave(100)
	foresee("what has expired makes room", "next", time.Hour)
	return nil
}

// clearUser empties the user's keyring, and waits until the room is given back.
func clearUser() {
	before, _, _ := keyring.Kernel{}.Free()
	_, _ = unix.KeyctlInt(unix.KEYCTL_CLEAR, unix.KEY_SPEC_USER_KEYRING, 0, 0, 0)
	for keys, bytes := before, 0; keys < 190 || bytes < 19_000; keys, bytes, _ = (keyring.Kernel{}).Free() {
		time.Sleep(10 * time.Millisecond)
	}
}

// leave lets another program take the quota up to so many bytes.
func leave(room int) {
	const name = "another program's"
	_, bytes, _ := keyring.Kernel{}.Free()
	if _, err := unix.AddKey("user", name, make([]byte, bytes-room-len(name)-1), unix.KEY_SPEC_USER_KEYRING); err != nil {
		fmt.Println("leaving room:", err)
	}
}

// Who is not root has room for a handful: what has expired goes first, then what
// costs no code, then what expires soon; what is dearer than the new one stays.
// What does not fit is foreseen.
func TestKernelQuota(t *testing.T) {
	keyringtest.NeedAlone(t)
	keyringtest.NeedQuota(t)
	path := t.TempDir()
	uid := 1<<24 + os.Getpid() // the quota of nobody else, and of no other run
	if err := errors.Join(os.Chown(path, uid, uid), os.Chmod(filepath.Dir(path), 0o755)); err != nil {
		t.Fatal(err)
	}
	const full = "the quota of the kernel keyring is used up"
	const want = `dear: dear (1 listed)
later: dear later (2 listed)
soon: dear soon later (3 listed)
own: dear soon later own (4 listed)
expired: dear soon later expired own (5 listed)
new: dear soon later new own (5 listed)
own: dear soon later new own (5 listed)
put cheap true true true
cheap: dear soon later new own (5 listed)
dearest: dear new dearest (3 listed)
put huge true true true
huge: dear new dearest (3 listed)
small: dear new dearest small (4 listed)
an hour beside dearer ones: ` + full + `
an hour in the place of one: <nil>
two hours: <nil>
others leave enough: <nil>
others leave less: ` + full + `
200 keys of others: ` + full + `
expired: expired (5 listed)
what has expired is too small: ` + full + `
expired: expired (5 listed)
what has expired makes room: <nil>
`
	if got := run(t, "quota", path, storesOf+"=kernel", quotaUser+"="+strconv.Itoa(uid)); got != want {
		t.Errorf("it says\n%swant\n%s", got, want)
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
