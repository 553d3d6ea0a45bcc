package cli

import "github.com/spf13/cobra"

func (a *app) keysCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "keys", Short: "Long-term access keys in the keyring"}
	cmd.AddCommand(a.keysRotateCommand())
	return cmd
}
