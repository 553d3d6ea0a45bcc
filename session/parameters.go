package session

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"daypass/profile"
)

// Given is what the command line says of the last role's call, in place of that
// role's settings. What is zero is left to them.
type Given struct {
	ExternalID     string
	SessionName    string
	Duration       time.Duration
	SourceIdentity string
	Tags           []Tag
	TransitiveTags []string
	Policy         string // JSON
	PolicyARNs     []string
}

// Settings are the names of the settings in whose place g is.
func (g Given) Settings() []string {
	var names []string
	for _, p := range parameters() {
		if p.give(&Step{}, g) {
			names = append(names, p.setting)
		}
	}
	return names
}

// ParameterError is a parameter that STS would refuse.
type ParameterError struct {
	Parameter string // as the AWS CLI writes it, without dashes: "policy-arns"
	Problem   string
}

// Error names the parameter and what is wrong.
func (e *ParameterError) Error() string { return e.Parameter + ": " + e.Problem }

// parameter is one of AssumeRole's that a setting may give, or the command line.
type parameter struct {
	setting string
	give    func(*Step, Given) bool   // false if the command line does not give it
	read    func(*Step, string) error // a setting; nil if profile has read and checked it
	check   func(Step) error          // what STS would refuse
	token   bool                      // AssumeRoleWithWebIdentity takes it too
}

// parameters stand in an order in which each may be checked by those before it.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
func parameters() []parameter {
	return []parameter{
		{"external_id", func(s *Step, g Given) bool { return give(&s.ExternalID, g.ExternalID, g.ExternalID != "") },
			nil, checkExternalID, false},
		{"role_session_name", func(s *Step, g Given) bool { return give(&s.SessionName, g.SessionName, g.SessionName != "") },
			nil, func(s Step) error { return checkName(s.SessionName) }, true},
		{"duration_seconds", func(s *Step, g Given) bool { return give(&s.Duration, g.Duration, g.Duration != 0) },
			nil, checkDuration, true},
		{"source_identity", func(s *Step, g Given) bool { return give(&s.SourceIdentity, g.SourceIdentity, g.SourceIdentity != "") },
			readSourceIdentity, func(s Step) error { return checkName(s.SourceIdentity) }, false},
		{"session_tags", func(s *Step, g Given) bool { return give(&s.Tags, g.Tags, len(g.Tags) > 0) },
			readTags, func(s Step) error { return checkTags(s.Tags) }, false},
		{"transitive_session_tags", func(s *Step, g Given) bool {
			return give(&s.TransitiveTags, g.TransitiveTags, len(g.TransitiveTags) > 0)
		}, readTransitiveTags, checkTransitiveTags, false},
		{"session_policy", func(s *Step, g Given) bool { return give(&s.Policy, g.Policy, g.Policy != "") },
			readPolicy, func(s Step) error { return checkPolicy(s.Policy) }, true},
		{"session_policy_arns", func(s *Step, g Given) bool { return give(&s.PolicyARNs, g.PolicyARNs, len(g.PolicyARNs) > 0) },
			readPolicyARNs, func(s Step) error { return checkPolicyARNs(s.PolicyARNs) }, true},
	}
}

func give[T any](to *T, given T, there bool) bool {
	if there {
		*to = given
	}
	return there
}

// take reads the parameter into s. What is wrong with a setting is a
// *profile.Error, and with what the command line gives a *ParameterError.
func (p parameter) take(s *Step, r profile.Role, g Given) error {
	given := p.give(s, g)
	setting, set := r.Lookup(p.setting)
	if !given && (!set || p.read == nil) {
		return nil
	}
	var err error
	if !given {
		err = p.read(s, setting.Value)
	}
	if err == nil {
		err = p.check(*s)
	}
	switch {
	case err == nil:
		return nil
	case given:
		return p.wrong(err.Error())
	}
	return &profile.Error{Profile: r.Profile, File: setting.File, Line: setting.Line, Key: setting.Key, Message: err.Error()}
}

