package session

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"daypass/creds"
	"daypass/profile"
)

// Base is what a plan begins with.
type Base struct {
	Kind    profile.Kind
	Profile string // whose it is
	// ID names the base in cache keys: the access key id of a pair that is known,
	// else a sum of the settings that say whose credentials these will be. Empty
	// if there is nothing to begin with.
	ID string
	// Credentials are those of the files and the environment; of the other kinds
	// they are zero until a call must be signed. A WebIdentity has none: its
	// SessionToken is the identity token.
	Credentials creds.Credentials

	get getter // nil if Credentials are there, or lie in the keyring
}

// getter gets credentials where they are made. It is a function, since fmt prints
// what an unexported field holds, and a command may hold secrets.
type getter func(ctx context.Context, by Means, n Network) (creds.Credentials, error)

// Keys are the long-term access keys in the OS keyring.
type Keys interface {
	// Credentials returns the key that lies under a name.
	Credentials(ctx context.Context, name string) (creds.Credentials, error)
}

// Means are what base credentials are got by when a call must be signed.
type Means struct {
	Keys     Keys     // needed if the base is a key in the keyring
	Programs Programs // needed if the base is what a program prints
}

// open gets the credentials of a base that are not there yet; once, since no run
// lasts as long as they live. The id of a key in the keyring then is the
// keyring's word. Errors are those of Keys, *BaseError and *NetworkConfigError.
func (b *Base) open(ctx context.Context, by Means, n Network, now func() time.Time) error {
	var c creds.Credentials
	var err error
	switch {
	case !b.Credentials.SecretAccessKey.Empty() || b.Credentials.Temporary():
		return nil
	case b.Kind == profile.Keyring:
		if c, err = by.Keys.Credentials(ctx, b.Profile); err == nil {
			b.ID = c.AccessKeyID
		}
	default:
		c, err = b.get(ctx, by, n)
	}
	if err != nil {
		return err
	}
	if !c.Expiration.IsZero() && !now().Before(c.Expiration) {
		return b.failed(BaseExpired, "", nil)
	}
	b.Credentials = c
	return nil
}

// Temporary reports whether the credentials are known to be temporary. Those of a
// program are not until it has run.
func (b *Base) Temporary() bool {
	switch b.Kind {
	case profile.SSO, profile.WebIdentity, profile.Metadata:
		return true
	}
	return b.Credentials.Temporary()
}

// madeElsewhere is the kind of a base whose credentials the SDKs get without us,
// else empty.
func (b *Base) madeElsewhere() profile.Kind {
	switch b.Kind {
	case profile.Process, profile.SSO, profile.Metadata:
		return b.Kind
	}
	return ""
}

// ReadBase returns the base of p, with its credentials if they stand in the files
// or, where it says credential_source = Environment and nowhere else, in the
// environment. Of the other kinds it knows what names them: a hit needs no more.
// Errors are *ConfigError and *NetworkConfigError.
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
	case profile.Process:
		b.ID, b.get = definition(p.Base), b.program(p.Base.Source)
		return b, nil
	case profile.WebIdentity:
		b.ID, b.get = definition(p.Base), b.identityToken(p.Base.Source)
		return b, nil
	case profile.SSO:
		b.ID, b.get = b.signedIn(p, getenv)
		return b, nil
	case profile.Metadata:
		var err error
		b.ID, b.get, err = b.metadata(p, getenv)
		return b, err
	}
	b.ID = b.Credentials.AccessKeyID
	return b, nil
}

// definition is the ID of a base that is known by its settings, and by what of the
// environment goes with them. It is a sum, since a command may hold a secret.
func definition(b profile.Base, environment ...string) string {
	sum := sha256.New()
	part := func(s string) { fmt.Fprintf(sum, "%d:%s", len(s), s) }
	for _, s := range b.Defining {
		part(s.Name())
		part(s.Value)
	}
	for _, s := range environment {
		part(s)
	}
	return hex.EncodeToString(sum.Sum(nil))
}
