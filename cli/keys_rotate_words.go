package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"daypass/creds"
	"daypass/internal/keyring"
	"daypass/keys"
	"daypass/mfa"
	"daypass/profile"
	"daypass/session"
)

// This file has the words of keys rotate: what is said on the way, what is asked,
// and how things stand when it stops.

// Begin tells what is to come, and asks first if it would take a key away from
// others.
func (r *rotation) Begin(ctx context.Context, e keys.Entry) error {
	r.old = cmp.Or(e.Old, e.Current.AccessKeyID)
	if err := r.mayTake(ctx); err != nil {
		return err
	}
	now := e.Current.AccessKeyID
	switch {
	case e.Old != "":
		r.note("going on where an earlier run has stopped: %s is in use, and %s has to be taken out of use", now, e.Old)
	case e.Next != nil:
		r.note("going on where an earlier run has stopped: %s is in use, and %s is kept and has to be tried", now, e.Next.AccessKeyID)
	default:
		r.note("%s, access key %q of %s, is replaced by a new one", now, r.name, e.User)
	}
	return r.codes(r.tellCodes(e))
}

// tellCodes tells how many codes it takes, and returns the number.
func (r *rotation) tellCodes(e keys.Entry) int {
	if r.get.profile.MFASerial.Value == "" {
		return 0
	}
	now, live := e.Current.AccessKeyID, r.live(e.Current)
	switch {
	case e.Old != "" && live:
		return 0
	case e.Old != "":
		r.note("one code is needed, for %s", now)
	case e.Next != nil:
		r.note("one code is needed, for %s", e.Next.AccessKeyID)
	case live:
		r.note("one code is needed, for the new key; a session of the old one is there")
	default:
		r.note("two codes are needed: one for the old key, one for the new; AWS takes each code once, so the second is the next one that the device shows")
		return 2
	}
	return 1
}

// codes is nil if n codes can be had: one may have been given, the others are asked
// for. Half a rotation would cost the day's session.
func (r *rotation) codes(n int) error {
	asker := *r.get.asker
	if asker.TokenCode != "" {
		asker.TokenCode = ""
		n--
	}
	if n <= 0 {
		return nil
	}
	if err := asker.Available(); err != nil {
		return &session.UnaskedError{Err: err}
	}
	return nil
}

// live reports that no code is needed for a session of p.
func (r *rotation) live(p keys.Pair) bool {
	g := r.get
	all, err := steps(g.profile, r.base(p), g.plan.network, 0, session.Given{})
	if err != nil {
		return false
	}
	held, ok := g.cache.Get(context.Background(), all[0].Key)
	return ok && session.Served(held, all, g.app.Now(), g.maxAge)
}

func (r *rotation) base(p keys.Pair) session.Base {
	return session.Base{Kind: profile.Keyring, Profile: r.name, ID: p.AccessKeyID, Credentials: p.Credentials()}
}

// every is how many waits go by between two words about them.
const every = 5

// Tell tells what has happened.
func (r *rotation) Tell(what keys.Event, id string) {
	switch what {
	case keys.Made:
		r.note("%s is made and kept in the keyring; it is in use once AWS knows it", id)
	case keys.Lost:
		r.note("the answer of AWS did not arrive: looking whether there is a new key")
	case keys.Waiting:
		if r.waits == 0 {
			r.note("waiting until AWS knows %s everywhere, for a minute at most", id)
		} else if r.waits%every == 0 {
			r.note("still waiting")
		}
		r.waits++
	case keys.InUse:
		r.waits = 0
		r.note("%s is in use", id)
	case keys.Deactivated:
		r.note("%s is deactivated: AWS accepts no call signed by it; sessions that were issued for it go on until they expire", id)
	case keys.Deleted:
		r.note("%s is deleted", id)
	}
}

func (r *rotation) note(format string, args ...any) {
	fmt.Fprintln(r.get.app.Stdout, line(fmt.Sprintf(format, args...)))
}

// MayDelete asks on the terminal.
func (r *rotation) MayDelete(ctx context.Context, s keys.Surplus) (bool, error) {
	t, done, err := r.get.app.talk(ctx, r.get.options, r.get.dir, r.name)
	if err != nil {
		return false, &unconfirmedError{s.Key.AccessKeyID, err, false}
	}
	defer done()
	about := "AWS allows a user two access keys, and both are there:\n"
	known, _ := r.get.keys.List() // where it cannot be read, less is told
	for _, k := range s.All {
		about += "  " + r.described(k, known) + "\n"
	}
	what := "what uses it stops working"
	if s.Lost {
		what = "it came of the call whose answer was lost, so nobody has its secret"
	}
	t.say(about)
	yes, err := t.confirm(fmt.Sprintf("Delete %s at AWS (%s)?", s.Key.AccessKeyID, what))
	if err != nil {
		err = &unconfirmedError{s.Key.AccessKeyID, err, false}
	}
	return yes, err
}

// described tells what is known of a key.
func (r *rotation) described(k keys.Listed, known []keys.Listing) string {
	text := k.AccessKeyID + ", active"
	if !k.Active {
		text = k.AccessKeyID + ", inactive"
	}
	if !k.Created.IsZero() {
		text += ", made " + k.Created.Format("2006-01-02 15:04 UTC")
		if days := int(r.get.app.Now().Sub(k.Created).Hours() / 24); days > 0 {
			text += fmt.Sprintf(" (%d days ago)", days)
		}
	}
	for _, l := range known {
		if l.AccessKeyID == k.AccessKeyID {
			text += fmt.Sprintf("; access key %q of the keyring", l.Name)
		}
	}
	return text
}

