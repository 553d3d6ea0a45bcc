package session

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"daypass/profile"
)

const (
	policy    = `{"Version":"2012-10-17","Statement":[]}`
	policyARN = "arn:aws:iam::aws:policy/ReadOnlyAccess"
)

// row is one parameter of AssumeRole: what a profile says of it, and two things
// that the command line may.
type row struct {
	setting      string
	lines        string
	given, other Given
}

func rows() []row {
	tags := []Tag{{"team", "one"}}
	return []row{
		{"external_id", "external_id = one", Given{ExternalID: "two"}, Given{ExternalID: "three"}},
		{"role_session_name", "role_session_name = one", Given{SessionName: "two"}, Given{SessionName: "three"}},
		{"duration_seconds", "duration_seconds = 1000", Given{Duration: 1100 * time.Second}, Given{Duration: 1200 * time.Second}},
		{"source_identity", "source_identity = one", Given{SourceIdentity: "two"}, Given{SourceIdentity: "three"}},
		{"session_tags", "session_tags = team=one", Given{Tags: []Tag{{"team", "two"}}}, Given{Tags: []Tag{{"squad", "two"}}}},
		{"transitive_session_tags", "session_tags = team=one,squad=one\ntransitive_session_tags = team",
			Given{Tags: tags, TransitiveTags: []string{"team"}}, Given{Tags: tags, TransitiveTags: []string{"Team"}}},
		{"session_policy", "session_policy = " + policy, Given{Policy: policy + " "}, Given{Policy: policy + "  "}},
		{"session_policy_arns", "session_policy_arns = " + policyARN, Given{PolicyARNs: []string{policyARN + "2"}}, Given{PolicyARNs: []string{policyARN + "2", policyARN}}},
	}
}

func TestRowsAreAllParameters(t *testing.T) {
	var names []string
	for _, r := range rows() {
		names = append(names, r.setting)
		if got := r.given.Settings(); !slices.Contains(got, r.setting) {
			t.Errorf("%s: what is given is for %v", r.setting, got)
		}
	}
	var all []string
	for _, p := range parameters() {
		all = append(all, p.setting)
	}
	if diff := cmp.Diff(all, names); diff != "" {
		t.Error(diff)
	}
}

// chain is the plan of a profile that is reached by way of two others, all of
// whose roles say the same.
func chain(t *testing.T, lines [3]string, given Given) []Step {
	t.Helper()
	text := "[main]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = s\n"
	source := "main"
	for i, arn := range []string{roleA, roleB, roleC} {
		name := string("abc"[i])
		text += fmt.Sprintf("[%s]\nrole_arn = %s\nsource_profile = %s\nmfa_serial = %s\n%s\n", name, arn, source, serial, lines[i])
		source = name
	}
	file := filepath.Join(t.TempDir(), "credentials")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err := profile.Open(profile.Files{Credentials: file}, "")
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	p, err := reader.Load("c")
	if err != nil {
		t.Fatal(err)
	}
	base, err := ReadBase(p, env(nil))
	if err != nil {
		t.Fatal(err)
	}
	steps, err := Plan(p, Want{Base: base, Network: Network{Partition: "aws"}, Login: "ana", Given: given})
	if err != nil {
		t.Fatal(err)
	}
	if len(steps) != 4 {
		t.Fatalf("%d steps", len(steps))
	}
	return steps
}

// TestEachParameterIsInTheKey of its step and of those after it, and in no other,
// wherever it is said.
func TestEachParameterIsInTheKey(t *testing.T) {
	plain := chain(t, [3]string{}, Given{})
	differ := func(name string, steps []Step, from int) {
		t.Helper()
		for i := range steps {
			if (steps[i].Key == plain[i].Key) != (i < from) {
				t.Errorf("%s: the key of step %d is the same: %v", name, i, i >= from)
			}
		}
	}
	for _, r := range rows() {
		for hop := range 3 {
			var lines [3]string
			lines[hop] = r.lines
			differ(fmt.Sprintf("%s of role %d", r.setting, hop), chain(t, lines, Given{}), 1+hop)
		}
		given, other := chain(t, [3]string{}, r.given), chain(t, [3]string{}, r.other)
		differ("--"+r.setting, given, 3)
		if given[3].Key == other[3].Key {
			t.Errorf("two of --%s have one key", r.setting)
		}
		if set := chain(t, [3]string{2: r.lines}, Given{}); given[3].Key == set[3].Key {
			t.Errorf("--%s has the key of the setting that it stands for", r.setting)
		}
		if over := chain(t, [3]string{2: r.lines}, r.given); over[3].Key != given[3].Key {
			t.Errorf("--%s beside the setting is another step:\n%s", r.setting, cmp.Diff(given[3], over[3]))
		}
	}
}

