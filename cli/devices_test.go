package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"daypass/cache"
	"daypass/internal/stsim"
)

// listing runs login --list-devices for ana, whose key is that of the profile
// main, against a simulated IAM.
type listing struct {
	t    *testing.T
	sts  *stsim.Server
	env  map[string]string
	home string
}

const anaARN = "arn:aws:iam::111111111111:user/ana"

func newListing(t *testing.T, config string) *listing {
	t.Helper()
	for _, name := range []string{"AWS_CA_BUNDLE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_IAM", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		t.Setenv(name, "")
	}
	sts := stsim.New()
	url, stop, err := sts.Listen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	key := sts.AddUser(stsim.User{Account: "111111111111", Name: "ana"})
	l := &listing{t: t, sts: sts, home: t.TempDir(), env: map[string]string{"AWS_ENDPOINT_URL_IAM": url, "AWS_MAX_ATTEMPTS": "1"}}
	if err := os.Mkdir(filepath.Join(l.home, ".aws"), 0o700); err != nil {
		t.Fatal(err)
	}
	config += "\n[profile main]\naws_access_key_id = " + key.AccessKeyID + "\naws_secret_access_key = " + key.SecretAccessKey + "\n"
	if err := os.WriteFile(filepath.Join(l.home, ".aws", "config"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return l
}

// add gives ana a device.
func (l *listing) add(serial string) {
	l.sts.SetClock(func() time.Time { return time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC) })
	l.sts.AddDevice(anaARN, serial, nil)
	l.sts.SetClock(nil)
}

func (l *listing) run(args ...string) (stdout, stderr string, code int) {
	l.t.Helper()
	var out, problem bytes.Buffer
	code = Main(context.Background(), Env{
		Args: append([]string{"login", "--list-devices"}, args...), Stdout: &out, Stderr: &problem,
		Getenv: func(name string) string { return l.env[name] }, Environ: func() []string { return nil },
		Now: time.Now, Home: l.home, Parent: func() int { return 1 },
		Stores: func(string, bool) ([]cache.Store, error) {
			l.t.Error("the stores were opened")
			return nil, nil
		},
	})
	for _, r := range l.sts.Requests() {
		if r.Action != "ListMFADevices" {
			l.t.Errorf("%s was called", r.Action)
		}
	}
	return out.String(), problem.String(), code
}

func TestListDevices(t *testing.T) {
	const (
		virtual  = "arn:aws:iam::111111111111:mfa/ana"
		hardware = "GAHT12345678"
		fido     = "arn:aws:iam::111111111111:u2f/user/ana/key-1"
		dev      = "# MFA devices of profile \"dev\", by the access key of profile \"main\""
		register = `daypass: hint: register a virtual MFA device under "Security credentials" in the AWS console: a user may have 8 devices, so it can stand beside a security key` + "\n"
	)
	for _, test := range []struct {
		name     string
		devices  []string
		profile  string
		out, err string
		code     int
	}{
		{"one", []string{virtual}, "dev", dev + "\ndaypass_mfa_serial = " + virtual + "\n", "", 0},
		{"of the profile itself", []string{virtual}, "main", "# MFA devices of profile \"main\"\ndaypass_mfa_serial = " + virtual + "\n", "", 0},
		{"beside a security key", []string{virtual, fido}, "dev", dev + "\ndaypass_mfa_serial = " + virtual + "\n# " + fido +
			" (enabled 2026-03-02) is a security key or passkey, and STS takes no codes of those\n", "", 0},
		{"two", []string{virtual, hardware}, "dev", dev + "; keep one of the lines\ndaypass_mfa_serial = " + hardware + "\ndaypass_mfa_serial = " + virtual + "\n", "", 0},
		{"none", nil, "dev", "", "daypass: error: the user of profile \"dev\" has no MFA device\n" + register, 1},
		{"a security key alone", []string{fido}, "dev", dev + "\n# " + fido + " (enabled 2026-03-02) is a security key or passkey, and STS takes no codes of those\n",
			"daypass: error: the user of profile \"dev\" has no MFA device whose codes STS takes\n" + register, 1},
		{"of a stranger", []string{"x\n[profile evil]\n\u202ey"}, "dev", dev + "\n# x\\n[profile evil]\\n\\u202ey (enabled 2026-03-02) is no serial that STS takes\n",
			"daypass: error: the user of profile \"dev\" has no MFA device whose codes STS takes\n" + register, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := newListing(t, "[profile dev]\ndaypass_source_profile = main\n")
			l.sts.SetPageSize(1)
			for _, serial := range test.devices {
				l.add(serial)
			}
			out, problem, code := l.run(test.profile)
			if out != test.out || problem != test.err || code != test.code {
				t.Errorf("exit code %d\n%s\n%s\nwant %d\n%s\n%s", code, out, problem, test.code, test.out, test.err)
			}
		})
	}
}

