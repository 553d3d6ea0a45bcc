package cli

import (
	"context"
	"errors"
	"fmt"

	"daypass/creds"
	"daypass/internal/keyring"
	"daypass/internal/state"
	"daypass/keys"
	"daypass/profile"
)

// longTerm opens the keyring for long-term keys, which lie there whatever store is
// set: another would lose them.
func (a *app) longTerm(o options, dir *state.Dir) *keys.Keys {
	k := &keys.Keys{State: dir, Now: a.Now}
	if a.Ring != nil {
		k.OS = a.Ring(a.attended(o))
	} else {
		k.OS = a.osKeyring(o, dir)
	}
	return k
}

// openFiles opens the files. A signal ends that at once: one of them may be a pipe,
// of which nobody knows whether it ends.
func (a *app) openFiles() (r *profile.Reader, err error) {
	a.delaySignals(func() { r, err = profile.Open(a.files(), a.Self) })
	return r, err
}

// profiles are those of the files, with what is known of the keyring beside them.
func (a *app) profiles(k *keys.Keys) (*profile.Reader, error) {
	r, err := a.openFiles()
	if err == nil {
		r.Kept = k.Lookup
	}
	return r, err
}

// load reads one profile, which is never nil. The keyring is asked where nothing else is known of a
// key: what is known of it may be lost.
func (a *app) load(ctx context.Context, name string, k *keys.Keys) (*profile.Profile, error) {
	r, err := a.profiles(k)
	if err != nil {
		return &profile.Profile{Name: name}, err
	}
	defer r.Close()
	r.Ask = a.ask(ctx, k)
	return r.Load(name)
}

func (a *app) ask(ctx context.Context, k *keys.Keys) func(name string) (string, bool) {
	return func(name string) (string, bool) {
		e, err := k.Get(ctx, name)
		if err != nil && !errors.Is(err, keys.ErrNone) {
			a.unlooked = err
		}
		return e.Current.AccessKeyID, err == nil
	}
}

// longTerm lets session read a long-term key.
type longTerm struct{ *keys.Keys }

// Credentials returns the key that lies under name.
func (l longTerm) Credentials(ctx context.Context, name string) (creds.Credentials, error) {
	e, err := l.Get(ctx, name)
	if err != nil {
		return creds.Credentials{}, &keyError{name, readKey, err}
	}
	return e.Current.Credentials(), nil
}

// keyError is a long-term key with which something could not be done.
type keyError struct {
	name string
	what string // one of the below
	err  error
}

const (
	lookKey   = "looked for in"
	readKey   = "read from"
	storeKey  = "stored in"
	removeKey = "removed from"
)

func (e *keyError) Error() string { return fmt.Sprintf("access key %q: %v", e.name, e.err) }

func (e *keyError) Unwrap() error { return e.err }

// keyWords are those for what is wrong with a long-term key.
func (a *app) keyWords(err error) (what, hint string, code int) {
	var key *keyError
	var unfinished *unfinishedError
	var none *noKeyError
	switch {
	case errors.As(err, &unfinished):
		return unfinished.Error(), fmt.Sprintf("run \"daypass keys rotate %s\" to finish it", creds.ShellWord(unfinished.name)), exitFailed
	case errors.As(err, &none):
		return none.Error(), addHint(none.name), exitUsage
	case !errors.As(err, &key):
		return "", "", 0
	case errors.Is(err, errKeyBusy):
		return fmt.Sprintf("another daypass is changing the access key %q", key.name), "let it finish, then try again", exitFailed
	case errors.Is(err, keys.ErrNone):
		return fmt.Sprintf("the keyring holds no access key %q", key.name), a.noneHint(key.name), exitUsage
	case errors.Is(err, keys.ErrForeign):
		return fmt.Sprintf("what the keyring holds as the access key %q was not written by this version of daypass", key.name),
			"use the version that wrote it, or replace it: " + addHint(key.name), exitFailed
	}
	return fmt.Sprintf("the access key %q cannot be %s the keyring: %s", key.name, key.what, notKept(key.err)), keyringHint(err), exitFailed
}

// noneHint is for a name under which the keyring holds nothing.
func (a *app) noneHint(name string) string {
	switch a.command {
	case "daypass keys remove":
		return "run \"daypass keys list\" to see what it holds"
	case "daypass keys rotate":
		if _, place, err := a.keyInFiles(name); err == nil && place != "" {
			return fmt.Sprintf("run \"daypass keys import %s\" first, which moves the one in %s there", creds.ShellWord(name), place)
		}
	}
	return addHint(name)
}

// keyringHint is for a keyring that did not do what was wanted.
func keyringHint(err error) string {
	switch {
	case errors.Is(err, keyring.ErrLocked), errors.Is(err, keyring.ErrTimeout):
		return keptHint(err)
	case errors.Is(err, keyring.ErrUnavailable):
		return "access keys need the keyring of the desktop or the system: start one, then try again"
	}
	return "see whether the keyring works, then try again"
}

func addHint(name string) string {
	return fmt.Sprintf("run \"daypass keys add %s\"", creds.ShellWord(name))
}
