package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"daypass/cache"
	"daypass/internal/keyring"
	"daypass/internal/state"
	"daypass/internal/tty"
	"daypass/keys"
	"daypass/mfa"
	"daypass/profile"
	"daypass/session"
)

func unavailable(reasons ...error) error {
	return &session.UnaskedError{Err: fmt.Errorf("%w: %w", mfa.ErrUnavailable, errors.Join(reasons...))}
}

func refusedBySTS(code, message string, status int) *session.RefusedError {
	return &session.RefusedError{Call: "AssumeRole", Code: code, Message: message, Status: status, Skew: -90 * time.Second}
}

// wrongBy is the refusal of a code by an STS whose clock is ahead by skew.
func wrongBy(skew time.Duration) *session.RefusedError {
	refused := refusedBySTS("AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code.", 403)
	refused.Skew = skew
	return refused
}

func baseError(k profile.Kind, problem session.BaseProblem, detail string, err error) error {
	return &session.BaseError{Kind: k, Profile: "main", Problem: problem, Detail: detail, Err: err}
}

// TestWords: each error has its first line, its hint and its exit code.
func TestWords(t *testing.T) {
	const login = `run "daypass login dev" in a terminal, then try again`
	const devices = `run "daypass login --list-devices dev" for the daypass_mfa_serial line to write`
	now := time.Unix(1000000000, 0)
	bare := refusedBySTS("AccessDenied", "not authorized", 403)
	bare.NoCode = true
	wrong := wrongBy(-90 * time.Second)
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
		{&profile.Error{File: "/c", Message: "is a directory, not a file"}, "/c: is a directory, not a file", "must be one that you may read", 2},
		{&profile.Error{Profile: "dev", Message: "not there", Hint: "look there", Err: profile.ErrNotFound}, `profile "dev": not there`, "look there", 2},
		{&profile.Error{Profile: "dev", File: "/c", Line: 3, Key: "mfa_serial", Message: "no device", Err: profile.ErrSerial}, "/c:3: mfa_serial: no device", devices, 2},
		{&profile.Error{Profile: "dev", File: "/c", Line: 3, Key: "mfa_serial", Message: "a key", Hint: "register", Err: profile.ErrSecurityKey}, "/c:3: mfa_serial: a key", "register: " + devices, 2},
		{&session.ConfigError{Profile: "dev", Problem: session.NothingToDo}, "there is nothing to get for it", devices, 2},
		{&session.ConfigError{Profile: "dev", Problem: session.SerialMissing, Detail: "mfa_process (/c:3)"}, `"dev" has mfa_process (/c:3), but neither it nor a profile that it rests on has an mfa_serial`, devices, 2},
		{&session.ConfigError{Profile: "dev", Problem: session.ListNeedsLongTerm, Detail: "main"}, `the keys of profile "main" are temporary`, "AKIA", 2},
		{&session.ConfigError{Profile: "dev", Problem: session.BaseMissing}, "leads to no access key", "daypass_source_profile", 2},
		{&session.ConfigError{Profile: "dev", Problem: session.NothingToDo, Detail: "sso"}, "nothing to add to its credentials from sso", "without a credential_process", 2},
		{&session.ConfigError{Profile: "dev", Problem: session.CodeNeedsLongTerm, Detail: "main"}, `the keys of profile "main" are temporary`, "AKIA", 2},
		{&session.ConfigError{Profile: "dev", Problem: session.WishTooLong, Detail: "2h of 1h"}, "min_remaining is 2h of 1h", "ask for less", 2},
		{&session.ConfigError{Profile: "dev", Problem: session.EnvironmentEmpty}, "AWS_ACCESS_KEY_ID", "set both", 2},
		{&session.ConfigError{Profile: "dev", Problem: session.RegionMissing, Detail: "aws-cn"}, "partition aws-cn", "AWS_REGION", 2},
		{&session.ConfigError{Profile: "dev", Problem: session.RegionInvalid, Detail: "--region"}, "the region from --region", "eu-west-1", 2},
		{&session.ConfigError{Profile: "dev", Problem: session.EndpointInvalid, Detail: "AWS_ENDPOINT_URL"}, "the endpoint from AWS_ENDPOINT_URL", "https://", 2},
		{&session.NetworkConfigError{From: "AWS_CA_BUNDLE", Err: errors.New("no such file")}, "AWS_CA_BUNDLE: no such file", "correct that setting", 2},
		{baseError(profile.Process, session.ProgramFailed, "op", &mfa.ProcessError{Program: "op", Err: errors.New("exit status 1")}), `credential_process of profile "main": running "op": exit status 1`, "by hand", 1},
		{baseError(profile.Process, session.ProgramSlow, "op", nil), `"op" did not end in time`, "by hand", 4},
		{baseError(profile.Process, session.BaseUnreadable, "op", nil), `what "op" printed are no credentials`, "by hand", 1},
		{baseError(profile.Process, session.BaseUnreadable, "op", errors.New("its Expiration is no time")), `what "op" printed are no credentials: its Expiration is no time`, "by hand", 1},
		{baseError(profile.Process, session.BaseExpired, "", nil), "have expired", "by hand", 1},
		{baseError(profile.Process, session.ProgramFailed, "op", errCallerGone), "has ended", "", 4},
		{baseError(profile.WebIdentity, session.TokenUnreadable, "/t", errors.New("is a directory")), "/t: is a directory", "web_identity_token_file", 1},
		{baseError(profile.SSO, session.SignInNeeded, "", nil), `profile "main" rests on IAM Identity Center, and nobody is signed in`, `run "aws sso login --profile main"`, 1},
		{baseError(profile.SSO, session.SignInNeeded, "my corp", nil), "nobody is signed in", `run "aws sso login --sso-session 'my corp'"`, 1},
		{baseError(profile.SSO, session.BaseRefused, "403", nil), `IAM Identity Center gives no credentials for profile "main" (HTTP 403)`, "sso_role_name", 5},
		{baseError(profile.SSO, session.BaseRefused, "429", nil), "(HTTP 429)", "in a minute", 6},
		{baseError(profile.SSO, session.BaseRefused, "503", nil), "(HTTP 503)", "in a minute", 6},
		{baseError(profile.SSO, session.BaseRefused, "407", nil), "(HTTP 407)", "the network and the proxy", 6},
		{baseError(profile.SSO, session.BaseRefused, "302", nil), "(HTTP 302)", "the network and the proxy", 6},
		{baseError(profile.SSO, session.BaseRefused, "", nil), "gives no credentials", "sso_role_name", 5},
		{baseError(profile.SSO, session.BaseUnreachable, "sso:443", &session.UnreachableError{Host: "sso:443", Name: true, Err: errors.New("no route"), Way: session.Way{Region: session.Sourced{Value: "eu-north-1", From: "/c:2"}}}),
			`IAM Identity Center for profile "main": the name of sso:443 cannot be resolved`, "that eu-north-1 (/c:2) is a region", 6},
		{baseError(profile.SSO, session.BaseUnreadable, "sso:443", nil), "what answers at sso:443", "proxy", 6},
		{baseError(profile.Metadata, session.BaseRefused, "", nil), `the metadata service gives no credentials for profile "main"`, "must have a role", 5},
		{baseError(profile.Metadata, session.TokenUnreadable, "AWS_T: /t", errors.New("is a directory")), `the container's token for profile "main" cannot be read: AWS_T: /t: is a directory`, "that variable", 1},
		{baseError(profile.Metadata, session.BaseUnreachable, "imds:80", errors.New("no route")), "cannot be reached at imds:80", "on an instance of EC2", 6},
		{baseError(profile.Metadata, session.BaseExpired, "", nil), "have expired by the clock", "set the clock", 1},
		{baseError(profile.Metadata, session.MetadataOff, "AWS_OFF", nil), "which AWS_OFF switches off", "unset", 2},
		{baseError(profile.Metadata, session.ContainerMissing, "AWS_A, AWS_B", nil), "none of AWS_A, AWS_B is set", "container", 2},
		{baseError(profile.Metadata, session.ContainerForeign, "AWS_A", nil), "the address in AWS_A", "correct", 2},
		{&session.RefusedError{Call: session.AssumeRoleWithWebIdentity, Code: "ExpiredTokenException", Status: 400}, "ExpiredTokenException", "has not expired", 5},
		{&session.RefusedError{Call: session.AssumeRoleWithWebIdentity, Code: "InvalidIdentityToken", Status: 400}, "InvalidIdentityToken", "of a provider", 5},
		{&session.RefusedError{Call: session.AssumeRoleWithWebIdentity, Code: "AccessDenied", Status: 403}, "AccessDenied", "trust the issuer", 5},
		{&session.RefusedError{Call: session.AssumeRoleWithWebIdentity, Code: "PackedPolicyTooLarge", Status: 400}, "PackedPolicyTooLarge", "shorten the policies and tags", 5},
		{&session.RefusedError{Call: session.AssumeRoleWithWebIdentity, Code: "MalformedPolicyDocument", Status: 400}, "MalformedPolicyDocument", "correct the policy", 5},
		{refusedBySTS("PackedPolicyTooLarge", "too large", 400), "PackedPolicyTooLarge", "shorten the policies and tags", 5},
		{refusedBySTS("MalformedPolicyDocument", "syntax", 400), "MalformedPolicyDocument", "correct the policy", 5},
		{&session.RefusedError{Call: session.AssumeRoleWithWebIdentity, Code: "RegionDisabledException", Status: 403}, "RegionDisabledException", "explain", 5},
		{&session.RefusedError{Call: session.AssumeRoleWithWebIdentity, Code: "InternalFailure", Status: 500}, "InternalFailure", "in a minute", 6},
		{&loopError{[]string{"a", "b", "a"}}, "a → b → a", "must not ask for the same profile", 2},
		{unavailable(tty.ErrNone), `profile "dev" needs an MFA code and there is no terminal to ask on`, login, 3},
		{unavailable(tty.ErrBackground), "runs in the background of its terminal", login, 3},
		{unavailable(tty.ErrRaw), "used by a full-screen program", login, 3},
		{unavailable(tty.ErrStalled), "takes no output", login, 3},
		{unavailable(tty.ErrNone, mfa.ErrNoDisplay), "and there is no terminal to ask on", login, 3},
		{unavailable(tty.ErrNone, mfa.ErrDisplayDead), "and there is no terminal to ask on, and the display does not answer", login, 3},
		{unavailable(tty.ErrRaw, mfa.ErrNoProgram), "full-screen program, and no program is there that could", login, 3},
		{unavailable(tty.ErrNone, &mfa.AskError{Program: "/usr/bin/zenity", Err: errors.New("x")}, mfa.ErrNoProgram), "and zenity could not ask", login, 3},
		{unavailable(mfa.ErrNoDisplay), "and there is no display to ask on", login, 3},
		{unavailable(mfa.ErrPromptOff), "asking is switched off", "--token-code", 3},
		{mfa.ErrCancelled, "the prompt was closed", login, 4},
		{mfa.ErrTimedOut, "none was typed in time", login, 4},
		{&mfa.RefusedError{Tries: 3, Err: wrong}, "STS refused 3 codes", "its clock is right", 4},
		{&mfa.RefusedError{Tries: 1, Err: wrong}, "STS refused the code", "mfa_serial", 4},
		{&mfa.RefusedError{Tries: 1, Err: wrong}, `STS refused the code for profile "dev", and the clock of this machine is 1m30s ahead`, "set the clock", 4},
		{&mfa.RefusedError{Tries: 3, Err: wrongBy(31 * time.Second)}, `STS refused 3 codes for profile "dev", and the clock of this machine is 31s behind`, "set the clock", 4},
		{&mfa.RefusedError{Reused: true}, "the code was used already", "wait for the next", 4},
		{&mfa.BadCodeError{}, "the code given is not six digits", "device", 4},
		{&mfa.BadCodeError{Program: "oath"}, `"oath"`, "by hand", 4},
		{&mfa.ProcessError{Program: "oath", Err: errors.New("exit status 1")}, "oath", "by hand", 4},
		{&mfa.RememberedError{Profile: "ops", Err: mfa.ErrCancelled}, "has just come to nothing", login, 4},
		{&mfa.RememberedError{Profile: "ops", At: now.Add(-3 * time.Minute), Window: true, Err: mfa.ErrTimedOut}, "a window that asked for it 3m00s ago came to nothing: no code was given in time", login, 4},
		{&mfa.BusyError{Profile: "ops"}, `another process asks for profile "ops"`, "answer it there", 4},
		{errWaited, "another process asks for the same credentials", "answer it there", 4},
		{context.DeadlineExceeded, "the time is up", login, 4},
		{wrong, "AssumeRole", "external id", 5},
		{bare, "AssumeRole", "if its trust policy wants MFA, " + devices, 5},
		{refusedBySTS("AccessDenied", "MultiFactorAuthentication failed, unable to validate MFA code.", 403), "unable to validate", "of this very user: " + devices, 5},
		{&session.RefusedError{Call: session.ListMFADevices, Code: "AccessDenied", Message: "not authorized", Status: 403}, "ListMFADevices for profile \"dev\"", "the AWS console shows the ARN", 5},
		{&session.RefusedError{Call: session.ListMFADevices, Code: "InvalidClientTokenId", Status: 403}, "ListMFADevices", "inactive or deleted", 5},
		{&session.RefusedError{Call: session.ListMFADevices, Code: "RequestExpired", Status: 400, Skew: time.Hour}, "IAM refused the time", "set the clock", 5},
		{&session.UnreachableError{Call: session.ListMFADevices, Err: errors.New("x")}, "IAM cannot be reached", "proxy", 6},
		{&session.RefusedError{Call: session.GetFederationToken, Code: "AccessDenied", Status: 403}, "GetFederationToken for profile \"dev\"", "sts:GetFederationToken", 5},
		{&session.RefusedError{Call: session.GetFederationToken, Code: "MalformedPolicyDocument", Status: 400}, "MalformedPolicyDocument", "correct the policy", 5},
		{&session.RefusedError{Call: session.GetFederationToken, Code: "PackedPolicyTooLarge", Status: 400}, "PackedPolicyTooLarge", "shorten", 5},
		{&session.RefusedError{Call: session.GetFederationToken, Code: "InvalidClientTokenId", Status: 403}, "InvalidClientTokenId", "inactive or deleted", 5},
		{&session.RefusedError{Call: session.DecodeAuthorizationMessage, Code: "InvalidAuthorizationMessageException", Status: 400}, "InvalidAuthorizationMessageException", "uncut", 5},
		{&session.RefusedError{Call: session.DecodeAuthorizationMessage, Code: "AccessDenied", Status: 403}, "AccessDenied", "sts:DecodeAuthorizationMessage", 5},
		{&session.RefusedError{Call: session.DecodeAuthorizationMessage, Code: "ExpiredToken", Status: 403}, "ExpiredToken", `run "daypass login --refresh dev"`, 5},
		{&session.RefusedError{Call: session.GetCallerIdentity, Code: "ExpiredToken", Status: 403}, "ExpiredToken", `run "daypass login --refresh dev"`, 5},
		{&session.RefusedError{Call: session.GetSigninToken, Code: "Bad Request", Status: 400}, "getSigninToken for profile \"dev\"", `run "daypass login --refresh dev"`, 5},
		{&session.RefusedError{Call: session.GetSigninToken, Code: "HTTP 503", Status: 503}, "HTTP 503", "check the network", 6},
		{&session.UnreachableError{Call: session.GetSigninToken, Err: errors.New("x")}, "the sign-in page cannot be reached", "proxy", 6},
		{&session.ConfigError{Profile: "dev", Problem: session.CallNeedsLongTerm, Detail: "main"}, `the keys of profile "main" are temporary`, "AKIA", 2},
		{&session.ConfigError{Profile: "dev", Problem: session.SigninNeedsRole}, `profile "dev" has no role`, "with a role", 2},
		{&session.ConfigError{Profile: "dev", Problem: session.SigninUnknown, Detail: "aws-iso"}, "partition aws-iso", "browser", 2},
		{&session.ConfigError{Profile: "dev", Problem: session.SigninForeign, Detail: "minio.example"}, "come from minio.example", "without that endpoint", 2},
		{errNoMessage, "no encoded authorization failure message", "uncut", 2},
		{session.ErrNoDenial, "in a form that is not known", "--json", 1},
		{&browserError{errors.New("exit status 3")}, "the browser cannot be opened: exit status 3", "without --open", 1},
		{errBrowser, "no browser came", "without --open", 1},
		{&noDeviceError{profile: "dev"}, `the user of profile "dev" has no MFA device`, `"Security credentials"`, 1},
		{&noDeviceError{profile: "dev", others: 1}, "no MFA device whose codes STS takes", "beside a security key", 1},
		{&notAgainError{"dev", "device", closedQuestion{"ops", mfa.ErrCancelled}}, `not asked for again: for profile "ops" it was closed`, login, 4},
		{refusedBySTS("InvalidClientTokenId", "invalid.", 403), "InvalidClientTokenId", "inactive or deleted", 5},
		{refusedBySTS("SignatureDoesNotMatch", "The request signature", 403), "SignatureDoesNotMatch", "secret access key", 5},
		{refusedBySTS("SignatureDoesNotMatch", "Signature expired: 1 is now earlier", 403), "clock of this machine is 1m30s ahead", "set the clock", 5},
		{refusedBySTS("ValidationError", "exceeds the MaxSessionDuration set for this role.", 400), "MaxSessionDuration", "duration_seconds", 5},
		{refusedBySTS("RegionDisabledException", "x", 400), "RegionDisabledException: x", `run "daypass explain dev"`, 5},
		{refusedBySTS("Throttling", "Rate exceeded", 400), "Rate exceeded", "try again", 6},
		{refusedBySTS("InternalFailure", "x", 500), "InternalFailure", "try again", 6},
		{&session.UnreachableError{Host: "sts.example:443", Err: errors.New("no such host")}, "sts.example:443 cannot be reached: no such host", "proxy", 6},
		{&session.UnreachableError{Host: "sts.example:443", Slow: true, Err: errors.New("x")}, "did not answer in time", "proxy", 6},
		{&session.UnreachableError{Host: "sts.example:443", Cert: true, Err: errors.New("x509")}, "is not trusted: x509", "ca_bundle", 6},
		{&session.UnreachableError{Err: errors.New("x")}, "STS cannot be reached", "proxy", 6},
		{&session.RefusedError{Call: session.AssumeRole, Code: "HTTP 307", Status: 307, To: "https://portal.example"},
			"the answer to AssumeRole is a redirect to https://portal.example, which is not followed", "wants a login", 6},
		{refusedBySTS("HTTP 407", "the answer was not one of STS", 407), "HTTP 407", "set HTTP_PROXY to", 6},
		{refusedBySTS("HTTP 502", "the answer was not one of STS", 502), "HTTP 502", "the network and the proxy", 6},
		{&session.ClockError{Skew: -2 * time.Hour}, "2h00m ahead", "set the clock", 1},
		{fmt.Errorf("x: %w", keyring.ErrLocked), "locked", "unlock the keyring", 1},
		{fmt.Errorf("x: %w", keyring.ErrTimeout), "x: ", "asks for something", 1},
		{errors.New("the disk is on fire"), "the disk is on fire", `run "daypass status"`, 1},
	} {
		a := &app{Env: Env{Now: func() time.Time { return now }}, profile: "dev", command: "daypass export"}
		what, hint, code := a.words(runError{fmt.Errorf("wrapped: %w", test.err)})
		if !strings.Contains(what, test.what) || !strings.Contains(hint, test.hint) || code != test.code || test.hint == "" && hint != "" {
			t.Errorf("%T %v:\n%q\n%q\n%d\nwant\n%q\n%q\n%d", test.err, test.err, what, hint, code, test.what, test.hint, test.code)
		}
	}
}

