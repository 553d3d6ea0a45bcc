package stsim

import (
	"path"
	"slices"
	"strings"
	"time"
)

// kind is how a caller got its credentials, which decides what it may call.
type kind int

const (
	kindLongTerm  kind = iota // an access key of a user or of root
	kindSession               // GetSessionToken
	kindRole                  // AssumeRole
	kindFederated             // GetFederationToken
)

// principal is whom a credential speaks for.
type principal struct {
	kind      kind
	partition string
	account   string
	arn       string
	id        string // UserId of GetCallerIdentity
	user      *user  // nil of a role
	role      *role  // of a role only
	// mfaAt is when a code was given; zero means aws:MultiFactorAuthPresent is not true.
	mfaAt time.Time
	// powerless is a federated user to whom no policy was passed.
	powerless      bool
	sourceIdentity string
	transitive     []string // keys of tags that go along the chain
}

func longTerm(u *user) *principal {
	return &principal{
		kind:      kindLongTerm,
		partition: orAWS(u.Partition),
		account:   u.Account,
		arn:       u.ARN(),
		id:        u.id,
		user:      u,
	}
}

// root says whether it is the root user, with long-term keys or a session.
func (p *principal) root() bool {
	return p.user != nil && p.user.Root && p.kind != kindFederated
}

// refused is AWS's refusal of an action, nil if the caller's policies allow it. mfa says whether the call itself counts
// as made with MFA. No policy stops a root user.
func (p *principal) refused(action, resource string, mfa bool) *failure {
	if p.denied(action, mfa) == allowedAction {
		return nil
	}
	return notAuthorized(p.arn, action, resource)
}

// denied is why the caller's policies do not allow an action.
func (p *principal) denied(action string, mfa bool) reason {
	switch {
	case p.root():
		return allowedAction
	case p.powerless:
		return implicit
	case p.role != nil && anyMatches(p.role.Denied, action):
		return implicit
	case p.role != nil:
		return allowedAction
	case anyMatches(p.user.DeniedByOrganization, action):
		return organization
	case !mfa && anyMatches(p.user.DeniedWithoutMFA, action):
		return withoutMFA
	case anyMatches(p.user.Denied, action):
		return implicit
	}
	return allowedAction
}

// notAuthorized is what every refusal by a policy reads like (aws-vault#706).
func notAuthorized(arn, action, resource string) *failure {
	text := "User: " + arn + " is not authorized to perform: " + action
	if resource != "" {
		text += " on resource: " + resource
	}
	return accessDenied(text)
}

func accessDenied(text string) *failure {
	return &failure{403, "AccessDenied", text}
}

// anyMatches says whether a policy's action patterns cover an action; their letter case does not count.
func anyMatches(patterns []string, action string) bool {
	action = strings.ReplaceAll(strings.ToLower(action), "/", ":") // which path.Match's * does not stop at
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, err := path.Match(strings.ToLower(pattern), action)
		return ok && err == nil
	})
}
