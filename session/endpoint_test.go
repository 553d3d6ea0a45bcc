package session

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"daypass/profile"
)

// places is where STS is, by region: plain, with FIPS, dual-stack, both. A blank
// is none.
// https://docs.aws.amazon.com/general/latest/gr/sts.html
var places = map[string][4]string{
	"us-east-1":       {"sts.us-east-1.amazonaws.com", "sts-fips.us-east-1.amazonaws.com", "sts.us-east-1.api.aws", "sts-fips.us-east-1.api.aws"},
	"eu-west-1":       {"sts.eu-west-1.amazonaws.com", "sts-fips.eu-west-1.amazonaws.com", "sts.eu-west-1.api.aws", "sts-fips.eu-west-1.api.aws"},
	"af-south-1":      {"sts.af-south-1.amazonaws.com", "sts-fips.af-south-1.amazonaws.com", "sts.af-south-1.api.aws", "sts-fips.af-south-1.api.aws"},
	"xx-fake-1":       {"sts.xx-fake-1.amazonaws.com", "sts-fips.xx-fake-1.amazonaws.com", "sts.xx-fake-1.api.aws", "sts-fips.xx-fake-1.api.aws"},
	"aws-global":      {"sts.amazonaws.com", "", "", ""},
	"us-gov-west-1":   {"sts.us-gov-west-1.amazonaws.com", "sts.us-gov-west-1.amazonaws.com", "sts.us-gov-west-1.api.aws", "sts-fips.us-gov-west-1.api.aws"},
	"cn-north-1":      {"sts.cn-north-1.amazonaws.com.cn", "sts-fips.cn-north-1.amazonaws.com.cn", "sts.cn-north-1.api.amazonwebservices.com.cn", "sts-fips.cn-north-1.api.amazonwebservices.com.cn"},
	"eusc-de-east-1":  {"sts.eusc-de-east-1.amazonaws.eu", "sts-fips.eusc-de-east-1.amazonaws.eu", "sts.eusc-de-east-1.api.amazonwebservices.eu", "sts-fips.eusc-de-east-1.api.amazonwebservices.eu"},
	"us-iso-east-1":   {"sts.us-iso-east-1.c2s.ic.gov", "sts-fips.us-iso-east-1.c2s.ic.gov", "sts.us-iso-east-1.api.aws.ic.gov", "sts-fips.us-iso-east-1.api.aws.ic.gov"},
	"us-isob-east-1":  {"sts.us-isob-east-1.sc2s.sgov.gov", "sts-fips.us-isob-east-1.sc2s.sgov.gov", "sts.us-isob-east-1.api.aws.scloud", "sts-fips.us-isob-east-1.api.aws.scloud"},
	"eu-isoe-west-1":  {"sts.eu-isoe-west-1.cloud.adc-e.uk", "sts-fips.eu-isoe-west-1.cloud.adc-e.uk", "sts.eu-isoe-west-1.api.cloud-aws.adc-e.uk", "sts-fips.eu-isoe-west-1.api.cloud-aws.adc-e.uk"},
	"us-isof-south-1": {"sts.us-isof-south-1.csp.hci.ic.gov", "sts-fips.us-isof-south-1.csp.hci.ic.gov", "sts.us-isof-south-1.api.aws.hci.ic.gov", "sts-fips.us-isof-south-1.api.aws.hci.ic.gov"},
}

// recorder keeps a request, and sends none.
type recorder struct{ request *http.Request }

func (r *recorder) Do(request *http.Request) (*http.Response, error) {
	r.request = request
	return nil, errors.New("recorded")
}

