package mfa

import (
	"strings"
	"unicode/utf8"

	"daypass/internal/tty"
)

const (
	// longestShown is how many columns of one text from outside are shown: as long as a serial may be, and little enough that a
	// window with all that a question may hold fits on the screen.
	longestShown = 256
	// longestLine is how many columns a line in a window has.
	longestLine = 72
)

// legible makes a text from outside fit for a person: visible, and with its middle left out if it is long. Its ends tell more.
func legible(text string) string {
	text = tty.Visible(text)
	if columns(text) <= longestShown {
		return text
	}
	const end = (longestShown - 1) / 2
	head, tail := 0, len(text)
	for used := 0; ; {
		r, size := utf8.DecodeRuneInString(text[head:])
		if used += width(r); used > end {
			break
		}
		head += size
	}
	for used := 0; ; {
		r, size := utf8.DecodeLastRuneInString(text[:tail])
		if used += width(r); used > end {
			break
		}
		tail -= size
	}
	return text[:head] + "…" + text[tail:]
}

// wrap breaks a line into lines that are not too long, behind a blank if there is one. It only adds newlines.
func wrap(line string) string {
	var b strings.Builder
	for columns(line) > longestLine {
		used, blank, end := 0, 0, 0
		for i, r := range line {
			if used += width(r); used > longestLine {
				end = i
				break
			}
			if r == ' ' {
				blank = i + 1
			}
		}
		if blank > 0 {
			end = blank
		}
		b.WriteString(line[:end] + "\n")
		line = line[end:]
	}
	b.WriteString(line)
	return b.String()
}

func columns(text string) int {
	sum := 0
	for _, r := range text {
		sum += width(r)
	}
	return sum
}

// width is how many columns a character takes, at most: from U+1100 on many are wide (https://www.unicode.org/reports/tr11/).
func width(r rune) int {
	if r >= 0x1100 {
		return 2
	}
	return 1
}
