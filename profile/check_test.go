package profile

import (
	"errors"
	"runtime"
	"strings"
	"testing"
)

func TestCheckedValues(t *testing.T) {
	x := strings.Repeat
	for key, c := range map[string]struct{ good, bad []string }{
		"role_arn": {
			[]string{"arn:aws:iam::123456789012:role/r", "arn:aws-cn:iam::1:role/a/b", "arn:aws:iam:::role/ceph"},
			[]string{"r", "role/r", "arn:aws:iam::123456789012:user/ana", "aws:iam::123456789012:role/r"},
		},
		"mfa_serial": {
			[]string{"arn:aws:iam::123456789012:mfa/ana", "GAHT12345678", "arn:aws:iam:::mfa/ceph", x("a", 256)},
			[]string{"12345678", x("a", 257), "arn:aws:iam::123456789012:mfa/a b", "arn:aws:iam::123456789012:mfa/é", "arn:aws:iam::123456789012:u2f/user/ana/key-AAAA"},
		},
		"external_id":       {[]string{"ab", "a_+=,.@:/-1", x("a", 1224)}, []string{"a", x("a", 1225), "a b", "a#b"}},
		"role_session_name": {[]string{"ab", "a_+=,.@-1", x("a", 64)}, []string{"a", x("a", 65), "a/b", "a:b", "ä_"}},
		"duration_seconds":  {[]string{"900", "43200", "12h", "15m"}, []string{"899", "43201", "x", "-900", "13h"}},
		"session_duration":  {[]string{"900", "129600", "36h"}, []string{"899", "129601", "37h", "1d"}},
		"mfa_session":       {[]string{"true", "false", "False"}, []string{"no", "0", "1"}},
		"min_remaining":     {[]string{"0", "2h"}, []string{"soon", "-1"}},
		"prompt_timeout":    {[]string{"30", "2m"}, []string{"soon", "500ms"}},
		"mfa_process":       {[]string{"otp -s x", `sh -c "otp | tail"`}, []string{`otp "`, "otp | tail", "otp > x", "otp $(x)", "SEED=x otp"}},
	} {
		load := func(form, value string) error {
			config := "[profile a]\n" + form + key + " = " + value + "\nsource_profile = b\n[profile b]\n" + keys
			if key != "role_arn" {
				config += "[profile a]\n" + role("A")
			}
			_, err := Load(write(t, config, ""), "a", "")
			return err
		}
		for _, value := range c.good {
			if err := load("", value); err != nil {
				t.Errorf("%s = %s: %v", key, value, err)
			}
		}
		for _, value := range c.bad {
			for _, form := range []string{"", ownPrefix} {
				err := load(form, value)
				var bad *Error
				if !errors.As(err, &bad) || bad.Line != 2 || bad.Key != form+key || bad.File == "" || bad.Profile == "" {
					t.Errorf("%s%s = %s: %v", form, key, value, err)
				}
			}
		}
	}
}

// TestUnusedValuesAreNotChecked: what changes nothing stops nobody.
func TestUnusedValuesAreNotChecked(t *testing.T) {
	for _, config := range []string{
		"[profile a]\n" + keys + "duration_seconds = x\nexternal_id = -\nrole_session_name = ?\n",
		"[profile a]\n" + keys + "mfa_serial = arn:aws:iam::123456789012:mfa/ana\n" + role("A") + "source_profile = b\n[profile b]\n" + keys +
			"mfa_serial = ?\nmin_remaining = x\nprompt_timeout = x\nduration_seconds = x\nmfa_process = otp | tail\n",
		"[profile a]\n" + keys + "daypass_role_arn =\nrole_arn = x\n",
	} {
		mustLoad(t, config, "", "a")
	}
}

func TestHints(t *testing.T) {
	serial := "mfa_serial = arn:aws:iam::123456789012:mfa/ana\n"
	for config, want := range map[string]string{
		"[profile a]\n" + keys + "mfa_serial = arn:aws:iam::123456789012:u2f/ana\n":  "virtual MFA device",
		"[profile a]\n" + keys + serial + "mfa_process = otp | tail\n":               "sh -c '...'",
		"[profile a]\nsource_profile = b\n[profile b]\n" + keys:                      "write daypass_source_profile = b",
		"[profile a]\n" + role("A"):                                                  "daypass_source_profile",
		"[a]\nregion = r\n":                                                          "config:1: [a] is no profile in this file, [profile a] is",
		"[profile b]\n":                                                              "[profile NAME]",
		"[profile a]\n" + keys + serial + "mfa_process = otp 'marked | " + "\n":      "",
		"[profile a]\n" + keys + serial + "mfa_process = otp --seed marked | tail\n": "sh -c",
		"[profile a]\n" + keys + serial + "mfa_process = SEED=marked otp\n":          "sh -c '...'",
	} {
		_, err := Load(write(t, config, ""), "a", "")
		var bad *Error
		if !errors.As(err, &bad) || !strings.Contains(bad.Hint, want) || (want == "") != (bad.Hint == "") {
			t.Errorf("%s: %v, hint %q", config, err, bad.Hint)
			continue
		}
		if strings.Contains(bad.Error()+bad.Hint, "marked") {
			t.Errorf("arguments of the mfa_process in %q, %q", bad, bad.Hint)
		}
	}
	if runtime.GOOS != "windows" {
		mustLoad(t, "[profile a]\n"+keys+serial+"mfa_process = sh -c 'otp | tail'\n", "", "a")
	}
}
