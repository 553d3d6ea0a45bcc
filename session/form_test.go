package session

import (
	"regexp"
	"testing"
)

// The forms are those of AWS's documentation, which gives them as regular
// expressions.
func FuzzForms(f *testing.F) {
	for _, s := range []string{"", "a", "-", "a-", "-a", "eu-west-1", "eu_west", "us-east-1\n", "ü", "\xff", "111111111111", "11111111111", "1111111111111",
		"+11111111111", "ana@x", "aws:x", "a b", "0123456789012345678901234567890123456789012345678901234567890123"} {
		f.Add(s)
		f.Add(s + "0")
	}
	region := regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)
	account := regexp.MustCompile(`^[0-9]{12}$`)
	identity := regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
	refused := regexp.MustCompile(`[^\w+=,.@-]`)
	f.Fuzz(func(t *testing.T, s string) {
		if got, want := isRegion(s), region.MatchString(s); got != want {
			t.Errorf("isRegion(%q) is %v", s, got)
		}
		if got, want := isAccount(s), account.MatchString(s); got != want {
			t.Errorf("isAccount(%q) is %v", s, got)
		}
		if got, want := checkName(s) == nil, identity.MatchString(s); got != want {
			t.Errorf("checkName(%q) is nil: %v", s, got)
		}
		want := "daypass-" + refused.ReplaceAllString(s, "-")
		if got := defaultSessionName(s); got != want[:min(len(want), 64)] {
			t.Errorf("defaultSessionName(%q) is %q", s, got)
		}
	})
}
