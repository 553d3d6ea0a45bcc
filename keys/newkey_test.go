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

var errNo = errors.New("no, says the test")

const oldID = "AKIAIOSFODNN7EXAMPLE"

// TestRotateWithoutRoom: there are two keys, and the person decides.
func TestRotateWithoutRoom(t *testing.T) {
	for _, yes := range []bool{true, false} {
		c, r := newCloud(t)
		c.yes = yes
		c.keys = append(c.keys, Listed{"AKIAOTHER", true, noon})
		_, err := r.Run(t.Context(), "main")
		if len(c.asked) != 1 || c.asked[0].Key.AccessKeyID != "AKIAOTHER" || len(c.asked[0].All) != 2 || c.asked[0].Lost {
			t.Errorf("asked %+v", c.asked)
		}
		if yes {
			if err != nil {
				t.Error(err)
			}
			c.done(t, r)
			continue
		}
		c.stopped(t, r, err, ErrDeclined, oldID, "")
		if len(c.keys) != 2 || c.made != 0 {
			t.Errorf("AWS has %v", c.keys)
		}
	}
}

// TestRotateAsksForTheIdleFirst: were there more, one that serves nobody goes
// first, then the oldest; nothing more is asked once there is room.
func TestRotateAsksForTheIdleFirst(t *testing.T) {
	c, r := newCloud(t)
	c.keys = append(c.keys, Listed{"AKIAYOUNG", true, noon}, Listed{"AKIAAGED", true, noon.AddDate(-1, 0, 0)}, Listed{"AKIAIDLE", false, noon})
	if _, err := r.Run(t.Context(), "main"); err != nil {
		t.Fatal(err)
	}
	var asked []string
	for _, s := range c.asked {
		asked = append(asked, s.Key.AccessKeyID)
	}
	if got := strings.Join(asked, " "); got != "AKIAIDLE AKIAAGED AKIAYOUNG" {
		t.Errorf("asked %s", got)
	}
	c.done(t, r)
}

func TestRotateNobodyToAsk(t *testing.T) {
	c, r := newCloud(t)
	c.keys = append(c.keys, Listed{"AKIAOTHER", true, noon})
	c.fails["MayDelete"] = errNo
	_, err := r.Run(t.Context(), "main")
	c.stopped(t, r, err, errNo, oldID, "")
	if len(c.keys) != 2 {
		t.Errorf("AWS has %v", c.keys)
	}
}

// TestRotateLostAnswer: the list tells whether the key was made, and the key is
// deleted if the person agrees.
func TestRotateLostAnswer(t *testing.T) {
	for _, yes := range []bool{true, false} {
		c, r := newCloud(t)
		c.yes = yes
		c.fails["Create"] = ErrLost
		_, err := r.Run(t.Context(), "main")
		if len(c.asked) != 1 || c.asked[0].Key.AccessKeyID != "AKIANEW1" || !c.asked[0].Lost {
			t.Errorf("asked %+v", c.asked)
		}
		if yes {
			if err != nil || c.made != 2 {
				t.Errorf("%d keys were made, %v", c.made, err)
			}
			c.done(t, r)
			continue
		}
		if e := c.stopped(t, r, err, ErrDeclined, oldID, ""); e.Orphan != "AKIANEW1" || e.Lost {
			t.Errorf("the error tells of %q, and of one that may be there: %v", e.Orphan, e.Lost)
		}
	}
}

func TestRotateLostTwice(t *testing.T) {
	c, r := newCloud(t)
	c.fails["Create"] = ErrLost
	r.AWS = again{c}
	_, err := r.Run(t.Context(), "main")
	if e := c.stopped(t, r, err, ErrLost, oldID, ""); !e.Lost || c.made != 2 || len(c.keys) != 2 {
		t.Errorf("%d keys were made, AWS has %v, %+v", c.made, c.keys, e)
	}
	r.AWS = c
	if _, err := r.Run(t.Context(), "main"); err != nil {
		t.Error(err)
	}
	c.done(t, r)
}

// again is a cloud that loses the answer of the next Create whenever it deletes.
type again struct{ *cloud }

func (a again) Delete(ctx context.Context, signer creds.Credentials, id string) error {
	a.fails["Create"] = ErrLost
	return a.cloud.Delete(ctx, signer, id)
}

// TestRotateNothingMade: a request that was lost on its way there is made once more.
func TestRotateNothingMade(t *testing.T) {
	c, r := newCloud(t)
	r.AWS = &unmade{cloud: c}
	if _, err := r.Run(t.Context(), "main"); err != nil || len(c.asked) != 0 {
		t.Errorf("asked %+v, %v", c.asked, err)
	}
	if told := strings.Join(c.told, ", "); !strings.Contains(told, ", lost, made AKIANEW1") {
		t.Errorf("told %s", told)
	}
	c.done(t, r)
}

