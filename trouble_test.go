//go:build unix

package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"daypass/internal/stsim"
)

// The answer to the first code is lost: it may be used up, so another is asked
// for, and each goes out once.
func TestALostAnswerAsksForAnotherCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sts.Inject(stsim.Fault{Action: "GetSessionToken", Times: 1, Drop: true})
	p := w.ask("dev")
	codes := []string{w.sts.Code(device)}
	p.answer(codes[0])
	p.Expect("no answer came to that code, it may be used up")
	codes = append(codes, w.sts.Code(device))
	p.answer(codes[1])
	p.end().credentials()
	w.counts(2, 1)
	for i, r := range w.sts.Requests()[:2] {
		if got := r.Form.Get("TokenCode"); got != codes[i] || !r.Accepted {
			t.Errorf("request %d carried the code %s, accepted %t; want %s", i, got, r.Accepted, codes[i])
		}
	}
}

func TestAnSTSThatNeverAnswersIsGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sts.Inject(stsim.Fault{Action: "GetSessionToken", Hang: true})
	p := w.ask("dev")
	p.answer(w.sts.Code(device))
	p.end().failed(6, strings.TrimPrefix(w.url, "http://")+" did not answer in time")
	w.counts(1, 0)
}

// A call without a code is tried again while there is time, which is what the
// caller has and no more.
func TestAnSTSThatNeverAnswersARoleIsGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("home/.aws/config", strings.ReplaceAll(profiles, "[profile dev]", "[profile dev]\ndaypass_prompt_timeout = 1s"))
	w.alone("login", "session", "--token-code", w.sts.Code(device))
	w.sts.Inject(stsim.Fault{Action: "AssumeRole", Hang: true})
	w.get("dev").failed(6, "did not answer in time")
	w.sts.ClearFaults()
	w.get("dev").credentials()
	if n := w.sts.Accepted("AssumeRole"); n != 1 {
		t.Errorf("the role was assumed %d times", n)
	}
}

// The code never left, so it is still good.
func TestAnUnreachableSTSSpendsNoCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.sts.Code(device)
	const nowhere = "127.0.0.1:1"
	w.set("AWS_ENDPOINT_URL_STS=http://" + nowhere)
	p := w.ask("dev")
	p.answer(code)
	p.end().failed(6, nowhere+" cannot be reached: ")
	w.set("AWS_ENDPOINT_URL_STS=" + w.url)
	p = w.ask("dev")
	p.answer(code)
	p.end().credentials()
	w.counts(1, 1)
}

// With ten minutes left a role is renewed by its session. When that fails, what
// is left is as good as it was, until its last minute.
func TestWhatIsLeftServesWhenRenewingFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault stsim.Fault
		exit  int // when nothing is left; 0: not looked at
		says  string
	}{
		"no answer":      {stsim.Fault{Drop: true}, 6, "cannot be reached"},
		"never answers":  {stsim.Fault{Hang: true}, 0, "did not answer in time"},
		"out of order":   {stsim.Fault{Status: 503}, 6, "HTTP 503: the answer was not one of STS"},
		"throttled":      {stsim.Fault{Code: "Throttling", Message: "Rate exceeded"}, 6, "Rate exceeded"},
		"access denied":  {stsim.Fault{Status: 403, Code: "AccessDenied", Message: "no more"}, 5, "no more"},
		"session dead":   {stsim.Fault{Status: 403, Code: "ExpiredToken", Message: "expired"}, 3, "no terminal to ask on"},
		"captive portal": {stsim.Fault{Body: "<html>please log in</html>"}, 6, "HTTP 200: the answer was not one of STS"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.set("AWS_MAX_ATTEMPTS=1")
			first := w.alone("credential-process", "--profile", "dev", "--token-code", w.sts.Code(device)).credentials()
			c.fault.Action = "AssumeRole"
			w.sts.Inject(c.fault)
			w.moveClock(50 * time.Minute)
			if got := w.get("dev").credentials(); got != first {
				t.Errorf("got %s and not %s", got, first)
			}
			if w.sts.Count("AssumeRole") < 2 {
				t.Error("nothing was tried")
			}
			if got := w.alone("status"); !strings.Contains(got.out, `profile "dev" failed at `) || !strings.Contains(got.out, c.says) {
				t.Errorf("status says nothing of it: %s", got.out)
			}
			if c.exit != 0 {
				w.moveClock(59*time.Minute + 30*time.Second)
				w.get("dev").failed(c.exit, c.says)
				w.moveClock(50 * time.Minute)
			}
			w.sts.ClearFaults()
			if got := w.get("dev").credentials(); got == first {
				t.Error("nothing was renewed")
			}
			if got := w.alone("status"); strings.Contains(got.out, "failed") {
				t.Errorf("status still tells of the failure: %s", got.out)
			}
		})
	}
}

const stateFolder = "home/.local/state/daypass"

// Without the folder there are neither locks nor memory. All else is as before.
func TestAFileInPlaceOfTheStateFolderStopsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(stateFolder, "not a folder")
	p := w.ask("dev")
	p.answer("000000")
	p.answer(w.sts.Code(device))
	first := p.end().credentials()
	w.withoutState(first, "is not a folder")
}

func TestAReadOnlyStateFolderStopsNothing(t *testing.T) {
	t.Parallel()
	for name, folder := range map[string]string{"the folder": stateFolder, "the one above": filepath.Dir(stateFolder)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			path := filepath.Join(w.folder, folder)
			if err := os.MkdirAll(path, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, 0o500); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.Chmod(path, 0o700) })
			w.giveAway()
			first := w.alone("credential-process", "--profile", "dev", "--token-code", w.sts.Code(device)).credentials()
			w.withoutState(first, "permission denied")
		})
	}
}

// withoutState checks a world that has the credentials first in its store and no
// state folder, for that reason.
func (w *world) withoutState(first, why string) {
	w.t.Helper()
	if got := w.get("dev").credentials(); got != first {
		w.t.Errorf("the second call got %s and not %s", got, first)
	}
	status := w.alone("status")
	if status.code != 0 || !strings.Contains(status.out, "the state folder cannot be used") || !strings.Contains(status.out, why) {
		w.t.Errorf("status says %q, exit code %d", status.out, status.code)
	}
	if got := w.alone("status", "--json"); got.code != 0 || !strings.Contains(got.out, why) || got.err != "" {
		w.t.Errorf("status --json: out %q, err %q, exit code %d", got.out, got.err, got.code)
	}
	if got := w.alone("logout", "dev"); got.code != 0 || !strings.Contains(got.out, "removed") {
		w.t.Errorf("logout: out %q, err %q, exit code %d", got.out, got.err, got.code)
	}
	w.get("dev").failed(3, "no terminal to ask on")
}

// giveAway lets somebody who is not root run daypass, for whom "read-only" means
// something.
func (w *world) giveAway() {
	w.t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	nobody := 1<<24 + os.Getpid() // in no other run either: the kernel keyring has a quota
	// Not by this process: what it forks meanwhile would hold the file open for
	// writing, and such a file is not run.
	program := filepath.Join(w.folder, "daypass")
	if got := w.begin(w.command("cp", w.program, program))(); got.code != 0 {
		w.t.Fatal(got.err)
	}
	w.program = program
	if err := os.Chmod(filepath.Dir(w.folder), 0o755); err != nil { // of t.TempDir, closed to others
		w.t.Fatal(err)
	}
	err := filepath.WalkDir(w.folder, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, nobody, nobody)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.uid = uint32(nobody)
}
