package cli

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/spf13/cobra"

	"daypass/cache"
	"daypass/internal/keyring"
	"daypass/internal/state"
	"daypass/internal/tty"
	"daypass/profile"
)

func (a *app) logoutCommand() *cobra.Command {
	var o options
	var all bool
	cmd := &cobra.Command{
		Use:               "logout [P...]",
		Short:             "Remove cached credentials and the MFA session that they come from",
		ValidArgsFunction: a.completeProfiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			if all && (len(args) > 0 || o.profile != "") {
				return &usageError{cmd.CommandPath(), errors.New("--all beside a profile")}
			}
			if all {
				return ran(a.logoutAll(cmd.Context()))
			}
			names := args
			if len(args) < 2 {
				name, err := a.oneProfile(cmd, args, o)
				if err != nil {
					return err
				}
				names = []string{name}
			}
			return ran(a.logout(cmd.Context(), names))
		},
	}
	cmd.Flags().StringVar(&o.profile, "profile", "", "the profile")
	cmd.Flags().StringVar(&o.region, "region", "", "the region of the STS calls")
	cmd.Flags().BoolVar(&all, "all", false, "remove everything that is cached")
	_ = cmd.RegisterFlagCompletionFunc("profile", a.completeProfiles)
	return cmd
}

// untilThen is said after each logout: STS cannot take credentials back.
const untilThen = "AWS honours credentials that were handed out already until they expire"

func (a *app) logoutAll(ctx context.Context) error {
	dir := a.stateDir()
	caches, err := a.allStores(dir)
	if err != nil {
		return err
	}
	var failed []error
	for _, c := range caches {
		if err := c.Clear(ctx); err != nil && !errors.Is(err, keyring.ErrUnavailable) {
			failed = append(failed, fmt.Errorf("clearing the store %q: %w", c.Store.Name(), err))
		}
	}
	forgetFailures(dir)
	if err := errors.Join(failed...); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.Stdout, "everything is removed; %s\n", untilThen)
	return err
}

// allStores are caches over every store that can keep something.
func (a *app) allStores(dir *state.Dir) ([]*cache.Cache, error) {
	c, err := a.openCache(options{store: "keyring", noPrompt: true}, nil, dir)
	return []*cache.Cache{c}, err
}

func (a *app) logout(ctx context.Context, names []string) error {
	dir := a.stateDir()
	caches, err := a.allStores(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := a.logoutOne(ctx, name, caches, dir); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) logoutOne(ctx context.Context, name string, caches []*cache.Cache, dir *state.Dir) error {
	a.profile = name
	keys, err := a.keys(name)
	removed := map[string]bool{}
	for _, c := range caches {
		for _, key := range keys {
			existed, err := c.Delete(ctx, key)
			if errors.Is(err, keyring.ErrUnavailable) {
				break // where there is no keyring nothing was kept
			}
			if err != nil {
				return fmt.Errorf("removing credentials from the store %q: %w", c.Store.Name(), err)
			}
			if existed {
				removed[key] = true
			}
		}
		n, leftErr := removeLeftovers(ctx, c, name)
		if leftErr != nil {
			return leftErr
		}
		for range n {
			removed["leftover"] = true
		}
	}
	if err != nil && len(removed) == 0 {
		return err // neither in the config nor in the index
	}
	_ = dir.Remove(failureFile(name))
	return a.sayRemoved(name, removed)
}

// keys are those of the entries that the profile's plan uses.
func (a *app) keys(name string) ([]string, error) {
	p, err := profile.Load(a.files(), name, a.Self)
	if err != nil {
		return nil, err
	}
	plan, err := a.plan(p, "", 0)
	if err != nil {
		return nil, err
	}
	keys := make([]string, 0, len(plan.steps))
	for _, s := range plan.steps {
		keys = append(keys, s.Key)
	}
	return keys, nil
}

// removeLeftovers removes what was issued for the profile when its settings were
// others.
func removeLeftovers(ctx context.Context, c *cache.Cache, name string) (int, error) {
	entries, err := c.List()
	if err != nil {
		return 0, nil // no index: what the plan names is all that can be found
	}
	n := 0
	for _, e := range entries {
		if e.Profile != name || e.Store != c.Store.Name() {
			continue
		}
		if err := c.DeleteAccount(ctx, e.Account); err != nil {
			return n, fmt.Errorf("removing credentials from the store %q: %w", c.Store.Name(), err)
		}
		n++
	}
	return n, nil
}

func (a *app) sayRemoved(name string, removed map[string]bool) error {
	if len(removed) == 0 {
		_, err := fmt.Fprintf(a.Stdout, "profile %q: nothing was cached\n", name)
		return err
	}
	line := fmt.Sprintf("profile %q: removed", name)
	if others := a.sharing(name, removed); len(others) > 0 {
		line += "; these need a new code too: " + strings.Join(others, ", ")
	}
	_, err := fmt.Fprintf(a.Stdout, "%s; %s\n", line, untilThen)
	return err
}

// sharing names the other profiles whose plan uses one of the removed entries.
func (a *app) sharing(name string, removed map[string]bool) []string {
	names, err := profile.Names(a.files())
	if err != nil {
		return nil
	}
	var others []string
	for _, other := range names {
		if other == name {
			continue
		}
		keys, err := a.keys(other)
		if err != nil {
			continue
		}
		for _, key := range keys {
			if removed[key] {
				others = append(others, tty.Visible(other))
				break
			}
		}
	}
	sort.Strings(others)
	return others
}
