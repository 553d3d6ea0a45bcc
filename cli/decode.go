package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"daypass/creds"
	"daypass/internal/tty"
	"daypass/session"
)

// mostPasted is how much of standard input is read, in bytes.
const mostPasted = 1 << 20

var (
	// errNoMessage is a text without an encoded message.
	errNoMessage = errors.New("there is no encoded authorization failure message in it")
	// errDashed is a message that was taken for a flag.
	errDashed = errors.New("a message that begins with - reads as a flag")
	// errUnread is a terminal on which the text could not be typed to its end.
	errUnread = errors.New("the message was not read to its end")
)

func (a *app) decodeCommand() *cobra.Command {
	var o options
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "decode [MESSAGE]",
		Short: "Tell why AWS denied a call, from its encoded message",
		Long: `Has STS decode an "Encoded authorization failure message" (DecodeAuthorizationMessage),
given alone or within the whole error, as argument or on standard input. An argument
that begins with - needs -- before it.`,
		Example: `  daypass decode --profile dev < error.txt
  daypass decode --profile dev -- -r3OZ...`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, err := a.oneProfile(nil, o)
			if err != nil {
				return err
			}
			return ran(a.decode(cmd.Context(), cmd.InOrStdin(), args, name, o, asJSON))
		},
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		if slices.ContainsFunc(a.Args, isDashed) {
			return ran(errDashed)
		}
		return &usageError{err}
	})
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the whole decoded message")
	return a.calling(cmd, &o)
}

// isDashed reports whether arg is a message that reads as a flag: one in 64 does.
func isDashed(arg string) bool {
	return strings.HasPrefix(arg, "-") && slices.Equal(session.FindMessages(arg), []string{arg})
}

func (a *app) decode(ctx context.Context, in io.Reader, args []string, name string, o options, asJSON bool) error {
	text, err := a.pasted(ctx, in, args)
	if err != nil {
		return err
	}
	readings := session.FindMessages(text)
	if len(readings) == 0 {
		return errNoMessage
	}
	g, err := a.prepared(ctx, o, name)
	if err != nil {
		return err
	}
	signer, err := g.decoder(ctx)
	if err != nil {
		return err
	}
	document, err := session.Decode(ctx, g.plan.network, signer, readings...)
	if err != nil {
		return err
	}
	if asJSON {
		return a.documentJSON(document)
	}
	denial, err := session.ReadDenial(document)
	if err != nil {
		return err
	}
	return a.denialText(denial, session.FindReason(text))
}

// pasted is the text that was given.
func (a *app) pasted(ctx context.Context, in io.Reader, args []string) (string, error) {
	if len(args) > 0 {
		return args[0], nil
	}
	a.catchSignals() // what the terminal's mode is changed to must be changed back
	if f, ok := in.(*os.File); ok && tty.IsTerminal(f) {
		return a.typed(ctx, f)
	}
	return toTheEnd(ctx, in)
}

// toTheEnd is what is read from in. No signal waits for the end, which may never
// come.
func toTheEnd(ctx context.Context, in io.Reader) (string, error) {
	return endable(ctx, func() (string, error) {
		text, err := io.ReadAll(io.LimitReader(in, mostPasted))
		return string(text), err
	})
}

