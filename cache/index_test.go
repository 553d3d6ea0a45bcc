package cache

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"daypass/creds"
)

// Nothing in the state folder tells a secret, nor does %v.
func TestNoSecretInFolder(t *testing.T) {
	c, m, _ := newCache(t)
	path := lockFolder(t, c)
	m.onSet = func() { noSecret(t, path) }
	unlock, err := c.Lock(t.Context(), "key")
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if err := c.Put(t.Context(), "key", sample()); err != nil {
		t.Fatal(err)
	}
	noSecret(t, path)
	i, _ := c.Get(t.Context(), "key")
	l, _ := c.Peek("key")
	if said := fmt.Sprintf("%v %+v %#v %v %#v", i, i, i, l, l); strings.Contains(said, secretKey) || strings.Contains(said, token) {
		t.Errorf("%%v tells a secret: %s", said)
	}
}

func noSecret(t *testing.T, path string) {
	seen := 0
	err := filepath.WalkDir(path, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		for _, secret := range []string{secretKey, token, "FwoGZXIvYXdz", "ASIA"} {
			if strings.Contains(string(text)+path, secret) {
				t.Errorf("%s holds %s", path, secret)
			}
		}
		seen++
		return err
	})
	if err != nil || seen == 0 {
		t.Errorf("looked at %d files, %v", seen, err)
	}
}

func TestList(t *testing.T) {
	c, _, _ := newCache(t)
	if all, err := c.List(); len(all) != 0 || err != nil {
		t.Errorf("an empty cache lists %v, %v", all, err)
	}
	session := sample()
	session.Profile, session.Call, session.RoleARN = "main", "GetSessionToken", ""
	for key, i := range map[string]creds.Issued{"session": session, "role": sample()} {
		if err := c.Put(t.Context(), key, i); err != nil {
			t.Fatal(err)
		}
	}
	m := c.Stores[0].(*memory)
	m.called()
	all, err := c.List()
	if err != nil || len(all) != 2 {
		t.Fatal(all, err)
	}
	role := all[0]
	if role.Profile != "dev" || all[1].Profile != "main" {
		t.Errorf("sorted as %q, %q", role.Profile, all[1].Profile)
	}
	want := sample()
	want.Credentials = creds.Credentials{Expiration: want.Expiration}
	if !same(role.Issued(), want) || role.Left(noon) != time.Hour || role.Account != Account("role") || role.Store != "memory" {
		t.Errorf("got %+v", role)
	}
	if l, ok := c.Peek("role"); !ok || l.Account != role.Account {
		t.Errorf("Peek says %+v, %v", l, ok)
	}
	if _, ok := c.Peek("nothing"); ok {
		t.Error("Peek knows what was never there")
	}
	for name, text := range map[string]string{"memory-x": "{", "memory-y": `{"v":2,"expires":"2026-11-21T13:00:00Z"}`, "z": "{}"} {
		if err := c.State.Write(entries+"/"+name, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if all, err := c.List(); len(all) != 2 || err != nil {
		t.Errorf("with files that are none of ours: %v, %v", all, err)
	}
	if got := m.called(); got != "" {
		t.Errorf("listing calls %s", got)
	}
}
