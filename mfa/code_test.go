package mfa

import (
	"strings"
	"testing"
	"time"
	"unicode"
)

func TestNormalise(t *testing.T) {
	tests := []struct {
		name, typed, code string
	}{
		{"plain", "123456", "123456"},
		{"zeros", "000000", "000000"},
		{"as apps show it", "123 456", "123456"},
		{"blanks all over", " 1\t2 34\u00a05\u202f6 ", "123456"},
		{"nothing", "", ""},
		{"blanks only", "   ", ""},
		{"too short", "12345", ""},
		{"too long", "1234567", ""},
		{"two codes", "123456 234567", ""},
		{"two lines", "123\n456", ""},
		{"full-width digits", "１２３４５６", ""},
		{"Arabic digits", "٠١٢٣٤٥", ""},
		{"a password", "hunter2", ""},
		{"a YubiKey OTP", "cccccckdvvulgjvtkjdhtlrbjjctggdihuevikehtlil", ""},
		{"what gopass shows", "976249 lasts 24s |---", ""},
		{"minus", "-12345", ""},
		{"a hyphen", "123-456", ""},
		{"invisible", "123\u200b456", ""},
		{"no UTF-8", "12345\xff", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, ok := normalise(tt.typed)
			if ok != (tt.code != "") || ok && code != tt.code {
				t.Errorf("normalise(%q) = %q, %v, want %q", tt.typed, code, ok, tt.code)
			}
		})
	}
}

func FuzzNormalise(f *testing.F) {
	for _, s := range []string{"123456", "123 456", "１２３４５６", "12345\xff", "1234567", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		code, ok := normalise(typed)
		bare := strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) {
				return -1
			}
			return r
		}, typed)
		six := len(bare) == 6 && strings.Trim(bare, "0123456789") == "" && !strings.ContainsAny(typed, "\n\v\f\r\u0085\u2028\u2029")
		if ok != six || ok && code != bare {
			t.Errorf("normalise(%q) = %q, %v", typed, code, ok)
		}
	})
}

func TestWindowEnd(t *testing.T) {
	for at, end := range map[int64]int64{0: 30, 1: 30, 29: 30, 30: 60, 1700000000: 1700000010} {
		if got := windowEnd(time.Unix(at, 1)).Unix(); got != end {
			t.Errorf("windowEnd(%d) = %d, want %d", at, got, end)
		}
	}
	for left, seconds := range map[time.Duration]int{time.Millisecond: 1, time.Second: 1, 11*time.Second + 1: 12} {
		if got := secondsLeft(left); got != seconds {
			t.Errorf("secondsLeft(%v) = %d, want %d", left, got, seconds)
		}
	}
}
