package session

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithyendpoints "github.com/aws/smithy-go/endpoints"

	"daypass/profile"
)

// This file says where STS is.

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

// check refuses what leads nowhere, or would be taken for something else.
func (n Network) check(p *profile.Profile) error {
	wrong := func(problem Problem, detail string) error {
		return &ConfigError{Profile: p.Name, Problem: problem, Detail: detail}
	}
	for _, s := range []struct {
		setting string
		is      Sourced
		one     string
		other   string
	}{
		{"use_fips_endpoint", n.FIPS, "true", "false"},
		{"use_dualstack_endpoint", n.DualStack, "true", "false"},
		{"sts_regional_endpoints", n.Legacy, "regional", "legacy"},
	} {
		if err := s.is.either(s.setting, s.one, s.other); err != nil {
			return err
		}
	}
	set := n.Endpoint.Value != ""
	if !isEndpoint(n.Endpoint.Value) {
		return wrong(EndpointInvalid, n.Endpoint.From)
	}
	if !isRegion(n.Region.Value) || !set && strings.HasSuffix(n.Region.Value, "-global") && n.Region.Value != global {
		return wrong(RegionInvalid, n.Region.From)
	}
	if foreign := n.foreignRegion(); foreign != "" && !set {
		return wrong(RegionForeign, foreign)
	}
	return n.checkVariant(wrong)
}

// either is an error if a value is set that is neither of two.
func (s Sourced) either(setting, one, other string) error {
	if s.Value == "" || strings.EqualFold(s.Value, one) || strings.EqualFold(s.Value, other) {
		return nil
	}
	return &NetworkConfigError{From: s.From, Err: fmt.Errorf("%s is %q, neither %s nor %s", setting, s.Value, one, other)}
}

