package cache

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"daypass/creds"
)

// version is that of entries and of index files. Whoever changes their form or
// the meaning of a field changes it: another version is a miss.
const version = 1

// entry is an item of a store: credentials and their story, as compact JSON. The
// names are short since Windows takes 2,560 bytes and a token alone may be 2,200.
type entry struct {
	story
	AccessKeyID     string `json:"id"`
	SecretAccessKey string `json:"secret"`
	SessionToken    string `json:"token"`
	AccountID       string `json:"account,omitempty"`
}

// story is what is known of credentials without their secrets. The times have
// all digits: which of two entries is older can be a matter of milliseconds.
type story struct {
	Version  int           `json:"v"`
	Profile  string        `json:"profile"`
	Call     string        `json:"call"`
	RoleARN  string        `json:"role,omitempty"`
	Serial   string        `json:"serial,omitempty"`
	Expires  time.Time     `json:"expires"`
	IssuedAt time.Time     `json:"issued"`
	CodedAt  time.Time     `json:"coded,omitzero"`
	Skew     time.Duration `json:"skew,omitempty"` // nanoseconds
}

func storyOf(i creds.Issued) story {
	return story{
		Version: version, Profile: i.Profile, Call: i.Call, RoleARN: i.RoleARN, Serial: i.Serial,
		Expires: i.Expiration.UTC(), IssuedAt: i.IssuedAt.UTC(), CodedAt: i.CodedAt.UTC(), Skew: i.Skew,
	}
}

// issued returns s as credentials without keys.
func (s story) issued() creds.Issued {
	return creds.Issued{
		Credentials: creds.Credentials{Expiration: s.Expires},
		Profile:     s.Profile, Call: s.Call, RoleARN: s.RoleARN, Serial: s.Serial,
		IssuedAt: s.IssuedAt, CodedAt: s.CodedAt, Skew: s.Skew,
	}
}

func encode(i creds.Issued) ([]byte, error) {
	item, err := json.Marshal(entry{
		storyOf(i), i.AccessKeyID, i.SecretAccessKey.Reveal(), i.SessionToken.Reveal(), i.AccountID,
	})
	if err != nil { // a time that no calendar has
		return nil, fmt.Errorf("writing a cache entry: %w", err)
	}
	return item, nil
}

// errForeign says no more: what was read may hold a secret.
var errForeign = errors.New("not a cache entry of this version")

func decode(item []byte) (creds.Issued, error) {
	var e entry
	if json.Unmarshal(item, &e) != nil || e.Version != version || e.Expires.IsZero() ||
		e.AccessKeyID == "" || e.SecretAccessKey == "" || e.SessionToken == "" {
		return creds.Issued{}, errForeign
	}
	i := e.issued()
	i.AccessKeyID, i.AccountID = e.AccessKeyID, e.AccountID
	i.SecretAccessKey, i.SessionToken = creds.NewSecret(e.SecretAccessKey), creds.NewSecret(e.SessionToken)
	return i, nil
}
