package creds

import (
	"runtime"
	"slices"
	"strings"
	"testing"
)

// Everything else stays, in its order, however odd.
func TestEnviron(t *testing.T) {
	kept := []string{"B=2", "A=1", "=C:=C:\\x", "no equals sign", "", "EMPTY=", "DOUBLE=a", "DOUBLE=b", "AWS_CONFIG_FILE=/c", "AWS_CA_BUNDLE=x=y\nz",
		"AWS_ROLE_ARN=r", "AWS_ROLE_SESSION_NAME=s", "AWS_CONTAINER_CREDENTIALS_FULL_URI=u", "AWS_ENDPOINT_URL=e", "XAWS_PROFILE=x", "AWS_PROFILE_=y", "\xff=\xfe"}
	gone := []string{"AWS_PROFILE=p", "AWS_DEFAULT_PROFILE=q", "AWS_ACCESS_KEY_ID=old", "AWS_ACCESS_KEY_ID=old2", "AWS_SECRET_ACCESS_KEY=old", "AWS_SESSION_TOKEN=old",
		"AWS_CREDENTIAL_EXPIRATION=old", "AWS_SECURITY_TOKEN=old", "AWS_ACCESS_KEY=old", "AWS_SECRET_KEY=old", "AWS_WEB_IDENTITY_TOKEN_FILE=f", "AWS_BEARER_TOKEN_BEDROCK=b"}
	regions := []string{"AWS_REGION=old", "AWS_DEFAULT_REGION="}
	keys := []string{"AWS_ACCESS_KEY_ID=ASIAEXAMPLE", "AWS_SECRET_ACCESS_KEY=" + marked, "AWS_SESSION_TOKEN=token", "AWS_CREDENTIAL_EXPIRATION=2026-11-21T12:00:00Z"}

	environ := slices.Concat(gone, kept, regions)
	before := slices.Clone(environ)
	want := slices.Concat(kept, keys, []string{"AWS_REGION=eu-west-1", "AWS_DEFAULT_REGION=eu-west-1"})
	if got := Environ(environ, sample(), "eu-west-1"); !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
	if want := slices.Concat(kept, regions, keys); !slices.Equal(Environ(environ, sample(), ""), want) {
		t.Errorf("without a region: got\n%q\nwant\n%q", Environ(environ, sample(), ""), want)
	}
	if !slices.Equal(environ, before) {
		t.Error("the argument was changed")
	}
}

func TestEnvironOfAnotherAccount(t *testing.T) {
	ours, others := "AWS_ACCOUNT_ID=111111111111", "AWS_ACCOUNT_ID=222222222222"
	unknown := sample()
	unknown.AccountID = ""
	for _, test := range []struct {
		c     Credentials
		entry string
		stays bool
	}{{sample(), ours, true}, {sample(), others, false}, {unknown, others, true}} {
		if got := slices.Contains(Environ([]string{test.entry}, test.c, ""), test.entry); got != test.stays {
			t.Errorf("%s of account %q: stays %t", test.entry, test.c.AccountID, got)
		}
	}
}

func TestNamesHaveCaseButOnWindows(t *testing.T) {
	if got := SameName("Aws_Profile", "AWS_PROFILE"); got != (runtime.GOOS == "windows") {
		t.Errorf("same: %t", got)
	}
	if !SameName("A", "A") || SameName("A", "B") {
		t.Error("a name is not itself, or another's")
	}
}

// The names that are removed again are those that are set.
func TestNamesAreThoseOfTheVariables(t *testing.T) {
	var names []string
	for _, v := range variables(sample(), "r") {
		names = append(names, v.name)
	}
	if want := append(keyNames(), regionNames()...); !slices.Equal(names, want) {
		t.Errorf("%s; want %s", strings.Join(names, " "), strings.Join(want, " "))
	}
}