// isEndpoint reports whether address can be one, or is not set.
func isEndpoint(address string) bool {
	u, err := url.Parse(address)
	return address == "" || err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// checkVariant: an endpoint is as it is, and the global one has no variants,
// though the SDK makes up names for them.
func (n Network) checkVariant(wrong func(Problem, string) error) error {
	for _, variant := range []struct {
		name string
		is   Sourced
	}{{"FIPS (use_fips_endpoint)", n.FIPS}, {"dual-stack (use_dualstack_endpoint)", n.DualStack}} {
		switch {
		case !yes(variant.is):
		case n.Endpoint.Value != "":
			return wrong(VariantOfEndpoint, fmt.Sprintf("%s, from %s, beside an endpoint from %s", variant.name, variant.is.From, n.Endpoint.From))
		case n.Region.Value == global:
			return wrong(VariantOfGlobal, fmt.Sprintf("%s, from %s", variant.name, variant.is.From))
		}
	}
	return nil
}

func yes(s Sourced) bool { return strings.EqualFold(s.Value, "true") }

// global is the name of a region that stands for the endpoint of STS without one.
const global = "aws-global"

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

// awsSTS reports whether host is one of AWS's for STS: sts.DOMAIN, sts.REGION.DOMAIN
// or vpce-ID.sts.REGION.vpce.DOMAIN. Others of its names are let to anybody:
// sts.s3.amazonaws.com is whoever's bucket it is.
func awsSTS(host string) bool {
	id, rest, _ := strings.Cut(host, ".")
	private := strings.HasPrefix(id, "vpce-")
	if !private {
		rest = host
	}
	service, place, _ := strings.Cut(rest, ".")
	region, domain, _ := strings.Cut(place, ".")
	domains := partitionOf(region).domains
	switch {
	case service != "sts" && service != "sts-fips":
		return false
	case private:
		return looksLikeRegion(region) && domain == "vpce."+domains[0]
	case looksLikeRegion(region):
		return domain == domains[0] || domain == domains[1]
	}
	return slices.ContainsFunc(partitions(), func(p awsPartition) bool { return rest == "sts."+p.domains[0] })
}

// looksLikeRegion reports whether name is words and a number: us-gov-west-1.
func looksLikeRegion(name string) bool {
	words := strings.Split(name, "-")
	last := len(words) - 1
	made := func(of string, word string) bool { return word != "" && strings.Trim(word, of) == "" }
	return last >= 2 && made("0123456789", words[last]) &&
		!slices.ContainsFunc(words[:last], func(word string) bool { return !made("abcdefghijklmnopqrstuvwxyz", word) })
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
	return partitionOf(region).name
}

// partitions are AWS's, but for the first: how the names of their regions begin,
// and the domains of their endpoints, dual-stack ones behind.
// https://github.com/boto/botocore/blob/develop/botocore/data/partitions.json
func partitions() []awsPartition {
	return []awsPartition{
		{"aws-cn", "cn-", [2]string{"amazonaws.com.cn", "api.amazonwebservices.com.cn"}},
		{"aws-us-gov", "us-gov-", [2]string{"amazonaws.com", "api.aws"}},
		{"aws-eusc", "eusc-", [2]string{"amazonaws.eu", "api.amazonwebservices.eu"}},
		{"aws-iso", "us-iso-", [2]string{"c2s.ic.gov", "api.aws.ic.gov"}},
		{"aws-iso-b", "us-isob-", [2]string{"sc2s.sgov.gov", "api.aws.scloud"}},
		{"aws-iso-e", "eu-isoe-", [2]string{"cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"}},
		{"aws-iso-f", "us-isof-", [2]string{"csp.hci.ic.gov", "api.aws.hci.ic.gov"}},
	}
}

type awsPartition struct {
	name    string
	regions string
	domains [2]string
}

// partitionOf is the partition that a region is of, by its name.
func partitionOf(region string) awsPartition {
	for _, p := range partitions() {
		if strings.HasPrefix(region, p.regions) {
			return p
		}
	}
	return awsPartition{"aws", "", [2]string{"amazonaws.com", "api.aws"}}
}

// foreignRegion says that the region is of another partition than the ARNs, ""
// if it is not, or if that is not known.
func (n Network) foreignRegion() string {
	own := partitionOf(n.Region.Value).name
	known := n.Partition == "aws" || slices.ContainsFunc(partitions(), func(p awsPartition) bool { return p.name == n.Partition })
	if n.Region.From == "" || own == n.Partition || !known {
		return ""
	}
	return fmt.Sprintf("%s, from %s, is of the partition %s, and the ARNs are of %s", n.Region.Value, n.Region.From, own, n.Partition)
}

// Host is the address of STS: the user's endpoint, else the one that the SDK
// makes of the region. Empty if the SDK can make none.
func (n Network) Host() string {
	if n.Endpoint.Value != "" {
		return n.Endpoint.Value
	}
	endpoint, err := n.resolver().ResolveEndpoint(context.Background(), sts.EndpointParameters{
		Region: aws.String(n.Region.Value), UseFIPS: aws.Bool(yes(n.FIPS)), UseDualStack: aws.Bool(yes(n.DualStack)),
	})
	if err != nil {
		return ""
	}
	return endpoint.URI.String()
}

// Where is Host, and the setting that makes it another than the region's own.
func (n Network) Where() Sourced {
	w := Sourced{n.Host(), n.Endpoint.From}
	if w.From == "" && w.Value == globalHost && n.Region.Value != global {
		w.From = n.Legacy.From
	}
	return w
}

// resolver is the SDK's. It ignores sts_regional_endpoints, but knows the regions
// that legacy is about: they share the global endpoint, whose name the firewalls
// of those who still set it let through.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-sts-regionalized-endpoints.html
func (n Network) resolver() sts.EndpointResolverV2 {
	if strings.EqualFold(n.Legacy.Value, "legacy") {
		return legacy{sts.NewDefaultEndpointResolverV2()}
	}
	return sts.NewDefaultEndpointResolverV2()
}

type legacy struct{ sts.EndpointResolverV2 }

// ResolveEndpoint prefers the global endpoint.
func (l legacy) ResolveEndpoint(ctx context.Context, p sts.EndpointParameters) (smithyendpoints.Endpoint, error) {
	p.UseGlobalEndpoint = aws.Bool(true)
	return l.EndpointResolverV2.ResolveEndpoint(ctx, p)
}

// keyed is what of n's endpoint is in a cache key: one that the user set, and the
// global one, whose sessions not every region takes.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html
func (n Network) keyed() string {
	if n.Endpoint.Value == "" && (n.Legacy.Value != "" || n.Region.Value == global) {
		if host := n.Host(); host == globalHost {
			return host
		}
	}
	return n.Endpoint.Value
}

const globalHost = "https://sts.amazonaws.com"
