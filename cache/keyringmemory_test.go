package cache

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"daypass/internal/keyring"
	"daypass/internal/state"
)

func TestKeyringMemory(t *testing.T) {
	path, now := filepath.Join(t.TempDir(), "state"), &clock{noon}
	m := &KeyringMemory{State: state.New(path), Now: now.Now}
	other := &KeyringMemory{State: state.New(path), Now: now.Now}
	fresh := &KeyringMemory{State: state.New(path), Now: now.Now, Fresh: true}
	expect := func(when string, want bool) {
		t.Helper()
		if m.Recent() != want || other.Recent() != want || fresh.Recent() {
			t.Errorf("%s: recent %t, elsewhere %t, fresh %t, want %t", when, m.Recent(), other.Recent(), fresh.Recent(), want)
		}
	}
	expect("at first", false)
	if _, err := os.Stat(path); err == nil {
		t.Error("looking made the state folder")
	}
	for kind, err := range map[string]error{"timeout": keyring.ErrTimeout, "locked": fmt.Errorf("reading: %w", keyring.ErrLocked)} {
		now.now = noon
		fresh.Note(err)
		text, _ := os.ReadFile(filepath.Join(path, troubleFile))
		if want := `{"kind":"` + kind + `","at":"2026-11-21T12:00:00Z"}`; string(text) != want {
			t.Errorf("the file says %s, want %s", text, want)
		}
		expect(kind, true)
		now.now = noon.Add(troubledFor - time.Second)
		expect(kind+", nearly over", true)
		now.now = noon.Add(troubledFor)
		expect(kind+", over", false)
		now.now = noon.Add(-time.Second)
		expect(kind+", in the future", false)
		now.now = noon
		m.Note(nil)
		expect(kind+", forgotten", false)
		m.Note(nil)
	}
	if left, err := os.ReadDir(path); len(left) != 0 || err != nil {
		t.Errorf("the state folder keeps %v, %v", left, err)
	}
	if err := os.WriteFile(filepath.Join(path, troubleFile), []byte("{torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	expect("torn", false)
}

// Without a state folder nothing is remembered, and nothing fails.
func TestKeyringMemoryWithoutStateFolder(t *testing.T) {
	m := &KeyringMemory{State: state.New(""), Now: time.Now}
	m.Note(keyring.ErrTimeout)
	m.Note(nil)
	if m.Recent() {
		t.Error("it is remembered nowhere")
	}
}
