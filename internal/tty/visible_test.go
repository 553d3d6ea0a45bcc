package tty

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestVisible(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"plain", `arn:aws:iam::111111111111:mfa/ana C:\x`, `arn:aws:iam::111111111111:mfa/ana C:\x`},
		{"letters of the world", "Zoë 北京 Ωμέγα 😀", "Zoë 北京 Ωμέγα 😀"},
		{"empty", "", ""},
		{"escape sequence", "a\x1b[2Jb", `a\x1b[2Jb`},
		{"C0 and DEL", "\x00\a\b\v\f\x7f", `\x00\x07\x08\x0b\x0c\x7f`},
		{"line breaks", "a\r\nb\tc", `a\r\nb\tc`},
		{"C1", "\u0085\u009b31m", `\u0085\u009b31m`},
		{"a C1 byte is no UTF-8", "a\x9b31m", `a\x9b31m`},
		{"invalid UTF-8", "\xff\xc3(", `\xff\xc3(`},
		{"the replacement character itself", "\ufffd", "\ufffd"},
		{"bidi", "\u202a\u202b\u202c\u202d\u202e", `\u202a\u202b\u202c\u202d\u202e`},
		{"bidi isolates", "\u2066\u2067\u2068\u2069", `\u2066\u2067\u2068\u2069`},
		{"bidi marks", "\u061c\u200e\u200f", `\u061c\u200e\u200f`},
		{"zero width", "\u200b\u200c\u200d\u2060\ufeff", `\u200b\u200c\u200d\u2060\ufeff`},
		{"soft hyphen, language tag", "\u00ad\U000e0041", `\u00ad\U000e0041`},
		{"line and paragraph separators", "\u2028\u2029", `\u2028\u2029`},
		{"other blanks", "\u00a0\u3000", `\u00a0\u3000`},
		{"fillers and variation selectors", "\u115f\u3164\ufe0f\u034f", `\u115f\u3164\ufe0f\u034f`},
		{"private use", "\ue000", `\ue000`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Visible(tt.in); got != tt.want {
				t.Errorf("Visible(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func FuzzVisible(f *testing.F) {
	for _, s := range []string{"dev", "a\x1b]0;x\a", "\u202eabc", "\xff\n", `\x1b`, "e\u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Visible(s)
		if !utf8.ValidString(got) {
			t.Fatalf("Visible(%q) = %q is no UTF-8", s, got)
		}
		for _, r := range got {
			if unicode.In(r, unicode.C, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
				t.Fatalf("Visible(%q) = %q holds %U", s, got, r)
			}
		}
		if again := Visible(got); again != got {
			t.Fatalf("a second pass changes %q to %q", got, again)
		}
		if strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0 && got != s {
			t.Fatalf("Visible(%q) = %q changes plain ASCII", s, got)
		}
	})
}
