package session

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	smithymiddleware "github.com/aws/smithy-go/middleware"

	"daypass/creds"
)

// client is one STS client for all calls of a plan, so that they share a
// connection and what was learnt of STS's clock. It is for one call at a time.
type client struct {
	sts       *sts.Client
	requestID string // of the last answer that was no refusal
}

// newClient makes the client that n describes.
func newClient(ctx context.Context, n Network) (*client, error) {
	cfg, err := n.config(ctx)
	if err != nil {
		return nil, err
	}
	return &client{sts: sts.NewFromConfig(cfg, func(o *sts.Options) {
		o.HTTPClient, o.BaseEndpoint, o.EndpointResolverV2 = steady{n.wired(o.HTTPClient)}, optional(n.Endpoint.Value), n.resolver()
	})}, nil
}

// call makes the STS call of step, signed by signer. A call that carries a code
// has one attempt, since a second would send a used code; only when STS refused
// the time of the signature, and so never looked at the code, is it sent again,
// now with the clock of STS.
func (c *client) call(ctx context.Context, step Step, signer creds.Credentials, code string) (creds.Issued, error) {
	issued, err := c.attempt(ctx, step, signer, code)
	if refused, ok := err.(*RefusedError); ok && code != "" && refused.BadTime() {
		issued, err = c.attempt(ctx, step, signer, code)
	}
	return issued, err
}

func (c *client) attempt(ctx context.Context, step Step, signer creds.Credentials, code string) (creds.Issued, error) {
	wire := &wire{}
	signed := func(o *sts.Options) {
		o.Credentials = signing(signer)
		if code != "" {
			o.Retryer = aws.NopRetryer{}
		}
	}
	answer, metadata, err := c.send(wire.traced(ctx), step, signer, code, signed)
	if err != nil {
		return creds.Issued{}, failure(ctx, step.Call, wire, err, hider(signer, code))
	}
	c.requestID, _ = middleware.GetRequestIDMetadata(metadata)
	skew, _ := middleware.GetAttemptSkew(metadata)
	return issue(step, answer, skew)
}

func (c *client) send(ctx context.Context, step Step, signer creds.Credentials, code string, signed func(*sts.Options)) (*types.Credentials, smithymiddleware.Metadata, error) {
	seconds := aws.Int32(int32(step.Duration / time.Second))
	switch step.Call {
	case AssumeRoleWithWebIdentity:
		out, err := c.sts.AssumeRoleWithWebIdentity(ctx, webIdentityInput(step, seconds, signer.SessionToken), signed)
		if err != nil {
			return nil, smithymiddleware.Metadata{}, err
		}
		return out.Credentials, out.ResultMetadata, nil
	case GetSessionToken:
		out, err := c.sts.GetSessionToken(ctx, &sts.GetSessionTokenInput{
			DurationSeconds: seconds, SerialNumber: optional(step.Serial), TokenCode: optional(code),
		}, signed)
		if err != nil {
			return nil, smithymiddleware.Metadata{}, err
		}
		return out.Credentials, out.ResultMetadata, nil
	}
	out, err := c.sts.AssumeRole(ctx, assumeRoleInput(step, seconds, code), signed)
	if err != nil {
		return nil, smithymiddleware.Metadata{}, err
	}
	return out.Credentials, out.ResultMetadata, nil
}

func assumeRoleInput(step Step, seconds *int32, code string) *sts.AssumeRoleInput {
	return &sts.AssumeRoleInput{
		RoleArn:           aws.String(step.RoleARN),
		RoleSessionName:   aws.String(step.SessionName),
		DurationSeconds:   seconds,
		ExternalId:        optional(step.ExternalID),
		SerialNumber:      optional(step.Serial),
		TokenCode:         optional(code),
		SourceIdentity:    optional(step.SourceIdentity),
		Policy:            optional(step.Policy),
		TransitiveTagKeys: step.TransitiveTags,
		Tags:              inputTags(step.Tags),
		PolicyArns:        inputPolicies(step.PolicyARNs),
	}
}

func inputTags(tags []Tag) (in []types.Tag) {
	for _, t := range tags {
		in = append(in, types.Tag{Key: aws.String(t.Key), Value: aws.String(t.Value)})
	}
	return in
}

func inputPolicies(arns []string) (in []types.PolicyDescriptorType) {
	for _, arn := range arns {
		in = append(in, types.PolicyDescriptorType{Arn: aws.String(arn)})
	}
	return in
}

func webIdentityInput(step Step, seconds *int32, token creds.Secret) *sts.AssumeRoleWithWebIdentityInput {
	return &sts.AssumeRoleWithWebIdentityInput{
		RoleArn:          aws.String(step.RoleARN),
		RoleSessionName:  aws.String(step.SessionName),
		WebIdentityToken: aws.String(token.Reveal()),
		DurationSeconds:  seconds,
		Policy:           optional(step.Policy),
		PolicyArns:       inputPolicies(step.PolicyARNs),
	}
}

// issue checks an answer: whatever serves STS's API, credentials without a
// secret or already expired are none.
func issue(step Step, c *types.Credentials, skew time.Duration) (creds.Issued, error) {
	if c == nil || aws.ToString(c.AccessKeyId) == "" || aws.ToString(c.SecretAccessKey) == "" ||
		aws.ToString(c.SessionToken) == "" || c.Expiration == nil {
		return creds.Issued{}, &RefusedError{Call: step.Call, Code: "IncompleteAnswer", Message: "the answer holds no complete credentials"}
	}
	return creds.Issued{
		Credentials: creds.Credentials{
			AccessKeyID:     *c.AccessKeyId,
			SecretAccessKey: creds.NewSecret(*c.SecretAccessKey),
			SessionToken:    creds.NewSecret(*c.SessionToken),
			Expiration:      c.Expiration.UTC().Truncate(time.Second),
		},
		Call:    step.Call,
		RoleARN: step.RoleARN,
		Serial:  step.Serial,
		Skew:    skew.Round(time.Second),
	}, nil
}
