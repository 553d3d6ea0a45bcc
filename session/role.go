package session

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"daypass/profile"
)

// roleStep is the AssumeRole call that r asks for, and g in its place.
func roleStep(r profile.Role, g Given, login string) (Step, error) {
	s := Step{
		Call:        AssumeRole,
		Profile:     r.Profile,
		RoleARN:     r.ARN.Value,
		Duration:    roleDuration(r),
		ExternalID:  r.ExternalID.Value,
		SessionName: r.SessionName.Value,
	}
	for _, p := range parameters() {
		if err := p.take(&s, r, g); err != nil {
			return Step{}, err
		}
	}
	if s.SessionName == "" {
		s.SessionName = defaultSessionName(login)
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
	s.SourceIdentity = value
	return nil
}

// readTags reads k1=v1,k2=v2: a comma is no character of a tag.
func readTags(s *Step, value string) error {
	for _, pair := range splitList(value) {
		k, v, ok := strings.Cut(pair, "=")
		if !ok {
			return fmt.Errorf("%q is no tag: the setting is a list k1=v1,k2=v2", pair)
		}
		s.Tags = append(s.Tags, Tag{k, v})
	}
	return nil
}

func readTransitiveTags(s *Step, value string) error {
	s.TransitiveTags = splitList(value)
	return nil
}

func readPolicyARNs(s *Step, value string) error {
	s.PolicyARNs = splitList(value)
	return nil
}

// readPolicy takes JSON, or a file's name as the AWS CLI takes it. A program that
// runs in any folder reads it, so the name is absolute.
func readPolicy(s *Step, value string) (err error) {
	path, isFile, err := PolicyFile(value)
	switch {
	case err != nil:
		return err
	case !isFile:
		s.Policy = value
		return nil
	case !filepath.IsAbs(path):
		return fmt.Errorf("the policy file is not an absolute path")
	}
	text, err := readFile(path, longestPolicy)
	s.Policy, err = policyOf(path, text, err)
	return err
}

// PolicyFile is the file that s names, if s is not the policy itself. What looks like
// neither is an error.
func PolicyFile(s string) (path string, isFile bool, err error) {
	path, isFile = strings.CutPrefix(s, "file://")
	if isFile || s == "" || strings.HasPrefix(strings.TrimSpace(s), "{") || json.Valid([]byte(s)) {
		return path, isFile, nil
	}
	return "", false, fmt.Errorf("the policy is not a JSON object; a file is named as file://%s", s)
}

// ReadPolicyFile reads a policy from a file without the blanks around it, or from a
// pipe, for whose end it waits. No more is read than tells that it is too long.
func ReadPolicyFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return policyOf(path, nil, err)
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, longestPolicy))
	return policyOf(path, text, err)
}

func policyOf(path string, text []byte, err error) (string, error) {
	switch {
	case err != nil:
		return "", fmt.Errorf("reading the policy: %w", err)
	case len(text) == longestPolicy:
		return "", fmt.Errorf("the policy file %s is too long: STS takes %d characters", path, mostPolicy)
	}
	return strings.TrimSpace(string(text)), nil
}

// longestPolicy is more bytes than a policy can have.
const longestPolicy = 4*mostPolicy + 1

// splitList is what stands between commas, without the blanks around it.
func splitList(value string) []string {
	var list []string
	for _, item := range strings.Split(value, ",") {
		if item = strings.TrimSpace(item); item != "" {
			list = append(list, item)
		}
	}
	return list
}
