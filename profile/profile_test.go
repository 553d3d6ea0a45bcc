package profile

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Load reads one profile from files.
func Load(files Files, name, self string) (*Profile, error) {
	r, err := Open(files, self)
	if err != nil {
		return &Profile{Name: name}, err
	}
	defer r.Close()
	return r.Load(name)
}

func TestSettings(t *testing.T) {
	files := write(t, `# a comment
[profile a]
Region = config
output = json
daypass_role_arn = arn:aws:iam::123456789012:role/r
unknown_key = "quoted" # and a comment
s3 =
  addressing_style = path
empty =
[profile a]
output = text
`, "[a]\nREGION = credentials\n"+keys)
	p, err := Load(files, "a", "")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Setting{
		"region":                {"region", "credentials", files.Credentials, 2},
		"output":                {"output", "text", files.Config, 11},
		"daypass_role_arn":      {"daypass_role_arn", "arn:aws:iam::123456789012:role/r", files.Config, 5},
		"unknown_key":           {"unknown_key", "quoted", files.Config, 6},
		"s3.addressing_style":   {"s3.addressing_style", "path", files.Config, 8},
		"empty":                 {"empty", "", files.Config, 9},
		"aws_access_key_id":     {"aws_access_key_id", "AKIA", files.Credentials, 3},
		"aws_secret_access_key": {"aws_secret_access_key", "s3cr3t", files.Credentials, 4},
	}
	for key, s := range want {
		if p.Settings[key] != s {
			t.Errorf("%s: %v", key, p.Settings[key])
		}
	}
	if len(p.Settings) != len(want) {
		t.Errorf("settings %v", p.Settings)
	}
	if p.Region != want["region"] || p.Output != want["output"] {
		t.Errorf("region %v, output %v", p.Region, p.Output)
	}
}

// TestFileIsAbsolute: explain shows the place to somebody in another folder.
func TestFileIsAbsolute(t *testing.T) {
	files := write(t, "[profile a]\nregion = r\n", "")
	t.Chdir(filepath.Dir(files.Config))
	p, err := Load(Files{Config: "config"}, "a", "")
	if err != nil || !filepath.IsAbs(p.Region.File) || filepath.Base(p.Region.File) != "config" {
		t.Errorf("%v, %v", p.Region, err)
	}
}

func TestNestedKeyIsNotTheProfilesOwn(t *testing.T) {
	p := mustLoad(t, "[profile a]\n"+keys+"s3 =\n  role_arn = arn:aws:iam::1:role/evil\n  region = nested\n", "", "a")
	if len(p.Roles) != 0 || p.Region.Value != "" {
		t.Errorf("%s, region %v", summary(p), p.Region)
	}
}

func TestLookup(t *testing.T) {
	p := mustLoad(t, `[profile a]
credential_process = daypass credential-process --profile b
region = ra
daypass_output = oa
output = never
ca_bundle = /a
retry_mode = a
services = never
[profile b]
region = rb
output = ob
daypass_ca_bundle = /b
ca_bundle = /never
daypass_retry_mode =
retry_mode = never
max_attempts = 3
services = s
[services s]
sts =
  endpoint_url = http://127.0.0.1:1
s3 = endpoint_url
iam.endpoint_url = http://flat
ec2 =
  endpoint_url =
`, "", "a")
	for key, want := range map[string]string{
		"region": "ra", "output": "oa", "ca_bundle": "/b", "retry_mode": "", "max_attempts": "3", "nothing": "",
	} {
		if got, ok := p.Lookup(key); got.Value != want || ok != (want != "") {
			t.Errorf("%s: %v, %v", key, got, ok)
		}
	}
	if p.Region.Value != "ra" || p.Output.Value != "oa" || p.Settings["ca_bundle"].Value != "/a" {
		t.Errorf("region %v, output %v, settings %v", p.Region, p.Output, p.Settings)
	}
	for service, want := range map[string]string{"sts": "http://127.0.0.1:1", "STS": "http://127.0.0.1:1", "s3": "", "iam": "", "ec2": "", "sns": ""} {
		got, ok := p.ServiceEndpoint(service)
		if got.Value != want || ok != (want != "") || ok && got.Line != 20 {
			t.Errorf("%s: %v, %v", service, got, ok)
		}
	}
	if _, ok := mustLoad(t, "[profile a]\nservices = nowhere\n", "", "a").ServiceEndpoint("sts"); ok {
		t.Error("an endpoint of no services section")
	}
}

// TestLookupInALiteral: other rooms make profiles for their tests by hand.
func TestLookupInALiteral(t *testing.T) {
	p := &Profile{Settings: map[string]Setting{"ca_bundle": {Key: "ca_bundle", Value: "/c"}}}
	if s, ok := p.Lookup("ca_bundle"); !ok || s.Value != "/c" {
		t.Errorf("%v, %v", s, ok)
	}
	if _, ok := p.ServiceEndpoint("sts"); ok {
		t.Error("an endpoint")
	}
	if _, ok := (Role{}).Lookup("session_tags"); ok {
		t.Error("tags")
	}
}

