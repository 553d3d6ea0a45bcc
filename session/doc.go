// Package session owns the way from a profile to temporary credentials: which
// STS calls it takes, how fresh is fresh enough, and the calls themselves; and
// which devices could give the codes. It is the only room that knows the AWS SDK.
// It does not know where credentials are kept, who is asked for a code, or how
// anything is said to a person.
package session
