package profile

import (
	"errors"
	"strings"
	"testing"
)

func TestCheckSerial(t *testing.T) {
	for serial, want := range map[string]error{
		"arn:aws:iam::123456789012:mfa/ana":              nil,
		"arn:aws:iam::123456789012:mfa/team/ana_1=+,.@-": nil,
		"GAHT12345678": nil,
		"arn:aws:iam::123456789012:u2f/user/ana/key-AAAA":     ErrSecurityKey,
		"arn:aws-cn:iam::123456789012:u2f/root-account/key-A": ErrSecurityKey,
		"":         ErrSerial,
		"12345678": ErrSerial,
		"arn:aws:iam::123456789012:mfa/ana\n[profile b]":                     ErrSerial,
		"arn:aws:iam::123456789012:mfa/ana # mine":                           ErrSerial,
		"arn:aws:iam::123456789012:mfa/" + strings.Repeat("a", 256-30) + "a": ErrSerial,
	} {
		if err := CheckSerial(serial); err != want {
			t.Errorf("%q: %v, want %v", serial, err, want)
		}
	}
}

// TestAWrongSerialLeavesTheKeys: whose devices are listed to find the right one.
func TestAWrongSerialLeavesTheKeys(t *testing.T) {
	for serial, want := range map[string]error{"me": ErrSerial, "arn:aws:iam::123456789012:u2f/user/ana/key-A": ErrSecurityKey} {
		for _, where := range []string{"[profile a]\n", "[profile b]\n"} {
			config := "[profile a]\n" + role("A") + "source_profile = b\nservices = s\n[profile b]\n" + where + "mfa_serial = " + serial +
				"\n[services s]\niam =\n  endpoint_url = http://iam\n"
			p, err := Load(write(t, config, "[b]\n"+keys), "a", "")
			if !errors.Is(err, want) || !errors.Is(err, ErrSerial) {
				t.Errorf("%s: %v", serial, err)
			}
			if got := summary(p); !strings.HasPrefix(got, "credentials-file of b AKIA > A of a") {
				t.Errorf("%s: %s", serial, got)
			}
			if s, ok := p.ServiceEndpoint("iam"); !ok || s.Value != "http://iam" {
				t.Errorf("%s: the endpoint is %q", serial, s.Value)
			}
		}
	}
}

// TestNeedsSerial: what means nothing without a device, by the rules of
// inheritance of each.
func TestNeedsSerial(t *testing.T) {
	const serial = "mfa_serial = arn:aws:iam::123456789012:mfa/ana\n"
	for _, c := range []struct{ own, source, want string }{
		{"", "", ""},
		{"duration_seconds = 900\nmin_remaining = 1h\n", "", ""},
		{"mfa_process = otp\n", "", "mfa_process"},
		{"daypass_mfa_process = otp\n", "", "daypass_mfa_process"},
		{"session_duration = 1h\n", "", "session_duration"},
		{"mfa_session = false\n", "", "mfa_session"},
		{"mfa_session = true\n", "", "mfa_session"},
		{"mfa_max_age = 1h\n", "", "mfa_max_age"},
		{"", "mfa_process = otp\n", "mfa_process"},
		{"", "session_duration = 1h\n", "session_duration"},
		{"", "mfa_session = false\n", "mfa_session"},
		{"", "mfa_max_age = 1h\n", ""},
		{"daypass_session_duration =\nsession_duration = 1h\n", "", ""},
		{"mfa_process = otp\n", serial, ""},
		{serial, "mfa_process = otp\n", ""},
		{"daypass_mfa_serial =\n" + serial + "mfa_session = false\n", "", "mfa_session"},
	} {
		p := mustLoad(t, "[profile a]\n"+role("A")+"source_profile = b\n"+c.own+"[profile b]\n"+keys+c.source, "", "a")
		if p.NeedsSerial.Key != c.want {
			t.Errorf("%q, source %q: %q, want %q", c.own, c.source, p.NeedsSerial.Key, c.want)
		}
	}
}
