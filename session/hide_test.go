package session

import (
	"encoding/base64"
	"encoding/hex"
	"html"
	"net/url"
	"strings"
	"testing"

	"daypass/creds"
)

func TestHider(t *testing.T) {
	const key, token, code = "SECRET/of+ana/EXAMPLE0000000000000000001", "FwoGZXIvYXdzEA/token+of//ana+EXAMPLE", "123456"
	hide := hider(creds.Credentials{SecretAccessKey: creds.NewSecret(key), SessionToken: creds.NewSecret(token)}, code)
	for text, want := range map[string]string{
		"":                                  "",
		"no secret: 12345 SECRET EXAMPLE00": "no secret: 12345 SECRET EXAMPLE00",
		"Value '" + code + "' at tokenCode": "Value '(redacted)' at tokenCode",
		key + " and " + token:               "(redacted) and (redacted)",
	} {
		if got := hide(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for _, secret := range []string{key, token, code} {
		forms := []string{hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret)))}
		for _, before := range []string{"", "a", "ab", "abc", "abcd"} {
			forms = append(forms, base64.StdEncoding.EncodeToString([]byte(before+secret+"zz")), base64.RawURLEncoding.EncodeToString([]byte(before+secret)))
		}
		if secret != code {
			forms = append(forms, url.QueryEscape(secret), url.PathEscape(secret), html.EscapeString(strings.ReplaceAll(secret, "+", "&#43;")),
				strings.ReplaceAll(secret, "/", `\/`), secret[:len(secret)-3], secret[2:])
		}
		for _, form := range forms {
			if got := hide("x " + form + " x"); got != "(redacted, since it repeats a secret)" {
				t.Errorf("%q: %q", form, got)
			}
		}
	}
}

func TestHiderWithoutSecrets(t *testing.T) {
	hide := hider(creds.Credentials{SecretAccessKey: creds.NewSecret("it is")}, "")
	if got := hide("as it is"); got != "as it is" {
		t.Errorf("%q", got)
	}
}
