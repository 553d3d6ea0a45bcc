package profile

import (
	"fmt"
	"slices"
	"strings"
)

// resolver follows one profile to its base.
type resolver struct {
	*Reader
	p     *Profile
	seen  map[string]bool // members of p.Chain
	links []*section      // the profiles whose settings count, outermost first
	self  *Setting        // the source that names its own profile
	// standIns are the profiles that only stand for another.
	standIns []standIn
	// missing is a profile that was named and has no section.
	missing string
}

// Load resolves one profile: the profiles it stands for and rests on, its
// roles, base keys and settings, checked as far as they are used. The profile
// is never nil and beside an error holds what was found out until then. A
// profile without keys, role and serial is no error. Errors are *Error; that of
// a profile without a section wraps ErrNotFound, a circle ErrCycle, an
// mfa_serial that STS takes no codes of ErrSerial.
func (r *Reader) Load(name string) (*Profile, error) {
	v := r.resolver(name)
	return v.p, v.resolve()
}

func (r *Reader) resolver(name string) *resolver {
	p := &Profile{Name: name, MFASession: true}
	return &resolver{Reader: r, p: p, seen: map[string]bool{}}
}

func (v *resolver) resolve() error {
	if err := v.walk(); err != nil {
		return err
	}
	v.inherit()
	if err := v.sameRoles(); err != nil {
		return err
	}
	if err := v.findBase(); err != nil {
		return err
	}
	if err := v.findServices(); err != nil {
		return err
	}
	return v.check()
}

// walk collects the links of the source chain.
func (v *resolver) walk() error {
	sec, err := v.enter(v.p.Name, Setting{})
	if err != nil {
		return err
	}
	if sec.name != v.p.Name {
		v.p.stands = sec.lookup
	}
	v.p.Region, _ = v.p.Lookup("region")
	v.p.Output, _ = v.p.Lookup("output")
	_, ours := v.ownCall(v.p.Settings["credential_process"])
	v.p.Called = ours && v.p.Settings["aws_access_key_id"].Value == ""
	for sec != nil {
		v.links = append(v.links, sec)
		if sec, err = v.next(sec); err != nil {
			return err
		}
	}
	return nil
}

// enter gives the section of a profile, or of the one it stands for. by is the
// setting that names it, zero for the profile asked for.
func (v *resolver) enter(name string, by Setting) (*section, error) {
	var over []*section // those that stand for another
	for {
		if v.seen[name] {
			return nil, v.cycle(name, by)
		}
		sec, err := v.files.profile(name)
		if err != nil {
			return nil, err
		}
		if sec == nil && v.inKeyring(name) {
			sec = newSection(name)
		}
		if sec == nil {
			return nil, v.notFound(name, by)
		}
		v.seen[name] = true
		v.p.Chain = append(v.p.Chain, name)
		if v.p.Settings == nil {
			v.p.Settings = sec.settings
		}
		call, _ := sec.lookup("credential_process")
		other, ours := v.ownCall(call)
		if !ours || other == "" || other == name {
			for _, o := range over {
				v.standIns = append(v.standIns, standIn{o, sec})
			}
			return sec, nil
		}
		over = append(over, sec)
		name, by = other, call
	}
}

// standIn is a profile and the one that it stands for.
type standIn struct{ over, under *section }

// sameRoles is an error if a profile that stands for another names a role of its
// own: whoever wrote that line would be handed the credentials of the other.
func (v *resolver) sameRoles() error {
	for _, s := range v.standIns {
		role, ok := s.over.lookup("role_arn")
		own, has := s.under.lookup("role_arn")
		if !ok || role.Value == own.Value {
			continue
		}
		other := "no role"
		if has {
			other = "another role"
		}
		call, _ := s.over.lookup("credential_process")
		e := bad(s.over.name, role, "profile %q stands for %q, which has %s", s.over.name, s.under.name, other)
		e.Hint = fmt.Sprintf("if this role is meant, write --profile %q at %s, else remove the role_arn", s.over.name, call.Place())
		return e
	}
	return nil
}

