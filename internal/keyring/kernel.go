package keyring

// Kernel is the keyring that the Linux kernel has for each user: in memory,
// without a daemon, never locked, shared by all processes of the user, and gone
// after a reboot. On other systems every call is ErrUnavailable. Calls take
// microseconds. It knows only items that it has written itself, and their
// errors are ErrNotFound, ErrUnavailable, ErrFull, ErrTooLarge, or the kernel's.
// https://man7.org/linux/man-pages/man7/user-keyring.7.html
type Kernel struct{}

// ErrFull is ErrUnavailable because the user's quota, 200 keys and 20,000 bytes
// if nobody has changed it, is used up.
// https://docs.kernel.org/security/keys/core.html#proc-files
var ErrFull error = fullError{}

type fullError struct{}

func (fullError) Error() string { return "the quota of the kernel keyring is used up" }

func (fullError) Is(target error) bool { return target == ErrUnavailable }

// Reachable is ErrUnavailable where it can be told without a call that there is
// no OS keyring: no session bus is named. getenv is as in Keyring.
func Reachable(getenv func(string) string) error { return preflight(getenv) }
