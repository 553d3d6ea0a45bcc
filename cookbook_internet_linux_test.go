package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// internet is a proxy behind which every host is the same handler, with a
// certificate by an authority of its own.
type internet struct {
	t        *testing.T
	ca       *x509.Certificate
	key      *ecdsa.PrivateKey
	conns    chan net.Conn
	closed   chan struct{}
	close    sync.Once
	listener net.Listener
}

// newInternet returns the proxy's URL and the certificate of the authority.
func newInternet(t *testing.T, handler http.Handler) (url, ca string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &internet{t: t, conns: make(chan net.Conn), closed: make(chan struct{}), listener: listener}
	n.ca = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "the cookbook's authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	if n.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, n.ca, n.ca, n.key.Public(), n.key)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(n) })
	serving.Go(n.proxy)
	t.Cleanup(func() {
		_ = server.Close()
		serving.Wait()
	})
	return "http://" + listener.Addr().String(), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// proxy takes connections until Close.
func (n *internet) proxy() {
	for {
		conn, err := n.listener.Accept()
		if err != nil {
			return
		}
		go n.connect(conn)
	}
}

// connect answers one CONNECT, and hands the connection over as the host that was
// asked for.
func (n *internet) connect(conn net.Conn) {
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	r, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil || r.Method != http.MethodConnect {
		_ = conn.Close()
		return
	}
	if _, err := io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		_ = conn.Close()
		return
	}
	_ = conn.SetDeadline(time.Time{})
	select {
	case n.conns <- tls.Server(conn, &tls.Config{GetCertificate: n.certificate}):
	case <-n.closed:
		_ = conn.Close()
	}
}

// certificate is that of the host which the client names.
func (n *internet) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "a host"},
		DNSNames: []string{hello.ServerName}, NotBefore: n.ca.NotBefore, NotAfter: n.ca.NotAfter,
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, n.ca, n.key.Public(), n.key)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: n.key}, err
}

// Accept, Close and Addr make a net.Listener of it, for the server behind.
func (n *internet) Accept() (net.Conn, error) {
	select {
	case conn := <-n.conns:
		return conn, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

func (n *internet) Close() error {
	n.close.Do(func() { close(n.closed) })
	return n.listener.Close()
}

func (n *internet) Addr() net.Addr { return n.listener.Addr() }
