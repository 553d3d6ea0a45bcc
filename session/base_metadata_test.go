package session

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"

	"daypass/creds"
	"daypass/profile"
)

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
	elsewhere := newMade(t)
	elsewhere.answer = right
	m.answer = of("", elsewhere.url, 307)
	if w.fails(BaseRefused); len(elsewhere.asked) > 0 {
		t.Errorf("a redirect is followed: %q", elsewhere.asked)
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

// saying is a profile of an instance, with these lines.
func saying(t *testing.T, lines string) *profile.Profile {
	t.Helper()
	p := load(t, lines)
	source := profile.Setting{Key: "credential_source", Value: "Ec2InstanceMetadata"}
	p.Base = profile.Base{Kind: profile.Metadata, Profile: "p", Source: source, Defining: []profile.Setting{source}}
	return p
}

// TestWhatIsSaidOfAnInstance, by the profile or the environment, is what the SDK is
// told, and is in the cache key.
func TestWhatIsSaidOfAnInstance(t *testing.T) {
	const mode, v1 = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "AWS_EC2_METADATA_V1_DISABLED"
	four, six, yes, no := imds.EndpointModeStateIPv4, imds.EndpointModeStateIPv6, aws.TrueTernary, aws.FalseTernary
	seen := map[string]string{}
	for _, test := range []struct {
		lines    string
		vars     map[string]string
		endpoint string
		mode     imds.EndpointModeState
		fallback aws.Ternary
		same     bool // as another row
	}{
		{"", nil, "", four, yes, false},
		{"ec2_metadata_service_endpoint = http://[::1]:7", nil, "http://[::1]:7", four, yes, false},
		{"ec2_metadata_service_endpoint_mode = ipv6", nil, "", six, yes, false},
		{"daypass_ec2_metadata_service_endpoint_mode = IPv6", nil, "", six, yes, false},
		{"", map[string]string{mode: "IPv6"}, "", six, yes, true},
		{"ec2_metadata_service_endpoint_mode = IPv6", map[string]string{mode: "IPv4"}, "", four, yes, false},
		{"ec2_metadata_v1_disabled = True", nil, "", four, no, false},
		{"", map[string]string{v1: "true"}, "", four, no, false},
		{"ec2_metadata_v1_disabled = true", map[string]string{v1: "false"}, "", four, yes, false},
	} {
		at, err := readInstance(saying(t, test.lines), env(test.vars))
		var o imds.Options
		at.options(&o)
		if err != nil || o.Endpoint != test.endpoint || o.EndpointMode != test.mode || o.EnableFallback != test.fallback {
			t.Errorf("%q %v: %q, mode %v, fallback %v, %v", test.lines, test.vars, o.Endpoint, o.EndpointMode, o.EnableFallback, err)
		}
		b, err := ReadBase(saying(t, test.lines), env(test.vars))
		name := fmt.Sprint(test.lines, test.vars)
		if other, ok := seen[b.ID]; err != nil || ok != test.same {
			t.Errorf("%s: the id is that of %q, %v", name, other, err)
		}
		seen[b.ID] = name
	}
	for lines, want := range map[string]string{
		"ec2_metadata_service_endpoint = 169.254.169.254": "is not an http or https URL",
		"ec2_metadata_service_endpoint_mode = six":        `ec2_metadata_service_endpoint_mode is "six", neither IPv4 nor IPv6`,
		"ec2_metadata_v1_disabled = 1":                    `ec2_metadata_v1_disabled is "1", neither true nor false`,
	} {
		_, err := ReadBase(saying(t, lines), env(nil))
		var e *NetworkConfigError
		if !errors.As(err, &e) || !strings.HasSuffix(e.From, "config:4") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", lines, err)
		}
	}
}

