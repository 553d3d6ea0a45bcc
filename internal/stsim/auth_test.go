package stsim_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"daypass/internal/stsim"
)

const (
	invalidToken = "The security token included in the request is invalid."
	mismatch     = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)

func TestCredentialRefusals(t *testing.T) {
	p := newPlace(t)
	session := p.mfaSession()
	china := longTerm(p.AddUser(stsim.User{Account: account, Name: "lin", Partition: "aws-cn"}))
	change := func(by signer, edit func(*signer)) signer {
		edit(&by)
		return by
	}
	inactive := p.AddUser(ana)
	p.Deactivate(inactive.AccessKeyID)
	deleted := p.AddUser(ana)
	p.DeleteKey(deleted.AccessKeyID)
	tests := []struct {
		name          string
		by            signer
		status        int
		code, message string
	}{
		{"unknown key", change(p.user, func(s *signer) { s.AccessKeyID = "AKIAIOSFODNN7EXAMPLE" }), 403, "InvalidClientTokenId", invalidToken},
		{"inactive key", longTerm(inactive), 403, "InvalidClientTokenId", invalidToken},
		{"deleted key", longTerm(deleted), 403, "InvalidClientTokenId", invalidToken},
		{"wrong secret", change(p.user, func(s *signer) { s.SecretAccessKey = "x" }), 403, "SignatureDoesNotMatch", mismatch},
		{"session without its token", change(session, func(s *signer) { s.SessionToken = "" }), 403, "InvalidClientTokenId", invalidToken},
		{"session with a cut token", change(session, func(s *signer) { s.SessionToken = s.SessionToken[:300] }), 403, "InvalidClientTokenId", invalidToken},
		{"long-term key with a token", change(p.user, func(s *signer) { s.SessionToken = session.SessionToken }), 403, "InvalidClientTokenId", invalidToken},
		{"session with a wrong secret", change(session, func(s *signer) { s.SecretAccessKey = "x" }), 403, "SignatureDoesNotMatch", mismatch},
		{"aws key in China", change(p.user, func(s *signer) { s.region = "cn-north-1" }), 403, "InvalidClientTokenId", invalidToken},
		{"aws key in GovCloud", change(p.user, func(s *signer) { s.region = "us-gov-west-1" }), 403, "InvalidClientTokenId", invalidToken},
		{"Chinese key elsewhere", china, 403, "InvalidClientTokenId", invalidToken},
		{"Chinese key at home", change(china, func(s *signer) { s.region = "cn-northwest-1" }), 200, "", ""},
		{"session in another region", change(session, func(s *signer) { s.region = "ap-southeast-2" }), 200, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := p.on(t)
			p.sts(tt.by, "GetCallerIdentity").want(t, tt.status, tt.code, tt.message)
		})
	}
}

func TestSessionsOutliveTheirKey(t *testing.T) {
	p := newPlace(t)
	session := p.mfaSession()
	p.Deactivate(p.user.AccessKeyID)
	p.sts(session, "GetCallerIdentity").granted(t)
	p.DeleteKey(p.user.AccessKeyID)
	p.sts(session, "GetCallerIdentity").granted(t)
	p.DeleteUser(anaARN)
	p.sts(session, "GetCallerIdentity").want(t, 403, "InvalidClientTokenId", invalidToken)
}

func TestExpiredSession(t *testing.T) {
	p := newPlace(t)
	start := time.Now()
	session := p.session(p.sts(p.user, "GetSessionToken", "DurationSeconds", "900"))
	p.SetClock(func() time.Time { return start.Add(899 * time.Second).Truncate(time.Second) })
	p.sts(session, "GetCallerIdentity").granted(t)
	p.SetClock(func() time.Time { return start.Add(901 * time.Second) })
	// Signed now, which STS still allows, so that nothing but the session is old.
	r := p.signedGet(session, "sts", start.Add(time.Minute))
	p.send(r).want(t, 403, "ExpiredToken", "The security token included in the request is expired")
}

// signedGet is a GetCallerIdentity in the query, signed at a time.
func (p *place) signedGet(by signer, service string, at time.Time) *http.Request {
	p.t.Helper()
	r, err := http.NewRequest(http.MethodGet, p.url+"/?Action=GetCallerIdentity&Version=2011-06-15", http.NoBody)
	if err != nil {
		p.t.Fatal(err)
	}
	by.sign(p.t, r, service, "", at)
	return r
}

func TestSignatureTime(t *testing.T) {
	now := time.Date(2022, 1, 27, 1, 59, 28, 500_000_000, time.UTC)
	tests := []struct {
		name    string
		at      time.Time
		message string // "" if accepted
	}{
		{"on time", now, ""},
		{"just not too old", time.Date(2022, 1, 27, 1, 44, 28, 0, time.UTC), ""},
		{"just not too new", time.Date(2022, 1, 27, 2, 14, 28, 0, time.UTC), ""},
		{"too old", time.Date(2022, 1, 27, 0, 14, 27, 0, time.UTC), "Signature expired: 20220127T001427Z is now earlier than 20220127T014428Z (20220127T015928Z - 15 min.)"},
		{"too new", time.Date(2022, 1, 27, 2, 14, 29, 0, time.UTC), "Signature not yet current: 20220127T021429Z is still later than 20220127T021428Z (20220127T015928Z + 15 min.)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlace(t)
			p.SetClock(func() time.Time { return now })
			got := p.send(p.signedGet(p.user, "sts", tt.at))
			if date := got.header.Get("Date"); date != "Thu, 27 Jan 2022 01:59:28 GMT" {
				t.Errorf("Date: %s", date)
			}
			if tt.message == "" {
				got.granted(t)
				return
			}
			got.want(t, 403, "SignatureDoesNotMatch", tt.message)
		})
	}
}

