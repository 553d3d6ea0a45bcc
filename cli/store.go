package cli

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"daypass/cache"
	"daypass/internal/keyring"
	"daypass/internal/state"
	"daypass/profile"
)

// openCache opens the stores that the flag, the environment or the profile names.
func (a *app) openCache(o options, p *profile.Profile, dir *state.Dir) (*cache.Cache, error) {
	open := a.Stores
	if open == nil {
		open = func(name string, _ bool) ([]cache.Store, error) { return a.realStores(name, o, dir) }
	}
	stores, err := open(o.storeOf(p), a.attended(o))
	if err != nil && o.store == "" && p != nil {
		setting, _ := p.Lookup("store")
		return nil, badSetting(p, setting, err.Error())
	}
	if err != nil {
		return nil, &usageError{fmt.Errorf("--store or DAYPASS_STORE: %w", err)}
	}
	return &cache.Cache{Stores: stores, State: dir, Now: a.Now}, nil
}

// storeOf is --store or DAYPASS_STORE, else the profile's store, else auto.
func (o options) storeOf(p *profile.Profile) string {
	profiles := ""
	if p != nil {
		profiles = p.Store
	}
	return cmp.Or(o.store, profiles, autoStore)
}

// autoStore is every store that there is.
const autoStore = "auto"

func (a *app) realStores(name string, o options, dir *state.Dir) ([]cache.Store, error) {
	os := cache.Keyring{OS: a.osKeyring(o, dir)}
	linux := runtime.GOOS == "linux"
	switch {
	case name == autoStore && linux:
		return []cache.Store{cache.Kernel{}, os}, nil
	case name == autoStore, name == "keyring":
		return []cache.Store{os}, nil
	case name == "kernel" && linux:
		return []cache.Store{cache.Kernel{}}, nil
	case name == "kernel":
		return nil, errors.New("the store kernel is there on Linux alone")
	case name == "none":
		return nil, nil
	}
	return nil, fmt.Errorf("no store is called %q; there are auto, keyring, kernel and none", name)
}

// osKeyring is one for all that a run keeps: once it has hung, nothing waits for it
// again.
func (a *app) osKeyring(o options, dir *state.Dir) *keyring.Keyring {
	if a.keyring == nil {
		memory := &cache.KeyringMemory{State: dir, Now: a.Now, Fresh: o.anew}
		a.keyring = &keyring.Keyring{Attended: a.attended(o), Getenv: a.Getenv, Memory: memory}
	}
	return a.keyring
}

// attended reports whether somebody could unlock the keyring, which is done in a
// window: on Linux there must be a display, elsewhere one may be asked for one
// unless this is an SSH session.
func (a *app) attended(o options) bool {
	switch {
	case o.noPrompt:
		return false
	case runtime.GOOS == "darwin", runtime.GOOS == "windows":
		return a.Getenv("SSH_CONNECTION") == "" && a.Getenv("SSH_TTY") == ""
	}
	return a.Getenv("DISPLAY") != "" || a.Getenv("WAYLAND_DISPLAY") != ""
}

// notKept says why nothing will be kept, "" if all is well.
func notKept(trouble error) string {
	var said []string
	for _, err := range troubles(trouble) {
		said = append(said, whyNot(err))
	}
	return strings.Join(said, ", and ")
}

// troubles are the errors of the stores that err joins, else err itself.
func troubles(err error) []error {
	all, ok := err.(interface{ Unwrap() []error })
	switch {
	case err == nil:
		return nil
	case ok && !slices.ContainsFunc(all.Unwrap(), func(e error) bool { _, ok := e.(*cache.StoreError); return !ok }):
		return all.Unwrap()
	}
	return []error{err}
}

// whyNot says what is wrong with one store.
func whyNot(trouble error) string {
	var store *cache.StoreError
	kernel := errors.As(trouble, &store) && store.Store == "kernel"
	switch {
	case errors.Is(trouble, cache.ErrNotKept):
		return "the store is none"
	case errors.Is(trouble, keyring.ErrFull):
		return "the kernel keyring is full"
	case errors.Is(trouble, keyring.ErrUnavailable) && kernel:
		return "the kernel keyring cannot be used here"
	case errors.Is(trouble, keyring.ErrUnavailable):
		return "no keyring answers here"
	case errors.Is(trouble, keyring.ErrLocked):
		return "the keyring is locked"
	case errors.Is(trouble, keyring.ErrTimeout):
		return "the keyring does not answer"
	case errors.Is(trouble, keyring.ErrTooLarge) && kernel:
		return "they are too large for the kernel keyring"
	case errors.Is(trouble, keyring.ErrTooLarge):
		return "they are too large for the keyring"
	}
	return trouble.Error()
}

// explainedStore is what explain shows of where credentials are kept.
type explainedStore struct {
	Name   string           `json:"name"`
	Stores []explainedPlace `json:"stores"` // in the order in which they are read
}

type explainedPlace struct {
	Name   string `json:"name"`
	Reason string `json:"reason,omitempty"` // why it cannot be used
}

// explainStore opens no item, so that it does not know whether a keyring is
// locked.
func explainStore(name string, stores []cache.Store) *explainedStore {
	x := &explainedStore{name, []explainedPlace{}}
	for _, s := range stores {
		place := explainedPlace{Name: s.Name()}
		if err := s.Check(); err != nil {
			place.Reason = whyNot(&cache.StoreError{Store: s.Name(), Err: err})
		}
		x.Stores = append(x.Stores, place)
	}
	return x
}

// nameStore is a store for people.
func nameStore(name string) string {
	if name == "kernel" {
		return "the kernel keyring"
	}
	return "the keyring"
}

// String is the stores for people, the one that is written first before others.
func (x *explainedStore) String() string {
	var usable, reasons []string
	for _, s := range slices.Backward(x.Stores) {
		switch {
		case s.Reason != "":
			reasons = append(reasons, s.Reason)
		default:
			usable = append(usable, nameStore(s.Name))
		}
	}
	text := x.Name + ": "
	switch len(usable) {
	case 0:
		text += "nothing is kept"
	case 1:
		text += usable[0]
	default:
		text += usable[0] + " if it is unlocked or can be, else " + usable[1]
	}
	if len(reasons) > 0 {
		text += ", since " + strings.Join(reasons, ", and ")
	}
	return text
}
