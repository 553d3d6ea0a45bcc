package keys

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"daypass/creds"
)

// frozen is the form of version 1, byte for byte. What is written today is read
// by the daypass of tomorrow, or a key is lost.
const frozen = `{"v":1,"name":"main","account":"111111111111","user":"arn:aws:iam::111111111111:user/ana",` +
	`"current":{"id":"AKIAIOSFODNN7EXAMPLE","secret":"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY","created":"2026-11-21T12:00:00Z"},` +
	`"next":{"id":"AKIAI44QH8DHBEXAMPLE","secret":"je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY","created":"2026-11-21T13:00:00Z"},` +
	`"old":"AKIAIOSFODNN7OLDEXAM"}`

// frozenMap is the map with the same entry.
const frozenMap = `{"v":1,"keys":{"main":{"id":"AKIAIOSFODNN7EXAMPLE","account":"111111111111",` +
	`"user":"arn:aws:iam::111111111111:user/ana","created":"2026-11-21T12:00:00Z","state":"unverified"}}}`

// frozenAccount is where the entry lies. Another one would lose every key.
const frozenAccount = "v1-bvxea6pdm4b6xu34abzc6wer2kfq4kar3qiuweuscujdvxgogycq"

func TestFrozen(t *testing.T) {
	k, m := newKeys(t)
	e := rotating()
	e.Current.Created = noon.In(time.FixedZone("", 3600)).Add(time.Millisecond)
	if err := k.Put(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if got := m.items["daypass-keys/"+frozenAccount]; got != frozen {
		t.Errorf("the keyring has %v,\nwant at %s\n%s", m.items, frozenAccount, frozen)
	}
	if got, err := k.State.Read("keys.json"); string(got) != frozenMap {
		t.Errorf("the map is %v\n%s, want\n%s", err, got, frozenMap)
	}
	if got, err := decode("main", frozen); err != nil || !same(got, rotating()) {
		t.Errorf("read as %+v, %v", got, err)
	}
}

func TestAccountTellsNothing(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range []string{"main", "default", "Main", "main ", "arn:aws:iam::111111111111:user/ana", strings.Repeat("long", 100)} {
		a := account(name)
		if seen[a] || !regexp.MustCompile(`^v1-[a-z2-7]{52}$`).MatchString(a) {
			t.Errorf("the account of %q is %s", name, a)
		}
		seen[a] = true
	}
}

// What came from elsewhere, or not whole, is not taken for a key, and the error
// does not repeat it.
func TestForeign(t *testing.T) {
	items := map[string]string{
		"empty": "", "text": "hello", "null": "null", "list": "[]", "no fields": "{}",
		"another version":  strings.Replace(frozen, `"v":1`, `"v":2`, 1),
		"another's name":   strings.Replace(frozen, `"main"`, `"other"`, 1),
		"no id":            strings.Replace(frozen, `"id":"AKIAIOSFODNN7EXAMPLE"`, `"id":""`, 1),
		"no secret":        strings.Replace(frozen, `"secret"`, `"other"`, 1),
		"half a next key":  strings.Replace(frozen, `"secret":"je7`, `"other":"je7`, 1),
		"no date":          strings.Replace(frozen, `"created"`, `"other"`, 1),
		"something behind": frozen + "x",
	}
	for n := range len(frozen) {
		items["cut at "+frozen[:n]] = frozen[:n]
	}
	k, m := newKeys(t)
	for name, text := range items {
		m.items = map[string]string{"daypass-keys/" + frozenAccount: text}
		if e, err := k.Get(t.Context(), "main"); err != ErrForeign {
			t.Errorf("%s: got %+v, %v", name, e, err)
		}
		if id, ok := k.Lookup("main"); ok {
			t.Errorf("%s: the map has %s", name, id)
		}
	}
	m.items["daypass-keys/"+frozenAccount] = strings.Replace(frozen, `"v":1`, `"v":1,"later":"addition"`, 1)
	if _, err := k.Get(t.Context(), "main"); err != nil {
		t.Errorf("an unknown field: %v", err)
	}
}

// What could not be read again is not written over what is there.
func TestWhatCannotBeReadAgainIsNotWritten(t *testing.T) {
	for name, change := range map[string]func(*Entry){
		"no name":           func(e *Entry) { e.Name = "" },
		"a name in Latin-1": func(e *Entry) { e.Name = "caf\xe9" },
		"no id":             func(e *Entry) { e.Current.AccessKeyID = "" },
		"no secret":         func(e *Entry) { e.Current.Secret = creds.Secret{} },
		"a torn secret":     func(e *Entry) { e.Current.Secret = creds.NewSecret("caf\xe9") },
		"half a next key":   func(e *Entry) { e.Next = &Pair{AccessKeyID: "AKIA"} },
		"a year too far":    func(e *Entry) { e.Current.Created = time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC) },
	} {
		k, m := newKeys(t)
		e := rotating()
		change(&e)
		if err := k.Put(t.Context(), e); err == nil || strings.Contains(err.Error(), "caf") && name != "a name in Latin-1" {
			t.Errorf("%s: %v", name, err)
		}
		if len(m.items) != 0 || m.called() != "" {
			t.Errorf("%s: the keyring was written to", name)
		}
	}
}

// Windows takes 2,560 bytes. A user's path has up to 512 characters, its name 64.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_User.html
func TestSize(t *testing.T) {
	e := rotating()
	e.Name = strings.Repeat("n", 100)
	e.User = "arn:aws-us-gov:iam::111111111111:user/" + strings.Repeat("p", 512+64)
	text, err := encode(e)
	if err != nil || len(text) > 2560 {
		t.Errorf("%d bytes, %v", len(text), err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{frozen, frozenMap, "", "{}", `{"v":1,"name":"main"}`, frozen[:40], strings.Repeat("[", 1000)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := decode("main", text)
		if err != nil {
			if err != ErrForeign {
				t.Fatalf("the error tells what was read: %v", err)
			}
			return
		}
		again, err := encode(e)
		if err != nil {
			t.Fatalf("%q was read as %+v and is not written: %v", text, e, err)
		}
		if back, err := decode("main", again); err != nil || !same(back, e) {
			t.Fatalf("%q was read as %+v, then as %+v, %v", text, e, back, err)
		}
	})
}
