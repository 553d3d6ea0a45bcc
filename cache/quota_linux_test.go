package cache

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
