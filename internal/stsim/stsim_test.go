package stsim_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"daypass/internal/stsim"
)

const (
	account = "111111111111"
	other   = "222222222222"
	anaARN  = "arn:aws:iam::111111111111:user/ana"
	serial  = "arn:aws:iam::111111111111:mfa/ana"
	devARN  = "arn:aws:iam::111111111111:role/team/Dev"
)

var ana = stsim.User{Account: account, Name: "ana"}

// place is a Server on loopback with one user, her device and a role, and a client that signs with the user's key.
type place struct {
	*stsim.Server
	t    *testing.T
	url  string
	user signer
}

// signer signs requests with a key pair.
type signer struct {
	aws.Credentials
	region string
}

func newPlace(t *testing.T) *place {
	t.Helper()
	s := stsim.New()
	url, stop, err := s.Listen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	key := s.AddUser(ana)
	s.AddDevice(anaARN, serial, []byte("12345678901234567890"))
	s.AddRole(stsim.Role{ARN: devARN})
	return &place{Server: s, t: t, url: url, user: longTerm(key)}
}

// on is the place for a subtest.
func (p *place) on(t *testing.T) *place {
	return &place{Server: p.Server, t: t, url: p.url, user: p.user}
}

func longTerm(k stsim.Key) signer {
	return signer{aws.Credentials{AccessKeyID: k.AccessKeyID, SecretAccessKey: k.SecretAccessKey}, "us-east-1"}
}

// answer is what came back, error or not.
type answer struct {
	status  int
	code    string
	message string
	header  http.Header
	body    string
}

// sts calls STS; pairs are parameter names and values.
func (p *place) sts(by signer, action string, pairs ...string) answer {
	p.t.Helper()
	return p.query(by, "sts", "2011-06-15", action, pairs)
}

// iam calls IAM.
func (p *place) iam(by signer, action string, pairs ...string) answer {
	p.t.Helper()
	return p.query(by, "iam", "2010-05-08", action, pairs)
}

func (p *place) query(by signer, service, version, action string, pairs []string) answer {
	p.t.Helper()
	form := url.Values{"Action": {action}, "Version": {version}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	body := form.Encode()
	r, err := http.NewRequest(http.MethodPost, p.url+"/", strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	by.sign(p.t, r, service, body, time.Now())
	return p.send(r)
}

// sign signs as the AWS SDK does.
func (by signer) sign(t *testing.T, r *http.Request, service, body string, at time.Time) {
	t.Helper()
	sum := sha256.Sum256([]byte(body))
	err := v4.NewSigner().SignHTTP(context.Background(), by.Credentials, r, hex.EncodeToString(sum[:]), service, by.region, at)
	if err != nil {
		t.Fatal(err)
	}
}

// v4Presign makes a presigned URL as the AWS SDK does.
func v4Presign(by signer, r *http.Request, at time.Time) (string, http.Header, error) {
	empty := sha256.Sum256(nil)
	return v4.NewSigner().PresignHTTP(context.Background(), by.Credentials, r, hex.EncodeToString(empty[:]), "sts", by.region, at)
}

func (p *place) send(r *http.Request) answer {
	p.t.Helper()
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	got := answer{status: response.StatusCode, header: response.Header, body: string(body)}
	var wrong struct {
		Error struct{ Code, Message string }
	}
	if got.status >= 300 && xml.Unmarshal(body, &wrong) == nil {
		got.code, got.message = wrong.Error.Code, wrong.Error.Message
	}
	return got
}

// session reads the credentials out of a granted answer.
func (p *place) session(a answer) signer {
	p.t.Helper()
	if a.status != http.StatusOK {
		p.t.Fatalf("refused: %d %s %s", a.status, a.code, a.message)
	}
	return signer{aws.Credentials{
		AccessKeyID:     a.text("AccessKeyId"),
		SecretAccessKey: a.text("SecretAccessKey"),
		SessionToken:    a.text("SessionToken"),
	}, "us-east-1"}
}

// text is the text of the first element of the name.
func (a answer) text(name string) string {
	decoder := xml.NewDecoder(strings.NewReader(a.body))
	for {
		token, err := decoder.Token()
		if err != nil {
			return ""
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == name {
			var text string
			if decoder.DecodeElement(&text, &start) != nil {
				return ""
			}
			return text
		}
	}
}

// mfaSession is a session of the user's that was made with a code.
func (p *place) mfaSession() signer {
	p.t.Helper()
	return p.session(p.sts(p.user, "GetSessionToken", "SerialNumber", serial, "TokenCode", p.Code(serial)))
}

// role assumes the role.
func (p *place) role(by signer, arn string, pairs ...string) answer {
	p.t.Helper()
	return p.sts(by, "AssumeRole", append([]string{"RoleArn", arn, "RoleSessionName", "test"}, pairs...)...)
}

func (a answer) want(t *testing.T, status int, code, message string) {
	t.Helper()
	if a.status != status || a.code != code || a.message != message {
		t.Errorf("got  %d %s %q\nwant %d %s %q", a.status, a.code, a.message, status, code, message)
	}
}

func (a answer) granted(t *testing.T) answer {
	t.Helper()
	if a.status != http.StatusOK {
		t.Errorf("refused: %d %s %q", a.status, a.code, a.message)
	}
	return a
}

// wantStart is want for a message too long to write down.
func (a answer) wantStart(t *testing.T, status int, code, start string) {
	t.Helper()
	if a.status != status || a.code != code || !strings.HasPrefix(a.message, start) {
		t.Errorf("got  %d %s %q\nwant %d %s %q…", a.status, a.code, a.message, status, code, start)
	}
}
