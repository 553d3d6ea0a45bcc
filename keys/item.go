package keys

import (
	"encoding/json"
	"time"

	"daypass/creds"
	"daypass/internal/keyring"
)

// version is that of items and of the map. Whoever changes their form or the
// meaning of a field changes it.
const version = 1

// account is where name lies in the keyring. It is made of the name alone, so that
// a key is found without the map, and does not spell it: labels can be read while
// a keyring is locked. (Whoever guesses the name can check the guess, and knows
// then that there is a key of that name.)
func account(name string) string {
	return "v1-" + keyring.Digest(name)
}

// item is an Entry in the keyring, as compact JSON.
type item struct {
	Version int    `json:"v"`
	Name    string `json:"name"`
	Account string `json:"account"`
	User    string `json:"user"`
	Current pair   `json:"current"`
	Next    *pair  `json:"next,omitempty"`
	Old     string `json:"old,omitempty"`
}

type pair struct {
	ID      string    `json:"id"`
	Secret  string    `json:"secret"`
	Created time.Time `json:"created"`
}

// encode writes e. What could not be read again is an error, before anything is
// overwritten with it.
func encode(e Entry) (string, error) {
	if err := CheckName(e.Name); err != nil {
		return "", err
	}
	i := item{Version: version, Name: e.Name, Account: e.Account, User: e.User, Current: stored(e.Current), Old: e.Old}
	if e.Next != nil {
		next := stored(*e.Next)
		i.Next = &next
	}
	text, err := json.Marshal(i)
	if err != nil { // a time that no calendar has
		return "", err
	}
	if back, err := decode(e.Name, string(text)); err != nil || !same(back, e) {
		return "", ErrForeign
	}
	return string(text), nil
}

func same(a, b Entry) bool {
	if a.Next != nil && b.Next != nil && !a.Next.same(*b.Next) || (a.Next == nil) != (b.Next == nil) {
		return false
	}
	return a.Name == b.Name && a.Account == b.Account && a.User == b.User && a.Old == b.Old && a.Current.same(b.Current)
}

func (p Pair) same(q Pair) bool {
	return p.AccessKeyID == q.AccessKeyID && p.Secret.Equal(q.Secret) && p.Created.Equal(q.Created)
}

func stored(p Pair) pair { return pair{p.AccessKeyID, p.Secret.Reveal(), p.Created} }

func (p pair) whole() bool { return p.ID != "" && p.Secret != "" && !p.Created.IsZero() }

func (p pair) read() Pair { return Pair{p.ID, creds.NewSecret(p.Secret), p.Created} }

// decode reads the item of name, or is ErrForeign.
func decode(name, text string) (Entry, error) {
	var i item
	if json.Unmarshal([]byte(text), &i) != nil || i.Version != version || i.Name != name || !i.Current.whole() || i.Next != nil && !i.Next.whole() {
		return Entry{}, ErrForeign
	}
	e := Entry{Name: i.Name, Account: i.Account, User: i.User, Current: i.Current.read(), Old: i.Old}
	if i.Next != nil {
		next := i.Next.read()
		e.Next = &next
	}
	return e, nil
}
