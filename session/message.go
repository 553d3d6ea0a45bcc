package session

import (
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	// marker is what stands before the encoded message in an error of EC2.
	// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
	marker = "Encoded authorization failure message:"
	// leastMessage is shorter than any message, and longer than words.
	leastMessage = 64
	// mostMessage is what STS takes.
	mostMessage = 10240
	// widest is the widest terminal that is thought to break lines.
	widest = 500
)

// FindMessages returns the encoded message in text, which may be a whole error with
// the message broken into lines by a terminal or a mail program; none if there is none,
// or none that STS takes. The message is what stands behind "Encoded authorization
// failure message:", else the longest thing of its form. Where a line could be its end
// or the text behind it, both readings are returned, the likelier one first.
func FindMessages(text string) []string {
	text = withoutEscapes(text)
	var found reading
	if _, behind, ok := strings.Cut(text, marker); ok {
		// Before the marker on its line the width of the line is taken from.
		lines := lineRuns(behind)
		first := text[strings.LastIndexByte(text[:len(text)-len(behind)], '\n')+1 : len(text)-len(behind)]
		if len(lines) > 0 {
			lines[0].width += utf8.RuneCountInString(first)
		}
		found = longest(lines)
	}
	if found.size() < leastMessage {
		found = longest(lineRuns(text))
	}
	readings := []string{found.sure + found.guess, found.sure}
	return slices.DeleteFunc(slices.Compact(readings), func(message string) bool {
		return len(message) < leastMessage || len(message) > mostMessage
	})
}

// reading is what is read as a message.
type reading struct {
	sure  string
	guess string // what may be its end, or of the text behind it
}

func (r reading) size() int { return len(r.sure) + len(r.guess) }

// messageLine is a line of a text, cut into what could be of a message.
type messageLine struct {
	width  int      // in characters
	runs   []string // of the alphabet of messages
	begins bool     // the first run begins the line
	open   bool     // the last run ends the line
}

// whole reports whether line is one run.
func (line messageLine) whole() bool { return line.begins && line.open && len(line.runs) == 1 }

// hyphened reports whether line may end where it does because of a hyphen: a rule of
// many is none.
func (line messageLine) hyphened() bool {
	word, ok := strings.CutSuffix(line.runs[len(line.runs)-1], "-")
	return ok && line.open && word != "" && !strings.HasSuffix(word, "-")
}

// lineRuns cuts text into its lines, without the margin of Terraform's.
func lineRuns(text string) []messageLine {
	var lines []messageLine
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n│|")
		bare := strings.TrimLeft(line, " \t│|>")
		runs := strings.FieldsFunc(bare, func(r rune) bool { return !isMessage(r) })
		begins := len(runs) > 0 && strings.HasPrefix(bare, runs[0])
		open := len(runs) > 0 && strings.HasSuffix(bare, runs[len(runs)-1])
		lines = append(lines, messageLine{utf8.RuneCountInString(line), runs, begins, open})
	}
	return lines
}

func isMessage(r rune) bool { return isAlphanumeric(r, "-_") }

// longest is the longest run of all, where one that fills its line goes on in the
// next.
func longest(lines []messageLine) reading {
	var found reading
	for i := 0; i < len(lines); {
		line, taken := lines[i], 1
		for k, run := range line.runs {
			read := reading{sure: run}
			if k == len(line.runs)-1 && line.open {
				more, n := following(line, lines[i+1:])
				read, taken = reading{run + more.sure, more.guess}, 1+n
			}
			if read.size() > found.size() {
				found = read
			}
		}
		i += taken
	}
	return found
}

// following is what continues a run that ends line: so many whole lines, as wide as
// the first or broken at a hyphen, and the beginning of the one behind them. That one
// is a guess, since the message may have filled its last line.
func following(line messageLine, rest []messageLine) (more reading, taken int) {
	var b strings.Builder
	width, before := line.width, line
	for i, next := range rest {
		if !next.begins || width > widest || next.width > width && !before.hyphened() {
			return reading{sure: b.String()}, i
		}
		width = max(width, next.width)
		if !next.whole() || next.width < width && !next.hyphened() {
			return reading{b.String(), next.runs[0]}, i
		}
		b.WriteString(next.runs[0])
		before = next
	}
	return reading{sure: b.String()}, len(rest)
}

// withoutEscapes is text without the sequences that colour it or make links of it on a
// terminal: their letters would stick to the message.
// https://ecma-international.org/publications-and-standards/standards/ecma-48/
func withoutEscapes(text string) string {
	var b strings.Builder
	for {
		before, behind, ok := strings.Cut(text, "\x1b")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		text = afterEscape(behind)
	}
}

// afterEscape is s, which stands behind an ESC, without the rest of the sequence.
func afterEscape(s string) string {
	least, most, final := ' ', '/', '0'
	switch {
	case strings.HasPrefix(s, "["): // CSI
		s, most, final = s[1:], '?', '@'
	case strings.HasPrefix(s, "]"): // OSC, which ends by BEL or another ESC, if it does
		s = s[1:]
		if i := strings.IndexAny(s, "\a\x1b\n"); i >= 0 && s[i] != '\n' {
			return strings.TrimPrefix(s[i:], "\a")
		}
		return s
	}
	s = strings.TrimLeftFunc(s, func(r rune) bool { return r >= least && r <= most })
	if s != "" && rune(s[0]) >= final && s[0] <= '~' {
		s = s[1:]
	}
	return s
}

// FindReason returns what the text of an error itself gives as the reason, in
// AWS's words; empty if it gives none. It is the one place where a service control
// policy is named.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
func FindReason(text string) string {
	words := slices.DeleteFunc(strings.Fields(withoutEscapes(text)), func(word string) bool { return word == "│" })
	text = strings.Join(words, " ")
	for _, begin := range []string{"with an explicit deny in ", "because no "} {
		i := strings.Index(text, begin)
		if i < 0 {
			continue
		}
		reason := text[i:]
		for _, end := range []string{". ", marker} {
			reason, _, _ = strings.Cut(reason, end)
		}
		if begin == "because no " && !strings.Contains(reason, " allows ") || len(reason) > 300 {
			continue
		}
		return strings.TrimSuffix(strings.TrimSpace(reason), ".")
	}
	return ""
}