// called is where a call by n goes, and the region that it is signed for.
func called(t *testing.T, n Network) (address, region string) {
	t.Helper()
	client, err := newClient(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{}
	_, _ = client.sts.GetCallerIdentity(t.Context(), nil, func(o *sts.Options) {
		o.HTTPClient, o.Retryer, o.Credentials = r, aws.NopRetryer{}, signing(longTerm().Credentials)
	})
	if r.request == nil {
		return "", ""
	}
	scope := strings.Split(r.request.Header.Get("Authorization"), "/")
	if len(scope) < 4 || scope[3] != "sts" {
		t.Fatalf("signed for %q", scope)
	}
	return r.request.URL.Scheme + "://" + r.request.URL.Host, scope[2]
}

// TestWhereSTSIs: partition, endpoint setting, FIPS and dual-stack, each said by
// the profile and by the environment, give the host that is shown and called.
func TestWhereSTSIs(t *testing.T) {
	newWorld(t)
	const vpc = "https://vpce-1-a.sts.eu-west-1.vpce.amazonaws.com"
	endpoints := []struct {
		lines string
		env   map[string]string
		want  string // "": AWS's own
	}{
		{},
		{lines: "sts_regional_endpoints = regional"},
		{lines: "endpoint_url = " + vpc, want: vpc},
		{lines: "services = s", want: "http://services"},
		{env: map[string]string{"AWS_ENDPOINT_URL_STS": vpc}, want: vpc},
		{env: map[string]string{"AWS_ENDPOINT_URL": vpc}, want: vpc},
	}
	for region, hosts := range places {
		for variant, host := range hosts {
			for _, e := range endpoints {
				for _, byEnvironment := range []bool{false, true} {
					lines, vars := "region = "+region+"\n"+e.lines+"\n", map[string]string{}
					for k, v := range e.env {
						vars[k] = v
					}
					for bit, key := range []string{"use_fips_endpoint", "use_dualstack_endpoint"} {
						on := fmt.Sprint(variant&(1<<bit) != 0)
						if byEnvironment {
							vars["AWS_"+strings.ToUpper(key)] = on
						} else {
							lines += key + " = " + on + "\n"
						}
					}
					want, problem := "https://"+host, Problem(-1)
					switch {
					case e.want != "" && variant != 0:
						problem = VariantOfEndpoint
					case e.want != "":
						want = e.want
					case host == "":
						problem = VariantOfGlobal
					}
					n, err := ReadNetwork(load(t, lines), env(vars), "")
					var wrong *ConfigError
					switch {
					case problem < 0 && (err != nil || n.Host() != want):
						t.Errorf("%s %v: %s, %v; want %s", lines, vars, n.Host(), err, want)
					case problem < 0:
						address, signed := called(t, n)
						scope := region
						if want == globalHost {
							scope = "us-east-1"
						}
						if address != want || signed != scope {
							t.Errorf("%s %v: called %s, signed for %s; want %s, %s", lines, vars, address, signed, want, scope)
						}
					case problem >= 0 && (!errors.As(err, &wrong) || wrong.Problem != problem):
						t.Errorf("%s %v: %v; want problem %d", lines, vars, err, problem)
					}
				}
			}
		}
	}
}

// TestLegacy: the regions that there were before 2019 share the global endpoint,
// if the user says so, and no others.
func TestLegacy(t *testing.T) {
	newWorld(t)
	const host = "https://sts.amazonaws.com"
	for _, test := range []struct {
		lines string
		env   map[string]string
		want  string
	}{
		{"region = eu-west-1\nsts_regional_endpoints = legacy", nil, host},
		{"region = us-west-2\ndaypass_sts_regional_endpoints = LEGACY", nil, host},
		{"sts_regional_endpoints = legacy", nil, host},
		{"region = eu-west-1", map[string]string{"AWS_STS_REGIONAL_ENDPOINTS": "legacy"}, host},
		{"region = eu-west-1\nsts_regional_endpoints = legacy", map[string]string{"AWS_STS_REGIONAL_ENDPOINTS": "regional"}, "https://sts.eu-west-1.amazonaws.com"},
		{"region = af-south-1\nsts_regional_endpoints = legacy", nil, "https://sts.af-south-1.amazonaws.com"},
		{"region = cn-north-1\nsts_regional_endpoints = legacy", nil, "https://sts.cn-north-1.amazonaws.com.cn"},
		{"region = us-east-1\nsts_regional_endpoints = legacy\nuse_fips_endpoint = true", nil, "https://sts-fips.us-east-1.amazonaws.com"},
		{"region = us-east-1\nsts_regional_endpoints = legacy\nendpoint_url = http://x", nil, "http://x"},
	} {
		n, err := ReadNetwork(load(t, test.lines), env(test.env), "")
		if err != nil || n.Host() != test.want {
			t.Errorf("%q %v: %s, %v; want %s", test.lines, test.env, n.Host(), err, test.want)
		}
		if address, region := called(t, n); address != test.want || (region == "us-east-1") != (n.Region.Value == "us-east-1" || test.want == host) {
			t.Errorf("%q %v: called %s, signed for %s", test.lines, test.env, address, region)
		}
	}
}

// TestTheSDKReadsNoEndpoint: what the environment says of it we have read.
func TestTheSDKReadsNoEndpoint(t *testing.T) {
	newWorld(t)
	t.Setenv("AWS_ENDPOINT_URL_STS", "https://elsewhere.example")
	t.Setenv("AWS_ENDPOINT_URL", "https://elsewhere.example")
	for lines, want := range map[string]string{
		"region = eu-west-1\nignore_configured_endpoint_urls = true": "https://sts.eu-west-1.amazonaws.com",
		"region = eu-west-1": "https://elsewhere.example",
	} {
		n, err := ReadNetwork(load(t, lines), os.Getenv, "")
		if err != nil {
			t.Fatal(err)
		}
		if address, _ := called(t, n); address != want {
			t.Errorf("%q: called %s, want %s", lines, address, want)
		}
	}
}

// TestTheGlobalEndpointHasSessionsOfItsOwn, since regions that must be enabled do
// not take them.
func TestTheGlobalEndpointHasSessionsOfItsOwn(t *testing.T) {
	keyIn := func(n Network) string {
		n.Partition = "aws"
		s, _ := keysAfter(t, change{"", func(_ *profile.Profile, w *Want) { w.Network = n }})
		return s
	}
	legacy := Sourced{"legacy", "f:1"}
	regional := keyIn(Network{Region: Sourced{Value: "eu-west-1"}})
	shared := keyIn(Network{Region: Sourced{Value: "eu-west-1"}, Legacy: legacy})
	for name, test := range map[string]struct {
		n    Network
		want string
	}{
		"legacy, another region":             {Network{Region: Sourced{Value: "us-east-1"}, Legacy: legacy}, shared},
		"aws-global":                         {Network{Region: Sourced{Value: "aws-global"}}, shared},
		"legacy, a region that is not of it": {Network{Region: Sourced{Value: "af-south-1"}, Legacy: legacy}, regional},
		"FIPS":                               {Network{Region: Sourced{Value: "us-east-1"}, FIPS: Sourced{Value: "true"}}, regional},
	} {
		if keyIn(test.n) != test.want {
			t.Errorf("%s: another key", name)
		}
	}
	if shared == regional {
		t.Error("one key for both")
	}
}

func TestNetworkIsChecked(t *testing.T) {
	const gov = "daypass_mfa_serial = arn:aws-us-gov:iam::111111111111:mfa/ana\n"
	for lines, want := range map[string]string{
		"use_fips_endpoint = yes":                                             `use_fips_endpoint is "yes", neither true nor false`,
		"use_dualstack_endpoint = 1":                                          `use_dualstack_endpoint is "1", neither true nor false`,
		"sts_regional_endpoints = global":                                     `sts_regional_endpoints is "global", neither regional nor legacy`,
		gov + "region = eu-west-1":                                            "eu-west-1, from ",
		gov + "region = cn-north-1":                                           "is of the partition aws-cn, and the ARNs are of aws-us-gov",
		gov + "region = us-gov-west-1":                                        "",
		gov + "region = a\nendpoint_url = http://x":                           "",
		"daypass_mfa_serial = arn:aws:iam::1:mfa/ana\nregion = us-gov-west-1": "is of the partition aws-us-gov, and the ARNs are of aws)",
		"daypass_mfa_serial = arn:ceph:iam::1:mfa/ana\nregion = default":      "",
		"region = aws-cn-global":                                              "bad region",
	} {
		_, err := ReadNetwork(load(t, lines), env(nil), "")
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", lines, err, want)
		}
	}
	_, err := ReadNetwork(load(t, ""), env(map[string]string{"AWS_USE_FIPS_ENDPOINT": "on"}), "")
	var e *NetworkConfigError
	if !errors.As(err, &e) || e.From != "AWS_USE_FIPS_ENDPOINT" {
		t.Errorf("%v", err)
	}
}

