package keyring

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	kernelType   = "user"     // of keys: the kernel does not interpret them
	kernelPrefix = "daypass:" // of the descriptions of keys that are ours
	kernelLimit  = 32_767     // bytes of a value
)

// kernelPermissions let the user do to a key what its possessor may. Else a
// process whose session keyring does not lead to that of the user, as after ssh
// without pam_keyinit, finds the key and may not read it. The other cure, a link
// of one's own to that keyring, holds for one thread alone, and costs each
// process a key of the quota: https://github.com/torvalds/linux/commit/3a50597de8635
const kernelPermissions = 0x3f3f0000

// displacedTries is how often a reader looks again for a key that another
// process has displaced between its being found and read.
const displacedTries = 3

// Get returns the value of account.
func (Kernel) Get(account string) (string, error) {
	_, value, err := kernelValue(account)
	return value, kernelError("reading from the kernel keyring", err)
}

func kernelValue(account string) (id int, value string, err error) {
	buf := make([]byte, kernelLimit)
	for range displacedTries {
		if id, err = kernelFind(account); err != nil {
			return 0, "", err
		}
		var n int
		n, err = unix.KeyctlBuffer(unix.KEYCTL_READ, id, buf, 0)
		if err == nil {
			return id, string(buf[:n]), nil
		}
		if kernelKind(err) != ErrNotFound {
			break
		}
	}
	return 0, "", err
}

func kernelFind(account string) (id int, err error) {
	return unix.KeyctlSearch(unix.KEY_SPEC_USER_KEYRING, kernelType, kernelPrefix+account, 0)
}

// Set makes value, of 1 to 32,767 bytes, that of account, until left is over or a
// second earlier. One that would not live a second is an error. Whatever cuts it
// short, the account has the old value, with its own time, or the new one.
func (Kernel) Set(account, value string, left time.Duration) error {
	const what = "writing to the kernel keyring"
	seconds := int(left / time.Second)
	switch {
	case seconds < 1: // 0 would mean for ever
		return fmt.Errorf("%s: it would expire at once", what)
	case len(value) > kernelLimit:
		return fmt.Errorf("%s: %w", what, ErrTooLarge)
	}
	id, err := kernelPut(account, value, seconds)
	if err != nil {
		return kernelError(what, err)
	}
	found, kept, err := kernelValue(account)
	if err == nil && found == id && kept != value { // another id is that of a later writer
		err = errNotKept
	}
	if err != nil {
		return kernelError(what+": reading back", err)
	}
	return nil
}

// kernelPut makes a key where nobody looks, and moves it when it is complete: a
// key that is updated in place would have the new value with the old time, and
// one that is made in place no time at all, until the next call. The keyring of a
// thread dies with it. A link takes the place of one to a key of that name:
// https://man7.org/linux/man-pages/man2/keyctl.2.html (KEYCTL_LINK)
func kernelPut(account, value string, seconds int) (id int, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	id, err = unix.AddKey(kernelType, kernelPrefix+account, []byte(value), unix.KEY_SPEC_THREAD_KEYRING)
	if err != nil {
		return 0, err
	}
	defer func() { _ = kernelUnlink(id, unix.KEY_SPEC_THREAD_KEYRING) }()
	if _, err := unix.KeyctlInt(unix.KEYCTL_SET_TIMEOUT, id, seconds, 0, 0); err != nil {
		return 0, err
	}
	if err := unix.KeyctlSetperm(id, kernelPermissions); err != nil {
		return 0, err
	}
	_, err = unix.KeyctlInt(unix.KEYCTL_LINK, id, unix.KEY_SPEC_USER_KEYRING, 0, 0)
	return id, err
}

func kernelUnlink(id, ring int) error {
	_, err := unix.KeyctlInt(unix.KEYCTL_UNLINK, id, ring, 0, 0)
	return err
}

