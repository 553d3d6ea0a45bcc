package stsim

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// vector is a request as botocore 1.43.11 signed it at vectorTime, in the form that goes over the wire.
type vector struct{ Name, Request string }

var vectorTime = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func readVectors(t testing.TB) []vector {
	t.Helper()
	text, err := os.ReadFile("testdata/sigv4.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// vectorServer knows the keys of the vectors, a pair and a session.
func vectorServer(at time.Time) *Server {
	s := New()
	s.SetClock(func() time.Time { return at })
	const secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	owner := User{Account: "111111111111", Name: "ana"}.ARN()
	s.AddKey(owner, Key{"AKIDEXAMPLE", secret})
	s.AddKey(owner, Key{"ASIDEXAMPLE", secret})
	s.world.credentials["ASIDEXAMPLE"].token = "FwoGZXIvYXdzE/+token="
	return s
}

func (v vector) read(t testing.TB) *http.Request {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(v.Request)))
	if err != nil {
		t.Fatalf("%s: %v", v.Name, err)
	}
	return r
}

func serve(s *Server, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func TestSignaturesOfBotocoreAreAccepted(t *testing.T) {
	for _, v := range readVectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			w := serve(vectorServer(vectorTime), v.read(t))
			if w.Code != http.StatusOK && w.Code != http.StatusNotFound { // there are no objects to get
				t.Errorf("refused: %d %s", w.Code, w.Body)
			}
		})
	}
}

func TestChangedRequestsAreRefused(t *testing.T) {
	changes := map[string]func(*http.Request){
		"method":          func(r *http.Request) { r.Method = "DELETE" },
		"path":            func(r *http.Request) { r.URL.Path, r.URL.RawPath = r.URL.Path+"x", "" },
		"query":           func(r *http.Request) { r.URL.RawQuery = strings.TrimPrefix(r.URL.RawQuery+"&x=1", "&") },
		"host":            func(r *http.Request) { r.Host = "example.com" },
		"body":            func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("changed")) },
		"unsigned header": func(r *http.Request) { r.Header.Set("X-Amz-Acl", "public-read") },
		"signed headers": func(r *http.Request) {
			for name, values := range r.Header {
				if name != "Authorization" && !strings.HasPrefix(name, "X-Amz") && name != "Date" && name != "Content-Length" {
					values[0] += "x"
				}
			}
			r.Host += "x"
		},
	}
	for _, v := range readVectors(t) {
		for what, change := range changes {
			r := v.read(t)
			if what == "body" && unsignedBody(r) {
				continue
			}
			change(r)
			w := serve(vectorServer(vectorTime), r)
			if w.Code == http.StatusOK || !strings.Contains(w.Body.String(), "Signature") {
				t.Errorf("%s with changed %s: %d %s", v.Name, what, w.Code, w.Body)
			}
		}
	}
}

// unsignedBody says whether the signature leaves the body out, as S3 allows.
func unsignedBody(r *http.Request) bool {
	return strings.Contains(r.Header.Get("X-Amz-Content-Sha256"), "UNSIGNED") ||
		r.URL.Query().Has("X-Amz-Signature") && strings.Contains(r.URL.RawQuery, "%2Fs3%2F")
}

func TestWrongSecretIsRefused(t *testing.T) {
	for _, v := range readVectors(t) {
		s := vectorServer(vectorTime)
		for _, key := range s.world.credentials {
			key.SecretAccessKey += "x"
		}
		if w := serve(s, v.read(t)); !strings.Contains(w.Body.String(), "The request signature we calculated does not match") {
			t.Errorf("%s: %d %s", v.Name, w.Code, w.Body)
		}
	}
}

