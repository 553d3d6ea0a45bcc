package keyring

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os/exec"
	"strings"
	"syscall"

	"github.com/godbus/dbus/v5"
	gokeyring "github.com/zalando/go-keyring"
)

// classify wraps err in the error of this package that it amounts to, if any.
func classify(err error) error {
	if err == nil {
		return nil
	}
	for _, known := range []error{ErrNotFound, ErrLocked, ErrUnavailable, ErrTimeout, ErrTooLarge} {
		if errors.Is(err, known) {
			return err
		}
	}
	if kind := kindOf(err); kind != nil {
		return fmt.Errorf("%w: %w", kind, err)
	}
	return err
}

func kindOf(err error) error {
	var bus dbus.Error
	var exit *exec.ExitError
	var errno syscall.Errno
	switch {
	case errors.Is(err, gokeyring.ErrNotFound):
		return ErrNotFound
	case errors.Is(err, gokeyring.ErrSetDataTooBig):
		return ErrTooLarge
	case unreachable(err):
		return ErrUnavailable
	case errors.As(err, &bus):
		return ofBus(bus.Name)
	case errors.As(err, &exit):
		return securityExits[exit.ExitCode()]
	case errors.As(err, &errno) && windowsCodes[errno] != nil:
		return windowsCodes[errno]
	}
	return byText(err.Error())
}

// windowsCodes are errors of the credential manager, by what CredWrite and
// CredRead document, and by what they answer.
// https://learn.microsoft.com/windows/win32/api/wincred/nf-wincred-credwritew
var windowsCodes = map[syscall.Errno]error{
	1168: ErrNotFound,    // ERROR_NOT_FOUND
	1312: ErrUnavailable, // ERROR_NO_SUCH_LOGON_SESSION, as in SSH
	1058: ErrUnavailable, // ERROR_SERVICE_DISABLED
	1062: ErrUnavailable, // ERROR_SERVICE_NOT_ACTIVE
	1722: ErrUnavailable, // RPC_S_SERVER_UNAVAILABLE
	1783: ErrTooLarge,    // RPC_X_BAD_STUB_DATA: https://github.com/danieljoos/wincred/issues/18
}

// unreachable: no bus at the address, or it went away, or no keyring for this OS.
func unreachable(err error) bool {
	var network *net.OpError
	var program *exec.Error
	return errors.Is(err, gokeyring.ErrUnsupportedPlatform) || errors.Is(err, dbus.ErrClosed) ||
		errors.Is(err, io.EOF) || errors.Is(err, fs.ErrNotExist) ||
		errors.As(err, &network) || errors.As(err, &program)
}

// ofBus tells D-Bus errors by their names: those of the Secret Service, those of
// a bus without one, and those of one that cannot be started.
// https://specifications.freedesktop.org/secret-service/latest/errors.html
func ofBus(name string) error {
	switch strings.TrimPrefix(name, "org.freedesktop.") {
	case "Secret.Error.IsLocked", "org.gnome.keyring.Error.Denied":
		return ErrLocked
	case "Secret.Error.NoSuchObject":
		return ErrNotFound
	case "DBus.Error.ServiceUnknown", "DBus.Error.NameHasNoOwner", "DBus.Error.NoReply", "DBus.Error.Disconnected",
		"DBus.Error.TimedOut", "DBus.Error.Timeout", "DBus.Error.AccessDenied", "DBus.Error.NotSupported",
		"DBus.Error.UnknownMethod", "DBus.Error.UnknownObject", "DBus.Error.UnknownInterface", "Secret.Error.NoSession":
		return ErrUnavailable
	}
	if strings.HasPrefix(name, "org.freedesktop.DBus.Error.Spawn.") || strings.HasPrefix(name, "org.freedesktop.systemd1.") {
		return ErrUnavailable
	}
	return nil
}

// securityExits are exit codes of macOS's security: the low byte of an OSStatus.
// https://developer.apple.com/documentation/security/security-framework-result-codes
var securityExits = map[int]error{
	24:  ErrLocked,      // -25320 errSecInDarkWake
	29:  ErrLocked,      // -25315 errSecInteractionRequired
	36:  ErrLocked,      // -25308 errSecInteractionNotAllowed, as in SSH
	51:  ErrLocked,      // -25293 errSecAuthFailed
	101: ErrLocked,      // -25243 errSecNoAccessForItem
	128: ErrLocked,      // -128 userCanceledErr
	44:  ErrNotFound,    // -25300 errSecItemNotFound
	37:  ErrUnavailable, // -25307 errSecNoDefaultKeychain
	49:  ErrUnavailable, // -25295 errSecInvalidKeychain
	50:  ErrUnavailable, // -25294 errSecNoSuchKeychain
	52:  ErrUnavailable, // -25292 errSecReadOnly
	53:  ErrUnavailable, // -25291 errSecNotAvailable
	42:  ErrTooLarge,    // -25302 errSecDataTooLarge
}

// byText knows the errors that go-keyring and godbus make from bare strings.
func byText(text string) error {
	switch {
	case strings.Contains(text, "failed to unlock correct collection"):
		return ErrLocked // also dismissed, and no collection yet: it cannot be told apart
	case strings.Contains(text, "dbus: "):
		return ErrUnavailable // the address or the authentication is wrong
	}
	return nil
}
