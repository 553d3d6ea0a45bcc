package profile

import (
	"fmt"
	"math"
	"strings"
)

// comparison finds where the AWS CLI reads one file otherwise than daypass and
// the Go SDK do.
type comparison struct {
	files       *store
	text        *text
	credentials bool
	view        *cliView
	warnings    []Warning
}

func (s *store) compare(t *text) (*comparison, error) {
	data, err := t.all()
	if err != nil {
		return nil, err
	}
	c := &comparison{
		files: s, text: t, credentials: t == s.credentials,
		view: newCLIView(t.path, data),
	}
	c.warnings = append(c.warnings, c.view.refusals...)
	return c, nil
}

func (c *comparison) warn(line int, key, format string, args ...any) {
	c.warnings = append(c.warnings, Warning{c.text.path, line, key, fmt.Sprintf(format, args...)})
}

// ours gives the positions of the sections that daypass takes for that name.
func (c *comparison) ours(name sectionName) []int {
	switch {
	case name.kind != "profile" && c.credentials:
		return nil
	case name.kind != "profile":
		return c.text.find(name)
	case c.credentials:
		return c.files.inCredentials(name.name)
	}
	return c.files.inConfig(name.name)
}

// names gives all sections that either side takes for something.
func (c *comparison) names() []sectionName {
	var names []sectionName
	seen := map[sectionName]bool{}
	add := func(n sectionName, ok bool) {
		if ok && !seen[n] {
			seen[n] = true
			names = append(names, n)
		}
	}
	for i := range c.text.heads {
		n := c.text.name(i)
		if c.credentials {
			name, ok := credentialsName(n)
			add(sectionName{"profile", name}, ok)
			continue
		}
		name, ok := configName(n)
		add(sectionName{"profile", name}, ok)
		add(n, n.kind == "services" || n.kind == "sso-session")
	}
	for _, s := range c.view.sections {
		add(cliName(s.header, c.credentials))
	}
	return names
}

// section compares what both sides make of one name.
func (c *comparison) section(name sectionName) {
	ours, theirs := c.ours(name), c.view.find(name, c.credentials)
	what := fmt.Sprintf("%s %q", name.kind, name.name)
	switch {
	case ours == nil && theirs == nil:
		return
	case ours == nil:
		c.warn(theirs.line, "", "only the AWS CLI takes this section for %s", what)
		return
	case theirs == nil && name.name == "DEFAULT":
		c.warn(c.text.line(ours[0]), "", "for the AWS CLI [DEFAULT] is no profile, but gives its settings to all others")
		return
	case theirs == nil:
		c.warn(c.text.line(ours[0]), "", "the AWS CLI does not take this section for %s", what)
		return
	}
	c.headers(ours)
	if !c.credentials && name == (sectionName{"profile", "default"}) {
		c.twoDefaults()
	}
	if entries, err := c.text.cut(ours); err == nil {
		c.settings(entries, theirs)
	}
}

// headers finds sections that begin for the AWS CLI alone amid ours.
func (c *comparison) headers(ours []int) {
	for _, i := range ours {
		first, next := c.text.line(i), math.MaxInt
		if i+1 < len(c.text.heads) {
			next = c.text.line(i + 1)
		}
		for _, s := range c.view.sections {
			if first < s.line && s.line < next {
				c.warn(s.line, "", "for the AWS CLI the section [%s] begins here; daypass and other SDKs take the settings below for the section above", s.header)
			}
		}
	}
}

// twoDefaults is the one case where a whole section is not read.
func (c *comparison) twoDefaults() {
	plain, prefixed := c.text.find(sectionName{"", "default"}), c.text.find(sectionName{"profile", "default"})
	if plain == nil || prefixed == nil {
		return
	}
	a, b := c.text.line(plain[0]), c.text.line(prefixed[0])
	c.warn(a, "", "no setting of [default] is in effect: [profile default] on line %d replaces it; the AWS CLI reads the one that comes last", b)
	c.warn(b, "", "[profile default] replaces [default] on line %d; the AWS CLI reads the one that comes last", a)
}

func (c *comparison) settings(ours []entry, theirs *cliSection) {
	read := map[string]bool{}
	for _, e := range ours {
		if e.nested {
			read[e.key] = true
		}
	}
	for _, e := range ours {
		if !e.nested && read[e.key] {
			continue // the line above a block
		}
		c.setting(e, theirs.options[e.key])
	}
	for _, e := range ours {
		read[e.key] = true
	}
	inherits := false
	for _, key := range theirs.keys {
		if o := theirs.options[key]; !read[key] && o.inherited {
			inherits = true
			c.warn(o.line, key, "the AWS CLI reads this in [%s] too, since it stands in [DEFAULT]", theirs.header)
		} else if !read[key] {
			c.warn(o.line, key, "only the AWS CLI reads this as a setting of [%s]", theirs.header)
		}
	}
	if inherits {
		c.warn(c.view.defaults.line, "", "the AWS CLI gives the settings of [DEFAULT] to every section; daypass and other SDKs do not")
	}
}

func (c *comparison) setting(e entry, o *cliOption) {
	if o == nil {
		c.unseen(e)
		return
	}
	value, ok := o.value(), true
	if e.nested {
		value, ok = o.block()[e.sub]
	}
	switch {
	case !ok:
		c.unseen(e)
	case value != e.value:
		c.warn(e.line, e.name(), "the AWS CLI %s%s", difference(e.value, value), quoted(e, value))
	}
}

func (c *comparison) unseen(e entry) {
	if above, ok := c.view.joined[e.line]; ok && !e.nested {
		c.warn(e.line, e.name(), "the AWS CLI takes this line for a part of the value of %s above, since it is indented", above)
		return
	}
	c.warn(e.line, e.name(), "the AWS CLI does not see this setting here")
}

func (e entry) name() string {
	if e.nested {
		return nestedName(e.key, e.sub)
	}
	return e.key
}

// difference says why the AWS CLI reads theirs where daypass reads ours.
func difference(ours, theirs string) string {
	bare := strings.TrimSpace(trimComment(" " + theirs)) // one at the very beginning counts
	switch {
	case strings.Contains(theirs, "\n"):
		return "takes the indented lines below into the value"
	case bare != theirs && bare == ours:
		return "takes the comment into the value"
	case bare != theirs && unquote(bare) == ours:
		return "takes the quotes and the comment into the value"
	case unquote(theirs) == ours:
		return "takes the quotes into the value"
	}
	return "reads another value"
}

// quoted is what the AWS CLI reads, if that may be shown: further lines may be
// anybody's, secrets too.
func quoted(e entry, value string) string {
	s := Setting{Key: e.name(), Value: value}
	if s.Shown() != value || strings.Contains(value, "\n") {
		return ""
	}
	if len(value) > 80 {
		value = strings.ToValidUTF8(value[:77], "") + "..."
	}
	return fmt.Sprintf(": %q", value)
}
