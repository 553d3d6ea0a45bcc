package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"daypass/creds"
	"daypass/session"
)

// This file has what the commands share that get credentials to make one call with.

// calling is cmd with the flags of the commands by which a person gets credentials.
func (a *app) calling(cmd *cobra.Command, o *options) *cobra.Command {
	o.profileFlags(cmd)
	o.getFlags(cmd)
	o.refreshFlag(cmd)
	_ = cmd.RegisterFlagCompletionFunc("profile", a.completeProfiles)
	return cmd
}

// prepared is the way to the credentials of a profile that a person waits for. A
// failure is one of the profile.
func (a *app) prepared(ctx context.Context, o options, name string) (*get, error) {
	g := &get{app: a, options: o, limits: personLimits, strict: true}
	err := g.prepare(ctx, name)
	if err != nil {
		a.remember(g, name, session.Result{}, err)
	}
	return g, err
}

// credentials are those that g leads to.
func (g *get) credentials(ctx context.Context) (session.Result, error) {
	result, err := g.obtain(ctx)
	g.app.remember(g, g.profile.Name, result, err)
	g.tellUnkept()
	return result, err
}

// last is the call that the credentials come from.
func (g *get) last() session.Step { return g.plan.steps[len(g.plan.steps)-1] }

// callHint is what to do about the refusal of a call that a command is about, ""
// if it is not one of them.
func (a *app) callHint(e *session.RefusedError) string {
	denied := e.Code == "AccessDenied"
	again := fmt.Sprintf("run \"daypass login --refresh %s\", then try again", creds.ShellWord(a.profile))
	switch e.Code { // of each call that takes a policy
	case "MalformedPolicyDocument":
		return "correct the policy"
	case "PackedPolicyTooLarge":
		return "shorten the policies and tags"
	}
	switch e.Call {
	case session.GetFederationToken:
		if denied {
			return "the user needs a policy that allows sts:GetFederationToken, and sts:TagSession for tags"
		}
	case session.DecodeAuthorizationMessage:
		switch {
		case e.BadMessage():
			return "give the whole message, uncut, of a call in the profile's account"
		case denied:
			return "name a profile by --profile whose policies allow sts:DecodeAuthorizationMessage"
		case e.BadSigner():
			return again
		}
	case session.GetCallerIdentity:
		switch {
		case e.BadSigner() && a.ofEnvironment:
			return "the credentials in the environment have ended: leave this shell or program, and start it anew"
		case e.BadSigner() && !a.aboutKey:
			return again
		}
	case session.GetSigninToken:
		return again
	}
	return ""
}
