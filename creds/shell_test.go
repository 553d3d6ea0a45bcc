package creds

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

func TestNoRegionIsNotWritten(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, Env, sample(), ""); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "REGION") { // nor what says whose region there is taken away
		t.Errorf("a region in\n%s", b.String())
	}
}

// TestLinesOfEachFormat is of the AWS CLI's shapes, with quotes where it has none.
// https://github.com/aws/aws-cli/blob/v2/awscli/customizations/configure/exportcreds.py
func TestLinesOfEachFormat(t *testing.T) {
	c := sample()
	c.SecretAccessKey, c.AccountID = NewSecret("it's\\a ‘ü\U0001F600"), ""
	plain := sample()
	plain.SecretAccessKey = NewSecret("a^b&c|d (e)")
	for _, test := range []struct {
		format Format
		c      Credentials
		want   string
	}{
		{Fish, c, `set -e -g AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SECURITY_TOKEN AWS_ACCESS_KEY AWS_SECRET_KEY AWS_WEB_IDENTITY_TOKEN_FILE AWS_BEARER_TOKEN_BEDROCK DAYPASS_PROFILE DAYPASS_REGION;
set -gx AWS_ACCESS_KEY_ID 'ASIAEXAMPLE';
set -gx AWS_SECRET_ACCESS_KEY 'it\'s\\a ‘ü😀';
set -gx AWS_SESSION_TOKEN 'token';
set -gx AWS_CREDENTIAL_EXPIRATION '2026-11-21T12:00:00Z';
set -gx AWS_REGION 'eu-west-1';
set -gx AWS_DEFAULT_REGION 'eu-west-1';
`},
		{EnvNoExport, c, `AWS_ACCESS_KEY_ID=ASIAEXAMPLE
AWS_SECRET_ACCESS_KEY='it'\''s\a ‘ü😀'
AWS_SESSION_TOKEN=token
AWS_CREDENTIAL_EXPIRATION=2026-11-21T12:00:00Z
AWS_REGION=eu-west-1
AWS_DEFAULT_REGION=eu-west-1
`},
		{PowerShell, c, `$Env:AWS_PROFILE=$null
$Env:AWS_DEFAULT_PROFILE=$null
$Env:AWS_SECURITY_TOKEN=$null
$Env:AWS_ACCESS_KEY=$null
$Env:AWS_SECRET_KEY=$null
$Env:AWS_WEB_IDENTITY_TOKEN_FILE=$null
$Env:AWS_BEARER_TOKEN_BEDROCK=$null
$Env:DAYPASS_PROFILE=$null
$Env:DAYPASS_REGION=$null
$Env:AWS_ACCESS_KEY_ID='ASIAEXAMPLE'
$Env:AWS_SECRET_ACCESS_KEY='it''s\a '+[char]8216+''+[char]252+''+[char]55357+''+[char]56832+''
$Env:AWS_SESSION_TOKEN='token'
$Env:AWS_CREDENTIAL_EXPIRATION='2026-11-21T12:00:00Z'
$Env:AWS_REGION='eu-west-1'
$Env:AWS_DEFAULT_REGION='eu-west-1'
`},
		{WindowsCmd, plain, `set "AWS_PROFILE="
set "AWS_DEFAULT_PROFILE="
set "AWS_SECURITY_TOKEN="
set "AWS_ACCESS_KEY="
set "AWS_SECRET_KEY="
set "AWS_WEB_IDENTITY_TOKEN_FILE="
set "AWS_BEARER_TOKEN_BEDROCK="
set "DAYPASS_PROFILE="
set "DAYPASS_REGION="
set "AWS_ACCESS_KEY_ID=ASIAEXAMPLE"
set "AWS_SECRET_ACCESS_KEY=a^b&c|d (e)"
set "AWS_SESSION_TOKEN=token"
set "AWS_CREDENTIAL_EXPIRATION=2026-11-21T12:00:00Z"
set "AWS_REGION=eu-west-1"
set "AWS_DEFAULT_REGION=eu-west-1"
`},
	} {
		if got := lines(t, test.format, test.c); got != test.want {
			t.Errorf("%s:\n%s\nwant\n%s", test.format, got, test.want)
		}
	}
}

func TestShellsAreNotGivenWhatTheyWouldChange(t *testing.T) {
	for _, test := range []struct {
		format Format
		values []string
	}{
		{Env, []string{"a\nb", "a\rb", "a\x00b"}},
		{EnvNoExport, []string{"a\nb"}},
		{Fish, []string{"a\nb"}},
		{PowerShell, []string{"a\nb", "a\xff"}},
		{WindowsCmd, []string{"a\nb", "a%b", `a"b`, "a!b", "aüb", "a\xffb", "a\tb", "a\x7f"}},
	} {
		for _, value := range test.values {
			var b bytes.Buffer
			c := sample()
			c.SessionToken = NewSecret(value)
			err := Write(&b, test.format, c, "")
			var refused *ValueError
			if !errors.As(err, &refused) || refused.Name != "AWS_SESSION_TOKEN" || strings.Contains(err.Error(), value) {
				t.Errorf("%s of %q: %v", test.format, value, err)
			}
			if b.Len() > 0 {
				t.Errorf("%s of %q: wrote %q beside the error", test.format, value, b.String())
			}
		}
	}
}

