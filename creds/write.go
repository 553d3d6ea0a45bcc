package creds

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// Format is a form in which credentials are written, named as
// `aws configure export-credentials --format` names it.
type Format string

// The formats that Write knows.
const (
	Process     Format = "process"       // the credential_process JSON
	Env         Format = "env"           // export K=V lines for a POSIX shell
	EnvNoExport Format = "env-no-export" // K=V lines for a POSIX shell
)

// Formats lists every format, the default for shells first.
func Formats() []Format { return []Format{Env, EnvNoExport, Process} }

// ParseFormat returns the format named s, or an error that lists them.
func ParseFormat(s string) (Format, error) {
	var names []string
	for _, f := range Formats() {
		if string(f) == s {
			return f, nil
		}
		names = append(names, string(f))
	}
	return "", fmt.Errorf("unknown format %q; known are %s", s, strings.Join(names, ", "))
}

// Write writes c to w in one piece. region is written by the formats for
// shells, unless it is empty. An error is w's, or a value that no line can hold.
func Write(w io.Writer, f Format, c Credentials, region string) error {
	var text string
	var err error
	switch f {
	case Process:
		text = processJSON(c)
	case Env:
		text, err = envLines(c, region, "export ")
	case EnvNoExport:
		text, err = envLines(c, region, "")
	default:
		_, err = ParseFormat(string(f))
	}
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, text)
	return err
}

// processJSON is what AWS's SDKs read from a credential_process. The time has
// neither fraction nor offset: the C++ SDK reads no other form, and the Go SDK
// prints the whole answer, secrets included, when it cannot read one.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
func processJSON(c Credentials) string {
	answer := struct {
		Version         int
		AccessKeyId     string
		SecretAccessKey string
		SessionToken    string `json:",omitempty"`
		Expiration      string `json:",omitempty"`
		AccountId       string `json:",omitempty"`
	}{1, c.AccessKeyID, c.SecretAccessKey.Reveal(), c.SessionToken.Reveal(), expiration(c), c.AccountID}
	text, err := json.Marshal(answer)
	if err != nil { // strings and an int: cannot fail
		return ""
	}
	return ASCII(string(text)) + "\n"
}

// ASCII returns JSON text with what is not ASCII as \u escapes: some readers take
// the bytes of a pipe in the locale's encoding, and a terminal obeys some.
func ASCII(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < 0x7f:
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		}
	}
	return b.String()
}

func expiration(c Credentials) string {
	if c.Expiration.IsZero() {
		return ""
	}
	return Time(c.Expiration)
}

// envLines sets AWS's variables and removes those that name a profile: the JS
// SDK takes the profile, others the keys, and two tools would differ.
func envLines(c Credentials, region, prefix string) (string, error) {
	var b strings.Builder
	b.WriteString("unset AWS_PROFILE AWS_DEFAULT_PROFILE\n")
	for _, v := range variables(c, region) {
		if strings.ContainsAny(v.value, "\n\r\x00") {
			return "", fmt.Errorf("the value of %s has a line break in it", v.name)
		}
		fmt.Fprintf(&b, "%s%s=%s\n", prefix, v.name, ShellWord(v.value))
	}
	return b.String(), nil
}

type variable struct{ name, value string }

func variables(c Credentials, region string) []variable {
	all := []variable{
		{"AWS_ACCESS_KEY_ID", c.AccessKeyID},
		{"AWS_SECRET_ACCESS_KEY", c.SecretAccessKey.Reveal()},
		{"AWS_SESSION_TOKEN", c.SessionToken.Reveal()},
		{"AWS_CREDENTIAL_EXPIRATION", expiration(c)},
		{"AWS_REGION", region},
		{"AWS_DEFAULT_REGION", region},
	}
	set := all[:0]
	for _, v := range all {
		if v.value != "" {
			set = append(set, v)
		}
	}
	return set
}

// ShellWord returns s as one word of a POSIX shell, quoted only if it must be.
func ShellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-+=/.,:@", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// Time is the form of times in what daypass prints for programs: RFC 3339, UTC,
// whole seconds.
func Time(t time.Time) string { return t.UTC().Format(time.RFC3339) }
