package keys

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"daypass/internal/keyring"
	"daypass/internal/keyring/keyringtest"
	"daypass/internal/state"
)

// has checks what the map says of main.
func has(t *testing.T, k *Keys, want string) {
	t.Helper()
	if id, ok := k.Lookup("main"); id != want || ok != (want != "") {
		t.Errorf("the map says %q, %t, want %q", id, ok, want)
	}
}

func TestPutGetRemove(t *testing.T) {
	k, m := newKeys(t)
	if _, err := k.Get(t.Context(), "main"); err != ErrNone {
		t.Errorf("without a key: %v", err)
	}
	has(t, k, "")
	m.called()
	if err := k.Put(t.Context(), sample()); err != nil || m.called() != "Set" {
		t.Errorf("Put: %v", err)
	}
	has(t, k, "AKIAIOSFODNN7EXAMPLE")
	if m.called() != "" {
		t.Error("Lookup opens the keyring")
	}
	if got, err := k.Get(t.Context(), "main"); err != nil || !same(got, sample()) || m.called() != "Get" {
		t.Errorf("Get: %+v, %v", got, err)
	}
	if _, err := k.Get(t.Context(), "Main"); err != ErrNone {
		t.Errorf("another name: %v", err)
	}
	for range 2 { // that there is none is no error
		if err := k.Remove(t.Context(), "main"); err != nil {
			t.Errorf("Remove: %v", err)
		}
		has(t, k, "")
	}
	if len(m.items) != 0 {
		t.Errorf("left: %v", m.items)
	}
}

