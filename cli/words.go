package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"

	"daypass/creds"
	"daypass/internal/keyring"
	"daypass/internal/state"
	"daypass/internal/tty"
	"daypass/profile"
	"daypass/session"
)

// This file has the words for everything that can go wrong. The rules: two
// lines on stderr, "daypass: error: " what failed and "daypass: hint: " what to
// type; lower case, no full stop; the first line stands alone, since botocore
// shows it inside its own text; whatever comes from outside is made visible.

// The exit codes, which tell a script what failed.
const (
	exitFailed      = 1
	exitUsage       = 2 // the command line or the config
	exitUnasked     = 3 // a code is needed and nobody can be asked
	exitRefused     = 4 // the code was refused, or the prompt came to nothing
	exitDenied      = 5 // AWS said no
	exitUnreachable = 6 // AWS could not be reached, or did not answer
)

// longest is what an error line may have, in runes: answers of proxies are whole
// pages.
const longest = 400

// report writes the words for err and returns the exit code. Callers that hide
// stderr from the person get the first line on the terminal too.
func (a *app) report(err error) int {
	var ran runError
	var told toldError
	if errors.As(err, &told) {
		return told.code
	}
	if !errors.As(err, &ran) { // cobra's, about the command line
		err = &usageError{err}
	}
	what, hint, code := a.words(err)
	first := "daypass: error: " + line(what)
	text := first + "\n"
	if hint != "" {
		text += "daypass: hint: " + line(hint) + "\n"
	}
	tty.IgnoreStops() // writing from the background must not stop the process
	surviveClosedPipes()
	fmt.Fprint(a.Stderr, text)
	if a.automatic && !terminal(a.Stderr) {
		a.tell(first)
	}
	if a.runs && code < exitNotBegun {
		return exitNotBegun
	}
	return code
}

// line is s as one visible line.
func line(s string) string {
	runes := []rune(tty.Visible(s))
	if len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return string(runes)
}

func terminal(w io.Writer) bool {
	f, _ := w.(*os.File)
	return tty.IsTerminal(f)
}

// tell writes a line to the controlling terminal, if there is one that may be
// written to.
func (a *app) tell(line string) {
	t, err := tty.Open()
	if err != nil {
		return
	}
	_ = t.Print(line)
	_ = t.Close()
}

// words are what failed, what to type, and the exit code.
func (a *app) words(err error) (what, hint string, code int) {
	var usage *usageError
	var stopped signalError
	var left *leftError
	var rotating *rotateError
	var value *creds.ValueError
	switch {
	case errors.As(err, &left): // before the others: where the key is matters more
		return a.leftWords(left)
	case errors.As(err, &rotating):
		return a.rotateWords(rotating)
	case errors.As(err, &stopped):
		return "interrupted", "", exitCode(stopped.Signal)
	case errors.As(err, &usage):
		return usage.Error(), a.usageHint(), exitUsage
	case errors.As(err, &value):
		return value.Error(), "choose another --format", exitFailed
	}
	for _, words := range []func(error) (string, string, int){
		a.keyWords, a.baseWords, a.talkWords, a.configWords, a.loginWords, a.execWords, a.codeWords, decodeWords, consoleWords, a.stsWords,
	} {
		if what, hint, code := words(err); code != 0 {
			return what, hint, code
		}
	}
	return err.Error(), keptHint(err), exitFailed
}

func (a *app) usageHint() string { return fmt.Sprintf("run \"%s --help\"", a.command) }

func exitCode(s os.Signal) int {
	if n, ok := s.(syscall.Signal); ok {
		return 128 + int(n)
	}
	return 130
}

