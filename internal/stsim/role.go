package stsim

import (
	"path"
	"slices"
	"strings"
	"time"
)

// Role is an IAM role with what its trust policy asks for.
type Role struct {
	// ARN is the role's, with its path.
	ARN string
	// MaxSessionDuration is the longest session; 0 means the default of one hour.
	MaxSessionDuration time.Duration
	// RequireMFA is the condition aws:MultiFactorAuthPresent.
	RequireMFA bool
	// MaxMFAAge is the condition aws:MultiFactorAuthAge less than this, which asks for MFA too; 0 means none.
	MaxMFAAge time.Duration
	// ExternalID is the condition sts:ExternalId; "" means none, and then any is accepted.
	ExternalID string
	// Principals are the trusted: ARNs of users, roles and role sessions, account ids, "arn:…:root" of accounts, or "*".
	// Empty means the role's own account.
	Principals []string
	// SetSourceIdentity and TagSession say that the trust policy allows sts:SetSourceIdentity and sts:TagSession.
	SetSourceIdentity, TagSession bool
	// Denied are actions that sessions of the role may not call, as for a User.
	Denied []string
}

// role is a Role with the id that IAM gave it.
type role struct {
	Role
	id        string
	partition string
	account   string
	name      string
}

// chainLimit caps a role reached from any session: from a role (IAM User Guide, "Role chaining") and, though no page says
// so, from GetSessionToken (aws-vault#263).
const chainLimit = time.Hour

// AddRole adds a role, or changes it.
func (s *Server) AddRole(r Role) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.world.roles[r.ARN]
	if known == nil {
		known = &role{id: newUniqueID("AROA")}
		s.world.roles[r.ARN] = known
	}
	known.Role = r
	var resource string
	known.partition, known.account, resource = splitARN(r.ARN)
	known.name = path.Base(resource)
}

// SetMFAInRoleSessions sets whether a role session made from an MFA session counts as made with MFA itself. Reports
// contradict each other (CloudGlance#31: yes; Leapp#262: no); at first it does not.
func (s *Server) SetMFAInRoleSessions(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.world.mfaInRoles = on
}

// SetSessionMFA sets whether trust policies see the MFA of a session of GetSessionToken; AWS's do (IAM User Guide,
// "Configuring MFA-protected API access"), and at first so it is.
func (s *Server) SetSessionMFA(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.world.deafToMFA = !on
}

// assumption is what a call of AssumeRole asks for.
type assumption struct {
	arn, session   string
	life           time.Duration
	externalID     string
	sourceIdentity string
	serial, code   string
	with           sessionInput
}

func (w *world) assumeRole(c *call) ([]element, *failure) {
	in, refusal := c.readAssumption()
	if refusal != nil {
		return nil, refusal
	}
	if c.who.root() {
		return nil, accessDenied("Roles may not be assumed by root accounts.") // kubeflow/testing#961
	}
	if w.deafToMFA {
		c.mfaAt = time.Time{}
	}
	if refusal := w.checkMFA(c, in.serial, in.code); refusal != nil {
		return nil, refusal
	}
	r := w.roles[in.arn]
	if refusal := c.mayAssume(r, in); refusal != nil {
		return nil, refusal
	}
	if w.regionsOff[[2]string{r.account, c.region}] {
		return nil, regionDisabled(r.account)
	}
	if refusal := c.checkLife(r, in.life); refusal != nil {
		return nil, refusal
	}
	who := c.roleSession(r, in)
	if w.mfaInRoles {
		who.mfaAt = c.who.mfaAt
	}
	return in.result(w.issue(c, who, in.life, in.with.size(w.tokenSize))), nil
}

func (in *assumption) result(key *credential) []element {
	who := key.who
	result := append(key.elements(), group("AssumedRoleUser", leaf("AssumedRoleId", who.id), leaf("Arn", who.arn)))
	if in.with.packed > 0 {
		result = append(result, in.with.packedSize())
	}
	if who.sourceIdentity != "" {
		result = append(result, leaf("SourceIdentity", who.sourceIdentity))
	}
	return append(result, key.sizes()...)
}

