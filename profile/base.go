package profile

import (
	"slices"
	"strings"
)

// findBase fills in the base, and before it the roles: a role_arn beside
// web_identity_token_file belongs to the base.
func (v *resolver) findBase() error {
	last := v.links[len(v.links)-1]
	base, err := v.base(last)
	if err != nil {
		return err
	}
	v.p.Base = base
	for _, sec := range slices.Backward(v.links) {
		arn, ok := sec.lookup("role_arn")
		if !ok || sec == last && base.Kind == WebIdentity {
			continue
		}
		v.p.Roles = append(v.p.Roles, readRole(sec, arn))
	}
	if base.Kind == "" {
		return v.noBase(last)
	}
	return nil
}

func readRole(sec *section, arn Setting) Role {
	r := Role{Profile: sec.name, ARN: arn, Settings: sec.settings}
	r.ExternalID, _ = sec.lookup("external_id")
	r.SessionName, _ = sec.lookup("role_session_name")
	r.DurationSetting, _ = sec.lookup("duration_seconds")
	return r
}

// base finds the first credentials: a key in the keyring goes before whatever the
// files say.
func (v *resolver) base(sec *section) (Base, error) {
	if v.kept(sec.name) {
		return v.p.Base, nil
	}
	b, err := v.baseInFiles(sec)
	if err == nil && b.Kind == "" && v.inKeyring(sec.name) {
		return v.p.Base, nil
	}
	return b, err
}

// kept reports whether the keyring is known to hold a key of that name, and makes
// it the base.
func (v *resolver) kept(name string) bool { return v.keyringHas(v.Kept, name) }

// inKeyring is kept, or what the keyring says when it is asked. It is asked once:
// the name that it is asked for is the last of the chain.
func (v *resolver) inKeyring(name string) bool {
	known := v.p.Base.Kind == Keyring && v.p.Base.Profile == name
	return known || v.kept(name) || v.keyringHas(v.Ask, name)
}

func (v *resolver) keyringHas(look func(string) (string, bool), name string) bool {
	if look == nil {
		return false
	}
	id, ok := look(name)
	if ok {
		v.p.Base = Base{Kind: Keyring, Profile: name, AccessKeyID: Setting{Key: "aws_access_key_id", Value: id}}
	}
	return ok
}

// baseInFiles finds the first credentials that the files tell of, in the Go SDK's
// order.
// https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
func (v *resolver) baseInFiles(sec *section) (Base, error) {
	b := Base{Profile: sec.name}
	if found, err := v.staticKeys(sec, &b); found || err != nil {
		return b, err
	}
	if s, ok := sec.lookup("credential_source"); ok {
		return v.credentialSource(sec, s)
	}
	if s, ok := sec.lookup("web_identity_token_file"); ok {
		arn, ok := sec.lookup("role_arn")
		if !ok {
			return b, bad(sec.name, s, "needs a role_arn beside it")
		}
		b.Kind, b.Source, b.Role = WebIdentity, s, readRole(sec, arn)
		b.Defining = defining(sec, "role_arn", "role_session_name", s.Key)
		return b, nil
	}
	for _, key := range []string{"sso_session", "sso_start_url", "sso_account_id"} {
		if s, ok := sec.lookup(key); ok {
			return v.sso(sec, s)
		}
	}
	if s, ok := sec.lookup("credential_process"); ok {
		if _, ours := v.ownCall(s); !ours {
			b.Kind, b.Source, b.Defining = Process, s, []Setting{s}
		}
	}
	return b, nil
}

func (v *resolver) staticKeys(sec *section, b *Base) (bool, error) {
	id, hasID := sec.lookup("aws_access_key_id")
	secret, hasSecret := sec.lookup("aws_secret_access_key")
	switch {
	case !hasID && !hasSecret:
		return false, nil
	case !hasSecret:
		return false, bad(sec.name, id, "stands without an aws_secret_access_key")
	case !hasID:
		return false, bad(sec.name, secret, "stands without an aws_access_key_id")
	case id.File != secret.File && !(sec.halves[id.File] && sec.halves[secret.File]):
		half := id
		if sec.halves[secret.File] {
			half = secret
		}
		return false, bad(sec.name, half, "is half a key pair; the other file holds a whole one, to which it need not belong")
	}
	b.Kind = ConfigFile
	if id.File == v.files.credentials.path {
		b.Kind = CredentialsFile
	}
	b.AccessKeyID, b.SecretAccessKey = id, secret
	b.SessionToken, _ = sec.lookup("aws_session_token")
	return true, nil
}

// StaticKeys gives the key pair that the files hold under that very name, whatever
// the profile takes its keys from; its Kind is "" if there is none. Another pair
// beside it, which it hides, is an error, as are half a pair and a name without a
// section. Errors are *Error.
func (r *Reader) StaticKeys(name string) (Base, error) {
	v := r.resolver(name)
	sec, err := r.files.profile(name)
	if err != nil {
		return Base{}, err
	}
	if sec == nil {
		return Base{}, v.notFound(name, Setting{})
	}
	b := Base{Profile: name}
	if _, err := v.staticKeys(sec, &b); err != nil {
		return Base{}, err
	}
	if err := r.files.config.otherKey(b, r.files.inConfig(name)); err != nil {
		return Base{}, err
	}
	if err := r.files.credentials.otherKey(b, r.files.inCredentials(name)); err != nil {
		return Base{}, err
	}
	return b, nil
}

