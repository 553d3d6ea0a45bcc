package session

import (
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"daypass/creds"
)

func TestSigninPages(t *testing.T) {
	for _, test := range []struct {
		partition, region, from string
		federation, home        string
		post                    bool
	}{
		{"aws", "us-east-1", "", "https://signin.aws.amazon.com/federation", "https://console.aws.amazon.com/console/home", true},
		{"aws", "us-east-1", "AWS_REGION", "https://signin.aws.amazon.com/federation", "https://console.aws.amazon.com/console/home?region=us-east-1", true},
		{"aws", "eu-west-1", "AWS_REGION", "https://eu-west-1.signin.aws.amazon.com/federation", "https://console.aws.amazon.com/console/home?region=eu-west-1", true},
		{"aws-cn", "cn-north-1", "x", "https://signin.amazonaws.cn/federation", "https://console.amazonaws.cn/console/home?region=cn-north-1", true},
		{"aws-cn", "cn-northwest-1", "x", "https://cn-northwest-1.signin.amazonaws.cn/federation", "https://console.amazonaws.cn/console/home?region=cn-northwest-1", true},
		{"aws-us-gov", "us-gov-west-1", "x", "https://signin.amazonaws-us-gov.com/federation", "https://console.amazonaws-us-gov.com/console/home?region=us-gov-west-1", false},
		{"aws-us-gov", "us-gov-east-1", "x", "https://us-gov-east-1.signin.amazonaws-us-gov.com/federation", "https://console.amazonaws-us-gov.com/console/home?region=us-gov-east-1", false},
		{"aws-eusc", "eusc-de-east-1", "x", "https://signin.amazonaws-eusc.eu/federation", "https://console.amazonaws-eusc.eu/console/home?region=eusc-de-east-1", false},
	} {
		s, err := ReadSignin("p", Network{Partition: test.partition, Region: Sourced{test.region, test.from}}, "")
		home, bad := s.Destination("")
		if err != nil || bad != nil || s.Federation != test.federation || s.Post != test.post || home != test.home {
			t.Errorf("%s %s: %+v, %s, %v, %v", test.partition, test.region, s, home, err, bad)
		}
	}
	for _, partition := range []string{"aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "other", ""} {
		var config *ConfigError
		if _, err := ReadSignin("p", Network{Partition: partition}, "http://x"); !errors.As(err, &config) || config.Problem != SigninUnknown || config.Detail != partition {
			t.Errorf("%s: %v", partition, err)
		}
	}
}

// TestSigninIsForAWSAlone: what Ceph or MinIO issued is nothing to AWS.
func TestSigninIsForAWSAlone(t *testing.T) {
	for endpoint, foreign := range map[string]string{
		"https://minio.example:9000": "minio.example:9000", "http://sts.eu-west-1.amazonaws.com": "sts.eu-west-1.amazonaws.com",
		"https://sts.eu-west-1.amazonaws.com": "", "https://vpce-1-x.sts.eu-west-1.vpce.amazonaws.com": "",
	} {
		n := Network{Partition: "aws", Region: Sourced{"us-east-1", ""}, Endpoint: Sourced{endpoint, "x"}}
		var config *ConfigError
		s, err := ReadSignin("p", n, "")
		if foreign == "" && (err != nil || s.Federation == "") || foreign != "" && (!errors.As(err, &config) || config.Problem != SigninForeign || config.Detail != foreign) {
			t.Errorf("%s: %+v, %v", endpoint, s, err)
		}
		if s, err := ReadSignin("p", n, "http://stand-in"); err != nil || s.Federation != "http://stand-in" || s.Console != "console.aws.amazon.com" {
			t.Errorf("%s: %+v, %v", endpoint, s, err)
		}
	}
}

func TestDestination(t *testing.T) {
	s := Signin{Console: "console.aws.amazon.com", Region: "eu-west-1"}
	for page, want := range map[string]string{
		"s3":                             "https://console.aws.amazon.com/s3/home?region=eu-west-1",
		"https://console.aws.amazon.com": "https://console.aws.amazon.com",
		"https://eu-west-1.console.aws.amazon.com/ec2/home#Instances:": "https://eu-west-1.console.aws.amazon.com/ec2/home#Instances:",
		"http://console.aws.amazon.com/":                               "", "https://example.com/": "", "https://console.aws.amazon.com.example.com/": "",
		"https://u:p@console.aws.amazon.com/": "", "https://evilconsole.aws.amazon.com/": "", "https://console.aws.amazon.com:8443/": "",
		"s3/home": "", "s3?x": "", "..": "", "://": "", "javascript:alert(1)": "",
	} {
		var parameter *ParameterError
		got, err := s.Destination(page)
		if got != want || (err == nil) != (want != "") || err != nil && !errors.As(err, &parameter) {
			t.Errorf("%q: %q, %v", page, got, err)
		}
	}
}

