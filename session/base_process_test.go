package session

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"daypass/creds"
	"daypass/profile"
)

// programs stand for what runs a program, and count the runs.
type programs struct {
	t    *testing.T
	out  string
	err  error
	args [][]string
}

func printing(t *testing.T, out string) *programs { return &programs{t: t, out: out} }

func (p *programs) Run(_ context.Context, args []string, limit int) ([]byte, error) {
	p.args = append(p.args, args)
	if limit != programOutput {
		p.t.Errorf("the limit is %d", limit)
	}
	return []byte(p.out), p.err
}

// pair is what a program prints of a pair.
func pair(c creds.Credentials) string {
	return fmt.Sprintf(`{"Version":1,"AccessKeyId":%q,"SecretAccessKey":%q}`, c.AccessKeyID, c.SecretAccessKey.Reveal())
}

// temporaryOf prints temporary credentials of ana that live so long.
func (w *world) temporaryOf(d time.Duration) string {
	w.t.Helper()
	c := w.session()
	return fmt.Sprintf(`{"Version":1,"AccessKeyId":%q,"SecretAccessKey":%q,"SessionToken":%q,"Expiration":%q}`,
		c.AccessKeyID, c.SecretAccessKey.Reveal(), c.SessionToken.Reveal(), at(d))
}

// withProgram has ana's base credentials printed by a program.
func (w *world) withProgram(out string) *programs {
	w.t.Helper()
	w.defined(profile.Base{Kind: profile.Process, Profile: "main", Source: setting("op read 'a b'"), Defining: []profile.Setting{{Key: "credential_process", Value: "op read 'a b'"}}}, nil)
	return printing(w.t, out)
}

// defined makes b the base.
func (w *world) defined(b profile.Base, variables map[string]string) {
	w.t.Helper()
	w.p.Base = b
	var err error
	if w.want.Base, err = ReadBase(&w.p, env(variables)); err != nil {
		w.t.Fatal(err)
	}
}

func with(p *programs) func(*Getter) { return func(g *Getter) { g.Programs = p } }

func TestAProgramIsRunToSignAlone(t *testing.T) {
	w := newWorld(t)
	w.withRole(roleA, roleB)
	p := w.withProgram(pair(w.want.Base.Credentials))
	first := w.must(with(p))
	w.expect("cold", 1, 1, 2)
	if len(p.args) != 1 || strings.Join(p.args[0], "|") != "op|read|a b" {
		t.Errorf("ran %q", p.args)
	}
	if second := w.must(with(p)); second.AccessKeyID != first.AccessKeyID || len(p.args) != 1 {
		t.Errorf("a hit: ran %q", p.args)
	}
	w.pass(50 * time.Minute)
	w.must(with(p))
	w.expect("renewed by the role before it", 1, 1, 3)
	if len(p.args) != 1 {
		t.Error("the session signs, and the program is run")
	}
}

// Who stands in line for the lock has not run the program: it may ask a person.
func TestAProgramIsRunUnderTheLock(t *testing.T) {
	w := newWorld(t)
	p := w.withProgram(pair(w.want.Base.Credentials))
	w.person.away = errors.New("nobody")
	if _, err := w.get(with(p)); !errors.Is(err, w.person.away) || len(p.args) != 0 {
		t.Errorf("got %v, ran %q", err, p.args)
	}
	w.person.away = nil
	w.must(with(p), func(g *Getter) {
		g.Programs = checking{p, func() {
			if w.cache.lockN != 1 {
				t.Errorf("%d locks", w.cache.lockN)
			}
		}}
	})
}

// checking does something before a program is run.
type checking struct {
	Programs
	do func()
}

func (c checking) Run(ctx context.Context, args []string, limit int) ([]byte, error) {
	c.do()
	return c.Programs.Run(ctx, args, limit)
}

func TestAProgramOfTemporaryCredentials(t *testing.T) {
	t.Run("and a serial", func(t *testing.T) {
		w := newWorld(t)
		p := w.withProgram(w.temporaryOf(time.Hour))
		var problem *ConfigError
		if _, err := w.get(with(p)); !errors.As(err, &problem) || problem.Problem != CodeNeedsLongTerm || problem.Detail != "main" {
			t.Errorf("got %v", err)
		}
		w.expect("before anybody is asked", 0, 0, 0)
	})
	t.Run("and a long role", func(t *testing.T) {
		w := newWorld(t)
		w.p.MFASerial = setting("")
		w.p.Roles = []profile.Role{role(roleB, 2*time.Hour)}
		p := w.withProgram(w.temporaryOf(time.Hour))
		if got := w.must(with(p)); got.Life() > time.Hour+time.Second {
			t.Errorf("lives %s", got.Life())
		}
		w.expect("within what STS gives", 0, 0, 1)
		if got := w.must(with(p)); !got.Cached || len(p.args) != 1 {
			t.Errorf("%+v, ran %q", got, p.args)
		}
	})
	t.Run("and a wish", func(t *testing.T) {
		w := newWorld(t)
		w.p.MFASerial = setting("")
		w.p.Roles = []profile.Role{role(roleB, 2*time.Hour)}
		w.want.MinRemaining = 90 * time.Minute
		p := w.withProgram(w.temporaryOf(time.Hour))
		var problem *ConfigError
		if _, err := w.get(with(p)); !errors.As(err, &problem) || problem.Problem != WishTooLong {
			t.Errorf("got %v", err)
		}
	})
	t.Run("that have expired", func(t *testing.T) {
		w := newWorld(t)
		w.p.MFASerial = setting("")
		w.withRole(roleB)
		p := w.withProgram(w.temporaryOf(-time.Second))
		var problem *BaseError
		if _, err := w.get(with(p)); !errors.As(err, &problem) || problem.Problem != BaseExpired {
			t.Errorf("got %v", err)
		}
		w.expect("no call", 0, 0, 0)
	})
}

