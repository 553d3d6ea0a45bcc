package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) loginCommand() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:               "login [P...]",
		Short:             "Ask for the MFA code now, so that nothing asks later",
		ValidArgsFunction: a.completeProfiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			names, err := a.someProfiles(args, o)
			if err != nil {
				return err
			}
			for _, name := range names {
				if err := a.login(cmd, name, o); err != nil {
					return ran(err)
				}
			}
			return nil
		},
	}
	o.profileFlags(cmd)
	o.getFlags(cmd)
	o.refreshFlag(cmd)
	_ = cmd.RegisterFlagCompletionFunc("profile", a.completeProfiles)
	return cmd
}

func (a *app) login(cmd *cobra.Command, name string, o options) error {
	g := &get{app: a, options: o, limits: personLimits, strict: true, fresh: true}
	result, err := g.run(cmd.Context(), name)
	a.remember(g, name, result, err)
	if err != nil {
		return err
	}
	left := result.Left(a.Now())
	text := fmt.Sprintf("profile %q is good until %s (%s left)", name, clock(result.Expiration, a.Now()), span(left))
	if result.Failed != nil {
		what, _, _ := a.words(result.Failed)
		text += "; renewing it failed: " + what
	}
	if why := notKept(g.cache.Trouble()); why != "" {
		text += "; not kept: " + why
	}
	_, err = fmt.Fprintln(a.Stdout, line(text))
	return err
}
