package cache

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"daypass/creds"
	"daypass/internal/keyring"
	"daypass/internal/keyring/keyringtest"
)

// quotaUser tells a child who it shall be.
const quotaUser = "DAYPASS_TEST_UID"

// becomeUser makes this process and thread one of somebody whose quota is 20,000
// bytes, and returns what empties the user's keyring and waits until that is free
// again.
func becomeUser() (clearUser func(), err error) {
	uid, err := strconv.Atoi(os.Getenv(quotaUser))
	if err := errors.Join(err, syscall.Setresgid(uid, uid, uid), syscall.Setresuid(uid, uid, uid)); err != nil {
		return nil, err
	}
	runtime.LockOSThread() // another would take some bytes more
	_, err = unix.KeyctlGetKeyringID(unix.KEY_SPEC_THREAD_KEYRING, true)
	if err := errors.Join(err, keyring.Kernel{}.Check()); err != nil {
		return nil, err
	}
	allKeys, allBytes, _ := keyring.Kernel{}.Free()
	return func() {
		_, _ = unix.KeyctlInt(unix.KEYCTL_CLEAR, unix.KEY_SPEC_USER_KEYRING, 0, 0, 0)
		for keys, bytes := 0, 0; keys != allKeys || bytes != allBytes; keys, bytes, _ = (keyring.Kernel{}).Free() {
			time.Sleep(10 * time.Millisecond)
		}
	}, nil
}

// quota is what the user does.
func quota(ctx context.Context, c *Cache) error {
	clearUser, err := becomeUser()
	if err != nil {
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
	leaveKeys(1)
	foresee("all but one key of others", "next", time.Hour)
	inNewThread(func() { foresee("and a thread that has not written yet", "next", time.Hour) })
	leaveKeys(0)
	foresee("all keys of others", "next", time.Hour)
	clearUser()
	expire(1)
	leave(100)
	foresee("what has expired is too small", "next", time.Hour)
	clearUser()
	expire(500)
	leave(100)
	foresee("what has expired makes room", "next", time.Hour)
	atTheEdge(put, clearUser)
	return nil
}

// atTheEdge puts an entry that fits in the place of a cheaper one, and one that would
// need a byte more. While it is written it takes two links, of 4 bytes each, and the
// first of a thread takes "_tid" and a zero byte too.
func atTheEdge(put func(key, serial string, life time.Duration, size int), clearUser func()) {
	needed := 4 + 100 + len(`,"serial":"device"`) // beside what the cheap one takes
	for _, missing := range []int{1, 0} {
		clearUser()
		put("cheap", "", time.Hour, 400)
		leave(needed - missing)
		put("dear", "device", time.Hour, 500)
		clearUser()
		put("cheap", "", time.Hour, 400)
		leave(needed + len("_tid") + 1 - missing)
		inNewThread(func() { put("dear", "device", time.Hour, 500) })
	}
}

// leave lets another program take the quota up to so many bytes.
func leave(room int) {
	const name, link = "another program's", 4
	_, bytes, _ := keyring.Kernel{}.Free()
	if _, err := unix.AddKey("user", name, make([]byte, bytes-room-len(name)-1-link), unix.KEY_SPEC_USER_KEYRING); err != nil {
		fmt.Println("leaving room:", err)
	}
}

// leaveKeys lets other programs take the quota up to so many keys.
func leaveKeys(room int) {
	for keys, _, _ := (keyring.Kernel{}).Free(); keys > room; keys-- {
		if _, err := unix.AddKey("user", fmt.Sprint("one of many", keys), []byte("x"), unix.KEY_SPEC_USER_KEYRING); err != nil {
			fmt.Println("leaving keys:", err)
		}
	}
}

// inNewThread does f in a thread that ends with it.
func inNewThread(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		f()
	}()
	<-done
}

// Who is not root has room for a handful: what has expired goes first, then what
// costs no code, then what expires soon; what is dearer than the new one stays.
// What does not fit is foreseen, and nothing goes for it.
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
all but one key of others: <nil>
and a thread that has not written yet: ` + full + `
all keys of others: ` + full + `
expired: expired (5 listed)
what has expired is too small: ` + full + `
expired: expired (5 listed)
what has expired makes room: <nil>
cheap: cheap (6 listed)
put dear true true true
dear: cheap (5 listed)
cheap: cheap (5 listed)
put dear true true true
dear: cheap (5 listed)
cheap: cheap (5 listed)
dear: dear (5 listed)
cheap: cheap (6 listed)
dear: dear (5 listed)
`
	if got := run(t, "quota", path, storesOf+"=kernel", quotaUser+"="+strconv.Itoa(uid)); got != want {
		t.Errorf("it says\n%swant\n%s", got, want)
	}
}
