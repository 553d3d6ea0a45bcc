package keyring

import (
	"bytes"
	"maps"
	"strings"
	"testing"
)

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
