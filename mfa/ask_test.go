package mfa

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"daypass/internal/state"
	"daypass/internal/tty"

	"github.com/google/go-cmp/cmp"
)

const first = "daypass: profile \"dev\" wants a code from arn:aws:iam::111111111111:mfa/ana\nMFA code: \n"

// after lets the time of a bubble pass before code is typed. Bubbles begin at the start of a window.
func after(d time.Duration, code string) func() string {
	return func() string {
		time.Sleep(d)
		return code
	}
}

// describe tells errors apart for comparison.
func describe(err error) string {
	var refused *RefusedError
	if errors.As(err, &refused) {
		return fmt.Sprintf("refused: %d tries, reused %v, %v", refused.Tries, refused.Reused, refused.Err)
	}
	return fmt.Sprint(err)
}

func TestConversation(t *testing.T) {
	const notACode = "daypass: that is no code: type the six digits that your device shows\nMFA code: \n"
	const refused = "daypass: profile \"dev\": that code was refused: it is wrong, or was used elsewhere\nMFA code: \n"
	const again = "daypass: that code was refused already; type the one that your device shows"
	const lost = "daypass: profile \"dev\": no answer came to that code, it may be used up; "
	tests := []struct {
		name   string
		typed  []any
		sts    []Outcome
		screen string
		sent   string
		err    string
	}{
		{"at once", []any{"123456"}, []Outcome{Accepted}, first, "123456", "<nil>"},
		{"as apps show it", []any{" 123 456"}, []Outcome{Accepted}, first, "123456", "<nil>"},
		{"no codes first", []any{"", "hunter2", "１２３４５６", tty.ErrLineTooLong, "12345", "1234567", "123456"}, []Outcome{Accepted},
			first + strings.Repeat(notACode, 6), "123456", "<nil>"},
		{"wrong, then right", []any{"111111", "222222"}, []Outcome{Refused, Accepted}, first + refused, "111111 222222", "<nil>"},
		{"wrong three times", []any{"111111", "222222", "333333", "444444"}, []Outcome{Refused, Refused, Refused},
			first + refused + refused, "111111 222222 333333", "refused: 3 tries, reused false, " + errSTS.Error()},
		{"the same again in its window", []any{"111111", after(18*time.Second, "111111"), "222222"}, []Outcome{Refused, Accepted},
			first + refused + again + " now, or the next one in 12 s\nMFA code: \n", "111111 222222", "<nil>"},
		{"the same again in the next window", []any{"111111", after(31*time.Second, "111111"), "222222"}, []Outcome{Refused, Accepted},
			first + refused + again + "\nMFA code: \n", "111111 222222", "<nil>"},
		{"used codes are no tries", []any{"111111", "111111", "111111", "111111", "222222"}, []Outcome{Refused, Accepted},
			first + refused + strings.Repeat(again+" now, or the next one in 30 s\nMFA code: \n", 3), "111111 222222", "<nil>"},
		{"the answer lost", []any{after(20*time.Second, "111111"), "222222"}, []Outcome{Lost, Accepted},
			first + lost + "the next one comes in 10 s\nMFA code: \n", "111111 222222", "<nil>"},
		{"lost three times", []any{"111111", "222222", "333333", "444444"}, []Outcome{Lost, Lost, Lost},
			first + strings.Repeat(lost+"the next one comes in 30 s\nMFA code: \n", 2), "111111 222222 333333", errSTS.Error()},
		{"lost, and nobody types again", []any{"111111"}, []Outcome{Lost}, first + lost + "the next one comes in 30 s\nMFA code: \n", "111111", errSTS.Error()},
		{"lost, then cancelled", []any{"111111", io.EOF}, []Outcome{Lost}, first + lost + "the next one comes in 30 s\nMFA code: \n", "111111", ErrCancelled.Error()},
		{"never sent", []any{"111111"}, []Outcome{Unsent}, first, "111111", errSTS.Error()},
		{"failed", []any{"111111"}, []Outcome{Failed}, first, "111111", errSTS.Error()},
		{"Ctrl-D", []any{io.EOF}, nil, first, "", ErrCancelled.Error()},
		{"wrong, then Ctrl-D", []any{"111111", io.EOF}, []Outcome{Refused}, first + refused, "111111", ErrCancelled.Error()},
		{"nobody types", nil, nil, first, "", ErrTimedOut.Error()},
		{"the terminal goes to another program", []any{tty.ErrRaw}, nil, first, "", "nobody can be asked for a code: the terminal is used by a full-screen program; there is no display"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k, s := types(tt.typed...), sts(tt.sts...)
				r := dev
				r.Until = time.Now().Add(45 * time.Second)
				err := asker(t, k).Ask(t.Context(), r, s.try)
				if got := describe(err); got != tt.err {
					t.Errorf("error %q, want %q", got, tt.err)
				}
				if got := strings.Join(s.codes, " "); got != tt.sent {
					t.Errorf("sent %q, want %q", got, tt.sent)
				}
				if diff := cmp.Diff(tt.screen, k.see()); diff != "" {
					t.Errorf("screen (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestOpening(t *testing.T) {
	tests := []struct {
		name   string
		r      Request
		screen string
	}{
		{"all of it", Request{Profile: "dev", Serial: "GAHT12345678", Caller: "aws", NotKept: "no keyring answers here", Host: "sts.example.internal:8080", Plain: true},
			"daypass: profile \"dev\" wants a code from GAHT12345678 (asked by aws)\n" +
				"daypass: the credentials will not be kept: no keyring answers here\n" +
				"daypass: the code goes to sts.example.internal:8080, not encrypted\nMFA code: \n"},
		{"encrypted", Request{Profile: "dev", Serial: "s", Host: "sts.example.internal"},
			"daypass: profile \"dev\" wants a code from s\ndaypass: the code goes to sts.example.internal\nMFA code: \n"},
		{"made visible", Request{Profile: "d\x1b[2J", Serial: "s\u202e", Caller: "a\nb", NotKept: "\u009b", Host: "h\a"},
			`daypass: profile "d\x1b[2J" wants a code from s\u202e (asked by a\nb)` + "\n" +
				`daypass: the credentials will not be kept: \u009b` + "\n" + `daypass: the code goes to h\x07` + "\nMFA code: \n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := types("123456")
			if err := asker(t, k).Ask(t.Context(), tt.r, sts(Accepted).try); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.screen, k.see()); diff != "" {
				t.Errorf("screen (-want +got):\n%s", diff)
			}
		})
	}
}

// What a code did in one Ask is known to the next, in whichever process.
func TestCodesAreRememberedAcrossAsks(t *testing.T) {
	const hint = "daypass: the code sent before is not taken again; the next one comes in 30 s\n"
	tests := []struct {
		name    string
		outcome Outcome
		later   time.Duration
		sent    int
	}{
		{"accepted", Accepted, 0, 1},
		{"failed", Failed, 0, 1},
		{"just within", Accepted, 89 * time.Second, 1},
		{"forgotten", Accepted, 90 * time.Second, 2},
		{"never reached STS", Unsent, 0, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k, s := types("123456", "123456", io.EOF), sts(tt.outcome, Accepted)
				a := asker(t, k)
				_ = a.Ask(t.Context(), dev, s.try)
				time.Sleep(tt.later)
				_ = a.Ask(t.Context(), dev, s.try)
				if len(s.codes) != tt.sent {
					t.Errorf("sent %d times, want %d", len(s.codes), tt.sent)
				}
				if told := strings.Contains(k.see(), hint); told != (tt.later == 0 && tt.outcome != Unsent) {
					t.Errorf("told that a new code is due: %v\n%s", told, k.see())
				}
			})
		})
	}
}

