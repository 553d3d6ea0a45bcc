// Demo runs daypass's main job for someone without an AWS account: a simulated
// STS on the loopback address, a throwaway config and state folder, and the
// installed binary, called as an SDK calls it. It owns the story and nothing of
// what it shows.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	authenticator := flag.String("authenticator", "", "print the code that the authenticator at this address shows, and end")
	flag.Usage = func() { fmt.Fprintln(os.Stderr, "usage: demo PATH-OF-DAYPASS") }
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	err := run(ctx, *authenticator, flag.Arg(0))
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo: error:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop has been called
	}
}

func run(ctx context.Context, authenticator, daypass string) error {
	switch {
	case authenticator != "":
		return printCode(ctx, authenticator)
	case daypass == "":
		return errors.New("which daypass? give its path")
	}
	return tell(ctx, daypass)
}
