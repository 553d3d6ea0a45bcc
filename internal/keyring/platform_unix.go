//go:build !darwin && !windows

package keyring

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/godbus/dbus/v5"
	gokeyring "github.com/zalando/go-keyring"
	ss "github.com/zalando/go-keyring/secret_service"
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

func platform(attended bool) backend {
	if attended {
		return direct{}
	}
	return unattended{}
}

// unattended is the Secret Service without ever unlocking anything: go-keyring
// asks for that each time, and a locked collection would open a dialog that
// nobody sees. It uses the collection and the items that go-keyring uses.
type unattended struct{ direct }

// Get reads an item by 7 calls on the bus, where go-keyring takes 8.
func (unattended) Get(service, account string) (string, error) {
	bus, collection, err := unlocked()
	if err != nil {
		return "", err
	}
	items, err := bus.SearchItems(collection, map[string]string{"service": service, "username": account})
	if err != nil {
		return "", err
	}
	if len(items) == 0 {
		return "", gokeyring.ErrNotFound
	}
	session, err := bus.OpenSession()
	if err != nil {
		return "", err
	}
	defer func() { _ = bus.Close(session) }()
	secret, err := bus.GetSecret(items[0], session.Path())
	if err != nil {
		return "", err
	}
	return string(secret.Value), nil
}

func (u unattended) Set(service, account, value string) error {
	if _, _, err := unlocked(); err != nil {
		return err
	}
	return u.direct.Set(service, account, value)
}

func (u unattended) Delete(service, account string) error {
	if _, _, err := unlocked(); err != nil {
		return err
	}
	return u.direct.Delete(service, account)
}

func (u unattended) DeleteAll(service string) error {
	if _, _, err := unlocked(); err != nil {
		return err
	}
	return u.direct.DeleteAll(service)
}

// unlocked returns the collection that go-keyring would use, ErrLocked, or
// ErrUnavailable if there is none yet: making one takes a person.
func unlocked() (*ss.SecretService, dbus.BusObject, error) {
	bus, err := ss.NewSecretService()
	if err != nil {
		return nil, nil, err
	}
	collection := bus.GetLoginCollection()
	var locked bool
	err = collection.StoreProperty("org.freedesktop.Secret.Collection.Locked", &locked)
	if missing(err) {
		return nil, nil, fmt.Errorf("%w: it has no collection yet", ErrUnavailable)
	}
	if err == nil && locked {
		err = ErrLocked
	}
	return bus, collection, err
}

// missing: the collection is not there, as gnome-keyring and the standard say it.
func missing(err error) bool {
	var failed dbus.Error
	if !errors.As(err, &failed) {
		return false
	}
	switch failed.Name {
	case "org.freedesktop.DBus.Error.UnknownMethod", "org.freedesktop.DBus.Error.UnknownObject",
		"org.freedesktop.DBus.Error.UnknownInterface", "org.freedesktop.Secret.Error.NoSuchObject":
		return true
	}
	return false
}
