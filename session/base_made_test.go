package session

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

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
