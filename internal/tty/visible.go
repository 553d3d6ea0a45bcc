package tty

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Visible returns s with everything that a terminal would obey, or that a person would not see, written out: C0, C1,
// DEL, line breaks, bidi controls and zero-width, format and other invisible characters as \n, \x1b or \u202e, bytes
// that are no UTF-8 as \xNN. Whatever else s holds, backslashes too, stays as it is, so a second pass changes
// nothing. Text from outside goes through it before a person reads it (Trojan Source, CVE-2021-42574).
func Visible(s string) string {
	if strings.IndexFunc(s, hidden) < 0 && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case hidden(r):
			b.WriteString(escape(r))
		default:
			b.WriteRune(r)
		}
		s = s[size:]
	}
	return b.String()
}

// hidden reports characters that are not seen as themselves. IsPrint covers controls, format characters, separators
// and blanks other than the space; the two properties add what Unicode counts among letters and marks but nobody sees.
func hidden(r rune) bool {
	return !strconv.IsPrint(r) || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

func escape(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r < 0x80:
		return fmt.Sprintf(`\x%02x`, r)
	case r < 0x10000:
		return fmt.Sprintf(`\u%04x`, r)
	default:
		return fmt.Sprintf(`\U%08x`, r)
	}
}
