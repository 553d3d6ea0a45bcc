package profile

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// warned gives the warnings about profile a as "line key", with c before lines
// of the config file and k before those of the credentials file.
func warned(t *testing.T, config, credentials string) (places []string, all []Warning) {
	t.Helper()
	files := write(t, config, credentials)
	all = Warnings(files, "a", "")
	for _, w := range all {
		file := "c"
		if w.File == files.Credentials {
			file = "k"
		}
		places = append(places, strings.TrimSpace(fmt.Sprintf("%s%d %s", file, w.Line, w.Key)))
		if w.Message == "" {
			t.Errorf("no message: %+v", w)
		}
	}
	return places, all
}

const ours = "credential_process = /x/daypass credential-process --profile a\n"

func TestWarnings(t *testing.T) {
	for name, c := range map[string]struct {
		config, credentials string
		want                []string
		message             string // in the first of them
	}{
		"nothing":         {"[profile a]\n" + ours + "daypass_source_profile = b\nregion = r\n", "[b]\n" + keys, nil, ""},
		"nothing in role": {"[profile a]\n" + role("A") + "source_profile = b\nexternal_id = id\n", "[b]\n" + keys, nil, ""},
		"not found":       {"[profile b]\n", "", nil, ""},

		"own keys":          {"[profile a]\n" + ours, "[a]\n" + keys, []string{"k2 aws_access_key_id"}, "most SDKs use these keys and never call daypass"},
		"own keys, further": {"[profile a]\ndaypass_source_profile = b\n[profile b]\ncredential_process = daypass credential-process\n" + keys, "", []string{"c5 aws_access_key_id"}, `profile "b"`},
		"own secret":        {"[profile a]\n" + ours, "[a]\naws_secret_access_key = s\n", []string{"k2 aws_secret_access_key"}, "never call daypass"},
		"prefixed keys":     {"[profile a]\n" + ours + "daypass_aws_access_key_id = AKIA\ndaypass_aws_secret_access_key = s\n", "", nil, ""},

		"plain role": {"[profile a]\n" + ours + role("A") + "source_profile = b\nmfa_serial = arn:aws:m\n[profile b]\n" + keys, "",
			[]string{"c3 role_arn", "c4 source_profile", "c5 mfa_serial"}, "write daypass_role_arn"},
		"plain source of credentials": {"[profile a]\n" + ours + role("A") + "credential_source = Environment\n", "", []string{"c3 role_arn", "c4 credential_source"}, "assume the role"},
		"plain token file":            {"[profile a]\n" + ours + "daypass_" + role("A") + "web_identity_token_file = /t\n", "", []string{"c4 web_identity_token_file"}, "SDKs"},
		"plain sso":                   {"[profile a]\n" + ours + "sso_start_url = u\nsso_account_id = 1\nsso_region = r\nsso_role_name = n\n", "", []string{"c3 sso_start_url", "c4 sso_account_id", "c5 sso_region", "c6 sso_role_name"}, "SSO"},
		"plain role options":          {"[profile a]\n" + ours + "daypass_" + role("A") + "daypass_source_profile = b\nexternal_id = e1\nrole_session_name = s1\n[profile b]\n" + keys, "", []string{"c5 external_id", "c6 role_session_name"}, ".NET"},

		"another's process": {"[profile a]\ncredential_process = op\n" + role("A") + "source_profile = b\n[profile b]\n" + keys, "", []string{"c2 credential_process"}, "source_profile on line 4 comes first"},
		"keys beside":       {"[profile a]\n" + keys + "credential_process = op\n", "", []string{"c4 credential_process"}, "aws_access_key_id on line 2"},
		"keys and source":   {"[profile a]\n" + keys + role("A") + "source_profile = b\n[profile b]\n" + keys, "", []string{"c2 aws_access_key_id"}, "source_profile on line 5"},
		"itself":            {"[profile a]\n" + keys + role("A") + "source_profile = a\n", "", nil, ""},
		"sso of one piece":  {"[profile a]\nsso_session = s\nsso_account_id = 1\n[sso-session s]\nsso_start_url = u\n", "", nil, ""},
		"sso and a process": {"[profile a]\nsso_start_url = u\ncredential_process = op\n", "", []string{"c3 credential_process"}, "sso_start_url on line 2"},
		"role options":      {"[profile a]\n" + keys + "duration_seconds = 900\ndaypass_session_tags = k=v\n", "", []string{"c4 duration_seconds", "c5 daypass_session_tags"}, "without a role_arn"},
		"source of no role": {"[profile a]\ncredential_source = Environment\n", "", []string{"c2 credential_source"}, "SDKs refuse"},
		"empty process":     {"[profile a]\ncredential_process =\n", "", []string{"c2 credential_process"}, "AWS CLI fails"},

		"typo":         {"[profile a]\n" + ours + "daypass_mfa_seriel = arn:aws:m\ndaypass_source_profile = b\n", "[b]\n" + keys, []string{"c3 daypass_mfa_seriel"}, `no setting "mfa_seriel"`},
		"known":        {"[profile a]\n" + keys + "daypass_endpoint_url = http://h\ndaypass_store = none\ndaypass_mfa_max_age = 1h\ndaypass_ec2_metadata_service_endpoint_mode = IPv6\ndaypass_ec2_metadata_v1_disabled = true\n", "", nil, ""},
		"half a token": {"[profile a]\naws_session_token = t\n", "[a]\n" + keys, []string{"c2 aws_session_token"}, "need not belong"},
		"split pair":   {"[profile a]\naws_access_key_id = AKIA\n", "[a]\naws_secret_access_key = s\n", []string{"k2 aws_secret_access_key"}, "other half"},

		"stands for another": {"[profile a]\ncredential_process = daypass credential-process --profile b\nregion = r\nmfa_serial = arn:aws:m\nstore = none\n[profile b]\n" + keys, "", []string{"c4 mfa_serial", "c5 store"}, `stands for "b"`},
		"other device":       {"[profile a]\n" + role("A") + "source_profile = b\nmfa_serial = arn:aws:a\n[profile b]\n" + keys + "mfa_serial = arn:aws:b\nmfa_process = otp marked\n", "", []string{"c9 mfa_process"}, "another mfa_serial"},
		"asked twice":        {"[profile a]\n" + role("A") + "source_profile = b\nmfa_serial = arn:aws:a\n[profile b]\ncredential_process = daypass credential-process --profile b\ndaypass_source_profile = c\n[profile c]\n" + keys, "", []string{"c4 mfa_serial"}, "asks for another"},

		"bare name":                 {"[a]\nregion = r\n", "[a]\n" + keys, []string{"c1"}, "[profile a] is"},
		"bare name, not found":      {"[a]\nregion = r\n", "", []string{"c1"}, "[profile a] is"},
		"name with word":            {"", "[profile a]\n" + keys, []string{"k1"}, "[a] is"},
		"bare name of the source":   {"[profile a]\n" + role("A") + "source_profile = b\n[b]\n" + keys, "", []string{"c4"}, "[profile b] is"},
		"comment":                   {"[profile a]\nregion = r # comment\n" + keys, "", []string{"c2 region"}, `takes the comment into the value: "r # comment"`},
		"quotes and comment":        {"[profile a]\nregion = 'r' # comment\n" + keys, "", []string{"c2 region"}, "the quotes and the comment"},
		"comment alone":             {"[profile a]\nregion = # comment\n" + keys, "", []string{"c2 region"}, "takes the comment into the value"},
		"comment in the chain":      {"[profile a]\n" + role("A") + "source_profile = b\n[profile b]\nregion = r # comment\n" + keys, "", []string{"c5 region"}, "comment"},
		"comment elsewhere":         {"[profile a]\n" + keys + "[profile z]\nregion = r # comment\n[services s]\nsts =\n  endpoint_url = 'u'\n", "", nil, ""},
		"comment in a service":      {"[profile a]\n" + keys + "services = s\n[services s]\nsts =\n  endpoint_url = 'u'\n", "", []string{"c7 sts.endpoint_url"}, "takes the quotes"},
		"comment in an sso-session": {"[profile a]\nsso_session = s\n[sso-session s]\nsso_region = r # c\nsso_start_url = u\n", "", []string{"c4 sso_region"}, "comment"},
		"comment in credentials":    {"", "[a]\naws_access_key_id = AKIA\naws_secret_access_key = s3cr3t # c\n", []string{"k3 aws_secret_access_key"}, "takes the comment into the value"},

		"refused elsewhere":    {"[profile a]\n" + keys + "[profile z]\nregion = r\nregion = s\n", "", []string{"c6 region"}, "is set twice in [profile z], first on line 5: the AWS CLI refuses the whole file"},
		"refused twice":        {"loose\nends\n[profile a]\n" + keys + "junk\n[profile z\n[profile z]\n[profile z]\n", "", []string{"c1", "c6", "c7", "c9"}, "before the first section"},
		"refused block":        {"[profile a]\n" + keys + "s3 =\n  a = 1\n  junk\n", "", []string{"c4 s3"}, "without = in the block"},
		"refused nameless":     {"[profile a]\n" + keys + "= x\n", "", []string{"c4"}, "without a name"},
		"quoted name":          {"[profile \"a\"]\n" + keys, "", []string{"c1"}, "only the AWS CLI"},
		"blanks in the name":   {"[ profile a ]\n" + keys, "", []string{"c1"}, "does not take this section"},
		"backslash":            {"[profile \\a]\n" + keys, "", []string{"c1"}, "only the AWS CLI"},
		"continued":            {"[profile a]\nregion = r\n  output = o\n" + keys, "", []string{"c2 region", "c3 output"}, "indented lines"},
		"twice by other words": {"[profile a]\nregion = r\n[profile  a]\n" + keys, "", []string{"c2 region"}, "does not see"},
		"two [DEFAULT]s":       {"[DEFAULT]\n[DEFAULT]\n[profile a]\n" + keys, "", nil, ""},
		"[DEFAULT] for two":    {"[DEFAULT]\nx = y\n[profile a]\n" + role("A") + "source_profile = b\n[profile b]\n" + keys, "", []string{"c1", "c2 x", "c2 x"}, "every section"},
		"block case":           {"[profile a]\n" + keys + "s3 =\n  Style = x\n", "", []string{"c5 s3.style"}, "does not see"},
	} {
		t.Run(name, func(t *testing.T) {
			got, all := warned(t, c.config, c.credentials)
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q\n%+v", got, c.want, all)
			}
			if len(all) > 0 && !strings.Contains(all[0].Message, c.message) {
				t.Errorf("%q does not say %q", all[0].Message, c.message)
			}
			if strings.Contains(fmt.Sprint(all), "s3cr3t") || strings.Contains(fmt.Sprint(all), "marked") {
				t.Errorf("a warning shows a secret: %v", all)
			}
		})
	}
}

func TestWarningsDefault(t *testing.T) {
	files := write(t, "[DEFAULT]\nregion = r\n[default]\noutput = o\n[profile default]\n"+keys, "")
	var lines []int
	for _, w := range Warnings(files, "default", "") {
		lines = append(lines, w.Line)
	}
	if want := []int{1, 2, 3, 5}; !slices.Equal(lines, want) {
		t.Errorf("lines %v, want %v", lines, want)
	}
}

// TestWarningsAreSorted and told once, whatever found them.
func TestWarningsAreSorted(t *testing.T) {
	files := write(t, "[profile a]\n"+ours+"role_arn = 'x'\nmfa_serial = y # z\ndaypass_typo = 1\n", "[profile a]\n[a]\n"+keys+"region = 'r'\n")
	all := Warnings(files, "a", "")
	if len(all) < 6 || !slices.IsSortedFunc(all, func(a, b Warning) int {
		if a.File != b.File {
			return strings.Compare(a.File, b.File) // config, credentials
		}
		return a.Line - b.Line
	}) {
		t.Errorf("%+v", all)
	}
	for i, w := range all {
		if slices.Contains(all[:i], w) {
			t.Errorf("told twice: %+v", w)
		}
	}
}
