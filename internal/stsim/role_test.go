package stsim_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"daypass/internal/stsim"
)

func notAllowed(arn, action, role string) string {
	return "User: " + arn + " is not authorized to perform: " + action + " on resource: " + role
}

func TestTrustPolicies(t *testing.T) {
	const opsARN = "arn:aws:iam::222222222222:role/Ops"
	bobARN := "arn:aws:iam::111111111111:user/bob"
	tests := []struct {
		name    string
		role    stsim.Role
		mfa     string // "", "session" or "code"
		pairs   []string
		granted bool
	}{
		{"own account", stsim.Role{ARN: devARN}, "", nil, true},
		{"another account's", stsim.Role{ARN: opsARN}, "", nil, false},
		{"account id", stsim.Role{ARN: opsARN, Principals: []string{account}}, "", nil, true},
		{"account root", stsim.Role{ARN: opsARN, Principals: []string{"arn:aws:iam::111111111111:root"}}, "", nil, true},
		{"user", stsim.Role{ARN: opsARN, Principals: []string{bobARN, anaARN}}, "", nil, true},
		{"another user", stsim.Role{ARN: devARN, Principals: []string{bobARN}}, "", nil, false},
		{"user, from her session", stsim.Role{ARN: opsARN, Principals: []string{anaARN}}, "session", nil, true},
		{"everybody", stsim.Role{ARN: opsARN, Principals: []string{"*"}}, "", nil, true},
		{"MFA, none given", stsim.Role{ARN: devARN, RequireMFA: true}, "", nil, false},
		{"MFA by session", stsim.Role{ARN: devARN, RequireMFA: true}, "session", nil, true},
		{"MFA by code", stsim.Role{ARN: devARN, RequireMFA: true}, "code", nil, true},
		{"MFA age, none given", stsim.Role{ARN: devARN, MaxMFAAge: time.Hour}, "", nil, false},
		{"MFA age", stsim.Role{ARN: devARN, MaxMFAAge: time.Hour}, "session", nil, true},
		{"MFA age by code", stsim.Role{ARN: devARN, MaxMFAAge: time.Second}, "code", nil, true},
		{"external id", stsim.Role{ARN: devARN, ExternalID: "secret/1"}, "", []string{"ExternalId", "secret/1"}, true},
		{"external id missing", stsim.Role{ARN: devARN, ExternalID: "secret/1"}, "", nil, false},
		{"external id wrong", stsim.Role{ARN: devARN, ExternalID: "secret/1"}, "", []string{"ExternalId", "secret/2"}, false},
		{"external id not asked for", stsim.Role{ARN: devARN}, "", []string{"ExternalId", "secret/2"}, true},
		{"another partition", stsim.Role{ARN: "arn:aws-cn:iam::111111111111:role/Dev"}, "", nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlace(t)
			p.AddRole(tt.role)
			by, pairs := p.user, tt.pairs
			switch tt.mfa {
			case "session":
				by = p.mfaSession()
			case "code":
				pairs = append(pairs, "SerialNumber", serial, "TokenCode", p.Code(serial))
			}
			got := p.role(by, tt.role.ARN, pairs...)
			if tt.granted {
				got.granted(t)
				return
			}
			got.want(t, 403, "AccessDenied", notAllowed(anaARN, "sts:AssumeRole", tt.role.ARN))
		})
	}
}

func TestNoSuchRoleAndMalformedOne(t *testing.T) {
	p := newPlace(t)
	p.role(p.user, devARN+"x").want(t, 403, "AccessDenied", notAllowed(anaARN, "sts:AssumeRole", devARN+"x"))
	root := longTerm(p.AddUser(stsim.User{Account: account, Root: true}))
	p.role(root, devARN).want(t, 403, "AccessDenied", "Roles may not be assumed by root accounts.")
	p.role(p.session(p.sts(root, "GetSessionToken")), devARN).want(t, 403, "AccessDenied", "Roles may not be assumed by root accounts.")
}

func TestMFAAge(t *testing.T) {
	p := newPlace(t)
	start := time.Now()
	session := p.mfaSession()
	p.AddRole(stsim.Role{ARN: devARN, MaxMFAAge: 10 * time.Minute})
	p.SetClock(func() time.Time { return start.Add(9 * time.Minute) })
	p.role(session, devARN).granted(t)
	p.SetClock(func() time.Time { return start.Add(11 * time.Minute) })
	p.role(session, devARN).want(t, 403, "AccessDenied", notAllowed(anaARN, "sts:AssumeRole", devARN))
}

