package keyring

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// Digest is what an account may be made of: 52 letters and digits that tell
// nothing of text, since labels can be read while a keyring is locked. Whoever
// guesses the text can check the guess.
func Digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:]))
}
