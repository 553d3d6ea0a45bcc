package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"daypass/creds"
	"daypass/keys"
)

func (a *app) addKeyCommand() *cobra.Command {
	o := options{anew: true}
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Type an access key into the keyring",
		Long: `Asks on the terminal for an access key and its secret, whose typing is not shown,
asks STS whose it is, and keeps it in the keyring. NAME is that of a profile, or
one that profiles name by daypass_source_profile.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeProfiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			name, err := keyName(args)
			if err != nil {
				return err
			}
			a.profile = name
			return ran(a.addKey(cmd.Context(), name, o))
		},
	}
	cmd.Flags().StringVar(&o.region, "region", "", "the region of the STS call")
	return cmd
}

// addKey puts into the keyring what a person types. What it replaces is there until
// STS has taken the new key.
func (a *app) addKey(ctx context.Context, name string, o options) error {
	o.fromEnvironment(a.Getenv)
	dir := a.stateDir()
	t, done, err := a.talk(ctx, o, dir, name)
	if err != nil {
		return err
	}
	defer done()
	k := a.longTerm(o, dir)
	unlock, err := a.lockKey(t.ctx, k, name)
	if err != nil {
		return err
	}
	defer unlock()
	old, there, err := before(t.ctx, k, name)
	if err == nil && there {
		err = t.replace(name, old)
	}
	if err != nil {
		return err
	}
	pair, err := t.pair()
	if err != nil {
		return err
	}
	e, err := a.putKey(t.ctx, k, name, o.region, pair)
	if err != nil {
		return err
	}
	return a.stored(e)
}

// putKey keeps pair as the key called name, once STS has said whose it is.
func (a *app) putKey(ctx context.Context, k *keys.Keys, name, region string, pair keys.Pair) (keys.Entry, error) {
	caller, err := a.identify(ctx, name, region, pair)
	if err != nil {
		return keys.Entry{}, closed(err)
	}
	e := keys.Entry{Name: name, Account: caller.Account, User: caller.ARN, Current: pair}
	if err := k.Put(ctx, e); err != nil {
		return keys.Entry{}, &keyError{name, storeKey, err}
	}
	return e, nil
}

// maxTyped is how often an answer that cannot be meant is asked for again.
const maxTyped = 5

// pair asks for an access key. The secret is neither a flag nor a variable, which
// others could read, and is not shown.
func (t *talk) pair() (keys.Pair, error) {
	id, err := t.typed(t.ask, "Access key ID: ", checkKeyID)
	if err != nil {
		return keys.Pair{}, err
	}
	secret, err := t.typed(t.askHidden, "Secret access key (not shown): ", func(s string) string { return checkSecret(s, id) })
	return keys.Pair{AccessKeyID: id, Secret: creds.NewSecret(secret)}, err
}

// typed asks until check has nothing against the answer. Blanks come of copying.
func (t *talk) typed(ask func(string) (string, error), question string, check func(string) (problem string)) (string, error) {
	for range maxTyped {
		answer, err := ask(question)
		if err != nil {
			return "", err
		}
		answer = strings.Join(strings.Fields(answer), "")
		problem := check(answer)
		if problem == "" {
			return answer, nil
		}
		t.say("daypass: " + problem)
	}
	return "", errClosed
}

// checkKeyID says what is wrong with an access key id, which is shown in many
// places: it must not be a secret. Those of Ceph and MinIO have another form than
// AWS's.
func checkKeyID(id string) string {
	odd := func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("_-.@", r))
	}
	switch {
	case len(id) < 3 || len(id) > 128 || strings.ContainsFunc(id, odd):
		return "that is no access key id, which has letters and digits and mostly begins with AKIA"
	case temporaryID(id):
		return "that is the id of a temporary key, which cannot be kept: a long-term one begins with AKIA"
	}
	return ""
}

// temporaryID reports whether STS made the key with that id.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
func temporaryID(id string) bool { return strings.HasPrefix(id, "ASIA") && len(id) >= 16 }

// checkSecret says what is wrong with the secret that goes with id, without
// repeating it.
func checkSecret(secret, id string) string {
	odd := func(r rune) bool { return r <= ' ' || r > '~' }
	switch {
	case secret == id || strings.HasPrefix(secret, "AKIA") && len(secret) == 20:
		return "that is an access key id, and not the secret that goes with it"
	case len(secret) < 8 || strings.ContainsFunc(secret, odd):
		return "that is no secret access key, which has 40 letters, digits, + and / at AWS"
	}
	return ""
}
