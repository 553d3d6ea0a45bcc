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
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"

	"daypass/creds"
)

const (
	attemptLimit = 10 * time.Second // one request and its answer
	connectLimit = 5 * time.Second
)

// config is what the clients of STS and IAM are made of. The SDK gets no files:
// it fails on a profile that it cannot load even if credentials are given, for
// which reason AWS_PROFILE and AWS_DEFAULT_PROFILE leave this process's
// environment. The endpoint is left to n: each client takes n.Endpoint alone.
func (n Network) config(ctx context.Context) (aws.Config, error) {
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
		return aws.Config{}, err
	}
	cfg, err := config.LoadDefaultConfig(ctx, append(options, more...)...)
	if err != nil {
		return aws.Config{}, &NetworkConfigError{Err: err}
	}
	return cfg, nil
}

// steady sends bodies that it holds itself. The SDK empties a request's body as
// soon as an answer begins; net/http, if it still looks for the body's end,
// takes that for a failed write, and the connection is lost to the next call.
type steady struct{ aws.HTTPClient }

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

// signing gives the SDK what signs a call.
func signing(c creds.Credentials) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey.Reveal(), SessionToken: c.SessionToken.Reveal()}, nil
	})
}

// wire is what is known of a request on its way.
type wire struct {
	host atomic.Value // string: host and port that were dialled
	sent atomic.Bool  // the request, and a code in it, was written
}

// traced lets w learn of the requests that are sent with the context returned.
func (w *wire) traced(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:      func(hostPort string) { w.host.Store(hostPort) },
		WroteHeaders: func() { w.sent.Store(true) },
	})
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
