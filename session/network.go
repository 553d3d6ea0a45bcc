package session

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
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

func (n Network) check(p *profile.Profile) error {
	if u, err := url.Parse(n.Endpoint.Value); n.Endpoint.Value != "" &&
		(err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		return &ConfigError{Profile: p.Name, Problem: EndpointInvalid, Detail: n.Endpoint.From}
	}
	if !isRegion(n.Region.Value) {
		return &ConfigError{Profile: p.Name, Problem: RegionInvalid, Detail: n.Region.From}
	}
	return nil
}

// Foreign returns the host of STS if it is not AWS's own, and whether what goes
// there is in clear.
func (n Network) Foreign() (host string, plain bool) {
	u, err := url.Parse(n.Endpoint.Value)
	if n.Endpoint.Value == "" || err != nil {
		return "", false
	}
	plain = u.Scheme == "http"
	if !plain && awsSTS(strings.ToLower(u.Hostname())) {
		return "", false
	}
	return u.Host, plain
}

// awsSTS reports whether host is one of AWS's for STS, a VPC endpoint included:
// others of its names are let to anybody.
func awsSTS(host string) bool {
	first, _, _ := strings.Cut(host, ".")
	sts := first == "sts" || first == "sts-fips" || strings.HasPrefix(first, "vpce-") && strings.Contains(host, ".sts.")
	return sts && slices.ContainsFunc([]string{".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".api.aws", ".api.amazonwebservices.com.cn"},
		func(own string) bool { return strings.HasSuffix(host, own) })
}

func readEndpoint(p *profile.Profile, service string, getenv func(string) string) Sourced {
	if ignore := firstOf(p, getenv, "ignore_configured_endpoint_urls", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"); strings.EqualFold(ignore.Value, "true") {
		return Sourced{}
	}
	if v := variable(getenv, "AWS_ENDPOINT_URL_"+strings.ToUpper(service), "AWS_ENDPOINT_URL"); v.Value != "" {
		return v
	}
	if s, ok := p.ServiceEndpoint(service); ok && s.Value != "" {
		return sourced(s)
	}
	return firstOf(p, getenv, "endpoint_url")
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

// partition is that of the ARNs, which must be right, else that of the region.
func partition(p *profile.Profile, region string) string {
	arns := []string{p.MFASerial.Value}
	for _, r := range p.Roles {
		arns = append(arns, r.ARN.Value)
	}
	arns = append(arns, p.Base.Role.ARN.Value)
	for _, arn := range arns {
		if parts := strings.SplitN(arn, ":", 3); len(parts) == 3 && parts[0] == "arn" && parts[1] != "" {
			return parts[1]
		}
	}
	for prefix, name := range map[string]string{
		"cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-iso-": "aws-iso", "us-isob-": "aws-iso-b",
		"eu-isoe-": "aws-iso-e", "us-isof-": "aws-iso-f", "eusc-": "aws-eusc",
	} {
		if strings.HasPrefix(region, prefix) {
			return name
		}
	}
	return "aws"
}

// account is the account that the credentials of steps belong to: the last
// role's, else the device's. Empty if no ARN tells (Ceph's and MinIO's do not).
func account(steps []Step) string {
	last := steps[len(steps)-1]
	for _, arn := range []string{last.RoleARN, last.Serial} {
		if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 && isAccount(parts[4]) {
			return parts[4]
		}
	}
	return ""
}

// Host is the address of STS: the user's endpoint, else the one that the SDK
// makes of the region. Empty if the SDK can make none.
func (n Network) Host() string {
	if n.Endpoint.Value != "" {
		return n.Endpoint.Value
	}
	endpoint, err := sts.NewDefaultEndpointResolverV2().ResolveEndpoint(context.Background(), sts.EndpointParameters{
		Region:       aws.String(n.Region.Value),
		UseFIPS:      aws.Bool(strings.EqualFold(n.FIPS.Value, "true")),
		UseDualStack: aws.Bool(strings.EqualFold(n.DualStack.Value, "true")),
	})
	if err != nil {
		return ""
	}
	return endpoint.URI.String()
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