// Delete removes the value of account, also one that has expired, which the
// kernel would do within 5 minutes. That there is none is no error. One that
// another process sets meanwhile may go with it.
func (Kernel) Delete(account string) error {
	const what = "deleting from the kernel keyring"
	id, err := kernelFind(account)
	switch {
	case err == nil:
		err = kernelDrop(id, account)
	case errors.Is(err, unix.EKEYEXPIRED):
		err = nil
		if dead, ok := kernelExpired()[account]; ok {
			err = kernelUnlinkDead(dead.id, account)
		}
	}
	return unlessAbsent(kernelError(what, err), nil)
}

// kernelDrop revokes the key first: that gives its bytes back to the quota at
// once, and the unlinking after a while.
func kernelDrop(id int, account string) error {
	if _, err := unix.KeyctlInt(unix.KEYCTL_REVOKE, id, 0, 0, 0); err != nil {
		return err
	}
	return kernelUnlinkDead(id, account)
}

// kernelUnlinkDead looks whether another key has taken the place of this one,
// since the kernel unlinks by name, whatever id it is given.
func kernelUnlinkDead(id int, account string) error {
	if _, err := kernelFind(account); kernelKind(err) != ErrNotFound {
		return err
	}
	if err := kernelUnlink(id, unix.KEY_SPEC_USER_KEYRING); !errors.Is(err, unix.ENOENT) { // another has done it
		return err
	}
	return nil
}

// Clear removes all values, and those that have expired.
func (k Kernel) Clear() error {
	accounts, err := k.Accounts()
	if err != nil {
		return err
	}
	for account := range k.Expired() {
		accounts = append(accounts, account)
	}
	for _, account := range accounts {
		if err := k.Delete(account); err != nil {
			return err
		}
	}
	return nil
}

// Accounts returns the accounts that have a value.
func (Kernel) Accounts() ([]string, error) {
	ids, err := kernelLinks()
	var accounts []string
	for _, id := range ids {
		about, err := unix.KeyctlString(unix.KEYCTL_DESCRIBE, id) // type;uid;gid;permissions;description
		parts := strings.SplitN(about, ";", 5)
		if err != nil || len(parts) < 5 || parts[0] != kernelType {
			continue
		}
		if account, ours := strings.CutPrefix(parts[4], kernelPrefix); ours {
			accounts = append(accounts, account)
		}
	}
	return accounts, unlessAbsent(kernelError("listing the kernel keyring", err), nil)
}

// kernelLinks returns the ids of all keys in the user's keyring.
func kernelLinks() ([]int, error) {
	var ids []int
	buf := make([]byte, 4096)
	n, err := unix.KeyctlBuffer(unix.KEYCTL_READ, unix.KEY_SPEC_USER_KEYRING, buf, 0)
	for err == nil && n > len(buf) { // it is that long
		buf = make([]byte, n)
		n, err = unix.KeyctlBuffer(unix.KEYCTL_READ, unix.KEY_SPEC_USER_KEYRING, buf, 0)
	}
	for i := 0; err == nil && i+4 <= n; i += 4 {
		ids = append(ids, int(int32(binary.NativeEndian.Uint32(buf[i:]))))
	}
	return ids, err
}

// Check is the error that every call would have, nil if there is none.
func (Kernel) Check() error {
	_, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_USER_KEYRING, true)
	return kernelError("looking for the kernel keyring", err)
}

func kernelError(what string, err error) error {
	if err == nil {
		return nil
	}
	if kind := kernelKind(err); kind != nil {
		return fmt.Errorf("%s: %w: %w", what, kind, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// kernelKind tells the kernel's errors: those of a key that is gone, and those of
// a container that forbids the calls or of a kernel that has not got them.
func kernelKind(err error) error {
	var errno unix.Errno
	if !errors.As(err, &errno) {
		return nil
	}
	switch errno {
	case unix.ENOKEY, unix.EKEYEXPIRED, unix.EKEYREVOKED:
		return ErrNotFound
	case unix.EDQUOT:
		return ErrFull
	case unix.EPERM, unix.EACCES, unix.ENOSYS:
		return ErrUnavailable
	}
	return nil
}
