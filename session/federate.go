package session

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"daypass/creds"
	"daypass/profile"
)

// GetFederationToken is the action of STS that issues a token for somebody else.
const GetFederationToken = "GetFederationToken"

// federateLimit bounds the call with all its attempts.
const federateLimit = 30 * time.Second

// Federation is what a GetFederationToken call asks for. The token can do what
// both its policies and the user's allow; without any of its own, nothing but
// what a resource's policy gives to the federated user by name.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
type Federation struct {
	Name       string
	Policy     string // JSON, empty for none
	PolicyARNs []string
	Tags       []Tag
	Duration   time.Duration // 0: STS's default, 12 hours
}

// Empty reports whether the token has no policy.
func (f Federation) Empty() bool { return f.Policy == "" && len(f.PolicyARNs) == 0 }

// Check reports as a *ParameterError what STS would refuse.
func (f Federation) Check() error {
	wrong := func(parameter, problem string, args ...any) error {
		return &ParameterError{parameter, fmt.Sprintf(problem, args...)}
	}
	switch {
	case f.Name == "":
		return wrong("name", "is missing: it names the federated user")
	case len(f.Name) < 2 || len(f.Name) > 32 || !alphanumeric(f.Name, nameCharacters):
		return wrong("name", "has not 2 to 32 letters, digits or characters of %s", nameCharacters)
	case f.Duration != 0 && (f.Duration < 900*time.Second || f.Duration > 129600*time.Second):
		return wrong("duration-seconds", "is not between 900 and 129600 (36h)")
	}
	if f.Policy != "" {
		if err := checkPolicy(f.Policy); err != nil {
			return wrong("policy", "%v", err)
		}
	}
	if err := checkPolicyARNs(f.PolicyARNs); err != nil {
		return wrong("policy-arns", "%v", err)
	}
	if err := checkTags(f.Tags); err != nil {
		return wrong("tags", "%v", err)
	}
	return nil
}

// LongTerm returns the access key that p rests on. It is a *ConfigError if that
// is none, or temporary, else an error of Base.open.
func LongTerm(ctx context.Context, p *profile.Profile, getenv func(string) string, n Network, by Means) (creds.Credentials, error) {
	b, err := ReadBase(p, getenv)
	if err != nil {
		return creds.Credentials{}, err
	}
	if err := checkLongTerm(p, b, CallNeedsLongTerm); err != nil {
		return creds.Credentials{}, err
	}
	if err := b.open(ctx, by, n, time.Now); err != nil {
		return creds.Credentials{}, err
	}
	if err := checkLongTerm(p, b, CallNeedsLongTerm); err != nil {
		return creds.Credentials{}, err
	}
	return b.Credentials, nil
}

// Federate gets a token for the federated user that f describes, signed by a
// long-term key: STS takes no session for that, and no code. Beside the token it
// returns what can be told of it, but for the profile, if STS issued one. Errors
// are those of f.Check and *NetworkConfigError before the call, *RefusedError and
// *UnreachableError after, *ClockError if the token has expired already.
func Federate(ctx context.Context, n Network, signer creds.Credentials, f Federation, now func() time.Time) (creds.Credentials, Issuance, error) {
	if err := f.Check(); err != nil {
		return creds.Credentials{}, Issuance{}, err
	}
	client, err := newClient(ctx, n)
	if err != nil {
		return creds.Credentials{}, Issuance{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, federateLimit)
	defer cancel()
	wire := &wire{}
	out, err := client.sts.GetFederationToken(wire.traced(ctx), f.input(), func(o *sts.Options) { o.Credentials = signing(signer) })
	if err != nil {
		return creds.Credentials{}, Issuance{}, failure(ctx, GetFederationToken, wire, err, hider(signer, ""))
	}
	skew, _ := middleware.GetAttemptSkew(out.ResultMetadata)
	issued, err := issue(Step{Call: GetFederationToken}, out.Credentials, skew)
	if err != nil {
		return creds.Credentials{}, Issuance{}, err
	}
	if out.FederatedUser != nil {
		issued.AccountID = accountOf(aws.ToString(out.FederatedUser.Arn))
	}
	issuance := Issuance{At: now(), Call: issued.Call, SessionName: f.Name, AccessKeyID: issued.AccessKeyID, Expiration: issued.Expiration}
	issuance.RequestID, _ = middleware.GetRequestIDMetadata(out.ResultMetadata)
	if issued.Left(issuance.At) <= 0 {
		return creds.Credentials{}, issuance, &ClockError{Skew: issued.Skew}
	}
	return issued.Credentials, issuance, nil
}

func (f Federation) input() *sts.GetFederationTokenInput {
	in := &sts.GetFederationTokenInput{Name: aws.String(f.Name), Policy: optional(f.Policy)}
	if f.Duration != 0 {
		in.DurationSeconds = aws.Int32(int32(f.Duration / time.Second))
	}
	in.Tags, in.PolicyArns = inputTags(f.Tags), inputPolicies(f.PolicyARNs)
	return in
}
