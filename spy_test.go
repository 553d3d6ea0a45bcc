//go:build linux

package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// secret is a text that must not be found where it does not belong.
type secret struct{ name, value string }

// in reports the form of the secret that is in text: as it is, escaped for URLs,
// in hex, or in base64 whatever stands before it. Of a long one a piece is
// enough; a code is one only if no further digit or letter stands beside it,
// since every hash has six digits somewhere.
func (s secret) in(text string) string {
	if len(s.value) == 6 {
		if regexp.MustCompile(`(?:^|[^0-9A-Za-z])` + s.value + `(?:[^0-9A-Za-z]|$)`).MatchString(text) {
			return s.value
		}
	} else {
		const piece = 16
		for i := range len(s.value) - piece + 1 {
			if strings.Contains(text, s.value[i:i+piece]) {
				return s.value[i : i+piece]
			}
		}
	}
	for _, form := range s.encoded() {
		if strings.Contains(text, form) {
			return form
		}
	}
	return ""
}

func (s secret) encoded() []string {
	forms := []string{hex.EncodeToString([]byte(s.value)), strings.ToUpper(hex.EncodeToString([]byte(s.value)))}
	for _, form := range []string{url.QueryEscape(s.value), url.PathEscape(s.value)} {
		if form != s.value {
			forms = append(forms, form)
		}
	}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 {
			text := encoding.EncodeToString([]byte(strings.Repeat("\x00", before) + s.value))
			if (before+len(s.value))%3 != 0 {
				text = text[:len(text)-1] // what stands behind is in it
			}
			forms = append(forms, text[(before*8+5)/6:])
		}
	}
	return forms
}

// spy is a world in which everything that was seen is kept.
type spy struct {
	*world
	secrets []secret
	seen    map[string]string // what was seen, by where
}

// newSpy makes such a world, with a device whose codes no other test types.
func newSpy(t *testing.T) *spy {
	t.Helper()
	w := newWorld(t)
	w.sts.AddDevice("arn:aws:iam::111111111111:user/ana", device, []byte(t.Name()))
	w.write("tmp/.keep", "")
	w.set("DAYPASS_DEBUG=1", "TMPDIR="+filepath.Join(w.folder, "tmp"), "AWS_MAX_ATTEMPTS=1")
	return &spy{world: w, seen: map[string]string{}, secrets: []secret{{"the secret access key", secretAccessKey}, {"the other secret access key", secondSecret}}}
}

// code is a fresh code of the first device, from now on a secret.
func (s *spy) code() string {
	code := secret{"a code", s.sts.Code(device)}
	if !slices.Contains(s.secrets, code) {
		s.secrets = append(s.secrets, code)
	}
	return code.value
}

// freshCodes lets codes be sent again that STS has not taken.
func (s *spy) freshCodes() {
	s.t.Helper()
	if err := os.RemoveAll(filepath.Join(s.folder, "home", ".local", "state", "daypass", "mfa")); err != nil {
		s.t.Fatal(err)
	}
}

// issued makes secrets of what lies in the store.
func (s *spy) issued() {
	s.t.Helper()
	items, _ := filepath.Glob(filepath.Join(s.folder, "store", "item-*"))
	for _, item := range items {
		text, err := os.ReadFile(item)
		if err != nil {
			continue
		}
		plain, err := base64.StdEncoding.DecodeString(string(text))
		var e struct{ Secret, Token, Call string }
		if err != nil || json.Unmarshal(plain, &e) != nil || e.Secret == "" || e.Token == "" {
			s.t.Fatalf("not an item: %s", text)
		}
		for _, found := range []secret{{"the secret of " + e.Call, e.Secret}, {"the token of " + e.Call, e.Token}} {
			if !slices.Contains(s.secrets, found) {
				s.secrets = append(s.secrets, found)
			}
		}
	}
}

// saw keeps a text.
func (s *spy) saw(where, text string) {
	s.seen[fmt.Sprintf("%d: %s", len(s.seen), where)] = text
}

// does runs daypass without a terminal; variables are for this run alone. The
// stdout of a command that hands out credentials is its answer.
func (s *spy) does(code int, variables []string, args ...string) answered {
	s.t.Helper()
	cmd := s.command(append([]string{s.program}, args...)...)
	cmd.Env = append(slices.Clone(cmd.Env), append(variables, "TEST_ALONE=yes")...)
	got := s.begin(cmd)()
	s.keep(args, got)
	if got.code != code {
		s.t.Fatalf("%q: exit code %d, not %d: %s", args, got.code, code, got.err)
	}
	return got
}

func (s *spy) keep(args []string, got answered) {
	s.t.Helper()
	where := strings.Join(args, " ")
	s.saw("stderr of "+where, got.err)
	if got.code != 0 || !slices.Contains([]string{"credential-process", "export", "federate", "console"}, args[0]) {
		s.saw("stdout of "+where, got.out)
	}
	s.issued()
}

// types runs daypass on a terminal, where codes are typed as it asks for them.
func (s *spy) types(exit int, codes []string, args ...string) {
	s.t.Helper()
	p := s.screen().begin(s.command(append([]string{s.program}, args...)...))
	for _, code := range codes {
		p.answer(code)
	}
	got := p.end()
	shown := p.shown()
	for _, code := range codes {
		shown = strings.Replace(shown, code, "(typed)", 1) // the terminal's echo
	}
	s.saw("terminal of "+strings.Join(args, " "), shown)
	s.keep(args, got)
	if got.code != exit {
		s.t.Fatalf("%q: exit code %d, not %d: %s", args, got.code, exit, got.err)
	}
}

// files keeps every file of the home and the folder for temporary files, but for
// the user's own.
func (s *spy) files() {
	s.t.Helper()
	for _, folder := range []string{"home", "tmp"} {
		err := filepath.WalkDir(filepath.Join(s.folder, folder), func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if entry.IsDir() && entry.Name() == ".aws" {
				return fs.SkipDir
			}
			s.saw("name of a file", path)
			if entry.Type().IsRegular() {
				text, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				s.saw(path, string(text))
			}
			return nil
		})
		if err != nil {
			s.t.Fatal(err)
		}
	}
}

// check fails the test for each secret that was seen.
func (s *spy) check() {
	s.t.Helper()
	for where, text := range s.seen {
		for _, hidden := range s.secrets {
			if form := hidden.in(text); form != "" {
				s.t.Errorf("%s is in the %s, as %q:\n%s", hidden.name, where, form, text)
			}
		}
	}
}

// fails runs daypass, which must fail.
func (s *spy) fails(variables []string, args ...string) {
	s.t.Helper()
	cmd := s.command(append([]string{s.program}, args...)...)
	cmd.Env = append(slices.Clone(cmd.Env), append(variables, "TEST_ALONE=yes")...)
	got := s.begin(cmd)()
	s.keep(args, got)
	if got.code == 0 || got.out != "" {
		s.t.Errorf("%q: exit code %d: %s", args, got.code, got.out)
	}
}