// TestVersionOneOfMetadata is taken where there is no other, unless that is
// switched off: who asks without a token may be asking for somebody else.
func TestVersionOneOfMetadata(t *testing.T) {
	w, m, begin := newInstance(t)
	w.want.Network.Attempts = Sourced{"1", "test"}
	right := m.answer
	m.answer = func(r *http.Request) (int, string) {
		if r.Method == http.MethodPut {
			return 403, marked
		}
		r.Header.Set("X-Aws-Ec2-Metadata-Token", "imds-token")
		return right(r)
	}
	begin("AWS_EC2_METADATA_V1_DISABLED", "true")
	if e := w.fails(BaseRefused); e.Detail != "403" {
		t.Errorf("got %v", e)
	}
	for _, asked := range m.asked {
		if asked != "PUT /latest/api/token" {
			t.Errorf("asked %q", m.asked)
		}
	}
	begin()
	w.must()
	w.cache.entries = map[string]creds.Issued{}
	w.sts.Reset()
	begin("AWS_EC2_METADATA_V1_DISABLED", "true", "AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1")
	if e := w.fails(BaseUnreachable); e.Detail != "127.0.0.1:1" || !strings.Contains(e.Error(), "refused") {
		t.Errorf("got %v", e)
	}
}

// TestNoProxySeesMetadata: Go asks none for loopback, whatever a test sets.
func TestNoProxySeesMetadata(t *testing.T) {
	if nearby().(noted).HTTPClient.(*http.Client).Transport.(*http.Transport).Proxy != nil {
		t.Error("a proxy is asked for")
	}
}

func TestContainer(t *testing.T) {
	w, m := newWorld(t), newMade(t)
	temporary := w.session()
	w.onlyRole()
	w.want.Network.Attempts = Sourced{"1", "test"}
	folder := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tokenFile, emptyFile, twoLines := file("token", "Basic of-file\n"), file("empty", "\n"), file("lines", marked+"\n"+marked)
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

	m.answer = right
	for want, more := range map[string][2]string{
		"": {}, "Bearer given": {containerToken, "Bearer given"}, "Basic of-file": {containerTokenFile, tokenFile},
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
	for variable, values := range map[string][]string{
		containerTokenFile: {tokenFile + ".none", filepath.Dir(tokenFile), emptyFile, twoLines},
		containerToken:     {"Basic " + marked + "\n", marked + "\r\nX: y"},
	} {
		for _, value := range values {
			begin(map[string]string{fullURI: m.url, variable: value})
			if e := w.fails(TokenUnreadable); !strings.HasPrefix(e.Detail, variable) || e.Err == nil {
				t.Errorf("%s = %q: %v", variable, value, e)
			}
		}
	}
	if len(m.asked) != 3 {
		t.Errorf("asked without the token: %q", m.asked)
	}
	begin(nil)
	w.fails(ContainerMissing)
	for _, address := range []string{"http://192.0.2.1/x", "ftp://127.0.0.1/", "http://", "://" + marked, "http://127.0.0.1.nowhere.invalid/"} {
		begin(map[string]string{fullURI: address})
		w.fails(ContainerForeign)
	}
	for _, answer := range []string{`{"AccessKeyId":"` + marked, `{"code":"` + marked + `","message":"` + marked + `"}`} {
		m.answer = func(*http.Request) (int, string) { return 403, answer }
		begin(map[string]string{fullURI: m.url})
		if e := w.fails(BaseRefused); e.Detail != "403" {
			t.Errorf("%s: %v", answer, e)
		}
		m.answer = func(*http.Request) (int, string) { return 200, answer }
		w.fails(BaseUnreadable)
	}
}

func TestWhereAContainerAsks(t *testing.T) {
	b := &Base{Kind: profile.Metadata, Profile: "task"}
	for _, test := range []struct{ relative, full, want string }{
		{"/v2/credentials/1", "http://127.0.0.1/x", "http://169.254.170.2/v2/credentials/1"},
		{"@evil.example/", "http://127.0.0.1/x", ""},
		{".evil.example/", "", ""},
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
