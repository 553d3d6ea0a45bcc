package keyringtest

import (
	"sync/atomic"

	"github.com/godbus/dbus/v5"
)

// Prompter stands for the program that opens gnome-keyring's dialogs, and never
// shows one.
type Prompter struct{ asked atomic.Int32 }

// Prompter starts one on the bus, that goes with the test.
func (s *Session) Prompter() *Prompter {
	s.t.Helper()
	p, bus, ended := &Prompter{}, s.Connect(), make(chan struct{})
	s.t.Cleanup(func() {
		close(ended)
		_ = bus.Close()
	})
	never := func(dbus.ObjectPath) *dbus.Error {
		p.asked.Add(1)
		<-ended
		return nil
	}
	err := bus.ExportMethodTable(map[string]any{"BeginPrompting": never}, "/org/gnome/keyring/Prompter", "org.gnome.keyring.internal.Prompter")
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := bus.RequestName("org.gnome.keyring.SystemPrompter", dbus.NameFlagDoNotQueue); err != nil {
		s.t.Fatal(err)
	}
	return p
}

// Asked is how many dialogs were wanted.
func (p *Prompter) Asked() int { return int(p.asked.Load()) }
