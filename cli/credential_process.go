package cli

import (
	"errors"
	"io"

	"github.com/spf13/cobra"

	"daypass/creds"
)

// errNoProfile: under AWS_PROFILE=prod an SDK that resolves another profile
// would be handed prod's credentials, so the variable does not count.
var errNoProfile = errors.New("--profile is missing")

const credentialProcess = "credential-process"

func processJSON(w io.Writer, c creds.Credentials, _, _ string) error {
	return creds.Write(w, creds.Process, c, "")
}

func (a *app) credentialProcessCommand() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   credentialProcess + " --profile P",
		Short: "Print credentials as AWS SDKs read them from a credential_process",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.profile == "" {
				return &usageError{errNoProfile}
			}
			g := &get{app: a, options: o, limits: programLimits}
			return ran(a.print(cmd, g, o.profile, processJSON))
		},
	}
	o.profileFlags(cmd)
	o.getFlags(cmd)
	_ = cmd.RegisterFlagCompletionFunc("profile", a.completeProfiles)
	return cmd
}

// writer writes credentials in some form, in one piece.
type writer func(w io.Writer, c creds.Credentials, region, profile string) error

// print gets the credentials of a profile and writes them to stdout in one
// piece, or nothing.
func (a *app) print(cmd *cobra.Command, g *get, name string, write writer) error {
	defer g.tellUnkept() // once there is an answer
	result, err := g.run(cmd.Context(), name)
	a.remember(g, name, result, err)
	if err != nil {
		return err
	}
	return write(a.Stdout, result.Credentials, g.region(), name)
}
