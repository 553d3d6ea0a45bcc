package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"daypass/creds"
)

func (a *app) exportCommand() *cobra.Command {
	var o options
	var name string
	cmd := &cobra.Command{
		Use:               "export [P]",
		Short:             "Print credentials for a shell to evaluate",
		Example:           `  eval "$(daypass export dev)"`,
		ValidArgsFunction: a.completeProfiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			format, err := creds.ParseFormat(name)
			if err != nil {
				return &usageError{err}
			}
			args, err = o.readRole(cmd, args, 1)
			if err != nil {
				return err
			}
			p, err := a.oneProfile(args, o)
			if err != nil {
				return err
			}
			g := &get{app: a, options: o, limits: personLimits, strict: true}
			return ran(a.print(cmd, g, p, format))
		},
	}
	o.profileFlags(cmd)
	o.getFlags(cmd)
	o.refreshFlag(cmd)
	o.roleFlags(cmd)
	var names []string
	for _, f := range creds.Formats() {
		names = append(names, string(f))
	}
	cmd.Flags().StringVar(&name, "format", string(creds.Env), "one of "+strings.Join(names, ", "))
	_ = cmd.RegisterFlagCompletionFunc("profile", a.completeProfiles)
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}
