package keyring

import (
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Expired returns the accounts whose value has expired and still counts against
// the quota, with how many bytes of it; none where /proc/keys cannot be read.
func (k Kernel) Expired() map[string]int {
	all := map[string]int{}
	for account, dead := range kernelExpired() {
		all[account] = k.Room(account, "") + dead.size
	}
	return all
}

// deadKey is one that has expired.
type deadKey struct {
	id, size int // in bytes, of its value
}

// kernelExpired returns the keys by account. Only /proc/keys still tells the names.
func kernelExpired() map[string]deadKey {
	all := map[string]deadKey{}
	text, err := os.ReadFile("/proc/keys")
	links, _ := kernelLinks()
	if err != nil {
		return all
	}
	for line := range strings.Lines(string(text)) {
		if dead, account, ok := expiredKey(line); ok && slices.Contains(links, dead.id) {
			all[account] = dead
		}
	}
	return all
}

// expiredKey reads a line of /proc/keys: id, flags, uses, time left,
// permissions, uid, gid, type, description and a colon, length.
// https://man7.org/linux/man-pages/man5/proc_keys.5.html
func expiredKey(line string) (dead deadKey, account string, ok bool) {
	f := strings.Fields(line)
	if len(f) < 10 || f[3] != "expd" || f[7] != kernelType {
		return deadKey{}, "", false
	}
	account, ok = strings.CutPrefix(strings.TrimSuffix(f[8], ":"), kernelPrefix)
	id, err := strconv.ParseInt(f[0], 16, 32)
	size, err2 := strconv.Atoi(f[9])
	return deadKey{int(id), size}, account, ok && err == nil && err2 == nil
}

// kernelLink is what a link to a key takes.
// https://github.com/torvalds/linux/blob/master/security/keys/internal.h (KEYQUOTA_LINK_BYTES)
const kernelLink = 4

// Room is how many bytes of the quota a value of account takes once it is there.
func (Kernel) Room(account, value string) int {
	return len(kernelPrefix) + len(account) + 1 + len(value) + kernelLink
}

// kernelThread is what the keyring of a thread takes, whose name is "_tid".
// https://github.com/torvalds/linux/blob/master/security/keys/process_keys.c (install_thread_keyring_to_cred)
const kernelThread = len("_tid") + 1

// Needs is how many keys and bytes of the quota must be free for a value of account
// to be written: more than its Room, since meanwhile it is linked twice, and since
// the first that a thread writes makes a keyring, which stays as long as the thread.
// It is about the calling thread.
func (k Kernel) Needs(account, value string) (keys, bytes int) {
	keys, bytes = 1, k.Room(account, value)+kernelLink
	if _, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_THREAD_KEYRING, false); err != nil {
		keys, bytes = keys+1, bytes+kernelThread
	}
	return keys, bytes
}

// Free is how many keys and how many bytes are left of the quota; not ok where that
// cannot be told.
func (Kernel) Free() (keys, bytes int, ok bool) {
	text, _ := os.ReadFile("/proc/key-users")
	for line := range strings.Lines(string(text)) {
		if keys, bytes, ok := free(line, os.Getuid()); ok {
			return keys, bytes, true
		}
	}
	return 0, 0, false
}

// free reads a line of /proc/key-users: uid and a colon, uses, keys, and of the
// quota keys and bytes as USED/ALL.
// https://man7.org/linux/man-pages/man5/proc_key-users.5.html
func free(line string, uid int) (keys, bytes int, ok bool) {
	f := strings.Fields(line)
	if len(f) < 5 || f[0] != strconv.Itoa(uid)+":" {
		return 0, 0, false
	}
	keys, ok = unused(f[3])
	bytes, ok2 := unused(f[4])
	return keys, bytes, ok && ok2
}

func unused(s string) (int, bool) {
	used, all, _ := strings.Cut(s, "/")
	u, err := strconv.Atoi(used)
	a, err2 := strconv.Atoi(all)
	return a - u, err == nil && err2 == nil
}
