//go:build linux

package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"daypass/internal/stsim"
)

func TestASecretIsFoundInEachForm(t *testing.T) {
	long := secret{"long", "SECRET/of+ana=EXAMPLE00000"}
	code := secret{"code", "123456"}
	for _, text := range []string{
		"x SECRET/of+ana=EXAMPLE00000 x", "cret of+ana=EXAMPLE0000", "k=SECRET%2Fof%2Bana%3DEXAMPLE00000&", "SECRET%2Fof+ana=EXAMPLE00000",
		base64.StdEncoding.EncodeToString([]byte(`{"a":"SECRET/of+ana=EXAMPLE00000"}`)),
		base64.URLEncoding.EncodeToString([]byte(`{"ab":"SECRET/of+ana=EXAMPLE00000"}`)),
		base64.StdEncoding.EncodeToString([]byte(`{"abc":"SECRET/of+ana=EXAMPLE00000"}`)),
		fmt.Sprintf("%x", "x SECRET/of+ana=EXAMPLE00000"), fmt.Sprintf("%X", "SECRET/of+ana=EXAMPLE00000"),
	} {
		if long.in(text) == "" {
			t.Errorf("not found in %q", text)
		}
	}
	for _, text := range []string{"123456", "code=123456&", "'123456'", "1 123456\n", fmt.Sprintf("%x", "123456"),
		base64.StdEncoding.EncodeToString([]byte("c:123456;")), base64.StdEncoding.EncodeToString([]byte("co:123456;")), base64.StdEncoding.EncodeToString([]byte("cod:123456;"))} {
		if code.in(text) == "" {
			t.Errorf("not found in %q", text)
		}
	}
	for _, text := range []string{"1234567", "f123456e", "", "654321"} {
		if found := code.in(text); found != "" {
			t.Errorf("found %q in %q", found, text)
		}
	}
}

// TestSecretsStayInTheStore runs everything, with the log on, and looks for the
// long-term key, all that was issued, and the codes.
func TestSecretsStayInTheStore(t *testing.T) {
	t.Parallel()
	s := newSpy(t)
	s.write("home/.aws/config", profiles+`
[profile inline]
role_arn = `+plainRole+`
aws_access_key_id = `+secondKeyID+`
aws_secret_access_key = `+secondSecret+`
[profile env]
role_arn = `+devRole+`
credential_source = Environment
mfa_serial = `+device+`
`)
	s.types(0, []string{s.code()}, "login", "dev")
	s.types(0, []string{s.code()}, "login", "session", "--refresh")
	s.types(4, []string{"12345", "x" + s.code(), "000000", "000000", "000001", "000002"}, "login", "dev", "--refresh")
	s.does(0, nil, "credential-process", "--profile", "dev")
	s.does(0, nil, "credential-process", "--profile", "ops")
	s.does(0, nil, "credential-process", "--profile", "inline")
	for _, format := range []string{"env", "env-no-export", "fish", "powershell", "windows-cmd", "process"} {
		s.does(0, nil, "export", "dev", "--format", format)
	}
	s.does(0, nil, "export", "dev", "--template", "{SecretAccessKey|json} {SessionToken|base64}")
	s.does(2, nil, "export", "dev", "--template", "{SessionToken|x}")
	s.does(0, nil, "export", "--unset")
	s.types(0, []string{s.code()}, "exec", "dev", "--refresh", "--", "true")
	s.does(127, nil, "exec", "dev", "--", "./nosuch")
	keys := []string{"AWS_ACCESS_KEY_ID=" + accessKeyID, "AWS_SECRET_ACCESS_KEY=" + secretAccessKey}
	s.does(0, append(keys, "DAYPASS_TOKEN_CODE="+s.code()), "credential-process", "--profile", "env")
	s.does(2, append(keys, "AWS_SESSION_TOKEN="+s.token()), "credential-process", "--profile", "env")
	s.does(0, nil, "login", "dev", "ops", "session")
	for _, name := range []string{"dev", "session", "inline"} {
		s.does(0, nil, "explain", name)
		s.does(0, nil, "explain", name, "--json")
	}
	s.does(2, nil, "explain", "env")
	s.does(0, keys, "explain", "env", "--json")
	for _, format := range []string{"env", "env-no-export", "process"} {
		s.does(0, nil, "federate", "dev", "--name", "partner", "--format", format)
	}
	s.federated(s.does(0, nil, "federate", "dev", "--name", "partner", "--format", "process").out)
	s.does(0, nil, "whoami", "dev")
	s.does(0, nil, "whoami", "inline", "--json")
	s.does(5, nil, "decode", "--profile", "inline", strings.Repeat("A", 100))
	s.signin(s.does(0, []string{"TEST_SIGNIN=" + s.url + "/federation"}, "console", "inline").out)
	s.fails([]string{"TEST_SIGNIN=" + s.url + "/nowhere"}, "console", "inline")
	s.fails([]string{"TEST_SIGNIN=http://127.0.0.1:1/federation"}, "console", "inline")
	s.does(0, nil, "history")
	s.does(0, nil, "history", "--json")
	s.does(0, nil, "status")
	s.does(0, nil, "status", "--json")
	s.does(0, nil, "completion", "bash")
	s.does(0, nil, "version")
	items, _ := filepath.Glob(filepath.Join(s.folder, "store", "item-*"))
	for _, item := range items {
		text, _ := os.ReadFile(item)
		if !slices.ContainsFunc(s.secrets, func(hidden secret) bool { return hidden.in(string(text)) != "" }) {
			t.Errorf("no secret is found where they are: %s", text)
		}
	}
	s.does(0, nil, "logout", "dev")
	s.files()
	s.does(0, nil, "logout", "--all")
	s.files()
	s.check()

	if lines := strings.Count(s.read("home/.local/state/daypass/history.jsonl"), "\n"); lines < 9 {
		t.Errorf("the history has only %d lines", lines)
	}
	if log := s.read("home/.local/state/daypass/debug.log"); len(log) < 500 {
		t.Errorf("the log has hardly anything in it: %q", log)
	}
	if len(s.secrets) < 12 {
		t.Errorf("only %d secrets were looked for", len(s.secrets))
	}
}

