//go:build linux

// Floor is the least that a hit could cost: a program that links the libraries
// of daypass, reads one item of the keyring by go-keyring, or of the kernel
// keyring, and prints it. It owns that yardstick, and does not measure: hitcost does.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/gofrs/flock"
	"github.com/spf13/cobra"
	"github.com/zalando/go-keyring"
	"golang.org/x/sys/unix"
	"golang.org/x/term"
	"gopkg.in/ini.v1"
)

func main() {
	run := get
	switch {
	case len(os.Args) == 2 && os.Args[1] == "nothing":
		return
	case len(os.Args) != 3:
		run = linked
	case os.Args[1] == "kernel":
		run = getOfKernel
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "floor: error:", err)
		os.Exit(1)
	}
}

// get prints the item of the service and account that the arguments name.
func get() error {
	item, err := keyring.Get(os.Args[1], os.Args[2])
	if err != nil {
		return err
	}
	_, err = os.Stdout.WriteString(item)
	return err
}

// getOfKernel prints the item of the account that the argument names.
func getOfKernel() error {
	id, err := unix.KeyctlSearch(unix.KEY_SPEC_USER_KEYRING, "user", "daypass:"+os.Args[2], 0)
	if err != nil {
		return err
	}
	item := make([]byte, 32_767)
	n, err := unix.KeyctlBuffer(unix.KEYCTL_READ, id, item, 0)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(item[:n])
	return err
}

// linked never runs on a measured call: it is what keeps the linker from leaving
// the libraries out.
func linked() error {
	command := &cobra.Command{Use: "floor SERVICE ACCOUNT", RunE: func(cmd *cobra.Command, _ []string) error {
		if _, err := ini.Load(os.DevNull); err != nil {
			return err
		}
		if err := flock.New(os.DevNull).Lock(); err != nil {
			return err
		}
		if _, err := term.ReadPassword(int(os.Stdin.Fd())); err != nil {
			return err
		}
		return call(cmd.Context())
	}}
	return command.ExecuteContext(context.Background())
}

func call(ctx context.Context) error {
	c, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	if _, err = iam.NewFromConfig(c).ListMFADevices(ctx, &iam.ListMFADevicesInput{}); err != nil {
		return err
	}
	client := sts.NewFromConfig(c)
	if _, err = client.GetSessionToken(ctx, &sts.GetSessionTokenInput{}); err != nil {
		return err
	}
	_, err = client.AssumeRole(ctx, &sts.AssumeRoleInput{})
	return err
}
