package keyring

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	gokeyring "github.com/zalando/go-keyring"
)

// account is as long as those of daypass.
const account = "v1-abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst"

// tokenSizes are those of session tokens that were seen, and more. The item that
// holds one has some 330 bytes more.
var tokenSizes = []int{343, 832, 2100, 2700, 4096, 16_384}

// itemOf is a text like an item with a token of that size, that no other has.
func itemOf(tag string, token int) string {
	text := strings.Repeat(tag+" 0123456789+/=", (token+300)/14+1)
	return `{"tag":"` + tag + `","token":"` + text[:token] + `","story":"` + text[:300] + `"}`
}

// windowsFake enforces the limit of Windows as go-keyring does.
type windowsFake struct{ *fake }

func (w windowsFake) Set(service, account, value string) error {
	if len(value) > 2560 {
		return gokeyring.ErrSetDataTooBig
	}
	return w.fake.Set(service, account, value)
}

// macFake enforces the limit of the command line on macOS as go-keyring does, with
// the false success of the longest that it lets through.
type macFake struct {
	*fake
	longest *int // line that was written
}

var unsafeInShell = regexp.MustCompile(`[^\w@%+=:,./-]`)

func quoteForShell(word string) string {
	if word == "" || unsafeInShell.MatchString(word) {
		return "'" + strings.ReplaceAll(word, "'", `'"'"'`) + "'"
	}
	return word
}

func (m macFake) Set(service, account, value string) error {
	line := fmt.Sprintf("add-generic-password -U -s %s -a %s -w %s\n", quoteForShell(service), quoteForShell(account),
		quoteForShell("go-keyring-base64:"+base64.StdEncoding.EncodeToString([]byte(value))))
	*m.longest = max(*m.longest, len(line))
	switch {
	case len(line) > 4096:
		return gokeyring.ErrSetDataTooBig
	case len(line) == 4096:
		return nil
	}
	return m.fake.Set(service, account, value)
}

// limited are keyrings with limits, on an empty fake each.
func limited() map[string]*Keyring {
	return map[string]*Keyring{
		"windows": {backend: windowsFake{&fake{}}, room: windowsRoom},
		"macOS":   {backend: macFake{&fake{}, new(int)}, room: macRoom},
		"any":     {backend: &fake{}, room: anyRoom},
		"tiny":    {backend: &fake{}, room: tinyRoom(200)},
	}
}

func tinyRoom(n int) func(string, string) int { return func(string, string) int { return n } }

func fakeOf(k *Keyring) *fake {
	switch b := k.backend.(type) {
	case windowsFake:
		return b.fake
	case macFake:
		return b.fake
	}
	return k.backend.(*fake)
}

func TestSizes(t *testing.T) {
	for name, k := range limited() {
		for _, size := range append(tokenSizes, 3, 2560-330, 2561-330) {
			old, value := itemOf("old", size), itemOf("new", size)
			for _, v := range []string{old, value, "small", value} {
				if err := k.Set(t.Context(), "daypass", account, v); err != nil && name != "tiny" {
					t.Fatalf("%s: a token of %d bytes: %v", name, size, err)
				} else if err != nil && (!errors.Is(err, ErrTooLarge) || len(v) <= 200*maxParts) {
					t.Fatalf("%s: a token of %d bytes: %v", name, size, err)
				} else if got, err := k.Get(t.Context(), "daypass", account); err == nil && got != v {
					t.Errorf("%s: a token of %d bytes came back as %d bytes, %v", name, size, len(got), err)
				}
			}
			if err := k.Delete(t.Context(), "daypass", account); err != nil || len(fakeOf(k).items) > 0 {
				t.Errorf("%s: %v; Delete left %v", name, err, slices.Collect(maps.Keys(fakeOf(k).items)))
			}
		}
	}
}

