package cli

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"daypass/cache"
	"daypass/creds"
	"daypass/keys"
	"daypass/profile"
	"daypass/session"
)

// calling is an app whose output is kept.
func calling(t *testing.T) (*app, *bytes.Buffer, string) {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "state")
	out := &bytes.Buffer{}
	getenv := func(name string) string { return map[string]string{"DAYPASS_STATE_DIR": folder}[name] }
	return &app{Env: Env{Stdout: out, Getenv: getenv, Now: time.Now}}, out, folder
}

const evil = "a\nb\tc\x1b[31m\u202ed"

// TestNothingHostileIsToldOfCalls: names of others come from AWS, and from what
// answers in its place.
func TestNothingHostileIsToldOfCalls(t *testing.T) {
	a, out, _ := calling(t)
	d := session.Denial{
		Principal: evil, Action: evil, Resource: evil, Explicit: true, Failures: []string{evil}, Context: []session.Condition{{Key: evil, Values: []string{evil}}},
		Statements: []session.Statement{{ID: evil, Effect: evil, Policy: evil, Actions: []string{evil}, Resources: []string{evil}, Conditions: []session.Condition{{Key: evil, Values: []string{evil}}}}},
	}
	if err := a.denialText(d, evil); err != nil {
		t.Fatal(err)
	}
	if err := a.identityText(identity{Caller: session.Caller{Account: evil, ARN: evil, UserID: evil}, profile: evil}); err != nil {
		t.Fatal(err)
	}
	a.record(session.Issuance{Profile: evil, Call: evil, RoleARN: evil, SessionName: evil, AccessKeyID: evil})
	all, err := a.history("", time.Time{})
	if err != nil || len(all) != 1 {
		t.Fatalf("%v, %v", all, err)
	}
	if err := a.historyText(all); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\t\x1b\u202e") || strings.Count(out.String(), "\n") != 9+6+2 {
		t.Errorf("shown: %q", out.String())
	}
	out.Reset()
	if err := a.historyJSON(all); err != nil || strings.ContainsFunc(out.String(), func(r rune) bool { return r > '~' || r < ' ' && r != '\n' }) {
		t.Errorf("%v: %q", err, out.String())
	}
}

// TestTheHistoryIsBounded: what is oldest goes.
func TestTheHistoryIsBounded(t *testing.T) {
	a, _, folder := calling(t)
	a.record(session.Issuance{AccessKeyID: "ASIAOLDEST"})
	file := filepath.Join(folder, historyFile)
	one, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	older := bytes.ReplaceAll(one, []byte("OLDEST"), []byte("OLDER"))
	full := append(one, bytes.Repeat(older, historyLimit/len(older)-1)...)
	if err := os.WriteFile(file, full, 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		a.record(session.Issuance{AccessKeyID: fmt.Sprint("ASIANEW", i)})
	}
	info, err := os.Stat(file)
	all, bad := a.history("", time.Time{})
	if err != nil || bad != nil || info.Size() > historyLimit || len(all) < 100 || all[0].AccessKeyID != "ASIAOLDER" || all[len(all)-1].AccessKeyID != "ASIANEW2" {
		t.Errorf("%v, %v: %d bytes, %d lines", err, bad, info.Size(), len(all))
	}
}

func TestParseSince(t *testing.T) {
	now := time.Date(2026, 3, 5, 12, 0, 0, 0, time.Local)
	for s, want := range map[string]time.Time{
		"": {}, "24h": now.Add(-24 * time.Hour), "90": now.Add(-90 * time.Second), "2026-03-01": time.Date(2026, 3, 1, 0, 0, 0, 0, time.Local),
		"2026-03-01T10:00:00Z": time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC),
	} {
		if got, err := parseSince(s, now); err != nil || !got.Equal(want) {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"yesterday", "2026-13-01", "-1h", "24" + "x"} {
		if got, err := parseSince(s, now); err == nil {
			t.Errorf("%q: %v", s, got)
		}
	}
}

