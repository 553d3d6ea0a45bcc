package mfa

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// runs makes a asks a program that plays part.
func runs(a *Asker, part string) *Asker {
	a.Process, a.Environ = []string{os.Args[0], "SEED"}, playing(part)
	return a
}

func TestProcess(t *testing.T) {
	const profile = `daypass: profile "dev": `
	tests := []struct {
		name  string
		codes string // what it prints, run after run
		until time.Duration
		sts   []Outcome
		runs  int
		err   string
		tells string
	}{
		{"at once", "123456", time.Minute, []Outcome{Accepted}, 1, "<nil>", ""},
		{"refused, then right", "111111 222222", time.Minute, []Outcome{Refused, Accepted}, 2, "<nil>",
			profile + "that code was refused: it is wrong, or was used elsewhere; another is fetched in 20 s\n"},
		{"lost, then right", "111111 222222", time.Minute, []Outcome{Lost, Accepted}, 2, "<nil>",
			profile + "no answer came to that code, it may be used up; another is fetched in 20 s\n"},
		{"refused twice", "111111 222222 333333", time.Minute, []Outcome{Refused, Refused}, 2, "refused: 2 tries, reused false, " + errSTS.Error(),
			profile + "that code was refused: it is wrong, or was used elsewhere; another is fetched in 20 s\n"},
		{"lost twice", "111111 222222 333333", time.Minute, []Outcome{Lost, Lost}, 2, errSTS.Error(),
			profile + "no answer came to that code, it may be used up; another is fetched in 20 s\n"},
		{"always the same", "111111 111111 111111", time.Minute, []Outcome{Refused}, 2, "refused: 1 tries, reused true, " + errSTS.Error(),
			profile + "that code was refused: it is wrong, or was used elsewhere; another is fetched in 20 s\n"},
		{"no time for the next window", "111111 222222", 20 * time.Second, []Outcome{Refused}, 1, "refused: 1 tries, reused false, " + errSTS.Error(), ""},
		{"never sent", "111111 222222", time.Minute, []Outcome{Unsent}, 1, errSTS.Error(), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			count := filepath.Join(t.TempDir(), "runs")
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(10 * time.Second)
				k, s, r := types(), sts(tt.sts...), dev
				r.Until = time.Now().Add(tt.until)
				err := runs(asker(t, k), "count "+count+" "+tt.codes).Ask(t.Context(), r, s.try)
				if got := describe(err); got != tt.err {
					t.Errorf("error %q, want %q", got, tt.err)
				}
				if done, _ := os.ReadFile(count); len(done) != tt.runs || len(s.codes) != len(tt.sts) {
					t.Errorf("%d runs, want %d; sent %q", len(done), tt.runs, s.codes)
				}
				if k.see() != tt.tells {
					t.Errorf("screen %q, want %q", k.see(), tt.tells)
				}
			})
		})
	}
}

// A code that another process has sent is not sent, and the program gets its second run.
func TestProcessGivesAUsedCode(t *testing.T) {
	count := filepath.Join(t.TempDir(), "runs")
	synctest.Test(t, func(t *testing.T) {
		a := asker(t, types("111111"))
		if err := a.Ask(t.Context(), dev, sts(Accepted).try); err != nil {
			t.Fatal(err)
		}
		s := sts(Accepted)
		if err := runs(a, "count "+count+" 111111 222222").Ask(t.Context(), dev, s.try); err != nil {
			t.Error(err)
		}
		if !slices.Equal(s.codes, []string{"222222"}) {
			t.Errorf("sent %q", s.codes)
		}
	})
}

// The next window has begun while STS took its time: nothing is waited for.
func TestProcessInTheNextWindow(t *testing.T) {
	count := filepath.Join(t.TempDir(), "runs")
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(25 * time.Second)
		k, s := types(), sts(Refused, Accepted)
		start := time.Now()
		err := runs(asker(t, k), "count "+count+" 111111 222222").Ask(t.Context(), dev, func(ctx context.Context, code string) (Outcome, error) {
			time.Sleep(7 * time.Second)
			return s.try(ctx, code)
		})
		if err != nil || time.Since(start) != 14*time.Second || k.see() != "" {
			t.Errorf("error %v after %v, screen %q", err, time.Since(start), k.see())
		}
	})
}

// notStarted is the error of a program that is not there, in the words of this system.
func notStarted(program string) string {
	return fmt.Sprintf("running %q: %v", program, exec.Command(program).Start())
}

func TestProcessFails(t *testing.T) {
	tests := []struct{ name, part, program, err string }{
		{"no code", "print hunter2", os.Args[0], fmt.Sprintf("the output of %q is not one code of six digits", os.Args[0])},
		{"two codes", "print 123456 234567", os.Args[0], fmt.Sprintf("the output of %q is not one code of six digits", os.Args[0])},
		{"no output", "print", os.Args[0], fmt.Sprintf("the output of %q is not one code of six digits", os.Args[0])},
		{"too much", "print " + strings.Repeat(" ", maxOutput) + "123456", os.Args[0], fmt.Sprintf("running %q: it printed too much", os.Args[0])},
		{"exit status", "fail 123456", os.Args[0], fmt.Sprintf("running %q: exit status 7", os.Args[0])},
		{"missing", "", "/nonexistent/oathtool", notStarted("/nonexistent/oathtool")},
		{"not on PATH", "", "no-such-oathtool", notStarted("no-such-oathtool")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := runs(asker(t, types()), tt.part)
			a.Process[0] = tt.program
			err := a.Ask(t.Context(), dev, sts().try)
			if got := fmt.Sprintf("%v", err); got != tt.err {
				t.Errorf("error %q, want %q", got, tt.err)
			}
			if m := recall(a.State, dev.Serial, a.now); len(m.Failures) > 0 {
				t.Errorf("remembered: %+v", m.Failures)
			}
		})
	}
}

