package keys

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"daypass/creds"
)

// death is the panic of a process that is killed at a call.
type death struct{}

// cloud is AWS, the keyring and the person of a rotation: it keeps what all of
// them have done, and ends the run at one of the calls.
type cloud struct {
	*memory
	keys   []Listed
	user   string // the ARN by now
	made   int
	calls  []string
	asked  []Surplus
	told   []string
	slept  time.Duration
	behind map[string]int   // by id: how many checks come too early
	fails  map[string]error // by call, once

	dieAt   int   // at the call of that number, from 1; 0: at none
	after   bool  // when its work is done, not before
	yes     bool  // what the person says
	refuses error // what the person says at the beginning
	stop    context.CancelFunc
}

// do is one call: its failure, or its work.
func (c *cloud) do(name string, work func() error) error {
	c.calls = append(c.calls, name)
	die := len(c.calls) == c.dieAt
	if die && !c.after {
		panic(death{})
	}
	err := c.fails[name]
	delete(c.fails, name)
	if err == nil || errors.Is(err, ErrLost) {
		if failed := work(); failed != nil {
			err = failed
		}
	}
	if die {
		panic(death{})
	}
	return err
}

func (c *cloud) Get(ctx context.Context, service, account string) (value string, err error) {
	err = c.do("Get", func() error { value, err = c.memory.Get(ctx, service, account); return err })
	return value, err
}

func (c *cloud) Set(ctx context.Context, service, account, value string) error {
	return c.do("Set", func() error { return c.memory.Set(ctx, service, account, value) })
}

func (c *cloud) Session(_ context.Context, p Pair, _ string) (creds.Credentials, error) {
	return p.Credentials(), c.do("Session", func() error { return c.known(p.AccessKeyID) })
}

func (c *cloud) Check(_ context.Context, p Pair) (string, error) {
	return c.user, c.do("Check", func() error { return c.known(p.AccessKeyID) })
}

// known is nil if the key may sign.
func (c *cloud) known(id string) error {
	if c.behind[id] > 0 {
		c.behind[id]--
		return fmt.Errorf("too early: %w", ErrUnknown)
	}
	if i := c.find(id); i < 0 || !c.keys[i].Active {
		return fmt.Errorf("no such key: %w", ErrUnknown)
	}
	return nil
}

func (c *cloud) find(id string) int {
	return slices.IndexFunc(c.keys, func(k Listed) bool { return k.AccessKeyID == id })
}

func (c *cloud) List(_ context.Context, signer creds.Credentials) (all []Listed, err error) {
	err = c.do("List", func() error { all = slices.Clone(c.keys); return nil })
	return all, err
}

func (c *cloud) Create(_ context.Context, signer creds.Credentials) (p Pair, err error) {
	err = c.do("Create", func() error {
		if len(c.keys) >= quota {
			return ErrFull
		}
		c.made++
		p = Pair{AccessKeyID: fmt.Sprintf("AKIANEW%d", c.made), Secret: creds.NewSecret(nextSecret), Created: noon}
		c.keys = append(c.keys, Listed{p.AccessKeyID, true, noon})
		return nil
	})
	return p, err
}

func (c *cloud) Deactivate(_ context.Context, _ creds.Credentials, id string) error {
	return c.do("Deactivate", func() error {
		i := c.find(id)
		if i < 0 {
			return ErrGone
		}
		c.keys[i].Active = false
		return nil
	})
}

func (c *cloud) Delete(_ context.Context, _ creds.Credentials, id string) error {
	return c.do("DeleteKey", func() error {
		i := c.find(id)
		if i < 0 {
			return ErrGone
		}
		c.keys = slices.Delete(c.keys, i, i+1)
		return nil
	})
}

// ring is the keyring in a cloud, whose Delete is that of a key.
type ring struct{ *cloud }

func (r ring) Delete(ctx context.Context, service, account string) error {
	return r.memory.Delete(ctx, service, account)
}

func (c *cloud) Begin(_ context.Context, e Entry) error {
	c.told = append(c.told, "begin "+e.Current.AccessKeyID)
	return c.refuses
}

func (c *cloud) Tell(what Event, id string) {
	word := [...]string{"made", "lost", "waiting", "in use", "deactivated", "deleted"}[what]
	c.told = append(c.told, strings.TrimSpace(word+" "+id))
}

func (c *cloud) MayDelete(_ context.Context, s Surplus) (bool, error) {
	c.asked = append(c.asked, s)
	return c.yes, c.do("MayDelete", func() error { return nil })
}

// newCloud is a world in which sample lies in the keyring and AWS knows it.
func newCloud(t *testing.T) (*cloud, *Rotation) {
	t.Helper()
	k, m := newKeys(t)
	c := &cloud{memory: m, user: sample().User, yes: true, behind: map[string]int{}, fails: map[string]error{}}
	k.OS = ring{c}
	c.store(t, k, sample())
	c.keys = []Listed{{sample().Current.AccessKeyID, true, noon.AddDate(-1, 0, 0)}}
	return c, &Rotation{Keys: k, AWS: c, Person: c, Sleep: func(ctx context.Context, d time.Duration) error {
		c.slept += d
		if c.stop != nil {
			c.stop()
		}
		return ctx.Err()
	}}
}

