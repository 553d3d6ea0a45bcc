package session

import (
	"context"

	"daypass/creds"
	"daypass/profile"
)

// Base is what a plan begins with.
type Base struct {
	Kind        profile.Kind
	Profile     string            // whose it is
	ID          string            // names the base in cache keys: the access key id of a pair; empty if this version cannot use the kind
	Credentials creds.Credentials // zero until a call must be signed if the kind is profile.Keyring, and if there is no ID
}

// Keys are the long-term access keys in the OS keyring.
type Keys interface {
	// Credentials returns the key that lies under a name.
	Credentials(ctx context.Context, name string) (creds.Credentials, error)
}

// open reads the key of a base in the keyring, unless it was read. Its id then is
// the keyring's word.
func (b *Base) open(ctx context.Context, keys Keys) error {
	if b.Kind != profile.Keyring || !b.Credentials.SecretAccessKey.Empty() {
		return nil
	}
	c, err := keys.Credentials(ctx, b.Profile)
	if err != nil {
		return err
	}
	b.Credentials, b.ID = c, c.AccessKeyID
	return nil
}

// ReadBase returns the base credentials of p, from its files or, where it says
// credential_source = Environment and nowhere else, from the environment. Of a key
// in the keyring it knows the id: a hit needs no more. For a kind that it cannot
// use it returns the kind alone; the plan then says so.
func ReadBase(p *profile.Profile, getenv func(string) string) (Base, error) {
	b := Base{Kind: p.Base.Kind, Profile: p.Base.Profile}
	switch b.Kind {
	case profile.Keyring:
		b.ID = p.Base.AccessKeyID.Value
		return b, nil
	case profile.CredentialsFile, profile.ConfigFile:
		b.Credentials = creds.Credentials{
			AccessKeyID:     p.Base.AccessKeyID.Value,
			SecretAccessKey: creds.NewSecret(p.Base.SecretAccessKey.Value),
			SessionToken:    creds.NewSecret(p.Base.SessionToken.Value),
		}
	case profile.Environment:
		b.Credentials = creds.Credentials{
			AccessKeyID:     getenv("AWS_ACCESS_KEY_ID"),
			SecretAccessKey: creds.NewSecret(getenv("AWS_SECRET_ACCESS_KEY")),
			SessionToken:    creds.NewSecret(getenv("AWS_SESSION_TOKEN")),
		}
		if b.Credentials.AccessKeyID == "" || b.Credentials.SecretAccessKey.Empty() {
			return b, &ConfigError{Profile: b.Profile, Problem: EnvironmentEmpty}
		}
	}
	b.ID = b.Credentials.AccessKeyID
	return b, nil
}
