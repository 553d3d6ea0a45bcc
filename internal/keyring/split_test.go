package keyring

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
)

// A value that fits is one item, one write and one read.
func TestSmallValuesAreNotSplit(t *testing.T) {
	f := &fake{}
	k := &Keyring{backend: f, room: windowsRoom}
	if err := k.Set(t.Context(), "s", "a", "v"); err != nil || !maps.Equal(f.items, map[string]string{"s/a": "v"}) || f.calls.Load() != 2 {
		t.Errorf("%v: %d calls, the items are %q", err, f.calls.Load(), f.items)
	}
	if _, err := k.Get(t.Context(), "s", "a"); err != nil || f.calls.Load() != 3 {
		t.Errorf("%v, %d calls", err, f.calls.Load())
	}
}

// What looks like a head is none.
func TestValuesThatLookLikeHeads(t *testing.T) {
	for name, k := range limited() {
		for _, value := range []string{headPrefix, headVersion + "a:1:1:00", (head{generation: 'b', parts: 2}).String(), headPrefix + "2:whatever"} {
			err := k.Set(t.Context(), "s", "a", value)
			if got, read := k.Get(t.Context(), "s", "a"); got != value || err != nil || read != nil {
				t.Errorf("%s: %q came back as %q, %v, %v", name, value, got, err, read)
			}
		}
	}
	k := &Keyring{backend: &fake{}}
	for name, want := range map[string]error{"a.part-a1": errReserved, "a.part-b99": errReserved, "a.part-c1": nil, "a.part-a": nil, "a.part-a1x": nil, ".part": nil} {
		if err := k.Set(t.Context(), "s", name, "v"); !errors.Is(err, want) {
			t.Errorf("the account %s: %v, want %v", name, err, want)
		}
	}
}

func TestTooLargeToSplit(t *testing.T) {
	for name, room := range map[string]int{"too many parts": 100, "no room": 0} {
		f := &fake{items: map[string]string{"s/a": "old"}}
		k := &Keyring{backend: f, room: tinyRoom(room)}
		if err := k.Set(t.Context(), "s", "a", strings.Repeat("x", 100*maxParts+1)); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
		if want := map[string]string{"s/a": "old"}; !maps.Equal(f.items, want) {
			t.Errorf("%s: the items are %q", name, f.items)
		}
	}
}

// Whatever is wrong with the parts is a miss, and shows nothing of them.
func TestTornValues(t *testing.T) {
	value := itemOf("secret", 500)
	for name, tear := range map[string]func(items map[string]string){
		"a part is missing":   func(items map[string]string) { delete(items, "s/a.part-a2") },
		"a part is another's": func(items map[string]string) { items["s/a.part-a1"] = strings.ToUpper(items["s/a.part-a1"]) },
		"a part is longer":    func(items map[string]string) { items["s/a.part-a1"] += "secret" },
		"a part is shorter":   func(items map[string]string) { items["s/a.part-a1"] = "secret" },
		"parts changed places": func(items map[string]string) {
			i := items
			i["s/a.part-a1"], i["s/a.part-a2"] = i["s/a.part-a2"], i["s/a.part-a1"]
		},
		"a later version":       func(items map[string]string) { items["s/a"] = headPrefix + "2:secret" },
		"the head is cut":       func(items map[string]string) { items["s/a"] = items["s/a"][:50] },
		"the generation is off": func(items map[string]string) { items["s/a"] = strings.Replace(items["s/a"], "1:a", "1:b", 1) },
	} {
		f := &fake{}
		k := &Keyring{backend: f, room: tinyRoom(200)}
		if err := k.Set(t.Context(), "s", "a", value); err != nil {
			t.Fatal(err)
		}
		tear(f.items)
		got, err := k.Get(t.Context(), "s", "a")
		if got != "" || !errors.Is(err, ErrNotFound) || strings.Contains(strings.ToLower(err.Error()), "secret") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if err := k.Set(t.Context(), "s", "a", value); err != nil {
			t.Errorf("%s: it cannot be written again: %v", name, err)
		}
	}
	f := &fake{}
	k := &Keyring{backend: f, room: tinyRoom(200)}
	_ = k.Set(t.Context(), "s", "a", value)
	f.fail = map[string]error{"Get": exit(t, 36)}
	if _, err := k.Get(t.Context(), "s", "a"); !errors.Is(err, ErrLocked) {
		t.Errorf("a locked keyring gives %v", err)
	}
}

