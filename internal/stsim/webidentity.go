package stsim

import (
	"fmt"
	"slices"
	"time"
)

// Identity is what an OpenID Connect provider says of somebody, in a token.
type Identity struct {
	// Subject is the token's.
	Subject string
	// Roles are the ARNs of the roles whose trust policies name provider and subject.
	Roles []string
	// Expires is when the token does; zero is never.
	Expires time.Time
}

// AddIdentity makes AssumeRoleWithWebIdentity take the token, whatever it looks like.
func (s *Server) AddIdentity(token string, i Identity) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.world.identities[token] = i
}

const webIdentityAction = "AssumeRoleWithWebIdentity"

// unsignedActions carry their proof themselves.
var unsignedActions = map[string]action{webIdentityAction: (*world).assumeRoleWithWebIdentity}

// tokenLimit is that of the service model.
var tokenLimit = limit{"WebIdentityToken", 4, 20000, ""}

// assumeRoleWithWebIdentity refuses in the words seen in configure-aws-credentials#721 (unknown provider),
// aws-sdk-java-v2#5709 (expired) and configure-aws-credentials#318 (not trusted).
func (w *world) assumeRoleWithWebIdentity(c *call) ([]element, *failure) {
	token := c.need(tokenLimit)
	in, refusal := c.readAssumption()
	if refusal != nil {
		return nil, refusal
	}
	who, known := w.identities[token]
	switch r := w.roles[in.arn]; {
	case !known:
		return nil, &failure{400, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for https://unknown.example"}
	case !who.Expires.IsZero() && !c.now.Before(who.Expires):
		return nil, &failure{400, "ExpiredTokenException", fmt.Sprintf("Token expired: current date/time %d must be before the expiration date/time %d", c.now.Unix(), who.Expires.Unix())}
	case r == nil || !slices.Contains(who.Roles, in.arn):
		return nil, accessDenied("Not authorized to perform sts:AssumeRoleWithWebIdentity")
	default:
		if refusal := c.checkLife(r, in.life); refusal != nil {
			return nil, refusal
		}
		result := in.result(w.issue(c, c.roleSession(r, in), in.life, in.with.size(w.tokenSize)))
		return append(result, leaf("SubjectFromWebIdentityToken", who.Subject)), nil
	}
}
