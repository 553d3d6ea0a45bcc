package session

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"daypass/profile"
)

// roleStep is the AssumeRole call that r asks for.
func roleStep(r profile.Role, login string) (Step, error) {
	s := Step{
		Call:        AssumeRole,
		Profile:     r.Profile,
		RoleARN:     r.ARN.Value,
		Duration:    roleDuration(r),
		ExternalID:  r.ExternalID.Value,
		SessionName: r.SessionName.Value,
	}
	if s.SessionName == "" {
		s.SessionName = defaultSessionName(login)
	}
	for _, option := range []struct {
		key  string
		read func(*Step, string) error
	}{
		{"source_identity", readSourceIdentity},
		{"session_tags", readTags},
		{"transitive_session_tags", readTransitiveTags},
		{"session_policy", readPolicy},
		{"session_policy_arns", readPolicyARNs},
	} {
		setting, ok := r.Lookup(option.key)
		if !ok || setting.Value == "" {
			continue
		}
		if err := option.read(&s, setting.Value); err != nil {
			return Step{}, &profile.Error{Profile: r.Profile, File: setting.File, Line: setting.Line, Key: setting.Key, Message: err.Error()}
		}
	}
	return s, nil
}

// defaultSessionName is stable for a person, so that CloudTrail and tools that
// key on the assumed-role ARN see one name.
func defaultSessionName(login string) string {
	name := strings.Map(func(r rune) rune {
		if isAlphanumeric(r, nameCharacters) {
			return r
		}
		return '-'
	}, "daypass-"+login)
	return name[:min(len(name), 64)]
}

func readSourceIdentity(s *Step, value string) error {
	if !isSourceIdentity(value) {
		return fmt.Errorf("not a source identity, which has 2 to 64 letters, digits or characters of _+=,.@-")
	}
	s.SourceIdentity = value
	return nil
}

func readTags(s *Step, value string) error {
	for _, pair := range strings.Split(value, ",") {
		k, v, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok || k == "" || utf8.RuneCountInString(k) > 128 || utf8.RuneCountInString(v) > 256 {
			return fmt.Errorf("not a list of tags k1=v1,k2=v2 with keys of at most 128 and values of at most 256 characters")
		}
		s.Tags = append(s.Tags, Tag{k, v})
	}
	if len(s.Tags) > 50 {
		return fmt.Errorf("%d tags; STS takes 50", len(s.Tags))
	}
	return nil
}

func readTransitiveTags(s *Step, value string) error {
	s.TransitiveTags = splitList(value)
	return nil
}

func readPolicyARNs(s *Step, value string) error {
	s.PolicyARNs = splitList(value)
	if len(s.PolicyARNs) > 10 {
		return fmt.Errorf("%d policies; STS takes 10", len(s.PolicyARNs))
	}
	return nil
}

// readPolicy takes JSON, or a file's name as the AWS CLI takes it.
func readPolicy(s *Step, value string) error {
	if path, ok := strings.CutPrefix(value, "file://"); ok {
		if !filepath.IsAbs(path) {
			return fmt.Errorf("the policy file is not an absolute path")
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("reading the policy: %w", err)
		}
		value = string(text)
	}
	if !json.Valid([]byte(value)) {
		return fmt.Errorf("the policy is not JSON")
	}
	s.Policy = value
	return nil
}

func splitList(value string) []string {
	var list []string
	for _, item := range strings.Split(value, ",") {
		if item = strings.TrimSpace(item); item != "" {
			list = append(list, item)
		}
	}
	return list
}