// between does something before the n-th call.
type between struct {
	backend
	n    *int
	does func()
}

func (b between) step() {
	if *b.n--; *b.n == 0 {
		b.does()
	}
}

func (b between) Get(service, account string) (string, error) {
	b.step()
	return b.backend.Get(service, account)
}

func (b between) Set(service, account, value string) error {
	b.step()
	return b.backend.Set(service, account, value)
}

func (b between) Delete(service, account string) error {
	b.step()
	return b.backend.Delete(service, account)
}

// A value that is replaced while it is read is read in its new form.
func TestReplacedWhileItIsRead(t *testing.T) {
	values := map[string]string{"large": itemOf("second", 500), "larger": itemOf("third", 1500), "small": "v"}
	for name, value := range values {
		for n := 1; n <= 5; n++ {
			f, left := &fake{}, n
			writer := &Keyring{backend: f, room: tinyRoom(200)}
			first := itemOf("first", 500)
			if err := writer.Set(t.Context(), "s", "a", first); err != nil {
				t.Fatal(err)
			}
			reader := &Keyring{room: tinyRoom(200), backend: between{f, &left, func() {
				if err := writer.Set(t.Context(), "s", "a", value); err != nil {
					t.Error(err)
				}
			}}}
			// A small value leaves the parts of what it replaces, which is the old value still.
			got, err := reader.Get(t.Context(), "s", "a")
			if err != nil || got != value && (name != "small" || got != first) {
				t.Errorf("%s: %q, %v", name, got, err)
			}
		}
	}
}

// Writing is cut short before each of its calls in turn, by all that can replace
// each other. What is left is the old value or the new one; the next write takes,
// and Delete finds everything.
func TestCutShort(t *testing.T) {
	values := []string{"", "small", itemOf("other small", 20), itemOf("large", 300), itemOf("larger", 900), itemOf("as large", 900)}
	const room = 400
	k := func(b backend) *Keyring { return &Keyring{backend: b, room: tinyRoom(room)} }
	steps := 0
	for _, old := range values {
		for _, value := range values {
			for n, whole := 1, false; !whole; n++ {
				f := &fake{}
				if old != "" {
					_ = k(f).Set(t.Context(), "s", "a", old)
				}
				left := n
				err := k(between{f, &left, func() { panic("killed") }}).Set(t.Context(), "s", "a", value)
				whole = left > 0 || err == nil
				steps++
				got, read := k(f).Get(t.Context(), "s", "a")
				if read == nil && got != old && got != value || read != nil && (old != "" || !errors.Is(read, ErrNotFound)) {
					t.Fatalf("%d bytes over %d, cut short at call %d: %d bytes, %v", len(value), len(old), n, len(got), read)
				}
				for _, next := range []string{itemOf("next", 700), value} {
					if err := k(f).Set(t.Context(), "s", "a", next); err != nil {
						t.Fatalf("cut short at call %d, the next write fails: %v", n, err)
					}
					if len(next) > room && len(f.items) != 1+(len(next)+room-1)/room {
						t.Fatalf("cut short at call %d, the next write leaves %q", n, slices.Sorted(maps.Keys(f.items)))
					}
				}
				clearedAfter(t, k, f)
			}
		}
	}
	if steps < 200 {
		t.Errorf("only %d steps were cut short", steps)
	}
}

// clearedAfter cuts Delete short before each of its calls in turn, and lets the
// next one find the rest.
func clearedAfter(t *testing.T, k func(backend) *Keyring, f *fake) {
	t.Helper()
	for n, whole := 1, false; !whole; n++ {
		again := &fake{items: maps.Clone(f.items)}
		before, _ := k(again).Get(t.Context(), "s", "a")
		left := n
		err := k(between{again, &left, func() { panic("killed") }}).Delete(t.Context(), "s", "a")
		whole = left > 0 || err == nil
		if got, err := k(again).Get(t.Context(), "s", "a"); err == nil && got != before {
			t.Fatalf("Delete cut short at call %d left %d bytes", n, len(got))
		}
		if err := k(again).Delete(t.Context(), "s", "a"); err != nil || len(again.items) > 0 {
			t.Fatalf("Delete after one cut short at call %d: %v, left %q", n, err, again.items)
		}
	}
}
