package keys

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"time"
)

// mapFile is the map in the state folder: what is known of each name without
// opening the keyring. It serves a hit, which needs the access key id and no
// secret, and listings. What it says is not trusted where the secret is read too.
const mapFile = "keys.json"

// State says how far the renewal of a key has come.
type State string

// The states of an entry.
const (
	Settled    State = "settled"    // one key, the current one
	Unverified State = "unverified" // a next one was made, and is not known to work
	Undeleted  State = "undeleted"  // the next one is the current one, and AWS still knows the old
)

// Listing is what the map knows of an entry, which is no secret.
type Listing struct {
	Name        string    `json:"-"`
	AccessKeyID string    `json:"id"`      // of the current key
	Account     string    `json:"account"` // as in Entry
	User        string    `json:"user"`
	Created     time.Time `json:"created"` // when daypass stored the current key
	State       State     `json:"state"`
}

// listing is what the map shall say of e.
func (e Entry) listing() Listing {
	l := Listing{Name: e.Name, AccessKeyID: e.Current.AccessKeyID, Account: e.Account, User: e.User, Created: e.Current.Created, State: Settled}
	switch {
	case e.Next != nil:
		l.State = Unverified
	case e.Old != "":
		l.State = Undeleted
	}
	return l
}

// known is the form of the map.
type known struct {
	Version int                `json:"v"`
	Keys    map[string]Listing `json:"keys"`
}

// List returns what the map knows, sorted by name. It opens no item. Its error is
// that of the state folder.
func (k *Keys) List() ([]Listing, error) {
	m, err := k.readMap()
	var all []Listing
	for _, name := range slices.Sorted(maps.Keys(m)) {
		all = append(all, m[name])
	}
	return all, err
}

// readMap returns an empty map where there is none that can be read. What is not
// of this version, or names no key, is left out.
func (k *Keys) readMap() (map[string]Listing, error) {
	var m known
	text, err := k.State.Read(mapFile)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if json.Unmarshal(text, &m) != nil || m.Version != version || m.Keys == nil {
		return map[string]Listing{}, err
	}
	for name, l := range m.Keys {
		if l.Name = name; l.AccessKeyID == "" {
			delete(m.Keys, name)
			continue
		}
		m.Keys[name] = l
	}
	return m.Keys, err
}

// enter lets the map tell what e is.
func (k *Keys) enter(ctx context.Context, e Entry) {
	l := e.listing()
	k.change(ctx, func(m map[string]Listing) bool {
		before, ok := m[l.Name]
		m[l.Name] = l
		return !ok || before != l
	})
}

// unmap takes name out of the map.
func (k *Keys) unmap(ctx context.Context, name string) {
	k.change(ctx, func(m map[string]Listing) bool {
		_, ok := m[name]
		delete(m, name)
		return ok
	})
}

// mapLimit bounds the wait for another process that changes the map, which takes
// it no time.
const mapLimit = 2 * time.Second

// change does edit to the map, and writes it if edit says that it is another now.
// Processes that change it do so one after the other, even when they are told to
// end: the keyring has changed already. That the map cannot be written stops
// nothing, since then the keyring is asked.
func (k *Keys) change(ctx context.Context, edit func(map[string]Listing) (changed bool)) {
	if m, _ := k.readMap(); !edit(m) { // the common case, which takes no lock
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), mapLimit)
	defer cancel()
	unlock, err := k.State.Lock(ctx, "keys")
	if err != nil {
		return
	}
	defer unlock()
	m, _ := k.readMap()
	if !edit(m) {
		return
	}
	if text, err := json.Marshal(known{version, m}); err == nil {
		_ = k.State.Write(mapFile, text)
	}
}
