package cli

import (
	"errors"
	"strings"
	"testing"

	"daypass/session"
)

// TestLostWords: each says which name, which proxy, which setting.
func TestLostWords(t *testing.T) {
	through := session.Way{Proxy: session.Sourced{Value: "http://ana@proxy:3128", From: "HTTPS_PROXY"}}
	named, own := through, through
	named.Named = true
	own.CABundle = session.Sourced{Value: "/ca.pem", From: "/config:3"}
	of := func(value, from string) session.Sourced { return session.Sourced{Value: value, From: from} }
	const proxy = "the proxy http://ana@proxy:3128 (HTTPS_PROXY)"
	for _, test := range []struct {
		lost       session.UnreachableError
		what, hint string
	}{
		{session.UnreachableError{AtProxy: true, ProxyStatus: 407, Way: through}, proxy + " wants a name and a password", "set HTTPS_PROXY to http://NAME:PASSWORD@HOST:PORT"},
		{session.UnreachableError{AtProxy: true, ProxyStatus: 407, Way: named}, proxy + " did not take the name and password that are in it", "as %XX"},
		{session.UnreachableError{AtProxy: true, ProxyStatus: 403, Way: through}, proxy + " refused to connect to sts.example:443: 403 Forbidden", "let that host through"},
		{session.UnreachableError{AtProxy: true, ProxyStatus: 599, Way: through}, proxy + " refused to connect to sts.example:443: 599 ", "let that host through"},
		{session.UnreachableError{AtProxy: true, Name: true, Way: through}, "the name of " + proxy + " cannot be resolved", "correct HTTPS_PROXY, or name in NO_PROXY what needs no proxy"},
		{session.UnreachableError{AtProxy: true, Slow: true, Way: through}, proxy + " did not answer in time", "correct HTTPS_PROXY"},
		{session.UnreachableError{AtProxy: true, Cert: true, Way: through}, "the certificate of " + proxy + " is not trusted: x", "ca_bundle"},
		{session.UnreachableError{AtProxy: true, Way: through}, proxy + " cannot be reached: x", "correct HTTPS_PROXY"},
		{session.UnreachableError{Slow: true, Way: through}, "sts.example:443 did not answer in time, by way of " + proxy, "the network and the proxy"},
		{session.UnreachableError{Way: through}, "sts.example:443 cannot be reached, by way of " + proxy + ": x", "the network and the proxy"},
		{session.UnreachableError{}, "sts.example:443 cannot be reached: x", "the network and the proxy"},
		{session.UnreachableError{Cert: true}, "the certificate of sts.example:443 is not trusted: x", "set ca_bundle in the profile or AWS_CA_BUNDLE"},
		{session.UnreachableError{Cert: true, Way: own}, "the certificate of sts.example:443 is not trusted by the CA bundle /ca.pem (/config:3): x, by way of " + proxy,
			"add the certificate authority that signed it to that file, or correct /config:3"},
		{session.UnreachableError{Name: true}, "the name of sts.example:443 cannot be resolved", "the network and the proxy"},
		{session.UnreachableError{Name: true, Way: session.Way{Region: of("eu-west-9", "AWS_REGION")}}, "cannot be resolved", "that eu-west-9 (AWS_REGION) is a region"},
		{session.UnreachableError{Name: true, Way: session.Way{Endpoint: "/config:4", Region: of("a", "b")}}, "cannot be resolved", "correct the endpoint from /config:4"},
		{session.UnreachableError{Name: true, Way: session.Way{FIPS: of("true", "/config:5"), DualStack: of("true", "x")}}, "cannot be resolved",
			"not every region has a FIPS endpoint: set use_fips_endpoint (/config:5) to false"},
		{session.UnreachableError{Name: true, Way: session.Way{FIPS: of("false", "/config:5"), DualStack: of("TRUE", "AWS_USE_DUALSTACK_ENDPOINT")}}, "cannot be resolved",
			"not every region has a dual-stack endpoint: set use_dualstack_endpoint (AWS_USE_DUALSTACK_ENDPOINT) to false"},
	} {
		lost := test.lost
		lost.Host, lost.Err = "sts.example:443", errors.New("x")
		what, hint, code := lostWords(&lost)
		if !strings.Contains(what, test.what) || !strings.Contains(hint, test.hint) || code != exitUnreachable {
			t.Errorf("%+v:\n%q\n%q\n%d\nwant\n%q\n%q", test.lost, what, hint, code, test.what, test.hint)
		}
	}
}