func TestAProgramFails(t *testing.T) {
	for _, test := range []struct {
		out     string
		err     error
		problem BaseProblem
	}{
		{"", errors.New(`running "op": exit status 1`), ProgramFailed},
		{"", context.DeadlineExceeded, ProgramSlow},
		{"", nil, BaseUnreadable},
		{`{"Version":1,"AccessKeyId":"AKIA","SecretAccessKey":"MARKED"`, nil, BaseUnreadable},
	} {
		w := newWorld(t)
		p := w.withProgram(test.out)
		p.err = test.err
		_, err := w.get(with(p))
		var problem *BaseError
		if !errors.As(err, &problem) || problem.Problem != test.problem || problem.Detail != "op" || !errors.Is(err, test.err) && test.problem == ProgramFailed {
			t.Errorf("%+v: %v", test, err)
		}
		w.expect("nobody is asked", 0, 0, 0)
	}
}

// What is left is handed out if the program fails.
func TestAProgramFailsAndSomethingIsLeft(t *testing.T) {
	w := newWorld(t)
	w.p.MFASerial = setting("")
	w.withRole(roleB)
	p := w.withProgram(pair(w.want.Base.Credentials))
	first := w.must(with(p))
	w.pass(50 * time.Minute)
	p.err = errors.New("not today")
	if got := w.must(with(p)); got.AccessKeyID != first.AccessKeyID || !errors.Is(got.Failed, p.err) {
		t.Errorf("got %+v", got)
	}
}

func TestParseProcess(t *testing.T) {
	const id, key = `"AccessKeyId":"AKIA",`, `"SecretAccessKey":"MARKED/secret"`
	for _, test := range []struct {
		out string
		ok  bool
	}{
		{`{"Version":1,` + id + key + `}`, true},
		{` {"Version": 1, ` + id + key + `,"SessionToken":null,"Expiration":null,"More":{}}` + "\r\n", true},
		{`{"Version":1,` + id + key + `,"SessionToken":"t","Expiration":"2026-03-02T09:14:07Z"}`, true},
		{`{"Version":1,` + id + key + `,"SessionToken":"t","Expiration":"2026-03-02T09:14:07.5+01:00"}`, true},
		{`{"Version":1,` + id + key + `,"SessionToken":"t","Expiration":"2026-03-02T09:14:07+0000"}`, true},
		{`{"Version":1,` + id + key + `,"SessionToken":"t","Expiration":"2026-03-02T09:14:07.123456-0130"}`, true},
		{``, false},
		{`null`, false},
		{`[]`, false},
		{`{}`, false},
		{`{` + id + key + `}`, false},
		{`{"Version":2,` + id + key + `}`, false},
		{`{"Version":"1",` + id + key + `}`, false},
		{`{"Version":1,` + key + `}`, false},
		{`{"Version":1,` + id + `"SecretAccessKey":""}`, false},
		{`{"Version":1,"AccessKeyId":"AKIA\nX: y",` + key + `}`, false},
		{`{"Version":1,` + id + key + `,"SessionToken":"a b"}`, false},
		{`{"Version":1,` + id + `"SecretAccessKey":["MARKED"]}`, false},
		{`{"Version":1,` + id + key + `,"Expiration":"MARKED"}`, false},
		{`{"Version":1,` + id + key + `,"Expiration":1772442847}`, false},
		{`{"Version":1,` + id + key + `} trailing`, false},
		{`{"Version":1,` + id + key, false},
		{"\ufeff" + `{"Version":1,` + id + key + `}`, false},
	} {
		c, ok, problem := parseProcess([]byte(test.out))
		if ok != test.ok || ok && (c.AccessKeyID != "AKIA" || c.SecretAccessKey.Reveal() != "MARKED/secret" || c.Temporary() != strings.Contains(test.out, `:"t"`)) {
			t.Errorf("%s: %+v, %v", test.out, c, ok)
		}
		if (problem != nil) != strings.Contains(test.out, `"Expiration":"MARKED"`) || problem != nil && strings.Contains(problem.Error(), "MARKED") {
			t.Errorf("%s: %v", test.out, problem)
		}
		if c.Expiration.IsZero() != !strings.Contains(test.out, `"2026`) && ok {
			t.Errorf("%s: ends %s", test.out, c.Expiration)
		}
	}
}

func FuzzParseProcess(f *testing.F) {
	f.Add([]byte(`{"Version":1,"AccessKeyId":"AKIA","SecretAccessKey":"s","SessionToken":"t","Expiration":"2026-03-02T09:14:07Z"}`))
	f.Fuzz(func(t *testing.T, out []byte) {
		if c, ok, _ := parseProcess(out); ok && (c.AccessKeyID == "" || c.SecretAccessKey.Empty() || strings.ContainsAny(c.AccessKeyID+c.SessionToken.Reveal(), " \r\n\x00")) {
			t.Errorf("%q is taken", out)
		}
	})
}
