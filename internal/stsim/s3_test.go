package stsim_test

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"daypass/internal/stsim"
)

// object sends a request about the object, with the payload hash stated as it is
// given, and more headers as names and values.
func (p *place) object(by signer, method, body, payload string, more ...string) answer {
	p.t.Helper()
	r, err := http.NewRequest(method, p.url+"/bucket/a/key", strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("X-Amz-Content-Sha256", payload)
	for i := 0; i < len(more); i += 2 {
		r.Header.Set(more[i], more[i+1])
	}
	if err := v4.NewSigner().SignHTTP(context.Background(), by.Credentials, r, payload, "s3", by.region, time.Now()); err != nil {
		p.t.Fatal(err)
	}
	return p.send(r)
}

const (
	unsigned = "UNSIGNED-PAYLOAD"
	empty    = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" // SHA-256 of nothing
	path     = "/bucket/a/key"
)

func TestObjects(t *testing.T) {
	const hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" // SHA-256 of "hello"
	const etag = `"5d41402abc4b2a76b9719d911017c592"`                                // its MD5
	p := newPlace(t)
	session := p.mfaSession()
	p.object(session, http.MethodGet, "", empty).want(t, 404, "", "")
	if p.Object(path) != nil {
		t.Error("an object that nobody put")
	}
	for _, payload := range []string{unsigned, hello} {
		got := p.object(session, http.MethodPut, "hello", payload, "X-Amz-Meta-Mtime", "12.5").granted(t)
		if got.header.Get("Etag") != etag || got.body != "" || string(p.Object(path)) != "hello" {
			t.Errorf("%s: put: ETag %s, body %q, object %q", payload, got.header.Get("Etag"), got.body, p.Object(path))
		}
	}
	for method, body := range map[string]string{http.MethodHead: "", http.MethodGet: "hello"} {
		got := p.object(session, method, "", empty).granted(t)
		h := got.header
		if got.body != body || h.Get("Etag") != etag || h.Get("Content-Length") != "5" || h.Get("X-Amz-Meta-Mtime") != "12.5" {
			t.Errorf("%s: %q, headers %v", method, got.body, h)
		}
		if _, err := http.ParseTime(h.Get("Last-Modified")); err != nil {
			t.Error(err)
		}
	}
}

func TestObjectsRefused(t *testing.T) {
	p := newPlace(t)
	sum := md5.Sum([]byte("hello"))
	right := base64.StdEncoding.EncodeToString(sum[:])
	p.object(p.user, http.MethodPut, "hello", unsigned, "Content-Md5", right).granted(t)
	for name, got := range map[string]answer{
		"BadDigest":             p.object(p.user, http.MethodPut, "hullo", unsigned, "Content-Md5", right),
		"SignatureDoesNotMatch": p.object(p.user, http.MethodPut, "hullo", empty),
		"EntityTooLarge":        p.object(p.user, http.MethodPut, strings.Repeat("x", 1<<20+1), unsigned),
	} {
		if !strings.Contains(got.body, "<Code>"+name+"</Code>") {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	bob := stsim.User{Account: account, Name: "bob", Denied: []string{"s3:PutObject"}}
	denied := longTerm(p.AddUser(bob))
	if got := p.object(denied, http.MethodPut, "hullo", unsigned); !strings.Contains(got.body, "is not authorized to perform: s3:PutObject") {
		t.Errorf("denied: %d %s", got.status, got.body)
	}
	if got := string(p.Object(path)); got != "hello" {
		t.Errorf("a refused request put %q", got)
	}
	p.object(denied, http.MethodGet, "", empty).granted(t)
}

// A bucket is listed, whether it is named in the path or by the host.
func TestObjectsListed(t *testing.T) {
	p := newPlace(t)
	session := p.mfaSession()
	for _, path := range []string{"/one/a/x", "/one/a/y", "/one/b", "/one-more/c"} {
		p.PutObject(path, []byte("hello"))
	}
	list := func(host, query string) string {
		t.Helper()
		r, err := http.NewRequest(http.MethodGet, p.url+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		if host != "" {
			r.Host = host
		}
		r.Header.Set("X-Amz-Content-Sha256", empty)
		if err := v4.NewSigner().SignHTTP(context.Background(), session.Credentials, r, empty, "s3", session.region, time.Now()); err != nil {
			t.Fatal(err)
		}
		got := p.send(r).granted(t)
		var found []string
		for _, part := range strings.Split(got.body, "<")[1:] {
			if name, text, _ := strings.Cut(part, ">"); name == "Key" || name == "Prefix" && strings.HasSuffix(text, "/") {
				found = append(found, text)
			}
		}
		return strings.Join(found, " ")
	}
	for _, c := range []struct{ host, query, want string }{
		{"", "/one?list-type=2", "a/x a/y b"},
		{"one.s3.eu-west-1.amazonaws.com", "/?prefix=&delimiter=%2F", "a/ b"},
		{"one.s3.amazonaws.com", "/?prefix=a%2Fy", "a/y"},
		{"", "/two/", ""},
	} {
		if got := list(c.host, c.query); got != c.want {
			t.Errorf("%s%s lists %q, not %q", c.host, c.query, got, c.want)
		}
	}
	if got := list("s3.amazonaws.com", "/"); got != "" {
		t.Errorf("the list of buckets has %q", got)
	}
}