type unmade struct {
	*cloud
	tried bool
}

func (u *unmade) Create(ctx context.Context, signer creds.Credentials) (Pair, error) {
	if !u.tried {
		u.tried = true
		return Pair{}, fmt.Errorf("on its way there: %w", ErrLost)
	}
	return u.cloud.Create(ctx, signer)
}

// TestRotateListBehind: AWS says that there is no room though the list shows some.
func TestRotateListBehind(t *testing.T) {
	c, r := newCloud(t)
	c.fails["Create"] = ErrFull
	if _, err := r.Run(t.Context(), "main"); err != nil {
		t.Error(err)
	}
	c.done(t, r)
	c, r = newCloud(t)
	r.AWS = full{c}
	_, err := r.Run(t.Context(), "main")
	c.stopped(t, r, err, ErrFull, oldID, "")
}

type full struct{ *cloud }

func (full) Create(context.Context, creds.Credentials) (Pair, error) { return Pair{}, ErrFull }

// TestRotateWaits: a new key is not known at once, to nobody.
func TestRotateWaits(t *testing.T) {
	c, r := newCloud(t)
	c.behind["AKIANEW1"] = 5
	if _, err := r.Run(t.Context(), "main"); err != nil || c.slept != 5*readyPause {
		t.Errorf("it slept for %s, %v", c.slept, err)
	}
	if n := strings.Count(strings.Join(c.told, ","), "waiting AKIANEW1"); n != 5 {
		t.Errorf("it told %d times that it waits", n)
	}
	c.done(t, r)
}

// TestRotateWaitsForEver: the old key stays in use, and another run goes on with
// the new one that there is.
func TestRotateWaitsForEver(t *testing.T) {
	c, r := newCloud(t)
	c.behind["AKIANEW1"] = 1000
	_, err := r.Run(t.Context(), "main")
	c.stopped(t, r, err, ErrUnknown, oldID, "AKIANEW1")
	if c.slept != readyLimit {
		t.Errorf("it slept for %s", c.slept)
	}
	_, err = r.Run(t.Context(), "main") // the key is not gone, only not known
	c.stopped(t, r, err, ErrUnknown, oldID, "AKIANEW1")
	c.behind["AKIANEW1"] = 0
	if _, err := r.Run(t.Context(), "main"); err != nil || c.made != 1 {
		t.Errorf("%d keys were made, %v", c.made, err)
	}
	c.done(t, r)
}

// TestRotateNextIsGone: somebody has deleted the key that was never in use.
func TestRotateNextIsGone(t *testing.T) {
	c, r := newCloud(t)
	c.behind["AKIANEW1"] = 1000
	if _, err := r.Run(t.Context(), "main"); err == nil {
		t.Fatal("it has worked")
	}
	c.keys = c.keys[:1]
	if _, err := r.Run(t.Context(), "main"); err != nil || c.made != 2 {
		t.Errorf("%d keys were made, %v", c.made, err)
	}
	c.done(t, r)
}

// TestRotateNotKept: a key that the keyring does not take is deleted.
func TestRotateNotKept(t *testing.T) {
	c, r := newCloud(t)
	c.fails["Set"] = errNo
	_, err := r.Run(t.Context(), "main")
	if e := c.stopped(t, r, err, errNo, oldID, ""); e.Orphan != "" || len(c.keys) != 1 || c.made != 1 {
		t.Errorf("AWS has %v, %+v", c.keys, e)
	}
	c.fails["Set"], c.fails["DeleteKey"] = errNo, errors.New("nor this")
	_, err = r.Run(t.Context(), "main")
	if e := c.stopped(t, r, err, errNo, oldID, ""); e.Orphan != "AKIANEW2" {
		t.Errorf("AWS has %v, %+v", c.keys, e)
	}
	if _, err := r.Run(t.Context(), "main"); err != nil || len(c.asked) != 1 {
		t.Errorf("asked %+v, %v", c.asked, err)
	}
	c.done(t, r)
}

// TestRotateStopped: Ctrl-C ends the wait, but nothing that is being kept.
func TestRotateStopped(t *testing.T) {
	c, r := newCloud(t)
	ctx, cancel := context.WithCancel(t.Context())
	c.stop, c.behind["AKIANEW1"] = cancel, 3
	_, err := r.Run(ctx, "main")
	c.stopped(t, r, err, context.Canceled, oldID, "AKIANEW1")
	c.stop = nil
	if _, err := r.Run(t.Context(), "main"); err != nil || c.made != 1 {
		t.Errorf("%d keys were made, %v", c.made, err)
	}
	c.done(t, r)
}

