package cli

import (
	"fmt"
	"net/http"

	"daypass/session"
)

// The words for STS that was not reached: see words.go.

const checkNetwork = "check the network and the proxy"

func lostWords(e *session.UnreachableError) (what, hint string, code int) {
	if e.AtProxy {
		what, hint = proxyWords(e)
		return what, hint, exitUnreachable
	}
	host := hostOf(e)
	via := ""
	if e.Way.Proxy.Value != "" {
		via = ", by way of " + proxyOf(e.Way)
	}
	switch {
	case e.Cert:
		what, hint = certWords(e)
		return what + via, hint, exitUnreachable
	case e.Name:
		return fmt.Sprintf("the name of %s cannot be resolved", host), nameHint(e.Way), exitUnreachable
	case e.Slow:
		return fmt.Sprintf("%s did not answer in time%s", host, via), checkNetwork, exitUnreachable
	}
	return fmt.Sprintf("%s cannot be reached%s: %v", host, via, e.Err), checkNetwork, exitUnreachable
}

func hostOf(e *session.UnreachableError) string {
	if e.Host == "" {
		return e.Service()
	}
	return e.Host
}

// proxyOf names the proxy, and the variable to change.
func proxyOf(w session.Way) string {
	return fmt.Sprintf("the proxy %s (%s)", w.Proxy.Value, w.Proxy.From)
}

// proxyWords are those for what did not get beyond the proxy.
func proxyWords(e *session.UnreachableError) (what, hint string) {
	proxy, from := proxyOf(e.Way), e.Way.Proxy.From
	correct := "correct " + from + ", or name in NO_PROXY what needs no proxy"
	switch {
	case e.ProxyStatus == http.StatusProxyAuthRequired && e.Way.Named:
		return proxy + " did not take the name and password that are in it", passwordHint(from)
	case e.ProxyStatus == http.StatusProxyAuthRequired:
		return proxy + " wants a name and a password", passwordHint(from)
	case e.ProxyStatus != 0:
		return fmt.Sprintf("%s refused to connect to %s: %d %s", proxy, hostOf(e), e.ProxyStatus, http.StatusText(e.ProxyStatus)),
			"ask those who run the proxy to let that host through, or " + correct
	case e.Cert:
		return fmt.Sprintf("the certificate of %s is not trusted: %v", proxy, e.Err), caHint(e.Way)
	case e.Name:
		return fmt.Sprintf("the name of %s cannot be resolved", proxy), correct
	case e.Slow:
		return proxy + " did not answer in time", correct
	}
	return fmt.Sprintf("%s cannot be reached: %v", proxy, e.Err), correct
}

// passwordHint says how a proxy's password is given. Go's HTTP client knows no
// other way than Basic authentication.
func passwordHint(from string) string {
	return fmt.Sprintf("set %s to http://NAME:PASSWORD@HOST:PORT, with characters that mean something in a URL as %%XX; they are given by Basic authentication alone", from)
}

func certWords(e *session.UnreachableError) (what, hint string) {
	what = fmt.Sprintf("the certificate of %s is not trusted", hostOf(e))
	if ca := e.Way.CABundle; ca.Value != "" {
		what += fmt.Sprintf(" by the CA bundle %s (%s)", ca.Value, ca.From)
	}
	return fmt.Sprintf("%s: %v", what, e.Err), caHint(e.Way)
}

func caHint(w session.Way) string {
	if w.CABundle.Value != "" {
		return fmt.Sprintf("add the certificate authority that signed it to that file, or correct %s", w.CABundle.From)
	}
	return "behind a company proxy, set ca_bundle in the profile or AWS_CA_BUNDLE"
}

// nameHint says which setting made the name.
func nameHint(w session.Way) string {
	switch {
	case w.Endpoint != "":
		return fmt.Sprintf("correct the endpoint from %s, or check the network", w.Endpoint)
	case yes(w.FIPS.Value):
		return fmt.Sprintf("not every region has a FIPS endpoint: set use_fips_endpoint (%s) to false, name another region, or check the network", w.FIPS.From)
	case yes(w.DualStack.Value):
		return fmt.Sprintf("not every region has a dual-stack endpoint: set use_dualstack_endpoint (%s) to false, name another region, or check the network", w.DualStack.From)
	case w.Region.From != "":
		return fmt.Sprintf("check the network, and that %s (%s) is a region", w.Region.Value, w.Region.From)
	}
	return checkNetwork
}

func redirectWords(e *session.RefusedError) (what, hint string, code int) {
	return fmt.Sprintf("the answer to %s is a redirect to %s, which is not followed, since the request is for %s alone", e.Call, e.To, e.Service()),
		checkNetwork + ": a network that wants a login answers so; or correct the endpoint", exitUnreachable
}