func TestMalformedAuthorization(t *testing.T) {
	p := newPlace(t)
	stamp := time.Now().UTC().Format("20060102T150405Z")
	scope := p.user.AccessKeyID + "/" + stamp[:8] + "/us-east-1/sts/aws4_request"
	tests := []struct {
		name, authorization, date string
		status                    int
		code, message             string
	}{
		{"none", "", stamp, 403, "MissingAuthenticationToken", "Request is missing Authentication Token"},
		{"no pairs", "AWS4-HMAC-SHA256 Credential= " + scope, stamp, 400, "IncompleteSignature",
			"'" + scope + "' not a valid key=value pair (missing equal-sign) in Authorization header: 'AWS4-HMAC-SHA256 Credential= " + scope + "'."},
		{"only a credential", "AWS4-HMAC-SHA256 Credential=" + scope, stamp, 400, "IncompleteSignature",
			"Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization=AWS4-HMAC-SHA256"},
		{"no date", "AWS4-HMAC-SHA256 Credential=" + scope + ", SignedHeaders=host, Signature=00", "", 400, "IncompleteSignature",
			"Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256"},
		{"bad date", "AWS4-HMAC-SHA256 Credential=" + scope + ", SignedHeaders=host, Signature=00", "yesterday", 400, "IncompleteSignature",
			"Date must be in ISO-8601 'basic format'. Got 'yesterday'. See http://en.wikipedia.org/wiki/ISO_8601"},
		{"short scope", "AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=00", stamp, 400, "IncompleteSignature",
			"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'a/b/c'"},
		{"another algorithm", "AWS4-ECDSA-P256-SHA256 Credential=" + scope + ", SignedHeaders=host, Signature=00", stamp, 400, "IncompleteSignature",
			"Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'"},
		{"a bearer token", "Bearer abc", stamp, 400, "IncompleteSignature",
			"'abc' not a valid key=value pair (missing equal-sign) in Authorization header: 'Bearer abc'."},
		{"host not signed", "AWS4-HMAC-SHA256 Credential=" + scope + ", SignedHeaders=x-amz-date, Signature=00", stamp, 403, "SignatureDoesNotMatch",
			"'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."},
		{"wrong terminator", "AWS4-HMAC-SHA256 Credential=" + strings.Replace(scope, "aws4_request", "aws9", 1) + ", SignedHeaders=host, Signature=00", stamp, 403, "SignatureDoesNotMatch",
			"Credential should be scoped with a valid terminator: 'aws4_request', not 'aws9'."},
		{"another day", "AWS4-HMAC-SHA256 Credential=" + p.user.AccessKeyID + "/20110909/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=00", stamp, 403, "SignatureDoesNotMatch",
			"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20110909' != '" + stamp[:8] + "', from '" + stamp + "'."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := p.on(t)
			r, err := http.NewRequest(http.MethodGet, p.url+"/?Action=GetCallerIdentity&Version=2011-06-15", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			if tt.authorization != "" {
				r.Header.Set("Authorization", tt.authorization)
			}
			if tt.date != "" {
				r.Header.Set("X-Amz-Date", tt.date)
			}
			p.send(r).want(t, tt.status, tt.code, tt.message)
		})
	}
}

func TestPresignedQuery(t *testing.T) {
	p := newPlace(t)
	get := func(query string) answer {
		t.Helper()
		r, err := http.NewRequest(http.MethodGet, p.url+"/?"+query, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		return p.send(r)
	}
	get("X-Amz-Signature=00").want(t, 400, "IncompleteSignature",
		"AWS query-string parameters must include 'X-Amz-Algorithm'. AWS query-string parameters must include 'X-Amz-Credential'. "+
			"AWS query-string parameters must include 'X-Amz-Date'. AWS query-string parameters must include 'X-Amz-SignedHeaders'. Re-examine the query-string parameters.")
	for name, at := range map[string]time.Duration{"fresh": 0, "older than its X-Amz-Expires": -10 * time.Minute} {
		signed := p.presign(t, p.mfaSession(), time.Now().Add(at))
		if got := get(signed); got.text("Arn") != anaARN {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
		if got := get(signed + "&X-More=1"); got.code != "SignatureDoesNotMatch" {
			t.Errorf("%s, with one more parameter: %d %s", name, got.status, got.code)
		}
	}
	if got := get(p.presign(t, p.user, time.Now().Add(-20*time.Minute))); !strings.HasPrefix(got.message, "Signature expired: ") {
		t.Errorf("old: %d %s %s", got.status, got.code, got.message)
	}
}

// presign is the query of a presigned GetCallerIdentity, as aws-iam-authenticator makes it.
func (p *place) presign(t *testing.T, by signer, at time.Time) string {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, p.url+"/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Expires=60", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	signed, _, err := v4Presign(by, r, at)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(signed)
	if err != nil {
		t.Fatal(err)
	}
	return u.RawQuery
}

func TestErrorsAsJSON(t *testing.T) {
	p := newPlace(t)
	r, err := http.NewRequest(http.MethodGet, p.url+"/?Action=GetCallerIdentity&Version=2011-06-15", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "application/json")
	got := p.send(r)
	var body struct {
		Error     struct{ Code, Message, Type string }
		RequestID string `json:"RequestId"`
	}
	if err := json.Unmarshal([]byte(got.body), &body); err != nil {
		t.Fatal(err)
	}
	if body.Error.Code != "MissingAuthenticationToken" || body.Error.Type != "Sender" || body.RequestID != got.header.Get("X-Amzn-Requestid") {
		t.Errorf("got %+v", body)
	}
	if got.header.Get("Content-Type") != "application/json" {
		t.Errorf("Content-Type: %s", got.header.Get("Content-Type"))
	}
}
