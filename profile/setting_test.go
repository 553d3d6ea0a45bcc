package profile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestSecret(t *testing.T) {
	for key, want := range map[string]bool{
		"aws_secret_access_key": true, "daypass_aws_secret_access_key": true, "aws_session_token": true, "proxy_password": true,
		"my_secret": true, "x.secret": true, "aws_access_key_id": false, "region": false, "secret_region": false, "mfa_process": false,
	} {
		if got := (Setting{Key: key}).Secret(); got != want {
			t.Errorf("%s: %v", key, got)
		}
	}
}

func TestShown(t *testing.T) {
	for _, c := range []struct{ key, value, want string }{
		{"region", "eu-west-1", "eu-west-1"},
		{"aws_session_token", "marked", "(set)"},
		{"aws_session_token", "", "(set)"},
		{"mfa_process", "/bin/otp --seed marked", "/bin/otp"},
		{"daypass_mfa_process", "'/my bin/otp' marked", "/my bin/otp"},
		{"mfa_process", "otp 'marked", "(set)"},
		{"mfa_process", "", ""},
		{"mfa_process", "SEED=marked otp", "(set)"},
		{"credential_process", "op read marked", "op"},
		{"daypass_credential_process", "vault --token=marked", "vault"},
		{"credential_process", "TOKEN=marked vault", "(set)"},
		{"credential_process", "op 'marked", "(set)"},
		{"credential_process", "op credential-process marked", "op"},
		{"credential_process", "/x/daypass credential-process --profile dev", "/x/daypass credential-process --profile dev"},
		{"mfa_process", "daypass credential-process marked", "daypass"},
	} {
		if got := (Setting{Key: c.key, Value: c.value}).Shown(); got != c.want {
			t.Errorf("%s = %s: %q, want %q", c.key, c.value, got, c.want)
		}
	}
}

// TestNoSecretIsPrinted goes through the verbs, also where the setting is deep
// within a profile. Only for %p fmt asks no type how it wants to be printed.
func TestNoSecretIsPrinted(t *testing.T) {
	p := mustLoad(t, `[profile a]
role_arn = arn:aws:iam::123456789012:role/r
aws_access_key_id = AKIAEXAMPLE
aws_secret_access_key = marked
aws_session_token = marked
db_password = marked
mfa_serial = arn:aws:iam::123456789012:mfa/ana
mfa_process = otp marked
services = s
[services s]
sts =
  password = marked
`, "", "a")
	s := p.Base.SecretAccessKey
	if s.Value != "marked" {
		t.Fatalf("not read: %v", s)
	}
	values := []any{s, &s, p, *p, p.Base, p.Roles, p.Settings, []Setting{s}, p.MFAProcess}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%T", "%t", "%c", "%e", "%y", "%10.3v"} {
		for _, v := range values {
			out := fmt.Sprintf(verb, v)
			if strings.Contains(out, "marked") || strings.Contains(out, fmt.Sprintf("%x", "marked")) || strings.Contains(out, fmt.Sprintf("%X", "marked")) {
				t.Errorf("%s of %T shows a secret", verb, v)
			}
		}
	}
	var log bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		for _, v := range values {
			slog.New(h).Info("x", "v", v)
		}
	}
	if err := json.NewEncoder(&log).Encode(p); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(log.String(), "marked") {
		t.Error("a log shows a secret")
	}
	if !strings.Contains(log.String(), "(set)") || !strings.Contains(fmt.Sprint(s), "(set)") {
		t.Error("no word of the secret at all")
	}
}

func TestPlace(t *testing.T) {
	if got := (Setting{File: "/c", Line: 3}).Place(); got != "/c:3" {
		t.Error(got)
	}
	if got := (Setting{}).Place(); got != "" {
		t.Error(got)
	}
}

func TestErrorText(t *testing.T) {
	for want, e := range map[string]Error{
		"/c:12: role_arn: m": {Profile: "p", File: "/c", Line: 12, Key: "role_arn", Message: "m"},
		"/c:12: m":           {Profile: "p", File: "/c", Line: 12, Message: "m"},
		"/c: m":              {File: "/c", Message: "m"},
		`profile "p": m`:     {Profile: "p", Message: "m"},
		"m":                  {Message: "m"},
	} {
		if got := e.Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
