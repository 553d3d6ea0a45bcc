package session

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"

	"daypass/creds"
)

// steady sends bodies that it holds itself. The SDK empties a request's body as
// soon as an answer begins; net/http, if it still looks for the body's end,
// takes that for a failed write, and the connection is lost to the next call.
type steady struct{ aws.HTTPClient }

// Do sends r.
func (s steady) Do(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		return s.HTTPClient.Do(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	return s.HTTPClient.Do(r)
}

// signing gives the SDK what signs a call.
func signing(c creds.Credentials) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey.Reveal(), SessionToken: c.SessionToken.Reveal()}, nil
	})
}

// wire is what is known of a request on its way.
type wire struct {
	host atomic.Value // string: host and port that were dialled
	sent atomic.Bool  // the request, and a code in it, was written

	through atomic.Bool          // what lies between let it through
	lost    atomic.Pointer[lost] // what became of the last try, nil unless it failed

	met atomic.Pointer[error] // nil if nobody notes it, and nothing if it was an answer
}

// onWire is where a context has the wire of its request.
type onWire struct{}

// wireOf is nil for a request that nobody looks after.
func wireOf(ctx context.Context) *wire {
	w, _ := ctx.Value(onWire{}).(*wire)
	return w
}

// traced lets w learn of the requests that are sent with the context returned.
func (w *wire) traced(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(context.WithValue(ctx, onWire{}, w), &httptrace.ClientTrace{
		GetConn:      func(hostPort string) { w.host.Store(hostPort) },
		GotConn:      func(httptrace.GotConnInfo) { w.through.Store(true) }, // an old one, perhaps
		WroteHeaders: func() { w.sent.Store(true) },
	})
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