func (c *call) readAssumption() (*assumption, *failure) {
	in := &assumption{
		arn:            c.need(roleARNLimit),
		session:        c.need(sessionNameLimit),
		externalID:     c.may(externalIDLimit),
		sourceIdentity: c.may(sourceLimit),
		serial:         c.may(serialLimit),
		code:           c.may(tokenCodeLimit),
		life:           time.Duration(c.number("DurationSeconds", 900, 43200, 3600)) * time.Second,
		with:           c.readSession(),
	}
	if refusal := c.refusal(); refusal != nil {
		return nil, refusal
	}
	if !wellFormed(in.arn) {
		return nil, invalid(in.arn + " is invalid")
	}
	return in, in.with.check(c.who.transitive)
}

// wellFormed is what STS asks of an ARN before it looks for the role (recorded from AWS in localstack's test_sts
// snapshot, July 2025).
func wellFormed(arn string) bool {
	parts := strings.SplitN(arn, ":", 6)
	return len(parts) == 6 && parts[0] == "arn" && parts[1] != "" && parts[2] != "" && parts[5] != ""
}

// mayAssume asks the caller's policies and the role's trust policy. A role that is not there, a wrong external id and
// missing MFA read alike (aws-vault#706).
func (c *call) mayAssume(r *role, in *assumption) *failure {
	if refusal := c.allowed("sts:AssumeRole", in.arn); refusal != nil {
		return refusal
	}
	if r == nil || !r.trusts(c, in.externalID) {
		return notAuthorized(c.who.arn, "sts:AssumeRole", in.arn)
	}
	source := c.who.sourceIdentity
	asked := in.sourceIdentity
	if asked != "" && source != "" && asked != source || asked+source != "" && !r.SetSourceIdentity {
		return notAuthorized(c.who.arn, "sts:SetSourceIdentity", in.arn) // iambic#357
	}
	if len(in.with.tags)+len(c.who.transitive) > 0 && !r.TagSession {
		return notAuthorized(c.who.arn, "sts:TagSession", in.arn)
	}
	return nil
}

// trusts is the role's trust policy.
func (r *role) trusts(c *call, externalID string) bool {
	if r.ExternalID != "" && r.ExternalID != externalID {
		return false
	}
	if (r.RequireMFA || r.MaxMFAAge > 0) && c.mfaAt.IsZero() {
		return false
	}
	if r.MaxMFAAge > 0 && c.now.Sub(c.mfaAt) >= r.MaxMFAAge {
		return false
	}
	if r.partition != c.who.partition {
		return false
	}
	if len(r.Principals) == 0 {
		return c.who.account == r.account
	}
	return slices.ContainsFunc(r.Principals, c.who.is)
}

// is says whether a principal of a policy names the caller.
func (p *principal) is(named string) bool {
	root := "arn:" + p.partition + ":iam::" + p.account + ":root"
	return named == "*" || named == p.account || named == root || named == p.arn || p.role != nil && named == p.role.ARN
}

// checkLife holds a session to the cap on chains (eks-anywhere#9485) and to the role's own (awsu#27).
func (c *call) checkLife(r *role, life time.Duration) *failure {
	if c.who.kind != kindLongTerm && life > chainLimit {
		return invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	}
	if life > max(r.MaxSessionDuration, time.Hour) {
		return invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	return nil
}

// roleSession is who the caller becomes. A code given with AssumeRole is seen by the trust policy alone: the session has
// no MFA (IAM User Guide, "Configuring MFA-protected API access"; aws-sdk-java-v2#2554).
func (c *call) roleSession(r *role, in *assumption) *principal {
	who := &principal{
		kind:           kindRole,
		partition:      r.partition,
		account:        r.account,
		arn:            "arn:" + r.partition + ":sts::" + r.account + ":assumed-role/" + r.name + "/" + in.session,
		id:             r.id + ":" + in.session,
		role:           r,
		sourceIdentity: c.who.sourceIdentity,
		transitive:     slices.Concat(c.who.transitive, in.with.transitive),
	}
	if in.sourceIdentity != "" {
		who.sourceIdentity = in.sourceIdentity
	}
	return who
}
