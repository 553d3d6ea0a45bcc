package cli

import (
	"slices"

	"github.com/spf13/cobra"

	"daypass/internal/tty"
	"daypass/profile"
)

func (a *app) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:       "completion SHELL",
		Short:     "Print the completion script for bash, zsh, fish or powershell",
		Example:   "  source <(daypass completion bash)",
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return ran(root.GenBashCompletionV2(a.Stdout, true))
			case "zsh":
				return ran(root.GenZshCompletion(a.Stdout))
			case "fish":
				return ran(root.GenFishCompletion(a.Stdout, true))
			default:
				return ran(root.GenPowerShellCompletionWithDesc(a.Stdout))
			}
		},
	}
}

// completeProfiles offers the names of profiles that can be shown.
func (a *app) completeProfiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	names, err := profile.Names(a.files())
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	hidden := func(name string) bool { return tty.Visible(name) != name }
	return slices.DeleteFunc(names, hidden), cobra.ShellCompDirectiveNoFileComp
}
