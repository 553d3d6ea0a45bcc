package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"daypass/cache"
	"daypass/creds"
	"daypass/internal/tty"
)

func (a *app) statusCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "List what is cached and what failed last",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			s := a.status()
			if asJSON {
				return ran(a.statusJSON(s))
			}
			return ran(a.statusText(s))
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// status is what is known without opening a store.
type status struct {
	entries  []cache.Listing
	unkept   []unkept
	failures []failure
	trouble  string // with the state folder, "" if all is well
}

func (a *app) status() status {
	dir := a.stateDir()
	entries, listErr := (&cache.Cache{State: dir, Now: a.Now}).List()
	s := status{entries: entries, unkept: listUnkept(dir, a.Now()), failures: failures(dir)}
	if err := dir.Err(); err != nil {
		s.trouble = "there is no list, and processes do not wait for each other: " + err.Error()
	} else if listErr != nil {
		s.trouble = "the list cannot be read: " + listErr.Error()
	}
	return s
}

func (a *app) statusJSON(s status) error {
	type entry struct {
		Profile     string `json:"profile"`
		Call        string `json:"call"`
		RoleARN     string `json:"role_arn"`
		Serial      string `json:"serial"`
		Expires     string `json:"expires"`
		SecondsLeft int64  `json:"seconds_left"`
		Store       string `json:"store"`
		Reason      string `json:"reason,omitempty"` // why a better store was not used
	}
	answer := struct {
		Entries  []entry   `json:"entries"`
		Unkept   []unkept  `json:"unkept"` // what a code has bought and no store has taken
		Failures []failure `json:"failures"`
		Error    string    `json:"error,omitempty"`
	}{[]entry{}, append([]unkept{}, s.unkept...), append([]failure{}, s.failures...), s.trouble}
	for _, e := range s.entries {
		left := int64(e.Left(a.Now()) / time.Second)
		answer.Entries = append(answer.Entries, entry{e.Profile, e.Call, e.RoleARN, e.Serial, creds.Time(e.Expires), left, e.Store, notKept(e.PassedOver)})
	}
	return writeJSON(a.Stdout, answer)
}

func (a *app) statusText(s status) error {
	if len(s.entries) == 0 {
		fmt.Fprintln(a.Stdout, "nothing is cached")
	} else {
		w := tabwriter.NewWriter(a.Stdout, 0, 8, 2, ' ', 0)
		fmt.Fprintln(w, "PROFILE\tFROM\tFOR\tUNTIL\tLEFT\tSTORE")
		for _, e := range s.entries {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", tty.Visible(e.Profile), e.Call, tty.Visible(subject(e)),
				clock(e.Expires, a.Now()), span(e.Left(a.Now())), e.Store)
		}
		if err := w.Flush(); err != nil {
			return err
		}
		for _, why := range passedOver(s.entries) {
			fmt.Fprintln(a.Stdout, line("kept in the kernel keyring, since "+why))
		}
	}
	for _, u := range s.unkept {
		fmt.Fprintln(a.Stdout, line(u.told(a.Now())))
	}
	for _, f := range s.failures {
		fmt.Fprintln(a.Stdout, line(fmt.Sprintf("profile %q failed at %s: %s", f.Profile, clock(f.Time, a.Now()), f.Message)))
	}
	if s.trouble != "" {
		fmt.Fprintln(a.Stdout, tty.Visible(s.trouble))
	}
	return nil
}

// passedOver is why entries are not in the better store.
func passedOver(entries []cache.Listing) (reasons []string) {
	for _, e := range entries {
		if why := notKept(e.PassedOver); why != "" && !slices.Contains(reasons, why) {
			reasons = append(reasons, why)
		}
	}
	return reasons
}

// subject is what the credentials are for: the role, else the device.
func subject(e cache.Listing) string {
	if e.RoleARN != "" {
		return e.RoleARN
	}
	return e.Serial
}

// clock is a time for people: the local one, with the date unless it is within
// a day or two of now.
func clock(t, now time.Time) string {
	if t.Sub(now).Abs() < 48*time.Hour {
		return t.Local().Format("Mon 15:04")
	}
	return t.Local().Format("2006-01-02 15:04")
}

// span is a duration for people, in its two largest units.
func span(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d >= time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	case d >= time.Minute:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%ds", int(d.Seconds()))
}

func writeJSON(w io.Writer, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, creds.ASCII(string(text))+"\n")
	return err
}