// TestRotateSessionTooEarly: the new key is known where it was checked, and not
// yet where the session comes from, or where IAM is.
func TestRotateSessionTooEarly(t *testing.T) {
	for name, n := range map[string]int{"Session": 2, "Deactivate": 5, "DeleteKey": 5} {
		c, r := newCloud(t)
		r.AWS = &late{c, name, n}
		if _, err := r.Run(t.Context(), "main"); err != nil || c.slept != time.Duration(n)*readyPause {
			t.Errorf("%s: it slept for %s, %v", name, c.slept, err)
		}
		c.done(t, r)
		if name != "Session" {
			continue
		}
		c, r = newCloud(t)
		r.AWS = &late{c, name, sessions}
		_, err := r.Run(t.Context(), "main")
		c.stopped(t, r, err, ErrUnknown, "AKIANEW1", "")
	}
}

// late is a cloud in which one call about the new key comes too early n times.
type late struct {
	*cloud
	call string
	n    int
}

func (l *late) early(call, signer string) bool {
	if call != l.call || signer != "AKIANEW1" || l.n == 0 {
		return false
	}
	l.n--
	return true
}

func (l *late) Session(ctx context.Context, p Pair, refused string) (creds.Credentials, error) {
	if l.early("Session", p.AccessKeyID) {
		return creds.Credentials{}, ErrUnknown
	}
	return l.cloud.Session(ctx, p, refused)
}

func (l *late) Deactivate(ctx context.Context, signer creds.Credentials, id string) error {
	if l.early("Deactivate", signer.AccessKeyID) {
		return ErrUnknown
	}
	return l.cloud.Deactivate(ctx, signer, id)
}

func (l *late) Delete(ctx context.Context, signer creds.Credentials, id string) error {
	if l.early("DeleteKey", signer.AccessKeyID) {
		return ErrUnknown
	}
	return l.cloud.Delete(ctx, signer, id)
}

// TestRotateOldKeyUnknown: who may not ask for a session has nothing to wait for.
func TestRotateOldKeyUnknown(t *testing.T) {
	c, r := newCloud(t)
	c.keys[0].Active = false
	_, err := r.Run(t.Context(), "main")
	c.stopped(t, r, err, ErrUnknown, oldID, "")
	if c.slept != 0 || strings.Join(c.calls, " ") != "Get Session" {
		t.Errorf("it slept for %s after %v", c.slept, c.calls)
	}
}

