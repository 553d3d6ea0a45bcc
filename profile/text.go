package profile

import (
	"bytes"
	"errors"
	"io"
)

// text is one of the two files, of which only the section headers are known.
type text struct {
	path string
	file source
	size int
	// heads are the headers; names holds the words in their brackets, one
	// after another.
	heads []head
	names []byte
	// index serves many look-ups: positions in heads by name. Nil until then,
	// since building it costs more than a few searches.
	index    map[sectionName][]int
	searches int
}

// head is one line "[kind name]" or "[name]". It has no pointers, and offsets
// that are no larger than maxFileSize, since there may be many thousands.
type head struct {
	kind, name, end int32 // in names: where kind and name begin, and name ends
	start, body     int32 // in the file: where the line and the line after it begin
	line            int32 // from 1
}

// sectionName is what stands in the brackets: "profile" and "dev"; [default]
// has no kind.
type sectionName struct{ kind, name string }

func (n sectionName) String() string {
	if n.kind == "" {
		return n.name
	}
	return n.kind + " " + n.name
}

// indexAfter is the number of searches that pay for an index.
const indexAfter = 8

func openText(path string) (*text, error) {
	path = absolute(path)
	file, err := openFile(path)
	if err != nil {
		return nil, err
	}
	return searched(path, file)
}

// searched closes the file if it cannot be read.
func searched(path string, file source) (*text, error) {
	size := min(int(file.Size()), maxFileSize)
	t := &text{
		path: path, file: file,
		heads: make([]head, 0, size/200+4), // a section of a real config is longer
		names: make([]byte, 0, size/12+32),
	}
	if err := t.scan(make([]byte, min(size+1, smallFile))); err != nil {
		file.Close()
		return nil, err
	}
	return t, nil
}

// scan finds the headers. It goes through the file by the buffer, which grows
// if a line needs it.
func (t *text) scan(buf []byte) error {
	have, line := 0, 1
	for {
		n, err := t.file.Read(buf[have:])
		have += n
		if err != nil && !errors.Is(err, io.EOF) {
			return unreadable(t.path, err)
		}
		if t.size+have > maxFileSize {
			return tooLarge(t.path)
		}
		lines := buf[:bytes.LastIndexByte(buf[:have], '\n')+1]
		if err != nil {
			lines = buf[:have]
		}
		line = t.scanLines(lines, line)
		t.size += len(lines)
		if err != nil {
			return nil
		}
		have = copy(buf, buf[len(lines):have])
		if have == len(buf) {
			buf = append(buf, make([]byte, len(buf))...)
		}
	}
}

// scanLines finds the headers in whole lines, of which the first has the given
// number, and gives the number of the line after them. It does not look at other
// lines: on 10,000 profiles what is done per line shows in the time of a hit.
func (t *text) scanLines(data []byte, line int) int {
	counted := 0
	for pos := 0; ; {
		i := bytes.IndexByte(data[pos:], '[')
		if i < 0 {
			return line + bytes.Count(data[counted:], []byte{'\n'})
		}
		i += pos
		start := pos + bytes.LastIndexByte(data[pos:i], '\n') + 1
		end, next := len(data), len(data)
		if n := bytes.IndexByte(data[i:], '\n'); n >= 0 {
			end, next = i+n, i+n+1
		}
		if kind, name, ok := parseHead(data[start:end], i-start); ok {
			line += bytes.Count(data[counted:start], []byte{'\n'})
			counted = start
			t.add(kind, name, start, next, line)
		}
		pos = end
	}
}

// add notes a header, whose offsets are those in the lines being scanned.
func (t *text) add(kind, name []byte, start, body, line int) {
	h := head{start: int32(t.size + start), body: int32(t.size + body), line: int32(line)}
	h.kind = int32(len(t.names))
	t.names = append(t.names, kind...)
	h.name = int32(len(t.names))
	t.names = append(t.names, name...)
	h.end = int32(len(t.names))
	t.heads = append(t.heads, h)
}

// parseHead reads a line "[ kind name ] ; comment", whose first bracket is at
// open. As in the Go SDK a comment begins at any # or ;, a header may be
// indented, blanks within the brackets do not count, and a line that does not
// end in ] is no header.
func parseHead(line []byte, open int) (kind, name []byte, ok bool) {
	if open > 0 && len(bytes.TrimSpace(line[:open])) > 0 {
		return nil, nil, false
	}
	line = line[open:]
	for i, c := range line {
		if c == '#' || c == ';' {
			line = line[:i]
			break
		}
	}
	line = bytes.TrimSpace(line)
	if len(line) < 2 || line[len(line)-1] != ']' {
		return nil, nil, false
	}
	inner := bytes.TrimSpace(line[1 : len(line)-1])
	for i, c := range inner {
		if isBlank(c) {
			return inner[:i], bytes.TrimLeft(inner[i:], " \t"), true
		}
	}
	return nil, inner, true
}

// name is what stands in the brackets of section i.
func (t *text) name(i int) sectionName {
	h := t.heads[i]
	return sectionName{string(t.names[h.kind:h.name]), string(t.names[h.name:h.end])}
}

// line is the line of the header of section i, from 1.
func (t *text) line(i int) int { return int(t.heads[i].line) }

// find gives the positions in heads of the sections of that name.
func (t *text) find(want sectionName) []int {
	if t.searches++; t.searches > indexAfter {
		return t.indexed()[want]
	}
	var found []int
	for i := range t.heads {
		h := &t.heads[i]
		if string(t.names[h.name:h.end]) == want.name && string(t.names[h.kind:h.name]) == want.kind {
			found = append(found, i)
		}
	}
	return found
}

func (t *text) indexed() map[sectionName][]int {
	if t.index == nil {
		t.index = make(map[sectionName][]int, len(t.heads))
		for i := range t.heads {
			n := t.name(i)
			t.index[n] = append(t.index[n], i)
		}
	}
	return t.index
}

// body gives the lines below header i.
func (t *text) body(i int) (string, error) {
	from, to := int(t.heads[i].body), t.size
	if i+1 < len(t.heads) {
		to = int(t.heads[i+1].start)
	}
	return t.read(from, to)
}

// all gives the whole file.
func (t *text) all() (string, error) { return t.read(0, t.size) }

func (t *text) read(from, to int) (string, error) {
	buf := make([]byte, to-from)
	if n, err := t.file.ReadAt(buf, int64(from)); n < len(buf) {
		return "", unreadable(t.path, err)
	}
	return string(buf), nil
}