func TestMFAAlongAChain(t *testing.T) {
	const second = "arn:aws:iam::111111111111:role/Second"
	refused := notAllowed("arn:aws:sts::111111111111:assumed-role/Dev/test", "sts:AssumeRole", second)
	p := newPlace(t)
	p.AddRole(stsim.Role{ARN: second, RequireMFA: true})
	byCode := p.session(p.role(p.user, devARN, "SerialNumber", serial, "TokenCode", p.Code(serial)))
	p.role(byCode, second).want(t, 403, "AccessDenied", refused)
	bySession := p.session(p.role(p.mfaSession(), devARN))
	p.role(bySession, second).want(t, 403, "AccessDenied", refused)

	p.SetMFAInRoleSessions(true)
	p.role(p.session(p.role(p.mfaSession(), devARN)), second).granted(t)
	byCode = p.session(p.role(p.user, devARN, "SerialNumber", serial, "TokenCode", p.Code(serial)))
	p.role(byCode, second).want(t, 403, "AccessDenied", refused)

	p.SetSessionMFA(false)
	p.role(p.mfaSession(), second).want(t, 403, "AccessDenied", notAllowed(anaARN, "sts:AssumeRole", second))
	p.role(p.user, second, "SerialNumber", serial, "TokenCode", p.Code(serial)).granted(t)
}

func TestSessionsCannotGiveACode(t *testing.T) {
	p := newPlace(t)
	session := p.mfaSession()
	p.role(session, devARN, "SerialNumber", serial, "TokenCode", p.Code(serial)).want(t, 403, "AccessDenied", wrongSerial)
}

func TestRoleDurations(t *testing.T) {
	const (
		overRole  = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
		overChain = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
	)
	p := newPlace(t)
	now := time.Now().Truncate(time.Second)
	p.SetClock(func() time.Time { return now })
	const long = "arn:aws:iam::111111111111:role/Long"
	p.AddRole(stsim.Role{ARN: long, MaxSessionDuration: 12 * time.Hour})
	callers := map[string]signer{
		"keys":        p.user,
		"MFA session": p.mfaSession(),
		"role":        p.session(p.role(p.user, devARN)),
	}
	tests := []struct {
		by, role string
		seconds  int // 0: not given
		message  string
	}{
		{"keys", devARN, 0, ""},
		{"keys", devARN, 3600, ""},
		{"keys", devARN, 3601, overRole},
		{"keys", long, 0, ""},
		{"keys", long, 43200, ""},
		{"MFA session", long, 3600, ""},
		{"MFA session", long, 3601, overChain},
		{"MFA session", devARN, 3601, overChain},
		{"role", long, 0, ""},
		{"role", long, 7200, overChain},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.by, tt.role, tt.seconds), func(t *testing.T) {
			p := p.on(t)
			var pairs []string
			life := time.Hour
			if tt.seconds != 0 {
				pairs = []string{"DurationSeconds", fmt.Sprint(tt.seconds)}
				life = time.Duration(tt.seconds) * time.Second
			}
			got := p.role(callers[tt.by], tt.role, pairs...)
			if tt.message != "" {
				got.want(t, 400, "ValidationError", tt.message)
				return
			}
			if end := now.Add(life).UTC().Format("2006-01-02T15:04:05Z"); got.granted(t).text("Expiration") != end {
				t.Errorf("ends %s, want %s", got.text("Expiration"), end)
			}
		})
	}
}

func TestSourceIdentity(t *testing.T) {
	const plain, second = "arn:aws:iam::111111111111:role/Plain", "arn:aws:iam::111111111111:role/Second"
	p := newPlace(t)
	p.AddRole(stsim.Role{ARN: devARN, SetSourceIdentity: true})
	p.AddRole(stsim.Role{ARN: second, SetSourceIdentity: true})
	p.AddRole(stsim.Role{ARN: plain})
	p.role(p.user, plain, "SourceIdentity", "ana").want(t, 403, "AccessDenied", notAllowed(anaARN, "sts:SetSourceIdentity", plain))
	got := p.role(p.user, devARN, "SourceIdentity", "ana").granted(t)
	if got.text("SourceIdentity") != "ana" {
		t.Errorf("got %s", got.body)
	}
	session := p.session(got)
	if got := p.role(session, second).granted(t); got.text("SourceIdentity") != "ana" {
		t.Errorf("the chain lost the source identity: %s", got.body)
	}
	dev := "arn:aws:sts::111111111111:assumed-role/Dev/test"
	p.role(session, second, "SourceIdentity", "eve").want(t, 403, "AccessDenied", notAllowed(dev, "sts:SetSourceIdentity", second))
	p.role(session, plain).want(t, 403, "AccessDenied", notAllowed(dev, "sts:SetSourceIdentity", plain))
}

