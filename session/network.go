package session

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"

	"daypass/profile"
)

// Sourced is a value and where it comes from: "AWS_REGION", "--region", or
// "/home/ana/.aws/config:12". Both are empty if nothing sets it.
type Sourced struct{ Value, From string }

// Network is where a service of AWS is and how it is reached. Proxies are left to
// the environment, as every AWS SDK leaves them.
type Network struct {
	Region    Sourced // where the call goes; From is empty if nobody set one
	Endpoint  Sourced // one that the user set, else empty
	CABundle  Sourced // path of a file
	FIPS      Sourced // "true", "false" or empty
	DualStack Sourced // likewise
	Legacy    Sourced // sts_regional_endpoints: "legacy", "regional" or empty
	RetryMode Sourced
	Attempts  Sourced
	Partition string // "aws", "aws-cn", ...
}

// ReadNetwork reads the network settings of p for STS, by AWS's order of
// precedence. region is one given on the command line, or empty.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
func ReadNetwork(p *profile.Profile, getenv func(string) string, region string) (Network, error) {
	return readNetwork(p, "sts", getenv, region)
}

// readNetwork is ReadNetwork for any service, by the name that the section
// services has for it.
func readNetwork(p *profile.Profile, service string, getenv func(string) string, region string) (Network, error) {
	first := func(key string, variables ...string) Sourced { return firstOf(p, getenv, key, variables...) }
	n := Network{
		Region:    Sourced{region, "--region"},
		Endpoint:  readEndpoint(p, service, getenv),
		CABundle:  first("ca_bundle", "AWS_CA_BUNDLE"),
		FIPS:      first("use_fips_endpoint", "AWS_USE_FIPS_ENDPOINT"),
		DualStack: first("use_dualstack_endpoint", "AWS_USE_DUALSTACK_ENDPOINT"),
		Legacy:    first("sts_regional_endpoints", "AWS_STS_REGIONAL_ENDPOINTS"),
		RetryMode: first("retry_mode", "AWS_RETRY_MODE"),
		Attempts:  first("max_attempts", "AWS_MAX_ATTEMPTS"),
	}
	if region == "" {
		n.Region = variable(getenv, "AWS_REGION", "AWS_DEFAULT_REGION")
	}
	if n.Region.Value == "" && p.Region.Value != "" {
		n.Region = sourced(p.Region)
	}
	n.Partition = partition(p, n.Region.Value)
	if n.Region.Value == "" {
		if n.Partition != "aws" {
			return n, &ConfigError{Profile: p.Name, Problem: RegionMissing, Detail: n.Partition}
		}
		n.Region = Sourced{Value: "us-east-1"}
	}
	return n, n.check(p)
}

// firstOf is the first of the variables that is set, else the profile's key.
func firstOf(p *profile.Profile, getenv func(string) string, key string, variables ...string) Sourced {
	if v := variable(getenv, variables...); v.Value != "" {
		return v
	}
	if s, ok := p.Lookup(key); ok && s.Value != "" {
		return sourced(s)
	}
	return Sourced{}
}

func variable(getenv func(string) string, names ...string) Sourced {
	for _, name := range names {
		if v := getenv(name); v != "" {
			return Sourced{v, name}
		}
	}
	return Sourced{}
}

func sourced(s profile.Setting) Sourced {
	return Sourced{s.Value, s.Place()}
}

// account is the account that the credentials of steps belong to: the last
// role's, else the device's. Empty if no ARN tells (Ceph's and MinIO's do not).
func account(steps []Step) string {
	last := steps[len(steps)-1]
	if of := accountOf(last.RoleARN); of != "" {
		return of
	}
	return accountOf(last.Serial)
}

// accountOf is the account in an ARN, empty if there is none.
func accountOf(arn string) string {
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 && isAccount(parts[4]) {
		return parts[4]
	}
	return ""
}

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
		config.WithLogger(logging.Nop{}), // else it warns on stderr
		config.WithHTTPClient(awshttp.NewBuildableClient().
			WithTimeout(attemptLimit).
			WithTransportOptions(func(t *http.Transport) { t.OnProxyConnectResponse = proxyAnswered }).
			WithDialerOptions(func(d *net.Dialer) { d.Timeout = connectLimit })),
	}
	if _, err := n.Proxy(); err != nil {
		return aws.Config{}, err
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

// Check reports what no call could work with, as a *NetworkConfigError, before
// anything is called.
func (n Network) Check() error {
	if _, err := n.Proxy(); err != nil {
		return err
	}
	_, err := n.options()
	return err
}

// mostBundle is in bytes; the authorities of a whole system take 200 KB.
const mostBundle = 64 << 20

// options are the settings that the SDK would have read from the profile.
func (n Network) options() ([]func(*config.LoadOptions) error, error) {
	var options []func(*config.LoadOptions) error
	if n.CABundle.Value != "" {
		pem, err := readFile(n.CABundle.Value, mostBundle)
		if err != nil {
			return nil, &NetworkConfigError{From: n.CABundle.From, Err: err}
		}
		if !x509.NewCertPool().AppendCertsFromPEM(pem) {
			return nil, &NetworkConfigError{From: n.CABundle.From, Err: fmt.Errorf("%s holds no certificate", n.CABundle.Value)}
		}
		options = append(options, config.WithCustomCABundle(bytes.NewReader(pem)))
	}
	if yes(n.FIPS) {
		options = append(options, config.WithUseFIPSEndpoint(aws.FIPSEndpointStateEnabled))
	}
	if yes(n.DualStack) {
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