// unconfirmedError is a question about a key that could not be put, or was closed.
type unconfirmedError struct {
	id  string
	err error
	yes bool // the flag of that name answers it
}

func (e *unconfirmedError) Error() string {
	return fmt.Sprintf("whether %s may be deleted: %v", e.id, e.err)
}

func (e *unconfirmedError) Unwrap() error { return e.err }

// rotateError is a rotation that stopped.
type rotateError struct {
	*keys.RotateError
	device bool // there is an MFA device
}

func (e *rotateError) Unwrap() error { return e.RotateError }

// rotateWords are those for a rotation that stopped: the second line tells how
// things stand.
func (a *app) rotateWords(e *rotateError) (what, hint string, code int) {
	name := e.Entry.Name
	var asked *unconfirmedError
	switch {
	case errors.Is(e.Err, keys.ErrDeclined):
		what, code = fmt.Sprintf("access key %q cannot be replaced while the user has two access keys", name), exitFailed
	case errors.As(e.Err, &asked):
		what, code = a.unconfirmedWords(name, asked)
	case errors.Is(e.Err, keys.ErrLeft):
		what, code = fmt.Sprintf("AWS says that it has no access key %s to take out of use, and lists it all the same", e.Entry.Old), exitFailed
	case e.unknown() && e.Entry.Next != nil:
		what, code = fmt.Sprintf("AWS knows neither %s, the access key %q, nor %s, the new one", e.Entry.Current.AccessKeyID, name, e.Entry.Next.AccessKeyID), exitDenied
	case errors.Is(e.Err, keys.ErrUnknown) && e.Entry.Next != nil:
		what, code = fmt.Sprintf("AWS does not know %s, the new access key %q", e.Entry.Next.AccessKeyID, name), exitDenied
	case ofKeyring(e.Err):
		what, _, code = a.keyWords(&keyError{name, storeKey, e.Err})
	default:
		what, _, code = a.words(e.Err)
	}
	return what, e.standing(), code
}

// unknown reports that AWS does not know the key in use. A new one is tried first: then
// it does not know that either.
func (e *rotateError) unknown() bool {
	var unknown *unknownError
	return errors.As(e.Err, &unknown) && unknown.id == e.Entry.Current.AccessKeyID
}

func (a *app) unconfirmedWords(name string, e *unconfirmedError) (what string, code int) {
	what, _, code = a.words(e.err)
	if why := unanswered(e.err); why != "" {
		what = fmt.Sprintf("access key %q cannot be replaced before it is known whether %s may be deleted, and %s", name, e.id, why)
	}
	return what, code
}

// unanswered says why there is no answer, empty if there is one, or if something else is
// the matter.
func unanswered(err error) string {
	switch {
	case errors.Is(err, errDeclined):
		return ""
	case errors.Is(err, errUnanswered):
		return "the question was not answered in time"
	case errors.Is(err, errClosed):
		return "the question was closed"
	case errors.Is(err, mfa.ErrPromptOff):
		return "asking is switched off"
	}
	return noTerminal(err)
}

func ofKeyring(err error) bool {
	for _, its := range []error{keyring.ErrLocked, keyring.ErrUnavailable, keyring.ErrTimeout, keyring.ErrTooLarge, keys.ErrForeign} {
		if errors.Is(err, its) {
			return true
		}
	}
	return false
}

// giveUp is the way out if what AWS does not know was deleted there.
func (e *rotateError) giveUp() string {
	deleted, name := e.Entry.Current.AccessKeyID+" was", creds.ShellWord(e.Entry.Name)
	if e.Entry.Next != nil {
		deleted = "both were"
	}
	return fmt.Sprintf("; if %s deleted at AWS, there is nothing to finish: run \"daypass keys remove %s\", then \"daypass keys add %s\"", deleted, name, name)
}

// standing tells which key works, what is left to do, and how to go on.
func (e *rotateError) standing() string {
	now := e.Entry.Current.AccessKeyID
	if e.unknown() && !unfinished(e.Entry) {
		return fmt.Sprintf("%s is wrong, inactive or deleted, and cannot be replaced by itself: %s", now, addHint(e.Entry.Name))
	}
	var b strings.Builder
	switch {
	case e.Entry.Old != "":
		fmt.Fprintf(&b, "%s is in use, and %s has to be taken out of use", now, e.Entry.Old)
	case e.Entry.Next != nil:
		fmt.Fprintf(&b, "%s is in use as before, and %s is kept beside it", now, e.Entry.Next.AccessKeyID)
	default:
		fmt.Fprintf(&b, "%s is in use as before", now)
	}
	switch {
	case e.Orphan != "":
		fmt.Fprintf(&b, "; %s was made too, and nobody has its secret", e.Orphan)
	case e.Lost:
		b.WriteString("; AWS may have a new key whose secret is lost")
	}
	fmt.Fprintf(&b, ": run \"daypass keys rotate %s\" again", creds.ShellWord(e.Entry.Name))
	var refused *session.RefusedError
	var unasked *session.UnaskedError
	var asked *unconfirmedError
	if errors.As(e.Err, &unasked) {
		b.WriteString(" where somebody can be asked")
	}
	if errors.As(e.Err, &asked) && asked.yes {
		b.WriteString(", with --yes if those shall lose it")
	}
	if e.unknown() {
		b.WriteString(e.giveUp())
	} else if errors.As(e.Err, &refused) && !e.device {
		b.WriteString(", with --profile and a profile that has an mfa_serial if a policy wants MFA")
	}
	return b.String()
}
