package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"daypass/cache"
	"daypass/internal/keyring"
	"daypass/internal/tty"
	"daypass/mfa"
	"daypass/profile"
	"daypass/session"
)

func unavailable(reason error) error {
	return &session.UnaskedError{Err: fmt.Errorf("%w: %w", mfa.ErrUnavailable, reason)}
}

func refusedBySTS(code, message string, status int) *session.RefusedError {
	return &session.RefusedError{Call: "AssumeRole", Code: code, Message: message, Status: status, Skew: -90 * time.Second}
}

// TestWords: each error has its first line, its hint and its exit code.
func TestWords(t *testing.T) {
	const login = `run "daypass login dev" in a terminal, then try again`
	wrong := refusedBySTS("AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code.", 403)
	for _, test := range []struct {
		err        error
		what, hint string
		code       int
	}{
		{signalError{os.Interrupt}, "interrupted", "", 130},
		{signalError{syscall.SIGTERM}, "interrupted", "", 143},
		{signalError{syscall.SIGHUP}, "interrupted", "", 129},
		{&usageError{errors.New("unknown flag: --x")}, "unknown flag: --x", `run "daypass export --help"`, 2},
		{&profile.Error{Profile: "dev", File: "/c", Line: 3, Key: "role_arn", Message: "no ARN"}, "/c:3: role_arn: no ARN", "correct that line", 2},
		{&profile.Error{Profile: "dev", Message: "not there", Hint: "look there", Err: profile.ErrNotFound}, `profile "dev": not there`, "look there", 2},
		{&session.ConfigError{Profile: "dev", Problem: session.NothingToDo}, "there is nothing to get for it", "daypass_mfa_serial", 2},
		{&session.ConfigError{Profile: "dev", Problem: session.BaseUnsupported}, "leads to no access key", "daypass_source_profile", 2},
		{&session.ConfigError{Profile: "dev", Problem: session.BaseUnsupported, Detail: "sso"}, "rests on credentials from sso", "daypass_source_profile", 2},
		{&session.ConfigError{Profile: "dev", Problem: session.CodeNeedsLongTerm, Detail: "main"}, `the keys of profile "main" are temporary`, "AKIA", 2},
		{&session.ConfigError{Profile: "dev", Problem: session.WishTooLong, Detail: "2h of 1h"}, "min_remaining is 2h of 1h", "ask for less", 2},
		{&session.ConfigError{Profile: "dev", Problem: session.EnvironmentEmpty}, "AWS_ACCESS_KEY_ID", "set both", 2},
		{&session.ConfigError{Profile: "dev", Problem: session.RegionMissing, Detail: "aws-cn"}, "partition aws-cn", "AWS_REGION", 2},
		{&session.ConfigError{Profile: "dev", Problem: session.RegionInvalid, Detail: "--region"}, "the region from --region", "eu-west-1", 2},
		{&session.ConfigError{Profile: "dev", Problem: session.EndpointInvalid, Detail: "AWS_ENDPOINT_URL"}, "the endpoint from AWS_ENDPOINT_URL", "https://", 2},
		{&session.NetworkConfigError{From: "AWS_CA_BUNDLE", Err: errors.New("no such file")}, "AWS_CA_BUNDLE: no such file", "correct that setting", 2},
		{&loopError{[]string{"a", "b", "a"}}, "a → b → a", "must not ask for the same profile", 2},
		{unavailable(tty.ErrNone), `profile "dev" needs an MFA code and there is no terminal to ask on`, login, 3},
		{unavailable(tty.ErrBackground), "runs in the background of its terminal", login, 3},
		{unavailable(tty.ErrRaw), "used by a full-screen program", login, 3},
		{unavailable(tty.ErrStalled), "takes no output", login, 3},
		{unavailable(mfa.ErrPromptOff), "asking is switched off", "--token-code", 3},
		{mfa.ErrCancelled, "the prompt was closed", login, 4},
		{mfa.ErrTimedOut, "none was typed in time", login, 4},
		{&mfa.RefusedError{Tries: 3, Err: wrong}, "STS refused 3 codes", "its clock is right", 4},
		{&mfa.RefusedError{Tries: 1, Err: wrong}, "STS refused the code", "mfa_serial", 4},
		{&mfa.RefusedError{Reused: true}, "the code was used already", "wait for the next", 4},
		{&mfa.BadCodeError{}, "the code given is not six digits", "device", 4},
		{&mfa.BadCodeError{Program: "oath"}, `"oath"`, "by hand", 4},
		{&mfa.ProcessError{Program: "oath", Err: errors.New("exit status 1")}, "oath", "by hand", 4},
		{&mfa.RememberedError{Profile: "ops", Err: mfa.ErrCancelled}, "has just come to nothing", login, 4},
		{&mfa.BusyError{Profile: "ops"}, `another process asks for profile "ops"`, "answer it there", 4},
		{errWaited, "another process asks for the same credentials", "answer it there", 4},
		{context.DeadlineExceeded, "the time is up", login, 4},
		{wrong, "AssumeRole", "external id", 5},
		{refusedBySTS("AccessDenied", "MultiFactorAuthentication failed, unable to validate MFA code.", 403), "unable to validate", "mfa_serial", 5},
		{refusedBySTS("InvalidClientTokenId", "invalid.", 403), "InvalidClientTokenId", "inactive or deleted", 5},
		{refusedBySTS("SignatureDoesNotMatch", "The request signature", 403), "SignatureDoesNotMatch", "secret access key", 5},
		{refusedBySTS("SignatureDoesNotMatch", "Signature expired: 1 is now earlier", 403), "clock of this machine is 1m30s ahead", "set the clock", 5},
		{refusedBySTS("ValidationError", "exceeds the MaxSessionDuration set for this role.", 400), "MaxSessionDuration", "duration_seconds", 5},
		{refusedBySTS("MalformedPolicyDocument", "x", 400), "MalformedPolicyDocument: x", `run "daypass explain dev"`, 5},
		{refusedBySTS("Throttling", "Rate exceeded", 400), "Rate exceeded", "try again", 6},
		{refusedBySTS("InternalFailure", "x", 500), "InternalFailure", "try again", 6},
		{&session.UnreachableError{Host: "sts.example:443", Err: errors.New("no such host")}, "sts.example:443 cannot be reached: no such host", "proxy", 6},
		{&session.UnreachableError{Host: "sts.example:443", Slow: true, Err: errors.New("x")}, "did not answer in time", "proxy", 6},
		{&session.UnreachableError{Host: "sts.example:443", Cert: true, Err: errors.New("x509")}, "is not trusted: x509", "ca_bundle", 6},
		{&session.UnreachableError{Err: errors.New("x")}, "STS cannot be reached", "proxy", 6},
		{&session.ClockError{Skew: -2 * time.Hour}, "2h00m ahead", "set the clock", 1},
		{fmt.Errorf("x: %w", keyring.ErrLocked), "locked", "unlock the keyring", 1},
		{fmt.Errorf("x: %w", keyring.ErrTimeout), "x: ", "asks for something", 1},
		{errors.New("the disk is on fire"), "the disk is on fire", `run "daypass status"`, 1},
	} {
		a := &app{profile: "dev", command: "daypass export"}
		what, hint, code := a.words(runError{fmt.Errorf("wrapped: %w", test.err)})
		if !strings.Contains(what, test.what) || !strings.Contains(hint, test.hint) || code != test.code || test.hint == "" && hint != "" {
			t.Errorf("%T %v:\n%q\n%q\n%d\nwant\n%q\n%q\n%d", test.err, test.err, what, hint, code, test.what, test.hint, test.code)
		}
	}
}

