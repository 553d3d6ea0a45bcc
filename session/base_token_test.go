package session

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

func TestWhatATokenTakesNot(t *testing.T) {
	for _, name := range []string{"external_id", "source_identity", "session_tags", "transitive_session_tags"} {
		r := role(roleA, 0)
		r.Settings = map[string]profile.Setting{name: {Key: name, Value: "a=b", File: "/c", Line: 3}}
		if name != "session_tags" {
			r.Settings[name] = profile.Setting{Key: name, Value: "ab", File: "/c", Line: 3}
		}
		var e *profile.Error
		if _, err := tokenStep(r, "ana"); !errors.As(err, &e) || e.Key != name || e.Line != 3 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
