package session

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"daypass/creds"
	"daypass/internal/stsim"
	"daypass/profile"
)

// ringOf holds one key, and counts how often it is read.
type ringOf struct {
	key   creds.Credentials
	err   error
	reads int
}

func (r *ringOf) Credentials(_ context.Context, name string) (creds.Credentials, error) {
	if r.reads++; name != "main" {
		return creds.Credentials{}, errors.New("no such key")
	}
	return r.key, r.err
}

// withKeyring moves ana's key into a keyring.
func (w *world) withKeyring() *ringOf {
	r := &ringOf{key: w.want.Base.Credentials}
	w.want.Base = Base{Kind: profile.Keyring, Profile: "main", ID: r.key.AccessKeyID}
	return r
}

func (w *world) by(r *ringOf) func(*Getter) {
	return func(g *Getter) {
		g.Keys = r
		g.Replan = func(b Base) ([]Step, error) {
			want := w.want
			want.Base = b
			return Plan(&w.p, want)
		}
	}
}

// replace gives ana another key, and puts it in place of the one in the keyring.
func (w *world) replace(r *ringOf) {
	r.key = creds.Credentials{AccessKeyID: "AKIAEXAMPLELATER0001", SecretAccessKey: creds.NewSecret("later/secret/EXAMPLE")}
	w.sts.AddKey("arn:aws:iam::111111111111:user/ana", stsim.Key{AccessKeyID: r.key.AccessKeyID, SecretAccessKey: r.key.SecretAccessKey.Reveal()})
}

func TestTheKeyIsReadToSignAlone(t *testing.T) {
	w := newWorld(t)
	w.withRole(roleA, roleB)
	r := w.withKeyring()
	first := w.must(w.by(r))
	w.expect("cold", 1, 1, 2)
	if r.reads != 1 {
		t.Errorf("the key was read %d times for one call", r.reads)
	}
	w.cache.gets, w.cache.lockN = 0, 0
	if second := w.must(w.by(r)); second.AccessKeyID != first.AccessKeyID || r.reads != 1 || w.cache.gets != 1 || w.cache.lockN != 0 {
		t.Errorf("a hit: the key was read %d times, the cache %d times, %d locks", r.reads-1, w.cache.gets, w.cache.lockN)
	}
	w.pass(50 * time.Minute)
	w.must(w.by(r))
	w.expect("renewed by the role before it", 1, 1, 3)
	if r.reads != 1 {
		t.Error("the session signs, and the key was read")
	}
}

func TestNoCodeIsAskedForWithoutTheKey(t *testing.T) {
	w := newWorld(t)
	r := w.withKeyring()
	r.err = errors.New("locked")
	if _, err := w.get(w.by(r)); err != r.err {
		t.Errorf("got %v", err)
	}
	w.expect("locked", 0, 0, 0)
}

// The map was behind: the key has been replaced.
func TestAReplacedKeyIsPlannedWithAnew(t *testing.T) {
	for name, serials := range map[string]string{"with a code": serial, "without": ""} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.withRole(roleB)
			w.p.MFASerial = setting(serials)
			r := w.withKeyring()
			w.replace(r)
			old := w.plan()
			first := w.must(w.by(r))
			if r.reads != 1 {
				t.Errorf("the key was read %d times", r.reads)
			}
			for _, s := range old {
				if _, ok := w.cache.entries[s.Key]; ok {
					t.Errorf("the %s of the new key lies under the old one's name", s.Call)
				}
			}
			w.want.Base.ID = r.key.AccessKeyID
			if again := w.must(w.by(r)); !again.Cached || again.AccessKeyID != first.AccessKeyID || r.reads != 1 {
				t.Errorf("what was issued is not found by the new key: %+v", again)
			}
		})
	}
}

