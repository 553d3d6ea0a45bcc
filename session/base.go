package session

import (
	"daypass/creds"
	"daypass/profile"
)

// Base is what a plan begins with.
type Base struct {
	Kind        profile.Kind
	Profile     string            // whose it is
	ID          string            // names the base in cache keys: the access key id of a pair
	Credentials creds.Credentials // zero if this version cannot use the kind
}

// ReadBase returns the base credentials of p, from its files or, where it says
// credential_source = Environment and nowhere else, from the environment. For a
// kind that it cannot use it returns the kind alone; the plan then says so.
func ReadBase(p *profile.Profile, getenv func(string) string) (Base, error) {
	b := Base{Kind: p.Base.Kind, Profile: p.Base.Profile}
	switch b.Kind {
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
