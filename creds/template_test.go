package creds

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func filled(t *testing.T, text string, c Credentials) (string, error) {
	t.Helper()
	parsed, err := ParseTemplate(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	var b bytes.Buffer
	err = parsed.Write(&b, c, "eu-west-1", "it's")
	return b.String(), err
}

func TestTemplate(t *testing.T) {
	c := sample()
	c.SecretAccessKey = NewSecret(`a"b<'`)
	for text, want := range map[string]string{
		"x":                        "x\n",
		"x\n":                      "x\n",
		"\t{Region}\\n":            "\teu-west-1\\n\n",
		"{{}}":                     "{}\n",
		"{{{Region}}}":             "{eu-west-1}\n",
		"{{Region}}":               "{Region}\n",
		"{{{{":                     "{{\n",
		"{AccessKeyId}{AccountId}": "ASIAEXAMPLE111111111111\n",
		"-k {SecretAccessKey} -t {SessionToken}\n{Expiration}": "-k a\"b<' -t token\n2026-11-21T12:00:00Z\n",
		"{SecretAccessKey|shell} {Profile|shell}":              "'a\"b<'\\''' 'it'\\''s'\n",
		"{SessionToken|shell}":                                 "token\n",
		`{{"k":{SecretAccessKey|json}}}`:                       `{"k":"a\"b\u003c'"}` + "\n",
		"{SecretAccessKey|base64}":                             "YSJiPCc=\n",
		"ü{Profile}":                                           "üit's\n",
	} {
		if got, err := filled(t, text, c); got != want || err != nil {
			t.Errorf("%q gives %q, %v; want %q", text, got, err, want)
		}
	}
	var nothing Credentials
	if got, err := filled(t, "[{AccountId}{SessionToken}{Expiration}] {SessionToken|shell} {SessionToken|json}", nothing); got != "[] '' \"\"\n" || err != nil {
		t.Errorf("without values: %q, %v", got, err)
	}
}

func TestTemplateErrors(t *testing.T) {
	for text, want := range map[string]string{
		"{":                        "brace",
		"}":                        "brace",
		"a}b":                      "brace",
		"{AccessKeyId":             "brace",
		"{AccessKeyId}}":           "brace",
		"{{AccessKeyId}":           "brace",
		"{Access{KeyId}}":          "brace",
		`{"k":"{AccessKeyId}"}`:    "brace",
		"{}":                       "unknown field {}",
		"{ AccessKeyId }":          "unknown field { AccessKeyId }",
		"{accesskeyid}":            "unknown field {accesskeyid}; known are AccessKeyId, SecretAccessKey, SessionToken, Expiration, Region, AccountId, Profile",
		"{AccessKeyId|}":           `unknown modifier "" of {AccessKeyId}`,
		"{AccessKeyId|json|shell}": `unknown modifier "json|shell"`,
		"{Foo|shell}":              "unknown field {Foo}",
	} {
		if _, err := ParseTemplate(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestTemplateRefusesControlCharacters(t *testing.T) {
	for _, value := range []string{"a\nb", "a\x00b", "a\tb", "\x1b[2J", "\x7f", "a\u009bb", "a\xffb"} {
		for _, form := range []string{"", "|shell", "|json", "|base64"} {
			c := sample()
			c.SessionToken = NewSecret(value)
			got, err := filled(t, "{AccessKeyId} {SessionToken"+form+"}", c)
			var refused *ValueError
			if got != "" || !errors.As(err, &refused) || refused.Name != "SessionToken" || strings.Contains(err.Error(), value) {
				t.Errorf("%q%s: %q, %v", value, form, got, err)
			}
		}
	}
	c := sample()
	c.SessionToken = NewSecret("a\nb")
	if got, err := filled(t, "{AccessKeyId}", c); got != "ASIAEXAMPLE\n" || err != nil {
		t.Errorf("of a field that is not wanted: %q, %v", got, err)
	}
}

// FuzzTemplate: text with its braces doubled is itself, whatever stands around it.
func FuzzTemplate(f *testing.F) {
	for _, text := range []string{"", "{", "}}", "{AccessKeyId}", "{SessionToken|shell}", "{{a}", "a{Region|x}b", "\xff{"} {
		f.Add(text)
	}
	double := strings.NewReplacer("{", "{{", "}", "}}")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := filled(t, double.Replace(text)+"{AccessKeyId}"+double.Replace(text)+".", sample())
		if want := text + "ASIAEXAMPLE" + text + ".\n"; got != want || err != nil {
			t.Errorf("%q doubled gives %q, %v", text, got, err)
		}
		parsed, err := ParseTemplate(text)
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := parsed.Write(&b, sample(), "", ""); err != nil || !strings.HasSuffix(b.String(), "\n") {
			t.Errorf("%q: %q, %v", text, b.String(), err)
		}
		if !strings.ContainsAny(text, "{}") && b.String() != strings.TrimSuffix(text, "\n")+"\n" {
			t.Errorf("%q gives %q", text, b.String())
		}
	})
}