func TestSessionTags(t *testing.T) {
	const plain = "arn:aws:iam::111111111111:role/Plain"
	p := newPlace(t)
	p.AddRole(stsim.Role{ARN: devARN, TagSession: true})
	p.AddRole(stsim.Role{ARN: plain})
	tag := func(pairs ...string) []string {
		var out []string
		for i := 0; i < len(pairs); i += 2 {
			n := fmt.Sprintf("Tags.member.%d.", i/2+1)
			out = append(out, n+"Key", pairs[i], n+"Value", pairs[i+1])
		}
		return out
	}
	transitive := append(tag("Team", "a"), "TransitiveTagKeys.member.1", "Team")
	p.role(p.user, plain, tag("Team", "a")...).want(t, 403, "AccessDenied", notAllowed(anaARN, "sts:TagSession", plain))
	p.role(p.user, devARN, tag("Team", "a", "team", "b")...).want(t, 400, "InvalidParameterValue",
		"Duplicate tag keys found. Please note that Tag keys are case insensitive.")
	p.role(p.user, devARN, append(tag("Team", "a"), "TransitiveTagKeys.member.1", "Cost")...).want(t, 400, "InvalidParameterValue",
		"The specified transitive tag key must be included in the requested tags.")
	got := p.role(p.user, devARN, transitive...).granted(t)
	if got.text("PackedPolicySize") == "" {
		t.Error("no PackedPolicySize with tags")
	}
	session := p.session(got)
	p.role(session, devARN, tag("TEAM", "b")...).want(t, 400, "InvalidParameterValue",
		"One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
	p.role(session, plain).want(t, 403, "AccessDenied", notAllowed("arn:aws:sts::111111111111:assumed-role/Dev/test", "sts:TagSession", plain))
	p.role(session, devARN).granted(t)

	var many []string
	for i := range 50 {
		many = append(many, fmt.Sprint("key", i), strings.Repeat("v", 256))
	}
	p.role(p.user, devARN, tag(many...)...).want(t, 400, "PackedPolicyTooLarge", "Packed size of session tags consumes 347% of allotted space.")
	p.role(p.user, devARN, tag(append(many, "one", "more")...)...).wantStart(t, 400, "ValidationError", "1 validation error detected: Value '[key0, ")
}

func TestSessionPolicies(t *testing.T) {
	p := newPlace(t)
	const good = `{"Version":"2012-10-17","Statement":[]}`
	for _, tt := range []struct {
		name    string
		pairs   []string
		code    string
		message string
	}{
		{"good", []string{"Policy", good, "PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/ReadOnlyAccess"}, "", ""},
		{"not JSON", []string{"Policy", "invalid"}, "MalformedPolicyDocument",
			"Unexpected character ('i' (code 105)): expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')"},
		{"cut", []string{"Policy", `{"Version":`}, "MalformedPolicyDocument", "Unexpected end-of-input"},
		{"a list", []string{"Policy", `[]`}, "MalformedPolicyDocument", "Syntax errors in policy."},
		{"no statement", []string{"Policy", `{"Version":"2012-10-17"}`}, "MalformedPolicyDocument", "Syntax errors in policy."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := p.on(t)
			for _, got := range []answer{p.role(p.user, devARN, tt.pairs...), p.sts(p.user, "GetFederationToken", append(tt.pairs, "Name", "bob")...)} {
				if tt.code == "" {
					got.granted(t)
					continue
				}
				got.want(t, 400, tt.code, tt.message)
			}
		})
	}
	pairs := []string{"Policy", `{"Statement":["` + strings.Repeat("x", 2000) + `"]}`}
	for i := range 10 {
		pairs = append(pairs, fmt.Sprintf("PolicyArns.member.%d.arn", i+1), "arn:aws:iam::aws:policy/"+strings.Repeat("y", 190))
	}
	p.role(p.user, devARN, pairs...).want(t, 400, "PackedPolicyTooLarge", "Packed policy consumes 110% of allotted space, please use smaller policy.")
	pairs = append(pairs, "PolicyArns.member.11.arn", "arn:aws:iam::aws:policy/ReadOnlyAccess")
	p.role(p.user, devARN, pairs...).wantStart(t, 400, "ValidationError", "1 validation error detected: Value '[arn:aws:iam::aws:policy/yyy")
}

func TestRoleOfARole(t *testing.T) {
	const second = "arn:aws:iam::222222222222:role/Second"
	p := newPlace(t)
	p.AddRole(stsim.Role{ARN: second, Principals: []string{devARN}})
	p.role(p.user, second).want(t, 403, "AccessDenied", notAllowed(anaARN, "sts:AssumeRole", second))
	session := p.session(p.role(p.user, devARN))
	p.role(session, second).granted(t)
	p.AddRole(stsim.Role{ARN: devARN, Denied: []string{"sts:AssumeRole"}})
	p.role(session, second).want(t, 403, "AccessDenied", notAllowed("arn:aws:sts::111111111111:assumed-role/Dev/test", "sts:AssumeRole", second))
	p.sts(session, "GetSessionToken").want(t, 403, "AccessDenied", "Cannot call GetSessionToken with session credentials")
}
