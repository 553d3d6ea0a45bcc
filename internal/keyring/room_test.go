package keyring

import (
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
