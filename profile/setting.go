package profile

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
)

// ownPrefix begins the keys that only daypass reads. A profile needs them where
// the plain key beside credential_process would break an SDK.
const ownPrefix = "daypass_"

// hiddenValue stands for a value that nobody may see.
const hiddenValue = "(set)"

// Setting is one key of one section. The zero Setting is one that is not there.
type Setting struct {
	// Key is lower-cased and otherwise as spelt in the file, prefix included.
	// A key of a nested block (s3 =) reads "s3.addressing_style".
	Key string
	// Value is the value as AWS's dialect gives it; it may hold line feeds.
	Value string
	// File is the absolute path of the file, Line the line from 1.
	File string
	Line int
}

// Name is what the setting is called in AWS's files: Key without our prefix.
func (s Setting) Name() string { return strings.TrimPrefix(s.Key, ownPrefix) }

// Secret says whether the value is a secret by the name of its key.
func (s Setting) Secret() bool {
	for _, end := range []string{"secret_access_key", "session_token", "security_token", "password", "secret"} {
		if strings.HasSuffix(s.Key, end) {
			return true
		}
	}
	return false
}

// nestedName is the name of a nested key. Below a secret it is no name but a
// part of the value, which an = at its end has made look like one.
func nestedName(key, sub string) string {
	if (Setting{Key: key}).Secret() {
		sub = hiddenValue
	}
	return key + "." + sub
}

// Shown is the value as a person may see it: "(set)" for a secret, and of a
// command only its program, since its arguments may hold a seed or a password.
// A credential_process that is daypass is shown whole.
func (s Setting) Shown() string {
	key := s.Name()
	switch {
	case s.Secret():
		return hiddenValue
	case key == "mfa_process" || key == "credential_process":
		words, err := SplitCommand(s.Value)
		switch {
		case err != nil || len(words) > 0 && isAssignment(words[0]):
			return hiddenValue
		case len(words) == 0:
			return ""
		case key == "mfa_process" || !isOwnCall(words):
			return words[0]
		}
	}
	return s.Value
}

// Place is where the setting stands, "/home/ana/.aws/config:12"; "" for the zero
// Setting.
func (s Setting) Place() string {
	if s.File == "" {
		return ""
	}
	return s.File + ":" + strconv.Itoa(s.Line)
}

// shown has Setting's shape without its methods.
type shown Setting

func (s Setting) shown() shown {
	s.Value = s.Shown()
	return shown(s)
}

// Format prints the setting with Shown in place of Value, under every verb.
func (s Setting) Format(f fmt.State, verb rune) {
	fmt.Fprintf(f, fmt.FormatString(f, verb), s.shown())
}

// LogValue logs the setting with Shown in place of Value.
func (s Setting) LogValue() slog.Value {
	return slog.GroupValue(slog.String("key", s.Key), slog.String("value", s.Shown()),
		slog.String("file", s.File), slog.Int("line", s.Line))
}

// MarshalJSON writes the setting with Shown in place of Value.
func (s Setting) MarshalJSON() ([]byte, error) {
	return json.Marshal(s.shown())
}