// TestKeyWords: what is wrong with a long-term key says where the key is.
func TestKeyWords(t *testing.T) {
	locked := fmt.Errorf("reading from the keyring: %w", keyring.ErrLocked)
	file := &profile.Error{Profile: "main", File: "/c", Message: "cannot be edited: no room", Hint: "make room"}
	copied := &profile.Error{Profile: "main", File: "/c", Message: "cannot be edited: it has changed; a copy is left in /c.copy", Hint: "remove the copy", Err: state.ErrChanged}
	const both = `the access key "main" is in the keyring, and still in /c, in clear`
	const again = `run "daypass keys import main" again to remove it there`
	a := &app{command: "daypass keys add", profile: "main"}
	for _, test := range []struct {
		err        error
		what, hint string
		code       int
	}{
		{&keyError{"main", readKey, keys.ErrNone}, `the keyring holds no access key "main"`, `run "daypass keys add main"`, 2},
		{&keyError{"ma in", readKey, keys.ErrNone}, `the keyring holds no access key "ma in"`, `run "daypass keys add 'ma in'"`, 2},
		{&keyError{"main", readKey, keys.ErrForeign}, "was not written by this version of daypass", "or replace it", 1},
		{&keyError{"main", readKey, locked}, `the access key "main" cannot be read from the keyring: the keyring is locked`, "unlock the keyring", 1},
		{&keyError{"main", storeKey, keyring.ErrUnavailable}, `the access key "main" cannot be stored in the keyring: no keyring answers here`, "start one", 1},
		{&keyError{"main", removeKey, errors.New("no room")}, `the access key "main" cannot be removed from the keyring: no room`, "see whether the keyring works", 1},
		{&keyError{"main", storeKey, errKeyBusy}, `another daypass is changing the access key "main"`, "let it finish", 1},
		{&unfinishedError{"main"}, `the replacement of the access key "main" is not finished`, `run "daypass keys rotate main" to finish it`, 1},
		{&noKeyError{"main"}, `profile "main" has no access key of its own`, "daypass keys add main", 2},
		{&leftError{"main", []string{"/c"}, file}, both + ": cannot be edited: no room", "make room; then " + again, 1},
		{&leftError{"main", []string{"/c"}, copied}, both + ": cannot be edited: it has changed; a copy is left in /c.copy", "remove the copy; then " + again, 1},
		{&leftError{"main", []string{"/c"}, &profile.Error{Profile: "main", File: "/c", Message: "cannot be edited: it has changed", Err: state.ErrChanged}},
			both + ": cannot be edited: it has changed", again, 1},
		{&leftError{"main", []string{"/c"}, errClosed}, both, again, 4},
		{&leftError{"main", []string{"/b", "/c"}, &profile.Error{File: "/b", Message: "cannot be edited: no room", Hint: "make room"}},
			`the access key "main" is in the keyring, and still in /b and /c, in clear: /b: cannot be edited: no room`, "make room; then " + again, 1},
		{&leftError{"main", nil, &profile.Error{File: "/c", Message: "this copy with the keys cannot be removed: in use", Hint: "remove it by hand"}},
			both + ": this copy with the keys cannot be removed: in use", "remove it by hand; then " + again, 1},
		{&leftError{"main", []string{"/c"}, &noTalkError{tty.ErrRaw}}, both + ": asking on the terminal: the terminal is used by", again, 1},
		{&leftError{"main", []string{"/c"}, signalError{syscall.SIGTERM}}, both + ": interrupted", again, 143},
		{&noTalkError{tty.ErrBackground}, `"daypass keys add" asks on the terminal, and daypass runs in the background of its terminal`, `run "daypass keys add main" in a terminal`, 3},
		{&noTalkError{mfa.ErrPromptOff}, `"daypass keys add" asks on the terminal, and asking is switched off`, "--no-prompt", 3},
		{&noTalkError{&mfa.BusyError{Err: mfa.ErrTimedOut}}, `"daypass keys add" asks on the terminal, and another daypass asks there`, "answer it there", 4},
		{errDeclined, "the answer was no, and nothing was changed", `run "daypass keys add main" again and type y`, 4},
		{closed(io.EOF), "the question was closed, and nothing was changed", `run "daypass keys add main" in a terminal`, 4},
		{closed(tty.ErrSuspended), "the question was closed, and nothing was changed", `run "daypass keys add main" in a terminal`, 4},
		{closed(mfa.ErrCancelled), "the question was closed, and nothing was changed", `run "daypass keys add main" in a terminal`, 4},
		{closed(mfa.ErrTimedOut), "the question was not answered in time, and nothing was changed", `run "daypass keys add main" in a terminal`, 4},
	} {
		what, hint, code := a.words(runError{test.err})
		if !strings.HasPrefix(what, test.what) && !strings.HasSuffix(what, test.what) || !strings.Contains(hint, test.hint) || code != test.code {
			t.Errorf("%v:\n%q\n%q\n%d\nwant\n%q\n%q\n%d", test.err, what, hint, code, test.what, test.hint, test.code)
		}
	}

	missing := &profile.Error{Profile: "main", Message: "there is no such profile", Err: profile.ErrNotFound}
	for err, why := range map[error]string{locked: "the keyring is locked", keyring.ErrUnavailable: "no keyring answers here", keys.ErrForeign: keys.ErrForeign.Error()} {
		a.unlooked = err
		if what, _, code := a.words(missing); code != 2 || what != `profile "main": there is no such profile; whether the keyring has a key for it is not known: `+why {
			t.Errorf("%q, %d", what, code)
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

// at is what went wrong with a store.
func at(store string, err error) error {
	return &cache.StoreError{Store: store, Err: fmt.Errorf("writing: %w", err)}
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
		{errors.Join(errors.New("x"), errors.New("y")), "x\ny"},
		{at("kernel", keyring.ErrUnavailable), "the kernel keyring cannot be used here"},
		{at("kernel", keyring.ErrFull), "the kernel keyring is full"},
		{at("kernel", keyring.ErrTooLarge), "they are too large for the kernel keyring"},
		{at("keyring", keyring.ErrTooLarge), "they are too large for the keyring"},
		{errors.Join(at("keyring", keyring.ErrLocked), at("kernel", keyring.ErrFull)), "the keyring is locked, and the kernel keyring is full"},
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

// Whoever agrees to a removal loses all that is told of.
func TestDescribe(t *testing.T) {
	e := keys.Entry{Name: "main", User: "arn:aws:iam::111111111111:user/ana", Current: keys.Pair{AccessKeyID: "AKIAOLD"}}
	if got, want := describe(e), "the access key AKIAOLD of arn:aws:iam::111111111111:user/ana"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	e.Next = &keys.Pair{AccessKeyID: "AKIANEW"}
	if got, want := describe(e), "the access keys AKIAOLD and AKIANEW of arn:aws:iam::111111111111:user/ana"; got != want {
		t.Errorf("%q, want %q", got, want)
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

// A clock that is right, or off by less than codes are shown for, is not worth a
// word.
func TestASmallSkewIsNotTold(t *testing.T) {
	for _, skew := range []time.Duration{0, 30 * time.Second, -30 * time.Second} {
		a := &app{profile: "dev"}
		if what, hint, _ := a.words(&mfa.RefusedError{Tries: 1, Err: wrongBy(skew)}); strings.Contains(what+hint, "clock of this machine") || strings.Contains(hint, "set the clock") {
			t.Errorf("%v: %q, %q", skew, what, hint)
		}
	}
}

// TestTheChosenWayIsNamed: login obeys the profile too, so it is no way out.
func TestTheChosenWayIsNamed(t *testing.T) {
	for _, prompt := range []string{"dialog", "pinentry"} {
		a := &app{profile: "dev", prompt: prompt}
		if _, hint, code := a.words(unavailable(mfa.ErrNoDisplay)); !strings.Contains(hint, "prompt = "+prompt) || code != 3 {
			t.Errorf("prompt = %s: %q, %d", prompt, hint, code)
		}
	}
}
