package cli

import (
	"fmt"
	"net/http"
	"net/url"

	"daypass/session"
)

// networkLines tell where STS is and what lies between.
func (a *app) networkLines(n session.Network) []string {
	from := func(s session.Sourced) string {
		if s.From == "" {
			return "default"
		}
		return s.From
	}
	endpoint := session.Sourced{Value: withoutPassword(n.Host()), From: n.Endpoint.From}
	lines := []string{
		fmt.Sprintf("region: %s (%s)", n.Region.Value, from(n.Region)),
		fmt.Sprintf("endpoint: %s (%s)", endpoint.Value, from(endpoint)),
	}
	proxy := a.proxy(endpoint.Value)
	if proxy.Value == "" {
		proxy = session.Sourced{Value: "none"}
	}
	lines = append(lines, fmt.Sprintf("proxy: %s (%s)", proxy.Value, from(proxy)))
	ca := n.CABundle
	if ca.Value == "" {
		ca.Value = "the system's"
	}
	return append(lines, fmt.Sprintf("CA: %s (%s)", ca.Value, from(ca)))
}

// proxy is the one that Go's HTTP client takes for endpoint, and the variable
// that names it. One that is no URL is ignored, as that client does.
func (a *app) proxy(endpoint string) session.Sourced {
	u, err := url.Parse(endpoint)
	if err != nil {
		return session.Sourced{}
	}
	names := []string{"HTTPS_PROXY", "https_proxy"}
	if u.Scheme == "http" {
		names = []string{"HTTP_PROXY", "http_proxy"}
	}
	p, _ := http.ProxyFromEnvironment(&http.Request{URL: u})
	for _, name := range names {
		value := a.Getenv(name)
		if value == "" {
			continue
		}
		if p != nil {
			return session.Sourced{Value: withoutPassword(p.String()), From: name}
		}
		if _, err := url.Parse(value); err != nil {
			return session.Sourced{Value: "none, since this is no URL", From: name}
		}
		break
	}
	return session.Sourced{}
}

// withoutPassword is a URL with no more of its user than the name.
func withoutPassword(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return address
	}
	u.User = url.User(u.User.Username())
	return u.String()
}
