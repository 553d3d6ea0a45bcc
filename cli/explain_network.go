package cli

import (
	"errors"
	"fmt"

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
	endpoint := n.Where()
	endpoint.Value = session.WithoutPassword(endpoint.Value)
	lines := []string{
		fmt.Sprintf("region: %s (%s)", n.Region.Value, from(n.Region)),
		fmt.Sprintf("endpoint: %s (%s)", endpoint.Value, from(endpoint)),
	}
	proxy, err := n.Proxy()
	if proxy.Value == "" {
		proxy.Value = "none"
	}
	var broken *session.NetworkConfigError
	if errors.As(err, &broken) {
		proxy = session.Sourced{Value: "not a URL", From: broken.From}
	}
	lines = append(lines, fmt.Sprintf("proxy: %s (%s)", proxy.Value, from(proxy)))
	ca := n.CABundle
	if ca.Value == "" {
		ca.Value = "the system's"
	}
	return append(lines, fmt.Sprintf("CA: %s (%s)", ca.Value, from(ca)))
}
