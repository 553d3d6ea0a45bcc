package profile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// inRing lets the keyring hold keys under those names, and count how often it is
// asked.
func inRing(r *Reader, kept, asked string) *[]string {
	var names []string
	has := func(list, name string) (string, bool) {
		return "AKIA-" + name, slices.Contains(strings.Fields(list), name)
	}
	r.Kept = func(name string) (string, bool) { return has(kept, name) }
	r.Ask = func(name string) (string, bool) {
		names = append(names, name)
		return has(asked, name)
	}
	return &names
}

func TestKeysInTheKeyring(t *testing.T) {
	for name, c := range map[string]struct{ config, kept, asked, want, asks string }{
		"by its own name":           {"[profile a]\nmfa_serial = arn:aws:m\n", "a b", "", "keyring of a AKIA-a | arn:aws:m", ""},
		"role on own key":           {"[profile a]\n" + role("A"), "a", "", "keyring of a AKIA-a > A of a", ""},
		"itself":                    {"[profile a]\n" + role("A") + "source_profile = a\n", "a", "", "keyring of a AKIA-a > A of a", ""},
		"by the source":             {"[profile a]\n" + role("A") + "source_profile = b\n[profile b]\nmfa_serial = arn:aws:m\n", "a b", "", "keyring of b AKIA-b > A of a | arn:aws:m", ""},
		"a source without section":  {"[profile a]\ndaypass_source_profile = b\nmfa_serial = arn:aws:m\n", "b", "", "keyring of b AKIA-b | arn:aws:m", ""},
		"no section at all":         {"", "a", "", "keyring of a AKIA-a", ""},
		"further down":              {"[profile a]\n" + role("A") + "source_profile = b\n[profile b]\n" + role("B") + "source_profile = c\n", "c", "", "keyring of c AKIA-c > B of b > A of a", ""},
		"called for another":        {"[profile a]\ncredential_process = daypass credential-process --profile b\n", "a b", "", "keyring of b AKIA-b", ""},
		"before keys in clear":      {"[profile a]\n" + keys, "a", "", "keyring of a AKIA-a", ""},
		"before half a pair":        {"[profile a]\naws_access_key_id = AKIA\n", "a", "", "keyring of a AKIA-a", ""},
		"before other sources":      {"[profile a]\n" + role("A") + "credential_source = Environment\n", "a", "", "keyring of a AKIA-a > A of a", ""},
		"role beside a token file":  {"[profile a]\n" + role("A") + "web_identity_token_file = /t\n", "a", "", "keyring of a AKIA-a > A of a", ""},
		"not that name":             {"[profile a]\n" + keys, "b", "a", "config-file of a AKIA", ""},
		"asked":                     {"[profile a]\nmfa_serial = arn:aws:m\n", "", "a", "keyring of a AKIA-a | arn:aws:m", "a"},
		"asked for the source":      {"[profile a]\n" + role("A") + "source_profile = b\n[profile b]\n", "", "a b", "keyring of b AKIA-b > A of a", "b"},
		"asked without section":     {"[profile a]\ndaypass_source_profile = b\n", "", "a b", "keyring of b AKIA-b", "b"},
		"asked in vain":             {"[profile a]\n", "", "", " of a ", "a"},
		"files go before asking":    {"[profile a]\ncredential_process = op x\n", "", "a", "process of a ", ""},
		"a circle is not asked for": {"[profile a]\ndaypass_source_profile = b\n[profile b]\ndaypass_source_profile = a\n", "", "a b", "circle", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Open(write(t, c.config, ""), "")
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			asked := inRing(r, c.kept, c.asked)
			p, err := r.Load("a")
			got := summary(p)
			if errors.Is(err, ErrCycle) {
				got = "circle"
			} else if err != nil {
				t.Fatal(err)
			}
			if asks := strings.Join(*asked, " "); got != c.want || asks != c.asks {
				t.Errorf("got  %s, asked for %q\nwant %s, asked for %q", got, asks, c.want, c.asks)
			}
		})
	}
}

func TestKeysInTheKeyringAreMissed(t *testing.T) {
	for config, want := range map[string]error{"": ErrNotFound, "[profile a]\ndaypass_source_profile = b\n": ErrNotFound, "[profile a]\ndaypass_source_profile = a\n": ErrCycle} {
		r, err := Open(write(t, config, ""), "")
		if err != nil {
			t.Fatal(err)
		}
		asked := inRing(r, "", "c")
		if _, err := r.Load("a"); !errors.Is(err, want) || len(*asked) != 1 {
			t.Errorf("%q: %v, asked for %v", config, err, *asked)
		}
		r.Close()
	}
}

func TestKeysInClearBesideTheKeyring(t *testing.T) {
	r, err := Open(write(t, "[profile a]\n"+role("A")+"source_profile = b\n[profile b]\ncredential_source = Environment\n"+keys+"mfa_serial = arn:aws:m\n", ""), "")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	inRing(r, "b", "")
	var got []string
	for _, w := range r.Warnings("a") {
		got = append(got, fmt.Sprintf("%d %s: %s", w.Line, w.Key, w.Message))
	}
	want := []string{
		"5 credential_source: has no effect on daypass: the key that the keyring holds under this name comes first",
		"5 credential_source: without a role_arn, AWS SDKs refuse the profile",
		"6 aws_access_key_id: lies in clear here, and AWS SDKs use it; daypass uses the key that the keyring holds under this name",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
