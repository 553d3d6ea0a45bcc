package cache

import (
	"strings"
	"testing"
	"time"

	"daypass/creds"
)

// frozen is the form of version 1, byte for byte. What is written today is read
// by the daypass of tomorrow, and the other way round.
const frozen = `{"v":1,"profile":"dev","call":"AssumeRole","role":"arn:aws:iam::222222222222:role/Dev",` +
	`"serial":"arn:aws:iam::111111111111:mfa/ana","expires":"2026-11-21T13:00:00Z","issued":"2026-11-21T12:00:00.123456789Z",` +
	`"coded":"2026-11-21T11:00:00Z","skew":-1500000000,"id":"ASIAIOSFODNN7EXAMPLE","secret":"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",` +
	`"token":"FwoGZXIvYXdzEBY+token/with=all\u0026\u003csigns\u003e","account":"222222222222"}`

// frozenIndex is the index file of the same entry.
const frozenIndex = `{"v":1,"profile":"dev","call":"AssumeRole","role":"arn:aws:iam::222222222222:role/Dev",` +
	`"serial":"arn:aws:iam::111111111111:mfa/ana","expires":"2026-11-21T13:00:00Z","issued":"2026-11-21T12:00:00.123456789Z",` +
	`"coded":"2026-11-21T11:00:00Z","skew":-1500000000}`

func TestFrozen(t *testing.T) {
	c, m, _ := newCache(t)
	i := sample()
	zone := time.FixedZone("", 3600) // the local clock's is nobody's business
	i.IssuedAt, i.CodedAt = i.IssuedAt.In(zone), i.CodedAt.In(zone)
	if err := c.Put(t.Context(), "key", i); err != nil {
		t.Fatal(err)
	}
	if got := m.items[Account("key")]; got != frozen {
		t.Errorf("the item is\n%s, want\n%s", got, frozen)
	}
	if got, err := c.State.Read(entries + "/memory-" + Account("key")); string(got) != frozenIndex {
		t.Errorf("the index file is %v\n%s, want\n%s", err, got, frozenIndex)
	}
	if got, err := decode([]byte(frozen)); err != nil || !same(got, sample()) {
		t.Errorf("read as %+v, %v", got, err)
	}
	before := strings.Replace(frozen, `"coded":"2026-11-21T11:00:00Z",`, "", 1) // as it was written at first
	if got, err := decode([]byte(before)); err != nil || !got.CodedAt.IsZero() || got.AccessKeyID != sample().AccessKeyID {
		t.Errorf("without a field, read as %+v, %v", got, err)
	}
}

// What came from elsewhere, or not whole, is a miss and no trouble.
func TestForeign(t *testing.T) {
	items := map[string]string{
		"empty": "", "text": "hello", "null": "null", "list": "[]", "no fields": "{}", "a number": "1",
		"another version":  strings.Replace(frozen, `"v":1`, `"v":2`, 1),
		"no version":       strings.Replace(frozen, `"v":1,`, ``, 1),
		"version as text":  strings.Replace(frozen, `"v":1`, `"v":"1"`, 1),
		"no id":            strings.Replace(frozen, `"id":"ASIAIOSFODNN7EXAMPLE"`, `"id":""`, 1),
		"no secret":        strings.Replace(frozen, `"secret"`, `"other"`, 1),
		"no token":         strings.Replace(frozen, `"token"`, `"other"`, 1),
		"no expiry":        strings.Replace(frozen, `"expires"`, `"other"`, 1),
		"expiry in words":  strings.Replace(frozen, `2026-11-21T13:00:00Z`, `tomorrow`, 1),
		"something behind": frozen + "x",
		"twice":            frozen + frozen,
	}
	for n := range len(frozen) {
		items["cut at "+frozen[:n]] = frozen[:n]
	}
	c, m, _ := newCache(t)
	for name, item := range items {
		m.items = map[string]string{Account("key"): item}
		if got, ok := c.Get(t.Context(), "key"); ok || c.Trouble() != nil {
			t.Errorf("%s: got %+v, trouble %v", name, got, c.Trouble())
		}
	}
	m.items[Account("key")] = strings.Replace(frozen, `"v":1`, `"v":1,"later":"addition"`, 1)
	if _, ok := c.Get(t.Context(), "key"); !ok {
		t.Error("an unknown field makes a miss")
	}
}

// Windows takes 2,560 bytes, and a token of 2,100 was seen.
func TestSize(t *testing.T) {
	i := sample()
	i.SessionToken = creds.NewSecret(strings.Repeat("A", 2100))
	item, err := encode(i)
	if err != nil || len(item) > 2560 {
		t.Errorf("%d bytes, %v", len(item), err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{frozen, frozenIndex, "", "{}", `{"v":1}`, frozen[:40], strings.Repeat("[", 1000)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, item []byte) {
		i, err := decode(item)
		if err != nil {
			if err != errForeign {
				t.Fatalf("the error tells what was read: %v", err)
			}
			return
		}
		if i.AccessKeyID == "" || !i.Temporary() || i.SecretAccessKey.Empty() || i.Expiration.IsZero() {
			t.Fatalf("half an entry: %+v", i)
		}
		again, err := encode(i)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := decode(again); err != nil || !same(back, i) {
			t.Fatalf("%s was read as %+v, then as %+v, %v", item, i, back, err)
		}
	})
}