// configWords are those for what stands in the files and the environment.
func (a *app) configWords(err error) (what, hint string, code int) {
	var file *profile.Error
	var plan *session.ConfigError
	var network *session.NetworkConfigError
	var loop *loopError
	switch {
	case errors.As(err, &plan):
		what, hint = planWords(plan)
		return what, hint, exitUsage
	case errors.As(err, &file):
		what = file.Error()
		if a.unlooked != nil {
			what += "; whether the keyring has a key for it is not known: " + notKept(a.unlooked)
		}
		return what, fileHint(file), exitUsage
	case errors.As(err, &network):
		return network.Error(), "correct that setting", exitUsage
	case errors.As(err, &loop):
		return loop.Error(), "a program that daypass runs for a profile must not ask for the same profile", exitUsage
	}
	return "", "", 0
}

func fileHint(e *profile.Error) string {
	switch {
	case errors.Is(e, profile.ErrSerial) && e.Hint != "":
		return e.Hint + ": " + devicesHint(e.Profile)
	case errors.Is(e, profile.ErrSerial):
		return devicesHint(e.Profile)
	case e.Hint != "":
		return e.Hint
	case errors.Is(e, state.ErrChanged):
		return "try again"
	case errors.Is(e, profile.ErrCycle):
		return "one of them must have an access key"
	case e.Line == 0:
		return "the file must be one that you may read; AWS_CONFIG_FILE or AWS_SHARED_CREDENTIALS_FILE can name another"
	}
	return "correct that line"
}

func planWords(e *session.ConfigError) (what, hint string) {
	switch e.Problem {
	case session.NothingToDo:
		if e.Detail != "" {
			return fmt.Sprintf("profile %q has neither a role_arn nor an mfa_serial, so there is nothing to add to its credentials from %s", e.Profile, e.Detail),
				"let SDKs use its own lines, without a credential_process that calls daypass, or add a role_arn"
		}
		return fmt.Sprintf("profile %q has neither a role_arn nor an mfa_serial, so there is nothing to get for it", e.Profile),
			devicesHint(e.Profile)
	case session.SerialMissing:
		return fmt.Sprintf("profile %q has %s, but neither it nor a profile that it rests on has an mfa_serial", e.Profile, e.Detail),
			devicesHint(e.Profile)
	case session.ListNeedsLongTerm:
		return fmt.Sprintf("the keys of profile %q are temporary, and MFA devices are listed with long-term keys", e.Detail),
			"use an access key that begins with AKIA"
	case session.BaseMissing:
		return fmt.Sprintf("profile %q leads to no access key", e.Profile),
			"name the profile that has one by daypass_source_profile"
	case session.CodeNeedsLongTerm:
		return fmt.Sprintf("profile %q has an mfa_serial, but the keys of profile %q are temporary, and STS takes a code only with long-term keys", e.Profile, e.Detail),
			"use an access key that begins with AKIA, or remove the mfa_serial"
	case session.CallNeedsLongTerm:
		return fmt.Sprintf("the keys of profile %q are temporary, and STS takes the call with long-term keys only", e.Detail),
			"use an access key that begins with AKIA"
	case session.SigninNeedsRole:
		return fmt.Sprintf("profile %q has no role, and the console's sign-in page takes credentials of a role", e.Profile),
			"name a profile with a role, or sign in with your own password"
	case session.SigninUnknown:
		return fmt.Sprintf("profile %q is of the partition %s, for whose console no sign-in page is known", e.Profile, e.Detail), "sign in with a browser"
	case session.SigninForeign:
		return fmt.Sprintf("the credentials of profile %q come from %s, which is not AWS, and so has no AWS console", e.Profile, e.Detail), "name a profile without that endpoint"
	case session.WishTooLong:
		return fmt.Sprintf("profile %q can never have that much left: min_remaining is %s", e.Profile, e.Detail),
			"ask for less, or raise duration_seconds (session_duration, if there is no role)"
	case session.EnvironmentEmpty:
		return fmt.Sprintf("profile %q has credential_source = Environment, and AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is not set", e.Profile),
			"set both variables"
	case session.RegionMissing:
		return fmt.Sprintf("profile %q needs a region: its ARNs are of the partition %s", e.Profile, e.Detail),
			"add region = to the profile, or set AWS_REGION"
	case session.RegionInvalid:
		return fmt.Sprintf("the region from %s is not one", e.Detail), "a region looks like eu-west-1"
	case session.RegionForeign:
		return fmt.Sprintf("profile %q: the region %s", e.Profile, e.Detail), "name a region of that partition by region = or AWS_REGION"
	case session.VariantOfEndpoint:
		return fmt.Sprintf("profile %q wants %s, which is called as it is", e.Profile, e.Detail),
			"set that to false, or name the endpoint that you mean"
	case session.VariantOfGlobal:
		return fmt.Sprintf("profile %q wants %s, and the global endpoint of STS has no such variant", e.Profile, e.Detail),
			"name a region by region = or AWS_REGION in place of aws-global"
	case session.EndpointInvalid:
		return fmt.Sprintf("the endpoint from %s is not an http or https URL", e.Detail), "an endpoint looks like https://sts.eu-west-1.amazonaws.com"
	}
	return e.Error(), ""
}