func TestCanonicalPath(t *testing.T) {
	tests := []struct{ escaped, service, want string }{
		{"", "sts", "/"},
		{"/", "sts", "/"},
		{"/a%20b", "ec2", "/a%2520b"},
		{"/a//b/./c/../d/", "ec2", "/a/b/d/"},
		{"/../..", "ec2", "/"},
		{"", "s3", "/"},
		{"/a%20b//./c+d", "s3", "/a%20b//./c%2Bd"},
		{"/%zz", "s3", "/%25zz"},
	}
	for _, tt := range tests {
		if got := canonicalPath(tt.escaped, tt.service); got != tt.want {
			t.Errorf("canonicalPath(%q, %s) = %q, want %q", tt.escaped, tt.service, got, tt.want)
		}
	}
}

func TestCanonicalQuery(t *testing.T) {
	tests := []struct{ raw, want string }{
		{"", ""},
		{"b=2&a=1", "a=1&b=2"},
		{"a=2&a=10&a=1", "a=1&a=10&a=2"},
		{"a-b=1&a=2", "a=2&a-b=1"},
		{"b&a=", "a=&b="},
		{"a=b+c&d=%2b", "a=b%20c&d=%2B"},
		{"X-Amz-Signature=x&a=%C3%BC", "a=%C3%BC"},
		{"&&a=1&", "a=1"},
	}
	for _, tt := range tests {
		if got := canonicalQuery(tt.raw); got != tt.want {
			t.Errorf("canonicalQuery(%q) = %q, want %q", tt.raw, got, tt.want)
		}
	}
}

// FuzzRequest feeds whole requests, and wants an answer to each and never a grant that no valid signature earned.
func FuzzRequest(f *testing.F) {
	for _, v := range readVectors(f) {
		r := v.read(f)
		body, err := io.ReadAll(r.Body)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(r.Header.Get("Authorization"), r.URL.RequestURI(), r.Header.Get("X-Amz-Date"), string(body))
	}
	f.Add("AWS4-HMAC-SHA256 Credential=a/b/c/d/e,SignedHeaders=;host;;,Signature=", "/?X-Amz-Signature=1", "", "")
	f.Add("AWS4-HMAC-SHA256 =,=", "/%zz?%zz=%&;", "20260102T030405Z", "Tags.member.1.Key=%ff&PolicyArns.member.1.arn=")
	f.Fuzz(func(t *testing.T, authorization, uri, date, body string) {
		r, err := http.NewRequest(http.MethodPost, "http://stsim.test/", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.URL.Path, r.URL.RawQuery, _ = strings.Cut(uri, "?")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Authorization", authorization)
		r.Header.Set("X-Amz-Date", date)
		s := vectorServer(vectorTime)
		for _, key := range s.world.credentials {
			key.SecretAccessKey = "a secret that nobody has signed with"
		}
		if w := serve(s, r); w.Code < 400 {
			t.Errorf("granted: %d %s", w.Code, w.Body)
		}
	})
}

// FuzzCall feeds parameters to the calls themselves, behind the signature.
func FuzzCall(f *testing.F) {
	for action := range stsActions {
		f.Add("sts", action, "RoleArn=arn:aws:iam::111111111111:role/Dev&RoleSessionName=ab&DurationSeconds=900")
	}
	for action := range iamActions {
		f.Add("iam", action, "UserName=ana&AccessKeyId=AKIAIOSFODNN7EXAMPLE&Status=Inactive")
	}
	f.Add("sts", "GetFederationToken", "Name=bob&Policy=%7B%22&PolicyArns.member.1.arn=x&Tags.member.1.Key=k")
	f.Add("s3", "", "")
	f.Fuzz(func(t *testing.T, service, action, query string) {
		s := vectorServer(vectorTime)
		r, err := http.NewRequest(http.MethodGet, "http://stsim.test/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.URL.RawQuery = query
		in, err := readRequest(r)
		if err != nil {
			t.Fatal(err)
		}
		in.action = action
		in.form.Set("Version", map[string]string{"sts": stsVersion, "iam": iamVersion}[service])
		in.sig = &signature{service: service, region: "us-east-1"}
		if out := s.world.serve(in, s.world.credentials["AKIDEXAMPLE"], vectorTime); out.status == 0 {
			t.Error("no status")
		}
	})
}
