package session

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"daypass/profile"
)

// signIn is a home in which somebody has signed in to a portal.
type signIn struct {
	*world
	portal, tokens *made
	token          string // the file that holds the token
}

func newSignIn(t *testing.T, settings ...string) *signIn {
	t.Helper()
	s := &signIn{world: newWorld(t), portal: newMade(t), tokens: newMade(t)}
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	b := profile.Base{Kind: profile.SSO, Profile: "corp"}
	name := ""
	for i := 0; i < len(settings); i += 2 {
		b.Defining = append(b.Defining, profile.Setting{Key: settings[i], Value: settings[i+1]})
		if settings[i] == "sso_session" || settings[i] == "sso_start_url" && name == "" {
			name = settings[i+1]
		}
	}
	sum := sha1.Sum([]byte(name))
	s.token = filepath.Join(home, ".aws", "sso", "cache", hex.EncodeToString(sum[:])+".json")
	if err := os.MkdirAll(filepath.Dir(s.token), 0o700); err != nil {
		t.Fatal(err)
	}
	temporary := s.session()
	s.onlyRole()
	s.defined(b, map[string]string{"AWS_ENDPOINT_URL_SSO": s.portal.url, "AWS_ENDPOINT_URL_SSO_OIDC": s.tokens.url})
	s.portal.answer = func(r *http.Request) (int, string) {
		if got := r.Header.Get("X-Amz-Sso_bearer_token"); got != "bearer" && got != "renewed" {
			return 401, `{"message":"` + marked + `"}`
		}
		return 200, fmt.Sprintf(`{"roleCredentials":{"accessKeyId":%q,"secretAccessKey":%q,"sessionToken":%q,"expiration":%d}}`,
			temporary.AccessKeyID, temporary.SecretAccessKey.Reveal(), temporary.SessionToken.Reveal(), temporary.Expiration.UnixMilli())
	}
	return s
}