// What the new key has in the cache needs nobody to ask.
func TestAReplacedKeyFindsItsSession(t *testing.T) {
	w := newWorld(t)
	r := w.withKeyring()
	earlier := w.want.Base
	w.replace(r)
	w.want.Base.ID = r.key.AccessKeyID
	first := w.must(w.by(r))
	w.want.Base = earlier
	w.person.away = errors.New("nobody")
	if got := w.must(w.by(r)); got.AccessKeyID != first.AccessKeyID || !got.Cached {
		t.Errorf("got %+v", got)
	}
	w.expect("by the map that is behind", 1, 1, 0)
}

// A session of the old key serves to its last minute if the new one gets none.
func TestAReplacedKeyLeavesWhatIsLeft(t *testing.T) {
	w := newWorld(t)
	r := w.withKeyring()
	first := w.must(w.by(r))
	w.pass(12*time.Hour - 3*time.Minute)
	r.key.AccessKeyID = "AKIAEXAMPLELATER0001"
	w.person.away = errors.New("nobody")
	got := w.must(w.by(r))
	if got.AccessKeyID != first.AccessKeyID || !errors.Is(got.Failed, w.person.away) {
		t.Errorf("got %+v", got)
	}
}

// Where the key lies is no part of what is got by it.
func TestAMovedKeyKeepsItsSessions(t *testing.T) {
	w := newWorld(t)
	before := w.plan()[0].Key
	w.withKeyring()
	if after := w.plan()[0].Key; after != before {
		t.Errorf("the cache key was\n%s and is\n%s", before, after)
	}
}

func TestDevicesByAKeyInTheKeyring(t *testing.T) {
	l := newLister(t)
	r := l.withKeyring()
	l.p.Base = profile.Base{Kind: profile.Keyring, Profile: "main", AccessKeyID: l.p.Base.AccessKeyID}
	devices, err := Devices(t.Context(), &l.p, env(l.env), "", Means{Keys: r})
	if err != nil || len(devices) != 1 || r.reads != 1 {
		t.Errorf("%+v, %v, %d reads", devices, err, r.reads)
	}
	l.called(1)
	r.err = errors.New("locked")
	if _, err := Devices(t.Context(), &l.p, env(l.env), "", Means{Keys: r}); err != r.err {
		t.Errorf("got %v", err)
	}
}

func TestIdentity(t *testing.T) {
	w := newWorld(t)
	n, c := w.want.Network, w.want.Base.Credentials
	caller, err := Identity(t.Context(), n, c)
	if want := (Caller{"111111111111", "arn:aws:iam::111111111111:user/ana", caller.UserID}); err != nil || caller != want || !strings.HasPrefix(caller.UserID, "AIDA") {
		t.Errorf("%+v, %v", caller, err)
	}
	other := c
	other.SecretAccessKey = creds.NewSecret("another/secret/EXAMPLE")
	other.AccessKeyID = "AKIANOBODY"
	for _, wrong := range []creds.Credentials{other, {AccessKeyID: c.AccessKeyID, SecretAccessKey: other.SecretAccessKey}} {
		var refused *RefusedError
		if _, err := Identity(t.Context(), n, wrong); !errors.As(err, &refused) || refused.Call != GetCallerIdentity || strings.Contains(err.Error(), "another/") {
			t.Errorf("got %v", err)
		}
	}
	for _, body := range []string{"<html>", "<GetCallerIdentityResponse/>", "<GetCallerIdentityResponse><GetCallerIdentityResult/></GetCallerIdentityResponse>"} {
		w.sts.Inject(stsim.Fault{Action: GetCallerIdentity, Body: body})
		if caller, err := Identity(t.Context(), n, c); err == nil {
			t.Errorf("%s is taken for %+v", body, caller)
		}
		w.sts.ClearFaults()
	}
	n.Endpoint.Value = "http://127.0.0.1:1"
	n.Attempts = Sourced{"1", ""}
	var lost *UnreachableError
	if _, err := Identity(t.Context(), n, c); !errors.As(err, &lost) {
		t.Errorf("got %v", err)
	}
}
