package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/spf13/cobra"

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
	defer r.close()
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
	if err == nil {
		r.forgetOld(ctx)
		return r.say(e)
	}
	r.get.tellUnkept()
	var stopped *keys.RotateError
	if errors.As(err, &stopped) {
		return &rotateError{stopped, r.get.profile.MFASerial.Value != ""}
	}
	return &keyError{name, readKey, err}
}

// rotation is what one rotation needs of the other rooms: session for calls to
// AWS, get for a session of a key, the terminal for questions.
type rotation struct {
	name    string
	get     *get
	yes     bool            // the old key may go, whatever else uses it
	files   *profile.Reader // nil before they were opened
	keys    *session.AccessKeys
	old     string // the id of the key that goes
	waits   int
	session session.Result // the latest
}

// prepare reads what there is to know before AWS is called.
func (r *rotation) prepare(ctx context.Context) (err error) {
	g := r.get
	g.begin()
	if r.files, err = g.app.profiles(g.keys); err != nil {
		return err
	}
	if g.profile, err = r.keyProfile(ctx); err != nil {
		return err
	}
	g.app.profile = g.profile.Name
	if err := g.readSettings(); err != nil {
		return err
	}
	g.wish = 0 // it is about credentials that are handed out
	if g.plan.network, err = session.ReadNetwork(g.profile, g.app.Getenv, g.options.region); err != nil {
		return err
	}
	return g.open()
}

func (r *rotation) close() {
	if r.files != nil {
		_ = r.files.Close()
	}
}

// keyProfile is the profile whose device, region and endpoint count for the key:
// the one that was given, else that of the same name, else any that rests on the
// key and has a device. Its roles are left out.
func (r *rotation) keyProfile(ctx context.Context) (*profile.Profile, error) {
	name, given := r.name, r.get.options.profile
	r.files.Ask = r.get.app.ask(ctx, r.get.keys)
	p, err := r.files.Load(cmp.Or(given, name))
	switch {
	case err != nil && (given != "" || !errors.Is(err, profile.ErrNotFound)):
		return nil, err
	case given != "" && !restsOn(p, name):
		return nil, &usageError{fmt.Errorf("--profile %q does not rest on the access key %q", given, name)}
	case given == "" && (!restsOn(p, name) || p.MFASerial.Value == ""):
		r.files.Ask = nil // of the many others nobody shall be asked
		if p, err = deviceProfile(r.files, name, p); err != nil {
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

// resting are the profiles that rest on the key under name, also that of the name
// itself if it has no section.
func resting(r *profile.Reader, name string) iter.Seq[*profile.Profile] {
	names := r.Names()
	if !slices.Contains(names, name) {
		names = append(names, name)
	}
	return func(yield func(*profile.Profile) bool) {
		for _, other := range names {
			p, err := r.Load(other)
			if err == nil && restsOn(p, name) && !yield(p) {
				return
			}
		}
	}
}

// deviceProfile is the first profile that rests on the key under name and has a
// device, else p. Two devices are one too many.
func deviceProfile(r *profile.Reader, name string, p *profile.Profile) (*profile.Profile, error) {
	var found *profile.Profile
	for q := range resting(r, name) {
		if q.MFASerial.Value == "" {
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
