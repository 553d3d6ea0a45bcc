package session

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"daypass/creds"
	"daypass/internal/stsim"
	"daypass/profile"
)

func TestACodeIsSentOnce(t *testing.T) {
	for _, test := range []struct {
		name   string
		fault  stsim.Fault
		asked  int
		answer Answer
	}{
		{"throttled", stsim.Fault{Status: 400, Code: "Throttling", Message: "Rate exceeded"}, 1, Failed},
		{"server error", stsim.Fault{Status: 500, Code: "InternalFailure", Message: "x"}, 1, Failed},
		{"unavailable", stsim.Fault{Status: 503, Code: "ServiceUnavailable", Message: "x"}, 1, Failed},
		{"not STS", stsim.Fault{Status: 502, Body: "<html>proxy</html>"}, 1, Failed},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.sts.Inject(test.fault)
			_, err := w.get()
			var refused *RefusedError
			if !errors.As(err, &refused) || test.fault.Code != "" && refused.Code != test.fault.Code {
				t.Errorf("error %v", err)
			}
			w.expect(test.name, test.asked, 1, 0)
			if w.person.answers[0] != test.answer {
				t.Errorf("answer %v, want %v", w.person.answers[0], test.answer)
			}
		})
	}
}

func TestLostAnswer(t *testing.T) {
	w := newWorld(t)
	w.sts.Inject(stsim.Fault{Action: GetSessionToken, Times: 1, Drop: true})
	w.must()
	w.expect("asked for a new code", 2, 2, 0)
	if w.person.answers[0] != Lost {
		t.Errorf("the first answer is %v", w.person.answers[0])
	}
	codes := map[string]int{}
	for _, r := range w.sts.Requests() {
		codes[r.Form.Get("TokenCode")]++
	}
	for code, n := range codes {
		if n != 1 {
			t.Errorf("%d requests carried the code %s", n, code)
		}
	}
}

func TestNothingThere(t *testing.T) {
	w := newWorld(t)
	w.want.Network.Endpoint.Value = "http://127.0.0.1:1"
	_, err := w.get()
	var lost *UnreachableError
	if !errors.As(err, &lost) || lost.Sent || lost.Slow || lost.Host != "127.0.0.1:1" {
		t.Errorf("error %#v", err)
	}
	if w.person.answers[0] != Unsent {
		t.Errorf("answer %v: the code never left", w.person.answers[0])
	}
}

func TestUntrustedCertificate(t *testing.T) {
	w := newWorld(t)
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	w.want.Network.Endpoint.Value = server.URL
	_, err := w.get()
	var lost *UnreachableError
	if !errors.As(err, &lost) || !lost.Cert || lost.Sent {
		t.Errorf("error %#v", err)
	}
}

