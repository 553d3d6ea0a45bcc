package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"daypass/creds"
	"daypass/internal/state"
	"daypass/internal/tty"
	"daypass/keys"
	"daypass/mfa"
	"daypass/profile"
)

func (a *app) importKeyCommand() *cobra.Command {
	o := options{anew: true}
	var yes bool
	cmd := &cobra.Command{
		Use:   "import NAME",
		Short: "Move an access key from ~/.aws/credentials into the keyring",
		Long: `Takes the access key of the section NAME of ~/.aws/credentials (or ~/.aws/config),
asks STS whose it is, keeps it in the keyring, and then shows which lines it would
remove from these files, and asks.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeProfiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			name, err := keyName(args)
			if err != nil {
				return err
			}
			a.profile = name
			return ran(a.importKey(cmd.Context(), name, o, yes))
		},
	}
	cmd.Flags().StringVar(&o.region, "region", "", "the region of the STS call")
	cmd.Flags().BoolVar(&yes, "yes", false, "remove the lines without asking")
	return cmd
}

// importKey moves a key. It is in the file until it is in the keyring, read back,
// and STS has taken it. Interrupted anywhere, it is run again.
func (a *app) importKey(ctx context.Context, name string, o options, yes bool) error {
	o.fromEnvironment(a.Getenv)
	pair, place, err := a.keyInFiles(name)
	if err != nil {
		return err
	}
	dir := a.stateDir()
	i := &importing{app: a, options: o, keys: a.longTerm(o, dir), name: name, pair: pair, place: place, yes: yes}
	a.catchSignals()  // an edit that is cut off leaves a copy of the key behind
	tty.KeepRunning() // and one that is stopped its lock
	if place == "" {
		return i.again(ctx)
	}
	if !yes {
		t, done, err := a.talk(ctx, o, dir, name)
		if err != nil {
			return err
		}
		defer done()
		i.talk, ctx = t, t.ctx
	}
	unlock, err := a.lockKey(ctx, i.keys, name)
	if err != nil {
		return err
	}
	defer unlock()
	if err := i.keep(ctx); err != nil {
		return err
	}
	return i.clear(ctx)
}

// keyInFiles returns the key that the files hold under name, and where; no place
// if they hold none.
func (a *app) keyInFiles(name string) (keys.Pair, string, error) {
	reader, err := a.openFiles()
	if err != nil {
		return keys.Pair{}, "", err
	}
	defer reader.Close()
	b, err := reader.StaticKeys(name)
	if err != nil || b.Kind == "" {
		return keys.Pair{}, "", err
	}
	if b.SessionToken.Value != "" || temporaryID(b.AccessKeyID.Value) {
		return keys.Pair{}, "", &profile.Error{Profile: name, File: b.AccessKeyID.File, Line: b.AccessKeyID.Line, Key: b.AccessKeyID.Key,
			Message: "is the id of a temporary key, which cannot be kept", Hint: "a long-term access key begins with AKIA, and has no session token"}
	}
	return keys.Pair{AccessKeyID: b.AccessKeyID.Value, Secret: creds.NewSecret(b.SecretAccessKey.Value)}, b.AccessKeyID.File, nil
}

// importing is one import.
type importing struct {
	*app
	options options
	keys    *keys.Keys
	name    string
	pair    keys.Pair // that the files held when it began
	place   string    // the file that holds the key that counts
	talk    *talk     // nil if yes
	yes     bool      // the lines may go without a question
}

// keep puts the pair into the keyring, unless an import that was interrupted has
// done that, and sees that the keyring gives it back and STS takes it.
func (i *importing) keep(ctx context.Context) error {
	pair := i.pair
	old, there, err := before(ctx, i.keys, i.name)
	if err != nil {
		return err
	}
	if old.Current.AccessKeyID != pair.AccessKeyID || !old.Current.Secret.Equal(pair.Secret) {
		if err := i.mayReplace(ctx, old, there); err != nil {
			return err
		}
	}
	e, err := i.putKey(ctx, i.keys, i.name, i.options.region, pair)
	if err != nil {
		return err
	}
	kept, err := i.keys.Get(ctx, i.name)
	if err == nil && (kept.Current.AccessKeyID != pair.AccessKeyID || !kept.Current.Secret.Equal(pair.Secret)) {
		err = errOtherKept
	}
	if err != nil {
		return &keyError{i.name, readKey, err}
	}
	return i.stored(e)
}

var errOtherKept = errors.New("another key was read back")

// mayReplace asks for what lies in the keyring, if anything does: --yes is about the
// lines of the file.
func (i *importing) mayReplace(ctx context.Context, old keys.Entry, there bool) error {
	if !there {
		return nil
	}
	if i.talk != nil {
		return i.talk.replace(i.name, old)
	}
	t, done, err := i.app.talk(ctx, i.options, i.keys.State, i.name)
	var none *noTalkError
	switch {
	case errors.As(err, &none) && !errors.Is(err, mfa.ErrTimedOut):
		return &noTalkError{fmt.Errorf("%w: %w", errReplaces, err)}
	case err != nil:
		return err
	}
	defer done()
	return t.replace(i.name, old)
}

var errReplaces = errors.New("another key would be replaced")

// clear removes the key from the files, if that is wanted and it is still the one
// that the keyring has: another program may have written a new one meanwhile.
func (i *importing) clear(ctx context.Context) error {
	edit, err := profile.RemoveKeys(i.files(), i.name)
	if err != nil {
		return &leftError{i.name, []string{i.place}, err}
	}
	places := edit.Paths()
	err = edit.Holds(i.pair.AccessKeyID, i.pair.Secret.Reveal())
	if err == nil && !i.yes {
		i.talk.say(edit.Diff() + "daypass: these lines are removed; who reads the key there without daypass finds it no more\n")
		err = i.talk.agree("Remove them?")
		byHand := len(edit.Paths()) == 0
		if byHand && (err == nil || errors.Is(err, errDeclined)) {
			return i.removed(places)
		}
	}
	if err != nil {
		return &leftError{i.name, places, err}
	}
	return i.remove(ctx, edit, places)
}

// remove makes the edit, and names each file that it has changed, also if another
// could not be.
func (i *importing) remove(ctx context.Context, edit *profile.Edit, places []string) error {
	err := i.apply(ctx, edit)
	if err == nil {
		return i.removed(places)
	}
	left := edit.Paths()
	i.removedFrom(slices.DeleteFunc(places, func(place string) bool { return slices.Contains(left, place) }))
	return &leftError{i.name, left, err}
}

// removed says that nothing is left in clear.
func (i *importing) removed(places []string) error {
	i.removedFrom(places)
	_, err := fmt.Fprintln(i.Stdout, line(fmt.Sprintf("the key has lain in clear: run \"daypass keys rotate %s\"", creds.ShellWord(i.name))))
	return err
}

func (i *importing) removedFrom(places []string) {
	for _, place := range places {
		fmt.Fprintln(i.Stdout, line("removed from "+place))
	}
}

var errFileBusy = errors.New("another daypass is editing it")

// apply waits for another import from the same file.
func (i *importing) apply(ctx context.Context, edit *profile.Edit) error {
	ctx, cancel := context.WithTimeoutCause(ctx, keyBusyLimit, errFileBusy)
	defer cancel()
	return edit.Apply(ctx, i.keys.State)
}

// again finishes an import that was interrupted behind the removal: nothing of
// its work may lie beside the files.
func (i *importing) again(ctx context.Context) error {
	e, err := i.keys.Get(ctx, i.name)
	if errors.Is(err, keys.ErrNone) {
		return &noKeyError{i.name}
	}
	if err != nil {
		return &keyError{i.name, readKey, err}
	}
	edit, err := profile.RemoveKeys(i.files(), i.name)
	if err == nil && edit.Holds("", "") != nil {
		err = &profile.Error{Profile: i.name, Message: "an empty setting with the prefix daypass_ hides an access key that stands in the files",
			Hint: "remove that setting or the key, then try again"}
	}
	if err == nil {
		err = i.apply(ctx, edit)
	}
	if err != nil {
		return err
	}
	return i.stored(e)
}

// noKeyError is a section without a key to import.
type noKeyError struct{ name string }

func (e *noKeyError) Error() string {
	return fmt.Sprintf("profile %q has no access key of its own", e.name)
}

// leftError is a key that is in the keyring and in files too.
type leftError struct {
	name   string
	places []string // none if all that is left is the copy that err names
	err    error
}

func (e *leftError) Error() string { return fmt.Sprintf("access key %q: %v", e.name, e.err) }

func (e *leftError) Unwrap() error { return e.err }

// where are the places of the key in clear, and why it is still there.
func (e *leftError) where() (places, why string) {
	var file *profile.Error
	if errors.As(e.err, &file) && file.Line == 0 && file.File != "" && (len(e.places) == 0 || slices.Equal(e.places, []string{file.File})) {
		return file.File, file.Message
	}
	return strings.Join(e.places, " and "), e.err.Error()
}

// leftWords say where the key is.
func (a *app) leftWords(e *leftError) (what, hint string, code int) {
	places, why := e.where()
	both := fmt.Sprintf("the access key %q is in the keyring, and still in %s, in clear", e.name, places)
	again := fmt.Sprintf("run \"daypass keys import %s\" again to remove it there", creds.ShellWord(e.name))
	var stopped signalError
	var file *profile.Error
	switch {
	case errors.As(e.err, &stopped):
		return both + ": interrupted", again, exitCode(stopped.Signal)
	case errors.Is(e.err, errClosed):
		return both, again, exitRefused
	case errors.As(e.err, &file) && errors.Is(e.err, state.ErrChanged) && file.Line > 0:
		return fmt.Sprintf("the access key %q is in the keyring, and nothing was removed: %s", e.name, why), file.Hint + "; then " + again, exitFailed
	case errors.As(e.err, &file) && file.Hint != "":
		return both + ": " + why, file.Hint + "; then " + again, exitFailed
	}
	return both + ": " + why, again, exitFailed
}
