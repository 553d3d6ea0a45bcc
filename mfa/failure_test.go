package mfa

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

func TestFailureIsRemembered(t *testing.T) {
	refusedError := func(err error) bool {
		var refused *RefusedError
		return errors.As(err, &refused) && refused.Tries == 3
	}
	tests := []struct {
		name  string
		typed []any
		sts   []Outcome
		same  func(error) bool // nil: it is not remembered
	}{
		{"cancelled", []any{io.EOF}, nil, func(err error) bool { return errors.Is(err, ErrCancelled) }},
		{"timed out", []any{nil}, nil, func(err error) bool { return errors.Is(err, ErrTimedOut) }},
		{"refused three times", []any{"111111", "222222", "333333"}, []Outcome{Refused, Refused, Refused}, refusedError},
		{"network", []any{"111111"}, []Outcome{Failed}, nil},
		{"never sent", []any{"111111"}, []Outcome{Unsent}, nil},
		{"no answer, and no other code", []any{"111111", nil}, []Outcome{Lost}, nil},
		{"nobody to ask", []any{io.ErrUnexpectedEOF}, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k, s := types(append(tt.typed, "999999")...), sts(append(tt.sts, Accepted)...)
				a, r := asker(t, k), dev
				r.Until = time.Now().Add(45 * time.Second)
				if err := a.Ask(t.Context(), r, s.try); err == nil {
					t.Fatal("the first question did not fail")
				}
				r.Until, r.Since = time.Time{}, time.Now().Add(-time.Hour) // it waited
				err := a.Ask(t.Context(), r, s.try)
				var remembered *RememberedError
				switch {
				case tt.same == nil && err != nil:
					t.Errorf("the next one is not asked: %v", err)
				case tt.same != nil && (!errors.As(err, &remembered) || !tt.same(err)):
					t.Errorf("the next one got %v", err)
				}
			})
		})
	}
}

// fail cancels one question, and then says that another process group had asked, unless group is ours.
func fail(t *testing.T, a *Asker, group int) {
	t.Helper()
	if err := a.Ask(t.Context(), dev, sts().try); !errors.Is(err, ErrCancelled) {
		t.Fatal(err)
	}
	m := recall(a.State, dev.Serial, a.now)
	f := m.Failures[inTerminal]
	f.Group = group
	m.Failures[inTerminal] = f
	m.save()
}

func TestWhoseFailureItIs(t *testing.T) {
	const other = 1 << 30
	unknown := oneCommand() == 0 // as on Windows
	tests := []struct {
		name  string
		group int
		since time.Duration // before the failure; zero: unknown
		later time.Duration
		asked bool
	}{
		{"same command at once", oneCommand(), 0, 0, unknown},
		{"same command, 9 s later", oneCommand(), 0, 9 * time.Second, unknown},
		{"same command, 10 s later", oneCommand(), 0, 10 * time.Second, true},
		{"waited behind it", other, time.Second, 0, false},
		{"waited behind it for long", other, time.Second, 40 * time.Second, false},
		{"typed afresh", other, -time.Second, 2 * time.Second, true},
		{"of another command, nothing known", other, 0, 0, true},
		{"groups unknown", 0, 0, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, r := asker(t, types(io.EOF, "123456")), dev
				fail(t, a, tt.group)
				if tt.since != 0 {
					r.Since = time.Now().Add(-tt.since)
				}
				time.Sleep(tt.later)
				err := a.Ask(t.Context(), r, sts(Accepted).try)
				var remembered *RememberedError
				if asked := err == nil; asked != tt.asked || !asked && !errors.As(err, &remembered) {
					t.Errorf("asked %v, want %v; error %v", asked, tt.asked, err)
				}
				if remembered != nil && (remembered.Profile != "dev" || remembered.PID == 0) {
					t.Errorf("it does not tell who had asked: %+v", remembered)
				}
			})
		})
	}
}

func TestClockSetBackForgetsFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := asker(t, types(io.EOF, "123456"))
		fail(t, a, oneCommand())
		a.Now = func() time.Time { return time.Now().Add(-time.Hour) }
		if err := a.Ask(t.Context(), dev, sts(Accepted).try); err != nil {
			t.Error(err)
		}
	})
}

// Who asks expressly is asked, and with it the failure is cleared for those who come after.
func TestFreshClearsFailures(t *testing.T) {
	for name, fresh := range map[string]func(*Asker){
		"fresh":      func(a *Asker) { a.Fresh = true },
		"token code": func(a *Asker) { a.TokenCode = "123456" },
	} {
		t.Run(name, func(t *testing.T) {
			a := asker(t, types(io.EOF, "123456"))
			fail(t, a, oneCommand())
			again := *a
			fresh(&again)
			if err := again.Ask(t.Context(), dev, sts(Failed).try); !errors.Is(err, errSTS) {
				t.Error(err)
			}
			if m := recall(a.State, dev.Serial, a.now); len(m.Failures) > 0 {
				t.Errorf("still remembered: %+v", m.Failures)
			}
		})
	}
}

