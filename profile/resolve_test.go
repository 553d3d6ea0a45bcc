package profile

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func mustLoad(t *testing.T, config, credentials, name string) *Profile {
	t.Helper()
	p, err := Load(write(t, config, credentials), name, "")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// summary is what a profile comes to, on one line: its base, its roles from the
// base outwards, the device and the process that gives its codes.
func summary(p *Profile) string {
	s := fmt.Sprintf("%s of %s %s", p.Base.Kind, p.Base.Profile, p.Base.AccessKeyID.Value)
	for _, r := range p.Roles {
		s += " > " + r.ARN.Value[strings.LastIndex(r.ARN.Value, "/")+1:] + " of " + r.Profile
	}
	if p.MFASerial.Value != "" {
		s += " | " + p.MFASerial.Value
	}
	if p.MFAProcess.Value != "" {
		s += " | " + p.MFAProcess.Value
	}
	return s
}

const keys = "aws_access_key_id = AKIA\naws_secret_access_key = s3cr3t\n"

func role(name string) string { return "role_arn = arn:aws:iam::123456789012:role/" + name + "\n" }

func TestResolve(t *testing.T) {
	for name, c := range map[string]struct{ config, credentials, want string }{
		"keys and serial":     {"[profile a]\nmfa_serial = arn:aws:m\n", "[a]\n" + keys, "credentials-file of a AKIA | arn:aws:m"},
		"keys in the config":  {"[profile a]\n" + keys, "", "config-file of a AKIA"},
		"credentials win":     {"[profile a]\n" + keys, "[a]\naws_access_key_id = AKIB\naws_secret_access_key = t\n", "credentials-file of a AKIB"},
		"split pair":          {"[profile a]\naws_secret_access_key = s\n", "[a]\naws_access_key_id = AKIB\n", "credentials-file of a AKIB"},
		"empty hides":         {"[profile a]\n" + keys, "[a]\naws_access_key_id =\naws_secret_access_key =\n", " of a "},
		"prefixed keys":       {"[profile a]\n" + keys + "daypass_aws_access_key_id = AKIP\n", "", "config-file of a AKIP"},
		"nothing":             {"[profile a]\nregion = r\n", "", " of a "},
		"only in credentials": {"", "[a]\n" + keys + role("A"), "credentials-file of a AKIA > A of a"},

		"role and source":      {"[profile a]\n" + role("A") + "source_profile = b\nmfa_serial = serial-of-a\n", "[b]\n" + keys, "credentials-file of b AKIA > A of a | serial-of-a"},
		"own form":             {"[profile a]\ndaypass_" + role("A") + "daypass_source_profile = b\ndaypass_mfa_serial = serial-of-a\n", "[b]\n" + keys, "credentials-file of b AKIA > A of a | serial-of-a"},
		"own form comes first": {"[profile a]\ndaypass_" + role("D") + role("A") + "daypass_source_profile = b\nsource_profile = nowhere\n", "[b]\n" + keys, "credentials-file of b AKIA > D of a"},
		"own empty form hides": {"[profile a]\n" + keys + "daypass_role_arn =\n" + role("A") + "daypass_source_profile =\nsource_profile = nowhere\n", "", "config-file of a AKIA"},
		"source without role":  {"[default]\ndaypass_source_profile = b\ndaypass_mfa_serial = serial-of-d\n", "[b]\n" + keys, "credentials-file of b AKIA | serial-of-d"},
		"chain": {"[profile a]\n" + role("A") + "source_profile = b\n[profile b]\n" + role("B") + "source_profile = c\n[profile c]\n" + role("C") + "source_profile = d\n", "[d]\n" + keys,
			"credentials-file of d AKIA > C of c > B of b > A of a"},
		"source before own keys": {"[profile a]\n" + keys + role("A") + "source_profile = b\n", "[b]\naws_access_key_id = AKIB\naws_secret_access_key = t\n", "credentials-file of b AKIB > A of a"},

		"itself":              {"[profile a]\n" + keys + role("A") + "source_profile = a\n", "", "config-file of a AKIA > A of a"},
		"itself without role": {"[profile a]\n" + keys + "daypass_source_profile = a\nmfa_serial = serial-of-a\n", "", "config-file of a AKIA | serial-of-a"},
		"itself by a process": {"[profile a]\ncredential_process = op x\n" + role("A") + "source_profile = a\n", "", "process of a  > A of a"},
		"role on own keys":    {"[profile a]\n" + keys + role("A"), "", "config-file of a AKIA > A of a"},

		"environment":           {"[profile a]\n" + role("A") + "credential_source = Environment\n", "", "environment of a  > A of a"},
		"metadata":              {"[profile a]\n" + role("A") + "credential_source = Ec2InstanceMetadata\n", "", "metadata of a  > A of a"},
		"container":             {"[profile a]\n" + role("A") + "credential_source = EcsContainer\n", "", "metadata of a  > A of a"},
		"keys before source":    {"[profile a]\n" + keys + role("A") + "credential_source = Environment\n", "", "config-file of a AKIA > A of a"},
		"environment in a link": {"[profile a]\n" + role("A") + "source_profile = b\n[profile b]\ncredential_source = Environment\n", "", "environment of b  > A of a"},
		"process":               {"[profile a]\n" + role("A") + "source_profile = b\n[profile b]\ncredential_process = op 'x y'\n", "", "process of b  > A of a"},
		"prefixed process": {"[profile a]\ncredential_process = daypass credential-process --profile a\ndaypass_credential_process = op x\nmfa_serial = serial-of-a\n", "",
			"process of a  | serial-of-a"},
		"web identity has its role": {"[profile a]\n" + role("A") + "source_profile = b\n[profile b]\n" + role("B") + "web_identity_token_file = /t\ncredential_process = op\n", "", "web-identity of b  > A of a"},
		"sso":                       {"[profile a]\nsso_session = s\nsso_account_id = 1\nsso_role_name = n\nsso_start_url = u\ncredential_process = op\n[sso-session s]\nsso_region = r\nsso_start_url = u\n", "", "sso of a "},
		"legacy sso":                {"[profile a]\n" + role("A") + "source_profile = b\n[profile b]\nsso_start_url = u\nsso_account_id = 1\ndaypass_sso_region = r\nsso_role_name = n\n", "", "sso of b  > A of a"},

		"two profiles": {"[profile a]\ncredential_process = /x/daypass credential-process --profile b\nmfa_serial = serial-of-a\n" + keys + "[profile b]\n" + role("B") + "source_profile = c\nmfa_serial = serial-of-b\n", "[c]\n" + keys,
			"credentials-file of c AKIA > B of b | serial-of-b"},
		"two profiles as a link": {"[profile x]\n" + role("X") + "source_profile = a\n[profile a]\ncredential_process = daypass credential-process --profile=b\n[profile b]\n" + role("B") + "source_profile = c\n", "[c]\n" + keys,
			"credentials-file of c AKIA > B of b > X of x"},
		"three profiles":  {"[profile a]\ncredential_process = daypass credential-process --profile b\n[profile b]\ncredential_process = daypass credential-process --profile c\n[profile c]\n" + keys, "", "config-file of c AKIA"},
		"two of one role": {"[profile a]\ncredential_process = daypass credential-process --profile b\ndaypass_" + role("B") + "[profile b]\n" + role("B") + "source_profile = c\n", "[c]\n" + keys, "credentials-file of c AKIA > B of b"},
		"a hidden role":   {"[profile a]\ncredential_process = daypass credential-process --profile b\ndaypass_role_arn =\n" + role("A") + "[profile b]\n" + role("B") + "source_profile = c\n", "[c]\n" + keys, "credentials-file of c AKIA > B of b"},
		"call of oneself": {"[profile a]\ncredential_process = daypass credential-process --profile a\ndaypass_source_profile = b\n[profile b]\n" + keys, "", "config-file of b AKIA"},
		"call of nobody":  {"[profile a]\ncredential_process = daypass.exe credential-process\n" + keys, "", "config-file of a AKIA"},

		"inherited":             {"[profile a]\n" + role("A") + "source_profile = b\n[profile b]\nmfa_serial = serial-of-b\nmfa_process = otp b\n" + keys, "", "config-file of b AKIA > A of a | serial-of-b | otp b"},
		"nearest serial":        {"[profile a]\n" + role("A") + "source_profile = b\nmfa_serial = serial-of-a\n[profile b]\nmfa_serial = serial-of-b\nmfa_process = otp b\n" + keys, "", "config-file of b AKIA > A of a | serial-of-a"},
		"process of no device":  {"[profile a]\n" + role("A") + "source_profile = b\nmfa_serial = serial-of-a\n[profile b]\nmfa_process = otp b\n" + keys, "", "config-file of b AKIA > A of a | serial-of-a | otp b"},
		"process of the device": {"[profile a]\n" + role("A") + "source_profile = b\nmfa_serial = serial-of-a\n[profile b]\nmfa_process = otp b\nmfa_serial = serial-of-a\n" + keys, "", "config-file of b AKIA > A of a | serial-of-a | otp b"},
		"own process":           {"[profile a]\n" + role("A") + "source_profile = b\nmfa_process = otp a\n[profile b]\nmfa_serial = serial-of-b\nmfa_process = otp b\n" + keys, "", "config-file of b AKIA > A of a | serial-of-b | otp a"},
		"no process from afar": {"[profile a]\n" + role("A") + "source_profile = b\nmfa_serial = serial-of-a\n[profile b]\nmfa_process = otp b\nmfa_serial = serial-of-b\n" + role("B") + "source_profile = c\n[profile c]\nmfa_process = otp c\n" + keys, "",
			"config-file of c AKIA > B of b > A of a | serial-of-a"},
		"hidden process": {"[profile a]\n" + role("A") + "source_profile = b\ndaypass_mfa_process =\nmfa_process = otp a\n[profile b]\nmfa_serial = serial-of-b\n" + keys, "", "config-file of b AKIA > A of a | serial-of-b"},
	} {
		t.Run(name, func(t *testing.T) {
			asked := "a"
			for _, other := range []string{"default", "x"} {
				if strings.HasPrefix(c.config, "["+other) || strings.HasPrefix(c.config, "[profile "+other) {
					asked = other
				}
			}
			if got := summary(mustLoad(t, c.config, c.credentials, asked)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestResolveErrors(t *testing.T) {
	for name, c := range map[string]struct {
		config, credentials string
		line                int // in the config file; 0 if no place is named
		key, message        string
		is                  error
	}{
		"missing":         {"[profile b]\n", "", 0, "", "there is no such profile in ", ErrNotFound},
		"missing source":  {"[profile a]\n" + role("A") + "source_profile = b\n", "", 3, "source_profile", `there is no profile "b" in `, ErrNotFound},
		"missing call":    {"[profile a]\ncredential_process = daypass credential-process --profile b\n", "", 2, "credential_process", `there is no profile "b" in `, ErrNotFound},
		"missing further": {"[profile a]\ndaypass_source_profile = b\n[profile b]\ndaypass_source_profile = c\n", "", 4, "daypass_source_profile", `there is no profile "c" in `, ErrNotFound},

		"plain source without role":  {"[profile a]\nsource_profile = b\n[profile b]\n" + keys, "", 2, "source_profile", "AWS SDKs refuse", nil},
		"both sources":               {"[profile a]\n" + role("A") + "source_profile = b\ncredential_source = Environment\n[profile b]\n" + keys, "", 3, "source_profile", "config:4): only one", nil},
		"unknown credential_source":  {"[profile a]\n" + role("A") + "credential_source = Nowhere\n", "", 3, "credential_source", `"Nowhere"`, nil},
		"web identity without role":  {"[profile a]\nweb_identity_token_file = /t\n", "", 2, "web_identity_token_file", "role_arn", nil},
		"no sso-session":             {"[profile a]\nsso_session = s\n", "", 2, "sso_session", "[sso-session s]", nil},
		"sso of no role":             {"[profile a]\nsso_session = s\nsso_account_id = 1\n[sso-session s]\nsso_region = r\nsso_start_url = u\n", "", 2, "sso_session", "needs sso_role_name", nil},
		"sso of no region":           {"[profile a]\nsso_start_url = u\nsso_account_id = 1\nsso_role_name = n\n", "", 2, "sso_start_url", "needs sso_region", nil},
		"sso of two regions":         {"[profile a]\nsso_session = s\nsso_account_id = 1\nsso_role_name = n\nsso_region = q\n[sso-session s]\nsso_region = r\nsso_start_url = u\n", "", 5, "sso_region", "[sso-session s]", nil},
		"a role by a token too long": {"[profile a]\n" + role("A") + "web_identity_token_file = /t\nduration_seconds = 43201\n", "", 4, "duration_seconds", "43200", nil},
		"process by a shell":         {"[profile a]\n" + role("A") + "source_profile = b\n[profile b]\ncredential_process = op read | jq\n", "", 5, "credential_process", "without a shell", nil},
		"process after a variable":   {"[profile a]\nmfa_serial = serial-of-a\ndaypass_credential_process = SEED=0 op\n", "", 3, "daypass_credential_process", "begin with a variable", nil},

		"another's role":             {"[profile a]\ncredential_process = daypass credential-process --profile b\ndaypass_" + role("A") + "[profile b]\n" + role("B") + "source_profile = c\n[profile c]\n" + keys, "", 3, "daypass_role_arn", `profile "a" stands for "b", which has another role`, nil},
		"another's, in a plain line": {"[profile a]\n" + role("A") + "credential_process = daypass credential-process --profile b\n[profile b]\n" + role("B") + "source_profile = c\n[profile c]\n" + keys, "", 2, "role_arn", `profile "a" stands for "b", which has another role`, nil},
		"another's, by the prefix":   {"[profile a]\n" + role("A") + "daypass_credential_process = daypass credential-process --profile b\n[profile b]\n" + role("B") + "source_profile = c\n[profile c]\n" + keys, "", 2, "role_arn", `profile "a" stands for "b", which has another role`, nil},
		"a role for keys":            {"[profile a]\ncredential_process = daypass credential-process --profile b\ndaypass_" + role("A") + "[profile b]\n" + keys, "", 3, "daypass_role_arn", `profile "a" stands for "b", which has no role`, nil},
		"another's, further in":      {"[profile a]\n" + role("A") + "source_profile = b\n[profile b]\ncredential_process = daypass credential-process --profile c\n[profile c]\n" + role("C") + "credential_process = daypass credential-process --profile d\n[profile d]\n" + keys, "", 7, "role_arn", `profile "c" stands for "d"`, nil},

		"cycle of two":                  {"[profile a]\n" + role("A") + "source_profile = b\n[profile b]\n" + role("B") + "source_profile = a\n", "", 6, "source_profile", "a -> b -> a", ErrCycle},
		"cycle further in":              {"[profile a]\n" + role("A") + "source_profile = b\n[profile b]\n" + role("B") + "source_profile = c\n[profile c]\n" + role("C") + "source_profile = b\n", "", 9, "source_profile", ": b -> c -> b", ErrCycle},
		"cycle of calls":                {"[profile a]\ncredential_process = daypass credential-process --profile b\n[profile b]\ncredential_process = daypass credential-process --profile a\n", "", 4, "credential_process", "a -> b -> a", ErrCycle},
		"cycle by a call":               {"[profile a]\ncredential_process = daypass credential-process --profile b\n[profile b]\n" + role("B") + "source_profile = a\n", "", 5, "source_profile", "a -> b -> a", ErrCycle},
		"itself, no keys":               {"[profile a]\n" + role("A") + "source_profile = a\n", "", 3, "source_profile", "names itself", ErrCycle},
		"itself, own form":              {"[profile a]\ndaypass_source_profile = a\n", "", 2, "daypass_source_profile", "names itself", ErrCycle},
		"role without keys":             {"[profile a]\n" + role("A"), "", 2, "role_arn", `profile "a" has neither keys`, nil},
		"role behind a call of oneself": {"[profile a]\ncredential_process = daypass credential-process --profile a\ndaypass_" + role("A"), "", 3, "daypass_role_arn", `profile "a" has neither keys`, nil},
		"source without keys":           {"[profile a]\n" + role("A") + "source_profile = b\n[profile b]\nregion = r\n", "", 3, "source_profile", `profile "b" has neither keys`, nil},
		"serial without keys":           {"[profile a]\nmfa_serial = serial-of-a\n", "", 2, "mfa_serial", `profile "a" has neither keys`, nil},

		"no secret":      {"[profile a]\naws_access_key_id = AKIA\n", "", 2, "aws_access_key_id", "without an aws_secret_access_key", nil},
		"no id":          {"[profile a]\naws_secret_access_key = s\n", "", 2, "aws_secret_access_key", "without an aws_access_key_id", nil},
		"pair of strays": {"[profile a]\naws_access_key_id = AKIB\n", "[a]\n" + keys + "aws_access_key_id =\n", 0, "", "", nil},
		"half a pair":    {"[profile a]\n" + keys, "[a]\naws_session_token = t\n", -1, "", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			files := write(t, c.config, c.credentials)
			p, err := Load(files, "a", "")
			if c.line < 0 {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var bad *Error
			if !errors.As(err, &bad) {
				t.Fatalf("no *Error but %v, for %s", err, summary(p))
			}
			if c.message == "" {
				return
			}
			if bad.Line != c.line || bad.Key != c.key || !strings.Contains(bad.Message, c.message) || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("%v", err)
			}
			if place := fmt.Sprintf("%s:%d: %s: ", files.Config, c.line, c.key); c.line > 0 && !strings.HasPrefix(err.Error(), place) {
				t.Errorf("%q does not begin with %q", err, place)
			}
			if (p.Settings == nil) != (name == "missing") {
				t.Errorf("settings beside the error: %v", p.Settings)
			}
		})
	}
}

// TestForeignHalf: a key id over a whole pair of the other file would be signed
// with a secret that is not its own.
func TestForeignHalf(t *testing.T) {
	files := write(t, "[profile a]\n"+keys, "[a]\naws_access_key_id = AKIB\n")
	_, err := Load(files, "a", "")
	var bad *Error
	if !errors.As(err, &bad) || bad.File != files.Credentials || bad.Line != 2 || bad.Key != "aws_access_key_id" {
		t.Error(err)
	}
	if strings.Contains(fmt.Sprintf("%v %+v", err, bad), "s3cr3t") {
		t.Error("the error shows the secret")
	}
}

func TestLongChainAndCycle(t *testing.T) {
	const n = 3000
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "[profile p%d]\n%ssource_profile = p%d\n", i, role(fmt.Sprint("R", i)), i+1)
	}
	p := mustLoad(t, b.String(), fmt.Sprintf("[p%d]\n%s", n, keys), "p0")
	if len(p.Roles) != n || p.Roles[0].Profile != "p2999" || p.Roles[n-1].Profile != "p0" || len(p.Chain) != n+1 {
		t.Errorf("%d roles, chain of %d", len(p.Roles), len(p.Chain))
	}
	_, err := Load(write(t, b.String(), fmt.Sprintf("[p%d]\n%ssource_profile = p0\n", n, role("R"))), "p0", "")
	if !errors.Is(err, ErrCycle) || !strings.Contains(err.Error(), "p0 -> p1 -> ") || !strings.HasSuffix(err.Error(), "p3000 -> p0") {
		t.Errorf("%.200v", err)
	}
}
