package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"daypass/creds"
	"daypass/internal/tty"
	"daypass/keys"
	"daypass/profile"
)

func (a *app) listKeysCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the access keys in the keyring",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			all, err := a.listKeys()
			if err != nil {
				return ran(err)
			}
			if asJSON {
				return ran(writeJSON(a.Stdout, all))
			}
			return ran(a.showKeys(all))
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// listedKey is a key in the shape of list's JSON.
type listedKey struct {
	Name        string     `json:"name"`
	AccessKeyID string     `json:"access_key_id"`
	Account     string     `json:"account"`
	User        string     `json:"user"`
	Created     string     `json:"created"` // when daypass stored it
	State       keys.State `json:"state"`
	Profiles    []string   `json:"profiles"` // that rest on it
}

// listKeys opens no item of the keyring.
func (a *app) listKeys() ([]listedKey, error) {
	k := a.longTerm(options{noPrompt: true}, a.stateDir())
	listed, err := k.List()
	if err != nil {
		return nil, err
	}
	users, err := a.keyUsers(k, len(listed))
	if err != nil {
		return nil, err
	}
	all := []listedKey{}
	for _, l := range listed {
		all = append(all, listedKey{l.Name, l.AccessKeyID, l.Account, l.User, creds.Time(l.Created), l.State, append([]string{}, users[l.Name]...)})
	}
	return all, nil
}

// keyUsers are the profiles that rest on each of n keys, by its name.
func (a *app) keyUsers(k *keys.Keys, n int) (map[string][]string, error) {
	users := map[string][]string{}
	reader, err := a.profiles(k)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	names := reader.Names()
	if n == 0 {
		names = nil
	}
	for _, name := range names {
		p, err := reader.Load(name)
		if err == nil && p.Base.Kind == profile.Keyring {
			users[p.Base.Profile] = append(users[p.Base.Profile], name)
		}
	}
	return users, nil
}

func (a *app) showKeys(all []listedKey) error {
	if len(all) == 0 {
		_, err := fmt.Fprintln(a.Stdout, "no access key is known to be in the keyring")
		return err
	}
	w := tabwriter.NewWriter(a.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tACCESS KEY\tACCOUNT\tUSER\tSTORED\tPROFILES")
	for _, l := range all {
		day, _, _ := strings.Cut(l.Created, "T")
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", tty.Visible(l.Name), tty.Visible(l.AccessKeyID), tty.Visible(l.Account),
			tty.Visible(l.User), day, tty.Visible(strings.Join(l.Profiles, ", ")))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, l := range all {
		if l.State != keys.Settled {
			fmt.Fprintln(a.Stdout, line(fmt.Sprintf("%s: its replacement is not finished: run \"daypass keys rotate %s\"", l.Name, creds.ShellWord(l.Name))))
		}
	}
	return nil
}
