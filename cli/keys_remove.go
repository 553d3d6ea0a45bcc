package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"daypass/creds"
	"daypass/internal/tty"
	"daypass/keys"
	"daypass/session"
)

func (a *app) removeKeyCommand() *cobra.Command {
	o := options{anew: true}
	var yes bool
	cmd := &cobra.Command{
		Use:               "remove NAME",
		Short:             "Remove an access key from the keyring, not from AWS",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeKeys,
		RunE: func(cmd *cobra.Command, args []string) error {
			a.profile = args[0] // a name that came from elsewhere goes away too
			return ran(a.removeKey(cmd.Context(), args[0], o, yes))
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "remove the key without asking")
	return cmd
}

// removeKey asks first: AWS does not tell a secret access key twice.
func (a *app) removeKey(ctx context.Context, name string, o options, yes bool) error {
	o.fromEnvironment(a.Getenv)
	dir := a.stateDir()
	k := a.longTerm(o, dir)
	var t *talk
	if !yes {
		var done func()
		var err error
		if t, done, err = a.talk(ctx, o, dir, name); err != nil {
			return err
		}
		defer done()
		ctx = t.ctx
	}
	unlock, err := a.lockKey(ctx, k, name)
	if err != nil {
		return err
	}
	defer unlock()
	e, err := k.Get(ctx, name)
	if err != nil && !errors.Is(err, keys.ErrForeign) {
		return &keyError{name, readKey, err}
	}
	if !yes {
		if err := t.agree(tty.Visible(fmt.Sprintf("Remove %s (%q) from the keyring?", describe(e), name))); err != nil {
			return err
		}
	}
	if err := k.Remove(ctx, name); err != nil {
		return &keyError{name, removeKey, err}
	}
	return a.removedKey(name, e)
}

// removedKey says what is left of e elsewhere.
func (a *app) removedKey(name string, e keys.Entry) error {
	text := line(fmt.Sprintf("removed from the keyring: %s (%q)", describe(e), name)) + "\n"
	ids := []string{e.Current.AccessKeyID, e.Old}
	if e.Next != nil {
		ids = append(ids, e.Next.AccessKeyID)
	}
	for _, id := range ids {
		if id == "" {
			continue
		}
		user := ""
		if u := session.UserName(e.User); u != "" {
			user = " --user-name " + creds.ShellWord(u)
		}
		still := "AWS still takes it"
		if unfinished(e) { // it may be the reason why
			still = "if AWS still has " + id
		}
		text += line(fmt.Sprintf("%s: \"aws iam update-access-key%s --access-key-id %s --status Inactive\" deactivates it", still, user, creds.ShellWord(id))) + "\n"
	}
	text += "sessions that were made with it live until they expire; \"daypass logout --all\" removes those that are cached\n"
	_, err := fmt.Fprint(a.Stdout, text)
	return err
}
