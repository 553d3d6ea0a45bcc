package session

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"daypass/creds"
	"daypass/internal/stsim"
	"daypass/profile"
)

const (
	hardware    = "GAHT12345678"
	securityKey = "arn:aws:iam::111111111111:u2f/user/ana/key-1"
)

// lister is a world whose profile rests on ana's key, and needs no serial.
type lister struct {
	*world
	env      map[string]string
	programs *programs
}

func newLister(t *testing.T) *lister {
	t.Helper()
	w := newWorld(t)
	w.p.MFASerial = profile.Setting{}
	w.p.Base = base(w.want.Base.ID, w.want.Base.Credentials.SecretAccessKey.Reveal())
	return &lister{world: w, env: map[string]string{"AWS_ENDPOINT_URL_IAM": w.want.Network.Endpoint.Value}}
}

func base(id, secret string) profile.Base {
	return profile.Base{Kind: profile.CredentialsFile, Profile: "main", AccessKeyID: setting(id), SecretAccessKey: setting(secret)}
}

func (l *lister) devices(ctx context.Context) ([]Device, error) {
	return Devices(ctx, &l.p, env(l.env), "", Means{Programs: l.programs})
}

// called checks what arrived: so many calls, each signed for IAM by that key.
func (l *lister) called(n int) {
	l.t.Helper()
	requests := l.sts.Requests()
	if len(requests) != n {
		l.t.Errorf("%d requests arrived, want %d", len(requests), n)
	}
	for _, r := range requests {
		if r.Action != ListMFADevices || r.Service != "iam" || r.AccessKeyID != l.p.Base.AccessKeyID.Value {
			l.t.Errorf("%s of %s, signed by %s", r.Action, r.Service, r.AccessKeyID)
		}
	}
}

func TestDevices(t *testing.T) {
	const ana = "arn:aws:iam::111111111111:user/ana"
	for _, size := range []int{0, 1, 2} {
		l := newLister(t)
		l.sts.SetPageSize(size)
		l.sts.AddDevice(ana, hardware, nil)
		l.sts.AddDevice(ana, securityKey, nil)
		l.sts.AddDevice("arn:aws:iam::111111111111:user/bob", "arn:aws:iam::111111111111:mfa/bob", nil)
		devices, err := l.devices(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]error{}
		for _, d := range devices {
			got[d.Serial] = d.Unusable
			if time.Since(d.Enabled).Abs() > time.Hour || d.Enabled.Location() != time.UTC {
				t.Errorf("%s was enabled at %s", d.Serial, d.Enabled)
			}
		}
		if len(devices) != 3 || len(got) != 3 || got[serial] != nil || got[hardware] != nil || got[securityKey] != profile.ErrSecurityKey {
			t.Errorf("pages of %d: %+v", size, devices)
		}
		l.called([]int{1, 3, 2}[size])
		if n := l.sts.Connections(); n != 1 {
			t.Errorf("pages of %d: %d connections", size, n)
		}
	}
}

func TestNoDevices(t *testing.T) {
	l := newLister(t)
	bob := l.sts.AddUser(stsim.User{Account: "111111111111", Name: "bob"})
	l.p.Base = base(bob.AccessKeyID, bob.SecretAccessKey)
	if devices, err := l.devices(t.Context()); err != nil || devices != nil {
		t.Errorf("%v, %v", devices, err)
	}
}

// TestSerialsOfStrangers: what serves IAM's API may answer anything.
func TestSerialsOfStrangers(t *testing.T) {
	l := newLister(t)
	for _, odd := range []string{"short", "arn:x\n[profile evil]", "a serial with blanks"} {
		l.sts.AddDevice("arn:aws:iam::111111111111:user/ana", odd, nil)
	}
	devices, err := l.devices(t.Context())
	if err != nil || len(devices) != 4 {
		t.Fatalf("%v, %v", devices, err)
	}
	for _, d := range devices {
		if (d.Unusable == profile.ErrSerial) != (d.Serial != serial) {
			t.Errorf("%q: %v", d.Serial, d.Unusable)
		}
	}
}

// TestDevicesOfWhoMayListOnlyHisOwn: AWS's sample policy refuses the call that
// names nobody.
func TestDevicesOfWhoMayListOnlyHisOwn(t *testing.T) {
	l := newLister(t)
	eva := stsim.User{Account: "111111111111", Name: "eva", Path: "/team/", AllowedByName: []string{"iam:ListMFADevices"}}
	key := l.sts.AddUser(eva)
	l.sts.AddDevice(eva.ARN(), "arn:aws:iam::111111111111:mfa/eva", nil)
	l.p.Base = base(key.AccessKeyID, key.SecretAccessKey)
	devices, err := l.devices(t.Context())
	if err != nil || len(devices) != 1 || devices[0].Serial != "arn:aws:iam::111111111111:mfa/eva" {
		t.Errorf("%v, %v", devices, err)
	}
	l.called(2)
}