func TestRotateNothing(t *testing.T) {
	c, r := newCloud(t)
	if err := r.Keys.Remove(t.Context(), "main"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Run(t.Context(), "main"); err != ErrNone || len(c.told) != 0 {
		t.Errorf("told %v, %v", c.told, err)
	}
}

// TestRotateFails: whatever fails, another run finishes.
func TestRotateFails(t *testing.T) {
	for _, call := range []string{"Session", "List", "Create", "Check", "Deactivate", "DeleteKey"} {
		c, r := newCloud(t)
		c.fails[call] = errNo
		_, err := r.Run(t.Context(), "main")
		var e *RotateError
		if !errors.As(err, &e) || !errors.Is(err, errNo) {
			t.Errorf("%s: %v", call, err)
		}
		if _, err := r.Run(t.Context(), "main"); err != nil || c.made != 1 || len(c.asked) != 0 {
			t.Errorf("%s: %d keys were made, asked %v, %v", call, c.made, c.asked, err)
		}
		c.done(t, r)
	}
}

// TestRotateGone: what AWS says not to have is forgotten only if it lists it no more:
// it says the same of a user that it does not know.
func TestRotateGone(t *testing.T) {
	for _, call := range []string{"Deactivate", "DeleteKey"} {
		c, r := newCloud(t)
		c.fails[call] = fmt.Errorf("says AWS: %w", ErrGone)
		_, err := r.Run(t.Context(), "main")
		if e := c.stopped(t, r, err, ErrLeft, "AKIANEW1", ""); e.Entry.Old != oldID {
			t.Errorf("%s: the old key is forgotten: %+v", call, e.Entry)
		}
		if told := strings.Join(c.told, ", "); strings.Contains(told, "deleted") {
			t.Errorf("%s: told %s", call, told)
		}
		if call == "DeleteKey" {
			c.keys = slices.DeleteFunc(c.keys, func(k Listed) bool { return k.AccessKeyID == oldID }) // by somebody else
		}
		if _, err := r.Run(t.Context(), "main"); err != nil {
			t.Errorf("%s: %v", call, err)
		}
		c.done(t, r)
	}
}

// TestRotateUserIsRenamed: the keyring learns the new name.
func TestRotateUserIsRenamed(t *testing.T) {
	c, r := newCloud(t)
	c.user = "arn:aws:iam::111111111111:user/maria"
	if e, err := r.Run(t.Context(), "main"); err != nil || e.User != c.user || c.kept(t, r).User != c.user {
		t.Errorf("%+v, %v", e, err)
	}
}

// TestRotateDeclinedAtTheBeginning: nothing was called.
func TestRotateDeclinedAtTheBeginning(t *testing.T) {
	c, r := newCloud(t)
	c.refuses = errNo
	_, err := r.Run(t.Context(), "main")
	c.stopped(t, r, err, errNo, oldID, "")
	if calls := strings.Join(c.calls, " "); calls != "Get" {
		t.Errorf("calls %s", calls)
	}
}

// TestRotateSessionIsRevoked: a session that AWS does not know any more is replaced
// once, at either end of a rotation.
func TestRotateSessionIsRevoked(t *testing.T) {
	c, r := newCloud(t)
	a := &revoked{cloud: c, id: "ASIAREVOKED"}
	r.AWS = a
	c.fails["DeleteKey"] = errNo
	_, err := r.Run(t.Context(), "main")
	c.stopped(t, r, err, errNo, "AKIANEW1", "")
	if a.renewed != 1 {
		t.Errorf("it was replaced %d times", a.renewed)
	}
	a.id = "ASIAREVOKED"
	c.calls = nil
	if _, err := r.Run(t.Context(), "main"); err != nil || a.renewed != 2 {
		t.Errorf("replaced %d times, %v", a.renewed, err)
	}
	if calls := strings.Join(c.calls, " "); calls != "Get Session Session Deactivate DeleteKey Set" {
		t.Errorf("going on took the calls %s", calls)
	}
	c.done(t, r)

	c, r = newCloud(t)
	a = &revoked{cloud: c, id: "ASIAREVOKED", stays: true}
	r.AWS = a
	_, err = r.Run(t.Context(), "main")
	c.stopped(t, r, err, ErrUnknown, oldID, "")
	if a.renewed != 1 {
		t.Errorf("it was replaced %d times", a.renewed)
	}
}

// revoked is a cloud whose sessions have an id, until they are replaced.
type revoked struct {
	*cloud
	id      string // AWS does not know it
	stays   bool   // nor what replaces it
	renewed int
}

func (a *revoked) Session(ctx context.Context, p Pair, refused string) (creds.Credentials, error) {
	if refused != "" {
		if refused != a.id {
			return creds.Credentials{}, fmt.Errorf("%q was refused, says the rotation", refused)
		}
		a.renewed++
		if !a.stays {
			a.id = ""
		}
	}
	s, err := a.cloud.Session(ctx, p, refused)
	if a.id != "" {
		s.AccessKeyID = a.id
	}
	return s, err
}

func (a *revoked) List(ctx context.Context, signer creds.Credentials) ([]Listed, error) {
	if signer.AccessKeyID == "ASIAREVOKED" {
		return nil, ErrUnknown
	}
	return a.cloud.List(ctx, signer)
}

func (a *revoked) Deactivate(ctx context.Context, signer creds.Credentials, id string) error {
	if signer.AccessKeyID == "ASIAREVOKED" {
		return ErrUnknown
	}
	return a.cloud.Deactivate(ctx, signer, id)
}

// TestRotateLostIsRemembered: that a second call fails for another reason tells
// nothing of the first.
func TestRotateLostIsRemembered(t *testing.T) {
	c, r := newCloud(t)
	a := &unmade{cloud: c}
	r.AWS = a
	c.fails["Create"] = errNo // of the second call
	_, err := r.Run(t.Context(), "main")
	if e := c.stopped(t, r, err, errNo, oldID, ""); !e.Lost {
		t.Error("the error does not tell of the key that may be there")
	}

	c, r = newCloud(t)
	r.AWS = &unmade{cloud: c}
	c.fails["Check"] = errNo
	_, err = r.Run(t.Context(), "main")
	if e := c.stopped(t, r, err, errNo, oldID, "AKIANEW1"); e.Lost {
		t.Error("the error tells of a key that was not made: there was room for the next")
	}

	c, r = newCloud(t)
	c.fails["Create"] = ErrLost
	r.AWS = broken{c}
	_, err = r.Run(t.Context(), "main")
	if e := c.stopped(t, r, err, errNo, oldID, ""); e.Lost || e.Orphan != "" {
		t.Error("the error tells of a key that was deleted")
	}
}

// broken is a cloud in which no key is made after one was deleted.
type broken struct{ *cloud }

func (b broken) Delete(ctx context.Context, signer creds.Credentials, id string) error {
	b.fails["Create"] = errNo
	return b.cloud.Delete(ctx, signer, id)
}
