package session

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"daypass/internal/stsim"
	"daypass/profile"
)

// TestDefinition: whatever says whose credentials a base has is in the cache key,
// and where it stands is not.
func TestDefinition(t *testing.T) {
	of := func(kind profile.Kind, settings ...string) string {
		b := profile.Base{Kind: kind, Profile: "main"}
		for i := 0; i < len(settings); i += 2 {
			b.Defining = append(b.Defining, profile.Setting{Key: settings[i], Value: settings[i+1]})
		}
		b.Source = b.Defining[0]
		read, err := ReadBase(&profile.Profile{Base: b}, env(nil))
		if err != nil {
			t.Fatal(err)
		}
		return key(Want{Base: read}, nil)
	}
	sso := []string{"sso_account_id", "1", "sso_region", "r", "sso_role_name", "n", "sso_session", "s", "sso_start_url", "u"}
	token := []string{"role_arn", roleA, "role_session_name", "ana", "web_identity_token_file", "/t"}
	seen := map[string]string{}
	add := func(name, key string) {
		if other, ok := seen[key]; ok {
			t.Errorf("%s has the key of %s", name, other)
		}
		seen[key] = name
	}
	add("a command", of(profile.Process, "credential_process", "op read MARKED"))
	add("another command", of(profile.Process, "credential_process", "op read MARKED "))
	add("an instance", of(profile.Metadata, "credential_source", "Ec2InstanceMetadata"))
	add("a container", of(profile.Metadata, "credential_source", "EcsContainer"))
	for kind, settings := range map[profile.Kind][]string{profile.SSO: sso, profile.WebIdentity: token} {
		add(string(kind), of(kind, settings...))
		for i := 1; i < len(settings); i += 2 {
			changed := append([]string{}, settings...)
			changed[i] += "x"
			add(fmt.Sprint(kind, " with another ", settings[i-1]), of(kind, changed...))
		}
	}
	container := profile.Base{Kind: profile.Metadata, Source: setting("EcsContainer"), Defining: []profile.Setting{{Key: "credential_source", Value: "EcsContainer"}}}
	for _, variables := range []map[string]string{{relativeURI: "/1"}, {relativeURI: "/2"}, {fullURI: "/1"}} {
		read, _ := ReadBase(&profile.Profile{Base: container}, env(variables))
		add(fmt.Sprint("a container by ", variables), key(Want{Base: read}, nil))
	}
	for text := range seen {
		if strings.Contains(text, "MARKED") {
			t.Error("a command is in the key")
		}
	}
	if one, two := of(profile.Process, "credential_process", "op"), of(profile.Process, "daypass_credential_process", "op"); one != two {
		t.Error("our prefix makes another key")
	}
	b := profile.Base{Kind: profile.Process, Profile: "main", Source: setting("op"), Defining: []profile.Setting{{Key: "credential_process", Value: "op"}}}
	here, _ := ReadBase(&profile.Profile{Base: b}, env(nil))
	b.Profile, b.Defining = "other", []profile.Setting{{Key: "credential_process", Value: "op", File: "/elsewhere", Line: 7}}
	if there, _ := ReadBase(&profile.Profile{Base: b}, env(nil)); there.ID != here.ID {
		t.Error("the place of a setting is in the key")
	}
}

// TestABaseShowsNoCommand: arguments may hold secrets.
func TestABaseShowsNoCommand(t *testing.T) {
	w := newWorld(t)
	w.withProgram("")
	for _, verb := range []string{"%v", "%+v", "%#v", "%d", "%x"} {
		if text := fmt.Sprintf(verb, w.want.Base); strings.Contains(text, "a b") || strings.Contains(text, fmt.Sprintf("%x", "a b")) {
			t.Errorf("%s shows %s", verb, text)
		}
	}
}

// TestDevicesByAProgram, which may print a long-term pair.
func TestDevicesByAProgram(t *testing.T) {
	l := newLister(t)
	l.programs = printing(t, pair(l.want.Base.Credentials))
	l.p.Base = profile.Base{Kind: profile.Process, Profile: "main", Source: setting("op")}
	devices, err := l.devices(t.Context())
	if err != nil || len(devices) != 1 || len(l.programs.args) != 1 {
		t.Errorf("%+v, %v, ran %q", devices, err, l.programs.args)
	}
	l.sts.Inject(stsim.Fault{Action: ListMFADevices, Drop: true})
	l.programs.out = "{"
	var problem *BaseError
	if _, err := l.devices(t.Context()); !errors.As(err, &problem) || problem.Problem != BaseUnreadable {
		t.Errorf("got %v", err)
	}
}
