package profile

import (
	"slices"
	"strings"
	"time"
)

// Profile is what the files say about one profile and those it rests on.
type Profile struct {
	// Name is the profile as it was asked for.
	Name string
	// Settings holds every key of the profile's own sections, known to
	// daypass or not; of a key that both files have, that of the credentials
	// file. A key of a nested block (s3 =) is "s3.addressing_style", the key
	// above the block is left out.
	Settings map[string]Setting
	// Region and Output are those of the profile asked for, not of one that
	// it stands for or rests on.
	Region, Output Setting
	// Roles are in the order in which they are assumed, from the base keys
	// outwards. Empty if the profile is the base itself.
	Roles []Role
	Base  Base
	// MFASerial and MFAProcess are the profile's own, else inherited along
	// the source chain.
	MFASerial, MFAProcess Setting
	// NeedsSerial is, if there is no MFASerial, a setting that means nothing
	// without one: mfa_process, session_duration or mfa_session, own or
	// inherited, or an mfa_max_age of its own. Zero if there is none.
	NeedsSerial Setting
	// SessionDuration is that of the MFA session, own or inherited; 0 if none
	// is set.
	SessionDuration time.Duration
	// MFASession is false if a profile on the chain says mfa_session = false:
	// then each role call carries a code of its own.
	MFASession bool
	// MinRemaining and PromptTimeout are 0, Prompt and Store "" if not set.
	MinRemaining, PromptTimeout time.Duration
	Prompt, Store               string
	// Called says that SDKs call us for the profile: its credential_process, as
	// they see it, is ours, and no keys of its own stand before it.
	Called bool
	// Chain names the profiles whose settings were read, the one asked for
	// first; those that only stand for another are in it.
	Chain []string

	// Functions, since fmt under a verb that does not suit prints what an
	// unexported pointer points to, secrets included. Nil if there is none.
	stands   func(key string) (Setting, bool)     // the profile this one stands for
	endpoint func(service string) (Setting, bool) // in [services NAME]
}

// Role is one role on the way from the base keys to the profile.
type Role struct {
	// Profile is the profile that names the role.
	Profile string
	ARN     Setting
	// ExternalID, SessionName and DurationSetting are zero if not set,
	// Duration is 0 then.
	ExternalID, SessionName Setting
	Duration                time.Duration
	DurationSetting         Setting
	// Settings holds every key of that profile, as Profile.Settings does.
	Settings map[string]Setting
}

// Lookup gives the setting in force of the role's profile: daypass_key before
// key. One that is empty is not there, and an empty daypass_key hides key.
func (r Role) Lookup(key string) (Setting, bool) { return lookup(r.Settings, key) }

// Base is where the first credentials come from.
type Base struct {
	// Kind is "" if there is nothing to begin with.
	Kind Kind
	// Profile is the profile that has them, or where they were looked for.
	Profile string
	// AccessKeyID and SecretAccessKey are set for ConfigFile and
	// CredentialsFile; SessionToken too, if the keys are temporary. Of a key in
	// the keyring only the AccessKeyID is known, which stands in no file.
	AccessKeyID, SecretAccessKey, SessionToken Setting
	// Source is, for the other kinds, the setting that makes it this kind:
	// the credential_process, for instance.
	Source Setting
	// Role is the role that a WebIdentity gets, zero for the other kinds.
	Role Role
	// Defining are, for the other kinds, all settings that say whose
	// credentials these will be, sorted by key; Source is among them.
	Defining []Setting
}

// Kind says where base credentials come from.
type Kind string

// The kinds of base credentials. Keyring is for keys in the OS keyring.
const (
	Keyring         Kind = "keyring"
	CredentialsFile Kind = "credentials-file"
	ConfigFile      Kind = "config-file"
	Environment     Kind = "environment"
	Process         Kind = "process"
	SSO             Kind = "sso"
	WebIdentity     Kind = "web-identity"
	Metadata        Kind = "metadata"
)

// Lookup gives the setting in force: daypass_key before key. One that is empty
// is not there, and an empty daypass_key hides key. If the profile's
// credential_process is daypass for another profile, the setting is that
// profile's, except for region and output.
func (p *Profile) Lookup(key string) (Setting, bool) {
	if p.stands == nil || key == "region" || key == "output" {
		return lookup(p.Settings, key)
	}
	return p.stands(key)
}

// ServiceEndpoint gives the endpoint_url of a service ("sts") in the section
// [services NAME] that the profile's key services names.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
func (p *Profile) ServiceEndpoint(service string) (Setting, bool) {
	if p.endpoint == nil {
		return Setting{}, false
	}
	return p.endpoint(service)
}

// Reader reads several profiles from files that are searched once. It is not for
// use by several goroutines at a time.
type Reader struct {
	// Kept gives the access key id that the OS keyring is known to hold under a
	// name, which goes before what the files say; nil if it holds none.
	Kept func(name string) (accessKeyID string, ok bool)
	// Ask asks the keyring itself, where neither the files nor Kept know of
	// anything to begin with; nil if it is not asked.
	Ask func(name string) (accessKeyID string, ok bool)

	files store
	self  string
}

// Open reads the files. self is the path of our own executable, by which a
// credential_process is known as ours; if it is "", only the base name counts.
// A file that does not exist is empty; one that cannot be read, or holds more
// than 64 MB, is an *Error.
func Open(files Files, self string) (*Reader, error) {
	s, err := open(files)
	if err != nil {
		return nil, err
	}
	return &Reader{files: *s, self: self}, nil
}

// Close closes the files.
func (r *Reader) Close() error { return r.files.close() }

// Names gives all profile names of both files, sorted; see Reader.Names.
func Names(files Files) ([]string, error) {
	r, err := Open(files, "")
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return r.Names(), nil
}

// Names gives all profile names of both files, sorted.
func (r *Reader) Names() []string {
	seen := map[string]bool{}
	for i := range r.files.config.heads {
		if name, ok := configName(r.files.config.name(i)); ok {
			seen[name] = true
		}
	}
	for i := range r.files.credentials.heads {
		if name, ok := credentialsName(r.files.credentials.name(i)); ok {
			seen[name] = true
		}
	}
	names := make([]string, 0, len(seen))
	for name := range seen {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// configName is the profile that a header of the config file begins, if any.
func configName(n sectionName) (string, bool) {
	plain := n.kind == "" && strings.EqualFold(n.name, "default")
	return n.name, plain || n.kind == "profile" && n.name != ""
}

// credentialsName is the profile that a header of the credentials file begins,
// if any.
func credentialsName(n sectionName) (string, bool) {
	return n.String(), n.name != "" && n.kind != "profile"
}
