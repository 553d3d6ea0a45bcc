package session

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"daypass/creds"
	"daypass/internal/stsim"
	"daypass/profile"
)

func TestIdentityToken(t *testing.T) {
	w := newWorld(t)
	w.p.MFASerial = profile.Setting{}
	w.withRole(roleB)
	file := filepath.Join(t.TempDir(), "token")
	source := profile.Setting{Key: "web_identity_token_file", Value: file}
	job := role(roleC, 0)
	job.SessionName = setting("job")
	w.sts.AddRole(stsim.Role{ARN: roleC})
	w.sts.AddRole(stsim.Role{ARN: roleB, Principals: []string{roleC}})
	w.sts.AddIdentity("eyJ."+marked, stsim.Identity{Roles: []string{roleC}})
	w.defined(profile.Base{Kind: profile.WebIdentity, Profile: "job", Role: job, Source: source, Defining: []profile.Setting{source}}, nil)

	w.fails(TokenUnreadable)
	for _, text := range []string{"", "\n", strings.Repeat("MARKED", 5000)} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		w.fails(TokenUnreadable)
	}
	if err := os.WriteFile(file, []byte("eyJ."+marked+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	first := w.must()
	w.expect("cold", 0, 0, 1)
	if n := w.sts.Count(AssumeRoleWithWebIdentity); n != 1 {
		t.Errorf("%d calls", n)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if again := w.must(); again.AccessKeyID != first.AccessKeyID {
		t.Error("a hit is no hit")
	}
	w.pass(50 * time.Minute)
	w.must()
	w.expect("renewed by the role before it, without the token", 0, 0, 2)

	w.cache.entries = map[string]creds.Issued{}
	for _, refusal := range []stsim.Identity{{}, {Roles: []string{roleC}, Expires: time.Now().Add(-time.Second)}} {
		if err := os.WriteFile(file, []byte("eyJ."+marked), 0o600); err != nil {
			t.Fatal(err)
		}
		w.sts.AddIdentity("eyJ."+marked, refusal)
		_, err := w.get()
		var refused *RefusedError
		if !errors.As(err, &refused) || refused.Call != AssumeRoleWithWebIdentity || strings.Contains(err.Error(), "MARKED") {
			t.Errorf("got %v", err)
		}
	}
	w.sts.Inject(stsim.Fault{Action: AssumeRoleWithWebIdentity, Status: 400, Code: "InvalidIdentityToken", Message: "what is eyJ." + marked + "?"})
	if _, err := w.get(); err == nil || strings.Contains(err.Error(), "MARKED") {
		t.Errorf("got %v", err)
	}
}

// TestWhatATokenTakes: of what a role is assumed with, said by settings or the
// command line, the call for a token takes some, each in the cache key, and refuses
// the rest.
func TestWhatATokenTakes(t *testing.T) {
	taken := []string{"role_session_name", "duration_seconds", "session_policy", "session_policy_arns"}
	folder := t.TempDir()
	plan := func(lines string, given Given) ([]Step, error) {
		t.Helper()
		file := filepath.Join(folder, "credentials")
		if err := os.WriteFile(file, []byte("[job]\nrole_arn = "+roleA+"\nweb_identity_token_file = /t\n"+lines+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		reader, err := profile.Open(profile.Files{Credentials: file}, "")
		if err != nil {
			t.Fatal(err)
		}
		defer reader.Close()
		p, err := reader.Load("job")
		if err != nil {
			t.Fatal(err)
		}
		base, err := ReadBase(p, env(nil))
		if err != nil {
			t.Fatal(err)
		}
		return Plan(p, Want{Base: base, Network: Network{Partition: "aws"}, Login: "ana", Given: given})
	}
	seen := map[string]string{}
	for _, r := range rows() {
		for name, test := range map[string]struct {
			lines string
			given Given
		}{"setting": {lines: r.lines}, "flag": {given: r.given}, "another flag": {given: r.other}} {
			name = r.setting + " by " + name
			steps, err := plan(test.lines, test.given)
			if !slices.Contains(taken, r.setting) {
				var setting *profile.Error
				var flag *ParameterError
				if test.lines != "" && !errors.As(err, &setting) || test.lines == "" && !errors.As(err, &flag) || !strings.Contains(err.Error(), "STS takes none beside an identity token") {
					t.Errorf("%s: %+v, %v", name, steps, err)
				}
				continue
			}
			if err != nil || len(steps) != 1 || steps[0].Call != AssumeRoleWithWebIdentity {
				t.Errorf("%s: %+v, %v", name, steps, err)
				continue
			}
			if other, ok := seen[steps[0].Key]; ok {
				t.Errorf("%s has the key of %s", name, other)
			}
			seen[steps[0].Key] = name
		}
		over, _ := plan(r.lines, r.given)
		given, _ := plan("", r.given)
		if diff := cmp.Diff(given, over, cmpopts.IgnoreFields(Step{}, "Key")); diff != "" {
			t.Errorf("--%s beside the setting is another call:\n%s", r.setting, diff)
		}
	}
	if n := len(seen); n != 3*len(taken) {
		t.Errorf("%d keys", n)
	}
}

// TestWhatIsGivenIsForTheLastRoleAfterAToken, if there is one.
func TestWhatIsGivenIsForTheLastRoleAfterAToken(t *testing.T) {
	given := Given{Duration: 20 * time.Minute, ExternalID: "given"}
	p := &profile.Profile{Name: "dev", MFASession: true, Roles: []profile.Role{role(roleB, 0)}, Base: profile.Base{Role: role(roleA, 0)}}
	steps, err := Plan(p, Want{Base: by(profile.WebIdentity), Login: "ana", Given: given})
	if err != nil || steps[0].Duration != time.Hour || steps[0].ExternalID != "" || steps[1].Duration != 20*time.Minute || steps[1].ExternalID != "given" {
		t.Errorf("%+v, %v", steps, err)
	}
}
