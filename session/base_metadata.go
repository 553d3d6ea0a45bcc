package session

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"

	"daypass/creds"
	"daypass/profile"
)

// The variables by which a container tells where its credentials are.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
const (
	relativeURI        = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
	fullURI            = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
	containerToken     = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
	containerTokenFile = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
	taskHost           = "http://169.254.170.2"
)

// metadata gets the credentials that an instance or a container has.
func (b Base) metadata(p *profile.Profile, getenv func(string) string) (id string, get getter, err error) {
	if strings.EqualFold(p.Base.Source.Value, "EcsContainer") {
		return definition(p.Base, getenv(relativeURI), getenv(fullURI)), b.container(getenv), nil
	}
	at, err := readInstance(p, getenv)
	if err != nil {
		return "", nil, err
	}
	return definition(p.Base, at.endpoint.Value, at.mode.Value, at.v1Disabled.Value), b.instance(at, getenv), nil
}

// instance is what is said of the metadata service of EC2.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html
type instance struct {
	endpoint   Sourced // a URL
	mode       Sourced // "IPv4", "IPv6" or empty; an endpoint goes before it
	v1Disabled Sourced // "true", "false" or empty
}

func readInstance(p *profile.Profile, getenv func(string) string) (instance, error) {
	at := instance{
		endpoint:   firstOf(p, getenv, "ec2_metadata_service_endpoint", "AWS_EC2_METADATA_SERVICE_ENDPOINT"),
		mode:       firstOf(p, getenv, "ec2_metadata_service_endpoint_mode", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"),
		v1Disabled: firstOf(p, getenv, "ec2_metadata_v1_disabled", "AWS_EC2_METADATA_V1_DISABLED"),
	}
	if !isEndpoint(at.endpoint.Value) {
		return at, &NetworkConfigError{From: at.endpoint.From, Err: errors.New("is not an http or https URL")}
	}
	if err := at.mode.either("ec2_metadata_service_endpoint_mode", "IPv4", "IPv6"); err != nil {
		return at, err
	}
	return at, at.v1Disabled.either("ec2_metadata_v1_disabled", "true", "false")
}

// options makes o a client of that service. All is said, since the SDK would take
// the rest from the environment.
func (at instance) options(o *imds.Options) {
	o.HTTPClient, o.Endpoint = nearby(), at.endpoint.Value
	o.EndpointMode, o.EnableFallback = imds.EndpointModeStateIPv4, aws.BoolTernary(!yes(at.v1Disabled))
	if strings.EqualFold(at.mode.Value, "IPv6") {
		o.EndpointMode = imds.EndpointModeStateIPv6
	}
}

// instance asks the metadata service of EC2.
func (b Base) instance(at instance, getenv func(string) string) getter {
	const off = "AWS_EC2_METADATA_DISABLED"
	return func(ctx context.Context, _ Means, n Network) (creds.Credentials, error) {
		if strings.EqualFold(getenv(off), "true") {
			return creds.Credentials{}, b.failed(MetadataOff, off, nil)
		}
		ctx, cancel := context.WithTimeout(ctx, madeLimit)
		defer cancel()
		cfg, err := n.config(ctx)
		if err != nil {
			return creds.Credentials{}, err
		}
		wire := &wire{}
		c, err := ec2rolecreds.New(func(o *ec2rolecreds.Options) {
			o.Client = imds.NewFromConfig(cfg, at.options)
		}).Retrieve(wire.traced(ctx))
		return b.made(ctx, wire, c, err)
	}
}

// container asks the agent of ECS or EKS.
func (b Base) container(getenv func(string) string) getter {
	return func(ctx context.Context, _ Means, _ Network) (creds.Credentials, error) {
		ctx, cancel := context.WithTimeout(ctx, madeLimit)
		defer cancel()
		address, err := b.containerAddress(ctx, getenv)
		if err != nil {
			return creds.Credentials{}, err
		}
		token, err := b.containerToken(getenv)
		if err != nil {
			return creds.Credentials{}, err
		}
		wire := &wire{}
		c, err := endpointcreds.New(address, func(o *endpointcreds.Options) {
			o.HTTPClient, o.AuthorizationToken = nearby(), token
		}).Retrieve(wire.traced(ctx))
		return b.made(ctx, wire, c, err)
	}
}

// containerToken is what the agent knows the container by, "" if it wants nothing.
// The file goes first, since whoever writes it replaces it.
func (b *Base) containerToken(getenv func(string) string) (token string, err error) {
	token, from := getenv(containerToken), containerToken
	if file := getenv(containerTokenFile); file != "" {
		from = containerTokenFile + ": " + file
		if token, err = readToken(file); err != nil {
			return "", b.failed(TokenUnreadable, from, err)
		}
	}
	if strings.IndexFunc(token, unicode.IsControl) >= 0 {
		return "", b.failed(TokenUnreadable, from, errors.New("a header cannot hold it"))
	}
	return token, nil
}

// containerAddress is where a container has its credentials. One that is not
// encrypted must be a host that only the container can reach, as in all SDKs.
func (b *Base) containerAddress(ctx context.Context, getenv func(string) string) (string, error) {
	switch path := getenv(relativeURI); {
	case strings.HasPrefix(path, "/"):
		return taskHost + path, nil
	case path != "": // "@evil.example/" would make a user of the host
		return "", b.failed(ContainerForeign, relativeURI, nil)
	}
	address := getenv(fullURI)
	if address == "" {
		return "", b.failed(ContainerMissing, relativeURI+", "+fullURI, nil)
	}
	u, err := url.Parse(address)
	if err == nil && u.Scheme == "https" && u.Host != "" || err == nil && u.Scheme == "http" && isNear(ctx, u.Hostname()) {
		return address, nil
	}
	return "", b.failed(ContainerForeign, fullURI, nil)
}

// isNear reports whether all addresses of host are loopback, or those of the agents
// of ECS and EKS.
func isNear(ctx context.Context, host string) bool {
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil || len(addresses) == 0 {
		return false
	}
	for _, a := range addresses {
		switch a = a.Unmap(); a {
		case netip.MustParseAddr("169.254.170.2"), netip.MustParseAddr("169.254.170.23"), netip.MustParseAddr("fd00:ec2::23"):
		default:
			if !a.IsLoopback() {
				return false
			}
		}
	}
	return true
}