// signin signs in at a page that does what handle does.
func signin(t *testing.T, post bool, handle http.HandlerFunc) (string, error) {
	t.Helper()
	page := httptest.NewServer(handle)
	defer page.Close()
	s := Signin{Federation: page.URL + "/federation", Console: "console.aws.amazon.com", Post: post}
	c := creds.Credentials{AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: creds.NewSecret("MARKED+secret/value="), SessionToken: creds.NewSecret("MARKED+token/value==")}
	address, err := s.URL(t.Context(), Network{Region: Sourced{"eu-west-1", ""}}, c, "https://console.aws.amazon.com/?a=b&c")
	if err != nil && (strings.Contains(fmt.Sprintf("%+v", err), "MARKED") || strings.Contains(err.Error(), "SigninToken=")) {
		t.Errorf("the error tells a secret: %+v", err)
	}
	return strings.TrimPrefix(address.Reveal(), page.URL), err
}

func TestSigninURL(t *testing.T) {
	newWorld(t)
	for _, post := range []bool{true, false} {
		address, err := signin(t, post, func(answer http.ResponseWriter, r *http.Request) {
			if (r.Method == http.MethodPost) != post || post && r.URL.RawQuery != "" {
				t.Errorf("%s %s", r.Method, r.URL)
			}
			if r.FormValue("Action") != "getSigninToken" || r.FormValue("SessionType") != "json" || r.Form.Has("SessionDuration") ||
				r.FormValue("Session") != `{"sessionId":"ASIAEXAMPLE","sessionKey":"MARKED+secret/value=","sessionToken":"MARKED+token/value=="}` {
				t.Errorf("the page got %v", r.Form)
			}
			fmt.Fprint(answer, `{"SigninToken":"T+o/k=e n"}`)
		})
		want := "/federation?" + url.Values{"Action": {"login"}, "Destination": {"https://console.aws.amazon.com/?a=b&c"}, "SigninToken": {"T+o/k=e n"}}.Encode()
		if err != nil || address != want {
			t.Errorf("%q, %v", address, err)
		}
	}
}

// TestSigninRefused: whatever answers, no error repeats what it was sent, and the
// credentials go nowhere else.
func TestSigninRefused(t *testing.T) {
	newWorld(t)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the other page got %s %s, Referer %q", r.Method, r.URL, r.Referer())
	}))
	defer elsewhere.Close()
	echo := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			fmt.Fprint(w, r.FormValue("Session"), r.URL)
		}
	}
	redirect := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL+"/x", status) }
	}
	for name, test := range map[string]struct {
		handle http.HandlerFunc
		code   string
	}{
		"no token":   {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{}`) }, "HTTP 200"},
		"a page":     {echo(200), "HTTP 200"},
		"bad":        {echo(400), "Bad Request"},
		"forbidden":  {echo(403), "Forbidden"},
		"proxy":      {echo(407), "HTTP 407"},
		"down":       {echo(503), "HTTP 503"},
		"moved":      {redirect(301), "HTTP 301"},
		"see other":  {redirect(303), "HTTP 303"},
		"temporary":  {redirect(307), "HTTP 307"},
		"permanent":  {redirect(308), "HTTP 308"},
		"not a word": {func(http.ResponseWriter, *http.Request) {}, "HTTP 200"},
	} {
		for _, post := range []bool{true, false} {
			var refused *RefusedError
			address, err := signin(t, post, test.handle)
			if !errors.As(err, &refused) || refused.Call != GetSigninToken || refused.Code != test.code || address != "" {
				t.Errorf("%s: %q, %v", name, address, err)
			}
		}
	}
}

func TestSigninUnreachable(t *testing.T) {
	newWorld(t)
	for _, post := range []bool{true, false} {
		for name, handle := range map[string]http.HandlerFunc{
			"hangs up": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			"hangs up in the middle": func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "100")
				fmt.Fprint(w, `{"SigninToken":"MARKED`)
			},
		} {
			var lost *UnreachableError
			if _, err := signin(t, post, handle); !errors.As(err, &lost) || lost.Call != GetSigninToken || lost.Service() != "the sign-in page" {
				t.Errorf("%s: %v", name, err)
			}
		}
		closed, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_ = closed.Close()
		s := Signin{Federation: "http://" + closed.Addr().String() + "/federation", Post: post}
		c := creds.Credentials{AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: creds.NewSecret("MARKED+secret/value=")}
		var lost *UnreachableError
		if _, err := s.URL(t.Context(), Network{Region: Sourced{"eu-west-1", ""}}, c, ""); !errors.As(err, &lost) || strings.Contains(err.Error(), "MARKED") || strings.Contains(err.Error(), "Session=") {
			t.Errorf("%v", err)
		}
	}
}

// TestSigninTrustsTheProfilesAuthority: the page is reached as STS is.
func TestSigninTrustsTheProfilesAuthority(t *testing.T) {
	newWorld(t)
	page := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"SigninToken":"T"}`) }))
	defer page.Close()
	page.Config.ErrorLog = log.New(io.Discard, "", 0)
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: page.Certificate().Raw})
	if err := os.WriteFile(bundle, text, 0o600); err != nil {
		t.Fatal(err)
	}
	s := Signin{Federation: page.URL + "/federation", Post: true}
	n := Network{Region: Sourced{"eu-west-1", ""}}
	var lost *UnreachableError
	if _, err := s.URL(t.Context(), n, creds.Credentials{}, ""); !errors.As(err, &lost) || !lost.Cert {
		t.Errorf("%v", err)
	}
	n.CABundle = Sourced{bundle, "ca_bundle"}
	if address, err := s.URL(t.Context(), n, creds.Credentials{}, ""); err != nil || address.Empty() {
		t.Errorf("%v", err)
	}
}
