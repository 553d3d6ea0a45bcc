package session

import (
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"

	"daypass/creds"
)

// piece is how many characters of a secret, or of its encoding, may not be seen:
// nothing that is no secret has so many in common with one.
const piece = 12

// least is the length of a code. What is shorter is in every text, and no secret.
const least = 6

// hider takes the secrets of a call out of a text: STS echoes values that fail
// its field checks, and what else answers on its address may echo anything, in
// any form. Where a secret as it is cannot be taken out alone, no word is left.
func hider(signer creds.Credentials, code string) func(string) string {
	return hiding(signer.SecretAccessKey.Reveal(), signer.SessionToken.Reveal(), code)
}

// alsoHiding is hide that takes one secret more out.
func alsoHiding(hide func(string) string, secret string) func(string) string {
	also := hiding(secret)
	return func(text string) string { return also(hide(text)) }
}

func hiding(secrets ...string) func(string) string {
	secrets = slices.DeleteFunc(secrets, func(s string) bool { return len(s) < least })
	return func(text string) string {
		for _, secret := range secrets {
			text = strings.ReplaceAll(text, secret, "(redacted)")
		}
		for _, secret := range secrets {
			if repeats(text, secret) {
				return "(redacted, since it repeats a secret)"
			}
		}
		return text
	}
}

// repeats reports whether a piece of secret is in text: as it is, or in hex, or
// in base64 whatever stands before it. The escapes of URLs, XML and JSON leave
// pieces as they are.
func repeats(text, secret string) bool {
	forms := []string{secret, hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret)))}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 {
			form := encoding.EncodeToString([]byte(strings.Repeat(" ", before) + secret))
			if (before+len(secret))%3 != 0 {
				form = form[:len(form)-1] // what stands behind is in it
			}
			forms = append(forms, form[(before*8+5)/6:])
		}
	}
	for _, form := range forms {
		n := min(piece, len(form))
		for i := range len(form) - n + 1 {
			if strings.Contains(text, form[i:i+n]) {
				return true
			}
		}
	}
	return false
}
