package cli

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"daypass/creds"
	"daypass/profile"
	"daypass/session"
)

func (a *app) federateCommand() *cobra.Command {
	var o options
	var f federateFlags
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
			args = f.listed(args)
			if err := cobra.MaximumNArgs(1)(cmd, args); err != nil {
				return err
			}
			format, err := creds.ParseFormat(f.format)
			if err != nil {
				return &usageError{err}
			}
			name, err := a.oneProfile(args, o)
			if err != nil {
				return err
			}
			federation, err := f.read()
			if err != nil {
				return flagError(err)
			}
			a.profile = name
			return ran(a.federate(cmd.Context(), name, o, federation, format))
		},
	}
	o.callFlags(cmd)
	f.flags(cmd)
	_ = cmd.RegisterFlagCompletionFunc("profile", a.completeProfiles)
	return cmd
}

// federateFlags are those of federate, spelt as the AWS CLI spells them.
type federateFlags struct {
	name, policy, seconds, format string
	policyARNs, tags              []string
}

func (f *federateFlags) flags(cmd *cobra.Command) {
	var formats []string
	for _, format := range creds.Formats() {
		formats = append(formats, string(format))
	}
	set := cmd.Flags()
	set.StringVar(&f.name, "name", "", "the name of the federated user, for CloudTrail and resource policies")
	set.StringVar(&f.policy, "policy", "", "what it may do: JSON, or file://PATH")
	set.StringArrayVar(&f.policyARNs, "policy-arns", nil, "what it may do: managed policies, arn=ARN or ARN,ARN")
	set.StringArrayVar(&f.tags, "tags", nil, "session tags, Key=K,Value=V")
	set.StringVar(&f.seconds, "duration-seconds", "", "900 to 129600, or 15m to 36h; 12h if not given")
	set.StringVar(&f.format, "format", string(creds.Env), "one of "+strings.Join(formats, ", "))
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
}

// listed takes from args what the AWS CLI lets follow a flag: further tags and
// policies.
func (f *federateFlags) listed(args []string) []string {
	var rest []string
	for _, arg := range args {
		switch {
		case len(f.tags) > 0 && (strings.HasPrefix(arg, "Key=") || strings.HasPrefix(arg, "Value=")):
			f.tags = append(f.tags, arg)
		case len(f.policyARNs) > 0 && (strings.HasPrefix(arg, "arn=") || strings.HasPrefix(arg, "arn:")):
			f.policyARNs = append(f.policyARNs, arg)
		default:
			rest = append(rest, arg)
		}
	}
	return rest
}

// read reads the flags, and the file of the policy. Errors are about the command
// line.
func (f *federateFlags) read() (session.Federation, error) {
	federation := session.Federation{Name: f.name}
	var err error
	if federation.Policy, err = readPolicy(f.policy); err != nil {
		return federation, &session.ParameterError{Parameter: "policy", Problem: err.Error()}
	}
	for _, list := range f.policyARNs {
		for _, arn := range strings.Split(list, ",") {
			federation.PolicyARNs = append(federation.PolicyARNs, strings.TrimPrefix(strings.TrimSpace(arn), "arn="))
		}
	}
	for _, text := range f.tags {
		tag, err := readTag(text)
		if err != nil {
			return federation, &session.ParameterError{Parameter: "tags", Problem: err.Error()}
		}
		federation.Tags = append(federation.Tags, tag)
	}
	if f.seconds != "" {
		if federation.Duration, err = profile.ParseDuration(f.seconds); err != nil {
			return federation, &session.ParameterError{Parameter: "duration-seconds", Problem: err.Error()}
		}
	}
	return federation, federation.Check()
}

// readPolicy reads a policy as the AWS CLI does: text, or the file that file://
// names, from the current folder.
func readPolicy(s string) (string, error) {
	path, isFile := strings.CutPrefix(s, "file://")
	if !isFile {
		return s, nil
	}
	text, err := os.ReadFile(path)
	if err == nil && len(text) == 0 {
		err = fmt.Errorf("%s is empty", path)
	}
	return string(text), err
}

// readTag reads Key=K,Value=V, in which neither has a comma.
// https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-shorthand.html
func readTag(s string) (session.Tag, error) {
	var tag session.Tag
	seen := map[string]bool{}
	for _, part := range strings.Split(s, ",") {
		name, value, _ := strings.Cut(part, "=")
		if seen[name] {
			return tag, fmt.Errorf("%q has two of %s", s, name)
		}
		seen[name] = true
		switch name {
		case "Key":
			tag.Key = value
		case "Value":
			tag.Value = value
		default:
			return tag, fmt.Errorf("%q is not Key=K,Value=V", s)
		}
	}
	if !seen["Key"] || !seen["Value"] {
		return tag, fmt.Errorf("%q is not Key=K,Value=V", s)
	}
	return tag, nil
}

// federate gets a token and prints it. It is kept nowhere.
func (a *app) federate(ctx context.Context, name string, o options, f session.Federation, format creds.Format) error {
	k := a.longTerm(o, a.stateDir())
	p, err := a.load(ctx, name, k)
	if err != nil {
		return err
	}
	network, err := session.ReadNetwork(p, a.Getenv, o.region)
	if err != nil {
		return err
	}
	signer, err := session.LongTerm(ctx, p, a.Getenv, longTerm{k})
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
	return creds.Write(a.Stdout, format, token, region)
}
