package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"daypass/internal/state"
	"daypass/profile"
	"daypass/session"
)

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "daypass",
		Short: "One MFA code a day for every AWS tool",
		Long: `daypass is the credential_process of AWS profiles whose account asks for MFA.
It asks for the six digits once, keeps the temporary credentials in the keyring
until they expire, and hands them to every tool that asks.`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		Args:              cobra.NoArgs,
		RunE:              func(cmd *cobra.Command, _ []string) error { return ran(cmd.Help()) },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	root.AddCommand(
		a.credentialProcessCommand(),
		a.loginCommand(),
		a.logoutCommand(),
		a.statusCommand(),
		a.exportCommand(),
		a.execCommand(),
		a.federateCommand(),
		a.whoamiCommand(),
		a.decodeCommand(),
		a.consoleCommand(),
		a.historyCommand(),
		a.explainCommand(),
		a.keysCommand(),
		a.completionCommand(),
		a.versionCommand(),
	)
	root.SetHelpCommand(helpCommand())
	return root
}

// helpCommand stands in for cobra's, which takes any topic for a good one.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Show how daypass or one of its commands is used",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return fmt.Errorf("there is no command %q", strings.Join(args, " "))
			}
			about.InitDefaultHelpFlag()
			return ran(about.Help())
		},
	}
}

// options are what the flags of one command say.
type options struct {
	profile      string
	region       string
	tokenCode    string
	store        string
	minRemaining string
	maxAge       string
	role         roleFlags
	noPrompt     bool
	refresh      bool
	debug        bool

	given session.Given // what role says

	anew bool // no flag: a person wants the keyring tried in full, whatever is remembered of its trouble
}

// callFlags are those of every command that makes calls for a profile.
func (o *options) callFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.profile, "profile", "", "the profile")
	f.StringVar(&o.region, "region", "", "the region of the STS calls")
}

// profileFlags are those of every command about what is cached for a profile.
func (o *options) profileFlags(cmd *cobra.Command) {
	o.callFlags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.store, "store", "", "where credentials are kept: auto, keyring, kernel or none (DAYPASS_STORE)")
}

// getFlags are those of the commands that get credentials.
func (o *options) getFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.tokenCode, "token-code", "", "the MFA code (DAYPASS_TOKEN_CODE)")
	o.noPromptFlag(cmd)
	f.StringVar(&o.minRemaining, "min-remaining", "", "renew what lives less than this, such as 2h")
	f.BoolVar(&o.debug, "debug", false, "write debug.log in the state folder (DAYPASS_DEBUG)")
}

func (o *options) noPromptFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.noPrompt, "no-prompt", false, "never ask a person, for a code or to unlock the keyring (DAYPASS_NO_PROMPT)")
}

func (o *options) refreshFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.refresh, "refresh", false, "get new credentials whatever is cached")
}

// oneProfile is the profile that a command is about: its argument, --profile,
// AWS_PROFILE, AWS_DEFAULT_PROFILE or default. An empty variable is unset.
func (a *app) oneProfile(args []string, o options) (string, error) {
	if len(args) > 0 && o.profile != "" && args[0] != o.profile {
		return "", &usageError{fmt.Errorf("two profiles: %q and --profile %q", args[0], o.profile)}
	}
	for _, name := range append(args, o.profile, a.Getenv("AWS_PROFILE"), a.Getenv("AWS_DEFAULT_PROFILE")) {
		if name != "" {
			return name, nil
		}
	}
	return "default", nil
}

// someProfiles are the arguments, or else the one profile.
func (a *app) someProfiles(args []string, o options) ([]string, error) {
	if len(args) > 1 && o.profile == "" {
		return args, nil
	}
	if len(args) > 1 {
		return nil, &usageError{fmt.Errorf("--profile %q beside other profiles", o.profile)}
	}
	name, err := a.oneProfile(args, o)
	return []string{name}, err
}

const tokenCodeVariable = "DAYPASS_TOKEN_CODE"

// fromEnvironment fills what no flag gave. DAYPASS_NO_PROMPT and DAYPASS_DEBUG
// count unless they are empty or a form of no.
func (o *options) fromEnvironment(getenv func(string) string) {
	if o.tokenCode == "" {
		o.tokenCode = getenv(tokenCodeVariable)
	}
	if o.store == "" {
		o.store = getenv("DAYPASS_STORE")
	}
	o.noPrompt = o.noPrompt || yes(getenv("DAYPASS_NO_PROMPT"))
	o.debug = o.debug || yes(getenv("DAYPASS_DEBUG"))
}

func yes(s string) bool {
	b, err := strconv.ParseBool(s)
	return s != "" && (b || err != nil)
}

// wish is --min-remaining, else the profile's min_remaining.
func (o *options) wish(p *profile.Profile) (time.Duration, error) {
	if o.minRemaining == "" {
		return p.MinRemaining, nil
	}
	d, err := profile.ParseDuration(o.minRemaining)
	if err != nil {
		return 0, &usageError{fmt.Errorf("--min-remaining %q: %w", o.minRemaining, err)}
	}
	return d, nil
}

func (a *app) files() profile.Files { return profile.Locate(a.Getenv, a.Home) }

func (a *app) stateDir() *state.Dir { return state.New(state.Path(a.Getenv, a.Home)) }

// usageError is a command line that cannot be understood.
type usageError struct{ error }

// runError marks an error of a command that was understood, which tells it from
// cobra's about the command line.
type runError struct{ error }

func (e runError) Unwrap() error { return e.error }

// toldError ends a run whose failures are on stderr already.
type toldError struct{ code int }

func (e toldError) Error() string { return fmt.Sprintf("failed with exit code %d", e.code) }

func ran(err error) error {
	if err == nil {
		return nil
	}
	return runError{err}
}
