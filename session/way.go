package session

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// This file has what lies between us and STS: the proxy, and whose certificates
// are trusted.

// Way is how a call went that got no answer. What is zero is not known.
type Way struct {
	Proxy     Sourced // the proxy between, without its password, and the variable that names it; empty if there is none
	Named     bool    // Proxy.From has a name or password for it
	Region    Sourced
	Endpoint  string // where the endpoint that the user set comes from
	CABundle  Sourced
	FIPS      Sourced
	DualStack Sourced
}

// proxyFor is the proxy that Go's HTTP client takes for an address, nil if none.
func proxyFor(address *url.URL) *url.URL {
	if address == nil {
		return nil
	}
	proxy, _ := http.ProxyFromEnvironment(&http.Request{URL: address})
	return proxy
}

// Proxy is the proxy between us and n, without its password, and the variable that
// names it. One that is no URL is a *NetworkConfigError: the HTTP client would do
// without it, and in the networks that have one nothing is reached so.
func (n Network) Proxy() (Sourced, error) {
	address, err := url.Parse(n.Host())
	if err != nil {
		return Sourced{}, nil
	}
	proxy := proxyFor(address)
	from := proxyVariable(address)
	switch {
	case from == "" || proxy == nil && proxies(os.Getenv(from)):
		return Sourced{}, nil
	case proxy == nil:
		return Sourced{}, &NetworkConfigError{From: from, Err: errors.New("is not the URL of a proxy")}
	}
	return Sourced{withoutPassword(proxy), from}, nil
}

// proxyVariable is the variable that would name the proxy for an address, "" if
// none is set.
func proxyVariable(address *url.URL) string {
	names := []string{"HTTPS_PROXY", "https_proxy"}
	if address.Scheme == "http" {
		names = []string{"HTTP_PROXY", "http_proxy"}
	}
	return variable(os.Getenv, names...).From
}

// proxies reports whether Go's HTTP client understands a variable's value.
// https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config
func proxies(value string) bool {
	if u, err := url.Parse(value); err == nil && u.Scheme != "" && u.Host != "" {
		return true
	}
	_, err := url.Parse("http://" + value)
	return err == nil
}

// WithoutPassword is a URL with no more of its user than the name; what is no URL
// stays as it is.
func WithoutPassword(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return address
	}
	return withoutPassword(u)
}

// withoutPassword is u with no more of its user than the name.
func withoutPassword(u *url.URL) string {
	shown := *u
	if u.User != nil {
		shown.User = url.User(u.User.Username())
	}
	return shown.String()
}

// wired is c as n's calls are sent: no redirect is followed, since who answers
// with one would be sent the code; and what fails is told with the way it went.
func (n Network) wired(c aws.HTTPClient) aws.HTTPClient {
	return told{staying(c), n}
}

// told notes on the wire which way went what fails.
type told struct {
	aws.HTTPClient
	network Network
}

// Do sends r.
func (t told) Do(r *http.Request) (*http.Response, error) {
	response, err := t.HTTPClient.Do(r)
	var l *lost
	w := wireOf(r.Context())
	if err != nil && w != nil {
		l = t.lost(r.URL, err, w.through.Load())
	}
	if w != nil {
		w.lost.Store(l)
	}
	return response, err
}

func (t told) lost(address *url.URL, err error, through bool) *lost {
	l := &lost{network: t.network, address: address, proxy: proxyFor(address)}
	tunnels := l.proxy != nil && address.Scheme == "https" && strings.HasPrefix(l.proxy.Scheme, "http")
	var op *net.OpError
	var refused *proxyError
	l.atProxy = errors.As(err, &op) && op.Op == "proxyconnect" || errors.As(err, &refused) || tunnels && slow(err) && !through
	return l
}

// lost is how far a request went that got no answer.
type lost struct {
	network Network
	address *url.URL // of the service: what is dialled may be the proxy
	proxy   *url.URL // with its password; nil if there is none
	atProxy bool     // it did not get beyond the proxy
}

func (l *lost) hostPort() string {
	port := l.address.Port()
	if port == "" && l.address.Scheme == "https" {
		port = "443"
	} else if port == "" {
		port = "80"
	}
	return net.JoinHostPort(l.address.Hostname(), port)
}

func (l *lost) way() Way {
	n := l.network
	w := Way{Region: n.Region, Endpoint: n.Endpoint.From, CABundle: n.CABundle, FIPS: n.FIPS, DualStack: n.DualStack}
	if l.proxy != nil {
		w.Proxy, w.Named = Sourced{withoutPassword(l.proxy), proxyVariable(l.address)}, l.proxy.User != nil
	}
	return w
}

// password is the one for the proxy, "" if there is none.
func password(proxy *url.URL) string {
	if proxy == nil || proxy.User == nil {
		return ""
	}
	secret, _ := proxy.User.Password()
	return secret
}

// proxyError is the no of a proxy. Its words are not kept: a proxy may say again
// what it was sent.
type proxyError struct{ status int }

func (e *proxyError) Error() string {
	return fmt.Sprintf("the proxy answered %d %s", e.status, http.StatusText(e.status))
}

// RetryableError tells the SDK not to try again: a proxy that counts wrong
// passwords locks the account.
func (e *proxyError) RetryableError() bool { return false }

// proxyAnswered looks at what a proxy answers to CONNECT.
func proxyAnswered(ctx context.Context, _ *url.URL, _ *http.Request, r *http.Response) error {
	if w := wireOf(ctx); w != nil {
		w.through.Store(true)
	}
	if r.StatusCode != http.StatusOK {
		return &proxyError{r.StatusCode}
	}
	return nil
}