// keptHint is for what went wrong with the keyring or the state folder.
func keptHint(err error) string {
	switch {
	case errors.Is(err, keyring.ErrLocked):
		return "unlock the keyring, then try again"
	case errors.Is(err, keyring.ErrTimeout):
		return "see whether the keyring asks for something, then try again"
	}
	return "run \"daypass status\" to see what daypass has kept"
}

// stsWords are those for what STS said, or did not say.
func (a *app) stsWords(err error) (what, hint string, code int) {
	var refused *session.RefusedError
	var lost *session.UnreachableError
	var clock *session.ClockError
	switch {
	case errors.As(err, &refused):
		return a.refusedWords(refused)
	case errors.As(err, &lost):
		return lostWords(lost)
	case errors.As(err, &clock):
		return "what STS issued has expired already by the clock of this machine, which " + offBy(clock.Skew), "set the clock", exitFailed
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("profile %q: the time is up", a.profile), a.loginHint(), exitRefused
	}
	return "", "", 0
}

func (a *app) refusedWords(e *session.RefusedError) (what, hint string, code int) {
	said := fmt.Sprintf("%s for profile %q: %s: %s", e.Call, a.profile, e.Code, e.Message)
	switch {
	case e.To != "":
		return redirectWords(e)
	case e.Status == http.StatusProxyAuthRequired:
		return said, "the proxy wants a name and a password: " + passwordHint("HTTP_PROXY"), exitUnreachable
	case e.NotAWS():
		return said, checkNetwork, exitUnreachable
	case e.Busy():
		return said, "try again in a minute", exitUnreachable
	case e.BadTime():
		return fmt.Sprintf("%s refused the time of the request: the clock of this machine %s", e.Service(), offBy(e.Skew)), "set the clock", exitDenied
	case e.Call == session.AssumeRoleWithWebIdentity:
		return a.tokenWords(e, said)
	case e.BadSerial():
		return said, "the mfa_serial must be the ARN of a device of this very user: " + devicesHint(a.profile), exitDenied
	case a.callHint(e) != "":
		return said, a.callHint(e), exitDenied
	case e.BadSigner():
		return said, "the access key is wrong, inactive or deleted", exitDenied
	case e.Code == "SignatureDoesNotMatch":
		return said, "the secret access key does not belong to the access key id", exitDenied
	case e.Call == session.ListMFADevices:
		return said, consoleHint, exitDenied
	case e.Code == "AccessDenied" && e.NoCode:
		return said, "the role must exist, trust this user, and allow what the profile asks (external id, tags); if its trust policy wants MFA, " + devicesHint(a.profile), exitDenied
	case e.Code == "AccessDenied" && e.Call == session.AssumeRole:
		return said, "the role must exist, trust this user, and allow what the profile asks (external id, MFA, tags)", exitDenied
	case strings.Contains(e.Message, "MaxSessionDuration"):
		return said, "lower duration_seconds, or raise the role's maximum", exitDenied
	}
	return said, fmt.Sprintf("run \"daypass explain %s\" to see what was asked for", creds.ShellWord(a.profile)), exitDenied
}
