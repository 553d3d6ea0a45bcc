package profile

import (
	"errors"
	"strings"
)

// store is the two files.
type store struct{ config, credentials *text }

func open(files Files) (*store, error) {
	config, err := openText(files.Config)
	if err != nil {
		return nil, err
	}
	credentials, err := openText(files.Credentials)
	if err != nil {
		config.file.Close()
		return nil, err
	}
	return &store{config, credentials}, nil
}

func (s *store) close() error {
	return errors.Join(s.config.file.Close(), s.credentials.file.Close())
}

// inConfig finds the sections of a profile in the config file. As in the Go
// SDK, [profile default] replaces [default] whole, and only "default", in any
// case, does without "profile".
func (s *store) inConfig(name string) []int {
	found := s.config.find(sectionName{"profile", name})
	if found == nil && strings.EqualFold(name, "default") {
		found = s.config.find(sectionName{"", name})
	}
	return found
}

// inCredentials finds the sections of a profile in the credentials file, where
// AWS allows no "profile" before the name.
func (s *store) inCredentials(name string) []int {
	kind, rest, ok := strings.Cut(name, " ")
	switch {
	case name == "" || kind == "profile" && ok:
		return nil
	case !ok:
		return s.credentials.find(sectionName{"", name})
	}
	return s.credentials.find(sectionName{kind, rest})
}

// section is what both files say about one name.
type section struct {
	name     string
	settings map[string]Setting
	nested   map[entryKey]Setting
	halves   map[string]bool // files that hold one half of a key pair
}

// profile merges a profile's sections key by key; the credentials file wins.
// Nil if there are none.
func (s *store) profile(name string) (*section, error) {
	inConfig, inCredentials := s.inConfig(name), s.inCredentials(name)
	if inConfig == nil && inCredentials == nil {
		return nil, nil
	}
	sec := newSection(name)
	if err := sec.add(s.config, inConfig); err != nil {
		return nil, err
	}
	return sec, sec.add(s.credentials, inCredentials)
}

// other reads a section of the config file that is no profile, such as
// [services NAME]. Nil if there is none.
func (s *store) other(kind, name string) (*section, error) {
	found := s.config.find(sectionName{kind, name})
	if found == nil {
		return nil, nil
	}
	sec := newSection(name)
	return sec, sec.add(s.config, found)
}

func newSection(name string) *section {
	return &section{name: name, settings: map[string]Setting{}, nested: map[entryKey]Setting{}, halves: map[string]bool{}}
}

// add lays the settings of one file over those there are. A nested block is
// kept flat, "s3.addressing_style", where no plain key has that name.
func (s *section) add(t *text, heads []int) error {
	entries, err := t.settings(heads)
	if err != nil {
		return err
	}
	blocks := map[string]bool{}
	plain := map[string]bool{}
	for _, e := range entries {
		if e.nested {
			blocks[e.key] = true
			flat := Setting{Key: nestedName(e.key, e.sub), Value: e.value, File: t.path, Line: e.line}
			s.nested[e.entryKey] = flat
			s.settings[flat.Key] = flat
		}
	}
	for _, e := range entries {
		if !e.nested && !blocks[e.key] {
			plain[e.key] = true
			s.settings[e.key] = t.setting(e)
		}
	}
	if plain["aws_access_key_id"] != plain["aws_secret_access_key"] {
		s.halves[t.path] = true
	}
	return nil
}

// lookup gives the setting in force: daypass_key before key. One that is empty
// is not there, and an empty daypass_key hides key.
func (s *section) lookup(key string) (Setting, bool) { return lookup(s.settings, key) }

func lookup(settings map[string]Setting, key string) (Setting, bool) {
	v, ok := settings[ownPrefix+key]
	if !ok {
		v, ok = settings[key]
	}
	if !ok || v.Value == "" {
		return Setting{}, false
	}
	return v, true
}
