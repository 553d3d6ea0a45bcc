package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"daypass/creds"
	"daypass/internal/tty"
	"daypass/session"
)

// The exit codes of exec besides the command's own, those of env(1) and nohup(1).
const (
	exitNotBegun      = 125 // daypass failed, whatever the reason
	exitNotExecutable = 126
	exitNotFound      = 127
)

const execName = "exec"

var (
	errNoCommand = errors.New("there is no command to run: write it behind --")
	errNoDashes  = errors.New("-- is missing before the command")
)

func (a *app) execCommand() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   execName + " [P] [flags] -- CMD [ARG...]",
		Short: "Run a command with credentials in its environment",
		Example: `  daypass exec dev -- terraform apply
  daypass exec dev --min-remaining 50m -- ./backup.sh`,
		ValidArgsFunction: a.completeExec,
		RunE: func(cmd *cobra.Command, args []string) error {
			profiles, command, err := splitArgs(args, cmd.ArgsLenAtDash())
			if err != nil {
				return &usageError{err}
			}
			if profiles, err = o.readRole(cmd, profiles, -1); err != nil {
				return err
			}
			if n := len(profiles); n > 1 {
				return &usageError{fmt.Errorf("%d profiles before --: a command has the credentials of one", n)}
			}
			p, err := a.oneProfile(profiles, o)
			if err != nil {
				return err
			}
			g := &get{app: a, options: o, limits: personLimits, strict: true}
			return ran(a.exec(cmd.Context(), g, p, command))
		},
	}
	o.roleFlags(cmd)
	return a.calling(cmd, &o)
}

// splitArgs tells what is about the profile from the command; dash is how
// many arguments stand before --, negative without one.
func splitArgs(args []string, dash int) (profiles, command []string, err error) {
	switch {
	case dash < 0 && len(args) > 1:
		return nil, nil, errNoDashes
	case dash < 0, dash == len(args):
		return nil, nil, errNoCommand
	}
	return slices.Clip(args[:dash]), args[dash:], nil // else what is appended to one overwrites the other
}

func (a *app) completeExec(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveDefault // the command and its files
	}
	return a.completeProfiles(cmd, args, toComplete)
}

// exec runs the command with credentials in its environment. On Unix it returns
// only if that fails.
func (a *app) exec(ctx context.Context, g *get, name string, command []string) error {
	allowStops := tty.KeepStops()
	path, err := findProgram(command[0]) // before anyone is asked
	if err != nil {
		return err
	}
	result, err := g.run(ctx, name)
	a.remember(g, name, result, err)
	if err != nil {
		g.tellUnkept()
		return err
	}
	a.tellEnd(g, result, command[0])
	if err := a.releaseSignals(); err != nil {
		return err
	}
	allowStops()
	return runProgram(path, command, a.commandEnviron(g, result.Credentials))
}

// tellEnd says how long the credentials live, to who was asked for a code, and to
// who sees what the command writes. The terminal of others is the command's alone:
// it may be one of a pipeline, or of a script.
func (a *app) tellEnd(g *get, result session.Result, program string) {
	if g.options.noPrompt || !g.asked && !(terminal(a.Stdout) && terminal(a.Stderr)) {
		return
	}
	text := "daypass: " + a.goodUntil(g, result)
	if g.unkept != nil && !g.foretold {
		text += "; not kept: " + notKept(g.unkept)
	}
	if g.profile.Called && a.renews(g) {
		text += fmt.Sprintf("; AWS_PROFILE=%s %s ... renews by itself", creds.ShellWord(g.profile.Name), creds.ShellWord(program))
	}
	a.tell(line(text))
}

// renews reports whether SDKs that are given the profile's name get what this command
// does: nothing goes before the profile, and no flag makes its credentials others.
func (a *app) renews(g *get) bool {
	o := g.options
	return a.Getenv("AWS_ACCESS_KEY_ID") == "" && o.region == "" && o.maxAge == "" && len(o.given.Settings()) == 0
}

// commandEnviron is the environment of the command.
func (a *app) commandEnviron(g *get, c creds.Credentials) []string {
	more := []string{creds.ProfileVariable + "=" + g.profile.Name}
	region := g.plan.network.Region
	if g.region() != "" && a.Getenv(region.From) == "" {
		more = append(more, creds.RegionVariable+"="+region.Value)
	}
	own := []string{creds.RegionVariable, callersVariable, tokenCodeVariable}
	environ := slices.DeleteFunc(creds.Environ(a.environ, c, g.region()), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.ContainsFunc(own, func(other string) bool { return creds.SameName(name, other) })
	})
	return append(environ, more...)
}

// outside returns the environment as it would be without the exec around this
// process, as far as it tells which region to use: the command of that one has
// its region, and another profile has another.
func outside(getenv func(string) string, environ []string) (func(string) string, []string) {
	region := getenv(creds.RegionVariable)
	if region == "" {
		return getenv, environ
	}
	set := func(name string) bool {
		return (creds.SameName(name, "AWS_REGION") || creds.SameName(name, "AWS_DEFAULT_REGION")) && getenv(name) == region
	}
	environ = slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return set(name)
	})
	return func(name string) string {
		if set(name) {
			return ""
		}
		return getenv(name)
	}, environ
}

// getenvOf is what counts for a profile: inside an exec of it, the region that this
// was given; else what there is outside.
func (a *app) getenvOf(profile string) func(string) string {
	if profile == a.Getenv(creds.ProfileVariable) {
		return a.inside
	}
	return a.Getenv
}

// programError is a command that cannot be run.
type programError struct {
	name string
	err  error
}

// Error has the name as it was typed: %q would double the backslashes of Windows.
func (e *programError) Error() string { return fmt.Sprintf("\"%s\" cannot be run: %v", e.name, e.err) }

// findProgram finds the program of a command as shells do.
func findProgram(name string) (string, error) {
	path, err := exec.LookPath(name)
	if errors.Is(err, exec.ErrDot) && currentFolderCounts {
		err = nil
	}
	if err != nil {
		return "", &programError{name, reason(err)}
	}
	return path, nil
}

// reason is err without the words of package exec.
func reason(err error) error {
	var e *exec.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// execWords are those for what only exec can meet with.
func (a *app) execWords(err error) (what, hint string, code int) {
	var program *programError
	switch {
	case !errors.As(err, &program):
		return "", "", 0
	case errors.Is(program.err, exec.ErrNotFound), errors.Is(program.err, fs.ErrNotExist):
		return fmt.Sprintf("there is no program \"%s\"", program.name), "write the command behind --, as \"daypass exec dev -- aws s3 ls\"", exitNotFound
	}
	if errors.Is(program.err, exec.ErrDot) {
		return program.Error(), fmt.Sprintf("write \".%c%s\" if that of this folder is meant", filepath.Separator, program.name), exitNotExecutable
	}
	return program.Error(), "look whether it is a program, and may be run", exitNotExecutable
}
