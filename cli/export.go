package cli

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"daypass/creds"
)

func (a *app) exportCommand() *cobra.Command {
	var o options
	var f form
	var unset bool
	cmd := &cobra.Command{
		Use:   "export [P]",
		Short: "Print credentials for a shell to evaluate",
		Example: `  eval "$(daypass export dev)"
  daypass export dev --format fish | source
  daypass export dev --template 'user = "{AccessKeyId}:{SecretAccessKey}"'`,
		ValidArgsFunction: a.completeProfiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.parse(cmd); err != nil {
				return err
			}
			args, err := o.readRole(cmd, args, 1)
			if err != nil {
				return err
			}
			if unset {
				return a.unset(f)
			}
			p, err := a.oneProfile(args, o)
			if err != nil {
				return err
			}
			g := &get{app: a, options: o, limits: personLimits, strict: true}
			return ran(a.print(cmd, g, p, f.write))
		},
	}
	o.roleFlags(cmd)
	f.flags(cmd)
	cmd.Flags().BoolVar(&unset, "unset", false, "print what removes the variables again")
	return a.calling(cmd, &o)
}

// unset prints the undoing, without a look at profiles.
func (a *app) unset(f form) error {
	if f.template != nil {
		return &usageError{errors.New("--unset undoes a --format, not a --template")}
	}
	err := creds.WriteUnset(a.Stdout, f.format)
	if errors.Is(err, creds.ErrNoUndoing) {
		return &usageError{err}
	}
	return ran(err)
}

// form is the one in which the flags --format and --template want credentials.
type form struct {
	name, text string

	format   creds.Format
	template *creds.Template // nil: format counts
}

func (f *form) flags(cmd *cobra.Command) {
	var formats []string
	for _, known := range creds.Formats() {
		formats = append(formats, string(known))
	}
	cmd.Flags().StringVar(&f.name, "format", string(platformFormat()), "one of "+strings.Join(formats, ", "))
	cmd.Flags().StringVar(&f.text, "template", "", "print this text instead, with its fields in braces: "+creds.TemplateHelp())
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("template", cobra.NoFileCompletions)
}

// platformFormat is what most people's shell reads. Which one called cannot be
// told for sure: SHELL and PSModulePath are inherited by all others.
func platformFormat() creds.Format {
	if runtime.GOOS == "windows" {
		return creds.PowerShell
	}
	return creds.Env
}

// parse reads the flags; its errors are about the command line.
func (f *form) parse(cmd *cobra.Command) (err error) {
	if f.format, err = creds.ParseFormat(f.name); err != nil {
		return &usageError{err}
	}
	if !cmd.Flags().Changed("template") {
		return nil
	}
	if cmd.Flags().Changed("format") {
		return &usageError{errors.New("--template beside --format")}
	}
	if f.text == "" {
		return &usageError{errors.New("--template is empty")}
	}
	t, err := creds.ParseTemplate(f.text)
	if err != nil {
		return &usageError{fmt.Errorf("--template: %w", err)}
	}
	f.template = &t
	return nil
}

func (f *form) write(w io.Writer, c creds.Credentials, region, profile string) error {
	if f.template != nil {
		return f.template.Write(w, c, region, profile)
	}
	return creds.Write(w, f.format, c, region)
}
