package profile

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// cliView is a file as botocore, and with it the AWS CLI and boto3, reads it:
// Python's configparser.RawConfigParser, then botocore's configloader.py.
// Where that refuses the whole file the view notes it and reads on.
type cliView struct {
	refusals []Warning
	sections []*cliSection // in the file's order, without [DEFAULT]
	defaults *cliSection   // [DEFAULT], whose settings every section has
	joined   map[int]string
}

// cliSection is one section under its header as written.
type cliSection struct {
	header  string
	line    int
	options map[string]*cliOption
	keys    []string // of options, in the file's order
}

type cliOption struct {
	lines     []string
	line      int
	inherited bool // from [DEFAULT]
}

func (o *cliOption) value() string {
	return strings.TrimRightFunc(strings.Join(o.lines, "\n"), isPythonSpace)
}

// block is the nested block that a value is, nil if it is none.
func (o *cliOption) block() map[string]string {
	value := o.value()
	if !strings.HasPrefix(value, "\n") {
		return nil
	}
	block := map[string]string{}
	for line := range strings.FieldsFuncSeq(value, isLineEnd) {
		if k, v, ok := strings.Cut(line, "="); ok {
			block[pythonStrip(k)] = pythonStrip(v)
		}
	}
	return block
}

func isLineEnd(r rune) bool { return strings.ContainsRune("\n\r\v\f\x1c\x1d\x1e\u0085\u2028\u2029", r) }

// isPythonSpace is str.isspace.
func isPythonSpace(r rune) bool { return unicode.IsSpace(r) || 0x1c <= r && r <= 0x1f }

func pythonStrip(s string) string { return strings.TrimFunc(s, isPythonSpace) }

// cliReader is the state of RawConfigParser._read.
type cliReader struct {
	*cliView
	path    string
	headers map[string]*cliSection
	section *cliSection
	key     string // of the option that indented lines continue, "" if none
	indent  int
}

func newCLIView(path, data string) *cliView {
	r := &cliReader{
		cliView: &cliView{joined: map[int]string{}},
		path:    path, headers: map[string]*cliSection{},
	}
	line, invalid := 0, false
	for s := range strings.SplitSeq(data, "\n") {
		line++
		if !invalid && !utf8.ValidString(s) {
			invalid = true
			r.refuse(line, "", "is not UTF-8")
		}
		for part := range strings.SplitSeq(strings.TrimSuffix(s, "\r"), "\r") {
			r.read(part, line)
		}
	}
	r.finish()
	return r.cliView
}

func (r *cliReader) refuse(line int, key, format string, args ...any) {
	message := fmt.Sprintf(format, args...) + ": the AWS CLI refuses the whole file"
	r.refusals = append(r.refusals, Warning{r.path, line, key, message})
}

func (r *cliReader) read(s string, line int) {
	value := pythonStrip(s)
	switch {
	case strings.HasPrefix(value, "#") || strings.HasPrefix(value, ";"):
		return
	case value == "":
		if r.key != "" {
			o := r.section.options[r.key]
			o.lines = append(o.lines, "")
		}
		return
	}
	indent := utf8.RuneCountInString(s) - utf8.RuneCountInString(strings.TrimLeftFunc(s, isPythonSpace))
	if r.key != "" && indent > r.indent {
		o := r.section.options[r.key]
		o.lines = append(o.lines, value)
		r.joined[line] = r.key
		return
	}
	r.indent = indent
	if end := strings.LastIndexByte(value, ']'); value[0] == '[' && end > 1 {
		r.begin(value[1:end], line)
		return
	}
	r.option(value, line)
}

func (r *cliReader) begin(header string, line int) {
	r.key = ""
	if s, ok := r.headers[header]; ok {
		if header != "DEFAULT" {
			r.refuse(line, "", "[%s] comes twice, first on line %d", header, s.line)
		}
		r.section = s
		return
	}
	r.section = &cliSection{header: header, line: line, options: map[string]*cliOption{}}
	r.headers[header] = r.section
	if header == "DEFAULT" {
		r.defaults = r.section
		return
	}
	r.sections = append(r.sections, r.section)
}

func (r *cliReader) option(value string, line int) {
	if r.section == nil {
		r.headless(value, line)
		return
	}
	i := strings.IndexAny(value, "=:")
	if i < 0 && value[0] == '[' {
		r.refuse(line, "", "a section header that is not closed by ]")
		return
	}
	if i < 0 {
		r.refuse(line, "", "neither a section nor a setting, which has a =")
		return
	}
	key := strings.ToLower(strings.TrimRightFunc(value[:i], isPythonSpace))
	if key == "" {
		r.refuse(line, "", "a setting without a name")
	}
	if o, ok := r.section.options[key]; ok {
		r.refuse(line, key, "is set twice in [%s], first on line %d", r.section.header, o.line)
	} else {
		r.section.keys = append(r.section.keys, key)
	}
	r.section.options[key] = &cliOption{lines: []string{pythonStrip(value[i+1:])}, line: line}
	r.key = key
}

// headless is a line before the first section, of which the first is told.
func (r *cliReader) headless(value string, line int) {
	for _, w := range r.refusals {
		if strings.HasPrefix(w.Message, beforeSections) || strings.HasPrefix(w.Message, byteOrderMark) {
			return
		}
	}
	if strings.HasPrefix(value, "\ufeff") {
		r.refuse(line, "", byteOrderMark+", so that a section on this line is not seen")
		return
	}
	r.refuse(line, "", beforeSections)
}

const (
	beforeSections = "stands before the first section"
	byteOrderMark  = "begins with a byte order mark"
)

// finish gives [DEFAULT] to every section and looks into nested blocks.
func (r *cliReader) finish() {
	checked := map[int]bool{} // lines, since [DEFAULT]'s options come up in every section
	for _, s := range r.sections {
		if r.defaults != nil {
			for _, key := range r.defaults.keys {
				if s.options[key] == nil {
					o := *r.defaults.options[key]
					o.inherited = true
					s.options[key] = &o
					s.keys = append(s.keys, key)
				}
			}
		}
		for _, key := range s.keys {
			if o := s.options[key]; !checked[o.line] {
				checked[o.line] = true
				r.checkBlock(key, o)
			}
		}
	}
}

func (r *cliReader) checkBlock(key string, o *cliOption) {
	if !strings.HasPrefix(o.value(), "\n") {
		return
	}
	for line := range strings.FieldsFuncSeq(o.value(), isLineEnd) {
		if pythonStrip(line) != "" && !strings.Contains(line, "=") {
			r.refuse(o.line, key, "has a line without = in the block below it")
			return
		}
	}
}

// find gives the section that botocore takes for that name: of several headers
// that come to the same the last. credentials says which file this is.
func (v *cliView) find(want sectionName, credentials bool) *cliSection {
	var found *cliSection
	for _, s := range v.sections {
		if name, ok := cliName(s.header, credentials); ok && name == want {
			found = s
		}
	}
	return found
}

// cliName is what botocore makes of a header: build_profile_map for the config
// file, the header itself for the credentials file.
func cliName(header string, credentials bool) (sectionName, bool) {
	if credentials {
		return sectionName{"profile", header}, true
	}
	if header == "default" {
		return sectionName{"profile", header}, true
	}
	for _, kind := range []string{"profile", "sso-session", "services"} {
		if strings.HasPrefix(header, kind) {
			words, _, err := splitPOSIX(header)
			if err != nil || len(words) != 2 {
				return sectionName{}, false
			}
			return sectionName{kind, words[1]}, true
		}
	}
	return sectionName{}, false
}
