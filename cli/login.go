package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"daypass/mfa"
	"daypass/session"
)

func (a *app) loginCommand() *cobra.Command {
	var o options
	var list bool
	cmd := &cobra.Command{
		Use:   "login [P...]",
		Short: "Ask for the MFA code now, so that nothing asks later",
		Example: `  daypass login dev ops
  daypass login --list-devices dev`,
		ValidArgsFunction: a.completeProfiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			if list {
				return a.listDevicesCommand(cmd, args, o)
			}
			args, err := o.readRole(cmd, args, -1)
			if err != nil {
				return err
			}
			names, err := a.someProfiles(args, o)
			if err != nil {
				return err
			}
			return ran(a.login(cmd.Context(), names, o))
		},
	}
	o.roleFlags(cmd)
	cmd.Flags().BoolVar(&list, listDevicesFlag, false, "print the MFA devices that a profile can use, without asking")
	return a.calling(cmd, &o)
}

// login logs in to each profile in turn. Nobody is asked before all of them are
// known to be in order; after that none stops another.
func (a *app) login(ctx context.Context, names []string, o options) error {
	l := &login{app: a, began: a.Now(), options: o, told: map[string]bool{}, closed: map[string]closedQuestion{}}
	var all []*get
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			continue
		}
		if g := l.prepare(ctx, name); g != nil {
			all = append(all, g)
		}
	}
	if err := l.failures(); err != nil {
		return err
	}
	for _, g := range all {
		if err := l.one(ctx, g); err != nil {
			return err
		}
	}
	return l.failures()
}

// login is one run over several profiles.
type login struct {
	*app
	began   time.Time
	options options
	code    int                       // of the first failure, 0 if there was none
	told    map[string]bool           // what was said of the config
	closed  map[string]closedQuestion // by serial: they are not put again
}

// closedQuestion is one that a person did not answer, or not well.
type closedQuestion struct {
	profile string
	err     error
}

// prepare returns nil if the profile or the command line is at fault.
func (l *login) prepare(ctx context.Context, name string) *get {
	g := &get{app: l.app, options: l.options, limits: personLimits, strict: true, fresh: true, since: l.began}
	err := g.prepare(ctx, name)
	if err == nil {
		err = g.plan.network.Check()
	}
	if err == nil {
		return g
	}
	l.remember(g, name, session.Result{}, err)
	what, _, _ := l.words(err)
	if !l.told[what] { // of another profile, as what is wrong with a whole file
		l.failed(err)
	}
	l.told[what] = true
	return nil
}

// failed tells of err at once.
func (l *login) failed(err error) {
	code := l.report(ran(err))
	if l.code == 0 {
		l.code = code
	}
}

// failures is nil if there was none.
func (l *login) failures() error {
	if l.code == 0 {
		return nil
	}
	return toldError{l.code}
}

// one logs in to one profile. An error of it ends the run.
func (l *login) one(ctx context.Context, g *get) error {
	before, again := l.closed[g.profile.MFASerial.Value]
	again = again && len(g.asker.Process) == 0 // which nobody has closed
	g.asker.NoPrompt = g.asker.NoPrompt || again
	result, err := g.obtain(ctx)
	if again {
		err, result.Failed = before.reason(err, g), before.reason(result.Failed, g)
	}
	l.remember(g, g.profile.Name, result, err)
	l.close(g, err, result.Failed)
	if err == nil {
		err = l.say(g, result)
	}
	switch {
	case ctx.Err() != nil: // Ctrl-C ends all
		return context.Cause(ctx)
	case err == nil:
		return nil
	case errors.Is(err, errCallerGone): // nobody waits for the rest
		return err
	}
	g.tellUnkept()
	l.failed(err)
	return nil
}

// close keeps the question of g from being put again for its device in this run,
// if it was a person's and came to nothing.
func (l *login) close(g *get, errs ...error) {
	if g.asker.TokenCode != "" || len(g.asker.Process) > 0 {
		return
	}
	var refused *mfa.RefusedError
	for _, err := range errs {
		if errors.Is(err, mfa.ErrCancelled) || timedOut(err) || errors.As(err, &refused) {
			l.closed[g.profile.MFASerial.Value] = closedQuestion{g.profile.Name, err}
		}
	}
}

// timedOut reports that nobody answered in time, here or where another process
// asks.
func timedOut(err error) bool { return errors.Is(err, mfa.ErrTimedOut) || errors.Is(err, errWaited) }

// reason is err, or that nobody was asked because of c.
func (c closedQuestion) reason(err error, g *get) error {
	if !errors.Is(err, mfa.ErrPromptOff) {
		return err
	}
	return &notAgainError{profile: g.profile.Name, serial: g.profile.MFASerial.Value, closed: c}
}

// say tells until when a profile is good.
func (l *login) say(g *get, result session.Result) error {
	text := l.goodUntil(g, result)
	if result.Failed != nil {
		what, _, _ := l.words(result.Failed)
		text += "; renewing it failed: " + what
	}
	if why := notKept(g.cache.Trouble()); why != "" {
		text += "; not kept: " + why
	}
	_, err := fmt.Fprintln(l.Stdout, line(text))
	return err
}

// goodUntil says how long what was got lives.
func (a *app) goodUntil(g *get, result session.Result) string {
	return fmt.Sprintf("profile %q is good until %s (%s left)", g.profile.Name, clock(result.Expiration, a.Now()), span(result.Left(a.Now())))
}

// loginWords are those for what only login can meet with.
func (a *app) loginWords(err error) (what, hint string, code int) {
	var none *noDeviceError
	var again *notAgainError
	switch {
	case errors.As(err, &none):
		return none.Error(), noDeviceHint, exitFailed
	case errors.As(err, &again):
		return again.Error(), a.loginHint(), exitRefused
	}
	return "", "", 0
}

// notAgainError is a question that was not put, since it has come to nothing for
// another profile of the same device.
type notAgainError struct {
	profile, serial string
	closed          closedQuestion
}

func (e *notAgainError) Error() string {
	how := "refused"
	switch {
	case errors.Is(e.closed.err, mfa.ErrCancelled):
		how = "closed"
	case timedOut(e.closed.err):
		how = "not answered in time"
	}
	return fmt.Sprintf("profile %q needs an MFA code from %s, which was not asked for again: for profile %q it was %s",
		e.profile, e.serial, e.closed.profile, how)
}
