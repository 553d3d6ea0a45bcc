package keyringtest

import (
	"maps"
	"slices"
	"strconv"
	"sync"

	"github.com/godbus/dbus/v5"
)

// Mode is how a Fake goes wrong.
type Mode string

// The modes of a Fake. The collection is locked in those that are about unlocking.
const (
	OK            Mode = "ok"
	HangOpen      Mode = "hang-open"      // every item is there, and OpenSession is never answered
	HangUnlock    Mode = "hang-unlock"    // Unlock is never answered
	PromptUnlock  Mode = "prompt-unlock"  // the dialog unlocks at once
	PromptNever   Mode = "prompt-never"   // the dialog is never answered
	PromptDismiss Mode = "prompt-dismiss" // the dialog is dismissed at once
	CreateDismiss Mode = "create-dismiss" // unlocked; what would write opens a dialog, which is dismissed
)

// Fake is a Secret Service in the test's own process.
// https://specifications.freedesktop.org/secret-service/latest/
type Fake struct {
	mode  Mode
	bus   *dbus.Conn
	ended chan struct{}

	mu     sync.Mutex
	locked bool
	calls  map[string]int
	items  map[dbus.ObjectPath]item
	last   int // number of the latest object
}

type item struct {
	attributes map[string]string
	value      []byte
}

// secretOf is how a secret travels.
type secretOf struct {
	Session           dbus.ObjectPath
	Parameters, Value []byte
	ContentType       string
}

// Fake starts one on the bus. It goes with the test.
func (s *Session) Fake(mode Mode) *Fake {
	s.t.Helper()
	f := &Fake{
		mode: mode, bus: s.Connect(), ended: make(chan struct{}),
		locked: slices.Contains([]Mode{HangUnlock, PromptUnlock, PromptNever, PromptDismiss}, mode),
		calls:  map[string]int{}, items: map[dbus.ObjectPath]item{},
	}
	s.t.Cleanup(func() {
		close(f.ended)
		_ = f.bus.Close()
	})
	for face, methods := range map[string]map[string]any{
		"org.freedesktop.DBus.Properties":   {"Get": f.property},
		"org.freedesktop.Secret.Service":    {"OpenSession": f.openSession, "Unlock": f.unlock},
		"org.freedesktop.Secret.Collection": {"SearchItems": f.searchItems, "CreateItem": f.createItem},
		"org.freedesktop.Secret.Item":       {"GetSecret": f.getSecret, "Delete": f.delete},
		"org.freedesktop.Secret.Session":    {"Close": f.close},
		"org.freedesktop.Secret.Prompt":     {"Prompt": f.prompt, "Dismiss": f.dismiss},
	} {
		if err := f.bus.ExportSubtreeMethodTable(methods, object, face); err != nil {
			s.t.Fatal(err)
		}
	}
	if _, err := f.bus.RequestName(service, dbus.NameFlagDoNotQueue); err != nil {
		s.t.Fatal(err)
	}
	return f
}

// Count is how often these methods were called.
func (f *Fake) Count(members ...string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, member := range members {
		n += f.calls[member]
	}
	return n
}

// Items is how many items there are.
func (f *Fake) Items() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.items)
}

// Leave lets it leave the bus, as a daemon that is killed.
func (f *Fake) Leave() { _ = f.bus.Close() }

// enter counts a call, and never returns before the test's end if that is the mode.
func (f *Fake) enter(member string) {
	f.mu.Lock()
	f.calls[member]++
	f.mu.Unlock()
	if f.mode == HangOpen && member == "OpenSession" || f.mode == HangUnlock && member == "Unlock" {
		<-f.ended
	}
}

// path returns the path of a new object.
func (f *Fake) path(kind string) dbus.ObjectPath {
	f.last++
	return dbus.ObjectPath(object + "/" + kind + "/n" + strconv.Itoa(f.last))
}

