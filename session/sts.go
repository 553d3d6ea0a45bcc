package session

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	smithymiddleware "github.com/aws/smithy-go/middleware"

	"daypass/creds"
)

const (
	attemptLimit = 10 * time.Second // one request and its answer
	connectLimit = 5 * time.Second
)

// client is one STS client for all calls of a plan, so that they share a
// connection and what was learnt of STS's clock.
type client struct{ sts *sts.Client }

// newClient makes the client that n describes. The SDK gets no files: it fails
// on a profile that it cannot load even if credentials are given, for which
// reason AWS_PROFILE and AWS_DEFAULT_PROFILE leave this process's environment.
func newClient(ctx context.Context, n Network) (*client, error) {
	_ = os.Unsetenv("AWS_PROFILE")
	_ = os.Unsetenv("AWS_DEFAULT_PROFILE")
	options := []func(*config.LoadOptions) error{
		config.WithSharedConfigFiles([]string{}),
		config.WithSharedCredentialsFiles([]string{}),
		config.WithRegion(n.Region.Value),
		config.WithCredentialsProvider(aws.AnonymousCredentials{}),
		config.WithHTTPClient(awshttp.NewBuildableClient().
			WithTimeout(attemptLimit).
			WithDialerOptions(func(d *net.Dialer) { d.Timeout = connectLimit })),
	}
	more, err := n.options()
	if err != nil {
		return nil, err
	}
	cfg, err := config.LoadDefaultConfig(ctx, append(options, more...)...)
	if err != nil {
		return nil, &NetworkConfigError{Err: err}
	}
	c := sts.NewFromConfig(cfg, func(o *sts.Options) {
		o.HTTPClient = steady{o.HTTPClient}
		o.BaseEndpoint = nil
		if n.Endpoint.Value != "" {
			o.BaseEndpoint = aws.String(n.Endpoint.Value)
		}
	})
	return &client{c}, nil
}

// steady sends bodies that it holds itself. The SDK empties a request's body as
// soon as an answer begins; net/http, if it still looks for the body's end,
// takes that for a failed write, and the connection is lost to the next call.
type steady struct{ sts.HTTPClient }

// Do sends r.
func (s steady) Do(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		return s.HTTPClient.Do(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	return s.HTTPClient.Do(r)
}

// Check reports what the SDK could not work with, as a *NetworkConfigError, before
// anything is called.
func (n Network) Check() error {
	_, err := n.options()
	return err
}

// options are the settings that the SDK would have read from the profile.
func (n Network) options() ([]func(*config.LoadOptions) error, error) {
	var options []func(*config.LoadOptions) error
	if n.CABundle.Value != "" {
		pem, err := os.ReadFile(n.CABundle.Value)
		if err != nil {
			return nil, &NetworkConfigError{From: n.CABundle.From, Err: err}
		}
		if !x509.NewCertPool().AppendCertsFromPEM(pem) {
			return nil, &NetworkConfigError{From: n.CABundle.From, Err: fmt.Errorf("%s holds no certificate", n.CABundle.Value)}
		}
		options = append(options, config.WithCustomCABundle(bytes.NewReader(pem)))
	}
	if strings.EqualFold(n.FIPS.Value, "true") {
		options = append(options, config.WithUseFIPSEndpoint(aws.FIPSEndpointStateEnabled))
	}
	if strings.EqualFold(n.DualStack.Value, "true") {
		options = append(options, config.WithUseDualStackEndpoint(aws.DualStackEndpointStateEnabled))
	}
	if n.RetryMode.Value != "" {
		mode, err := aws.ParseRetryMode(n.RetryMode.Value)
		if err != nil {
			return nil, &NetworkConfigError{From: n.RetryMode.From, Err: err}
		}
		options = append(options, config.WithRetryMode(mode))
	}
	if n.Attempts.Value != "" {
		attempts, err := strconv.Atoi(n.Attempts.Value)
		if err != nil || attempts < 1 {
			return nil, &NetworkConfigError{From: n.Attempts.From, Err: fmt.Errorf("max_attempts is not a whole number above 0")}
		}
		options = append(options, config.WithRetryMaxAttempts(attempts))
	}
	return options, nil
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
	traced := httptrace.WithClientTrace(ctx, wire.trace())
	signed := func(o *sts.Options) {
		o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: signer.AccessKeyID, SecretAccessKey: signer.SecretAccessKey.Reveal(), SessionToken: signer.SessionToken.Reveal()}, nil
		})
		if code != "" {
			o.Retryer = aws.NopRetryer{}
		}
	}
	answer, metadata, err := c.send(traced, step, code, signed)
	if err != nil {
		return creds.Issued{}, failure(ctx, step.Call, wire, err, hider(signer, code))
	}
	skew, _ := middleware.GetAttemptSkew(metadata)
	return issue(step, answer, skew)
}

// wire is what is known of a request on its way.
type wire struct {
	host atomic.Value // string: host and port that were dialled
	sent atomic.Bool  // the request, and a code in it, was written
}

func (w *wire) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn:      func(hostPort string) { w.host.Store(hostPort) },
		WroteHeaders: func() { w.sent.Store(true) },
	}
}

func (c *client) send(ctx context.Context, step Step, code string, signed func(*sts.Options)) (*types.Credentials, smithymiddleware.Metadata, error) {
	seconds := aws.Int32(int32(step.Duration / time.Second))
	if step.Call == GetSessionToken {
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
	in := &sts.AssumeRoleInput{
		RoleArn:           aws.String(step.RoleARN),
		RoleSessionName:   aws.String(step.SessionName),
		DurationSeconds:   seconds,
		ExternalId:        optional(step.ExternalID),
		SerialNumber:      optional(step.Serial),
		TokenCode:         optional(code),
		SourceIdentity:    optional(step.SourceIdentity),
		Policy:            optional(step.Policy),
		TransitiveTagKeys: step.TransitiveTags,
	}
	for _, t := range step.Tags {
		in.Tags = append(in.Tags, types.Tag{Key: aws.String(t.Key), Value: aws.String(t.Value)})
	}
	for _, arn := range step.PolicyARNs {
		in.PolicyArns = append(in.PolicyArns, types.PolicyDescriptorType{Arn: aws.String(arn)})
	}
	return in
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

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