func TestRefusedUser(t *testing.T) {
	for message, want := range map[string]string{
		"User: arn:aws:iam::1:user/ana is not authorized to perform: iam:ListMFADevices on resource: *": "ana",
		"User: arn:aws-cn:iam::1:user/a/b/ana@example.com is not authorized to perform":                 "ana@example.com",
		"User: arn:aws:sts::1:assumed-role/Dev/user/ana is not authorized":                              "",
		"User: arn:aws:iam::1:root is not authorized":                                                   "",
		"Access denied": "", "User: ": "", "": "",
	} {
		if got := refusedUser(&RefusedError{Code: "AccessDenied", Message: message}); got != want {
			t.Errorf("%q: %q", message, got)
		}
		if got := refusedUser(&RefusedError{Code: "NoSuchEntity", Message: message}); got != "" {
			t.Errorf("no denial: %q", got)
		}
	}
	if got := refusedUser(nil); got != "" {
		t.Errorf("no error: %q", got)
	}
}

// TestDevicesNeedALongTermKey, and whoever has none is told so without a call.
func TestDevicesNeedALongTermKey(t *testing.T) {
	temporary := base("ASIAEXAMPLE", "s")
	temporary.SessionToken = setting("t")
	environment := profile.Base{Kind: profile.Environment, Profile: "p"}
	for _, test := range []struct {
		base    profile.Base
		env     map[string]string
		problem Problem
		detail  string
	}{
		{profile.Base{}, nil, BaseMissing, ""},
		{profile.Base{Kind: profile.SSO, Profile: "p"}, nil, ListNeedsLongTerm, "p"},
		{profile.Base{Kind: profile.Process, Profile: "p", Source: setting("op")}, nil, ListNeedsLongTerm, "p"},
		{profile.Base{Kind: profile.WebIdentity, Profile: "p"}, nil, ListNeedsLongTerm, "p"},
		{temporary, nil, ListNeedsLongTerm, "main"},
		{environment, nil, EnvironmentEmpty, ""},
		{environment, map[string]string{"AWS_ACCESS_KEY_ID": "ASIA", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"}, ListNeedsLongTerm, "p"},
	} {
		l := newLister(t)
		l.p.Base, l.programs = test.base, printing(t, `{"Version":1,"AccessKeyId":"ASIA","SecretAccessKey":"s","SessionToken":"t"}`)
		for name, value := range test.env {
			l.env[name] = value
		}
		_, err := l.devices(t.Context())
		var e *ConfigError
		if !errors.As(err, &e) || e.Problem != test.problem || e.Detail != test.detail {
			t.Errorf("%s: %v", test.base.Kind, err)
		}
		l.called(0)
	}
	l := newLister(t)
	l.env["AWS_ACCESS_KEY_ID"], l.env["AWS_SECRET_ACCESS_KEY"] = l.want.Base.ID, l.want.Base.Credentials.SecretAccessKey.Reveal()
	l.p.Base = environment
	if devices, err := l.devices(t.Context()); err != nil || len(devices) != 1 {
		t.Errorf("a pair of the environment: %v, %v", devices, err)
	}
}

func TestDevicesRefused(t *testing.T) {
	secret := "MARKED/secret/of/the/key"
	for _, test := range []struct {
		name  string
		spoil func(*lister)
		calls int
		is    func(*RefusedError) bool
	}{
		{"denied", func(l *lister) {
			l.sts.AddUser(stsim.User{Account: "111111111111", Name: "ana", Denied: []string{"iam:*"}})
		}, 2, func(e *RefusedError) bool {
			return e.Code == "AccessDenied" && strings.Contains(e.Message, "iam:ListMFADevices")
		}},
		{"dead key", func(l *lister) { l.sts.Deactivate(l.want.Base.ID) }, 1, (*RefusedError).BadSigner},
		{"wrong secret", func(l *lister) { l.p.Base.SecretAccessKey = setting("x") }, 1, func(e *RefusedError) bool { return e.Code == "SignatureDoesNotMatch" && !e.BadTime() }},
		{"throttled", func(l *lister) {
			l.sts.Inject(stsim.Fault{Status: 400, Code: "Throttling", Message: "Rate exceeded"})
			l.env["AWS_MAX_ATTEMPTS"] = "2"
		}, 2, (*RefusedError).Busy},
		{"not IAM", func(l *lister) { l.sts.Inject(stsim.Fault{Body: "<html>log in"}) }, 1, func(e *RefusedError) bool { return e.NotAWS() && strings.HasSuffix(e.Message, "IAM") }},
		{"nothing in it", func(l *lister) { l.sts.Inject(stsim.Fault{Status: 200}) }, 1, func(e *RefusedError) bool { return e.Code == "IncompleteAnswer" }},
		{"echoes", func(l *lister) {
			l.p.Base.SecretAccessKey = setting(secret)
			l.sts.Inject(stsim.Fault{Status: 400, Code: "ValidationError", Message: "the value " + secret})
		}, 1, func(e *RefusedError) bool { return !strings.Contains(e.Error(), "MARKED") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := newLister(t)
			test.spoil(l)
			_, err := l.devices(t.Context())
			var refused *RefusedError
			if !errors.As(err, &refused) || refused.Call != ListMFADevices || refused.Service() != "IAM" || !test.is(refused) {
				t.Errorf("error %v", err)
			}
			l.called(test.calls)
		})
	}
}

func TestDevicesUnreachable(t *testing.T) {
	l := newLister(t)
	l.env["AWS_ENDPOINT_URL_IAM"] = "http://127.0.0.1:1"
	l.env["AWS_MAX_ATTEMPTS"] = "1"
	_, err := l.devices(t.Context())
	var lost *UnreachableError
	if !errors.As(err, &lost) || lost.Sent || lost.Host != "127.0.0.1:1" || lost.Service() != "IAM" {
		t.Errorf("nothing there: %#v", err)
	}

	l = newLister(t)
	l.sts.Inject(stsim.Fault{Hang: true})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err = l.devices(ctx); !errors.As(err, &lost) || !lost.Slow {
		t.Errorf("no answer: %#v", err)
	}

	l = newLister(t)
	stop := errors.New("Ctrl-C")
	interrupted, interrupt := context.WithCancelCause(t.Context())
	interrupt(stop)
	if _, err = l.devices(interrupted); !errors.Is(err, stop) {
		t.Errorf("interrupted: %v", err)
	}
}

// TestDevicesClock: the SDK learns IAM's clock from the refusal.
func TestDevicesClock(t *testing.T) {
	l := newLister(t)
	l.sts.Skew(2 * time.Hour)
	if devices, err := l.devices(t.Context()); err != nil || len(devices) != 1 {
		t.Errorf("%v, %v", devices, err)
	}
	l.called(2)
}

// TestEndpointOfIAM is found as that of STS is, and is not part of a key.
func TestEndpointOfIAM(t *testing.T) {
	all := map[string]string{"AWS_ENDPOINT_URL_IAM": "http://iam-variable", "AWS_ENDPOINT_URL_STS": "http://sts-variable", "AWS_ENDPOINT_URL": "http://variable"}
	const lines = "services = s\nendpoint_url = http://profile\ndaypass_mfa_serial = " + serial
	for _, test := range []struct {
		lines string
		env   map[string]string
		want  string
	}{
		{lines, all, "http://iam-variable"},
		{lines, map[string]string{"AWS_ENDPOINT_URL": "http://variable", "AWS_ENDPOINT_URL_STS": "http://sts-variable"}, "http://variable"},
		{lines, map[string]string{"AWS_ENDPOINT_URL_STS": "http://sts-variable"}, "http://iam-services"},
		{"endpoint_url = http://profile", nil, "http://profile"},
		{"", nil, ""},
		{lines + "\nignore_configured_endpoint_urls = true", all, ""},
	} {
		p := load(t, test.lines)
		n, err := readNetwork(p, "iam", env(test.env), "")
		if err != nil || n.Endpoint.Value != test.want {
			t.Errorf("%q %v: %q, %v; want %q", test.lines, test.env, n.Endpoint.Value, err, test.want)
		}
	}
	keys := map[string]bool{}
	for _, iam := range []string{"", "http://elsewhere"} {
		getenv := env(map[string]string{"AWS_ENDPOINT_URL_IAM": iam})
		p := load(t, lines)
		n, err := ReadNetwork(p, getenv, "")
		if err != nil {
			t.Fatal(err)
		}
		steps, err := Plan(p, Want{Network: n, Base: Base{Kind: profile.ConfigFile, ID: "AKIA", Credentials: creds.Credentials{AccessKeyID: "AKIA"}}})
		if err != nil {
			t.Fatal(err)
		}
		keys[steps[0].Key] = true
	}
	if len(keys) != 1 {
		t.Error("the endpoint of IAM changes the key")
	}
}
