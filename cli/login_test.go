package cli

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"daypass/mfa"
	"daypass/profile"
	"daypass/session"
)

// loggingIn is a login, and a get for a profile of that device.
func loggingIn(name, serial string, asker mfa.Asker) (*login, *get) {
	l := &login{app: &app{}, closed: map[string]closedQuestion{}}
	return l, &get{app: l.app, asker: &asker, profile: &profile.Profile{Name: name, MFASerial: profile.Setting{Value: serial}}}
}

// TestWhichQuestionsAreClosed: those that a person was asked, and no others.
func TestWhichQuestionsAreClosed(t *testing.T) {
	person := mfa.Asker{}
	for _, test := range []struct {
		asker mfa.Asker
		err   error
		want  bool
	}{
		{person, nil, false},
		{person, mfa.ErrCancelled, true},
		{person, fmt.Errorf("wrapped: %w", mfa.ErrTimedOut), true},
		{person, &mfa.RefusedError{Tries: 3, Err: errors.New("x")}, true},
		{person, errWaited, true},
		{person, &mfa.BusyError{Err: mfa.ErrTimedOut}, true},
		{person, &mfa.BusyError{}, false},
		{person, context.DeadlineExceeded, false},
		{person, unavailable(mfa.ErrPromptOff), false},
		{person, &session.UnreachableError{Err: errors.New("x")}, false},
		{person, refusedBySTS("AccessDenied", "x", 403), false},
		{mfa.Asker{TokenCode: "123456"}, &mfa.RefusedError{Tries: 1}, false},
		{mfa.Asker{Process: []string{"oath"}}, &mfa.RefusedError{Tries: 2}, false},
	} {
		for _, errs := range [][]error{{test.err, nil}, {nil, test.err}} {
			l, g := loggingIn("dev", "device", test.asker)
			l.close(g, errs...)
			if _, got := l.closed["device"]; got != test.want {
				t.Errorf("%v: closed %v", test.err, got)
			}
		}
	}
}

// TestWhyNobodyWasAskedAgain: only that nobody may be asked is put down to it.
func TestWhyNobodyWasAskedAgain(t *testing.T) {
	_, g := loggingIn("ops", "device", mfa.Asker{})
	for err, how := range map[error]string{
		mfa.ErrCancelled:            "closed",
		mfa.ErrTimedOut:             "not answered in time",
		errWaited:                   "not answered in time",
		&mfa.RefusedError{Tries: 3}: "refused",
	} {
		c := closedQuestion{"dev", err}
		what, hint, code := g.app.words(runError{c.reason(unavailable(mfa.ErrPromptOff), g)})
		want := `profile "ops" needs an MFA code from device, which was not asked for again: for profile "dev" it was ` + how
		if what != want || hint == "" || code != exitRefused {
			t.Errorf("%v: %q, %q, %d", err, what, hint, code)
		}
		for _, other := range []error{nil, mfa.ErrCancelled, &session.UnreachableError{}} {
			if got := c.reason(other, g); got != other {
				t.Errorf("%v became %v", other, got)
			}
		}
	}
}
