package cli

import (
	"context"

	"github.com/spf13/cobra"

	"daypass/session"
)

func (a *app) federateCommand() *cobra.Command {
	var o options
	var f federateFlags
	var form form
	cmd := &cobra.Command{
		Use:   "federate [P] --name N",
		Short: "Print a token for somebody else, with a policy of yours",
		Long: `Gets a token that can do what its policies and those of the user of profile P
both allow (GetFederationToken), by the access key of P: it asks for no code,
and a new token is issued each time.`,
		Example: `  daypass federate dev --name partner --policy file://one-bucket.json --duration-seconds 900
  daypass federate dev --name audit --policy-arns arn=arn:aws:iam::aws:policy/ReadOnlyAccess --tags Key=team,Value=audit`,
		ValidArgsFunction: a.completeProfiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := form.parse(cmd); err != nil {
				return err
			}
			args = listed(args, &f.tags, &f.policyARNs)
			if err := cobra.MaximumNArgs(1)(cmd, args); err != nil {
				return err
			}
			if err := filled(cmd, "policy", durationFlag); err != nil {
				return err
			}
			name, err := a.oneProfile(args, o)
			if err != nil {
				return err
			}
			federation, err := f.read(cmd.Context())
			if err != nil {
				return ran(commandLine(err))
			}
			a.profile = name
			return ran(a.federate(cmd.Context(), name, o, federation, form.write))
		},
	}
	o.callFlags(cmd)
	o.noPromptFlag(cmd) // the others of calling are about a code and the cache
	f.flags(cmd)
	form.flags(cmd)
	_ = cmd.RegisterFlagCompletionFunc("profile", a.completeProfiles)
	return cmd
}

// federateFlags are those of federate, spelt as the AWS CLI spells them.
type federateFlags struct {
	name, policy, seconds string
	policyARNs, tags      []string
}

func (f *federateFlags) flags(cmd *cobra.Command) {
	set := cmd.Flags()
	set.StringVar(&f.name, "name", "", "the name of the federated user, for CloudTrail and resource policies")
	set.StringVar(&f.policy, "policy", "", "what it may do: JSON, or file://PATH")
	set.StringArrayVar(&f.policyARNs, "policy-arns", nil, "what it may do: managed policies, arn=ARN or ARN,ARN")
	set.StringArrayVar(&f.tags, "tags", nil, "session tags, Key=K,Value=V")
	set.StringVar(&f.seconds, durationFlag, "", "900 to 129600, or 15m to 36h; 12h if not given")
}

// read reads the flags, and the file of the policy. Errors are about the command
// line.
func (f *federateFlags) read(ctx context.Context) (session.Federation, error) {
	federation := session.Federation{Name: f.name}
	var err error
	if federation.Policy, err = readPolicy(ctx, f.policy, "policy"); err != nil {
		return federation, err
	}
	federation.PolicyARNs = commas(f.policyARNs, "arn=")
	if federation.Tags, err = readTags(f.tags, "tags"); err != nil {
		return federation, err
	}
	if federation.Duration, err = readDuration(f.seconds, "is not between 900 and 129600 (36h)"); err != nil {
		return federation, err
	}
	return federation, federation.Check()
}

// federate gets a token and prints it. It is kept nowhere.
func (a *app) federate(ctx context.Context, name string, o options, f session.Federation, write writer) error {
	o.fromEnvironment(a.Getenv)
	k := a.longTerm(o, a.stateDir())
	p, err := a.load(ctx, name, k)
	if err != nil {
		return err
	}
	network, err := session.ReadNetwork(p, a.getenvOf(name), o.region)
	if err != nil {
		return err
	}
	means, err := a.keyMeans(p, k, o)
	if err != nil {
		return err
	}
	signer, err := session.LongTerm(ctx, p, a.Getenv, network, means)
	if err != nil {
		return err
	}
	token, issuance, err := session.Federate(ctx, network, signer, f, a.Now)
	if issuance.AccessKeyID != "" {
		issuance.Profile = name
		a.record(issuance)
	}
	if err != nil {
		return err
	}
	if f.Empty() {
		a.tell("daypass: this token can do nothing but what a resource's policy gives to " + f.Name + " by name: it has no --policy and no --policy-arns")
	}
	a.tell("daypass: IAM is closed to this token, and all of STS but GetCallerIdentity; MFA does not count in it")
	region := ""
	if r := network.Region; r.From != "" {
		region = r.Value
	}
	return write(a.Stdout, token, region, name)
}