// TestSameKey: neither where a profile's tools go nor what it is called shapes
// the credentials.
func TestSameKey(t *testing.T) {
	plain := chain(t, [3]string{}, Given{})
	for _, lines := range []string{"region = eu-west-1", "output = json", "mfa_max_age = 1h", "min_remaining = 20m", "ca_bundle = /ca.pem"} {
		for i, s := range chain(t, [3]string{lines, lines, lines}, Given{}) {
			if s.Key != plain[i].Key {
				t.Errorf("%s changes the key of step %d", lines, i)
			}
		}
	}
}

func TestWhatIsGivenIsForTheLastRole(t *testing.T) {
	steps := chain(t, [3]string{"external_id = first", "", "external_id = third\nduration_seconds = 900"}, Given{ExternalID: "given", Duration: 2 * time.Hour})
	if steps[1].ExternalID != "first" || steps[2].ExternalID != "" || steps[3].ExternalID != "given" {
		t.Errorf("external ids %q, %q, %q", steps[1].ExternalID, steps[2].ExternalID, steps[3].ExternalID)
	}
	if steps[3].Duration != time.Hour || !strings.Contains(steps[3].Note, "2h0m0s is cut to 1h") {
		t.Errorf("a chained role of %s, note %q", steps[3].Duration, steps[3].Note)
	}
}

// TestAGivenDurationChoosesTheWay: a role of more than an hour carries a code of
// its own.
func TestAGivenDurationChoosesTheWay(t *testing.T) {
	for given, calls := range map[time.Duration]int{0: 1, time.Hour: 2, 3601 * time.Second: 1} {
		p := &profile.Profile{Name: "dev", MFASession: true, MFASerial: setting(serial), Roles: []profile.Role{role(roleA, 2*time.Hour)}}
		steps, err := Plan(p, Want{Base: longTerm(), Login: "ana", Given: Given{Duration: given}})
		if err != nil || len(steps) != calls || steps[calls-1].Note != "" {
			t.Errorf("%s: %+v, %v", given, steps, err)
		}
	}
}

func TestGivenWithoutARole(t *testing.T) {
	for _, r := range rows() {
		p := &profile.Profile{Name: "dev", MFASession: true, MFASerial: setting(serial)}
		_, err := Plan(p, Want{Base: longTerm(), Given: r.given})
		var e *ParameterError
		if !errors.As(err, &e) || !slices.Contains(r.given.Settings(), strings.ReplaceAll(e.Parameter, "-", "_")) || !strings.Contains(e.Problem, `profile "dev" has none`) {
			t.Errorf("%s: %v", r.setting, err)
		}
	}
}

