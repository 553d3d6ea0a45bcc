package keyring

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/godbus/dbus/v5"
	gokeyring "github.com/zalando/go-keyring"
)

func TestClassify(t *testing.T) {
	bus := func(name string) error { return dbus.Error{Name: name, Body: []any{"what the bus says"}} }
	for _, c := range []struct {
		err, want error // want nil: left as it is
	}{
		{gokeyring.ErrNotFound, ErrNotFound},
		{gokeyring.ErrSetDataTooBig, ErrTooLarge},
		{gokeyring.ErrUnsupportedPlatform, ErrUnavailable},
		{errors.New("failed to unlock correct collection '/org/freedesktop/secrets/aliases/default'"), ErrLocked},
		{errors.New("dbus: invalid bus address (no transport)"), ErrUnavailable},
		{errors.New("dbus: invalid bus address (invalid or unsupported transport)"), ErrUnavailable},
		{errors.New("dbus: authentication failed"), ErrUnavailable},
		{dbus.ErrClosed, ErrUnavailable},
		{io.EOF, ErrUnavailable},
		{&net.OpError{Op: "dial", Net: "unix", Err: syscall.ECONNREFUSED}, ErrUnavailable},
		{&exec.Error{Name: "dbus-launch", Err: exec.ErrNotFound}, ErrUnavailable},
		{bus("org.freedesktop.Secret.Error.IsLocked"), ErrLocked},
		{bus("org.freedesktop.Secret.Error.NoSuchObject"), ErrNotFound},
		{bus("org.freedesktop.DBus.Error.ServiceUnknown"), ErrUnavailable},
		{bus("org.freedesktop.DBus.Error.NoReply"), ErrUnavailable},
		{bus("org.freedesktop.DBus.Error.Spawn.ChildExited"), ErrUnavailable},
		{bus("org.freedesktop.systemd1.NoSuchUnit"), ErrUnavailable},
		{bus("org.freedesktop.Secret.Error.NoSession"), ErrUnavailable},
		{bus("org.freedesktop.DBus.Error.UnknownMethod"), ErrUnavailable},
		{bus("org.freedesktop.DBus.Error.NotSupported"), ErrUnavailable},
		{bus("org.gnome.keyring.Error.Denied"), ErrLocked},
		{bus("org.freedesktop.DBus.Error.InvalidArgs"), nil},
		{bus(""), nil},
		{status(t, -25308), ErrLocked},      // errSecInteractionNotAllowed
		{status(t, -25293), ErrLocked},      // errSecAuthFailed
		{status(t, -25315), ErrLocked},      // errSecInteractionRequired
		{status(t, -25320), ErrLocked},      // errSecInDarkWake
		{status(t, -25243), ErrLocked},      // errSecNoAccessForItem
		{status(t, -128), ErrLocked},        // errSecUserCanceled
		{status(t, -25300), ErrNotFound},    // errSecItemNotFound
		{status(t, -25307), ErrUnavailable}, // errSecNoDefaultKeychain
		{status(t, -25295), ErrUnavailable}, // errSecInvalidKeychain
		{status(t, -25294), ErrUnavailable}, // errSecNoSuchKeychain
		{status(t, -25292), ErrUnavailable}, // errSecReadOnly
		{status(t, -25291), ErrUnavailable}, // errSecNotAvailable
		{status(t, -25302), ErrTooLarge},    // errSecDataTooLarge
		{status(t, -25299), nil},            // errSecDuplicateItem
		{exit(t, 1), nil},
		{syscall.Errno(1168), ErrNotFound},    // ERROR_NOT_FOUND
		{syscall.Errno(1312), ErrUnavailable}, // ERROR_NO_SUCH_LOGON_SESSION
		{syscall.Errno(1058), ErrUnavailable}, // ERROR_SERVICE_DISABLED
		{syscall.Errno(1062), ErrUnavailable}, // ERROR_SERVICE_NOT_ACTIVE
		{syscall.Errno(1722), ErrUnavailable}, // RPC_S_SERVER_UNAVAILABLE
		{syscall.Errno(1783), ErrTooLarge},    // RPC_X_BAD_STUB_DATA
		{syscall.Errno(5), nil},               // ERROR_ACCESS_DENIED, which nothing documents here
		{errors.New("what nobody has seen before"), nil},
	} {
		for _, err := range []error{c.err, fmt.Errorf("wrapped: %w", c.err)} {
			got := classify(err)
			if !strings.HasSuffix(got.Error(), err.Error()) || c.want == nil && got.Error() != err.Error() {
				t.Errorf("%v became %v", err, got)
			}
			for _, kind := range kinds {
				if errors.Is(got, kind) != (kind == c.want) {
					t.Errorf("%v: is it %q? %v", err, kind, errors.Is(got, kind))
				}
			}
			if again := classify(got); again.Error() != got.Error() {
				t.Errorf("classified twice, %v became %v", got, again)
			}
		}
	}
	if classify(nil) != nil {
		t.Error("no error became one")
	}
}

// status is the error of macOS's security when it ends in that OSStatus, of which
// an exit code holds the low byte.
func status(t *testing.T, code int) error {
	t.Helper()
	return exit(t, code&0xff)
}
