package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"daypass/creds"
	"daypass/keys"
	"daypass/profile"
	"daypass/session"
)

func (a *app) rotateKeyCommand() *cobra.Command {
	o := options{anew: true}
	var yes bool
	cmd := &cobra.Command{
		Use:   "rotate NAME",
		Short: "Replace an access key by a new one, at AWS and in the keyring",
		Long: `rotate makes a new access key, keeps it in the keyring, waits until AWS knows it,
and then deactivates and deletes the old one. It takes two MFA codes, one for each
key: from the device of profile NAME or, if that has no mfa_serial, of the profiles
that rest on the key. If it stops on the way, the key in the keyring works, and
running it again goes on.`,
		Example:           `  daypass keys rotate main`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeKeys,
		RunE: func(cmd *cobra.Command, args []string) error {
			a.profile = args[0]
			return ran(a.rotateKey(cmd.Context(), args[0], o, yes))
		},
	}
	f := cmd.Flags()
	f.BoolVar(&yes, "yes", false, "do not ask whether other names may lose the key")
	f.StringVar(&o.profile, "profile", "", "the profile that rests on the key and whose mfa_serial counts")
	f.StringVar(&o.region, "region", "", "the region of the STS calls")
	f.StringVar(&o.store, "store", "", "where the new session is kept: auto, keyring, kernel or none (DAYPASS_STORE)")
	f.StringVar(&o.tokenCode, "token-code", "", "the first MFA code (DAYPASS_TOKEN_CODE)")
	o.noPromptFlag(cmd)
	f.BoolVar(&o.debug, "debug", false, "write debug.log in the state folder (DAYPASS_DEBUG)")
	_ = cmd.RegisterFlagCompletionFunc("profile", a.completeProfiles)
	return cmd
}

// rotateKey replaces the key under name.
func (a *app) rotateKey(ctx context.Context, name string, o options, yes bool) error {
	a.catchSignals()
	r := &rotation{name: name, yes: yes, get: &get{app: a, options: o, limits: personLimits, strict: true, fresh: true}}
	if err := r.prepare(ctx); err != nil {
		return err
	}
	unlock, err := a.lockKey(ctx, r.get.keys, name)
	if err != nil {
		return err
	}
	defer unlock()
	rotation := &keys.Rotation{Keys: r.get.keys, AWS: r, Person: r}
	e, err := rotation.Run(ctx, name)
	var stopped *keys.RotateError
	if errors.As(err, &stopped) {
		return &rotateError{stopped, r.get.profile.MFASerial.Value != ""}
	}
	if err != nil {
		return &keyError{name, err}
	}
	return r.say(e)
}

// rotation is what one rotation needs of the other rooms: session for calls to
// AWS, get for a session of a key, the terminal for questions.
type rotation struct {
	name    string
	get     *get
	yes     bool // the old key may go, whatever else uses it
	keys    *session.AccessKeys
	waits   int
	session session.Result // the latest
}

// prepare reads what there is to know before AWS is called.
func (r *rotation) prepare(ctx context.Context) (err error) {
	g := r.get
	g.begin()
	if g.profile, err = g.app.keyProfile(ctx, r.name, g.options.profile, g.keys); err != nil {
		return err
	}
	if err := g.readSettings(); err != nil {
		return err
	}
	g.wish = 0 // it is about credentials that are handed out
	if g.plan.network, err = session.ReadNetwork(g.profile, g.app.Getenv, g.options.region); err != nil {
		return err
	}
	return g.open()
}

// keyProfile is the profile whose device, region and endpoint count for the key
// under name: the one that was given, else that of the same name, else any that
// rests on the key and has a device. Its roles are left out.
func (a *app) keyProfile(ctx context.Context, name, given string, k *keys.Keys) (*profile.Profile, error) {
	r, err := a.profiles(k)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	r.Ask = a.ask(ctx, k)
	first := name
	if given != "" {
		first = given
	}
	p, err := r.Load(first)
	switch {
	case err != nil && (given != "" || !errors.Is(err, profile.ErrNotFound)):
		return nil, err
	case given != "" && !restsOn(p, name):
		return nil, &usageError{fmt.Errorf("--profile %q does not rest on the access key %q", given, name)}
	case given == "" && (!restsOn(p, name) || p.MFASerial.Value == ""):
		r.Ask = nil // of the many others nobody shall be asked
		if p, err = deviceProfile(r, name, p); err != nil {
			return nil, err
		}
	}
	alone := *p
	alone.Roles = nil
	return &alone, nil
}

func restsOn(p *profile.Profile, name string) bool {
	return p.Base.Kind == profile.Keyring && p.Base.Profile == name
}

