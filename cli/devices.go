package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"daypass/creds"
	"daypass/profile"
	"daypass/session"
)

// listDevicesFlag is the flag of login that lists MFA devices.
const listDevicesFlag = "list-devices"

func (a *app) listDevicesCommand(cmd *cobra.Command, args []string, o options) error {
	for _, name := range []string{"store", "token-code", "min-remaining", "refresh", "debug"} {
		if cmd.Flags().Changed(name) {
			return &usageError{fmt.Errorf("--%s beside --%s, which gets no credentials", name, listDevicesFlag)}
		}
	}
	if len(args) > 1 {
		return &usageError{fmt.Errorf("--%s is about one profile", listDevicesFlag)}
	}
	name, err := a.oneProfile(args, o)
	if err != nil {
		return err
	}
	a.profile = name
	return ran(a.listDevices(cmd.Context(), name, o))
}

// listDevices prints the MFA devices of a profile's user so that they can be
// pasted into the profile. The serial that the profile has may be the wrong one:
// that is what the list is for.
func (a *app) listDevices(ctx context.Context, name string, o options) error {
	o.fromEnvironment(a.Getenv)
	k := a.longTerm(o, a.stateDir())
	p, err := a.load(ctx, name, k)
	if err != nil && !errors.Is(err, profile.ErrSerial) {
		return err
	}
	means, err := a.keyMeans(p, k, o)
	if err != nil {
		return err
	}
	devices, err := session.Devices(ctx, p, a.getenvOf(name), o.region, means)
	if err != nil {
		return err
	}
	usable := 0
	for _, d := range devices {
		if d.Unusable == nil {
			usable++
		}
	}
	if len(devices) > 0 {
		if _, err := fmt.Fprint(a.Stdout, deviceLines(p, devices, usable)); err != nil {
			return err
		}
	}
	if usable == 0 {
		return &noDeviceError{name, len(devices)}
	}
	return nil
}

// deviceLines are lines of a config file: settings, and comments.
func deviceLines(p *profile.Profile, devices []session.Device, usable int) string {
	var b strings.Builder
	comment := func(format string, args ...any) { fmt.Fprintf(&b, "# %s\n", line(fmt.Sprintf(format, args...))) }
	whose := fmt.Sprintf("MFA devices of profile %q", p.Name)
	if p.Base.Profile != p.Name {
		whose += fmt.Sprintf(", by the access key of profile %q", p.Base.Profile)
	}
	if usable > 1 {
		whose += "; keep one of the lines"
	}
	comment("%s", whose)
	for _, d := range devices {
		since := ""
		if !d.Enabled.IsZero() {
			since = d.Enabled.Format(" (enabled 2006-01-02)")
		}
		switch {
		case errors.Is(d.Unusable, profile.ErrSecurityKey):
			comment("%s%s is a security key or passkey, and STS takes no codes of those", d.Serial, since)
		case d.Unusable != nil:
			comment("%s%s is no serial that STS takes", d.Serial, since)
		default:
			fmt.Fprintf(&b, "daypass_mfa_serial = %s\n", d.Serial)
		}
	}
	return b.String()
}

// noDeviceError is a user without a device whose codes STS takes.
type noDeviceError struct {
	profile string
	others  int // devices that give no such codes
}

func (e *noDeviceError) Error() string {
	if e.others == 0 {
		return fmt.Sprintf("the user of profile %q has no MFA device", e.profile)
	}
	return fmt.Sprintf("the user of profile %q has no MFA device whose codes STS takes", e.profile)
}

// devicesHint says how to find the mfa_serial that a profile should have.
func devicesHint(profile string) string {
	return fmt.Sprintf("run \"daypass login --%s %s\" for the daypass_mfa_serial line to write", listDevicesFlag, creds.ShellWord(profile))
}

const (
	noDeviceHint = "register a virtual MFA device under \"Security credentials\" in the AWS console: a user may have 8 devices, so it can stand beside a security key"
	consoleHint  = "the AWS console shows the ARN: your name at the top right, \"Security credentials\"; write it as daypass_mfa_serial = ARN"
)
