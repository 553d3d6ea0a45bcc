package cache

import (
	"encoding/json"
	"errors"
	"time"

	"daypass/internal/keyring"
	"daypass/internal/state"
)

// troubledFor is how long trouble with the keyring counts: an IDE calls for ever,
// and a dialog that was closed is not to come back with each call.
const troubledFor = 10 * time.Minute

// troubleFile holds the latest trouble. There is none while all is well.
const troubleFile = "keyring.json"

// KeyringMemory is the keyring.Memory in the state folder, for all processes of
// the user. Where the folder cannot be used nothing is remembered.
type KeyringMemory struct {
	State *state.Dir
	Now   func() time.Time
	Fresh bool // a person wants it tried in full: trouble is noted, and does not count
}

// keyringTrouble is what troubleFile says.
type keyringTrouble struct {
	Kind string    `json:"kind"` // "locked" or "timeout"
	At   time.Time `json:"at"`
}

// Recent reports whether there was trouble in the last ten minutes.
func (m *KeyringMemory) Recent() bool {
	if m.Fresh {
		return false
	}
	var t keyringTrouble
	text, err := m.State.Read(troubleFile)
	if err != nil || json.Unmarshal(text, &t) != nil {
		return false
	}
	age := m.Now().Sub(t.At)
	return age >= 0 && age < troubledFor
}

// Note remembers err, or forgets everything if it is nil.
func (m *KeyringMemory) Note(err error) {
	if err == nil {
		_ = m.State.Remove(troubleFile)
		return
	}
	t := keyringTrouble{Kind: "timeout", At: m.Now().UTC()}
	if errors.Is(err, keyring.ErrLocked) {
		t.Kind = "locked"
	}
	if text, err := json.Marshal(t); err == nil {
		_ = m.State.Write(troubleFile, text)
	}
}