func TestRoleSettings(t *testing.T) {
	p := mustLoad(t, "[profile a]\n"+role("A")+"source_profile = b\nexternal_id = e1\nrole_session_name = ana\nduration_seconds = 7200\ndaypass_session_tags = k=v\nsession_tags = never\n"+
		"[profile b]\n"+role("B")+"source_profile = c\n[profile c]\n"+keys+"external_id = never\n", "", "a")
	b, a := p.Roles[0], p.Roles[1]
	if a.ExternalID.Value != "e1" || a.SessionName.Value != "ana" || a.Duration != 2*time.Hour || a.DurationSetting.Line != 6 {
		t.Errorf("%+v", a)
	}
	if s, ok := a.Lookup("session_tags"); !ok || s.Value != "k=v" {
		t.Errorf("%v, %v", s, ok)
	}
	if b.ExternalID.Key != "" || b.SessionName.Key != "" || b.Duration != 0 || b.DurationSetting.Key != "" {
		t.Errorf("%+v", b)
	}
	if !slices.Equal(p.Chain, []string{"a", "b", "c"}) {
		t.Errorf("chain %v", p.Chain)
	}
}

// TestInheritance: mfa_serial, mfa_process and session_duration go along the
// chain, mfa_session = false too; nothing else does.
func TestInheritance(t *testing.T) {
	p := mustLoad(t, "[profile a]\n"+role("A")+"source_profile = b\n[profile b]\n"+keys+
		"region = r\noutput = o\nsession_duration = 8h\nmfa_session = False\nmin_remaining = 1h\nprompt = dialog\nprompt_timeout = 30\nstore = none\nduration_seconds = 900\n", "", "a")
	if p.SessionDuration != 8*time.Hour || p.MFASession {
		t.Errorf("session %v, %v", p.SessionDuration, p.MFASession)
	}
	if p.Region.Key+p.Output.Key+p.Prompt+p.Store != "" || p.MinRemaining != 0 || p.PromptTimeout != 0 || p.Roles[0].Duration != 0 {
		t.Errorf("inherited: %+v", p)
	}
	own := mustLoad(t, "[profile a]\n"+keys+"min_remaining = 1h\nprompt = dialog\ndaypass_prompt_timeout = 30\nprompt_timeout = 20\nstore = none\nmfa_session = TRUE\n", "", "a")
	if own.MinRemaining != time.Hour || own.PromptTimeout != 30*time.Second || own.Prompt != "dialog" || own.Store != "none" || !own.MFASession || own.SessionDuration != 0 {
		t.Errorf("own: %+v", own)
	}
	nearest := mustLoad(t, "[profile a]\n"+role("A")+"source_profile = b\nsession_duration = 1h\nmfa_session = false\n[profile b]\n"+keys+"session_duration = 99999999\nmfa_session = true\n", "", "a")
	if nearest.SessionDuration != time.Hour || nearest.MFASession {
		t.Errorf("nearest: %v, %v", nearest.SessionDuration, nearest.MFASession)
	}
}

func TestBaseDetails(t *testing.T) {
	defining := func(b Base) string {
		var all []string
		for _, s := range b.Defining {
			all = append(all, s.Key+"="+s.Value)
		}
		return strings.Join(all, " ")
	}
	static := mustLoad(t, "", "[a]\n"+keys+"aws_session_token = t\n", "a").Base
	if static.AccessKeyID.Value != "AKIA" || static.SecretAccessKey.Value != "s3cr3t" || static.SessionToken.Value != "t" || static.Defining != nil || static.Source.Key != "" {
		t.Errorf("%+v", static)
	}
	for config, want := range map[string]string{
		"[profile a]\ncredential_process = op read x\n":                "credential_process=op read x",
		"[profile a]\ncredential_source = Environment\n":               "credential_source=Environment",
		"[profile a]\n" + role("A") + "web_identity_token_file = /t\n": "role_arn=arn:aws:iam::123456789012:role/A web_identity_token_file=/t",
		"[profile a]\nsso_session = s\nsso_role_name = n\nsso_account_id = 1\n[sso-session s]\nsso_region = r\nsso_start_url = u\nsso_registration_scopes = x\n": "sso_account_id=1 sso_role_name=n sso_session=s sso_region=r sso_start_url=u",
	} {
		b := mustLoad(t, config, "", "a").Base
		if got := defining(b); got != want || b.Source.Key == "" {
			t.Errorf("%s: source %v, %s", config, b.Source, got)
		}
	}
}

// TestDefaultTwice: in one file [profile default] replaces [default] whole, in
// either order.
func TestDefaultTwice(t *testing.T) {
	for _, config := range []string{
		"[default]\nregion = plain\noutput = plain\n[profile default]\nregion = prefixed\n",
		"[profile default]\nregion = prefixed\n[default]\nregion = plain\noutput = plain\n",
	} {
		p := mustLoad(t, config, "", "default")
		if p.Region.Value != "prefixed" || p.Output.Key != "" {
			t.Errorf("%s: %v", config, p.Settings)
		}
	}
}
