package profile

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"
)

// Warning is something in the files that works otherwise than it reads, in
// daypass or in other tools. It holds no secret values.
type Warning struct {
	// File is the absolute path, Line the line from 1.
	File string
	Line int
	// Key is the setting as spelt in the file, "" if it is about a section or
	// the whole file.
	Key string
	// Message says what happens and where.
	Message string
}

// Warnings tells what is odd about one profile, whether it can be resolved or
// not; see Reader.Warnings. Nil if the files cannot be read.
func Warnings(files Files, name, self string) []Warning {
	r, err := Open(files, self)
	if err != nil {
		return nil
	}
	defer r.Close()
	return r.Warnings(name)
}

// Warnings tells what concerns the profile, whether it can be resolved or not:
// where the AWS CLI refuses a file or reads another value than daypass and the
// Go SDK, which SDKs never call daypass or refuse the profile, and which
// settings have no effect. They are sorted by file and line. This reads whole
// files and is not for a path that must be quick.
func (r *Reader) Warnings(name string) []Warning {
	v := r.resolver(name)
	_ = v.resolve() // the caller has it from Load
	w := &warner{resolver: v}
	names := v.names()
	for _, t := range []*text{r.files.config, r.files.credentials} {
		c, err := r.files.compare(t)
		if err != nil {
			continue
		}
		for _, n := range names {
			c.section(n)
		}
		w.warnings = append(w.warnings, c.warnings...)
	}
	w.shape()
	config := r.files.config.path
	sort.Slice(w.warnings, func(i, j int) bool { // slices.SortFunc would be 20 KB of code for this type
		a, b := &w.warnings[i], &w.warnings[j]
		if a.File != b.File {
			return a.File == config
		}
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Message, b.Message)) < 0
	})
	return slices.Compact(w.warnings)
}

// names gives the sections that the profile is made of.
func (v *resolver) names() []sectionName {
	var names []sectionName
	for _, name := range v.p.Chain {
		names = append(names, sectionName{"profile", name})
	}
	if v.missing != "" {
		names = append(names, sectionName{"profile", v.missing})
	}
	if s, ok := v.p.Lookup("services"); ok {
		names = append(names, sectionName{"services", s.Value})
	}
	if n := len(v.links); n > 0 {
		if s, ok := v.links[n-1].lookup("sso_session"); ok {
			names = append(names, sectionName{"sso-session", s.Value})
		}
	}
	return names
}

// warner tells what is odd about the settings themselves.
type warner struct {
	*resolver
	warnings []Warning
}

func (w *warner) at(s Setting, format string, args ...any) {
	w.warnings = append(w.warnings, Warning{s.File, s.Line, s.Key, fmt.Sprintf(format, args...)})
}

func (w *warner) shape() {
	for _, name := range append(slices.Clone(w.p.Chain), w.missing) {
		if s := w.files.stray(name); s != nil {
			w.warnings = append(w.warnings, *s)
		}
		sec, err := w.files.profile(name)
		if sec == nil || err != nil {
			continue
		}
		w.keysBesideOurCall(sec)
		w.emptyCall(sec)
		w.promptedTwice(sec)
		w.unknown(sec)
		w.keyPair(sec)
		if slices.ContainsFunc(w.links, func(l *section) bool { return l.name == name }) {
			w.besideOurCall(sec)
		} else {
			w.standsIn(sec)
		}
	}
	for _, sec := range w.links {
		w.ineffective(sec)
	}
	w.processLeftOut()
}

// breakers are the keys that some SDK does not accept beside
// credential_process, with what happens.
var breakers = []struct{ key, effect string }{
	{"role_arn", "most SDKs then assume the role themselves or refuse the profile"},
	{"source_profile", "the Go SDK refuses the profile, and others do not call daypass"},
	{"credential_source", "the Go SDK refuses the profile"},
	{"web_identity_token_file", "SDKs then do not call daypass or refuse the profile"},
	{"mfa_serial", "the .NET SDK refuses the profile"},
	{"external_id", "the .NET SDK refuses the profile"},
	{"role_session_name", "the .NET SDK refuses the profile"},
	{"sso_session", "most SDKs then use SSO and never call daypass"},
	{"sso_start_url", "most SDKs then use SSO and never call daypass"},
	{"sso_account_id", "most SDKs then use SSO and never call daypass"},
	{"sso_role_name", "most SDKs then use SSO and never call daypass"},
	{"sso_region", "most SDKs then use SSO and never call daypass"},
	{"login_session", "most SDKs then use that login and never call daypass"},
}

