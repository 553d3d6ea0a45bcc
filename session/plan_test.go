package session

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"daypass/creds"
	"daypass/profile"
)

const (
	serial = "arn:aws:iam::111111111111:mfa/ana"
	roleA  = "arn:aws:iam::222222222222:role/A"
	roleB  = "arn:aws:iam::333333333333:role/B"
	roleC  = "arn:aws:iam::444444444444:role/C"
)

func setting(value string) profile.Setting { return profile.Setting{Value: value} }

func longTerm() Base {
	return Base{Kind: profile.CredentialsFile, Profile: "main", ID: "AKIAEXAMPLE",
		Credentials: creds.Credentials{AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: creds.NewSecret("s")}}
}

func temporary() Base {
	b := longTerm()
	b.Credentials.SessionToken = creds.NewSecret("t")
	return b
}

// by is a base whose credentials are got when a call must be signed.
func by(k profile.Kind) Base { return Base{Kind: k, Profile: "main", ID: "settings"} }

func role(arn string, d time.Duration) profile.Role {
	return profile.Role{Profile: "dev", ARN: setting(arn), Duration: d}
}

func TestPlan(t *testing.T) {
	session := Step{Call: GetSessionToken, Profile: "dev", Serial: serial, Duration: 12 * time.Hour}
	assume := func(arn string, d time.Duration) Step {
		return Step{Call: AssumeRole, Profile: "dev", RoleARN: arn, SessionName: "daypass-ana", Duration: d}
	}
	withCode := func(s Step) Step { s.Serial = serial; return s }
	token := func(d time.Duration) Step {
		s := assume(roleB, d)
		s.Call = AssumeRoleWithWebIdentity
		return s
	}
	clamped := func(s Step) Step { s.Note = "clamped"; return s }
	tests := []struct {
		name  string
		p     profile.Profile
		base  Base
		wish  time.Duration
		steps []Step
		err   Problem
		fails bool
	}{
		{name: "keys and serial", p: profile.Profile{MFASerial: setting(serial)}, steps: []Step{session}},
		{name: "keys and serial, session_duration", p: profile.Profile{MFASerial: setting(serial), SessionDuration: time.Hour},
			steps: []Step{{Call: GetSessionToken, Profile: "dev", Serial: serial, Duration: time.Hour}}},
		{name: "role and serial", p: profile.Profile{MFASerial: setting(serial), Roles: []profile.Role{role(roleA, 0)}},
			steps: []Step{session, assume(roleA, time.Hour)}},
		{name: "role of exactly an hour and serial", p: profile.Profile{MFASerial: setting(serial), Roles: []profile.Role{role(roleA, time.Hour)}},
			steps: []Step{session, assume(roleA, time.Hour)}},
		{name: "short role and serial", p: profile.Profile{MFASerial: setting(serial), Roles: []profile.Role{role(roleA, 15*time.Minute)}},
			steps: []Step{session, assume(roleA, 15*time.Minute)}},
		{name: "role over an hour and serial", p: profile.Profile{MFASerial: setting(serial), Roles: []profile.Role{role(roleA, 3601*time.Second)}},
			steps: []Step{withCode(assume(roleA, 3601*time.Second))}},
		{name: "mfa_session = false", p: profile.Profile{MFASerial: setting(serial), Roles: []profile.Role{role(roleA, 0)}, MFASession: false},
			steps: []Step{withCode(assume(roleA, time.Hour))}},
		{name: "chain and serial", p: profile.Profile{MFASerial: setting(serial), Roles: []profile.Role{role(roleA, 0), role(roleB, 0), role(roleC, 0)}},
			steps: []Step{session, assume(roleA, time.Hour), assume(roleB, time.Hour), assume(roleC, time.Hour)}},
		{name: "chain with a long first hop", p: profile.Profile{MFASerial: setting(serial), Roles: []profile.Role{role(roleA, 8*time.Hour), role(roleB, 0)}},
			steps: []Step{withCode(assume(roleA, 8*time.Hour)), assume(roleB, time.Hour)}},
		{name: "chain with a long further hop", p: profile.Profile{MFASerial: setting(serial), Roles: []profile.Role{role(roleA, 0), role(roleB, 8*time.Hour)}},
			steps: []Step{session, assume(roleA, time.Hour), clamped(assume(roleB, time.Hour))}},
		{name: "chain, mfa_session = false", p: profile.Profile{MFASerial: setting(serial), Roles: []profile.Role{role(roleA, 0), role(roleB, 0)}, MFASession: false},
			steps: []Step{withCode(assume(roleA, time.Hour)), assume(roleB, time.Hour)}},
		{name: "role without serial", p: profile.Profile{Roles: []profile.Role{role(roleA, 8*time.Hour)}}, steps: []Step{assume(roleA, 8*time.Hour)}},
		{name: "chain without serial", p: profile.Profile{Roles: []profile.Role{role(roleA, 0), role(roleB, 2*time.Hour)}},
			steps: []Step{assume(roleA, time.Hour), clamped(assume(roleB, time.Hour))}},
		{name: "role from temporary keys", p: profile.Profile{Roles: []profile.Role{role(roleA, 2*time.Hour)}}, base: temporary(),
			steps: []Step{clamped(assume(roleA, time.Hour))}},
		{name: "keys alone", p: profile.Profile{}, err: NothingToDo, fails: true},
		{name: "a role whose settings need a serial", p: profile.Profile{Roles: []profile.Role{role(roleA, 0)}, NeedsSerial: profile.Setting{Key: "mfa_process", File: "/c", Line: 3}},
			err: SerialMissing, fails: true},
		{name: "keys whose settings need a serial", p: profile.Profile{NeedsSerial: profile.Setting{Key: "session_duration"}}, err: NothingToDo, fails: true},
		{name: "nothing to begin with, before all else", p: profile.Profile{Roles: []profile.Role{role(roleA, 0)}, NeedsSerial: profile.Setting{Key: "mfa_process"}},
			base: Base{Kind: "none", Profile: "main"}, err: BaseMissing, fails: true},
		{name: "temporary keys and serial", p: profile.Profile{MFASerial: setting(serial)}, base: temporary(), err: CodeNeedsLongTerm, fails: true},
		{name: "temporary keys, role and serial", p: profile.Profile{MFASerial: setting(serial), Roles: []profile.Role{role(roleA, 0)}},
			base: temporary(), err: CodeNeedsLongTerm, fails: true},
		{name: "nothing to begin with", p: profile.Profile{MFASerial: setting(serial)}, base: Base{Kind: "none", Profile: "main"},
			err: BaseMissing, fails: true},
		{name: "a program alone", p: profile.Profile{}, base: by(profile.Process), err: NothingToDo, fails: true},
		{name: "a program and serial", p: profile.Profile{MFASerial: setting(serial)}, base: by(profile.Process), steps: []Step{session}},
		{name: "a program, role and serial", p: profile.Profile{MFASerial: setting(serial), Roles: []profile.Role{role(roleA, 0)}}, base: by(profile.Process),
			steps: []Step{session, assume(roleA, time.Hour)}},
		{name: "a program and role", p: profile.Profile{Roles: []profile.Role{role(roleA, 0)}}, base: by(profile.Process), steps: []Step{assume(roleA, time.Hour)}},
		{name: "a program and a long role", p: profile.Profile{Roles: []profile.Role{role(roleA, 2*time.Hour)}}, base: by(profile.Process),
			steps: []Step{clamped(assume(roleA, 2*time.Hour))}},
		{name: "sso alone", p: profile.Profile{}, base: by(profile.SSO), err: NothingToDo, fails: true},
		{name: "sso and roles", p: profile.Profile{Roles: []profile.Role{role(roleA, 2*time.Hour), role(roleB, 0)}}, base: by(profile.SSO),
			steps: []Step{clamped(assume(roleA, time.Hour)), assume(roleB, time.Hour)}},
		{name: "sso, role and serial", p: profile.Profile{MFASerial: setting(serial), Roles: []profile.Role{role(roleA, 0)}}, base: by(profile.SSO),
			err: CodeNeedsLongTerm, fails: true},
		{name: "metadata alone", p: profile.Profile{}, base: by(profile.Metadata), err: NothingToDo, fails: true},
		{name: "metadata and role", p: profile.Profile{Roles: []profile.Role{role(roleA, 0)}}, base: by(profile.Metadata), steps: []Step{assume(roleA, time.Hour)}},
		{name: "metadata and serial", p: profile.Profile{MFASerial: setting(serial)}, base: by(profile.Metadata), err: CodeNeedsLongTerm, fails: true},
		{name: "a token alone", p: profile.Profile{Base: profile.Base{Role: role(roleB, 2*time.Hour)}}, base: by(profile.WebIdentity),
			steps: []Step{token(2 * time.Hour)}},
		{name: "a token and roles", p: profile.Profile{Base: profile.Base{Role: role(roleB, 0)}, Roles: []profile.Role{role(roleA, 2*time.Hour), role(roleC, 0)}}, base: by(profile.WebIdentity),
			steps: []Step{token(time.Hour), clamped(assume(roleA, time.Hour)), assume(roleC, time.Hour)}},
		{name: "a token and serial", p: profile.Profile{MFASerial: setting(serial), Base: profile.Base{Role: role(roleB, 0)}}, base: by(profile.WebIdentity),
			err: CodeNeedsLongTerm, fails: true},
		{name: "a wish longer than a role from a token", p: profile.Profile{Base: profile.Base{Role: role(roleB, 0)}}, base: by(profile.WebIdentity),
			wish: time.Hour, err: WishTooLong, fails: true},
		{name: "a wish that can be met", p: profile.Profile{MFASerial: setting(serial)}, wish: 12*time.Hour - time.Minute, steps: []Step{session}},
		{name: "a wish that is too long", p: profile.Profile{MFASerial: setting(serial)}, wish: 12*time.Hour - 59*time.Second, err: WishTooLong, fails: true},
		{name: "a wish longer than a role from a session", p: profile.Profile{MFASerial: setting(serial), Roles: []profile.Role{role(roleA, 0)}},
			wish: time.Hour, err: WishTooLong, fails: true},
		{name: "16 minutes are no wish", p: profile.Profile{MFASerial: setting(serial), SessionDuration: 15 * time.Minute}, wish: 16 * time.Minute,
			steps: []Step{{Call: GetSessionToken, Profile: "dev", Serial: serial, Duration: 15 * time.Minute}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := test.p
			p.Name = "dev"
			p.MFASession = !strings.Contains(test.name, "mfa_session = false")
			base := test.base
			if base.Kind == "" {
				base = longTerm()
			}
			steps, err := Plan(&p, Want{Base: base, Network: Network{Partition: "aws"}, Login: "ana", MinRemaining: test.wish})
			var problem *ConfigError
			if errors.As(err, &problem) != test.fails || test.fails && problem.Problem != test.err {
				t.Fatalf("error %v, want %v %v", err, test.fails, test.err)
			}
			if test.fails {
				return
			}
			for i := range steps {
				if steps[i].Note != "" {
					steps[i].Note = "clamped"
				}
			}
			if diff := cmp.Diff(test.steps, steps, cmpopts.IgnoreFields(Step{}, "Key")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// change is one thing that may differ between two plans.
type change struct {
	name string
	do   func(*profile.Profile, *Want)
}

// keysAfter are the keys of the plan of a profile with one role, changed.
func keysAfter(t *testing.T, c change) (session, role string) {
	t.Helper()
	p := &profile.Profile{Name: "dev", MFASession: true, MFASerial: setting(serial), Roles: []profile.Role{
		{Profile: "dev", ARN: setting(roleA), ExternalID: setting("x"), SessionName: setting("ana")}}}
	w := &Want{Base: longTerm(), Network: Network{Partition: "aws", Region: Sourced{"eu-west-1", "AWS_REGION"}}, Login: "ana"}
	if c.do != nil {
		c.do(p, w)
	}
	steps, err := Plan(p, *w)
	if err != nil {
		t.Fatalf("%s: %v", c.name, err)
	}
	return steps[0].Key, steps[len(steps)-1].Key
}

func TestKeyCoversWhatShapesTheCredentials(t *testing.T) {
	both := []change{
		{"partition", func(_ *profile.Profile, w *Want) { w.Network.Partition = "aws-cn" }},
		{"endpoint", func(_ *profile.Profile, w *Want) { w.Network.Endpoint.Value = "https://sts.example" }},
		{"access key id", func(_ *profile.Profile, w *Want) { w.Base.ID = "AKIAOTHER" }},
		{"what defines a base", func(_ *profile.Profile, w *Want) { w.Base = by(profile.Process) }},
		{"kind of the base", func(_ *profile.Profile, w *Want) { w.Base.Kind = profile.Environment }},
		{"serial", func(p *profile.Profile, _ *Want) { p.MFASerial = setting(serial + "2") }},
	}
	roleOnly := []change{
		{"role", func(p *profile.Profile, _ *Want) { p.Roles[0].ARN = setting(roleB) }},
		{"external id", func(p *profile.Profile, _ *Want) { p.Roles[0].ExternalID = setting("y") }},
		{"no external id", func(p *profile.Profile, _ *Want) { p.Roles[0].ExternalID = setting("") }},
		{"session name", func(p *profile.Profile, _ *Want) { p.Roles[0].SessionName = setting("bob") }},
		{"login name", func(p *profile.Profile, w *Want) { p.Roles[0].SessionName = setting(""); w.Login = "bob" }},
		{"role duration", func(p *profile.Profile, _ *Want) { p.Roles[0].Duration = 30 * time.Minute }},
		{"a role before it", func(p *profile.Profile, _ *Want) {
			p.Roles = append([]profile.Role{role(roleB, 0)}, p.Roles...)
		}},
	}
	session, last := keysAfter(t, change{})
	seen := map[string]string{session: "the session", last: "the role"}
	for i, c := range append(both, roleOnly...) {
		s, r := keysAfter(t, c)
		if (s == session) == (i < len(both)) {
			t.Errorf("%s: the session's key is the same: %v", c.name, s == session)
		}
		for _, key := range []string{s, r} {
			if other, ok := seen[key]; ok && key != session {
				t.Errorf("%s has the key of %s", c.name, other)
			}
		}
		seen[s], seen[r] = c.name, c.name
		seen[session] = "the session"
	}
	direct, _ := keysAfter(t, change{"mfa_session", func(p *profile.Profile, _ *Want) { p.MFASession = false }})
	if direct == last || direct == session {
		t.Error("a role call with its own code shares a key")
	}
}

func TestKeyLeavesOutWhatDoesNot(t *testing.T) {
	session, last := keysAfter(t, change{})
	for _, c := range []change{
		{"region", func(p *profile.Profile, w *Want) {
			w.Network.Region = Sourced{"us-east-2", "--region"}
			p.Region = setting("us-east-2")
		}},
		{"session duration", func(p *profile.Profile, _ *Want) { p.SessionDuration = time.Hour }},
		{"name of the profile", func(p *profile.Profile, w *Want) { p.Name, p.Roles[0].Profile, w.Base.Profile = "a", "b", "c" }},
		{"secret", func(_ *profile.Profile, w *Want) { w.Base.Credentials.SecretAccessKey = creds.NewSecret("other") }},
		{"min_remaining", func(_ *profile.Profile, w *Want) { w.MinRemaining = 30 * time.Minute }},
		{"CA bundle", func(_ *profile.Profile, w *Want) { w.Network.CABundle.Value = "/ca.pem" }},
	} {
		if s, r := keysAfter(t, c); s != session || r != last {
			t.Errorf("%s changes a key", c.name)
		}
	}
	if strings.Contains(last, "s3cr3t") {
		t.Error("the key holds a secret")
	}
}

// FuzzKey: two lists of parts never read the same.
func FuzzKey(f *testing.F) {
	f.Add("a", "b", "c", "d")
	f.Add("1:", "2:a", "", "0#")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		w := Want{}
		one := key(w, []Step{{Call: AssumeRole, RoleARN: a, ExternalID: b, PolicyARNs: []string{c}}})
		two := key(w, []Step{{Call: AssumeRole, RoleARN: c, ExternalID: d, PolicyARNs: []string{a}}})
		if one == two && (a != c || b != d) {
			t.Errorf("%q %q and %q %q have one key", a, b, c, d)
		}
	})
}

func TestDefaultSessionName(t *testing.T) {
	for login, want := range map[string]string{
		"ana": "daypass-ana", "": "daypass-", "a b/ü": "daypass-a-b--", strings.Repeat("x", 80): "daypass-" + strings.Repeat("x", 56),
	} {
		if got := defaultSessionName(login); got != want {
			t.Errorf("%q: %q, want %q", login, got, want)
		}
	}
}

// TestEachProblemHasAName, for the log.
func TestEachProblemHasAName(t *testing.T) {
	var texts []string
	for problem := NothingToDo; problem <= VariantOfGlobal; problem++ {
		texts = append(texts, (&ConfigError{Profile: "dev", Problem: problem, Detail: "detail"}).Error())
	}
	for problem := ProgramFailed; problem <= ContainerForeign; problem++ {
		texts = append(texts, (&BaseError{Profile: "dev", Problem: problem, Detail: "detail"}).Error())
	}
	seen := map[string]int{}
	for i, text := range texts {
		if other, ok := seen[text]; ok {
			t.Errorf("%d and %d are both %q", other, i, text)
		}
		seen[text] = i
	}
}