// endable is what read returns or, if ctx ends first, its cause: then read, which
// nothing can call off, goes on beside us.
func endable(ctx context.Context, read func() (string, error)) (string, error) {
	type answer struct {
		text string
		err  error
	}
	ended := make(chan answer, 1)
	go func() {
		text, err := read()
		ended <- answer{text, err}
	}()
	select {
	case a := <-ended:
		return a.text, a.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// decoder is what signs the call: the profile's credentials or, since the session
// of a user may call next to nothing of STS, the user's key itself.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_request.html#stsapi_comparison
func (g *get) decoder(ctx context.Context) (creds.Credentials, error) {
	if g.last().Call == session.GetSessionToken {
		g.begun = g.app.Now()
		return session.LongTerm(ctx, g.profile, g.app.Getenv, g.plan.network, g.means())
	}
	result, err := g.credentials(ctx)
	return result.Credentials, err
}

func (a *app) documentJSON(document string) error {
	var b bytes.Buffer
	if json.Compact(&b, []byte(document)) != nil {
		return session.ErrNoDenial
	}
	_, err := io.WriteString(a.Stdout, creds.ASCII(b.String())+"\n")
	return err
}

// denialText tells d; said is what the error itself gave as reason, "" if nothing.
func (a *app) denialText(d session.Denial, said string) error {
	w := tabwriter.NewWriter(a.Stdout, 0, 8, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%s\t%s\n", name, tty.Visible(fmt.Sprintf(format, args...)))
	}
	row("who", "%s", shown(d.Principal))
	row("action", "%s", shown(d.Action))
	row("resource", "%s", shown(d.Resource))
	for i, reason := range reasons(d, said) {
		row(map[bool]string{true: "why"}[i == 0], "%s", reason)
	}
	for i, c := range d.Context {
		row(map[bool]string{true: "known"}[i == 0], "%s = %s", c.Key, strings.Join(c.Values, ", "))
	}
	return w.Flush()
}

// reasons are the lines that say why.
func reasons(d session.Denial, said string) []string {
	var why []string
	add := func(format string, args ...any) { why = append(why, fmt.Sprintf(format, args...)) }
	switch {
	case d.Allowed:
		add("it is allowed, says the message")
	case !d.Explicit:
		add("no policy allows it")
	case len(d.Statements) == 0:
		add("an explicit deny, by a statement that AWS does not show")
	default:
		add("an explicit deny")
	}
	if said != "" {
		add("the error says: %s", said)
	}
	for _, s := range d.Statements {
		why = append(why, statementWords(d, s)...)
	}
	if d.WithoutMFA() {
		add("the call was made without MFA, or with MFA too long ago: use credentials of an MFA session")
	}
	for _, f := range d.Failures {
		add("failure: %s", f)
	}
	return why
}

// statementWords say what a statement has, and what was known of the call under
// its conditions: the message does not say how they compare.
func statementWords(d session.Denial, s session.Statement) []string {
	name := "a statement without Sid"
	if s.ID != "" {
		name = fmt.Sprintf("statement %q", s.ID)
	}
	if s.Policy != "" {
		name += " of " + s.Policy
	}
	words := []string{fmt.Sprintf("%s: %s", name, strings.Join(append([]string{s.Effect}, brief(s.Actions)...), " "))}
	if len(s.Resources) > 0 {
		words[0] += " on " + strings.Join(brief(s.Resources), " ")
	}
	for _, c := range s.Conditions {
		known := "not known of this call"
		if values := d.Value(c.Key); values != nil {
			known = "in this call " + strings.Join(values, ", ")
		}
		words = append(words, fmt.Sprintf("its condition on %s: %s (%s)", c.Key, strings.Join(c.Values, ", "), known))
	}
	return words
}

// brief are the first few of many.
func brief(all []string) []string {
	const most = 4
	if len(all) <= most {
		return all
	}
	return append(all[:most:most], fmt.Sprintf("and %d more (--json)", len(all)-most))
}

// decodeWords are those for what only decode can meet with.
func decodeWords(err error) (what, hint string, code int) {
	switch {
	case errors.Is(err, errNoMessage):
		return err.Error(), "paste the whole error, or what stands behind \"Encoded authorization failure message:\", uncut", exitUsage
	case errors.Is(err, errDashed):
		return err.Error(), "write -- before it, behind all flags, or give it on standard input", exitUsage
	case errors.Is(err, errUnread):
		return err.Error(), "paste it again, or give it as a file: daypass decode < FILE", exitRefused
	case errors.Is(err, session.ErrNoDenial):
		return err.Error(), "--json prints it as it is, if it is JSON", exitFailed
	}
	return "", "", 0
}
