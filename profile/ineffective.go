package profile

import "strings"

// keysOnly are the settings that say where credentials come from, in the order
// in which the first counts.
var keysOnly = []string{
	"aws_access_key_id", "credential_source", "web_identity_token_file",
	"sso_session", "sso_start_url", "sso_account_id", "credential_process",
}

// roleOnly are the settings of AssumeRole.
var roleOnly = []string{
	"external_id", "role_session_name", "duration_seconds", "source_identity",
	"session_tags", "transitive_session_tags", "session_policy", "session_policy_arns",
}

// ineffective tells which settings of a profile on the chain change nothing.
func (w *warner) ineffective(sec *section) {
	first, _ := sec.lookup("source_profile")
	if first.Value == sec.name {
		first = Setting{}
	}
	if s := sec.settings["credential_source"]; s.Value != "" && sec.settings["role_arn"].Value == "" {
		w.at(s, "without a role_arn, AWS SDKs refuse the profile")
	}
	for _, key := range keysOnly {
		s, ok := sec.lookup(key)
		if _, ours := w.ownCall(s); !ok || ours {
			continue
		}
		switch {
		case w.inRing(sec) && key == "aws_access_key_id":
			w.at(s, "lies in clear here, and AWS SDKs use it; daypass uses the key that the keyring holds under this name")
		case w.inRing(sec):
			w.at(s, "has no effect on daypass: the key that the keyring holds under this name comes first")
		case first.Key == "":
			first = s
		case !isSSO(first) || !isSSO(s):
			w.at(s, "has no effect on daypass: %s on line %d comes first", first.Key, first.Line)
		}
	}
	if _, ok := sec.lookup("role_arn"); ok {
		return
	}
	for _, key := range roleOnly {
		if s, ok := sec.lookup(key); ok {
			w.at(s, "has no effect without a role_arn")
		}
	}
}

// inRing reports whether a key in the keyring stands in for all that sec says of
// credentials.
func (w *warner) inRing(sec *section) bool {
	return w.p.Base.Kind == Keyring && w.p.Base.Profile == sec.name
}

func isSSO(s Setting) bool {
	return strings.HasPrefix(strings.TrimPrefix(s.Key, ownPrefix), "sso_")
}

// standsIn is a profile whose credential_process is daypass for another: only
// its region and output count.
func (w *warner) standsIn(sec *section) {
	call, _ := sec.lookup("credential_process")
	other, _ := w.ownCall(call)
	for _, key := range knownKeys {
		s, ok := sec.lookup(key)
		if !ok || key == "region" || key == "output" || key == "credential_process" {
			continue
		}
		w.at(s, "has no effect on daypass: profile %q stands for %q, where this would have to be", sec.name, other)
	}
}

// processLeftOut is an mfa_process that gives the codes of another device.
func (w *warner) processLeftOut() {
	if w.p.MFAProcess.Key != "" || w.p.MFASerial.Key == "" {
		return
	}
	for _, sec := range w.links {
		if s, ok := sec.lookup("mfa_process"); ok {
			w.at(s, "is not used for profile %q: profile %q has another mfa_serial", w.p.Name, sec.name)
			return
		}
	}
}
