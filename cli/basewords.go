package cli

import (
	"errors"
	"fmt"
	"strings"

	"daypass/creds"
	"daypass/profile"
	"daypass/session"
)

// The words for base credentials that could not be had: see words.go.

// baseWords are those for a base that is got when a call must be signed.
func (a *app) baseWords(err error) (what, hint string, code int) {
	var e *session.BaseError
	switch {
	case !errors.As(err, &e) || errors.Is(err, errCallerGone):
		return "", "", 0
	case e.Kind == profile.Process:
		return programWords(e)
	case e.Problem == session.TokenUnreadable && e.Kind == profile.Metadata:
		return fmt.Sprintf("the container's token for profile %q cannot be read: %s: %v", e.Profile, e.Detail, e.Err), "correct that variable", exitFailed
	case e.Problem == session.TokenUnreadable:
		return fmt.Sprintf("the identity token of profile %q cannot be read: %s: %v", e.Profile, e.Detail, e.Err),
			"web_identity_token_file must name the file that the token is written to", exitFailed
	}
	return madeWords(e)
}

// programWords are those for another program's credential_process.
func programWords(e *session.BaseError) (what, hint string, code int) {
	what = fmt.Sprintf("credential_process of profile %q: ", e.Profile)
	hint = "run that command by hand: it must print the JSON of a credential_process, Version 1"
	switch e.Problem {
	case session.ProgramSlow:
		return what + fmt.Sprintf("%q did not end in time", e.Detail), hint, exitRefused
	case session.BaseUnreadable:
		what += fmt.Sprintf("what %q printed are no credentials", e.Detail)
		if e.Err != nil {
			what += ": " + e.Err.Error()
		}
		return what, hint, exitFailed
	case session.BaseExpired:
		return what + "the credentials that it printed have expired", hint, exitFailed
	}
	return what + e.Err.Error(), hint, exitFailed
}

// makers are what makes the credentials of a base.
var makers = map[profile.Kind]string{profile.SSO: "IAM Identity Center", profile.Metadata: "the metadata service"}

// madeWords are those for credentials that a server makes.
func madeWords(e *session.BaseError) (what, hint string, code int) {
	maker, whose := makers[e.Kind], fmt.Sprintf(" for profile %q", e.Profile)
	switch e.Problem {
	case session.SignInNeeded:
		hint = fmt.Sprintf("run \"aws sso login --profile %s\"", creds.ShellWord(e.Profile))
		if e.Detail != "" {
			hint = fmt.Sprintf("run \"aws sso login --sso-session %s\"", creds.ShellWord(e.Detail))
		}
		return fmt.Sprintf("profile %q rests on IAM Identity Center, and nobody is signed in there any more", e.Profile), hint, exitFailed
	case session.BaseUnreachable:
		if lost := (*session.UnreachableError)(nil); errors.As(e, &lost) {
			what, hint, code = lostWords(lost)
			return maker + whose + ": " + what, hint, code
		}
		return fmt.Sprintf("%s%s cannot be reached at %s: %v", maker, whose, e.Detail, e.Err), reachHint(e.Kind), exitUnreachable
	case session.BaseUnreadable:
		return fmt.Sprintf("what answers at %s has no credentials%s", e.Detail, whose), reachHint(e.Kind), exitUnreachable
	case session.MetadataOff:
		return fmt.Sprintf("profile %q has credential_source = Ec2InstanceMetadata, which %s switches off", e.Profile, e.Detail), "unset that variable", exitUsage
	case session.ContainerMissing:
		return fmt.Sprintf("profile %q has credential_source = EcsContainer, and none of %s is set", e.Profile, e.Detail), "that source works in a container of ECS or EKS", exitUsage
	case session.ContainerForeign:
		return fmt.Sprintf("the address in %s%s is neither https nor one that only this container reaches", e.Detail, whose), "correct that variable", exitUsage
	case session.BaseExpired:
		return fmt.Sprintf("the credentials that %s gave%s have expired by the clock of this machine", maker, whose), "set the clock", exitFailed
	}
	return refusedBaseWords(e, maker+" gives no credentials"+whose)
}

func refusedBaseWords(e *session.BaseError, what string) (_, hint string, code int) {
	if e.Detail != "" {
		what += fmt.Sprintf(" (HTTP %s)", e.Detail)
	}
	switch {
	case e.Detail == "429" || len(e.Detail) == 3 && e.Detail[0] == '5':
		return what, "try again in a minute", exitUnreachable
	case e.Kind == profile.SSO && (e.Detail == "407" || strings.HasPrefix(e.Detail, "3")): // a proxy, or a network that wants a login
		return what, checkNetwork, exitUnreachable
	case e.Kind == profile.SSO:
		return what, "whoever is signed in must have the role sso_role_name in the account sso_account_id", exitDenied
	}
	return what, "the instance, or the container, must have a role", exitDenied
}

func reachHint(k profile.Kind) string {
	if k == profile.Metadata {
		return "credential_source = Ec2InstanceMetadata works on an instance of EC2, EcsContainer in a container of ECS or EKS"
	}
	return checkNetwork
}

// tokenWords are those for a refusal of an identity token.
func (a *app) tokenWords(e *session.RefusedError, said string) (what, hint string, code int) {
	switch {
	case e.BadSigner() || e.Code == "InvalidIdentityToken":
		return said, "web_identity_token_file must hold a token that has not expired, of a provider that the role's account knows", exitDenied
	case e.Code == "AccessDenied":
		return said, "the role must exist, and trust the issuer, audience and subject of the token", exitDenied
	case a.callHint(e) != "":
		return said, a.callHint(e), exitDenied
	}
	return said, fmt.Sprintf("run \"daypass explain %s\" to see what was asked for", creds.ShellWord(a.profile)), exitDenied
}
