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
	EnvNoExport Format = "env-no-export" // K=V lines for a POSIX shell, and for what reads such files
	Fish        Format = "fish"          // set -gx K 'V'; lines for fish
	PowerShell  Format = "powershell"    // $Env:K='V' lines for PowerShell
	WindowsCmd  Format = "windows-cmd"   // set "K=V" lines for cmd.exe
)

// Formats lists every format, those for shells first.
func Formats() []Format { return []Format{Env, EnvNoExport, Fish, PowerShell, WindowsCmd, Process} }

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
// shells, unless it is empty. An error is w's, or a *ValueError.
func Write(w io.Writer, f Format, c Credentials, region string) error {
	if f == Process {
		_, err := io.WriteString(w, processJSON(c))
		return err
	}
	text, err := shellLines(f, c, region)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, text)
	return err
}

// ValueError is a value that a form cannot hold. It never quotes the value.
type ValueError struct {
	Name    string // of the variable or field
	Problem string // "has a line break in it"
}

// Error names the value and the problem.
func (e *ValueError) Error() string { return "the value of " + e.Name + " " + e.Problem }

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

// Time is the form of times in what daypass prints for programs: RFC 3339, UTC,
// whole seconds.
func Time(t time.Time) string { return t.UTC().Format(time.RFC3339) }
