package stsim

import (
	"net/http"
	"strings"
	"time"
)

const (
	stsVersion = "2011-06-15"
	iamVersion = "2010-05-08"
	// maxTokenSize is the most that STS makes of a session token (service/sts v1.51.0).
	maxTokenSize = 4096
)

// call is one authenticated call of STS or IAM.
type call struct {
	fields
	who    *principal
	region string
	now    time.Time
	// mfaAt is when MFA was given for this call, in it or in the caller's session; zero if it was not.
	mfaAt time.Time
}

// action does one call's work.
type action func(*world, *call) ([]element, *failure)

var stsActions = map[string]action{
	"AssumeRole":                 (*world).assumeRole,
	"DecodeAuthorizationMessage": (*world).decodeAuthorizationMessage,
	"GetAccessKeyInfo":           (*world).getAccessKeyInfo,
	"GetCallerIdentity":          (*world).getCallerIdentity,
	"GetFederationToken":         (*world).getFederationToken,
	"GetSessionToken":            (*world).getSessionToken,
}

// serve answers an authenticated request.
func (w *world) serve(in *request, key *credential, now time.Time) reply {
	c := &call{fields: fields{form: in.form}, who: key.who, region: in.sig.region, now: now, mfaAt: key.who.mfaAt}
	switch in.sig.service {
	case "sts":
		if in.action != "GetCallerIdentity" && w.regionsOff[[2]string{c.who.account, c.region}] {
			return in.refuse(regionDisabled(c.who.account))
		}
		return w.query(in, c, stsActions, stsNamespace, stsVersion)
	case "iam":
		if c.who.barredFromIAM() {
			return in.refuse(invalidToken())
		}
		return w.query(in, c, iamActions, iamNamespace, iamVersion)
	}
	return w.anythingElse(in, c)
}

// query does a call of the query protocol.
func (w *world) query(in *request, c *call, actions map[string]action, namespace, version string) reply {
	do := actions[in.action]
	asked := in.form.Get("Version")
	if asked == "" {
		asked = "NO_VERSION_SPECIFIED"
	}
	if do == nil || asked != version {
		return in.refuse(&failure{400, "InvalidAction", "Could not find operation " + in.action + " for version " + asked})
	}
	result, refusal := do(w, c)
	if refusal != nil {
		return in.refuse(refusal)
	}
	return queryResult(in.action, namespace, result)
}

// getSessionToken needs no permission, and no policy can stop it (IAM User Guide, "Comparing the AWS STS APIs").
func (w *world) getSessionToken(c *call) ([]element, *failure) {
	serial, code := c.may(serialLimit), c.may(tokenCodeLimit)
	life := c.sessionLife()
	size := c.number("MinimumSessionTokenSize", 0, maxTokenSize, 0)
	if refusal := c.refusal(); refusal != nil {
		return nil, refusal
	}
	if c.who.kind != kindLongTerm {
		return nil, accessDenied("Cannot call GetSessionToken with session credentials")
	}
	if refusal := w.checkMFA(c, serial, code); refusal != nil {
		return nil, refusal
	}
	who := *c.who
	who.kind = kindSession
	who.mfaAt = c.mfaAt
	key := w.issue(c, &who, life, max(w.tokenSize, size))
	return append(key.elements(), key.sizes()...), nil
}

func (w *world) getCallerIdentity(c *call) ([]element, *failure) {
	return []element{leaf("Arn", c.who.arn), leaf("UserId", c.who.id), leaf("Account", c.who.account)}, nil
}

// getAccessKeyInfo tells the account only, which AWS reads out of the id; not whether the key is good.
func (w *world) getAccessKeyInfo(c *call) ([]element, *failure) {
	id := c.need(accessKeyLimit)
	if refusal := c.refusal(); refusal != nil {
		return nil, refusal
	}
	if refusal := c.allowed("sts:GetAccessKeyInfo", ""); refusal != nil {
		return nil, refusal
	}
	if key := w.credentials[id]; key != nil {
		return []element{leaf("Account", key.who.account)}, nil
	}
	account, ok := accountOf(id)
	if !ok {
		return nil, invalid("Invalid Access key: " + id) // the text is a guess
	}
	return []element{leaf("Account", account)}, nil
}

// sessionLife is the life asked of GetSessionToken and GetFederationToken. Root gets an hour at most, silently.
func (c *call) sessionLife() time.Duration {
	seconds := c.number("DurationSeconds", 900, 129600, 43200)
	if c.who.root() {
		seconds = min(seconds, 3600)
	}
	return time.Duration(seconds) * time.Second
}

// allowed is the refusal of an action of STS or IAM by the caller's policies, nil if there is none. Sessions of users
// may call next to nothing of STS ("Comparing the AWS STS APIs").
func (c *call) allowed(action, resource string) *failure {
	if strings.HasPrefix(action, "sts:") {
		barred := c.who.kind == kindFederated || c.who.kind == kindSession && action != "sts:AssumeRole"
		if barred {
			return notAuthorized(c.who.arn, action, resource)
		}
	}
	return c.who.refused(action, resource, !c.mfaAt.IsZero())
}

// checkMFA looks at the device and code in a call, which uses the code up, whatever comes of the call after that: what
// the trust policy may ask about MFA is known only then. Neither is fine; one alone is not (sgviz#9).
func (w *world) checkMFA(c *call, serial, code string) *failure {
	switch {
	case serial == "" && code == "":
		return nil
	case serial == "" || code == "":
		return accessDenied("MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.")
	}
	d := w.devices[serial]
	if d == nil || c.who.kind != kindLongTerm || d.owner != c.who.user || !d.usable() {
		// aws-vault#676, aws-cli#6325; the two blanks are AWS's.
		return accessDenied("MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.")
	}
	if !d.take(code, c.now) {
		// aws-cli#2279; a used code reads the same (aws-vault#1110).
		return accessDenied("MultiFactorAuthentication failed with invalid MFA one time pass code.")
	}
	c.mfaAt = c.now
	return nil
}

// issue makes temporary credentials.
func (w *world) issue(c *call, who *principal, life time.Duration, tokenSize int) *credential {
	key := &credential{
		Key:     Key{newAccessKeyID("ASIA", who.account), newSecret()},
		token:   newToken(tokenSize),
		who:     who,
		created: c.now,
		expires: c.now.Truncate(time.Second).Add(life),
	}
	w.credentials[key.AccessKeyID] = key
	return key
}

func (k *credential) elements() []element {
	return []element{group("Credentials",
		leaf("AccessKeyId", k.AccessKeyID),
		leaf("SecretAccessKey", k.SecretAccessKey),
		leaf("SessionToken", k.token),
		leaf("Expiration", timestamp(k.expires)),
	)}
}

// sizes are the outputs that service/sts v1.51.0 brought.
func (k *credential) sizes() []element {
	size := len(k.token)
	return []element{number("SessionTokenSize", size), number("SessionTokenUtilization", min(100, size*100/maxTokenSize))}
}

// regionDisabled is seen in steampipe-aws#1510; GetCallerIdentity goes on working (aws-sdk-go-v2#2846).
func regionDisabled(account string) *failure {
	return &failure{http.StatusForbidden, "RegionDisabledException", "STS is not activated in this region for account:" + account +
		". Your account administrator can activate STS in this region using the IAM Console."}
}