func (w *warner) besideOurCall(sec *section) {
	if _, ours := w.ownCall(sec.settings["credential_process"]); !ours {
		return
	}
	for _, b := range breakers {
		if s := sec.settings[b.key]; s.Value != "" {
			w.at(s, "beside credential_process: %s; write %s%s", b.effect, ownPrefix, b.key)
		}
	}
}

func (w *warner) keysBesideOurCall(sec *section) {
	if _, ours := w.ownCall(sec.settings["credential_process"]); !ours {
		return
	}
	for _, key := range []string{"aws_access_key_id", "aws_secret_access_key"} {
		if s := sec.settings[key]; s.Value != "" {
			w.at(s, "most SDKs use these keys and never call daypass, which is the credential_process of profile %q", sec.name)
			return
		}
	}
}

// emptyCall: botocore ends in a traceback (IndexError).
func (w *warner) emptyCall(sec *section) {
	if s, ok := sec.settings["credential_process"]; ok && s.Value == "" {
		w.at(s, "is empty: the AWS CLI fails on this profile")
	}
}

// promptedTwice is a role whose source has a session of MFA already.
func (w *warner) promptedTwice(sec *section) {
	serial, source := sec.settings["mfa_serial"], sec.settings["source_profile"]
	if serial.Value == "" || source.Value == "" || sec.settings["role_arn"].Value == "" {
		return
	}
	other, err := w.files.profile(source.Value)
	if err != nil || other == nil || other.name == sec.name {
		return
	}
	if _, ours := w.ownCall(other.settings["credential_process"]); ours {
		w.at(serial, "profile %q already comes with a code: the AWS CLI asks for another, and the Go and JavaScript SDKs refuse the profile", other.name)
	}
}

// unknown is most likely a typo: no other tool reads these keys.
func (w *warner) unknown(sec *section) {
	for key, s := range sec.settings {
		if name, own := strings.CutPrefix(key, ownPrefix); own && !slices.Contains(knownKeys, name) && !strings.Contains(name, ".") {
			w.at(s, "daypass knows no setting %q", name)
		}
	}
}

// knownKeys may be written with our prefix.
var knownKeys = []string{
	"aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_account_id",
	"role_arn", "source_profile", "credential_source", "credential_process", "web_identity_token_file",
	"sso_session", "sso_start_url", "sso_account_id", "sso_role_name", "sso_region",
	"external_id", "role_session_name", "duration_seconds", "source_identity",
	"session_tags", "transitive_session_tags", "session_policy", "session_policy_arns",
	"mfa_serial", "mfa_process", "mfa_session", "mfa_max_age", "session_duration",
	"min_remaining", "prompt", "prompt_timeout", "store",
	"region", "output", "services", "endpoint_url", "ignore_configured_endpoint_urls",
	"ca_bundle", "retry_mode", "max_attempts", "use_fips_endpoint", "use_dualstack_endpoint", "sts_regional_endpoints",
	"ec2_metadata_service_endpoint", "ec2_metadata_service_endpoint_mode", "ec2_metadata_v1_disabled",
}

// keyPair: SDKs want both halves, and the token, in one file.
func (w *warner) keyPair(sec *section) {
	id, hasID := sec.lookup("aws_access_key_id")
	secret, hasSecret := sec.lookup("aws_secret_access_key")
	if !hasID || !hasSecret {
		return
	}
	if id.File != secret.File {
		w.at(secret, "the other half of the key pair stands in %s: AWS SDKs refuse the profile", id.File)
	}
	if token, ok := sec.lookup("aws_session_token"); ok && token.File != id.File {
		w.at(token, "is used with the key pair in %s, to which it need not belong", id.File)
	}
}
