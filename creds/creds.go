package creds

import "time"

// Credentials are a key pair, long-term or temporary.
type Credentials struct {
	AccessKeyID     string
	SecretAccessKey Secret
	SessionToken    Secret    // empty for a long-term pair
	Expiration      time.Time // UTC, whole seconds; zero for a long-term pair
	AccountID       string    // twelve digits, empty when not known
}

// Temporary reports whether STS, or something like it, issued the credentials.
func (c Credentials) Temporary() bool { return !c.SessionToken.Empty() }

// Issued is a set of temporary credentials and the story of its issue, without
// which neither its freshness nor its place in a listing could be told.
type Issued struct {
	Credentials
	Profile  string        // the profile that they were issued for
	Call     string        // the STS action: "GetSessionToken", "AssumeRole"
	RoleARN  string        // empty for a session
	Serial   string        // the MFA device they rest on, empty if none
	IssuedAt time.Time     // by the local clock
	Skew     time.Duration // STS's clock minus the local one at issue

	// CodedAt is when what they were got by was issued for a code, by the local
	// clock; zero if nothing was, or if that is not known.
	CodedAt time.Time
}

// Left is how long the credentials still live at the local time now: the
// smaller of two readings, of which one trusts the local clock and the other
// the clock of STS as it was seen at issue. It is negative once they expired.
func (i Issued) Left(now time.Time) time.Duration {
	left := i.Expiration.Sub(now)
	return min(left, left-i.Skew)
}

// Life is how long the credentials were issued for, by the clock of STS.
func (i Issued) Life() time.Duration {
	return i.Expiration.Sub(i.IssuedAt.Add(i.Skew))
}
