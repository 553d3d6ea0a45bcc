package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"daypass/internal/tty"
	"daypass/keys"
	"daypass/session"
)

func (a *app) keysCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Keep long-term access keys in the keyring",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return ran(cmd.Help()) },
	}
	cmd.AddCommand(a.addKeyCommand(), a.importKeyCommand(), a.listKeysCommand(), a.rotateKeyCommand(), a.removeKeyCommand())
	return cmd
}

// keyName is the one argument of most commands about keys.
func keyName(args []string) (string, error) {
	name := args[0]
	if keys.CheckName(name) != nil || tty.Visible(name) != name || strings.TrimSpace(name) != name {
		return "", &usageError{fmt.Errorf("%q is no name for a key: use that of a profile", name)}
	}
	return name, nil
}

// completeKeys offers the names of the keys there are.
func (a *app) completeKeys(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	listed, err := a.longTerm(options{noPrompt: true}, a.stateDir()).List()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var names []string
	for _, l := range listed {
		if tty.Visible(l.Name) == l.Name {
			names = append(names, l.Name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// keyBusyLimit is how long a command waits for another that changes the same key:
// one of those may be waiting for a person.
const keyBusyLimit = 2 * time.Second

var errKeyBusy = errors.New("another daypass is changing that key")

// lockKey lets this process alone change the key called name.
func (a *app) lockKey(ctx context.Context, k *keys.Keys, name string) (func(), error) {
	ctx, cancel := context.WithTimeoutCause(ctx, keyBusyLimit, errKeyBusy)
	defer cancel()
	unlock, err := k.Lock(ctx, name)
	if err != nil && errors.Is(err, errKeyBusy) {
		err = &keyError{name, storeKey, err}
	}
	return unlock, closed(err)
}

// identify asks STS whose pair is. The network settings are those of the profile
// called name, if there is one, as they are once it has the key.
func (a *app) identify(ctx context.Context, name, region string, pair keys.Pair) (session.Caller, error) {
	reader, err := a.openFiles()
	if err != nil {
		return session.Caller{}, err
	}
	defer reader.Close()
	reader.Kept = func(asked string) (string, bool) { return pair.AccessKeyID, asked == name }
	p, _ := reader.Load(name) // what else is wrong with it is for another day
	network, err := session.ReadNetwork(p, a.Getenv, region)
	if err != nil {
		return session.Caller{}, err
	}
	a.aboutKey = true
	return session.Identity(ctx, network, pair.Credentials())
}

// stored says what lies under a name now.
func (a *app) stored(e keys.Entry) error {
	_, err := fmt.Fprintf(a.Stdout, "%s\n%s\n",
		line(fmt.Sprintf("stored in the keyring as %q: access key %s of %s (account %s)", e.Name, e.Current.AccessKeyID, e.User, e.Account)),
		line(fmt.Sprintf("profile %q finds it by its name; others use it by daypass_source_profile = %s", e.Name, e.Name)))
	return err
}

// before returns what lies under name, which is what a new key would replace.
// There may be nothing, or what cannot be understood: then the entry is zero.
func before(ctx context.Context, k *keys.Keys, name string) (e keys.Entry, there bool, err error) {
	e, err = k.Get(ctx, name)
	switch {
	case errors.Is(err, keys.ErrNone):
		return keys.Entry{}, false, nil
	case errors.Is(err, keys.ErrForeign):
		return keys.Entry{}, true, nil
	case err != nil:
		return keys.Entry{}, false, &keyError{name, lookKey, err}
	case unfinished(e):
		return e, true, &unfinishedError{name}
	}
	return e, true, nil
}

// describe names what lies in the keyring for a person.
func describe(e keys.Entry) string {
	if e.Name == "" {
		return "what this version of daypass cannot read"
	}
	if e.Next != nil {
		return fmt.Sprintf("the access keys %s and %s of %s", e.Current.AccessKeyID, e.Next.AccessKeyID, e.User)
	}
	return fmt.Sprintf("the access key %s of %s", e.Current.AccessKeyID, e.User)
}

// replace asks whether e, which lies under name, may be replaced.
func (t *talk) replace(name string, e keys.Entry) error {
	t.say(fmt.Sprintf("daypass: the keyring holds %s as %q", describe(e), name))
	return t.agree("Replace it?")
}

// unfinished reports that the replacement of e was begun and has not come to its end.
func unfinished(e keys.Entry) bool { return e.Next != nil || e.Old != "" }

// unfinishedError is a key whose replacement was interrupted.
type unfinishedError struct{ name string }

func (e *unfinishedError) Error() string {
	return fmt.Sprintf("the replacement of the access key %q is not finished", e.name)
}