func TestSuccessClearsFailures(t *testing.T) {
	a := asker(t, types(io.EOF, "123456"))
	fail(t, a, 0)
	if err := a.Ask(t.Context(), dev, sts(Accepted).try); err != nil {
		t.Fatal(err)
	}
	if m := recall(a.State, dev.Serial, a.now); len(m.Failures) > 0 {
		t.Errorf("still remembered: %+v", m.Failures)
	}
}

// Ctrl-C is the caller's cause, and no failure for others.
func TestInterruptIsNotRemembered(t *testing.T) {
	errInterrupt := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	a := asker(t, types(func() string { cancel(errInterrupt); return "" }, nil))
	if err := a.Ask(ctx, dev, sts().try); !errors.Is(err, errInterrupt) {
		t.Errorf("error %v", err)
	}
	if m := recall(a.State, dev.Serial, a.now); len(m.Failures) > 0 {
		t.Errorf("remembered: %+v", m.Failures)
	}
}

func TestErrorTexts(t *testing.T) {
	tests := []struct {
		err  error
		want string
	}{
		{&RefusedError{Tries: 1, Err: errSTS}, "the code was refused: " + errSTS.Error()},
		{&RefusedError{Tries: 3, Err: errSTS}, "3 codes were refused, the last one: " + errSTS.Error()},
		{&RefusedError{Tries: 3}, "3 codes were refused"},
		{&RefusedError{Tries: 1, Reused: true, Err: errSTS}, "the code was used already"},
		{&BadCodeError{}, "the code given is not six digits"},
		{&BadCodeError{Program: "a\x1bb"}, `the output of "a\x1bb" is not one code of six digits`},
		{&ProcessError{Program: "x\u202e", Err: errTooMuch}, `running "x\u202e": it printed too much`},
		{&RememberedError{Profile: "dev", Err: ErrCancelled}, `asking for profile "dev" a moment ago: the prompt was cancelled`},
		{&BusyError{Profile: "dev", PID: 7}, `process 7 is asking for the code of profile "dev"`},
		{unavailable(ErrPromptOff), "nobody can be asked for a code: prompting is switched off"},
	}
	for _, tt := range tests {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("%#v reads %q, want %q", tt.err, got, tt.want)
		}
	}
}

// A program has nothing to do with what a person did.
func TestAProgramHasItsOwnFailures(t *testing.T) {
	a, r := asker(t, types()), dev
	r.Since = time.Now().Add(-time.Second)
	fail(t, on(a, types(io.EOF)), 0)
	a.Process, a.Environ = []string{os.Args[0]}, playing("print 123456")
	if err := a.Ask(t.Context(), r, sts(Accepted).try); err != nil {
		t.Error(err)
	}
	a.Environ = playing("fail")
	if err := a.Ask(t.Context(), r, sts().try); err == nil {
		t.Error("the program did not fail")
	}
	a.Process = nil
	if err := on(a, types("234567")).Ask(t.Context(), r, sts(Accepted).try); err != nil {
		t.Errorf("a person is not asked: %v", err)
	}
}

// Who got his turn at the last moment, and no answer in it, does not speak for those behind him.
func TestALateTurnIsNotRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, r := asker(t, types()), dev
		r.Since, r.Until = time.Now().Add(-44*time.Second), time.Now().Add(time.Second)
		if err := a.Ask(t.Context(), r, sts().try); !errors.Is(err, ErrTimedOut) {
			t.Fatal(err)
		}
		r.Until = time.Now().Add(30 * time.Second)
		if err := on(a, types("123456")).Ask(t.Context(), r, sts(Accepted).try); err != nil {
			t.Error(err)
		}
	})
}

func FuzzMemory(f *testing.F) {
	f.Add([]byte(`{"salt":"AAAA","sent":[{"sum":"AA==","at":"2026-01-02T03:04:05Z"}],"failures":{"window":{"kind":"refused","tries":3}}}`))
	f.Add([]byte(`{"salt":"AAAA","failures":{"terminal":{"kind":"?","at":"0001-01-01T00:00:00Z"}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m := &memory{now: time.Now}
		if json.Unmarshal(data, &m.record) != nil {
			return
		}
		_ = m.failed(inWindow, time.Unix(0, 0), 1)
		m.note("123456")
		if _, used := m.sent("123456"); !used {
			t.Errorf("with %q, a code that was sent is not remembered", data)
		}
		m.takeBack()
		m.settle(inTerminal, ErrCancelled, "dev", 1)
		if m.failed(inTerminal, time.Time{}, 1) == nil {
			t.Errorf("with %q, a failure is not remembered", data)
		}
	})
}
