package profile

import (
	"slices"
	"strings"
)

// entry is one setting of a section: "key = value", or "sub = value" in the
// block below "key =".
type entry struct {
	entryKey
	value string
	line  int
	time  int // how often its key had come: a repeated key drops the block below it
}

type entryKey struct {
	key, sub string
	nested   bool
}

// cutter reads the lines of sections in AWS's dialect, as
// aws-sdk-go-v2/config/internal/ini (tokenize.go and parse.go) reads them.
type cutter struct {
	entries []entry
	at      map[entryKey]int // position in entries
	times   map[string]int   // how often a key has come
	last    string           // key of the last setting, which indented lines belong to
	owners  map[int]string   // if not nil: the key that each line belongs to, by line
}

// cut reads those sections one after the other as if they were one: of a key
// that comes twice the last one counts, as in the Go SDK.
func (t *text) cut(sections []int) ([]entry, error) {
	return t.cutLines(sections, nil)
}

// cutLines is cut, and notes in owners the key that each line belongs to: there
// are none for headers, comments and blank lines, and what is no setting.
func (t *text) cutLines(sections []int, owners map[int]string) ([]entry, error) {
	c := cutter{at: map[entryKey]int{}, times: map[string]int{}, owners: owners}
	for _, i := range sections {
		body, err := t.body(i)
		if err != nil {
			return nil, err
		}
		c.section(body, t.line(i)+1)
	}
	return slices.DeleteFunc(c.entries, func(e entry) bool { return e.time != c.times[e.key] }), nil
}

func (c *cutter) section(body string, line int) {
	c.last = ""
	for ; body != ""; line++ {
		var s string
		s, body, _ = strings.Cut(body, "\n")
		switch {
		case strings.TrimSpace(s) == "" || isComment(s):
		case isBlank(s[0]):
			c.indented(strings.TrimLeft(s, " \t"), line)
			c.own(line)
		default:
			if key, value, ok := splitSetting(trimComment(s)); ok {
				c.set(strings.ToLower(key), unquote(value), line)
				c.own(line)
			}
		}
	}
}

func (c *cutter) own(line int) {
	if c.owners != nil && c.last != "" {
		c.owners[line] = c.last
	}
}

func (c *cutter) set(key, value string, line int) {
	c.last = key
	c.times[key]++
	c.put(entryKey{key: key}, value, line)
}

func (c *cutter) put(k entryKey, value string, line int) {
	e := entry{k, value, line, c.times[k.key]}
	if i, ok := c.at[k]; ok {
		c.entries[i] = e
		return
	}
	c.at[k] = len(c.entries)
	c.entries = append(c.entries, e)
}

// indented reads a line that begins with a blank: part of a nested block after
// "key =", else a setting of its own, or the next line of the value above.
// Comments at its end count only in a setting of its own.
func (c *cutter) indented(s string, line int) {
	above, ok := c.at[entryKey{key: c.last}]
	ok = ok && c.last != ""
	key, value, isSetting := splitSetting(s)
	value = unquote(value)
	key = strings.ToLower(key)
	switch {
	case isSetting && (!ok || c.entries[above].value != ""):
		c.set(key, strings.TrimSpace(trimComment(value)), line)
	case isSetting:
		c.put(entryKey{c.last, key, true}, value, line)
	case ok && c.entries[above].value != "":
		c.entries[above].value += "\n" + s
	}
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func isComment(line string) bool {
	line = strings.TrimLeft(line, " \t")
	return line != "" && (line[0] == '#' || line[0] == ';')
}

// trimComment cuts a comment off the end of a setting: # or ; after a blank.
func trimComment(s string) string {
	for i := 1; i < len(s); i++ {
		if (s[i] == '#' || s[i] == ';') && isBlank(s[i-1]) {
			return s[:i-1]
		}
	}
	return s
}

// splitSetting splits at the first = or :, which AWS's parsers take as well.
func splitSetting(s string) (key, value string, ok bool) {
	i := strings.IndexAny(s, "=:")
	if i < 0 {
		return "", "", false
	}
	return strings.TrimSpace(s[:i]), strings.TrimSpace(s[i+1:]), true
}

// unquote takes off one pair of quotes around the whole value.
func unquote(s string) string {
	if n := len(s); n >= 2 && s[0] == s[n-1] && (s[0] == '"' || s[0] == '\'') {
		return s[1 : n-1]
	}
	return s
}