// TestReportIsTwoLines, whatever the error holds.
func TestReportIsTwoLines(t *testing.T) {
	var stderr bytes.Buffer
	a := &app{Env: Env{Stderr: &stderr}, profile: "d\x1b[31mev"}
	code := a.report(runError{refusedBySTS("AccessDenied", "a\nb\r\x1b]0;x\a\u202e\u009b"+strings.Repeat("long ", 500), 403)})
	lines := strings.Split(strings.TrimSuffix(stderr.String(), "\n"), "\n")
	if code != 5 || len(lines) != 2 || !strings.HasPrefix(lines[0], "daypass: error: ") || !strings.HasPrefix(lines[1], "daypass: hint: ") {
		t.Errorf("exit %d:\n%s", code, stderr.String())
	}
	if strings.ContainsAny(stderr.String(), "\x1b\r\a\u202e\u009b") || len(lines[0]) > 600 {
		t.Errorf("raw: %q", stderr.String())
	}
}

func TestHintIsAWordOfTheShell(t *testing.T) {
	a := &app{profile: "it's; rm -rf"}
	if _, hint, _ := a.words(runError{mfa.ErrCancelled}); hint != `run "daypass login 'it'\''s; rm -rf'" in a terminal, then try again` {
		t.Error(hint)
	}
}

func TestNotKept(t *testing.T) {
	for _, test := range []struct {
		trouble error
		want    string
	}{
		{nil, ""},
		{cache.ErrNotKept, "the store is none"},
		{fmt.Errorf("x: %w", keyring.ErrUnavailable), "no keyring answers here"},
		{keyring.ErrLocked, "the keyring is locked"},
		{keyring.ErrTimeout, "the keyring does not answer"},
		{errors.New("x"), "x"},
	} {
		if got := notKept(test.trouble); got != test.want {
			t.Errorf("%v: %q", test.trouble, got)
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 59 * time.Second: "59s", 61 * time.Second: "1m01s", 12*time.Hour - time.Minute: "11h59m", 36 * time.Hour: "36h00m",
	} {
		if got := span(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestYes(t *testing.T) {
	for s, want := range map[string]bool{"": false, "0": false, "false": false, "1": true, "true": true, "yes": true} {
		if yes(s) != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
}

func TestCallers(t *testing.T) {
	getenv := func(string) string { return "a,b%2Cc,%zz," }
	if got := callers(getenv); len(got) != 2 || got[0] != "a" || got[1] != "b,c" {
		t.Errorf("%q", got)
	}
}
