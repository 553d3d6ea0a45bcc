package session

import "strings"

// The forms of names are looked at by hand: to compile regular expressions took a
// fifth of the time before main.

// alphanumeric reports whether s has only ASCII letters, digits and characters
// of others.
func alphanumeric(s, others string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !isAlphanumeric(r, others) }) < 0
}

func isAlphanumeric(r rune, others string) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(others, r)
}

// isAccount reports whether s is the number of an account.
func isAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}

// isRegion reports whether s is a host label, since a region becomes part of
// STS's host name.
func isRegion(s string) bool {
	return s != "" && len(s) <= 63 && alphanumeric(s, "-") && s[0] != '-' && s[len(s)-1] != '-'
}

// nameCharacters are those that STS takes in the names of sessions and
// identities, beside letters and digits.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
const nameCharacters = "_+=,.@-"