// TestClock: STS's clock is another one. The refusal of the signature's time did
// not look at the code, so the same code is sent again, and only then.
func TestClock(t *testing.T) {
	for _, skew := range []time.Duration{-2 * time.Hour, 2 * time.Hour} {
		w := newWorld(t)
		w.p.SessionDuration = 12 * time.Hour
		w.sts.Skew(skew)
		r := w.must()
		w.expect(fmt.Sprint(skew), 1, 2, 0)
		if got := r.Skew.Round(time.Minute); got != skew {
			t.Errorf("%s: skew seen %s", skew, got)
		}
		if left := r.Left(time.Now()).Round(time.Minute); left != 12*time.Hour+min(skew, 0) {
			t.Errorf("%s: %s left", skew, left)
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(*world)
		is    func(*RefusedError) bool
	}{
		{"wrong code", func(w *world) { w.person.code = func() string { return "000000" } }, (*RefusedError).BadCode},
		{"wrong serial", func(w *world) { w.p.MFASerial = setting(serial + "x") }, (*RefusedError).BadSerial},
		{"dead key", func(w *world) { w.sts.Deactivate(w.want.Base.ID) }, (*RefusedError).BadSigner},
		{"wrong secret", func(w *world) { w.want.Base.Credentials.SecretAccessKey = creds.NewSecret("x") },
			func(e *RefusedError) bool { return e.Code == "SignatureDoesNotMatch" && !e.BadTime() }},
		{"no such role", func(w *world) { w.withRole(roleC) }, func(e *RefusedError) bool { return e.Code == "AccessDenied" && e.Call == AssumeRole }},
		{"role too long", func(w *world) {
			w.sts.AddRole(stsim.Role{ARN: roleC, Principals: []string{"111111111111"}})
			w.p.Roles = []profile.Role{role(roleC, 2*time.Hour)}
		}, func(e *RefusedError) bool { return strings.Contains(e.Message, "MaxSessionDuration") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			test.spoil(w)
			_, err := w.get()
			var refused *RefusedError
			if !errors.As(err, &refused) || !test.is(refused) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestErrorsHideSecrets: whatever answers may echo what it was sent.
func TestErrorsHideSecrets(t *testing.T) {
	w := newWorld(t)
	w.person.code = func() string { return "424242" }
	secret := "MARKED/secret"
	w.want.Base.Credentials.SecretAccessKey = creds.NewSecret(secret)
	w.sts.Inject(stsim.Fault{Status: 400, Code: "ValidationError", Message: "value 424242 and " + secret})
	_, err := w.get()
	if err == nil || strings.Contains(err.Error(), "424242") || strings.Contains(err.Error(), "MARKED") {
		t.Errorf("error %v", err)
	}
}

func TestWhatAssumeRoleCarries(t *testing.T) {
	w := newWorld(t)
	w.sts.AddRole(stsim.Role{ARN: roleA, ExternalID: "ex", SetSourceIdentity: true, TagSession: true, Principals: []string{"111111111111"}})
	r := role(roleA, 0)
	r.ExternalID = setting("ex")
	r.SessionName = setting("me")
	r.Settings = map[string]profile.Setting{
		"source_identity":         setting("ana"),
		"session_tags":            setting("a=b,c=d"),
		"transitive_session_tags": setting("a"),
		"session_policy":          setting(policy),
		"session_policy_arns":     setting("arn:aws:iam::aws:policy/ReadOnlyAccess"),
	}
	w.p.Roles = []profile.Role{r}
	w.must()
	for _, request := range w.sts.Requests() {
		if request.Action != AssumeRole {
			continue
		}
		for key, want := range map[string]string{
			"RoleArn": roleA, "RoleSessionName": "me", "ExternalId": "ex", "SourceIdentity": "ana", "DurationSeconds": "3600",
			"Tags.member.1.Key": "a", "Tags.member.1.Value": "b", "Tags.member.2.Key": "c", "TransitiveTagKeys.member.1": "a",
			"Policy": policy, "PolicyArns.member.1.arn": "arn:aws:iam::aws:policy/ReadOnlyAccess",
			"SerialNumber": "", "TokenCode": "",
		} {
			if got := request.Form.Get(key); got != want {
				t.Errorf("%s is %q, want %q", key, got, want)
			}
		}
		return
	}
	t.Error("no AssumeRole arrived")
}

// TestForeignProfiles: the SDK must not look at the user's files, nor at the
// profile that the environment names.
func TestForeignProfiles(t *testing.T) {
	w := newWorld(t)
	broken := t.TempDir() + "/config"
	if err := os.WriteFile(broken, []byte("[profile broken]\nsource_profile = none\ncredential_process = x\nrole_arn = y\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CONFIG_FILE", broken)
	for _, name := range []string{"missing", "broken"} {
		t.Setenv("AWS_PROFILE", name)
		t.Setenv("AWS_DEFAULT_PROFILE", name)
		w.must(func(g *Getter) { g.Refresh = true })
	}
}

func TestNetworkOptions(t *testing.T) {
	for _, test := range []struct {
		n    Network
		from string
	}{
		{Network{CABundle: Sourced{"/does/not/exist", "AWS_CA_BUNDLE"}}, "AWS_CA_BUNDLE"},
		{Network{RetryMode: Sourced{"often", "f:1"}}, "f:1"},
		{Network{Attempts: Sourced{"0", "f:2"}}, "f:2"},
		{Network{Attempts: Sourced{"many", "f:3"}}, "f:3"},
	} {
		_, err := newClient(t.Context(), test.n)
		var e *NetworkConfigError
		if !errors.As(err, &e) || e.From != test.from {
			t.Errorf("%+v: %v", test.n, err)
		}
	}
}
