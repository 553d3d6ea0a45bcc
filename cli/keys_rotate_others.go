package cli

import (
	"context"
	"fmt"
	"slices"

	"daypass/cache"
	"daypass/creds"
	"daypass/internal/tty"
	"daypass/session"
)

// mayTake asks whether the old key may go, which AWS deletes for all that use it.
func (r *rotation) mayTake(ctx context.Context) error {
	old := r.old
	users := r.usersOf(old)
	if len(users) == 0 {
		return nil
	}
	about := fmt.Sprintf("daypass: %s is deleted at AWS in the end, and is used elsewhere too:\n", old)
	for _, u := range users {
		about += "  " + tty.Visible(u) + "\n"
	}
	about += "daypass: " + tty.Visible("profiles find the new one by daypass_source_profile = "+r.name) + "\n"
	if r.yes {
		_, err := fmt.Fprint(r.get.app.Stdout, about)
		return err
	}
	t, done, err := r.get.app.talk(ctx, r.get.options, r.get.dir, r.name)
	if err != nil {
		fmt.Fprint(r.get.app.Stdout, about)
		return &unconfirmedError{old, err, true}
	}
	defer done()
	t.say(about)
	if err := t.agree("Replace it all the same?"); err != nil {
		return &unconfirmedError{old, err, true}
	}
	return nil
}

// usersOf names what else has the key with that id: other names in the keyring, and
// what stands in the files.
func (r *rotation) usersOf(id string) (users []string) {
	known, _ := r.get.keys.List() // where it cannot be read, less is told
	for _, l := range known {
		if l.AccessKeyID == id && l.Name != r.name {
			users = append(users, fmt.Sprintf("access key %q of the keyring, which serves for nothing then: run \"daypass keys remove %s\"", l.Name, creds.ShellWord(l.Name)))
		}
	}
	for _, name := range r.files.Names() {
		if s, ok := r.files.KeyLine(name, id); ok {
			users = append(users, fmt.Sprintf("profile %q, in clear (%s)", name, s.Place()))
		}
	}
	return users
}

// forgetOld removes from the cache what was got by the old key: it is in the names of
// the entries, so that nothing finds them any more, neither a profile nor its logout.
func (r *rotation) forgetOld(ctx context.Context) {
	a, o := r.get.app, r.get.options
	c, err := a.openCache(a.everyStore(o), nil, r.get.dir)
	if err != nil {
		return
	}
	listed, _ := c.List()
	r.files.Ask = nil
	for p := range resting(r.files, r.name) {
		old := *p
		old.Base.AccessKeyID.Value = r.old
		plan, _ := a.plan(&old, o.region, 0, session.Given{})
		for _, s := range plan.steps {
			account := cache.Account(s.Key)
			if slices.ContainsFunc(listed, func(l cache.Listing) bool { return l.Account == account }) {
				_, _ = c.Delete(ctx, account)
			}
		}
	}
}