// TestListDevicesOfAnyProfile: whatever a profile lacks beside an access key.
func TestListDevicesOfAnyProfile(t *testing.T) {
	const source = "\ndaypass_source_profile = main\n"
	for name, lines := range map[string]string{
		"no serial":         source,
		"a needed serial":   source + "daypass_mfa_process = otp\n",
		"a wrong serial":    source + "daypass_mfa_serial = me\n",
		"a security key":    source + "daypass_mfa_serial = arn:aws:iam::111111111111:u2f/user/ana/key-1\n",
		"a role":            source + "daypass_role_arn = arn:aws:iam::222222222222:role/Dev\n",
		"a role of temp":    source + "daypass_role_arn = arn:aws:iam::222222222222:role/Dev\ndaypass_mfa_serial = x\n",
		"our own call":      "\ncredential_process = daypass credential-process --profile dev" + source,
		"of another":        "\ncredential_process = daypass credential-process --profile main\n",
		"an impossible way": source + "daypass_prompt = telepathy\ndaypass_store = cloud\ndaypass_min_remaining = 99h\n",
	} {
		l := newListing(t, "[profile dev]"+lines)
		l.add("GAHT12345678")
		for _, args := range [][]string{{"dev"}, {"--profile", "dev"}, {"--no-prompt", "--region", "eu-west-1", "dev"}} {
			if out, problem, code := l.run(args...); code != 0 || problem != "" || !strings.Contains(out, "\ndaypass_mfa_serial = GAHT12345678\n") {
				t.Errorf("%s, %q: exit code %d\n%s%s", name, args, code, out, problem)
			}
		}
		l.env["AWS_PROFILE"] = "dev"
		if _, _, code := l.run(); code != 0 {
			t.Errorf("%s: AWS_PROFILE does not count", name)
		}
	}
}

// TestListDevicesFails: what, the hint, and the exit code.
func TestListDevicesFails(t *testing.T) {
	for _, test := range []struct {
		name, config, profile string
		spoil                 func(*listing)
		what, hint            string
		code, calls           int
	}{
		{"no such profile", "", "none", nil, `profile "none": there is no such profile`, "[profile NAME]", 2, 0},
		{"no key", "[profile dev]\nregion = x", "dev", nil, "leads to no access key", "daypass_source_profile", 2, 0},
		{"single sign-on", "[profile dev]\nsso_start_url = https://x\n", "dev", nil, "credentials from sso", "daypass_source_profile", 2, 0},
		{"temporary keys", "[profile dev]\naws_access_key_id = ASIA\naws_secret_access_key = s\naws_session_token = t\n", "dev", nil,
			`the keys of profile "dev" are temporary`, "begins with AKIA", 2, 0},
		{"no endpoint", "", "main", func(l *listing) { l.env["AWS_ENDPOINT_URL_IAM"] = "localhost" }, "the endpoint from AWS_ENDPOINT_URL_IAM", "https://", 2, 0},
		{"no certificate", "[profile dev]\ndaypass_source_profile = main\nca_bundle = /none", "dev", nil, "/none", "correct that setting", 2, 0},
		{"denied", "", "main", func(l *listing) {
			l.sts.AddUser(stsim.User{Account: "111111111111", Name: "ana", Denied: []string{"iam:*"}})
		}, "not authorized to perform: iam:ListMFADevices", `the AWS console shows the ARN: your name at the top right, "Security credentials"`, 5, 2},
		{"the clock", "", "main", func(l *listing) { l.sts.Skew(time.Hour) }, "IAM refused the time of the request: the clock of this machine is ", "set the clock", 5, 1},
		{"nothing there", "", "main", func(l *listing) { l.env["AWS_ENDPOINT_URL_IAM"] = "http://127.0.0.1:1" }, "127.0.0.1:1 cannot be reached", "the network", 6, 0},
		{"a portal", "", "main", func(l *listing) { l.sts.Inject(stsim.Fault{Body: "<html>"}) }, "the answer was not one of IAM", "the proxy", 6, 1},
	} {
		l := newListing(t, test.config)
		if test.spoil != nil {
			test.spoil(l)
		}
		out, problem, code := l.run(test.profile)
		what, hint, _ := strings.Cut(problem, "\n")
		if out != "" || code != test.code || !strings.HasPrefix(what, "daypass: error: ") || !strings.Contains(what, test.what) ||
			!strings.HasPrefix(hint, "daypass: hint: ") || !strings.Contains(hint, test.hint) || strings.Count(problem, "\n") != 2 {
			t.Errorf("%s: exit code %d\n%s%s", test.name, code, out, problem)
		}
		if n := l.sts.Count(""); n != test.calls {
			t.Errorf("%s: %d calls", test.name, n)
		}
	}
}

// TestListDevicesTakesNoFlagsOfAsking, nor a second profile.
func TestListDevicesTakesNoFlagsOfAsking(t *testing.T) {
	l := newListing(t, "[profile dev]\ndaypass_source_profile = main\n")
	for _, args := range [][]string{
		{"--token-code", "123456", "dev"}, {"--refresh", "dev"}, {"--min-remaining", "2h", "dev"}, {"--store", "none", "dev"}, {"--debug", "dev"},
		{"dev", "main"}, {"dev", "--profile", "main"},
	} {
		out, problem, code := l.run(args...)
		if out != "" || code != 2 || !strings.Contains(problem, "\ndaypass: hint: run \"daypass login --help\"\n") {
			t.Errorf("%q: exit code %d\n%s%s", args, code, out, problem)
		}
	}
	if n := l.sts.Count(""); n != 0 {
		t.Errorf("%d calls", n)
	}
}
