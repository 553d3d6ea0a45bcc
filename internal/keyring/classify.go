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
	case errors.As(err, &errno) && errno == noLogonSession:
		return ErrUnavailable
	}
	return byText(err.Error())
}

// noLogonSession is ERROR_NO_SUCH_LOGON_SESSION, which the credential manager of
// Windows answers in an SSH session.
// https://learn.microsoft.com/windows/win32/debug/system-error-codes--1300-1699-
const noLogonSession = syscall.Errno(1312)

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
	case "Secret.Error.IsLocked":
		return ErrLocked
	case "Secret.Error.NoSuchObject":
		return ErrNotFound
	case "DBus.Error.ServiceUnknown", "DBus.Error.NameHasNoOwner", "DBus.Error.NoReply", "DBus.Error.Disconnected",
		"DBus.Error.TimedOut", "DBus.Error.Timeout", "DBus.Error.AccessDenied":
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
	29:  ErrLocked,      // -25315 errSecInteractionRequired
	36:  ErrLocked,      // -25308 errSecInteractionNotAllowed, as in SSH
	51:  ErrLocked,      // -25293 errSecAuthFailed
	128: ErrLocked,      // -128 userCanceledErr
	44:  ErrNotFound,    // -25300 errSecItemNotFound
	37:  ErrUnavailable, // -25307 errSecNoDefaultKeychain
	50:  ErrUnavailable, // -25294 errSecNoSuchKeychain
	53:  ErrUnavailable, // -25291 errSecNotAvailable
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
