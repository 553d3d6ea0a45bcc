package session

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"daypass/creds"
)

const (
	// madeLimit bounds the getting of credentials from a server, with all attempts.
	madeLimit = 20 * time.Second
	// nearLimit is for connecting to a server on this very machine, and twice that
	// for its answer to begin. Where there is none, packets get lost.
	nearLimit = time.Second
)

// made checks what the SDK brought, whose own checks end where the answer is JSON.
func (b *Base) made(ctx context.Context, w *wire, c aws.Credentials, err error) (creds.Credentials, error) {
	if err != nil {
		return creds.Credentials{}, b.failure(ctx, w, err)
	}
	if !inHeader(c.AccessKeyID) || c.SecretAccessKey == "" || !inHeader(c.SessionToken) {
		host, _ := w.host.Load().(string)
		return creds.Credentials{}, b.failed(BaseUnreadable, host, nil)
	}
	made := creds.Credentials{
		AccessKeyID:     c.AccessKeyID,
		SecretAccessKey: creds.NewSecret(c.SecretAccessKey),
		SessionToken:    creds.NewSecret(c.SessionToken),
	}
	if c.CanExpire {
		made.Expiration = c.Expires.UTC().Truncate(time.Second)
	}
	return made, nil
}

// nearby is a client for what is on this very machine: no proxy gets to see its
// credentials, whatever the environment says.
func nearby() aws.HTTPClient {
	return noted{staying(awshttp.NewBuildableClient().
		WithTimeout(attemptLimit).
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = nearLimit }).
		WithTransportOptions(func(t *http.Transport) { t.Proxy, t.ResponseHeaderTimeout = nil, 2*nearLimit }))}
}

// noted notes on the wire why the last request came to nothing: the SDK lets nobody
// see what it met when it asked for a token of the metadata service.
type noted struct{ aws.HTTPClient }

// Do sends r.
func (c noted) Do(r *http.Request) (*http.Response, error) {
	response, err := c.HTTPClient.Do(r)
	var met error
	switch {
	case err != nil:
		met = &smithyhttp.RequestSendError{Err: err}
	case response.StatusCode >= 300:
		met = &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: response}}
	}
	if w := wireOf(r.Context()); w != nil {
		w.met.Store(&met)
	}
	return response, err
}

// staying is c without redirects: who answers with one would be sent the token,
// the code or, in the Referer, a URL that holds credentials.
func staying(c aws.HTTPClient) aws.HTTPClient {
	b, ok := c.(*awshttp.BuildableClient)
	if !ok {
		return c
	}
	return &http.Client{
		Transport:     b.GetTransport(),
		Timeout:       b.GetTimeout(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
