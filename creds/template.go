package creds

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Template is a text in which fields in braces stand for parts of credentials:
// {AccessKeyId}, or {SessionToken|shell} for a form of it. Two braces stand for
// one. The zero Template is the empty text.
type Template struct{ parts []part }

// part is text, or a field if that has a name.
type part struct {
	text, field string
	form        func(string) string
}

var errBrace = errors.New("a brace without its partner: write {{ or }} for one that stands for itself")

// fieldNames are those of the credential_process JSON, and two more.
func fieldNames() []string {
	return []string{"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration", "Region", "AccountId", "Profile"}
}

// TemplateHelp names the fields.
func TemplateHelp() string {
	return "{" + strings.Join(fieldNames(), "} {") + "}; {SecretAccessKey|shell}, |json and |base64 quote"
}

// ParseTemplate reads a template. Its errors quote a field that is wrong, and
// nothing else of the text.
func ParseTemplate(text string) (Template, error) {
	var t Template
	for text != "" {
		i := strings.IndexAny(text, "{}")
		if i < 0 {
			i = len(text)
		}
		if i > 0 {
			t.parts = append(t.parts, part{text: text[:i]})
			text = text[i:]
			continue
		}
		if len(text) > 1 && text[1] == text[0] {
			t.parts = append(t.parts, part{text: text[:1]})
			text = text[2:]
			continue
		}
		name, rest, ok := strings.Cut(text[1:], "}")
		if text[0] == '}' || !ok || strings.Contains(name, "{") {
			return Template{}, errBrace
		}
		field, err := parseField(name)
		if err != nil {
			return Template{}, err
		}
		t.parts = append(t.parts, field)
		text = rest
	}
	return t, nil
}

func parseField(text string) (part, error) {
	name, modifier, modified := strings.Cut(text, "|")
	if !slices.Contains(fieldNames(), name) {
		return part{}, fmt.Errorf("unknown field {%s}; known are %s", name, strings.Join(fieldNames(), ", "))
	}
	p := part{field: name}
	switch {
	case !modified:
		p.form = asItIs
	case modifier == "shell":
		p.form = ShellWord
	case modifier == "json":
		p.form = jsonString
	case modifier == "base64":
		p.form = func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	default:
		return part{}, fmt.Errorf("unknown modifier %q of {%s}; known are shell, json, base64", modifier, name)
	}
	return p, nil
}

// jsonString is s with its quotation marks.
func jsonString(s string) string {
	text, err := json.Marshal(s)
	if err != nil { // a string: cannot fail
		return ""
	}
	return ASCII(string(text))
}

// Write writes the text with the values in it to w, in one piece, with a newline
// at its end. What has no value is empty. An error is w's, or a *ValueError.
func (t Template) Write(w io.Writer, c Credentials, region, profile string) error {
	values := map[string]string{
		"AccessKeyId": c.AccessKeyID, "SecretAccessKey": c.SecretAccessKey.Reveal(), "SessionToken": c.SessionToken.Reveal(),
		"Expiration": expiration(c), "Region": region, "AccountId": c.AccountID, "Profile": profile,
	}
	var b strings.Builder
	for _, p := range t.parts {
		if p.field == "" {
			b.WriteString(p.text)
			continue
		}
		value := values[p.field]
		if !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl) {
			return &ValueError{p.field, "has a control character in it"}
		}
		b.WriteString(p.form(value))
	}
	text := b.String()
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	_, err := io.WriteString(w, text)
	return err
}