// federated makes secrets of a federation token.
func (s *spy) federated(answer string) {
	s.t.Helper()
	var c struct{ SecretAccessKey, SessionToken string }
	if err := json.Unmarshal([]byte(answer), &c); err != nil || c.SessionToken == "" {
		s.t.Fatalf("%v: %s", err, answer)
	}
	s.secrets = append(s.secrets, secret{"the federation token's secret", c.SecretAccessKey}, secret{"the federation token", c.SessionToken})
}

// signin makes a secret of a sign-in token.
func (s *spy) signin(address string) {
	s.t.Helper()
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Query().Get("SigninToken") == "" {
		s.t.Fatalf("%v: %s", err, address)
	}
	s.secrets = append(s.secrets, secret{"a sign-in token", u.Query().Get("SigninToken")})
}

// token is that of the newest session.
func (s *spy) token() string {
	for _, hidden := range slices.Backward(s.secrets) {
		if strings.HasPrefix(hidden.name, "the token of GetSessionToken") {
			return hidden.value
		}
	}
	s.t.Fatal("no session was issued")
	return ""
}

// TestSecretsAreNotRepeated: an STS, or what answers in its place, says back
// whatever it was sent, as it was or in another form; a program prints the code
// and fails.
func TestSecretsAreNotRepeated(t *testing.T) {
	t.Parallel()
	forms := map[string]func(string) string{
		"plain":     func(s string) string { return s },
		"for URLs":  url.QueryEscape,
		"for paths": url.PathEscape,
		"base64":    func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
		"base64url": func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
		"hex":       func(s string) string { return hex.EncodeToString([]byte(s)) },
		"in quotes": strconv.Quote,
	}
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSpy(t)
			s.write("home/.aws/config", profiles+"\n[profile blab]\ndaypass_source_profile = main\nmfa_serial = "+device+"\nmfa_process = sh blab.sh\n")
			s.does(0, []string{"DAYPASS_TOKEN_CODE=" + s.code()}, "login", "session")
			for kind, fault := range map[string]func(text string) stsim.Fault{
				"error": func(text string) stsim.Fault { return stsim.Fault{Status: 403, Code: "AccessDenied", Message: text} },
				"code":  func(text string) stsim.Fault { return stsim.Fault{Status: 400, Code: text, Message: "no"} },
				"busy": func(text string) stsim.Fault {
					return stsim.Fault{Status: 503, Code: "ServiceUnavailable", Message: text}
				},
				"page":      func(text string) stsim.Fault { return stsim.Fault{Status: 407, Body: "<html>" + text + "</html>"} },
				"fine page": func(text string) stsim.Fault { return stsim.Fault{Body: text} },
				"redirect":  func(text string) stsim.Fault { return stsim.Fault{Redirect: "http://127.0.0.1:1/" + text} },
			} {
				s.freshCodes()
				code := s.code()
				s.sts.Inject(fault(said(kind, form, code, secretAccessKey)))
				s.sts.Reset()
				s.fails([]string{"DAYPASS_TOKEN_CODE=" + code}, "login", "session", "--refresh")
				s.sts.ClearFaults()
				s.sts.Inject(fault(said(kind, form, secretAccessKey)))
				s.fails(nil, "federate", "session", "--name", "partner")
				s.sts.ClearFaults()
				s.sts.Inject(fault(said(kind, form, s.stored()...)))
				s.fails(nil, "login", "dev")
				s.fails(nil, "whoami", "session")
				s.sts.ClearFaults()
				s.counts(1, 1)
			}
			s.freshCodes()
			s.write("blab.sh", "echo "+form(s.code())+" is no code; exit 1")
			s.fails(nil, "login", "blab", "--refresh")
			s.write("blab.sh", "echo "+form(s.code())+form(s.code()))
			s.fails(nil, "login", "blab", "--refresh")
			s.does(0, nil, "status")
			s.files()
			s.check()
		})
	}
}

