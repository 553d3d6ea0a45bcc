package mfa

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"time"

	"daypass/internal/state"
)

const (
	// sentFor is how long a code that was sent is not sent again: three time steps cover a clock that is one off.
	sentFor = 90 * time.Second
	// failedFor is how long a failure counts for its process group, since some SDKs call twice (JS v3 does).
	failedFor = 10 * time.Second
	// ignoredFor is how long a window that came to nothing counts for everybody who would open one: an IDE comes again for ever.
	ignoredFor = 10 * time.Minute
)

// memory is what this machine remembers of one device. It is read and written under the lock of the serial. Without
// a state folder it lasts as long as one Ask.
type memory struct {
	dir  *state.Dir
	name string
	now  func() time.Time
	record
}

// record is the file of a memory.
type record struct {
	Salt []byte     `json:"salt"`
	Sent []sentCode `json:"sent,omitempty"`
	// Failures are how the latest question in each place ended: see Asker.where.
	Failures map[string]failure `json:"failures,omitempty"`
}

// sentCode is a code that was sent, as a salted hash.
type sentCode struct {
	Sum     []byte    `json:"sum"`
	At      time.Time `json:"at"`
	Refused bool      `json:"refused,omitempty"`
}

// failure is how the last question ended, if it ended in a way that those behind should not repeat.
type failure struct {
	Kind    string    `json:"kind"`
	Tries   int       `json:"tries,omitempty"`
	At      time.Time `json:"at"`
	Group   int       `json:"group"`
	Profile string    `json:"profile"`
	PID     int       `json:"pid"`
}

const (
	kindCancelled = "cancelled"
	kindTimedOut  = "timed out"
	kindRefused   = "refused"
)

// serialName names a serial in the state folder.
func serialName(serial string) string {
	sum := sha256.Sum256([]byte(serial))
	return "serial-" + hex.EncodeToString(sum[:10])
}

// recall reads what is remembered of serial. What cannot be read is forgotten.
func recall(dir *state.Dir, serial string, now func() time.Time) *memory {
	m := &memory{dir: dir, name: "mfa/" + serialName(serial) + ".json", now: now}
	if dir != nil {
		if data, err := dir.Read(m.name); err != nil || json.Unmarshal(data, &m.record) != nil {
			m.record = record{}
		}
	}
	if len(m.Salt) == 0 {
		m.record = record{Salt: make([]byte, 16)}
		_, _ = rand.Read(m.Salt) // never fails
	}
	return m
}

// save drops what is too old and writes the rest. That a folder cannot be written to must not stop anybody.
func (m *memory) save() {
	m.Sent = slices.DeleteFunc(m.Sent, func(s sentCode) bool { return m.now().Sub(s.At).Abs() >= sentFor })
	if m.dir == nil {
		return
	}
	if data, err := json.Marshal(m.record); err == nil {
		_ = m.dir.Write(m.name, data)
	}
}

func (m *memory) sum(code string) []byte {
	sum := sha256.Sum256(append(slices.Clone(m.Salt), code...))
	return sum[:]
}

// sent returns what became of code, if it was sent not too long ago.
func (m *memory) sent(code string) (sentCode, bool) {
	sum := m.sum(code)
	for _, s := range slices.Backward(m.Sent) {
		if bytes.Equal(s.Sum, sum) && m.now().Sub(s.At).Abs() < sentFor {
			return s, true
		}
	}
	return sentCode{}, false
}

// lastSent returns when any code was last sent, zero if none is remembered.
func (m *memory) lastSent() time.Time {
	if len(m.Sent) == 0 {
		return time.Time{}
	}
	return m.Sent[len(m.Sent)-1].At
}

// note remembers that code is sent.
func (m *memory) note(code string) {
	m.Sent = append(m.Sent, sentCode{Sum: m.sum(code), At: m.now().UTC()})
	m.save()
}

// refused notes that STS did not take the latest code.
func (m *memory) refused() {
	m.Sent[len(m.Sent)-1].Refused = true
	m.save()
}

// takeBack forgets that the latest code was sent.
func (m *memory) takeBack() {
	m.Sent = m.Sent[:len(m.Sent)-1]
	m.save()
}

// clear forgets the failures.
func (m *memory) clear() {
	if len(m.Failures) > 0 {
		m.Failures = nil
		m.save()
	}
}

// failed returns the failure there that is also that of a process of this group that waits since then; nil if there is none.
func (m *memory) failed(where string, since time.Time, group int) error {
	f, ok := m.Failures[where]
	age := m.now().Sub(f.At)
	if !ok || age < 0 {
		return nil
	}
	waited := !since.IsZero() && f.At.After(since)
	again := group != 0 && f.Group == group && age < failedFor
	ignored := where == inWindow && age < ignoredFor
	if !waited && !again && !ignored {
		return nil
	}
	return &RememberedError{Profile: f.Profile, PID: f.PID, At: f.At, Window: where == inWindow, Err: f.err()}
}

func (f failure) err() error {
	switch f.Kind {
	case kindCancelled:
		return ErrCancelled
	case kindTimedOut:
		return ErrTimedOut
	}
	return &RefusedError{Tries: f.Tries}
}

// settle remembers how the question of profile failed there. What is not a person's doing
// (network, a program's failure, nobody to ask) changes nothing.
func (m *memory) settle(where string, err error, profile string, group int) {
	f := failure{At: m.now().UTC(), Group: group, Profile: profile, PID: os.Getpid()}
	var busy *BusyError
	var refused *RefusedError
	switch {
	case errors.As(err, &busy):
		return
	case errors.Is(err, ErrCancelled):
		f.Kind = kindCancelled
	case errors.Is(err, ErrTimedOut):
		f.Kind = kindTimedOut
	case errors.As(err, &refused) && refused.Tries == maxTries:
		f.Kind, f.Tries = kindRefused, refused.Tries
	default:
		return
	}
	if m.Failures == nil {
		m.Failures = map[string]failure{}
	}
	m.Failures[where] = f
	m.save()
}
