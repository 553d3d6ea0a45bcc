package main

import (
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/godbus/dbus/v5"

	"daypass/internal/keyring/keyringtest"
)

// Each signal of a lock empties the cache, and no other one does.
func lockRecipe(k *kitchen) {
	k.needs("gdbus")
	bus := keyringtest.Bus(k.t)
	monitor := bus.Monitor()
	own := func(name string) *dbus.Conn {
		k.t.Helper()
		conn := bus.Connect()
		k.t.Cleanup(func() { _ = conn.Close() })
		if _, err := conn.RequestName(name, dbus.NameFlagDoNotQueue); err != nil {
			k.t.Fatal(err)
		}
		return conn
	}
	logind, saver := own("org.freedesktop.login1"), own("org.gnome.ScreenSaver")
	k.set("DBUS_SYSTEM_BUS_ADDRESS="+bus.Address, "DBUS_SESSION_BUS_ADDRESS="+bus.Address)
	k.hook(filepath.Join(k.folder, "home/.local/bin/daypass-lock"))
	k.until("the hook listens", func() bool { return listeners(monitor, logind, saver) == 2 })

	const session = "org.freedesktop.login1.Session"
	emit := func(by *dbus.Conn, name string, values ...any) {
		k.t.Helper()
		if err := by.Emit("/org/freedesktop/login1/session/_32", name, values...); err != nil {
			k.t.Fatal(err)
		}
	}
	hint := func(locked bool) {
		values := map[string]dbus.Variant{"LockedHint": dbus.MakeVariant(locked)}
		emit(logind, "org.freedesktop.DBus.Properties.PropertiesChanged", session, values, []string{})
	}
	cleared := func(n int) bool {
		left, _ := filepath.Glob(filepath.Join(k.folder, "store/item-*"))
		return len(left) == 0 && strings.Count(k.read("store/calls"), "clear ") >= n
	}
	emit(logind, session+".Unlock")
	hint(false)
	emit(logind, session+".Lock")
	k.until("it is locked", func() bool { return cleared(1) })
	k.loggedIn()
	hint(true)
	k.until("it is locked again", func() bool { return cleared(2) })
	k.loggedIn()
	emit(saver, "org.gnome.ScreenSaver.ActiveChanged", false)
	emit(saver, "org.gnome.ScreenSaver.ActiveChanged", true)
	k.until("the screen saver is on", func() bool { return cleared(3) })
	if n := strings.Count(k.read("store/calls"), "clear "); n != 3 {
		k.t.Errorf("%d logouts, not 3", n)
	}
}

// hook starts a script that goes, with all that it started, after the test.
func (k *kitchen) hook(path string) {
	k.t.Helper()
	cmd := k.command(path)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
}

// listeners is how many have asked the bus for the signals of one of these.
func listeners(m *keyringtest.Monitor, owners ...*dbus.Conn) int {
	who := map[string]bool{}
	for _, call := range m.Calls() {
		if keyringtest.Header(call, dbus.FieldMember) != "AddMatch" || len(call.Body) == 0 {
			continue
		}
		rule, _ := call.Body[0].(string)
		for _, owner := range owners {
			if slices.ContainsFunc(owner.Names(), func(name string) bool { return strings.Contains(rule, "sender='"+name+"'") }) {
				who[keyringtest.Header(call, dbus.FieldSender)] = true
			}
		}
	}
	return len(who)
}
