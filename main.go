// Daypass gives AWS tools temporary credentials after one MFA code a day: it is
// the credential_process of a profile. All of it is in the rooms below; this
// file only hands them the outside world.
package main

import (
	"context"
	"os"
	"os/user"
	"time"

	"daypass/cli"
)

func main() {
	self, _ := os.Executable() // "" if the system does not tell
	home, err := os.UserHomeDir()
	if u, lookup := user.Current(); err != nil && lookup == nil {
		home = u.HomeDir // as SDKs do where HOME is not set
	}
	os.Exit(cli.Main(context.Background(), cli.Env{
		Args:    os.Args[1:],
		Stdout:  os.Stdout,
		Stderr:  os.Stderr,
		Getenv:  os.Getenv,
		Environ: os.Environ,
		Now:     time.Now,
		Home:    home,
		Self:    self,
		Parent:  os.Getppid,
	}))
}