func (c *cloud) store(t *testing.T, k *Keys, e Entry) {
	t.Helper()
	if err := k.Put(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	c.calls = nil
}

// rotate runs a rotation to its end or its death.
func (c *cloud) rotate(t *testing.T, r *Rotation) (e Entry, err error, died bool) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			if _, died = p.(death); !died {
				panic(p)
			}
		}
	}()
	e, err = r.Run(t.Context(), "main")
	return e, err, false
}

// kept is what the keyring holds.
func (c *cloud) kept(t *testing.T, r *Rotation) Entry {
	t.Helper()
	e, err := (&Keys{OS: c.memory, State: r.Keys.State, Now: r.Keys.Now}).Get(t.Context(), "main")
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// done checks that a rotation has come to its end: AWS has the new key alone, and
// so has the keyring.
func (c *cloud) done(t *testing.T, r *Rotation) {
	t.Helper()
	e := c.kept(t, r)
	if len(c.keys) != 1 || !c.keys[0].Active || c.keys[0].AccessKeyID != e.Current.AccessKeyID ||
		e.Current.AccessKeyID == sample().Current.AccessKeyID || e.Next != nil || e.Old != "" {
		t.Errorf("AWS has %v, the keyring %+v", c.keys, e)
	}
}

func TestRotate(t *testing.T) {
	c, r := newCloud(t)
	got, err := r.Run(t.Context(), "main")
	if err != nil || got.Current.AccessKeyID != "AKIANEW1" || !got.Current.Secret.Equal(creds.NewSecret(nextSecret)) {
		t.Fatalf("%+v, %v", got, err)
	}
	c.done(t, r)
	want := "Get Session List Create Set Check Set Session Deactivate DeleteKey Set"
	if calls := strings.Join(c.calls, " "); calls != want {
		t.Errorf("calls\n%s, want\n%s", calls, want)
	}
	old := sample().Current.AccessKeyID
	if told := strings.Join(c.told, ", "); told != fmt.Sprintf("begin %s, made AKIANEW1, in use AKIANEW1, deactivated %s, deleted %s", old, old, old) {
		t.Errorf("told %s", told)
	}
	if c.slept != 0 {
		t.Errorf("it slept for %s", c.slept)
	}
}

// TestRotateKilled: at whichever call it is killed, before its work or after, the
// keyring holds a key that AWS takes, and another run finishes. That one asks only
// about a key that was made and not kept, and nothing else is deleted.
func TestRotateKilled(t *testing.T) {
	for _, behind := range []int{0, 2} {
		for _, after := range []bool{false, true} {
			for n := 1; ; n++ {
				c, r := newCloud(t)
				c.dieAt, c.after, c.behind["AKIANEW1"] = n, after, behind
				_, err, died := c.rotate(t, r)
				if !died {
					if err != nil || n < 10 {
						t.Errorf("it was not killed at call %d, %v", n, err)
					}
					break
				}
				at := fmt.Sprintf("killed at call %d, %s (after: %v)", n, c.calls[n-1], after)
				if e := c.kept(t, r); c.known(e.Current.AccessKeyID) != nil {
					t.Errorf("%s: AWS does not take %s", at, e.Current.AccessKeyID)
				}
				orphan := len(c.keys) == 2 && c.kept(t, r).Next == nil && c.kept(t, r).Old == ""
				c.dieAt = 0
				if _, err, _ := c.rotate(t, r); err != nil {
					t.Errorf("%s: then %v", at, err)
				}
				c.done(t, r)
				if (len(c.asked) > 0) != orphan || orphan && (c.asked[0].Key.AccessKeyID != "AKIANEW1" || c.asked[0].Lost) {
					t.Errorf("%s: asked %+v", at, c.asked)
				}
			}
		}
	}
}

// stopped checks that a run ended with cause, in use being that key, and waiting
// to be verified that one.
func (c *cloud) stopped(t *testing.T, r *Rotation, err, cause error, current, next string) *RotateError {
	t.Helper()
	var e *RotateError
	if !errors.As(err, &e) || !errors.Is(err, cause) {
		t.Fatalf("got %v, want %v", err, cause)
	}
	for what, entry := range map[string]Entry{"the keyring has": c.kept(t, r), "the error tells": e.Entry} {
		got := ""
		if entry.Next != nil {
			got = entry.Next.AccessKeyID
		}
		if entry.Current.AccessKeyID != current || got != next {
			t.Errorf("%s %s and %q, want %s and %q", what, entry.Current.AccessKeyID, got, current, next)
		}
	}
	if text := fmt.Sprintf("%v %+v %#v", e, e, *e); strings.Contains(text, secretKey) || strings.Contains(text, nextSecret) {
		t.Errorf("the error tells a secret: %s", text)
	}
	return e
}
