package session

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"daypass/profile"
)

// load resolves the profile p of a config file with these lines in its section.
func load(t *testing.T, lines string) *profile.Profile {
	t.Helper()
	folder := t.TempDir()
	config := filepath.Join(folder, "config")
	text := "[profile p]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = s\n" + lines + "\n[services s]\nsts =\n  endpoint_url = http://services\niam =\n  endpoint_url = http://iam-services\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err := profile.Open(profile.Files{Config: config, Credentials: filepath.Join(folder, "credentials")}, "")
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	p, err := reader.Load("p")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func env(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}

func TestEndpointPrecedence(t *testing.T) {
	all := map[string]string{"AWS_ENDPOINT_URL_STS": "http://sts-variable", "AWS_ENDPOINT_URL": "http://variable"}
	lines := "services = s\nendpoint_url = http://profile"
	without := func(names ...string) map[string]string {
		rest := maps.Clone(all)
		for _, name := range names {
			delete(rest, name)
		}
		return rest
	}
	ignoring := maps.Clone(all)
	ignoring["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true"
	for _, test := range []struct {
		lines string
		env   map[string]string
		want  string
	}{
		{lines, all, "http://sts-variable"},
		{lines, without("AWS_ENDPOINT_URL_STS"), "http://variable"},
		{lines, nil, "http://services"},
		{"endpoint_url = http://profile", nil, "http://profile"},
		{"daypass_endpoint_url = http://own\nendpoint_url = http://profile", nil, "http://own"},
		{"", nil, ""},
		{lines, ignoring, ""},
		{lines + "\nignore_configured_endpoint_urls = true", all, ""},
	} {
		n, err := ReadNetwork(load(t, test.lines), env(test.env), "")
		if err != nil || n.Endpoint.Value != test.want {
			t.Errorf("%q %v: %q, %v; want %q", test.lines, test.env, n.Endpoint.Value, err, test.want)
		}
	}
}

func TestRegion(t *testing.T) {
	const gov = "daypass_mfa_serial = arn:aws-us-gov:iam::111111111111:mfa/ana"
	for _, test := range []struct {
		lines, flag string
		env         map[string]string
		region      string
		from        bool
		partition   string
		err         error
	}{
		{lines: "", region: "us-east-1", partition: "aws"},
		{lines: "region = eu-west-1", region: "eu-west-1", from: true, partition: "aws"},
		{lines: "region = eu-west-1", env: map[string]string{"AWS_DEFAULT_REGION": "a"}, region: "a", from: true, partition: "aws"},
		{lines: "region = eu-west-1", env: map[string]string{"AWS_DEFAULT_REGION": "a", "AWS_REGION": "b"}, region: "b", from: true, partition: "aws"},
		{lines: "region = eu-west-1", flag: "c", env: map[string]string{"AWS_REGION": "b"}, region: "c", from: true, partition: "aws"},
		{lines: "region = cn-north-1", region: "cn-north-1", from: true, partition: "aws-cn"},
		{lines: gov + "\nregion = us-gov-west-1", region: "us-gov-west-1", from: true, partition: "aws-us-gov"},
		{lines: gov, err: &ConfigError{Profile: "p", Problem: RegionMissing, Detail: "aws-us-gov"}},
		{flag: "eu west", err: &ConfigError{Profile: "p", Problem: RegionInvalid, Detail: "--region"}},
		{flag: "evil.example/", err: &ConfigError{Profile: "p", Problem: RegionInvalid, Detail: "--region"}},
	} {
		n, err := ReadNetwork(load(t, test.lines), env(test.env), test.flag)
		if test.err != nil {
			var got *ConfigError
			if want := test.err.(*ConfigError); !errors.As(err, &got) || *got != *want {
				t.Errorf("%q %q: %v, want %v", test.lines, test.flag, err, test.err)
			}
			continue
		}
		if err != nil || n.Region.Value != test.region || (n.Region.From != "") != test.from || n.Partition != test.partition {
			t.Errorf("%q %q %v: %+v in %s, %v", test.lines, test.flag, test.env, n.Region, n.Partition, err)
		}
	}
}

func TestEndpointMustBeAURL(t *testing.T) {
	for _, bad := range []string{"localhost:80", "ftp://x", "http://", "://", "/x"} {
		_, err := ReadNetwork(load(t, "endpoint_url = "+bad), env(nil), "")
		var e *ConfigError
		if !errors.As(err, &e) || e.Problem != EndpointInvalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestReadBase(t *testing.T) {
	environment := env(map[string]string{"AWS_ACCESS_KEY_ID": "ASIAENV", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"})
	p := load(t, "")
	b, err := ReadBase(p, environment)
	if err != nil || b.ID != "AKIAEXAMPLE" || b.Kind != profile.ConfigFile || b.Credentials.Temporary() {
		t.Errorf("the caller's variables count: %+v, %v", b, err)
	}
	p.Base = profile.Base{Kind: profile.Environment, Profile: "p"}
	if b, err = ReadBase(p, environment); err != nil || b.ID != "ASIAENV" || !b.Credentials.Temporary() {
		t.Errorf("credential_source = Environment: %+v, %v", b, err)
	}
	_, err = ReadBase(p, env(nil))
	var e *ConfigError
	if !errors.As(err, &e) || e.Problem != EnvironmentEmpty {
		t.Errorf("an empty environment: %v", err)
	}
}