// otherKey is an error if those sections hold a key that is not b's.
func (t *text) otherKey(b Base, heads []int) error {
	entries, err := t.settings(heads)
	if err != nil {
		return err
	}
	for _, e := range entries {
		for _, used := range []Setting{b.AccessKeyID, b.SecretAccessKey} {
			s := t.setting(e)
			if !e.nested && sameKey(s, used) && s.Value != "" && s.Value != used.Value {
				return bad(b.Profile, s, "is not that of %s, which is used; remove one of the two keys by hand", used.Place())
			}
		}
	}
	return nil
}

// KeyLine gives the line by which the files hold the access key of that id under that
// very name, also one that another line hides: to another program it need not be
// hidden. ok is false if there is none, or none that can be read.
func (r *Reader) KeyLine(name, id string) (_ Setting, ok bool) {
	s, ok := r.files.credentials.keyLine(r.files.inCredentials(name), id)
	if !ok {
		s, ok = r.files.config.keyLine(r.files.inConfig(name), id)
	}
	return s, ok
}

func (t *text) keyLine(heads []int, id string) (_ Setting, ok bool) {
	entries, _ := t.settings(heads)
	for _, e := range entries {
		s := t.setting(e)
		if !e.nested && s.Name() == "aws_access_key_id" && s.Value == id {
			return s, true
		}
	}
	return Setting{}, false
}

// sameKey reports whether both are one setting, with or without our prefix.
func sameKey(a, b Setting) bool { return a.Name() == b.Name() }

func (v *resolver) credentialSource(sec *section, s Setting) (Base, error) {
	b := Base{Profile: sec.name, Source: s, Defining: []Setting{s}}
	switch strings.ToLower(s.Value) {
	case "environment":
		b.Kind = Environment
	case "ec2instancemetadata", "ecscontainer":
		b.Kind = Metadata
	default:
		return Base{Profile: sec.name}, bad(sec.name, s, "%q is none of Environment, Ec2InstanceMetadata, EcsContainer", s.Value)
	}
	return b, nil
}

func (v *resolver) sso(sec *section, s Setting) (Base, error) {
	b := Base{Kind: SSO, Profile: sec.name, Source: s}
	b.Defining = defining(sec, "sso_account_id", "sso_region", "sso_role_name", "sso_session", "sso_start_url")
	name, ok := sec.lookup("sso_session")
	if !ok {
		return b, b.complete("sso_account_id", "sso_role_name", "sso_region", "sso_start_url")
	}
	session, err := v.files.other("sso-session", name.Value)
	if err != nil {
		return b, err
	}
	if session == nil {
		return Base{Profile: sec.name}, bad(sec.name, name, "there is no section [sso-session %s]", name.Value)
	}
	for _, s := range defining(session, "sso_region", "sso_start_url") {
		if own, ok := b.Defines(s.Key); ok && own.Value != s.Value {
			return b, bad(sec.name, own, "is not that of the section [sso-session %s] (%s)", name.Value, s.Place())
		}
		b.Defining = append(b.Defining, s)
	}
	return b, b.complete("sso_account_id", "sso_role_name", "sso_region", "sso_start_url")
}

// complete is an error if Defining lacks one of keys, without which nobody is
// signed in.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-sso-credentials.html
func (b Base) complete(keys ...string) error {
	for _, key := range keys {
		if _, ok := b.Defines(key); !ok {
			return bad(b.Profile, b.Source, "needs %s beside it", key)
		}
	}
	return nil
}

// Defines gives the setting of Defining that is called key, with or without our
// prefix.
func (b Base) Defines(key string) (Setting, bool) {
	i := slices.IndexFunc(b.Defining, func(s Setting) bool { return sameKey(s, Setting{Key: key}) })
	if i < 0 {
		return Setting{}, false
	}
	return b.Defining[i], true
}

func defining(sec *section, keys ...string) []Setting {
	var settings []Setting
	for _, key := range keys {
		if s, ok := sec.lookup(key); ok {
			settings = append(settings, s)
		}
	}
	return settings
}

// noBase says where keys were needed and not found. A profile that asks for
// nothing is left to the caller.
func (v *resolver) noBase(last *section) error {
	const hint = "store a key under that name by \"daypass keys add\", or name the profile that has one by daypass_source_profile"
	var e *Error
	role, hasRole := last.lookup("role_arn")
	serial, hasSerial := last.lookup("mfa_serial")
	switch {
	case v.self != nil:
		e = bad(last.name, *v.self, "profile %q names itself as the source of its keys and has none", last.name)
		e.Err = ErrCycle
	case hasRole:
		e = bad(last.name, role, "profile %q has neither keys to assume the role with nor a source_profile", last.name)
	case len(v.links) > 1:
		by, _ := v.links[len(v.links)-2].lookup("source_profile")
		e = bad(last.name, by, "profile %q has neither keys nor a source of keys", last.name)
	case hasSerial:
		e = bad(last.name, serial, "profile %q has neither keys to go with the device nor a daypass_source_profile", last.name)
	default:
		return nil
	}
	e.Hint = hint
	return e
}