func TestWhatHasNothingToUndo(t *testing.T) {
	var b bytes.Buffer
	if err := WriteUnset(&b, Process); !errors.Is(err, ErrNoUndoing) || b.Len() > 0 {
		t.Errorf("process: %v, %q", err, b.String())
	}
	if err := WriteUnset(&b, "xml"); err == nil || errors.Is(err, ErrNoUndoing) || b.Len() > 0 {
		t.Errorf("xml: %v, %q", err, b.String())
	}
}

// The models read what a shell would, from the rules in its manual, and fail on
// whatever would end the word before its end.

func posixModel(word string) (string, bool) {
	var b strings.Builder
	for word != "" {
		switch body, ok := strings.CutPrefix(word, "'"); {
		case ok:
			inside, rest, closed := strings.Cut(body, "'")
			if !closed {
				return "", false
			}
			b.WriteString(inside)
			word = rest
		case word[0] == '\\' && len(word) > 1:
			b.WriteByte(word[1])
			word = word[2:]
		case strings.IndexByte(" \t\n\"\\$`;&|<>()*?[]#~!{}^%", word[0]) >= 0, word[0] >= 0x80:
			return "", false
		default:
			b.WriteByte(word[0])
			word = word[1:]
		}
	}
	return b.String(), true
}

func fishModel(word string) (string, bool) {
	body, opened := strings.CutPrefix(word, "'")
	body, closed := strings.CutSuffix(body, "'")
	if !opened || !closed {
		return "", false
	}
	var b strings.Builder
	for i := 0; i < len(body); i++ {
		if body[i] == '\'' {
			return "", false
		}
		if body[i] == '\\' {
			if i++; i == len(body) || body[i] != '\'' && body[i] != '\\' {
				return "", false
			}
		}
		b.WriteByte(body[i])
	}
	return b.String(), true
}

func powerShellModel(expression string) (string, bool) {
	var units []uint16
	for {
		body, ok := strings.CutPrefix(expression, "'")
		if !ok {
			return "", false
		}
		for {
			inside, rest, closed := strings.Cut(body, "'")
			if !closed {
				return "", false
			}
			units = append(units, utf16.Encode([]rune(inside))...)
			if body, ok = strings.CutPrefix(rest, "'"); !ok {
				expression = rest
				break
			}
			units = append(units, '\'')
		}
		if expression == "" {
			return string(utf16.Decode(units)), true
		}
		number, rest, ok := strings.Cut(strings.TrimPrefix(expression, "+[char]"), "+")
		unit, err := strconv.ParseUint(number, 10, 16)
		if !ok || err != nil {
			return "", false
		}
		units, expression = append(units, uint16(unit)), rest
	}
}

func FuzzShellWord(f *testing.F) {
	for _, s := range append(hostile(), "") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		word := ShellWord(s)
		if got, ok := posixModel(word); !ok || got != s || word == "" {
			t.Errorf("%q became %s, which reads %q", s, word, got)
		}
		if word == s && (s[0] == '=' || strings.Contains(s, ":=")) {
			t.Errorf("%q stands unquoted in zsh", s)
		}
		if got, ok := fishModel(fishWord(s)); !ok || got != s {
			t.Errorf("%q became %s for fish, which reads %q", s, fishWord(s), got)
		}
	})
}

func FuzzPowerShellWord(f *testing.F) {
	for _, s := range append(hostile(), "") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if (onlyUTF8("X", s) == nil) != utf8.ValidString(s) {
			t.Errorf("%q: %v", s, onlyUTF8("X", s))
		}
		if !utf8.ValidString(s) {
			return
		}
		word := powerShellWord(s)
		if strings.ContainsFunc(word, func(r rune) bool { return r < ' ' || r >= 0x7f }) {
			t.Errorf("%q became %q, which is not plain ASCII", s, word)
		}
		if got, ok := powerShellModel(word); !ok || got != s {
			t.Errorf("%q became %s, which reads %q", s, word, got)
		}
	})
}

// FuzzCmd: what is not refused has nothing in it that ends the quotation or means
// something within.
func FuzzCmd(f *testing.F) {
	for _, s := range append(hostile(), "") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		safe := true
		for i := range len(s) {
			safe = safe && s[i] >= ' ' && s[i] <= '~' && s[i] != '"' && s[i] != '%' && s[i] != '!'
		}
		if (onlyPlain("X", s) == nil) != safe {
			t.Errorf("%q: %v", s, onlyPlain("X", s))
		}
	})
}
