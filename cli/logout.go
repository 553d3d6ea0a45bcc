package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"daypass/cache"
	"daypass/internal/keyring"
	"daypass/internal/state"
	"daypass/internal/tty"
	"daypass/keys"
	"daypass/profile"
	"daypass/session"
)

// untilThen is said after each logout: STS cannot take credentials back.
const untilThen = "AWS honours what was handed out until it expires"

func (a *app) logoutCommand() *cobra.Command {
	var o options
	var all bool
	cmd := &cobra.Command{
		Use:               "logout [P...]",
		Short:             "Remove cached credentials and the MFA session that they come from",
		ValidArgsFunction: a.completeProfiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			if all && (len(args) > 0 || o.profile != "") {
				return &usageError{errors.New("--all beside a profile")}
			}
			if all {
				return ran(a.logoutAll(cmd.Context(), o))
			}
			names, err := a.someProfiles(args, o)
			if err != nil {
				return err
			}
			return ran(a.logout(cmd.Context(), names, o))
		},
	}
	cmd.Flags().StringVar(&o.profile, "profile", "", "the profile")
	cmd.Flags().StringVar(&o.region, "region", "", "the region of the STS calls")
	o.noPromptFlag(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "remove everything that is cached")
	_ = cmd.RegisterFlagCompletionFunc("profile", a.completeProfiles)
	return cmd
}

// everyStore is o for all stores, whatever store is set.
func (a *app) everyStore(o options) options {
	o.fromEnvironment(a.Getenv)
	o.store, o.anew = autoStore, true
	return o
}

func (a *app) logoutAll(ctx context.Context, o options) error {
	dir := a.stateDir()
	c, err := a.openCache(a.everyStore(o), nil, dir)
	if err != nil {
		return err
	}
	forgetFailures(dir)
	forgetUnkept(dir, func(string, unkept) bool { return true })
	err = c.Clear(ctx)
	listed, _ := c.List()
	failed := troubles(err)
	if err := whereKept(err, func(e *cache.StoreError) bool {
		return !errors.Is(e, keyring.ErrUnavailable) || isListed(listed, e.Store, "")
	}); err != nil {
		return err
	}
	if len(failed) == len(c.Stores) {
		_, err = fmt.Fprintln(a.Stdout, notKept(err)+", so nothing is kept")
		return err
	}
	_, err = fmt.Fprintf(a.Stdout, "everything is removed; %s\n", untilThen)
	return err
}

func (a *app) logout(ctx context.Context, names []string, o options) error {
	dir := a.stateDir()
	o = a.everyStore(o)
	c, err := a.openCache(o, nil, dir)
	if err != nil {
		return err
	}
	k := a.longTerm(o, dir)
	reader, err := a.profiles(k)
	if err != nil {
		return err
	}
	defer reader.Close()
	l := &logout{app: a, reader: reader, keys: k, region: o.region, cache: c, dir: dir}
	for _, name := range names {
		a.profile = name
		if err := l.one(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// logout is one run over several profiles, of which the files are read once.
type logout struct {
	*app
	reader *profile.Reader
	keys   *keys.Keys
	region string
	cache  *cache.Cache
	dir    *state.Dir
}

// one removes the entries that the profile's plan uses, and what was issued
// for it when its settings were others. A profile that is in no file any more
// may still have some.
func (l *logout) one(ctx context.Context, name string) error {
	l.reader.Ask = l.ask(ctx, l.keys)
	accounts, unplanned := l.planned(name)
	l.reader.Ask = nil              // of the many others nobody shall be asked
	listed, blind := l.cache.List() // without an index the plan is all there is to go by
	for _, e := range listed {
		if e.Profile == name && !slices.Contains(accounts, e.Account) {
			accounts = append(accounts, e.Account)
		}
	}
	_ = l.dir.Remove(failureFile(name))
	forgetUnkept(l.dir, func(account string, u unkept) bool { return u.Profile == name || slices.Contains(accounts, account) })
	if unplanned != nil && len(accounts) == 0 {
		return unplanned
	}
	removed, err := l.remove(ctx, accounts, listed, blind != nil)
	if err != nil {
		return err
	}
	return l.say(name, removed)
}

// planned are the accounts of the entries that the profile's plan uses.
func (l *logout) planned(name string) ([]string, error) {
	p, err := l.reader.Load(name)
	if err != nil {
		return nil, err
	}
	plan, err := l.plan(p, l.region, 0, session.Given{})
	if err != nil {
		return nil, err
	}
	accounts := make([]string, 0, len(plan.steps))
	for _, s := range plan.steps {
		accounts = append(accounts, cache.Account(s.Key))
	}
	return accounts, nil
}

// remove returns those that were there. A keyring that cannot be looked into is
// no trouble if the index knows of no entry in it.
func (l *logout) remove(ctx context.Context, accounts []string, listed []cache.Listing, blind bool) (removed []string, err error) {
	for _, account := range accounts {
		existed, err := l.cache.Delete(ctx, account)
		if existed {
			removed = append(removed, account)
		}
		if err := whereKept(err, func(e *cache.StoreError) bool {
			closed := errors.Is(e, keyring.ErrUnavailable) || !blind && (errors.Is(e, keyring.ErrLocked) || errors.Is(e, keyring.ErrTimeout))
			return !closed || isListed(listed, e.Store, account)
		}); err != nil {
			return removed, err
		}
	}
	return removed, nil
}

// whereKept is err without the stores in which nothing was kept.
func whereKept(err error, kept func(*cache.StoreError) bool) error {
	var all []error
	for _, err := range troubles(err) {
		var store *cache.StoreError
		if !errors.As(err, &store) || kept(store) {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

// isListed reports whether the index knows an entry in the store, that of account
// unless this is empty.
func isListed(listed []cache.Listing, store, account string) bool {
	for i := range listed {
		if listed[i].Store == store && (account == "" || listed[i].Account == account) {
			return true
		}
	}
	return false
}

func (l *logout) say(name string, removed []string) error {
	if len(removed) == 0 {
		_, err := fmt.Fprintln(l.Stdout, tty.Visible(fmt.Sprintf("profile %q: nothing was cached", name)))
		return err
	}
	text := fmt.Sprintf("profile %q: removed", name)
	if others := l.sharing(name, removed); len(others) > 0 {
		text += "; these lose their MFA session too: " + strings.Join(others, ", ")
	}
	_, err := fmt.Fprintln(l.Stdout, tty.Visible(text+"; "+untilThen))
	return err
}

// sharing names the other profiles whose plan uses one of the removed entries.
func (l *logout) sharing(name string, removed []string) []string {
	var others []string
	for _, other := range l.reader.Names() {
		accounts, err := l.planned(other)
		if err == nil && other != name && slices.ContainsFunc(accounts, func(a string) bool { return slices.Contains(removed, a) }) {
			others = append(others, other)
		}
	}
	return others
}