// What the program says on stderr is seen even if it ends no line, and nowhere when the terminal must not be used.
func TestProcessSpeaks(t *testing.T) {
	for _, quiet := range []bool{false, true} {
		k := types()
		a := runs(asker(t, k), "fail 123456")
		a.NoPrompt = quiet
		var failed *ProcessError
		if err := a.Ask(t.Context(), dev, sts().try); !errors.As(err, &failed) {
			t.Errorf("error %v", err)
		}
		want := "touch your \x1b[31mkey\n" // a real terminal makes it visible
		if quiet {
			want = ""
		}
		if k.see() != want {
			t.Errorf("no prompt %v: screen %q, want %q", quiet, k.see(), want)
		}
	}
}

func TestRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := types()
		terminal, _ := k.terminal()
		r := &relay{terminal: terminal}
		see := func(want string) {
			t.Helper()
			if k.see() != want {
				t.Errorf("screen %q, want %q", k.see(), want)
			}
		}
		fmt.Fprint(r, "one\r\ntwo\nthr")
		see("one\ntwo\n")
		time.Sleep(pause / 2)
		fmt.Fprint(r, "ee")
		time.Sleep(pause + 1)
		see("one\ntwo\nthree\n")
		fmt.Fprint(r, strings.Repeat("x", maxRelayed+1))
		see("one\ntwo\nthree\n" + strings.Repeat("x", maxRelayed+1) + "\n")
		fmt.Fprint(r, "end")
		r.close()
		r.flush()
		if !strings.HasSuffix(k.see(), "x\nend\n") || k.open != 0 {
			t.Errorf("screen %q, %d terminals open", k.see(), k.open)
		}
	})
}

func TestChildEnviron(t *testing.T) {
	tests := []struct {
		name      string
		callers   string
		have, get []string
	}{
		{"kept", "", []string{"HOME=/home/ana", "AWS_PROFILE=dev", "AWS_REGION=eu-west-1", "EMPTY="}, []string{"HOME=/home/ana", "AWS_PROFILE=dev", "AWS_REGION=eu-west-1", "EMPTY="}},
		{"AWS keys", "", []string{"AWS_ACCESS_KEY_ID=A", "AWS_SECRET_ACCESS_KEY=B", "AWS_SESSION_TOKEN=C", "AWS_SECURITY_TOKEN=D", "AWS_ACCESS_KEY=E",
			"AWS_SECRET_KEY=F", "AWS_CREDENTIAL_EXPIRATION=G", "AWS_BEARER_TOKEN_BEDROCK=H", "AWS_WEB_IDENTITY_TOKEN_FILE=I",
			"AWS_CONTAINER_AUTHORIZATION_TOKEN=J", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=K", "aws_secret_access_key=L"}, nil},
		{"our own", "dev", []string{"DAYPASS_TOKEN_CODE=123456", "DAYPASS_CALLERS=old", "DAYPASS_STORE=none"}, []string{"DAYPASS_STORE=none", "DAYPASS_CALLERS=dev"}},
		{"no callers", "", []string{"DAYPASS_CALLERS=old"}, nil},
		{"a bundle's libraries", "", []string{"LD_LIBRARY_PATH=/tmp/_MEI1", "LD_PRELOAD=x"}, []string{"LD_PRELOAD=x"}},
		{"put back", "", []string{"LD_LIBRARY_PATH_ORIG=/opt/lib", "LD_LIBRARY_PATH=/tmp/_MEI1"}, []string{"LD_LIBRARY_PATH=/opt/lib"}},
		{"there were none", "", []string{"LD_LIBRARY_PATH_ORIG=", "LD_LIBRARY_PATH=/tmp/_MEI1"}, nil},
		{"macOS", "", []string{"DYLD_LIBRARY_PATH=/tmp/_MEI1", "DYLD_LIBRARY_PATH_ORIG=/opt/lib", "DYLD_INSERT_LIBRARIES=x"}, []string{"DYLD_LIBRARY_PATH=/opt/lib"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.get, childEnviron(tt.have, tt.callers)); diff != "" {
				t.Errorf("environment (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRunGivesNoStdinAndItsEnvironment(t *testing.T) {
	out, err := Run(t.Context(), Child{Args: []string{os.Args[0]}, Environ: playing("env", "AWS_SESSION_TOKEN=secret", "A=b"), Callers: "dev,ops", MaxOutput: 1 << 16})
	if err != nil {
		t.Fatal(err)
	}
	text := string(out)
	if !strings.HasPrefix(text, "stdin 0 <nil>\n") || !strings.Contains(text, "\nA=b\n") || !strings.Contains(text, "\nDAYPASS_CALLERS=dev,ops\n") || strings.Contains(text, "secret") {
		t.Errorf("the child saw:\n%s", text)
	}
}