func (s *signIn) holds(format string, args ...any) {
	s.t.Helper()
	if err := os.WriteFile(s.token, fmt.Appendf(nil, format, args...), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func at(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC3339) }

var (
	bySession = []string{"sso_account_id", "222222222222", "sso_role_name", "Dev", "sso_session", "corp", "sso_region", "eu-north-1", "sso_start_url", "https://corp.example/start"}
	ownLines  = []string{"sso_account_id", "222222222222", "sso_region", "eu-north-1", "sso_role_name", "Dev", "sso_start_url", "https://corp.example/start"}
)

func TestSignedIn(t *testing.T) {
	for name, settings := range map[string][]string{"by sso_session": bySession, "legacy": ownLines} {
		t.Run(name, func(t *testing.T) {
			s := newSignIn(t, settings...)
			s.holds(`{"accessToken":"bearer","expiresAt":%q}`, at(time.Hour))
			first := s.must()
			s.expect("cold", 0, 0, 1)
			if want := "GET /federation/credentials?account_id=222222222222&role_name=Dev"; len(s.portal.asked) != 1 || s.portal.asked[0] != want {
				t.Errorf("asked %q", s.portal.asked)
			}
			if again := s.must(); again.AccessKeyID != first.AccessKeyID || len(s.portal.asked) != 1 {
				t.Errorf("a hit: asked %q", s.portal.asked)
			}
		})
	}
}

func TestSignInIsNeeded(t *testing.T) {
	for name, settings := range map[string][]string{"by sso_session": bySession, "legacy": ownLines} {
		t.Run(name, func(t *testing.T) {
			s := newSignIn(t, settings...)
			s.fails(SignInNeeded) // no file
			for _, token := range []string{
				`{"accessToken":"` + marked + `"`,
				`{"accessToken":["` + marked + `"]}`,
				`{}`,
				fmt.Sprintf(`{"accessToken":%q,"expiresAt":%q}`, marked, at(-time.Minute)),
				fmt.Sprintf(`{"accessToken":%q,"expiresAt":%q}`, marked, marked),
			} {
				s.holds("%s", token)
				s.fails(SignInNeeded)
			}
			if len(s.portal.asked) > 0 {
				t.Errorf("asked %q", s.portal.asked)
			}
			s.holds(`{"accessToken":"`+marked+`","expiresAt":%q}`, at(time.Hour))
			s.fails(SignInNeeded) // 401
		})
	}
}

func TestTheTokenOfASignInIsRenewed(t *testing.T) {
	s := newSignIn(t, bySession...)
	expired := fmt.Sprintf(`{"accessToken":"old","expiresAt":%q,"refreshToken":"refresh","clientId":"id","clientSecret":%q,"region":"eu-north-1"}`, at(-time.Minute), marked)
	s.holds("%s", expired)
	s.tokens.answer = func(*http.Request) (int, string) {
		return 400, `{"error":"invalid_grant","error_description":"` + marked + `"}`
	}
	s.fails(SignInNeeded)
	s.tokens.answer = func(r *http.Request) (int, string) {
		if body, _ := io.ReadAll(r.Body); !strings.Contains(string(body), `"refreshToken":"refresh"`) {
			t.Errorf("sent %s", body)
		}
		return 200, `{"accessToken":"renewed","expiresIn":3600,"refreshToken":"next","tokenType":"Bearer"}`
	}
	s.must()
	s.expect("renewed", 0, 0, 1)
	text, err := os.ReadFile(s.token)
	if err != nil || !strings.Contains(string(text), `"renewed"`) || !strings.Contains(string(text), `"next"`) || !strings.Contains(string(text), "eu-north-1") {
		t.Errorf("the file holds %s, %v", text, err)
	}
}

func TestThePortalAnswers(t *testing.T) {
	s := newSignIn(t, bySession...)
	s.want.Network.Attempts = Sourced{"1", "test"}
	s.holds(`{"accessToken":"bearer","expiresAt":%q}`, at(time.Hour))
	for _, test := range []struct {
		status  int
		body    string
		problem BaseProblem
		detail  string
	}{
		{403, `{"message":"` + marked + `","__type":"ForbiddenException"}`, BaseRefused, "403"},
		{404, `{"message":"` + marked + `"}`, BaseRefused, "404"},
		{500, marked, BaseRefused, "500"},
		{502, `<html>` + marked, BaseRefused, "502"},
		{200, `{"roleCredentials":{"accessKeyId":"` + marked, BaseUnreadable, ""},
		{200, `<html>` + marked, BaseUnreadable, ""},
		{200, `{"roleCredentials":{"accessKeyId":"ASIA","secretAccessKey":"` + marked + `"}}`, BaseUnreadable, ""},
		{200, fmt.Sprintf(`{"roleCredentials":{"accessKeyId":"ASIA","secretAccessKey":%q,"sessionToken":"t","expiration":%d}}`, marked, time.Now().Add(-time.Second).UnixMilli()), BaseExpired, ""},
	} {
		s.portal.answer = func(*http.Request) (int, string) { return test.status, test.body }
		if e := s.fails(test.problem); test.detail != "" && e.Detail != test.detail {
			t.Errorf("%+v: %v", test, e)
		}
	}
	elsewhere := newMade(t)
	elsewhere.answer = s.portal.answer
	s.portal.answer = func(*http.Request) (int, string) { return 307, elsewhere.url }
	if e := s.fails(BaseRefused); e.Detail != "307" || len(elsewhere.asked) > 0 {
		t.Errorf("a redirect: %v, asked %q", e, elsewhere.asked)
	}
	s.defined(s.p.Base, map[string]string{"AWS_ENDPOINT_URL_SSO": "http://127.0.0.1:1"})
	if e := s.fails(BaseUnreachable); e.Detail != "127.0.0.1:1" || !strings.Contains(e.Error(), "refused") {
		t.Errorf("got %v", e)
	}
}