func TestForeign(t *testing.T) {
	type where struct {
		host  string
		plain bool
	}
	all := map[string]where{
		"": {"", false},
		"https://STS.eu-west-1.amazonaws.com:443": {"", false},
		"https://sts.us-west-10.amazonaws.com":    {"", false},
		"http://sts.eu-west-1.amazonaws.com":      {"sts.eu-west-1.amazonaws.com", true},
		"https://ec2-1.compute.amazonaws.com":     {"ec2-1.compute.amazonaws.com", false},
		"https://minio.example:9000":              {"minio.example:9000", false},
		"https://amazonaws.com.evil.example":      {"amazonaws.com.evil.example", false},
		"https://sts.evilapi.aws":                 {"sts.evilapi.aws", false},
		"http://127.0.0.1:4566":                   {"127.0.0.1:4566", true},
	}
	for region, hosts := range places {
		for _, host := range hosts {
			if host != "" {
				all["https://"+host] = where{}
			}
		}
		for _, service := range []string{"sts", "sts-fips"} {
			if domain, ok := strings.CutPrefix(hosts[0], "sts."+region+"."); ok {
				all["https://vpce-0a1-b2."+service+"."+region+".vpce."+domain] = where{}
			}
		}
	}
	for _, host := range []string{ // of AWS's domains, and of those that look like them
		"sts.s3.amazonaws.com", "sts.s3-website-us-east-1.amazonaws.com", "sts.s3.us-east-1.amazonaws.com", "sts.s3.dualstack.us-east-1.amazonaws.com",
		"sts.us-east-1.elb.amazonaws.com", "sts.us-east-1.compute.amazonaws.com", "sts.execute-api.us-east-1.amazonaws.com", "sts-fips.amazonaws.com",
		"sts.r.amazonaws.com", "sts.us-east.amazonaws.com", "sts.us-east-1a.amazonaws.com", "sts.1-1-1.amazonaws.com", "sts..amazonaws.com", "sts.us--1.amazonaws.com",
		"sts.eu-west-1.amazonaws.com.cn", "sts.cn-north-1.amazonaws.com", "sts.eu-west-1.amazonaws.eu", "sts.eu-west-1.api.aws.evil.example", "sts.api.aws",
		"x.sts.eu-west-1.amazonaws.com", "iam.eu-west-1.amazonaws.com", "stst.eu-west-1.amazonaws.com", "sts.eu-west-1.amazonaws.com.", "sts", "sts.eu-west-1",
		"vpce-1.sts.r.vpce.amazonaws.com", "vpce-1.sts.s3.amazonaws.com", "vpce-1.vpce-svc-2.eu-west-1.vpce.amazonaws.com", "vpce-1.sts.eu-west-1.vpce.amazonaws.com.evil.example",
		"vpce-1.sts.eu-west-1.amazonaws.com", "sts.eu-west-1.vpce.amazonaws.com", "vpce-1.sts.eu-west-1.vpce.api.aws", "vpce-1.x.sts.eu-west-1.vpce.amazonaws.com", "vpce-1.amazonaws.com",
	} {
		all["https://"+host] = where{host, false}
	}
	for endpoint, want := range all {
		host, plain := Network{Endpoint: Sourced{Value: endpoint}}.Foreign()
		if host != want.host || plain != want.plain {
			t.Errorf("%q: %q %v", endpoint, host, plain)
		}
	}
}
