//go:build !darwin && !windows

package keyring

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

const busVariable = "DBUS_SESSION_BUS_ADDRESS"

// preflight is ErrUnavailable unless godbus will find a session bus: where it
// finds none it starts dbus-launch, which leaves daemons behind. It looks where
// godbus looks, in the environment of the process and at /run/user/UID/bus.
func preflight(getenv func(string) string) error {
	address := os.Getenv(busVariable)
	if getenv != nil && getenv(busVariable) != address {
		return fmt.Errorf("%w: %s is not that of the process", ErrUnavailable, busVariable)
	}
	if address != "" && address != "autolaunch:" {
		return nil
	}
	if _, err := os.Stat(filepath.Join("/run/user", strconv.Itoa(os.Getuid()), "bus")); err == nil {
		return nil
	}
	return fmt.Errorf("%w: no session bus", ErrUnavailable)
}

func platform(a *attempt) (backend, error) { return asking{a}, nil }

func platformRoom(service, account string) int { return anyRoom(service, account) }

// asking is the Secret Service. go-keyring is called, which unlocks what it needs,
// only after it was seen that nothing else would do, and that somebody may be
// asked: it unlocks each time, and waits for the dialog for ever.
type asking struct{ *attempt }

// mayUnlock reports whether go-keyring shall be called after err.
func (s asking) mayUnlock(err error) bool {
	if !errors.Is(classify(err), ErrLocked) || !s.k.Attended || s.trouble() {
		return false
	}
	s.asked.Store(true)
	return true
}

func (s asking) Get(service, account string) (string, error) {
	value, err := quiet{}.Get(service, account)
	if s.mayUnlock(err) {
		return direct{}.Get(service, account)
	}
	return value, err
}

func (s asking) Set(service, account, value string) error {
	err := quiet{}.Set(service, account, value)
	if s.mayUnlock(err) {
		return direct{}.Set(service, account, value)
	}
	return err
}

func (s asking) Delete(service, account string) error {
	err := quiet{}.Delete(service, account)
	if s.mayUnlock(err) {
		return direct{}.Delete(service, account)
	}
	return err
}

func (s asking) DeleteAll(service string) error {
	err := quiet{}.DeleteAll(service)
	if s.mayUnlock(err) {
		return direct{}.DeleteAll(service)
	}
	return err
}
