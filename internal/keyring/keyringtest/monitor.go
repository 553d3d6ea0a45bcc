package keyringtest

import "github.com/godbus/dbus/v5"

// Monitor sees every message on a bus, as dbus-monitor does.
type Monitor struct {
	messages chan *dbus.Message
	marker   *dbus.Conn
	seen     []*dbus.Message
}

// Monitor starts one that ends with the test.
func (s *Session) Monitor() *Monitor {
	s.t.Helper()
	bus := s.Connect()
	s.t.Cleanup(func() {
		bus.Eavesdrop(nil) // godbus would write to a channel that it has closed
		_ = bus.Close()
	})
	err := bus.BusObject().Call("org.freedesktop.DBus.Monitoring.BecomeMonitor", 0, []string{}, uint32(0)).Err
	if err != nil {
		s.t.Fatal(err)
	}
	m := &Monitor{messages: make(chan *dbus.Message, 10_000), marker: s.Connect()}
	bus.Eavesdrop(m.messages)
	s.t.Cleanup(func() { _ = m.marker.Close() })
	return m
}

// Messages are all that were sent until now.
func (m *Monitor) Messages() []*dbus.Message {
	// All that was sent before this call is here when it is.
	m.marker.BusObject().Call("org.freedesktop.DBus.Peer.Ping", 0)
	for message := range m.messages {
		if Header(message, dbus.FieldSender) == m.marker.Names()[0] && Header(message, dbus.FieldMember) == "Ping" {
			break
		}
		m.seen = append(m.seen, message)
	}
	return m.seen
}

// Calls are those that are calls of a method.
func (m *Monitor) Calls() []*dbus.Message {
	var calls []*dbus.Message
	for _, message := range m.Messages() {
		if message.Type == dbus.TypeMethodCall {
			calls = append(calls, message)
		}
	}
	return calls
}

// Of are the names of the methods that a process has called until now, by its
// name on the bus.
func (m *Monitor) Of(sender string) []string {
	var members []string
	for _, call := range m.Calls() {
		if Header(call, dbus.FieldSender) == sender {
			members = append(members, Header(call, dbus.FieldMember))
		}
	}
	return members
}

// Header is a header of a message, if it is a text.
func Header(m *dbus.Message, field dbus.HeaderField) string {
	value, _ := m.Headers[field].Value().(string)
	return value
}