func TestPutFillsInWhen(t *testing.T) {
	k, _ := newKeys(t)
	e := rotating()
	e.Current.Created, e.Next.Created = time.Time{}, time.Time{}
	if err := k.Put(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	got, err := k.Get(t.Context(), "main")
	if err != nil || !got.Current.Created.Equal(noon) || !got.Next.Created.Equal(noon) {
		t.Errorf("got %v and %v, %v", got.Current.Created, got.Next, err)
	}
	if !e.Next.Created.IsZero() {
		t.Error("Put changes what it was given")
	}
}

func TestList(t *testing.T) {
	k, m := newKeys(t)
	if all, err := k.List(); len(all) != 0 || err != nil {
		t.Errorf("without a map: %v, %v", all, err)
	}
	old := sample()
	old.Name, old.Old = "old", "AKIAOLD"
	settled := sample()
	settled.Name = "Settled"
	for _, e := range []Entry{old, rotating(), settled} {
		if err := k.Put(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	m.called()
	got, err := k.List()
	var want []Listing
	for _, l := range []struct {
		name  string
		state State
	}{{"Settled", Settled}, {"main", Unverified}, {"old", Undeleted}} {
		want = append(want, Listing{l.name, "AKIAIOSFODNN7EXAMPLE", "111111111111", "arn:aws:iam::111111111111:user/ana", noon, l.state})
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if m.called() != "" {
		t.Error("List opens the keyring")
	}
}

// The map follows the keyring, whatever it says.
func TestGetRepairsTheMap(t *testing.T) {
	k, m := newKeys(t)
	if err := k.Put(t.Context(), sample()); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"gone": "", "torn": frozenMap[:50], "no map": "[1]", "another version": `{"v":2,"keys":{"main":{"id":"AKIANEWER"}}}`,
		"no id": `{"v":1,"keys":{"main":{"id":""}}}`, "another key": strings.Replace(frozenMap, "AKIAIOSFODNN7EXAMPLE", "AKIAEARLIER", 1),
		"another account": strings.Replace(frozenMap, "111111111111", "2", 1),
	} {
		if err := errors.Join(k.State.Remove(mapFile), k.State.Write(mapFile, []byte(text))); err != nil {
			t.Fatal(err)
		}
		if text == "" {
			if err := k.State.Remove(mapFile); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := k.Get(t.Context(), "main"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if l, err := k.List(); err != nil || len(l) != 1 || l[0] != sample().listing() {
			t.Errorf("%s: the map says %+v, %v", name, l, err)
		}
	}
	clear(m.items)
	if _, err := k.Get(t.Context(), "main"); err != ErrNone {
		t.Errorf("got %v", err)
	}
	has(t, k, "")
}

// A keyring that does not answer says nothing about what it holds.
func TestTroubleChangesNothing(t *testing.T) {
	k, m := newKeys(t)
	if err := k.Put(t.Context(), sample()); err != nil {
		t.Fatal(err)
	}
	locked := fmt.Errorf("writing: %w", keyring.ErrLocked)
	m.fail = map[string]error{"Get": locked, "Set": locked, "Delete": locked}
	later := sample()
	later.Current.AccessKeyID = "AKIALATER"
	_, err := k.Get(t.Context(), "main")
	for call, err := range map[string]error{"Get": err, "Put": k.Put(t.Context(), later), "Remove": k.Remove(t.Context(), "main")} {
		if !errors.Is(err, keyring.ErrLocked) {
			t.Errorf("%s: %v", call, err)
		}
	}
	has(t, k, "AKIAIOSFODNN7EXAMPLE")
}

// Without the state folder keys are kept and found; only the map is missing.
func TestWithoutAStateFolder(t *testing.T) {
	k, _ := newKeys(t)
	k.State = state.New("")
	unlock, err := k.Lock(t.Context(), "main")
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if err := k.Put(t.Context(), sample()); err != nil {
		t.Error(err)
	}
	has(t, k, "")
	if got, err := k.Get(t.Context(), "main"); err != nil || !same(got, sample()) {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := k.List(); !errors.Is(err, state.ErrUnusable) {
		t.Errorf("List: %v", err)
	}
	if err := k.Remove(t.Context(), "main"); err != nil {
		t.Error(err)
	}
}

func TestAMapThatCannotBeWrittenStopsNothing(t *testing.T) {
	k, _ := newKeys(t)
	path := filepath.Join(t.TempDir(), "state")
	k.State = state.New(path)
	if err := os.MkdirAll(filepath.Join(path, mapFile), 0o700); err != nil { // a folder where the file should be
		t.Fatal(err)
	}
	if err := k.Put(t.Context(), sample()); err != nil {
		t.Error(err)
	}
	if got, err := k.Get(t.Context(), "main"); err != nil || !same(got, sample()) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestTheMapKeepsEverySimultaneousChange(t *testing.T) {
	k, m := newKeys(t)
	const n = 20
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			e := sample()
			e.Name = fmt.Sprint("key", i)
			if err := (&Keys{OS: m, State: k.State}).Put(t.Context(), e); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if l, err := k.List(); len(l) != n || err != nil {
		t.Errorf("the map has %d keys, %v", len(l), err)
	}
}

// A change whose caller is told to end is in the map all the same.
func TestACancelledCallerLeavesTheMapRight(t *testing.T) {
	k, _ := newKeys(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := k.Put(ctx, sample()); err != nil {
		t.Fatal(err)
	}
	has(t, k, "AKIAIOSFODNN7EXAMPLE")
}

func TestLock(t *testing.T) {
	k, _ := newKeys(t)
	unlock, err := k.Lock(t.Context(), "main")
	if err != nil {
		t.Fatal(err)
	}
	other, err := k.Lock(t.Context(), "other")
	if err != nil {
		t.Fatal(err)
	}
	other()
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := errors.New("ended")
	cancel(ended)
	if _, err := k.Lock(ctx, "main"); err != ended {
		t.Errorf("got %v", err)
	}
	unlock()
	again, err := k.Lock(t.Context(), "main")
	if err != nil {
		t.Fatal(err)
	}
	again()
}

func TestNothingPrintsASecret(t *testing.T) {
	e := rotating()
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
		if text := fmt.Sprintf(format, e) + fmt.Sprintf(format, *e.Next); strings.Contains(text, secretKey) || strings.Contains(text, nextSecret) {
			t.Errorf("%s prints %s", format, text)
		}
	}
}

// Each step is a process of its own, as daypass is.
func TestRealKeyring(t *testing.T) {
	s := keyringtest.Keyring(t)
	path := filepath.Join(t.TempDir(), "state")
	for _, step := range []struct{ work, says string }{
		{"get", "false true false\n"}, {"put", ""}, {"get", "true false false\n"}, {"put", ""},
		{"remove", ""}, {"get", "false true false\n"}, {"remove", ""},
	} {
		if got := run(t, step.work, path, s.Env...); got != step.says {
			t.Errorf("%s: got %q, want %q", step.work, got, step.says)
		}
		text, _ := os.ReadFile(filepath.Join(path, mapFile))
		if strings.Contains(string(text), secretKey) || strings.Contains(string(text), nextSecret) {
			t.Errorf("%s: the map has the secret in it", step.work)
		}
		if info, err := os.Stat(filepath.Join(path, mapFile)); err == nil && info.Mode().Perm() != 0o600 {
			t.Errorf("%s: the map has mode %v", step.work, info.Mode())
		}
	}
	s.Lock()
	if got := run(t, "put", path, s.Env...); got != "error: false\n" {
		t.Errorf("locked: %q", got)
	}
}

func TestNoKeyring(t *testing.T) {
	s := keyringtest.Bus(t)
	path := filepath.Join(t.TempDir(), "state")
	for _, work := range []string{"put", "remove"} {
		if got := run(t, work, path, s.Env...); got != "error: true\n" {
			t.Errorf("%s: got %q", work, got)
		}
	}
	if got := run(t, "get", path, s.Env...); got != "false false true\n" {
		t.Errorf("get: %q", got)
	}
}
