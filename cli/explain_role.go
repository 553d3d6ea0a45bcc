package cli

import (
	"fmt"
	"strings"

	"daypass/profile"
	"daypass/session"
)

// explainedRole is what a call for a role carries beside its role, each called
// as the setting that says it. It is empty for another call.
type explainedRole struct {
	SessionName    string         `json:"role_session_name,omitempty"`
	ExternalID     string         `json:"external_id,omitempty"`
	SourceIdentity string         `json:"source_identity,omitempty"`
	Tags           []explainedTag `json:"session_tags,omitempty"`
	TransitiveTags []string       `json:"transitive_session_tags,omitempty"`
	Policy         string         `json:"session_policy,omitempty"`
	PolicyARNs     []string       `json:"session_policy_arns,omitempty"`
}

type explainedTag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

func explainRole(s session.Step) explainedRole {
	x := explainedRole{
		SessionName: s.SessionName, ExternalID: s.ExternalID, SourceIdentity: s.SourceIdentity,
		TransitiveTags: s.TransitiveTags, Policy: s.Policy, PolicyARNs: s.PolicyARNs,
	}
	for _, t := range s.Tags {
		x.Tags = append(x.Tags, explainedTag{t.Key, t.Value})
	}
	return x
}

// lines are x for people.
func (x explainedRole) lines() []string {
	var tags []string
	for _, t := range x.Tags {
		tags = append(tags, t.Key+"="+t.Value)
	}
	var lines []string
	for _, part := range []struct{ name, value string }{
		{"role_session_name", x.SessionName},
		{"external_id", x.ExternalID},
		{"source_identity", x.SourceIdentity},
		{"session_tags", strings.Join(tags, ",")},
		{"transitive_session_tags", strings.Join(x.TransitiveTags, ",")},
		{"session_policy", x.Policy},
		{"session_policy_arns", strings.Join(x.PolicyARNs, ",")},
	} {
		if part.value != "" {
			lines = append(lines, part.name+" = "+part.value)
		}
	}
	return lines
}

// given notes which settings the command line goes before.
func (x *explanation) given(p *profile.Profile, given session.Given) {
	last := p.Base.Role
	if n := len(p.Roles); n > 0 {
		last = p.Roles[n-1]
	}
	for _, name := range given.Settings() {
		if s, ok := last.Lookup(name); ok {
			x.notes = append(x.notes, fmt.Sprintf("--%s goes before %s (%s)", strings.ReplaceAll(name, "_", "-"), s.Key, s.Place()))
		}
	}
}
