// Package creds owns what credentials are and every form in which daypass
// writes them. It does not know where they come from or where they are kept.
package creds

import (
	"fmt"
	"log/slog"
)

const redacted = "(redacted)"

// Secret is a string that shows itself only to Reveal: every fmt verb, JSON,
// slog and text encoding give "(redacted)". The zero Secret is empty.
//
// It holds a pointer because fmt calls no methods on unexported fields: a
// struct that hides a Secret prints an address then, not the secret.
type Secret struct {
	value *string
}

// NewSecret returns a Secret that holds s.
func NewSecret(s string) Secret {
	if s == "" {
		return Secret{}
	}
	return Secret{&s}
}

// Reveal returns the secret itself.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// Empty reports whether there is no secret.
func (s Secret) Empty() bool { return s.value == nil }

// Equal reports whether both hold the same secret.
func (s Secret) Equal(t Secret) bool { return s.Reveal() == t.Reveal() }

// String returns "(redacted)", also for an empty Secret.
func (s Secret) String() string { return redacted }

// Format writes "(redacted)" whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue gives slog "(redacted)".
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText gives encoders, JSON's among them, "(redacted)".
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