func (f *Fake) property(face, name string) (dbus.Variant, *dbus.Error) {
	f.enter("Get")
	f.mu.Lock()
	defer f.mu.Unlock()
	switch face + "." + name {
	case "org.freedesktop.Secret.Service.Collections":
		return dbus.MakeVariant([]dbus.ObjectPath{login}), nil
	case "org.freedesktop.Secret.Collection.Locked":
		return dbus.MakeVariant(f.locked), nil
	}
	return dbus.Variant{}, dbus.NewError("org.freedesktop.DBus.Error.UnknownProperty", nil)
}

func (f *Fake) openSession(string, dbus.Variant) (dbus.Variant, dbus.ObjectPath, *dbus.Error) {
	f.enter("OpenSession")
	f.mu.Lock()
	defer f.mu.Unlock()
	return dbus.MakeVariant(""), f.path("session"), nil
}

func (f *Fake) close() *dbus.Error {
	f.enter("Close")
	return nil
}

func (f *Fake) unlock(objects []dbus.ObjectPath) ([]dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	f.enter("Unlock")
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.locked {
		return nil, f.path("prompt"), nil
	}
	return objects, "/", nil
}

func (f *Fake) searchItems(wanted map[string]string) ([]dbus.ObjectPath, *dbus.Error) {
	f.enter("SearchItems")
	f.mu.Lock()
	defer f.mu.Unlock()
	found := []dbus.ObjectPath{}
	if f.mode == HangOpen {
		found = append(found, f.path("collection/login"))
	}
	for path, i := range f.items {
		if matches(i.attributes, wanted) {
			found = append(found, path)
		}
	}
	return found, nil
}

func matches(attributes, wanted map[string]string) bool {
	for name, value := range wanted {
		if attributes[name] != value {
			return false
		}
	}
	return true
}

func (f *Fake) createItem(properties map[string]dbus.Variant, secret secretOf, _ bool) (made, dialog dbus.ObjectPath, _ *dbus.Error) {
	f.enter("CreateItem")
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.locked {
		return "/", "/", isLocked()
	}
	if f.mode == CreateDismiss {
		return "/", f.path("prompt"), nil
	}
	attributes, _ := properties["org.freedesktop.Secret.Item.Attributes"].Value().(map[string]string)
	maps.DeleteFunc(f.items, func(_ dbus.ObjectPath, i item) bool { return maps.Equal(i.attributes, attributes) })
	made = f.path("collection/login")
	f.items[made] = item{attributes, secret.Value}
	return made, "/", nil
}

func isLocked() *dbus.Error { return dbus.NewError("org.freedesktop.Secret.Error.IsLocked", nil) }

func (f *Fake) getSecret(message dbus.Message, session dbus.ObjectPath) (secretOf, *dbus.Error) {
	f.enter("GetSecret")
	f.mu.Lock()
	defer f.mu.Unlock()
	i, ok := f.items[pathOf(message)]
	switch {
	case !ok:
		return secretOf{}, dbus.NewError("org.freedesktop.Secret.Error.NoSuchObject", nil)
	case f.locked:
		return secretOf{}, isLocked()
	}
	return secretOf{session, []byte{}, i.value, "text/plain"}, nil
}

func (f *Fake) delete(message dbus.Message) (dbus.ObjectPath, *dbus.Error) {
	f.enter("Delete")
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.mode == CreateDismiss {
		return f.path("prompt"), nil
	}
	delete(f.items, pathOf(message))
	return "/", nil
}

func pathOf(message dbus.Message) dbus.ObjectPath {
	path, _ := message.Headers[dbus.FieldPath].Value().(dbus.ObjectPath)
	return path
}

func (f *Fake) prompt(message dbus.Message, _ string) *dbus.Error {
	f.enter("Prompt")
	f.mu.Lock()
	defer f.mu.Unlock()
	dismissed, result := true, []dbus.ObjectPath{}
	switch f.mode {
	case PromptNever:
		return nil
	case PromptUnlock:
		f.locked, dismissed, result = false, false, []dbus.ObjectPath{login}
	}
	_ = f.bus.Emit(pathOf(message), "org.freedesktop.Secret.Prompt.Completed", dismissed, dbus.MakeVariant(result))
	return nil
}

func (f *Fake) dismiss() *dbus.Error {
	f.enter("Dismiss")
	return nil
}
