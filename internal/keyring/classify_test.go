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
		{bus("org.freedesktop.DBus.Error.InvalidArgs"), nil},
		{bus(""), nil},
		{exit(t, "36"), ErrLocked},
		{exit(t, "51"), ErrLocked},
		{exit(t, "128"), ErrLocked},
		{exit(t, "44"), ErrNotFound},
		{exit(t, "37"), ErrUnavailable},
		{exit(t, "1"), nil},
		{syscall.Errno(1312), ErrUnavailable},
		{syscall.Errno(5), nil},
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
