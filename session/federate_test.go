package session

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"daypass/creds"
	"daypass/internal/stsim"
	"daypass/profile"
)

func TestFederate(t *testing.T) {
	w := newWorld(t)
	f := Federation{
		Name: "partner", Policy: `{"Version":"2012-10-17","Statement":[]}`, PolicyARNs: []string{"arn:aws:iam::aws:policy/ReadOnlyAccess"},
		Tags: []Tag{{"team", "a b"}, {"x", ""}}, Duration: 15 * time.Minute,
	}
	token, told, err := Federate(t.Context(), w.want.Network, w.want.Base.Credentials, f, time.Now)
	if err != nil || token.AccountID != "111111111111" || !token.Temporary() || time.Until(token.Expiration) > 15*time.Minute {
		t.Fatalf("%+v, %v", token, err)
	}
	if told.AccessKeyID != token.AccessKeyID || told.Call != GetFederationToken || told.SessionName != "partner" || len(told.RequestID) != 36 || !told.Expiration.Equal(token.Expiration) {
		t.Errorf("told %+v", told)
	}
	form := w.sts.Requests()[0].Form
	for name, want := range map[string]string{
		"Name": "partner", "Policy": f.Policy, "PolicyArns.member.1.arn": f.PolicyARNs[0], "DurationSeconds": "900",
		"Tags.member.1.Key": "team", "Tags.member.1.Value": "a b", "Tags.member.2.Key": "x", "Tags.member.2.Value": "",
	} {
		if got := form.Get(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	if who, err := Identity(t.Context(), w.want.Network, token); err != nil || who.ARN != "arn:aws:sts::111111111111:federated-user/partner" {
		t.Errorf("%+v, %v", who, err)
	}
	if _, _, err := Federate(t.Context(), w.want.Network, w.want.Base.Credentials, Federation{Name: "bob"}, time.Now); err != nil {
		t.Fatal(err)
	}
	if form := w.sts.Requests()[2].Form; form.Has("DurationSeconds") || form.Has("Policy") {
		t.Errorf("sent %v", form)
	}
}

func TestFederateRefused(t *testing.T) {
	w := newWorld(t)
	signer := w.want.Base.Credentials
	w.sts.Inject(stsim.Fault{Status: 403, Code: "AccessDenied", Message: "no " + signer.SecretAccessKey.Reveal()})
	var refused *RefusedError
	token, told, err := Federate(t.Context(), w.want.Network, signer, Federation{Name: "bob"}, time.Now)
	if !errors.As(err, &refused) || refused.Call != GetFederationToken || told != (Issuance{}) || token.AccessKeyID != "" || strings.Contains(fmt.Sprintf("%+v", err), signer.SecretAccessKey.Reveal()) {
		t.Errorf("%+v, %v", told, err)
	}
	w.sts.ClearFaults()
	late := func() time.Time { return time.Now().Add(13 * time.Hour) }
	var clock *ClockError
	if token, told, err := Federate(t.Context(), w.want.Network, signer, Federation{Name: "bob"}, late); !errors.As(err, &clock) || told.AccessKeyID == "" || !token.SecretAccessKey.Empty() {
		t.Errorf("%+v, %v", told, err)
	}
}

// TestFederationCheck: the limits are AWS's, and what is beyond them goes nowhere.
func TestFederationCheck(t *testing.T) {
	w := newWorld(t)
	f := func(change func(*Federation)) Federation {
		f := Federation{Name: "bob"}
		change(&f)
		return f
	}
	arns := func(n int) (all []string) {
		for i := range n {
			all = append(all, fmt.Sprintf("arn:aws:iam::aws:policy/P%d", i))
		}
		return all
	}
	tags := func(n int) (all []Tag) {
		for i := range n {
			all = append(all, Tag{fmt.Sprint("k", i), "v"})
		}
		return all
	}
	long := func(n int) string { return `{"Statement":[]` + strings.Repeat(" ", n-16) + "}" }
	for name, test := range map[string]struct {
		f         Federation
		parameter string // "" if it is fine
	}{
		"name":                   {f(func(f *Federation) {}), ""},
		"no name":                {Federation{}, "name"},
		"short name":             {Federation{Name: "b"}, "name"},
		"longest name":           {Federation{Name: strings.Repeat("b", 32)}, ""},
		"long name":              {Federation{Name: strings.Repeat("b", 33)}, "name"},
		"name of all characters": {Federation{Name: "aZ09_+=,.@-"}, ""},
		"name with a colon":      {Federation{Name: "a:b"}, "name"},
		"name with an umlaut":    {Federation{Name: "bübchen"}, "name"},
		"shortest":               {f(func(f *Federation) { f.Duration = 900 * time.Second }), ""},
		"too short":              {f(func(f *Federation) { f.Duration = 899 * time.Second }), "duration-seconds"},
		"longest":                {f(func(f *Federation) { f.Duration = 36 * time.Hour }), ""},
		"too long":               {f(func(f *Federation) { f.Duration = 36*time.Hour + time.Second }), "duration-seconds"},
		"policy of 2048":         {f(func(f *Federation) { f.Policy = long(2048) }), ""},
		"policy of 2049":         {f(func(f *Federation) { f.Policy = long(2049) }), "policy"},
		"policy, no JSON":        {f(func(f *Federation) { f.Policy = "{" }), "policy"},
		"policy beyond Latin-1":  {f(func(f *Federation) { f.Policy = `"` + "\u20ac" + `"` }), "policy"},
		"10 ARNs":                {f(func(f *Federation) { f.PolicyARNs = arns(10) }), ""},
		"11 ARNs":                {f(func(f *Federation) { f.PolicyARNs = arns(11) }), "policy-arns"},
		"no ARN":                 {f(func(f *Federation) { f.PolicyARNs = []string{"ReadOnlyAccessForEverybody"} }), "policy-arns"},
		"50 tags":                {f(func(f *Federation) { f.Tags = tags(50) }), ""},
		"51 tags":                {f(func(f *Federation) { f.Tags = tags(51) }), "tags"},
		"tag of all characters":  {f(func(f *Federation) { f.Tags = []Tag{{"a é1_.:/=+-@", "ü "}} }), ""},
		"tag with a comma":       {f(func(f *Federation) { f.Tags = []Tag{{"a", "b,c"}} }), "tags"},
		"tag without a key":      {f(func(f *Federation) { f.Tags = []Tag{{"", "b"}} }), "tags"},
		"longest tag":            {f(func(f *Federation) { f.Tags = []Tag{{strings.Repeat("k", 128), strings.Repeat("v", 256)}} }), ""},
		"long key":               {f(func(f *Federation) { f.Tags = []Tag{{strings.Repeat("k", 129), ""}} }), "tags"},
		"long value":             {f(func(f *Federation) { f.Tags = []Tag{{"k", strings.Repeat("v", 257)}} }), "tags"},
		"the same key":           {f(func(f *Federation) { f.Tags = []Tag{{"k", "1"}, {"K", "2"}} }), "tags"},
	} {
		w.sts.Reset()
		var parameter *ParameterError
		_, _, err := Federate(t.Context(), w.want.Network, w.want.Base.Credentials, test.f, time.Now)
		switch {
		case test.parameter == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case test.parameter != "" && (!errors.As(err, &parameter) || parameter.Parameter != test.parameter || w.sts.Count("") != 0):
			t.Errorf("%s: %v, and %d calls", name, err, w.sts.Count(""))
		}
	}
}

func TestLongTerm(t *testing.T) {
	temporary := base("ASIAEXAMPLE", "s")
	temporary.SessionToken = setting("t")
	for name, test := range map[string]struct {
		base    profile.Base
		problem Problem
		detail  string
	}{
		"temporary": {temporary, CallNeedsLongTerm, "main"},
		"none":      {profile.Base{Profile: "main"}, BaseMissing, ""},
		"sso":       {profile.Base{Kind: profile.SSO, Profile: "main"}, CallNeedsLongTerm, "main"},
	} {
		var config *ConfigError
		if c, err := LongTerm(t.Context(), &profile.Profile{Name: "p", Base: test.base}, env(nil), Network{}, Means{}); !errors.As(err, &config) || config.Problem != test.problem || config.Detail != test.detail || c != (creds.Credentials{}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if c, err := LongTerm(t.Context(), &profile.Profile{Base: base("AKIAEXAMPLE", "s")}, env(nil), Network{}, Means{}); err != nil || c.AccessKeyID != "AKIAEXAMPLE" {
		t.Errorf("%v", err)
	}
}
