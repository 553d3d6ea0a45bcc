package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"daypass/creds"
	"daypass/profile"
)

// marked is what no error may show: servers answer with it and files hold it.
const marked = "MARKED/s3cr3t/of+nobody"

// made is a server that makes credentials, and what it was asked.
type made struct {
	url    string
	asked  []string
	answer func(*http.Request) (status int, body string)
}

func newMade(t *testing.T) *made {
	t.Helper()
	m := &made{}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		m.asked = append(m.asked, r.Method+" "+r.URL.RequestURI())
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		status, text := m.answer(r)
		if status == http.StatusTemporaryRedirect {
			rw.Header().Set("Location", text)
		}
		rw.Header().Set("Content-Type", "application/json")
		if ttl := r.Header.Get("X-Aws-Ec2-Metadata-Token-Ttl-Seconds"); ttl != "" {
			rw.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", ttl)
		}
		rw.WriteHeader(status)
		_, _ = io.WriteString(rw, text)
	}))
	t.Cleanup(server.Close)
	m.url = server.URL
	return m
}

// TestNothingIsWaitedForLong: each client has a limit of its own for a request, and
// what is tried again ends with the caller's time.
func TestNothingIsWaitedForLong(t *testing.T) {
	in := newSignIn(t, ownLines...)
	cfg, err := Network{Region: Sourced{"eu-west-1", "test"}}.config(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, client := range map[string]aws.HTTPClient{"far": Network{}.wired(cfg.HTTPClient).(told).HTTPClient, "near": nearby().(noted).HTTPClient} {
		if c := client.(*http.Client); c.Timeout != attemptLimit || c.CheckRedirect == nil {
			t.Errorf("%s: %s for a request", name, c.Timeout)
		}
	}
	if limit := nearby().(noted).HTTPClient.(*http.Client).Transport.(*http.Transport).ResponseHeaderTimeout; limit != 2*nearLimit {
		t.Errorf("near: %s for an answer", limit)
	}

	silent, err := net.Listen("tcp", "127.0.0.1:0") // connections wait to be accepted
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	host := silent.Addr().String()
	address := "http://" + host
	in.holds(`{"accessToken":"bearer","expiresAt":%q}`, at(time.Hour))
	node, task := saying(t, ""), saying(t, "")
	task.Base.Source.Value = "EcsContainer"
	for name, p := range map[string]*profile.Profile{"portal": &in.p, "instance": node, "container": task} {
		b, err := ReadBase(p, env(map[string]string{"AWS_ENDPOINT_URL_SSO": address, "AWS_EC2_METADATA_SERVICE_ENDPOINT": address, fullURI: address}))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		err = b.open(ctx, Means{}, in.want.Network, time.Now)
		cancel()
		var e *BaseError
		if !errors.As(err, &e) || e.Problem != BaseUnreachable || e.Detail != host {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// session gets ana temporary credentials.
func (w *world) session() creds.Credentials {
	w.t.Helper()
	c, err := newClient(w.t.Context(), w.want.Network)
	if err != nil {
		w.t.Fatal(err)
	}
	i, err := c.call(w.t.Context(), Step{Call: GetSessionToken, Duration: time.Hour}, w.want.Base.Credentials, "")
	if err != nil {
		w.t.Fatal(err)
	}
	w.sts.Reset()
	return i.Credentials
}

// onlyRole has the profile be role B, which wants no MFA.
func (w *world) onlyRole() {
	w.p.MFASerial = profile.Setting{}
	w.withRole(roleB)
}

// fails gets credentials in vain, and checks that the error shows nothing of what came.
func (w *world) fails(problem BaseProblem, change ...func(*Getter)) *BaseError {
	w.t.Helper()
	_, err := w.get(change...)
	var e *BaseError
	if !errors.As(err, &e) || e.Problem != problem || strings.Contains(err.Error(), "MARKED") || strings.Contains(fmt.Sprintf("%+v %#v", e, e), "MARKED") {
		w.t.Errorf("got %v, want problem %d", err, problem)
		return &BaseError{}
	}
	if n := w.sts.Count(AssumeRole); n != 0 {
		w.t.Errorf("%d calls arrived at STS", n)
	}
	return e
}
