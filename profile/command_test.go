package profile

import (
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// The expected words are those of Python's shlex.split and of botocore's
// _windows_shell_split.
func TestSplitPOSIX(t *testing.T) {
	for s, want := range map[string][]string{
		"":                     nil,
		"  \t\r\n ":            nil,
		"a b  c":               {"a", "b", "c"},
		"a\tb\nc":              {"a", "b", "c"},
		`"a b" 'c d'`:          {"a b", "c d"},
		`a"b c"d`:              {"ab cd"},
		`"" '' x`:              {"", "", "x"},
		`a\ b \"c`:             {"a b", `"c`},
		`"a\"b" "a\\b" "a\nb"`: {`a"b`, `a\b`, `a\nb`},
		`'a\b'`:                {`a\b`},
		`$HOME ~ *.py ; #x`:    {"$HOME", "~", "*.py", ";", "#x"},
		`C:\tools\x`:           {"C:toolsx"},
		"é 'ü ö'":              {"é", "ü ö"},
	} {
		got, _, err := splitPOSIX(s)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v; want %q", s, got, err, want)
		}
	}
	for _, s := range []string{`'a`, `"a`, `a\`, `"a\`, `a "b' c`} {
		if got, _, err := splitPOSIX(s); err == nil {
			t.Errorf("%q: %q without error", s, got)
		}
	}
}

func TestSplitWindows(t *testing.T) {
	for s, want := range map[string][]string{
		"":                        nil,
		`a  b`:                    {"a", "b"},
		`"C:\Program Files\x" -a`: {`C:\Program Files\x`, "-a"},
		`C:\a\b c\\`:              {`C:\a\b`, `c\\`},
		`a\"b`:                    {`a"b`},
		`a\\"b c"`:                {`a\b c`},
		`a\\\"b c`:                {`a\"b`, "c"},
		`'a b'`:                   {"'a", "b'"},
		`"" a`:                    {"", "a"},
		`a"b"c`:                   {"abc"},
		"a\nb":                    {"a\nb"},
	} {
		got, _, err := splitWindows(s)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v; want %q", s, got, err, want)
		}
	}
	if _, _, err := splitWindows(`a "b`); err == nil {
		t.Error("an open quotation mark without error")
	}
}

func TestHasShellSyntax(t *testing.T) {
	for s, want := range map[string]bool{
		"otp | tail":              true,
		"otp>x":                   true,
		"otp $(id)":               true,
		"otp --seed abc":          false,
		`sh -c "otp | tail"`:      false,
		`otp "a>b" "$(x)"`:        false,
		"otp $ (":                 false,
		"otp a$b (c)":             false,
		`otp "$"(x)`:              false,
		`open "quotation |`:       false,
		`otp "quoted" | unquoted`: true,
	} {
		if got := hasShellSyntax(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
	if runtime.GOOS != "windows" && (hasShellSyntax(`sh -c 'otp | tail'`) || hasShellSyntax(`otp \| x`)) {
		t.Error("a quoted pipe counts")
	}
}

// FuzzSplitCommand: quoted words come back, and nothing panics.
func FuzzSplitCommand(f *testing.F) {
	for _, s := range []string{"", "a b", `a\"b`, `\\\" "x`, "'a' \"b\" c\\ d", "é\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		_, _, _ = splitWindows(s)
		_, bare, err := splitPOSIX(s)
		if err == nil && len(bare) > len(s)+1 {
			t.Errorf("%q: bare text %q", s, bare)
		}
		quoted := "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
		if words, _, err := splitPOSIX(quoted + " " + quoted); err != nil || !slices.Equal(words, []string{s, s}) {
			t.Errorf("%s: %q, %v", quoted, words, err)
		}
		if !strings.ContainsAny(s, `"\`) {
			if words, _, err := splitWindows(`x "` + s + `"`); err != nil || !slices.Equal(words, []string{"x", s}) {
				t.Errorf("%q: %q, %v", s, words, err)
			}
		}
	})
}

func TestParseDuration(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"12h": 12 * time.Hour, "90m": 90 * time.Minute, "1h30m": 90 * time.Minute, "3600": time.Hour, "0": 0, "0s": 0,
		"1.5h": 90 * time.Minute, "60s": time.Minute, "007": 7 * time.Second, "9223372036": 9223372036 * time.Second,
	} {
		if got, err := ParseDuration(s); err != nil || got != want {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{
		"", " ", "-1", "+1", "-1h", "+1h", "h", "1d", "1 h", "12h ", "1h-5m", "1.5", "0.5s", "500ms", "1ns", "1e3", "0x10", "１２",
		"9223372037", "99999999999999999999", "9999999h", "1_000", "NaN",
	} {
		if got, err := ParseDuration(s); err == nil {
			t.Errorf("%q: %v without error", s, got)
		}
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"12h", "3600", "-1", "9223372037", "1h1h1h"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDuration(s)
		if err == nil && (d < 0 || d%time.Second != 0) {
			t.Errorf("%q: %v", s, d)
		}
		if err != nil && d != 0 {
			t.Errorf("%q: %v beside %v", s, d, err)
		}
	})
}