// The line is never the one that is a false success, and hardly shorter.
func TestRoomOnMacOS(t *testing.T) {
	for _, name := range []string{account, "", "a", "o'brien's", "with blank", strings.Repeat("x", 997), strings.Repeat("'", 99), "ü"} {
		for _, service := range []string{"daypass", "daypass-keys", "it's"} {
			m := macFake{&fake{}, new(int)}
			k := &Keyring{backend: m, room: macRoom}
			room := macRoom(service, name)
			if err := k.Set(t.Context(), service, name, strings.Repeat("x", room)); err != nil || len(m.items) != 1 {
				t.Errorf("%s/%s: %d bytes: %v, %d items", service, name, room, err, len(m.items))
			}
			if *m.longest > 4095 || *m.longest < 4092 {
				t.Errorf("%s/%s: %d bytes make a line of %d", service, name, room, *m.longest)
			}
			if err := k.Set(t.Context(), service, name, strings.Repeat("x", room+1)); err != nil || len(m.items) != 3 || *m.longest > 4095 {
				t.Errorf("%s/%s: a byte more: %v, %d items, a line of %d", service, name, err, len(m.items), *m.longest)
			}
		}
	}
	if got := macRoom("daypass", account); got != 2982 {
		t.Errorf("an item of daypass's has %d bytes", got)
	}
	if got := macRoom("s", strings.Repeat("x", 5000)); got != 0 {
		t.Errorf("no room is %d", got)
	}
}

// The format may never change: other versions of daypass read it.
func TestFrozenFormat(t *testing.T) {
	f := &fake{}
	k := &Keyring{backend: f, room: tinyRoom(120)}
	value := strings.Repeat("0123456789", 30)
	const sum = "ba6ab297dbb2bcbc66d54fb768e01920acb58b5552455834f4563807cbd46efb"
	first := map[string]string{
		"s/a":         "daypass-split-1:a:3:300:" + sum,
		"s/a.part-a1": value[:120],
		"s/a.part-a2": value[120:240],
		"s/a.part-a3": value[240:],
	}
	second := map[string]string{
		"s/a":         "daypass-split-1:b:3:300:" + sum,
		"s/a.part-b1": value[:120],
		"s/a.part-b2": value[120:240],
		"s/a.part-b3": value[240:],
	}
	for i, want := range []map[string]string{first, second, first} {
		if err := k.Set(t.Context(), "s", "a", value); err != nil || !maps.Equal(f.items, want) {
			t.Errorf("write %d: %v, and the items are %q", i, err, f.items)
		}
		f.items = maps.Clone(want)
		if got, err := k.Get(t.Context(), "s", "a"); got != value || err != nil {
			t.Errorf("read %d: %q, %v", i, got, err)
		}
	}
}

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
	f.fail = map[string]error{"Get": exit(t, "36")}
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
// each other. What is left is the old value, the new one or a miss; the next
// write takes, and Delete finds everything.
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
				if read == nil && got != old && got != value || read != nil && !errors.Is(read, ErrNotFound) {
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

func FuzzHead(f *testing.F) {
	f.Add(head{generation: 'a', parts: 3, length: 300}.String())
	f.Add(head{generation: 'b', parts: 99, length: 0}.String())
	f.Add(headVersion + "a:03:300:00")
	f.Add(headPrefix + "2:a:1:1:")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		h, ok := decodeHead(text)
		if ok && h.String() != text {
			t.Errorf("%q is read as %q", text, h)
		}
		if ok && (h.parts < 1 || h.parts > maxParts || h.length < 0 || !strings.HasPrefix(text, headVersion)) {
			t.Errorf("%q is read as %+v", text, h)
		}
		if !ok && !bytes.Equal(h.sum[:], make([]byte, len(h.sum))) {
			t.Errorf("%q is refused as %+v", text, h)
		}
		if again, ok := decodeHead(h.String()); ok && again != h {
			t.Errorf("%+v is written as %q", h, h)
		}
	})
}
