package mfa

import (
	"strings"
	"time"
	"unicode"
)

// digits is the length of a code: STS wants exactly six (TokenCode in
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html).
const digits = 6

// window is how long a device shows one code (the time step of RFC 6238, section 4).
const window = 30 * time.Second

// normalise drops the blanks of what was typed ("123 456" is how apps show it) and reports whether a code is left.
// Other scripts' digits are none: STS takes ASCII only, and echoes what it does not take.
func normalise(typed string) (code string, ok bool) {
	var b strings.Builder
	for _, r := range typed {
		switch {
		case r >= '0' && r <= '9' && b.Len() < digits:
			b.WriteRune(r)
		case r == '\t' || unicode.Is(unicode.Zs, r):
		default:
			return "", false
		}
	}
	return b.String(), b.Len() == digits
}

// windowEnd is when a device stops to show the code that it shows at t.
func windowEnd(t time.Time) time.Time {
	const step = int64(window / time.Second)
	return time.Unix((t.Unix()/step+1)*step, 0)
}

// secondsLeft rounds up, so that nobody looks for the next code too early.
func secondsLeft(d time.Duration) int {
	return int((d + time.Second - 1) / time.Second)
}
