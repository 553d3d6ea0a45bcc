package cli

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"daypass/creds"
	"daypass/mfa"
	"daypass/session"
)

const (
	// openLimit is how long the browser may take to come for the address.
	openLimit = time.Minute
	// visitLimit is how long one connection may take.
	visitLimit = 5 * time.Second
	// mostVisit is more than the head of a request has, in bytes.
	mostVisit = 1 << 16
)

// errBrowser is a browser that did not come.
var errBrowser = errors.New("no browser came for the address")

func (a *app) consoleCommand() *cobra.Command {
	var o options
	var destination string
	var open bool
	cmd := &cobra.Command{
		Use:   "console [P]",
		Short: "Print an address that signs in to the AWS console",
		Long: `Trades the credentials of profile P, which must have a role, for an address that
signs in whoever opens it within 15 minutes. With --open the browser gets it
and nobody sees it.`,
		Example: `  daypass console dev --open --destination s3`,
		Args:    cobra.MaximumNArgs(1), ValidArgsFunction: a.completeProfiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			name, err := a.oneProfile(args, o)
			if err != nil {
				return err
			}
			return a.console(cmd.Context(), name, o, destination, open)
		},
	}
	cmd.Flags().StringVar(&destination, "destination", "", "a service, such as s3, or an address of the console")
	cmd.Flags().BoolVar(&open, "open", false, "open it in the browser instead")
	return a.calling(cmd, &o)
}

func (a *app) console(ctx context.Context, name string, o options, page string, open bool) error {
	g, err := a.prepared(ctx, o, name)
	if err != nil {
		return ran(err)
	}
	if g.last().RoleARN == "" {
		return ran(&session.ConfigError{Profile: name, Problem: session.SigninNeedsRole})
	}
	signin, err := session.ReadSignin(name, g.plan.network, a.Signin)
	if err != nil {
		return ran(err)
	}
	destination, err := signin.Destination(page)
	if err != nil {
		return ran(commandLine(err))
	}
	result, err := g.credentials(ctx)
	if err != nil {
		return ran(err)
	}
	address, err := signin.URL(ctx, g.plan.network, result.Credentials, destination)
	if err != nil {
		return ran(err)
	}
	if open {
		return ran(a.handToBrowser(ctx, address))
	}
	a.tell(fmt.Sprintf("daypass: whoever opens this address within 15 minutes is profile %q in the console: treat it as a password", name))
	_, err = fmt.Fprintln(a.Stdout, address.Reveal())
	return ran(err)
}

// handToBrowser opens the browser on an address of this machine that leads on to
// the right one, once: arguments of programs can be seen by every user.
func (a *app) handToBrowser(ctx context.Context, address creds.Secret) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listener.Close()
	ctx, cancel := context.WithTimeoutCause(ctx, openLimit, errBrowser)
	defer cancel()
	path := "/" + rand.Text()
	came := make(chan struct{})
	go redirectOnce(listener, path, address, came)
	failed := make(chan error, 1)
	if err := a.openBrowser("http://"+listener.Addr().String()+path, failed); err != nil {
		return err
	}
	for {
		select {
		case <-came:
			_, err := fmt.Fprintf(a.Stdout, "the browser signs in as profile %q\n", line(a.profile))
			return err
		case err := <-failed:
			if err != nil {
				return &browserError{err}
			}
			failed = nil // most openers end before the browser comes
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// browserError is a program that could not open the browser.
type browserError struct{ error }

// openBrowser starts the program that opens the browser, and tells failed how that
// ended. It may be the browser itself, and is left running.
func (a *app) openBrowser(address string, failed chan<- error) error {
	args := []string{"xdg-open", address}
	switch runtime.GOOS {
	case "darwin":
		args[0] = "/usr/bin/open"
	case "windows":
		args = []string{filepath.Join(a.Getenv("SystemRoot"), "System32", "rundll32.exe"), "url.dll,FileProtocolHandler", address}
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = mfa.ChildEnviron(a.environ)
	if err := cmd.Start(); err != nil {
		return &browserError{err}
	}
	go func() { failed <- cmd.Wait() }()
	return nil
}

// redirectOnce answers the one who comes for path, and then nobody; it closes came
// when that is done. Browsers open connections that they never use, so that one
// waits for none.
func redirectOnce(listener net.Listener, path string, address creds.Secret, came chan<- struct{}) {
	turn := make(chan struct{}, 1)
	turn <- struct{}{}
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(visitLimit))
			request, err := http.ReadRequest(bufio.NewReader(io.LimitReader(conn, mostVisit)))
			if err != nil {
				return
			}
			if request.Method != http.MethodGet || request.URL.Path != path || request.Host != listener.Addr().String() {
				_, _ = fmt.Fprint(conn, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
				return
			}
			select {
			case <-turn:
				_, _ = fmt.Fprintf(conn, "HTTP/1.1 303 See Other\r\nLocation: %s\r\nReferrer-Policy: no-referrer\r\nCache-Control: no-store\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", address.Reveal())
				close(came)
			default:
			}
		}()
	}
}

// consoleWords are those for what only console can meet with.
func consoleWords(err error) (what, hint string, code int) {
	var browser *browserError
	const hintPrint = "without --open the address is printed"
	switch {
	case errors.As(err, &browser):
		return "the browser cannot be opened: " + browser.Error(), hintPrint, exitFailed
	case errors.Is(err, errBrowser):
		return err.Error(), hintPrint, exitFailed
	}
	return "", "", 0
}