func TestCodesOfAnotherDeviceMayBeEqual(t *testing.T) {
	a, s := asker(t, types("123456", "123456")), sts(Accepted, Accepted)
	for _, serial := range []string{"one", "other"} {
		if err := a.Ask(t.Context(), Request{Serial: serial}, s.try); err != nil {
			t.Error(err)
		}
	}
}

// The memory is written before the code is sent: a process that is killed in between has sent it.
func TestMemoryIsWrittenFirst(t *testing.T) {
	a := asker(t, types("123456"))
	err := a.Ask(t.Context(), dev, func(context.Context, string) (Outcome, error) {
		if _, used := recall(a.State, dev.Serial, time.Now).sent("123456"); !used {
			t.Error("the code is sent, but not remembered")
		}
		return Accepted, nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestNoCodeIsKept(t *testing.T) {
	folder := t.TempDir()
	a := asker(t, types("hunter2", "123456", "234567"))
	a.State = state.New(folder)
	if err := a.Ask(t.Context(), dev, sts(Refused, Accepted).try); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(folder, "*", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("files %q, %v", files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		for _, secret := range []string{"hunter2", "123456", "234567"} {
			if err != nil || strings.Contains(string(data), secret) {
				t.Errorf("%s holds %s, %v", data, secret, err)
			}
		}
	}
	if m := recall(state.New(folder), dev.Serial, time.Now); len(m.Salt) == 0 || len(m.Sent) != 2 {
		t.Errorf("the memory holds %d codes, salt %x", len(m.Sent), m.Salt)
	}
}

func TestSpoiltMemoryIsForgotten(t *testing.T) {
	for _, data := range []string{"", "{", "null", `{"salt":5}`, `{"sent":[{"sum":"AA=="}]}`} {
		a := asker(t, types("123456"))
		if err := a.State.Write("mfa/"+serialName(dev.Serial)+".json", []byte(data)); err != nil {
			t.Fatal(err)
		}
		if err := a.Ask(t.Context(), dev, sts(Accepted).try); err != nil {
			t.Errorf("with %q: %v", data, err)
		}
	}
}

func TestWithoutStateFolder(t *testing.T) {
	for name, dir := range map[string]*state.Dir{"none": nil, "unusable": state.New("")} {
		t.Run(name, func(t *testing.T) {
			k, s := types("123456", "123456", "234567"), sts(Refused, Accepted)
			a := asker(t, k)
			a.State = dir
			if err := a.Ask(t.Context(), dev, s.try); err != nil {
				t.Fatal(err)
			}
			if want := []string{"123456", "234567"}; !slices.Equal(s.codes, want) {
				t.Errorf("sent %q, want %q", s.codes, want)
			}
		})
	}
}

// Who wanted the code is gone, or gives up: what is typed then is not sent.
func TestNotSentAfterTheCallerDied(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	s := sts(Accepted)
	k := types(func() string {
		cancel(io.ErrClosedPipe)
		return "123456"
	})
	err := asker(t, k).Ask(ctx, dev, s.try)
	if !errors.Is(err, io.ErrClosedPipe) || len(s.codes) != 0 {
		t.Errorf("error %v, sent %q", err, s.codes)
	}
}

// A code that was typed in time is sent, and neither Until nor Ctrl-Z breaks off the call.
func TestUntilEndsAskingOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := dev
		r.Until = time.Now().Add(10 * time.Second)
		err := asker(t, types(after(9*time.Second, "123456"))).Ask(t.Context(), r, func(ctx context.Context, _ string) (Outcome, error) {
			time.Sleep(10 * time.Second)
			if ctx.Err() != nil {
				return Failed, context.Cause(ctx)
			}
			return Accepted, nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// Who interrupts the call is not asked again.
func TestInterruptedWhileSending(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	k := types("123456", "234567")
	err := asker(t, k).Ask(ctx, dev, func(context.Context, string) (Outcome, error) {
		cancel(io.ErrClosedPipe)
		return Lost, errSTS
	})
	if !errors.Is(err, io.ErrClosedPipe) || k.see() != first {
		t.Errorf("error %v, screen:\n%s", err, k.see())
	}
}

func TestUntilIsPast(t *testing.T) {
	k, r := types("123456"), dev
	r.Until = time.Now().Add(-time.Second)
	if err := asker(t, k).Ask(t.Context(), r, sts().try); !errors.Is(err, ErrTimedOut) || k.see() != "" {
		t.Errorf("error %v, screen %q", err, k.see())
	}
}

// The clock is what Now and After say it is.
func TestClock(t *testing.T) {
	start := time.Unix(1700000000, 0)
	timers := make(chan time.Duration, 1)
	a := asker(t, types())
	a.Now = func() time.Time { return start }
	a.After = func(d time.Duration) <-chan time.Time {
		timers <- d
		return time.After(0)
	}
	r := dev
	r.Until = start.Add(45 * time.Second)
	if err := a.Ask(t.Context(), r, sts().try); !errors.Is(err, ErrTimedOut) {
		t.Errorf("error %v", err)
	}
	if d := <-timers; d != 45*time.Second {
		t.Errorf("waited %v", d)
	}
}

func TestAvailable(t *testing.T) {
	none := func() (Terminal, error) { return nil, fmt.Errorf("opening: %w", tty.ErrNone) }
	background := func() (Terminal, error) { return nil, tty.ErrBackground }
	raw := func() (Terminal, error) { return nil, tty.ErrRaw }
	forbidden := func() (Terminal, error) {
		t.Error("a terminal was opened")
		return nil, tty.ErrNone
	}
	tests := []struct {
		name string
		a    Asker
		want error
	}{
		{"terminal", Asker{Terminal: types().terminal}, nil},
		{"terminal chosen", Asker{Terminal: types().terminal, Prompt: "terminal"}, nil},
		{"no terminal", Asker{Terminal: none}, tty.ErrNone},
		{"background", Asker{Terminal: background}, tty.ErrBackground},
		{"full-screen program", Asker{Terminal: raw}, tty.ErrRaw},
		{"no prompt", Asker{Terminal: forbidden, NoPrompt: true}, ErrPromptOff},
		{"prompt = none", Asker{Terminal: forbidden, Prompt: "none"}, ErrPromptOff},
		{"a code given", Asker{Terminal: forbidden, NoPrompt: true, TokenCode: "123456"}, nil},
		{"a program", Asker{Terminal: forbidden, NoPrompt: true, Process: []string{"x"}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			folder := t.TempDir()
			tt.a.State, tt.a.seen = state.New(folder), &seen{err: ErrNoDisplay}
			err := tt.a.Available()
			if !errors.Is(err, tt.want) || (err != nil) != errors.Is(err, ErrUnavailable) {
				t.Fatalf("error %v, want %v", err, tt.want)
			}
			if err == nil {
				return
			}
			if err := tt.a.Ask(t.Context(), dev, sts().try); !errors.Is(err, tt.want) {
				t.Errorf("Ask: %v, want %v", err, tt.want)
			}
			if left, _ := os.ReadDir(folder); len(left) != 0 {
				t.Errorf("left in the state folder: %v", left)
			}
		})
	}
}

func TestTokenCode(t *testing.T) {
	tests := []struct {
		name, code string
		outcomes   []Outcome
		sent       int
		err        string
	}{
		{"accepted", "123 456", []Outcome{Accepted}, 1, "<nil>"},
		{"refused is final", "123456", []Outcome{Refused}, 1, "refused: 1 tries, reused false, " + errSTS.Error()},
		{"lost is final", "123456", []Outcome{Lost}, 1, errSTS.Error()},
		{"no code", "hunter2", nil, 0, "the code given is not six digits"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k, s := types("999999"), sts(tt.outcomes...)
			a := asker(t, k)
			a.TokenCode, a.NoPrompt = tt.code, true
			a.Process = []string{"/nonexistent"}
			err := a.Ask(t.Context(), dev, s.try)
			if got := describe(err); got != tt.err || len(s.codes) != tt.sent || k.see() != "" {
				t.Errorf("error %q, want %q; sent %q; screen %q", got, tt.err, s.codes, k.see())
			}
			if tt.sent == 0 {
				return
			}
			err = a.Ask(t.Context(), dev, s.try)
			if got := describe(err); got != "refused: 0 tries, reused true, <nil>" || len(s.codes) != tt.sent {
				t.Errorf("the same code again: %q, sent %q", got, s.codes)
			}
		})
	}
}

func TestNothingSecretIsPrinted(t *testing.T) {
	a := Asker{TokenCode: "123456", Process: []string{"oathtool", "SEED"}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		for _, value := range []any{a, &a, asking{Asker: &a}, []Asker{a}} {
			if text := fmt.Sprintf(verb, value); strings.Contains(text, "123456") || strings.Contains(text, "SEED") || strings.Contains(text, "53454544") {
				t.Errorf("%s of %T shows %s", verb, value, text)
			}
		}
	}
}
