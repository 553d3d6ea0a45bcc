package cli

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"daypass/creds"
	"daypass/internal/tty"
	"daypass/profile"
	"daypass/session"
)

func (a *app) whoamiCommand() *cobra.Command {
	var o options
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "whoami [P]",
		Short: "Tell whose credentials they are, and how long they live",
		Long: `Asks AWS whose credentials profile P gets (GetCallerIdentity). Without a name
inside "daypass exec", those in the environment.`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: a.completeProfiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			who, err := a.whoami(cmd.Context(), args, o)
			if err != nil {
				return err
			}
			if asJSON {
				return ran(a.identityJSON(who))
			}
			return ran(a.identityText(who))
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return a.calling(cmd, &o)
}

// identity is whose credentials are, and what is known of them.
type identity struct {
	session.Caller
	profile    string
	mfa        string        // one of the keys of mfaWords
	expiration time.Time     // zero if not known
	left       time.Duration // with expiration
}

// The values of mfa in JSON, and their words. That a role's session keeps the MFA
// of the session that assumed it is documented nowhere; that it has none of a code
// in its own AssumeRole call is.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
// https://github.com/aws/aws-sdk-java-v2/issues/2554
const (
	mfaSession     = "session"
	mfaOfSource    = "source-session"
	mfaTrustPolicy = "trust-policy"
	mfaNone        = "none"
	mfaUnknown     = "unknown"
)

var mfaWords = map[string]string{
	mfaSession:     "yes, a code was given for this session",
	mfaOfSource:    "for the role's trust policy, by an MFA session; AWS does not say whether the role's own calls count as made with MFA",
	mfaTrustPolicy: "for the role's trust policy alone: the role's own calls count as made without MFA",
	mfaNone:        "no",
	mfaUnknown:     "not known",
}

// mfaOf is how MFA is in credentials that p has led to. Of a longer chain the last
// role's trust policy sees a role's session, not the MFA session.
func mfaOf(p plan) string {
	last := p.steps[len(p.steps)-1]
	switch {
	case last.Call == session.GetSessionToken:
		return mfaSession
	case last.Serial != "":
		return mfaTrustPolicy
	case len(p.steps) == 2 && p.steps[0].Call == session.GetSessionToken:
		return mfaOfSource
	case len(p.steps) == 1 && (p.base.Temporary() || p.base.Kind == profile.Process):
		return mfaUnknown // what others have got may have been got with MFA
	}
	return mfaNone
}

func (a *app) whoami(ctx context.Context, args []string, o options) (identity, error) {
	if len(args) == 0 && o.profile == "" && a.Getenv("AWS_ACCESS_KEY_ID") != "" && a.Getenv(creds.ProfileVariable) != "" {
		who, err := a.whoamiHere(ctx, o)
		return who, ran(err)
	}
	name, err := a.oneProfile(args, o)
	if err != nil {
		return identity{}, err
	}
	g, err := a.prepared(ctx, o, name)
	if err != nil {
		return identity{}, ran(err)
	}
	result, err := g.credentials(ctx)
	if err != nil {
		return identity{}, ran(err)
	}
	caller, err := session.Identity(ctx, g.plan.network, result.Credentials)
	return identity{caller, name, mfaOf(g.plan), result.Expiration, result.Left(a.Now())}, ran(err)
}

// whoamiHere is about the credentials in the environment, which are that
// profile's: STS is where it says, if it is still there.
func (a *app) whoamiHere(ctx context.Context, o options) (identity, error) {
	a.profile, a.ofEnvironment = a.Getenv(creds.ProfileVariable), true
	o.fromEnvironment(a.Getenv)
	p, _ := a.load(ctx, a.profile, a.longTerm(o, a.stateDir()))
	network, err := session.ReadNetwork(p, a.getenvOf(a.profile), o.region)
	if err != nil {
		return identity{}, err
	}
	caller, err := session.Identity(ctx, network, creds.Credentials{
		AccessKeyID:     a.Getenv("AWS_ACCESS_KEY_ID"),
		SecretAccessKey: creds.NewSecret(a.Getenv("AWS_SECRET_ACCESS_KEY")),
		SessionToken:    creds.NewSecret(a.Getenv("AWS_SESSION_TOKEN")),
	})
	if err != nil {
		return identity{}, err
	}
	who := identity{Caller: caller, profile: a.profile, mfa: a.mfaHere(ctx, p, o)}
	if end, bad := time.Parse(time.RFC3339, a.Getenv("AWS_CREDENTIAL_EXPIRATION")); bad == nil {
		who.expiration, who.left = end, end.Sub(a.Now())
	}
	return who, nil
}

// mfaHere is mfaOf where the cache still has what is in the environment: of other
// credentials it is not known what has led to them.
func (a *app) mfaHere(ctx context.Context, p *profile.Profile, o options) string {
	o.noPrompt = true // that is not worth a question
	made, err := a.plan(p, o.region, 0, session.Given{})
	if err != nil {
		return mfaUnknown
	}
	c, err := a.openCache(o, p, a.stateDir())
	if err != nil {
		return mfaUnknown
	}
	held, ok := c.Get(ctx, made.steps[len(made.steps)-1].Key)
	if !ok || held.AccessKeyID != a.Getenv("AWS_ACCESS_KEY_ID") {
		return mfaUnknown
	}
	return mfaOf(made)
}

func (a *app) identityJSON(who identity) error {
	answer := struct {
		Profile     string `json:"profile"`
		Account     string `json:"account"`
		ARN         string `json:"arn"`
		UserID      string `json:"user_id"`
		MFA         string `json:"mfa"`
		Expires     string `json:"expires,omitempty"`
		SecondsLeft *int64 `json:"seconds_left,omitempty"`
	}{who.profile, who.Account, who.ARN, who.UserID, who.mfa, "", nil}
	if !who.expiration.IsZero() {
		left := int64(who.left / time.Second)
		answer.Expires, answer.SecondsLeft = creds.Time(who.expiration), &left
	}
	return writeJSON(a.Stdout, answer)
}

func (a *app) identityText(who identity) error {
	left := "not known"
	if !who.expiration.IsZero() {
		left = fmt.Sprintf("%s, until %s", span(who.left), clock(who.expiration, a.Now()))
	}
	w := tabwriter.NewWriter(a.Stdout, 0, 8, 2, ' ', 0)
	for _, row := range [][2]string{
		{"profile", who.profile}, {"account", who.Account}, {"arn", who.ARN}, {"user id", who.UserID}, {"mfa", mfaWords[who.mfa]}, {"left", left},
	} {
		fmt.Fprintf(w, "%s\t%s\n", row[0], tty.Visible(row[1]))
	}
	return w.Flush()
}