func TestMFAOf(t *testing.T) {
	gst, role, coded := session.Step{Call: session.GetSessionToken, Serial: "d"}, session.Step{Call: session.AssumeRole}, session.Step{Call: session.AssumeRole, Serial: "d"}
	temporary := session.Base{Credentials: creds.Credentials{SessionToken: creds.NewSecret("t")}}
	program := session.Base{Kind: profile.Process}
	for want, plans := range map[string][]plan{
		mfaSession:     {{steps: []session.Step{gst}}},
		mfaOfSource:    {{steps: []session.Step{gst, role}}},
		mfaTrustPolicy: {{steps: []session.Step{coded}}},
		mfaNone:        {{steps: []session.Step{role}}, {steps: []session.Step{coded, role}}, {steps: []session.Step{gst, role, role}}, {steps: []session.Step{role, role}, base: temporary}, {steps: []session.Step{role, role}, base: program}},
		mfaUnknown:     {{steps: []session.Step{role}, base: temporary}, {steps: []session.Step{role}, base: program}},
	} {
		for _, p := range plans {
			if got := mfaOf(p); got != want || mfaWords[got] == "" {
				t.Errorf("%+v: %s, want %s", p.steps, got, want)
			}
		}
	}
}

func TestFederateFlags(t *testing.T) {
	f := federateFlags{name: "bob", tags: []string{"Key=a,Value=b"}, policyARNs: []string{"arn:aws:iam::aws:policy/A, arn=arn:aws:iam::aws:policy/B"}}
	rest := listed([]string{"dev", "Value=d=e,Key=c", "arn=arn:aws:iam::aws:policy/C", "arn:aws:iam::aws:policy/D"}, &f.tags, &f.policyARNs)
	got, err := f.read(t.Context())
	if err != nil || !slices.Equal(rest, []string{"dev"}) || !slices.Equal(got.Tags, []session.Tag{{Key: "a", Value: "b"}, {Key: "c", Value: "d=e"}}) ||
		!slices.Equal(got.PolicyARNs, []string{"arn:aws:iam::aws:policy/A", "arn:aws:iam::aws:policy/B", "arn:aws:iam::aws:policy/C", "arn:aws:iam::aws:policy/D"}) {
		t.Errorf("%q, %+v, %v", rest, got, err)
	}
	var none federateFlags
	if rest := listed([]string{"Key=a,Value=b", "arn=x"}, &none.tags, &none.policyARNs); len(rest) != 2 {
		t.Errorf("without the flags: %q", rest)
	}
	for _, wrong := range []string{"", "a=b", "Key=a", "Value=b", "Key=a,Key=b,Value=c", "Key=a,Value=b,c", "key=a,value=b"} {
		if tag, err := readTag(wrong); err == nil {
			t.Errorf("%q: %+v", wrong, tag)
		}
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{"file://" + empty, "file:///nosuch", "file://", "p.json", "file:/p.json"} {
		if text, err := readPolicy(t.Context(), wrong, "policy"); err == nil {
			t.Errorf("%q: %q", wrong, text)
		}
	}
}

// TestFederateAndExportPrintAlike: by the same flags, with the same defaults.
func TestFederateAndExportPrintAlike(t *testing.T) {
	a := &app{}
	for _, name := range []string{"format", "template"} {
		export, federate := a.exportCommand().Flag(name), a.federateCommand().Flag(name)
		if federate == nil || federate.DefValue != export.DefValue || federate.Usage != export.Usage {
			t.Errorf("--%s is %+v for federate, %+v for export", name, federate, export)
		}
	}
}

// TestNobodyUnlocksTheKeyring: where --no-prompt or its variable forbids it, for any
// call.
func TestNobodyUnlocksTheKeyring(t *testing.T) {
	home := t.TempDir()
	if err := os.Mkdir(filepath.Join(home, ".aws"), 0o700); err != nil {
		t.Fatal(err)
	}
	const config = "[profile plain]\nrole_arn = arn:aws:iam::111111111111:role/Plain\nsource_profile = main\n" +
		"[profile main]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = x\n"
	if err := os.WriteFile(filepath.Join(home, ".aws", "config"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	nowhere := map[string]string{"DISPLAY": ":0", "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1"}
	attended := func(args []string, more map[string]string) (all []bool) {
		env := maps.Clone(nowhere)
		maps.Copy(env, more)
		Main(t.Context(), Env{
			Args: args, Stdout: io.Discard, Stderr: io.Discard, Home: home, Now: time.Now, Parent: func() int { return 1 },
			Getenv: func(name string) string { return env[name] }, Environ: func() []string { return nil },
			Stores: func(_ string, attended bool) ([]cache.Store, error) { all = append(all, attended); return nil, nil },
			Ring:   func(attended bool) keys.Ring { all = append(all, attended); return nil },
		})
		return all
	}
	inside := map[string]string{"AWS_ACCESS_KEY_ID": "ASIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "x", "AWS_SESSION_TOKEN": "x", creds.ProfileVariable: "plain"}
	for _, command := range [][]string{{"federate", "plain", "--name", "bob"}, {"whoami", "plain"}, {"whoami"}, {"decode", "--profile", "plain", strings.Repeat("A", 100)}, {"console", "plain"}, {"export", "plain"}, {"login", "plain"}} {
		more := maps.Clone(inside)
		if got := attended(command, more); len(got) == 0 || slices.Contains(got, false) {
			t.Errorf("%q: attended %v", command, got)
		}
		if got := attended(append(slices.Clip(command), "--no-prompt"), more); len(got) == 0 || slices.Contains(got, true) {
			t.Errorf("%q --no-prompt: attended %v", command, got)
		}
		more["DAYPASS_NO_PROMPT"] = "1"
		if got := attended(command, more); len(got) == 0 || slices.Contains(got, true) {
			t.Errorf("DAYPASS_NO_PROMPT=1 %q: attended %v", command, got)
		}
	}
}

func TestReasons(t *testing.T) {
	many := []string{"a:1", "a:2", "a:3", "a:4", "a:5", "a:6"}
	for _, test := range []struct {
		d    session.Denial
		said string
		want []string
	}{
		{session.Denial{Allowed: true}, "", []string{"it is allowed, says the message"}},
		{session.Denial{}, "because no x allows y", []string{"no policy allows it", "the error says: because no x allows y"}},
		{session.Denial{Explicit: true}, "", []string{"an explicit deny, by a statement that AWS does not show"}},
		{session.Denial{Explicit: true, Statements: []session.Statement{{Effect: "DENY", Actions: many, Resources: []string{"*"}, Conditions: []session.Condition{{Key: "aws:RequestedRegion", Values: []string{"eu-west-1"}}}}},
			Context: []session.Condition{{Key: "aws:RequestedRegion", Values: []string{"us-east-1"}}}}, "", []string{
			"an explicit deny", "a statement without Sid: DENY a:1 a:2 a:3 a:4 and 2 more (--json) on *",
			"its condition on aws:RequestedRegion: eu-west-1 (in this call us-east-1)",
		}},
		{session.Denial{Explicit: true, Statements: []session.Statement{{ID: "S", Effect: "DENY", Policy: "IAM Policy p"}}, Failures: []string{"f"}}, "", []string{
			"an explicit deny", `statement "S" of IAM Policy p: DENY`, "failure: f",
		}},
	} {
		if got := reasons(test.d, test.said); !slices.Equal(got, test.want) {
			t.Errorf("got  %q\nwant %q", got, test.want)
		}
	}
	if len(many) != 6 || many[4] != "a:5" {
		t.Errorf("the list was changed: %q", many)
	}
}
