package cli

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"daypass/keys"
	"daypass/mfa"
	"daypass/session"
)

// TestRotateWords: what stopped a rotation, which key works, and how to go on.
func TestRotateWords(t *testing.T) {
	const again = `AKIAOLD is in use as before: run "daypass keys rotate main" again`
	const kept = `AKIAOLD is in use as before, and AKIANEW is kept beside it: run "daypass keys rotate main" again`
	const left = `AKIANEW is in use, and AKIAOLD has to be taken out of use: run "daypass keys rotate main" again`
	const giveUp = ` deleted at AWS, there is nothing to finish: run "daypass keys remove main", then "daypass keys add main"`
	old, next := keys.Pair{AccessKeyID: "AKIAOLD"}, keys.Pair{AccessKeyID: "AKIANEW"}
	settled, untried, unretired := keys.Entry{Current: old}, keys.Entry{Current: old, Next: &next}, keys.Entry{Current: next, Old: "AKIAOLD"}
	unknown := func(id string) error {
		return signedBy(id, &session.RefusedError{Call: session.GetSessionToken, Code: "InvalidClientTokenId", Message: "no", Status: 403})
	}
	for _, test := range []struct {
		stopped    keys.RotateError
		what, hint string
		code       int
	}{
		{keys.RotateError{Entry: settled, Err: unknown("AKIAOLD")}, `GetSessionToken for profile "main": InvalidClientTokenId: no`,
			`AKIAOLD is wrong, inactive or deleted, and cannot be replaced by itself: run "daypass keys add main"`, 5},
		{keys.RotateError{Entry: untried, Err: unknown("AKIANEW")}, "AWS does not know AKIANEW, the new access key \"main\"", kept, 5},
		{keys.RotateError{Entry: untried, Err: unknown("AKIAOLD")}, `AWS knows neither AKIAOLD, the access key "main", nor AKIANEW, the new one`, kept + "; if both were" + giveUp, 5},
		{keys.RotateError{Entry: unretired, Err: unknown("AKIANEW")}, `GetSessionToken for profile "main": InvalidClientTokenId: no`, left + "; if AKIANEW was" + giveUp, 5},
		{keys.RotateError{Entry: unretired, Err: unknown("ASIASESSION")}, `GetSessionToken for profile "main": InvalidClientTokenId: no`, left, 5},
		{keys.RotateError{Entry: settled, Err: keys.ErrDeclined, Orphan: "AKIANEW"}, `access key "main" cannot be replaced while the user has two access keys`,
			`AKIAOLD is in use as before; AKIANEW was made too, and nobody has its secret: run "daypass keys rotate main" again`, 1},
		{keys.RotateError{Entry: settled, Err: errors.New("x"), Lost: true}, "x",
			`AKIAOLD is in use as before; AWS may have a new key whose secret is lost: run "daypass keys rotate main" again`, 1},
		{keys.RotateError{Entry: settled, Err: &unconfirmedError{"AKIAOLD", errDeclined, true}}, "the answer was no, and nothing was changed",
			again + ", with --yes if those shall lose it", 4},
		{keys.RotateError{Entry: settled, Err: &unconfirmedError{"AKIAOLD", errUnanswered, true}},
			`access key "main" cannot be replaced before it is known whether AKIAOLD may be deleted, and the question was not answered in time`,
			again + ", with --yes if those shall lose it", 4},
		{keys.RotateError{Entry: settled, Err: &unconfirmedError{"AKIATWO", errClosed, false}},
			`access key "main" cannot be replaced before it is known whether AKIATWO may be deleted, and the question was closed`, again, 4},
	} {
		test.stopped.Entry.Name = "main"
		a := &app{command: "daypass keys rotate", profile: "main"}
		what, hint, code := a.words(runError{&rotateError{&test.stopped, true}})
		if what != test.what || hint != test.hint || code != test.code {
			t.Errorf("%v:\n%q\n%q\n%d\nwant\n%q\n%q\n%d", test.stopped.Err, what, hint, code, test.what, test.hint, test.code)
		}
	}
}

// TestRotateCodes: as many as are needed can be had before anything is done.
func TestRotateCodes(t *testing.T) {
	program := []string{"authenticator"}
	for _, test := range []struct {
		asker mfa.Asker
		n     int
		ok    bool
	}{
		{mfa.Asker{}, 0, true},
		{mfa.Asker{}, 1, false},
		{mfa.Asker{TokenCode: "123456"}, 1, true},
		{mfa.Asker{TokenCode: "123456"}, 2, false},
		{mfa.Asker{Process: program}, 2, true},
		{mfa.Asker{TokenCode: "123456", Process: program}, 2, true},
	} {
		test.asker.NoPrompt = true
		err := (&rotation{get: &get{asker: &test.asker}}).codes(test.n)
		var unasked *session.UnaskedError
		if (err == nil) != test.ok || err != nil && !errors.As(err, &unasked) {
			t.Errorf("%d codes of %+v: %v", test.n, test.asker, err)
		}
	}
}

// TestRotateTellsThatItWaits: now and then, not each time.
func TestRotateTellsThatItWaits(t *testing.T) {
	var out bytes.Buffer
	r := &rotation{get: &get{app: &app{Env: Env{Stdout: &out}}}}
	for range 2*every + 1 {
		r.Tell(keys.Waiting, "AKIANEW")
	}
	r.Tell(keys.InUse, "AKIANEW")
	r.Tell(keys.Waiting, "AKIANEW")
	const begins = "waiting until AWS knows AKIANEW everywhere, for a minute at most"
	want := strings.Join([]string{begins, "still waiting", "still waiting", "AKIANEW is in use", begins, ""}, "\n")
	if got := out.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
