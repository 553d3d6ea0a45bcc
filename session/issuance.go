package session

import (
	"time"

	"daypass/creds"
)

// Issuance is what is known of credentials that STS has just issued, but for
// their secrets: by it they are found again in CloudTrail.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
type Issuance struct {
	At             time.Time // by the local clock
	Profile        string
	Call           string
	RoleARN        string // of AssumeRole, else empty
	SessionName    string // the role session's, or the federated user's; else empty
	SourceIdentity string // set by this call or one before it in the chain
	AccessKeyID    string // the new one
	RequestID      string // of STS, empty if the answer had none
	Expiration     time.Time
}

// tell tells of what step i issued.
func (g *Getter) tell(i int, issued creds.Issued) {
	if g.Issued == nil {
		return
	}
	step := g.Steps[i]
	source := ""
	for _, s := range g.Steps[:i+1] { // which STS keeps along a chain
		if s.SourceIdentity != "" {
			source = s.SourceIdentity
		}
	}
	g.Issued(Issuance{
		At: issued.IssuedAt, Profile: issued.Profile, Call: step.Call, RoleARN: step.RoleARN,
		SessionName: step.SessionName, SourceIdentity: source,
		AccessKeyID: issued.AccessKeyID, RequestID: g.client.requestID, Expiration: issued.Expiration,
	})
}