func TestRoleSettings(t *testing.T) {
	folder := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return "file://" + path
	}
	for _, test := range []struct{ key, value, fault string }{
		{"source_identity", "x", "must be 2 to 64"},
		{"source_identity", "aws:x", "must be 2 to 64"},
		{"source_identity", "ana@example.com", ""},
		{"session_tags", "a", "is no tag"},
		{"session_tags", "=1", "is no tag"},
		{"session_tags", "a=1, b=2=3,c=", ""},
		{"session_tags", "Ünïcode key=a b/c:d+e-f@g.h_1", ""},
		{"session_tags", "a=1,b=2,A=3", `"A" is there twice`},
		{"session_tags", "a=$(id)", "is no tag"},
		{"session_tags", strings.Repeat("k", 129) + "=v", "is no tag"},
		{"session_tags", strings.Repeat("k", 128) + "=" + strings.Repeat("ü", 256), ""},
		{"session_tags", "k=" + strings.Repeat("v", 257), "is no tag"},
		{"session_tags", manyTags(50), ""},
		{"session_tags", manyTags(51), "STS takes 50"},
		{"transitive_session_tags", "a", `"a" is not among the session tags`},
		{"session_policy", "{", "not a JSON object"},
		{"session_policy", `"{}"`, "not a JSON object"},
		{"session_policy", "null", "no Statement"},
		{"session_policy", "/p.json", "a file is named as file:///p.json"},
		{"session_policy", "{}", "no Statement"},
		{"session_policy", `{"Statement":"→"}`, `write it as \uXXXX`},
		{"session_policy", `{"Statement":"` + strings.Repeat("ü", 2048-16) + `"}`, ""},
		{"session_policy", `{"Statement":"` + strings.Repeat("ü", 2049-16) + `"}`, "has 2049 characters; STS takes 2048"},
		{"session_policy", file("good", policy), ""},
		{"session_policy", file("bad", "{"), "not a JSON object"},
		{"session_policy", file("empty", ""), "not a JSON object"},
		{"session_policy", file("huge", strings.Repeat(" ", 1<<20)), "is too long: STS takes 2048"},
		{"session_policy", "file://" + folder, "reading the policy"},
		{"session_policy", "file:///dev/zero", "not a regular file"},
		{"session_policy", "file://relative", "not an absolute path"},
		{"session_policy", "file:///does/not/exist", "reading the policy"},
		{"session_policy_arns", strings.TrimSuffix(strings.Repeat(policyARN+", ", 10), ", "), ""},
		{"session_policy_arns", strings.Repeat(policyARN+",", 11), "STS takes 10"},
		{"session_policy_arns", "ReadOnlyAccess", "no ARN of a policy"},
	} {
		if strings.Contains(test.value, "/dev/zero") && os.PathSeparator != '/' {
			continue
		}
		r := role(roleA, 0)
		r.Settings = map[string]profile.Setting{test.key: {Key: test.key, Value: test.value, File: "/config", Line: 7}}
		_, err := roleStep(r, Given{}, "ana")
		var e *profile.Error
		if (test.fault == "") != (err == nil) || err != nil && (!errors.As(err, &e) || !strings.HasPrefix(err.Error(), "/config:7: "+test.key+": ") || !strings.Contains(err.Error(), test.fault)) {
			t.Errorf("%s = %.60s: %v, want %q", test.key, test.value, err, test.fault)
		}
	}
}

func manyTags(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("k%d=v", i))
	}
	return strings.Join(all, ",")
}

func TestGivenIsChecked(t *testing.T) {
	for _, test := range []struct {
		given     Given
		parameter string
		fault     string
	}{
		{Given{ExternalID: "x"}, "external-id", "2 to 1224"},
		{Given{ExternalID: "a b"}, "external-id", "2 to 1224"},
		{Given{ExternalID: strings.Repeat("x", 1225)}, "external-id", "2 to 1224"},
		{Given{SessionName: "x"}, "role-session-name", "2 to 64"},
		{Given{SessionName: strings.Repeat("x", 65)}, "role-session-name", "2 to 64"},
		{Given{Duration: 899 * time.Second}, "duration-seconds", "not between 900 and 43200"},
		{Given{Duration: 43201 * time.Second}, "duration-seconds", "not between 900 and 43200"},
		{Given{SourceIdentity: "aws:x"}, "source-identity", "2 to 64"},
		{Given{Tags: []Tag{{"a", "1"}, {"A", "2"}}}, "session-tags", "there twice"},
		{Given{Tags: []Tag{{"a", "b,c"}}}, "session-tags", "is no tag"},
		{Given{Tags: []Tag{{"a", "b"}}, TransitiveTags: []string{"c"}}, "transitive-session-tags", "not among"},
		{Given{Policy: "{"}, "session-policy", "not a JSON object"},
		{Given{PolicyARNs: []string{"x"}}, "session-policy-arns", "no ARN"},
	} {
		_, err := roleStep(role(roleA, 0), test.given, "ana")
		var e *ParameterError
		if !errors.As(err, &e) || e.Parameter != test.parameter || !strings.Contains(e.Problem, test.fault) {
			t.Errorf("%+v: %v, want %s: %s", test.given, err, test.parameter, test.fault)
		}
	}
	longest := Given{ExternalID: strings.Repeat("x", 1224), SessionName: strings.Repeat("x", 64), Duration: 12 * time.Hour, Tags: []Tag{{"a=b", "c=d"}}}
	if _, err := roleStep(role(roleA, 0), longest, "ana"); err != nil {
		t.Error(err)
	}
}