// next gives the profile that sec takes its keys from, nil if sec is the last.
func (v *resolver) next(sec *section) (*section, error) {
	source, sourced := sec.lookup("source_profile")
	if other, ok := sec.lookup("credential_source"); ok && sourced {
		return nil, bad(sec.name, source, "stands beside %s (%s): only one of them can say whose keys are used", other.Key, other.Place())
	}
	if !sourced {
		return nil, nil
	}
	if _, ok := sec.lookup("role_arn"); !ok && !strings.HasPrefix(source.Key, ownPrefix) {
		e := bad(sec.name, source, "without a role_arn, AWS SDKs refuse the profile")
		e.Hint = fmt.Sprintf("write %s%s = %s, which only daypass reads", ownPrefix, source.Key, source.Value)
		return nil, e
	}
	if source.Value == sec.name {
		v.self = &source
		return nil, nil
	}
	return v.enter(source.Value, source)
}

func (v *resolver) cycle(name string, by Setting) *Error {
	members := v.p.Chain[slices.Index(v.p.Chain, name):]
	e := bad(members[len(members)-1], by, "profiles name each other in a circle: %s",
		strings.Join(append(slices.Clone(members), name), " -> "))
	e.Err = ErrCycle
	return e
}

func (v *resolver) notFound(name string, by Setting) *Error {
	v.missing = name
	e := &Error{Profile: name, Message: "there is no such profile in " + v.where()}
	if n := len(v.p.Chain); n > 0 {
		e = bad(v.p.Chain[n-1], by, "there is no profile %q in %s", name, v.where())
	}
	e.Err = ErrNotFound
	e.Hint = "a profile is a section [profile NAME] in the config file or [NAME] in the credentials file"
	if stray := v.files.stray(name); stray != nil {
		e.Hint = fmt.Sprintf("%s:%d: %s", stray.File, stray.Line, stray.Message)
	}
	return e
}

func (v *resolver) where() string {
	var paths []string
	for _, t := range []*text{v.files.config, v.files.credentials} {
		if t.path != "" {
			paths = append(paths, t.path)
		}
	}
	if paths == nil {
		return "any file"
	}
	return strings.Join(paths, " or ")
}

// stray is a section of that name that would be a profile in the other file.
func (s *store) stray(name string) *Warning {
	if name == "" {
		return nil
	}
	kind, rest, ok := strings.Cut(name, " ")
	if !ok {
		kind, rest = "", name
	}
	if found := s.config.find(sectionName{kind, rest}); found != nil && s.inConfig(name) == nil {
		return &Warning{s.config.path, s.config.line(found[0]), "",
			fmt.Sprintf("[%s] is no profile in this file, [profile %s] is", name, name)}
	}
	if found := s.credentials.find(sectionName{"profile", name}); found != nil && s.inCredentials(name) == nil {
		return &Warning{s.credentials.path, s.credentials.line(found[0]), "",
			fmt.Sprintf("[profile %s] is no profile in this file, [%s] is", name, name)}
	}
	return nil
}

// inherit fills in what profiles hand on to those that rest on them: the
// nearest serial, mfa_process and session_duration. A process is left where the
// profile it stands on names another device: its codes are that device's.
func (v *resolver) inherit() {
	p := v.p
	for _, sec := range v.links {
		if s, ok := sec.lookup("mfa_serial"); ok && p.MFASerial.Key == "" {
			p.MFASerial = s
		}
	}
	for _, sec := range v.links {
		s, ok := sec.lookup("mfa_process")
		if !ok {
			continue
		}
		if own, ok := sec.lookup("mfa_serial"); !ok || own.Value == p.MFASerial.Value {
			p.MFAProcess = s
		}
		break
	}
	p.NeedsSerial = v.needsSerial()
	own := v.links[0]
	prompt, _ := own.lookup("prompt")
	store, _ := own.lookup("store")
	p.Prompt, p.Store = prompt.Value, store.Value
}

func (v *resolver) findServices() error {
	name, ok := v.p.Lookup("services")
	if !ok {
		return nil
	}
	sec, err := v.files.other("services", name.Value)
	if sec == nil || err != nil {
		return err
	}
	v.p.endpoint = func(service string) (Setting, bool) {
		s := sec.nested[entryKey{strings.ToLower(service), "endpoint_url", true}]
		return s, s.Value != ""
	}
	return nil
}
