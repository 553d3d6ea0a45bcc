package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"daypass/creds"
	"daypass/internal/tty"
	"daypass/mfa"
	"daypass/profile"
	"daypass/session"
)

const (
	historyFile  = "history.jsonl"
	historyLimit = 1 << 20 // bytes, some 2,500 lines
)

// issuance is one line of the history. CloudTrail has the access key id in the
// responseElements of the call and in every call that was signed with it, and the
// request id as requestID.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
type issuance struct {
	Time           time.Time `json:"time"`
	Profile        string    `json:"profile"`
	Call           string    `json:"call"`
	RoleARN        string    `json:"role_arn"`
	SessionName    string    `json:"session_name"`
	SourceIdentity string    `json:"source_identity"`
	AccessKeyID    string    `json:"access_key_id"`
	RequestID      string    `json:"request_id"`
	Expires        time.Time `json:"expires"`
	Caller         string    `json:"caller"`
}

// record adds what STS has just issued to the history. That it cannot be written
// is no failure.
func (a *app) record(i session.Issuance) {
	text, err := json.Marshal(issuance{
		i.At.UTC().Truncate(time.Second), i.Profile, i.Call, i.RoleARN, i.SessionName, i.SourceIdentity,
		i.AccessKeyID, i.RequestID, i.Expiration.UTC(), mfa.Caller(),
	})
	if err == nil {
		_ = a.stateDir().Append(historyFile, []byte(creds.ASCII(string(text))+"\n"), historyLimit)
	}
}

func (a *app) historyCommand() *cobra.Command {
	var only, since string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "history",
		Short: "List what was issued, to find it in CloudTrail",
		Example: `  daypass history --since 24h
  daypass history --profile dev --since 2026-03-01 --json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			from, err := parseSince(since, a.Now())
			if err != nil {
				return &usageError{err}
			}
			all, err := a.history(only, from)
			if err != nil {
				return ran(err)
			}
			if asJSON {
				return ran(a.historyJSON(all))
			}
			return ran(a.historyText(all))
		},
	}
	cmd.Flags().StringVar(&only, "profile", "", "of this profile alone")
	cmd.Flags().StringVar(&since, "since", "", "not older than this, such as 24h or 2026-03-01")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, one line each")
	_ = cmd.RegisterFlagCompletionFunc("profile", a.completeProfiles)
	return cmd
}

// parseSince reads a time ago, a local date, or a time as JSON has it. Empty is
// the beginning.
func parseSince(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, s, time.Local); err == nil {
		return t, nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	d, err := profile.ParseDuration(s)
	if err != nil {
		return time.Time{}, fmt.Errorf("--since %q is neither a time ago, such as 24h, nor a date, such as 2026-03-01", s)
	}
	return now.Add(-d), nil
}

// history are the issuances since then, the newest last; of every profile if only
// is empty. A line that cannot be read is left out.
func (a *app) history(only string, since time.Time) ([]issuance, error) {
	text, err := a.stateDir().Read(historyFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the history cannot be read: %w", err)
	}
	var all []issuance
	for line := range bytes.Lines(text) {
		var i issuance
		if json.Unmarshal(line, &i) != nil || i.AccessKeyID == "" {
			continue
		}
		if (only == "" || i.Profile == only) && !i.Time.Before(since) {
			all = append(all, i)
		}
	}
	return all, nil
}

func (a *app) historyJSON(all []issuance) error {
	for _, i := range all {
		if err := writeJSON(a.Stdout, i); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) historyText(all []issuance) error {
	if len(all) == 0 {
		_, err := fmt.Fprintln(a.Stdout, "nothing was issued")
		return err
	}
	w := tabwriter.NewWriter(a.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "TIME\tPROFILE\tCALL\tROLE\tSESSION\tACCESS KEY\tUNTIL\tCALLER")
	for _, i := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", clock(i.Time, a.Now()), shown(i.Profile), shown(i.Call), shown(i.RoleARN),
			shown(i.SessionName), shown(i.AccessKeyID), clock(i.Expires, a.Now()), shown(i.Caller))
	}
	return w.Flush()
}

// shown is a cell of a table.
func shown(s string) string {
	if s == "" {
		return "-"
	}
	return tty.Visible(s)
}
