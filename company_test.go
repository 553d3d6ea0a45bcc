//go:build unix

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// Go's HTTP client takes no proxy to loopback, so that STS must have a name. These
// are nowhere, and no lookup of one leaves the machine: Go's resolver asks nobody
// for .onion (RFC 7686), and for no name that has but digits.
const (
	farSTS  = "sts.test.onion"
	other   = "other.test.onion"
	nowhere = "127.0.0.999"
)

// proxyPassword stands in the URL of a proxy with %2F for its slash.
const proxyPassword = "MARKED/proxypassword"

// proxy is one as companies have them, before an STS of that name.
type proxy struct {
	url string

	mu       sync.Mutex
	user     string   // who must ask, with proxyPassword; "": anybody may
	asked    []string // "CONNECT host:port", or the method and the URL of what is not encrypted
	status   int      // the answer to CONNECT; 0: what is right
	hang     bool     // it never answers
	backend  string   // host:port of what it connects to; "": nothing that says a word
	plain    http.Handler
	released chan struct{}
}

// newProxy makes one before a server.
func newProxy(t *testing.T, backend string, plain http.Handler) *proxy {
	t.Helper()
	p := &proxy{backend: backend, plain: plain, released: make(chan struct{})}
	server := httptest.NewServer(p)
	p.url = server.URL
	t.Cleanup(func() {
		close(p.released)
		server.CloseClientConnections()
		server.Close()
	})
	return p
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	target := r.Method + " " + r.Host
	if r.Method != http.MethodConnect {
		target = r.Method + " " + r.URL.String()
	}
	p.mu.Lock()
	p.asked = append(p.asked, target)
	status, hang, wanted, backend := p.status, p.hang, p.user, p.backend
	p.mu.Unlock()
	user, password, _ := parseBasic(r.Header.Get("Proxy-Authorization"))
	switch {
	case hang:
		<-p.released
	case wanted != "" && (user != wanted || password != proxyPassword):
		w.Header().Set("Proxy-Authenticate", `Basic realm="x"`)
		// Some say again what they were sent.
		http.Error(w, r.Header.Get("Proxy-Authorization")+password, http.StatusProxyAuthRequired)
	case status != 0:
		http.Error(w, "no", status)
	case r.Method == http.MethodConnect:
		p.connect(w, backend)
	default:
		p.plain.ServeHTTP(w, r)
	}
}

func parseBasic(header string) (user, password string, ok bool) {
	r := &http.Request{Header: http.Header{"Authorization": {header}}}
	return r.BasicAuth()
}

// connect joins the connection with the server behind.
func (p *proxy) connect(w http.ResponseWriter, backend string) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	_, _ = io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
	if backend == "" {
		<-p.released
		return
	}
	server, err := net.Dial("tcp", backend)
	if err != nil {
		return
	}
	go func() {
		_, _ = io.Copy(server, conn)
		_ = server.Close()
	}()
	_, _ = io.Copy(conn, server)
}

func (p *proxy) set(status int, hang bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status, p.hang, p.asked = status, hang, nil
}

// wants sets who must ask.
func (p *proxy) wants(user string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.user = user
}

// leadsTo sets what it connects to, and returns what that was.
func (p *proxy) leadsTo(backend string) (before string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before, p.backend = p.backend, backend
	return before
}

// requests are what it was asked for.
func (p *proxy) requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string{}, p.asked...)
}

// as is the proxy's URL with a user.
func (p *proxy) as(user, password string) string {
	u, _ := url.Parse(p.url)
	u.User = url.UserPassword(user, password)
	return u.String()
}

// authority is a certificate authority of a test's own.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{}
	der, key := a.sign(t, &x509.Certificate{Subject: pkix.Name{CommonName: "test authority"}, IsCA: true, BasicConstraintsValid: true})
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	a.cert, a.key = cert, key
	a.pem = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return a
}

// sign signs a certificate, the authority's own if it has none yet.
func (a *authority) sign(t *testing.T, c *x509.Certificate) ([]byte, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c.SerialNumber, c.NotBefore, c.NotAfter = big.NewInt(time.Now().UnixNano()), time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	return der, key
}

// serve serves a handler by TLS, under names, and returns its host and port.
func (a *authority) serve(t *testing.T, h http.Handler, names ...string) string {
	t.Helper()
	der, key := a.sign(t, &x509.Certificate{DNSNames: names})
	server := httptest.NewUnstartedServer(h)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// company is a world whose STS is behind a proxy, with a certificate of the
// company's own.
type company struct {
	*world
	proxy     *proxy
	authority *authority
}

func newCompany(t *testing.T, names ...string) *company {
	t.Helper()
	w := newWorld(t)
	a := newAuthority(t)
	c := &company{world: w, authority: a}
	c.proxy = newProxy(t, a.serve(t, w.sts, append(names, farSTS)...), w.sts)
	w.write("ca.pem", a.pem)
	w.set("AWS_ENDPOINT_URL_STS=https://"+farSTS, "HTTPS_PROXY="+c.proxy.url, "NO_PROXY=", "AWS_CA_BUNDLE="+w.folder+"/ca.pem")
	return c
}

// login logs in to dev by a code.
func (c *company) login(code string) answered {
	c.t.Helper()
	return c.alone("login", "dev", "--token-code", code, "--debug")
}

// fails checks how a login failed: in which words, and without the password in
// anything that daypass wrote.
func (c *company) fails(got answered, code int, words, hint string) {
	c.t.Helper()
	got.failed(code, words)
	if !strings.Contains(got.err, hint) {
		c.t.Errorf("err %q; want the hint %q", got.err, hint)
	}
	status := c.alone("status")
	encoded := base64.StdEncoding.EncodeToString([]byte("ana:" + proxyPassword))
	for _, text := range []string{got.err, status.out, status.err, c.read("home/.local/state/daypass/debug.log")} {
		for _, secret := range []string{"MARKED", "proxypassword", encoded} {
			if strings.Contains(text, secret) {
				c.t.Errorf("%q shows the proxy's password", text)
			}
		}
	}
}
