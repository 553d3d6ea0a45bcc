package session

import (
	"fmt"
	"time"

	"daypass/profile"
)

// The STS actions that a plan is made of.
const (
	GetSessionToken = "GetSessionToken"
	AssumeRole      = "AssumeRole"
)

const (
	defaultSession = 12 * time.Hour
	defaultRole    = time.Hour
	// chainCap is STS's limit for a role that is assumed with temporary
	// credentials, those of GetSessionToken included.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
	// https://github.com/99designs/aws-vault/issues/263
	chainCap = time.Hour
	// minWish is what callers can count on anyway: less is no wish.
	minWish = 16 * time.Minute
)

// Step is one STS call of a plan.
type Step struct {
	Call     string // GetSessionToken, AssumeRole or AssumeRoleWithWebIdentity
	Profile  string // the profile whose settings the call follows
	RoleARN  string // of GetSessionToken empty
	Serial   string // the MFA device whose code the call carries, empty if it carries none
	Duration time.Duration

	ExternalID     string
	SessionName    string
	SourceIdentity string
	Tags           []Tag
	TransitiveTags []string
	Policy         string // inline session policy, JSON
	PolicyARNs     []string

	Key  string // canonical, names the cache entry; holds no secret
	Note string // what a reader of the plan should know, empty if nothing
}

// Tag is a session tag.
type Tag struct{ Key, Value string }

// Want is what decides a plan beside the profile.
type Want struct {
	Base         Base
	Network      Network
	Login        string        // login name of the uid, for the default role session name
	MinRemaining time.Duration // 0: no wish
	Given        Given         // of the last role's call
}

// Plan returns the STS calls that lead from the base credentials to those of p,
// in order. It makes no call and reads nothing but the file of a session policy.
// Its errors are *ConfigError, *profile.Error and, about what is given,
// *ParameterError.
func Plan(p *profile.Profile, w Want) ([]Step, error) {
	serial := p.MFASerial.Value
	if err := checkBase(p, w.Base); err != nil {
		return nil, err
	}
	steps, roles, err := roleSteps(p, w)
	if err != nil {
		return nil, err
	}
	direct := len(roles) > 0 && (!p.MFASession || roles[0].Duration > chainCap)
	if serial != "" && !direct {
		steps = append(steps, Step{Call: GetSessionToken, Profile: p.Name, Serial: serial, Duration: sessionDuration(p)})
	}
	for i, step := range roles {
		if serial != "" && direct && i == 0 {
			step.Serial = serial
		}
		clamp(&step, len(steps) > 0 || w.Base.Temporary(), w.Base.Kind)
		steps = append(steps, step)
	}
	for i := range steps {
		steps[i].Key = key(w, steps[:i+1])
	}
	return steps, checkWish(p.Name, steps[len(steps)-1].Duration, w.MinRemaining)
}

// clamp cuts a step to what STS gives with temporary credentials.
func clamp(step *Step, chained bool, base profile.Kind) {
	const cut = "is cut to 1h: STS gives no more to a role that is assumed with temporary credentials"
	switch {
	case step.Duration <= chainCap:
	case chained:
		step.Note = fmt.Sprintf("%s %s", step.Duration, cut)
		step.Duration = chainCap
	case base == profile.Process:
		step.Note = fmt.Sprintf("if the program prints temporary credentials, %s %s", step.Duration, cut)
	}
}

// roleSteps are the calls for the roles of p: first that of an identity token, if
// the base is one, then those of AssumeRole. What is given is for the last role.
func roleSteps(p *profile.Profile, w Want) (first, rest []Step, err error) {
	given := func(last bool) Given {
		if last {
			return w.Given
		}
		return Given{}
	}
	n := len(p.Roles)
	switch {
	case w.Base.Kind == profile.WebIdentity:
		step, err := tokenStep(p.Base.Role, given(n == 0), w.Login)
		if err != nil {
			return nil, nil, err
		}
		first = []Step{step}
	case n == 0:
		return nil, nil, w.Given.withoutRole(p.Name)
	}
	for i, r := range p.Roles {
		step, err := roleStep(r, given(i == n-1), w.Login)
		if err != nil {
			return nil, nil, err
		}
		rest = append(rest, step)
	}
	return first, rest, nil
}

// checkBase tells, before anybody is asked, what cannot lead to credentials.
func checkBase(p *profile.Profile, b Base) error {
	serial := p.MFASerial.Value
	switch {
	case len(p.Roles) == 0 && serial == "" && b.Kind != profile.WebIdentity: // its role belongs to the base
		return &ConfigError{Profile: p.Name, Problem: NothingToDo, Detail: string(b.madeElsewhere())}
	case b.ID == "":
		return &ConfigError{Profile: p.Name, Problem: BaseMissing}
	case p.NeedsSerial.Key != "":
		return &ConfigError{Profile: p.Name, Problem: SerialMissing, Detail: fmt.Sprintf("%s (%s)", p.NeedsSerial.Key, p.NeedsSerial.Place())}
	case serial != "" && b.Temporary():
		return &ConfigError{Profile: p.Name, Problem: CodeNeedsLongTerm, Detail: b.Profile}
	}
	return nil
}

func checkWish(profile string, issued, wish time.Duration) error {
	if !wished(wish) || wish <= issued-time.Minute {
		return nil
	}
	return &ConfigError{Profile: profile, Problem: WishTooLong, Detail: fmt.Sprintf("%s of %s", wish, issued)}
}

func sessionDuration(p *profile.Profile) time.Duration {
	if p.SessionDuration == 0 {
		return defaultSession
	}
	return p.SessionDuration
}

func roleDuration(r profile.Role) time.Duration {
	if r.Duration == 0 {
		return defaultRole
	}
	return r.Duration
}
