//go:build !darwin && !windows

package keyring

import (
	"errors"
	"fmt"

	"github.com/godbus/dbus/v5"
	gokeyring "github.com/zalando/go-keyring"
	ss "github.com/zalando/go-keyring/secret_service"
)

// quiet is the Secret Service without any dialog: it unlocks nothing, and what
// would take a dialog is ErrLocked. It has the collection and the items that
// go-keyring has.
// https://specifications.freedesktop.org/secret-service/latest/
type quiet struct{}

const (
	secrets = "org.freedesktop.secrets"
	secret  = "org.freedesktop.Secret."
)

// Get reads an item by 7 calls on the bus, where go-keyring takes 8.
func (quiet) Get(service, account string) (string, error) {
	bus, collection, err := unlocked()
	if err != nil {
		return "", err
	}
	items, err := bus.SearchItems(collection, attributes(service, account))
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
	found, err := bus.GetSecret(items[0], session.Path())
	if missing(err) { // somebody has just removed it
		return "", gokeyring.ErrNotFound
	}
	if err != nil {
		return "", err
	}
	return string(found.Value), nil
}

func (quiet) Set(service, account, value string) error {
	bus, collection, err := unlocked()
	if err != nil {
		return err
	}
	session, err := bus.OpenSession()
	if err != nil {
		return err
	}
	defer func() { _ = bus.Close(session) }()
	properties := map[string]dbus.Variant{
		secret + "Item.Label":      dbus.MakeVariant(fmt.Sprintf("Password for '%s' on '%s'", account, service)),
		secret + "Item.Attributes": dbus.MakeVariant(attributes(service, account)),
	}
	var item, dialog dbus.ObjectPath
	call := collection.Call(secret+"Collection.CreateItem", 0, properties, ss.NewSecret(session.Path(), value), true)
	if err := call.Store(&item, &dialog); err != nil {
		return err
	}
	return dismiss(bus, dialog)
}

func (quiet) Delete(service, account string) error {
	bus, collection, err := unlocked()
	if err != nil {
		return err
	}
	items, err := bus.SearchItems(collection, attributes(service, account))
	if err != nil {
		return err
	}
	if len(items) == 0 {
		return gokeyring.ErrNotFound
	}
	return remove(bus, items[0])
}

func (quiet) DeleteAll(service string) error {
	bus, collection, err := unlocked()
	if err != nil {
		return err
	}
	items, err := bus.SearchItems(collection, map[string]string{"service": service})
	if err != nil {
		return err
	}
	for _, item := range items {
		if err := remove(bus, item); unlessAbsent(classify(err), nil) != nil {
			return err
		}
	}
	return nil
}

func attributes(service, account string) map[string]string {
	return map[string]string{"service": service, "username": account}
}

func remove(bus *ss.SecretService, item dbus.ObjectPath) error {
	var dialog dbus.ObjectPath
	err := bus.Object(secrets, item).Call(secret+"Item.Delete", 0).Store(&dialog)
	if missing(err) {
		return gokeyring.ErrNotFound
	}
	if err != nil {
		return err
	}
	return dismiss(bus, dialog)
}

// dismiss is nil if there is no dialog to be opened, else it gets rid of it.
func dismiss(bus *ss.SecretService, dialog dbus.ObjectPath) error {
	if dialog == "/" {
		return nil
	}
	_ = bus.Object(secrets, dialog).Call(secret+"Prompt.Dismiss", 0).Err
	return fmt.Errorf("%w: it wants a person's consent", ErrLocked)
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
	err = collection.StoreProperty(secret+"Collection.Locked", &locked)
	if missing(err) {
		return nil, nil, fmt.Errorf("%w: it has no collection yet", ErrUnavailable)
	}
	if err == nil && locked {
		err = ErrLocked
	}
	return bus, collection, err
}

// missing: the object is not there, as gnome-keyring and the standard say it.
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
