package profile

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/ini.v1"
)

// chunk bounds the settings per call: ini.v1 searches its keys one by one for
// each new key.
const chunk = 200

// settings reads those sections as if they were one.
func (t *text) settings(sections []int) ([]entry, error) {
	entries, err := t.cut(sections)
	if err != nil {
		return nil, err
	}
	return readValues(t.path, entries)
}

// readValues gives each entry the value that ini.v1 reads.
func readValues(path string, entries []entry) ([]entry, error) {
	for part := range slices.Chunk(entries, chunk) {
		file, err := ini.LoadSources(ini.LoadOptions{}, plainLines(part))
		if err != nil {
			return nil, &Error{File: path, Line: part[0].line, Message: fmt.Sprintf("cannot be read: %v", err), Err: err}
		}
		section := file.Section("")
		for i := range part {
			lines := strings.Split(part[i].value, "\n")
			for n := range lines {
				lines[n] = section.Key(plainKey(part[i], n)).Value()
			}
			part[i].value = strings.Join(lines, "\n")
		}
	}
	return entries, nil
}

// plainLines writes entries as "key = value" lines that mean the same to ini.v1
// as to AWS. Within """ on one line ini.v1 takes every byte for what it is; as
// a line feed would end the line, each line of a value is a setting of its own.
func plainLines(entries []entry) []byte {
	var b bytes.Buffer
	for _, e := range entries {
		for n, line := range strings.Split(e.value, "\n") {
			fmt.Fprintf(&b, "%s = \"\"\"%s\"\"\"\n", plainKey(e, n), line)
		}
	}
	return b.Bytes()
}

// plainKey names line n of an entry. Ordinary keys stay as they are; what means
// something to ini.v1 is escaped, and the separators cannot come of escaping.
func plainKey(e entry, n int) string {
	key := escapeKey(e.key)
	if e.nested {
		key += "/" + escapeKey(e.sub)
	}
	if n > 0 {
		key += "," + strconv.Itoa(n)
	}
	return key
}

func escapeKey(key string) string {
	switch key {
	case "":
		return "%" // ini.v1 refuses no name at all
	case "-":
		return "%2D" // ini.v1 counts keys of this name
	}
	return url.QueryEscape(key)
}

// setting is e as others see it.
func (t *text) setting(e entry) Setting {
	return Setting{Key: e.key, Value: e.value, File: t.path, Line: e.line}
}
