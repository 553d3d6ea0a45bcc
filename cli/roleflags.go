package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"daypass/profile"
	"daypass/session"
)

// This file has the flags for the last role's call, each named as the setting
// that it goes before.

// roleFlags are those flags as they stand on the command line.
type roleFlags struct {
	externalID, sessionName, duration, sourceIdentity, policy string
	tags, transitiveTags, policyARNs                          []string
}

// The flags that the AWS CLI lets further values follow.
const (
	tagsFlag       = "session-tags"
	policyARNsFlag = "session-policy-arns"
)

const durationFlag = "duration-seconds"

// roleFlags are those of the commands by which a person gets credentials. A
// credential_process has its settings.
func (o *options) roleFlags(cmd *cobra.Command) {
	f, r := cmd.Flags(), &o.role
	f.StringVar(&r.externalID, "external-id", "", "the external id that the role's trust policy wants")
	f.StringVar(&r.sessionName, "role-session-name", "", "the name of the role's session, which CloudTrail shows")
	f.StringVar(&r.duration, durationFlag, "", "of the role's session: 900 to 43200, or 15m to 12h")
	f.StringVar(&r.sourceIdentity, "source-identity", "", "who is behind the role's session, for CloudTrail")
	f.StringArrayVar(&r.tags, tagsFlag, nil, "tags of the role's session, Key=K,Value=V")
	f.StringArrayVar(&r.transitiveTags, "transitive-session-tags", nil, "keys of tags that go on to further roles, K1,K2")
	f.StringVar(&r.policy, "session-policy", "", "what the role's session may do at most: JSON, or file://PATH")
	f.StringArrayVar(&r.policyARNs, policyARNsFlag, nil, "managed policies of what it may do at most, ARN,ARN")
	f.StringVar(&o.maxAge, "mfa-max-age", "", "use no MFA session older than this, such as 1h")
}

// readRole reads the flags for the last role. It returns the arguments that are
// no values of them, of which there may be so many; most < 0: any.
func (o *options) readRole(cmd *cobra.Command, args []string, most int) (rest []string, err error) {
	rest = listed(args, &o.role.tags, &o.role.policyARNs)
	if most >= 0 {
		if err := cobra.MaximumNArgs(most)(cmd, rest); err != nil {
			return nil, err
		}
	}
	if err := filled(cmd, "external-id", "role-session-name", durationFlag, "source-identity", "session-policy", "mfa-max-age"); err != nil {
		return nil, err
	}
	o.given, err = o.role.read(cmd.Context())
	return rest, ran(commandLine(err))
}

// filled refuses those flags if they are given and empty: what a variable that is not set
// should have held would be left out. Lists need no such look: an empty item is refused.
func filled(cmd *cobra.Command, names ...string) error {
	for _, name := range names {
		if f := cmd.Flags().Lookup(name); f.Changed && f.Value.String() == "" {
			return &usageError{fmt.Errorf("--%s is empty", name)}
		}
	}
	return nil
}

// listed takes from args what the AWS CLI lets follow a flag: further tags and
// policies.
func listed(args []string, tags, policyARNs *[]string) (rest []string) {
	for _, arg := range args {
		switch {
		case len(*tags) > 0 && (strings.HasPrefix(arg, "Key=") || strings.HasPrefix(arg, "Value=")):
			*tags = append(*tags, arg)
		case len(*policyARNs) > 0 && (strings.HasPrefix(arg, "arn=") || strings.HasPrefix(arg, "arn:")):
			*policyARNs = append(*policyARNs, arg)
		default:
			rest = append(rest, arg)
		}
	}
	return rest
}

// read reads the values. What STS would take of them the plan checks.
func (r *roleFlags) read(ctx context.Context) (session.Given, error) {
	g := session.Given{ExternalID: r.externalID, SessionName: r.sessionName, SourceIdentity: r.sourceIdentity}
	var err error
	if g.Policy, err = readPolicy(ctx, r.policy, "session-policy"); err != nil {
		return g, err
	}
	if g.Tags, err = readTags(r.tags, tagsFlag); err != nil {
		return g, err
	}
	g.TransitiveTags, g.PolicyARNs = commas(r.transitiveTags, ""), commas(r.policyARNs, "arn=")
	g.Duration, err = readDuration(r.duration, "0s is not between 900 and 43200 seconds")
	return g, err
}

// readDuration reads --duration-seconds, "" if it was not given. For session 0 is a
// duration that was not given, so that zero is told here what is wrong with it.
func readDuration(text, zero string) (d time.Duration, err error) {
	if text == "" {
		return 0, nil
	}
	if d, err = profile.ParseDuration(text); err == nil && d == 0 {
		err = errors.New(zero)
	}
	if err != nil {
		return 0, &session.ParameterError{Parameter: durationFlag, Problem: err.Error()}
	}
	return d, nil
}

// commas are the items of lists that are separated by commas, without the prefix
// that the AWS CLI writes before each. An empty one stays, to be refused.
func commas(lists []string, prefix string) (items []string) {
	for _, list := range lists {
		for _, item := range strings.Split(list, ",") {
			items = append(items, strings.TrimPrefix(strings.TrimSpace(item), prefix))
		}
	}
	return items
}

// readPolicy reads a policy as the AWS CLI does: text, or the file that file://
// names, from the current folder. It may be a pipe, for whose end no signal waits.
func readPolicy(ctx context.Context, s, flag string) (string, error) {
	path, isFile, err := session.PolicyFile(s)
	if err != nil {
		return "", &session.ParameterError{Parameter: flag, Problem: err.Error()}
	}
	if !isFile {
		return s, nil
	}
	text, err := endable(ctx, func() (string, error) { return session.ReadPolicyFile(path) })
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if err == nil && text == "" {
		err = fmt.Errorf("%s is empty", path)
	}
	if err != nil {
		return "", &session.ParameterError{Parameter: flag, Problem: err.Error()}
	}
	return text, nil
}

// readTags reads the values of that flag.
func readTags(texts []string, flag string) (tags []session.Tag, err error) {
	for _, text := range texts {
		tag, err := readTag(text)
		if err != nil {
			return nil, &session.ParameterError{Parameter: flag, Problem: err.Error()}
		}
		tags = append(tags, tag)
	}
	return tags, nil
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

// commandLine is err, of a parameter that is a flag's, as one of the command line.
func commandLine(err error) error {
	var parameter *session.ParameterError
	if errors.As(err, &parameter) {
		return &usageError{fmt.Errorf("--%s: %s", parameter.Parameter, parameter.Problem)}
	}
	return err
}

// age is --mfa-max-age, else the profile's mfa_max_age; 0 if neither is there.
func (o *options) age(p *profile.Profile) (time.Duration, error) {
	s, set := p.Lookup("mfa_max_age")
	text, wrong := o.maxAge, func(problem string) error { return &usageError{fmt.Errorf("--mfa-max-age: %s", problem)} }
	if text == "" {
		text, wrong = s.Value, func(problem string) error { return badSetting(p, s, problem) }
	}
	if text == "" && !set {
		return 0, nil
	}
	d, err := profile.ParseDuration(text)
	switch {
	case err != nil:
		return 0, wrong(err.Error())
	case d == 0:
		return 0, wrong("no MFA session is that young; mfa_session = false asks for a code for each role")
	case p.MFASerial.Value == "":
		return 0, wrong(fmt.Sprintf("profile %q has no mfa_serial", p.Name))
	}
	return d, nil
}
