package session

import (
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"daypass/creds"
	"daypass/internal/stsim"
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
	legacy    = []string{"sso_account_id", "222222222222", "sso_region", "eu-north-1", "sso_role_name", "Dev", "sso_start_url", "https://corp.example/start"}
)

func TestSignedIn(t *testing.T) {
	for name, settings := range map[string][]string{"by sso_session": bySession, "legacy": legacy} {
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
	for name, settings := range map[string][]string{"by sso_session": bySession, "legacy": legacy} {
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
	s.p.Base.Source = profile.Setting{}
	s.defined(s.p.Base, map[string]string{"AWS_ENDPOINT_URL_SSO": "http://127.0.0.1:1"})
	if e := s.fails(BaseUnreachable); e.Detail != "127.0.0.1:1" || !strings.Contains(e.Error(), "refused") {
		t.Errorf("got %v", e)
	}
}

// instance is a machine with a metadata service.
func newInstance(t *testing.T) (*world, *made, func(variables ...string)) {
	t.Helper()
	w, m := newWorld(t), newMade(t)
	temporary := w.session()
	w.onlyRole()
	m.answer = func(r *http.Request) (int, string) {
		switch path := r.URL.Path; {
		case r.Method == http.MethodPut && path == "/latest/api/token":
			return 200, "imds-token"
		case r.Header.Get("X-Aws-Ec2-Metadata-Token") != "imds-token":
			return 401, marked
		case path == "/latest/meta-data/iam/security-credentials/":
			return 200, "Node"
		case path == "/latest/meta-data/iam/security-credentials/Node":
			return 200, fmt.Sprintf(`{"Code":"Success","Type":"AWS-HMAC","AccessKeyId":%q,"SecretAccessKey":%q,"Token":%q,"Expiration":%q,"LastUpdated":%q}`,
				temporary.AccessKeyID, temporary.SecretAccessKey.Reveal(), temporary.SessionToken.Reveal(), at(time.Hour), at(0))
		}
		return 404, marked
	}
	source := profile.Setting{Key: "credential_source", Value: "Ec2InstanceMetadata"}
	return w, m, func(variables ...string) {
		all := map[string]string{"AWS_EC2_METADATA_SERVICE_ENDPOINT": m.url}
		for i := 0; i < len(variables); i += 2 {
			all[variables[i]] = variables[i+1]
		}
		w.defined(profile.Base{Kind: profile.Metadata, Profile: "node", Source: source, Defining: []profile.Setting{source}}, all)
	}
}

func TestInstance(t *testing.T) {
	w, m, begin := newInstance(t)
	begin()
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1") // which must not see this
	first := w.must()
	w.expect("cold", 0, 0, 1)
	if want := "PUT /latest/api/token"; len(m.asked) != 3 || m.asked[0] != want {
		t.Errorf("asked %q", m.asked)
	}
	if again := w.must(); again.AccessKeyID != first.AccessKeyID || len(m.asked) != 3 {
		t.Errorf("a hit: asked %q", m.asked)
	}
}

func TestInstanceFails(t *testing.T) {
	w, m, begin := newInstance(t)
	w.want.Network.Attempts = Sourced{"1", "test"}
	begin("AWS_EC2_METADATA_DISABLED", "True")
	w.fails(MetadataOff)
	if len(m.asked) > 0 {
		t.Errorf("asked %q", m.asked)
	}
	begin("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1")
	w.fails(BaseUnreachable)
	begin()
	right := m.answer
	of := func(path, body string, status int) func(*http.Request) (int, string) {
		return func(r *http.Request) (int, string) {
			if strings.HasSuffix(r.URL.Path, path) {
				return status, body
			}
			return right(r)
		}
	}
	m.answer = of("credentials/", marked, 404) // an instance without a role
	w.fails(BaseRefused)
	m.answer = of("/Node", `{"Code":"AssumeRoleUnauthorizedAccess","Message":"`+marked+`"}`, 200)
	w.fails(BaseRefused)
	m.answer = of("/Node", `{"Code":"`+marked, 200)
	w.fails(BaseUnreadable)
	m.answer = of("/Node", `{"Code":"Success","AccessKeyId":"`+marked+`"}`, 200)
	w.fails(BaseUnreadable)
}

func TestContainer(t *testing.T) {
	w, m := newWorld(t), newMade(t)
	temporary := w.session()
	w.onlyRole()
	w.want.Network.Attempts = Sourced{"1", "test"}
	tokenFile := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(tokenFile, []byte("Basic of-file"), 0o600); err != nil {
		t.Fatal(err)
	}
	authorization := ""
	right := func(r *http.Request) (int, string) {
		authorization = r.Header.Get("Authorization")
		return 200, fmt.Sprintf(`{"AccessKeyId":%q,"SecretAccessKey":%q,"Token":%q,"Expiration":%q,"RoleArn":"x"}`,
			temporary.AccessKeyID, temporary.SecretAccessKey.Reveal(), temporary.SessionToken.Reveal(), at(time.Hour))
	}
	source := profile.Setting{Key: "credential_source", Value: "EcsContainer"}
	begin := func(variables map[string]string) {
		w.cache.entries = map[string]creds.Issued{}
		w.sts.Reset()
		w.defined(profile.Base{Kind: profile.Metadata, Profile: "task", Source: source, Defining: []profile.Setting{source}}, variables)
	}
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")

	m.answer = right
	for want, more := range map[string][2]string{
		"": {}, "Bearer given": {containerID, "Bearer given"}, "Basic of-file": {containerID + "_FILE", tokenFile},
	} {
		begin(map[string]string{fullURI: m.url + "/v1/credentials?id=1", more[0]: more[1]})
		w.must()
		w.expect("cold", 0, 0, 1)
		if authorization != want {
			t.Errorf("authorization %q, want %q", authorization, want)
		}
		w.must()
	}
	if len(m.asked) != 3 || m.asked[0] != "GET /v1/credentials?id=1" {
		t.Errorf("asked %q", m.asked)
	}
	begin(nil)
	w.fails(ContainerMissing)
	for _, address := range []string{"http://192.0.2.1/x", "ftp://127.0.0.1/", "http://", "://" + marked, "http://127.0.0.1.nowhere.invalid/"} {
		begin(map[string]string{fullURI: address})
		w.fails(ContainerForeign)
	}
	for answer, problem := range map[string]BaseProblem{
		`{"AccessKeyId":"` + marked:                            BaseUnreadable,
		`{"code":"` + marked + `","message":"` + marked + `"}`: BaseRefused,
	} {
		m.answer = func(*http.Request) (int, string) { return 403, answer }
		begin(map[string]string{fullURI: m.url})
		w.fails(problem)
		m.answer = func(*http.Request) (int, string) { return 200, answer }
		w.fails(BaseUnreadable)
	}
}

func TestWhereAContainerAsks(t *testing.T) {
	b := &Base{Kind: profile.Metadata, Profile: "task"}
	for _, test := range []struct{ relative, full, want string }{
		{"/v2/credentials/1", "http://127.0.0.1/x", "http://169.254.170.2/v2/credentials/1"},
		{"", "http://127.0.0.1:1/x", "http://127.0.0.1:1/x"},
		{"", "http://[::1]/x", "http://[::1]/x"},
		{"", "http://169.254.170.23/v1/credentials", "http://169.254.170.23/v1/credentials"},
		{"", "http://[fd00:ec2::23]/v1/credentials", "http://[fd00:ec2::23]/v1/credentials"},
		{"", "https://anywhere.example/x", "https://anywhere.example/x"},
		{"", "http://169.254.169.254/x", ""},
		{"", "http://10.0.0.1/x", ""},
	} {
		got, err := b.containerAddress(t.Context(), env(map[string]string{relativeURI: test.relative, fullURI: test.full}))
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%+v: %q, %v", test, got, err)
		}
	}
}

func TestIdentityToken(t *testing.T) {
	w := newWorld(t)
	w.p.MFASerial = profile.Setting{}
	w.withRole(roleB)
	file := filepath.Join(t.TempDir(), "token")
	source := profile.Setting{Key: "web_identity_token_file", Value: file}
	job := role(roleC, 0)
	job.SessionName = setting("job")
	w.sts.AddRole(stsim.Role{ARN: roleC})
	w.sts.AddRole(stsim.Role{ARN: roleB, Principals: []string{roleC}})
	w.sts.AddIdentity("eyJ."+marked, stsim.Identity{Roles: []string{roleC}})
	w.defined(profile.Base{Kind: profile.WebIdentity, Profile: "job", Role: job, Source: source, Defining: []profile.Setting{source}}, nil)

	w.fails(TokenUnreadable)
	for _, text := range []string{"", "\n", strings.Repeat("MARKED", 5000)} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		w.fails(TokenUnreadable)
	}
	if err := os.WriteFile(file, []byte("eyJ."+marked+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	first := w.must()
	w.expect("cold", 0, 0, 1)
	if n := w.sts.Count(AssumeRoleWithWebIdentity); n != 1 {
		t.Errorf("%d calls", n)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if again := w.must(); again.AccessKeyID != first.AccessKeyID {
		t.Error("a hit is no hit")
	}
	w.pass(50 * time.Minute)
	w.must()
	w.expect("renewed by the role before it, without the token", 0, 0, 2)

	w.cache.entries = map[string]creds.Issued{}
	for _, refusal := range []stsim.Identity{{}, {Roles: []string{roleC}, Expires: time.Now().Add(-time.Second)}} {
		if err := os.WriteFile(file, []byte("eyJ."+marked), 0o600); err != nil {
			t.Fatal(err)
		}
		w.sts.AddIdentity("eyJ."+marked, refusal)
		_, err := w.get()
		var refused *RefusedError
		if !errors.As(err, &refused) || refused.Call != AssumeRoleWithWebIdentity || strings.Contains(err.Error(), "MARKED") {
			t.Errorf("got %v", err)
		}
	}
	w.sts.Inject(stsim.Fault{Action: AssumeRoleWithWebIdentity, Status: 400, Code: "InvalidIdentityToken", Message: "what is eyJ." + marked + "?"})
	if _, err := w.get(); err == nil || strings.Contains(err.Error(), "MARKED") {
		t.Errorf("got %v", err)
	}
}

func TestWhatATokenTakesNot(t *testing.T) {
	for _, name := range []string{"external_id", "source_identity", "session_tags", "transitive_session_tags"} {
		r := role(roleA, 0)
		r.Settings = map[string]profile.Setting{name: {Key: name, Value: "a=b", File: "/c", Line: 3}}
		if name != "session_tags" {
			r.Settings[name] = profile.Setting{Key: name, Value: "ab", File: "/c", Line: 3}
		}
		var e *profile.Error
		if _, err := tokenStep(r, "ana"); !errors.As(err, &e) || e.Key != name || e.Line != 3 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