// deviceProfile is the first profile that rests on the key under name and has a
// device, else p. Two devices are one too many.
func deviceProfile(r *profile.Reader, name string, p *profile.Profile) (*profile.Profile, error) {
	var found *profile.Profile
	for _, other := range r.Names() {
		q, err := r.Load(other)
		if err != nil || !restsOn(q, name) || q.MFASerial.Value == "" {
			continue
		}
		if found != nil && found.MFASerial.Value != q.MFASerial.Value {
			return nil, &usageError{fmt.Errorf("profiles %q and %q rest on the access key %q and have different devices: say which by --profile", found.Name, q.Name, name)}
		}
		if found == nil {
			found = q
		}
	}
	if found == nil {
		return p, nil
	}
	return found, nil
}

// Session is a session of p, asked for or from the cache, or p where there is no
// device. A code that was given is one code. In the place of one that was refused
// another is asked for, if that was from the cache.
func (r *rotation) Session(ctx context.Context, p keys.Pair, refused string) (creds.Credentials, error) {
	g := r.get
	if g.profile.MFASerial.Value == "" {
		return p.Credentials(), nil
	}
	if refused != "" && !r.session.Cached {
		return r.session.Credentials, nil
	}
	g.options.refresh = refused != ""
	var err error
	g.plan.base = r.base(p)
	if g.plan.steps, err = steps(g.profile, g.plan.base, g.plan.network, 0, session.Given{}); err != nil {
		return creds.Credentials{}, err
	}
	r.session, err = g.obtain(ctx)
	if err == nil && !r.session.Cached {
		g.asker.TokenCode = ""
	}
	return r.session.Credentials, ofKey(err)
}

// Check asks STS whether it knows p.
func (r *rotation) Check(ctx context.Context, p keys.Pair) (string, error) {
	caller, err := session.Identity(ctx, r.get.plan.network, p.Credentials())
	return caller.ARN, ofKey(err)
}

// List lists the user's keys.
func (r *rotation) List(ctx context.Context, signer creds.Credentials) ([]keys.Listed, error) {
	if err := r.openIAM(ctx, signer); err != nil {
		return nil, err
	}
	all, err := r.keys.List(ctx, signer)
	listed := make([]keys.Listed, 0, len(all))
	for _, k := range all {
		listed = append(listed, keys.Listed{AccessKeyID: k.ID, Active: k.Active, Created: k.Created})
	}
	return listed, ofKey(err)
}

// Create makes a key.
func (r *rotation) Create(ctx context.Context, signer creds.Credentials) (keys.Pair, error) {
	if err := r.openIAM(ctx, signer); err != nil {
		return keys.Pair{}, err
	}
	key, created, err := r.keys.Create(ctx, signer)
	return keys.Pair{AccessKeyID: key.AccessKeyID, Secret: key.SecretAccessKey, Created: created}, ofKey(err)
}

// Deactivate makes a key inactive.
func (r *rotation) Deactivate(ctx context.Context, signer creds.Credentials, id string) error {
	if err := r.openIAM(ctx, signer); err != nil {
		return err
	}
	return ofKey(r.keys.Deactivate(ctx, signer, id))
}

// Delete deletes a key.
func (r *rotation) Delete(ctx context.Context, signer creds.Credentials, id string) error {
	if err := r.openIAM(ctx, signer); err != nil {
		return err
	}
	return ofKey(r.keys.Delete(ctx, signer, id))
}

// openIAM asks STS for the name of the user, who may have another by now than when
// the key was kept: IAM says of a name that it does not know what it says of a key.
func (r *rotation) openIAM(ctx context.Context, signer creds.Credentials) error {
	if r.keys != nil {
		return nil
	}
	caller, err := session.Identity(ctx, r.get.plan.network, signer)
	if err == nil {
		r.keys, err = session.OpenAccessKeys(ctx, r.get.profile, r.get.app.Getenv, r.get.options.region, session.UserName(caller.ARN))
	}
	return ofKey(err)
}

// ofKey is err as a rotation knows it.
func ofKey(err error) error {
	var refused *session.RefusedError
	var lost *session.LostKeyError
	switch {
	case errors.As(err, &lost):
		return fmt.Errorf("%w: %w", keys.ErrLost, err)
	case !errors.As(err, &refused):
		return err
	case refused.NotFound() && (refused.Call == session.UpdateAccessKey || refused.Call == session.DeleteAccessKey):
		return fmt.Errorf("%w: %w", keys.ErrGone, err)
	case refused.BadSigner():
		return fmt.Errorf("%w: %w", keys.ErrUnknown, err)
	case refused.Full():
		return fmt.Errorf("%w: %w", keys.ErrFull, err)
	}
	return err
}

// say tells what is in use now.
func (r *rotation) say(e keys.Entry) error {
	a := r.get.app
	text := fmt.Sprintf("access key %q is %s from now on", r.name, e.Current.AccessKeyID)
	if result := r.session; r.get.profile.MFASerial.Value != "" {
		text += fmt.Sprintf("; its session is good until %s (%s left)", clock(result.Expiration, a.Now()), span(result.Left(a.Now())))
		if why := notKept(r.get.cache.Trouble()); why != "" {
			text += "; not kept: " + why
		}
	}
	_, err := fmt.Fprintln(a.Stdout, line(text))
	return err
}
