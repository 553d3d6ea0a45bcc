// Package session owns the way from a profile to temporary credentials: which
// STS calls it takes, how fresh is fresh enough, and the calls themselves; which
// devices could give the codes; and the calls that people make with credentials:
// whose they are, why they were denied, a token for somebody else, the console. It
// is the only room that knows the AWS SDK.
// It does not know where credentials are kept, who is asked for a code, or how
// anything is said to a person.
package session