// said is what an STS says about what it was sent.
func said(kind string, form func(string) string, secrets ...string) string {
	var b strings.Builder
	for _, value := range secrets {
		fmt.Fprintf(&b, "Value '%s' failed to satisfy constraint; ", form(value))
	}
	if kind == "redirect" {
		return strings.NewReplacer(" ", "+", ";", "", "'", "", `"`, "").Replace(b.String())
	}
	return b.String()
}

// stored are secret and token of the session in the store.
func (s *spy) stored() []string {
	var found []string
	for _, hidden := range s.secrets {
		if strings.HasSuffix(hidden.name, " of GetSessionToken") {
			found = append(found, hidden.value)
		}
	}
	return found
}

// TestSecretsAreInNoProcessList: while daypass asks, runs a program and waits
// for STS, no command line holds a secret, and no program of its gets one.
func TestSecretsAreInNoProcessList(t *testing.T) {
	t.Parallel()
	s := newSpy(t)
	s.write("home/.aws/config", profiles+`
[profile env]
role_arn = `+devRole+`
credential_source = Environment
mfa_serial = `+device+`
mfa_process = sh wait.sh
[profile later]
role_arn = `+devRole+`
source_profile = main
`)
	s.write("wait.sh", "echo $$ >waiting\nwhile test ! -e go; do sleep 0.02; done\ncat code")
	s.write("code", s.code())
	cmd := s.command(s.program, "credential-process", "--profile", "env")
	cmd.Env = append(slices.Clone(cmd.Env), "TEST_ALONE=yes", "AWS_ACCESS_KEY_ID="+accessKeyID, "AWS_SECRET_ACCESS_KEY="+secretAccessKey,
		"AWS_SECURITY_TOKEN="+secondSecret, "DAYPASS_TOKEN_CODE=")
	end := s.begin(cmd)
	s.until("the program runs", func() bool { return strings.HasSuffix(s.read("waiting"), "\n") })
	child := strings.TrimSpace(s.read("waiting"))
	environ, err := os.ReadFile("/proc/" + child + "/environ")
	if err != nil || !strings.Contains(string(environ), "DAYPASS_CALLERS=env") {
		t.Fatalf("not the program's environment: %v %q", err, environ)
	}
	s.saw("environment of the program", string(environ))
	s.processes()
	s.write("go", "")
	end().credentials()
	s.issued()

	s.sts.Inject(stsim.Fault{Action: "GetSessionToken", Hang: true})
	code := s.code()
	p := s.ask("dev")
	p.Expect("MFA code: ")
	s.processes()
	s.sts.Reset()
	p.Type(code + "\r")
	s.until("STS is asked", func() bool { return s.sts.Count("GetSessionToken") == 1 })
	s.processes()
	p.Type("\x03")
	p.end()
	s.check()
}

// processes keeps the command lines of all processes.
func (s *spy) processes() {
	s.t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(lines) == 0 {
		s.t.Fatal("no processes")
	}
	for _, line := range lines {
		if text, err := os.ReadFile(line); err == nil { // else it has ended
			s.saw(line, string(text))
		}
	}
}