func (p parameter) wrong(problem string) error {
	return &ParameterError{strings.ReplaceAll(p.setting, "_", "-"), problem}
}

// withoutRole is the error about g for a profile that assumes no role.
func (g Given) withoutRole(name string) error {
	for _, p := range parameters() {
		if p.give(&Step{}, g) {
			return p.wrong(fmt.Sprintf("is for a role, and profile %q has none", name))
		}
	}
	return nil
}

func checkExternalID(s Step) error {
	if n := len(s.ExternalID); n < 2 || n > 1224 || !alphanumeric(s.ExternalID, nameCharacters+":/") {
		return fmt.Errorf("must be 2 to 1224 letters, digits or any of %s:/", nameCharacters)
	}
	return nil
}

// checkName checks the name of a session, or a source identity. The prefix aws:
// of the latter is AWS's own, and a colon is no character of one.
func checkName(name string) error {
	if len(name) < 2 || len(name) > 64 || !alphanumeric(name, nameCharacters) {
		return fmt.Errorf("must be 2 to 64 letters, digits or any of %s", nameCharacters)
	}
	return nil
}

func checkDuration(s Step) error {
	if s.Duration < 900*time.Second || s.Duration > 43200*time.Second {
		return fmt.Errorf("%s is not between 900 and 43200 seconds", s.Duration)
	}
	return nil
}

func checkTags(tags []Tag) error {
	if len(tags) > 50 {
		return fmt.Errorf("%d tags; STS takes 50", len(tags))
	}
	seen := map[string]bool{}
	for _, t := range tags {
		fold := strings.ToLower(t.Key) // tags differ in more than case
		switch {
		case t.Key == "" || !isTag(t.Key, 128) || !isTag(t.Value, 256):
			return fmt.Errorf("%q is no tag: a key has 1 to 128, a value at most 256 letters, digits, blanks or characters of _.:/=+-@", t.Key)
		case seen[fold]:
			return fmt.Errorf("%q is there twice", t.Key)
		}
		seen[fold] = true
	}
	return nil
}

func isTag(s string, most int) bool {
	return utf8.RuneCountInString(s) <= most && strings.IndexFunc(s, func(r rune) bool {
		return !unicode.In(r, unicode.L, unicode.Z, unicode.N) && !strings.ContainsRune("_.:/=+-@", r)
	}) < 0
}

// checkTransitiveTags: STS takes as transitive no key that the same call does not
// set.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_role-chaining
func checkTransitiveTags(s Step) error {
	for _, key := range s.TransitiveTags {
		if !slices.ContainsFunc(s.Tags, func(t Tag) bool { return strings.EqualFold(t.Key, key) }) {
			return fmt.Errorf("%q is not among the session tags", key)
		}
	}
	return nil
}

// checkPolicy looks at no more of a policy than that it is one: what it may say
// AWS alone knows.
func checkPolicy(text string) error {
	var document map[string]json.RawMessage
	switch {
	case json.Unmarshal([]byte(text), &document) != nil:
		return fmt.Errorf("the policy is not a JSON object")
	case document["Statement"] == nil:
		return fmt.Errorf("the policy has no Statement")
	case utf8.RuneCountInString(text) > mostPolicy:
		return fmt.Errorf("the policy has %d characters; STS takes %d", utf8.RuneCountInString(text), mostPolicy)
	}
	if strings.IndexFunc(text, func(r rune) bool { return r > 0xff }) >= 0 {
		return fmt.Errorf("the policy has a character beyond U+00FF, which STS does not take: write it as \\uXXXX")
	}
	return nil
}

// mostPolicy is in characters.
const mostPolicy = 2048

func checkPolicyARNs(arns []string) error {
	if len(arns) > 10 {
		return fmt.Errorf("%d policies; STS takes 10", len(arns))
	}
	for _, arn := range arns {
		if !strings.HasPrefix(arn, "arn:") || len(arn) < 20 || len(arn) > 2048 {
			return fmt.Errorf("%q is no ARN of a policy", arn)
		}
	}
	return nil
}
