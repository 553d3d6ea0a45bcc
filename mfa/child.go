package mfa

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"daypass/internal/tty"
)

// lingering is how long output is still awaited from what a child left running, which holds its pipes.
const lingering = 500 * time.Millisecond

// errTooMuch ends a child that prints more than it may.
var errTooMuch = errors.New("it printed too much")

// Child is a program that prints a code or credentials.
type Child struct {
	// Args are the program and its arguments, at least one. There is no shell in between.
	Args []string
	// Environ is the environment of this process. The child gets it without AWS keys and tokens (credential_process runs in
	// the caller's environment, and a child that took them would answer for another identity), without
	// DAYPASS_TOKEN_CODE, and without what a bundled CLI did to LD_LIBRARY_PATH and DYLD_*
	// (https://github.com/boto/botocore/issues/2195).
	Environ []string
	// More are variables that are added to it.
	More []string
	// Callers is the child's DAYPASS_CALLERS, the profiles that are being resolved; empty if there are none.
	Callers string
	// Stderr gets what the child writes there; nil drops it.
	Stderr io.Writer
	// MaxOutput is how many bytes the child may print; more is an error.
	MaxOutput int
	// Window says that the child opens a window, and so is to have no console, which on Windows would be a second one.
	Window bool
	// Foreground leaves the child in this process's group, so that it can use the terminal: see command.
	Foreground bool
}

// ProcessError means that a child could not be started, failed, or printed too much. It names the program only: arguments
// and output may hold secrets.
type ProcessError struct {
	// Program is the first word of the command.
	Program string
	// Err is what happened: an *exec.ExitError if the program failed.
	Err error
}

// Error names the program and what happened, never its arguments or output.
func (e *ProcessError) Error() string {
	return fmt.Sprintf("running %q: %v", e.Program, e.Err)
}

// Unwrap returns Err.
func (e *ProcessError) Unwrap() error { return e.Err }

// command makes the command of a child that has a process group of its own, which is killed when ctx ends. With Foreground it
// has none, and is interrupted first, as by Ctrl-C: it has a terminal to put in order. start is called in place of cmd.Start.
// On Linux the child dies with the thread that started it: see dieTogether. From then on this process ignores SIGTTIN and
// SIGTTOU, which the child inherits.
func (c Child) command(ctx context.Context) (cmd *exec.Cmd, start func() error) {
	tty.IgnoreStops()
	cmd = exec.CommandContext(ctx, c.Args[0], c.Args[1:]...)
	cmd.Env = append(childEnviron(c.Environ, c.Callers), c.More...)
	cmd.Stderr = c.Stderr
	cmd.WaitDelay = lingering
	if c.Foreground {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // after WaitDelay it is killed
		dieTogether(cmd.SysProcAttr, syscall.SIGINT)
		return cmd, cmd.Start
	}
	start = ownGroup(cmd)
	dieTogether(cmd.SysProcAttr, syscall.SIGKILL)
	if c.Window {
		withoutConsole(cmd.SysProcAttr)
	}
	return cmd, start
}

// Run runs a child to its end and returns what it printed. It has no stdin, and a process group of its own that is killed
// when ctx ends; then the error is the cause of ctx. All other errors are a *ProcessError, with what it printed. SIGTTIN and
// SIGTTOU stop the child no more than this process. On Linux a child does not outlive this process, however that ends.
func Run(ctx context.Context, c Child) ([]byte, error) {
	runtime.LockOSThread() // see dieTogether
	defer runtime.UnlockOSThread()
	out := &output{room: c.MaxOutput}
	cmd, start := c.command(ctx)
	cmd.Stdout = out
	err := start()
	if err == nil {
		err = cmd.Wait()
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case out.full:
		err = errTooMuch
	case errors.Is(err, exec.ErrWaitDelay):
		err = nil
	}
	if err != nil {
		return out.buf.Bytes(), &ProcessError{Program: c.Args[0], Err: err}
	}
	return out.buf.Bytes(), nil
}

// wasKilled reports that a child was ended by a signal that somebody sends, not by that of a crash.
func wasKilled(state *os.ProcessState) bool {
	status, ok := state.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		return false
	}
	switch status.Signal() {
	case syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGKILL:
		return true
	}
	return false
}

// output keeps what a child prints, as long as there is room.
type output struct {
	buf  bytes.Buffer
	room int
	full bool
}

func (o *output) Write(p []byte) (int, error) {
	if len(p) > o.room-o.buf.Len() {
		o.full = true
		return 0, errTooMuch
	}
	return o.buf.Write(p)
}

// ChildEnviron is environ as a Child gets it, for programs that are no Child since they may outlive this process.
func ChildEnviron(environ []string) []string { return childEnviron(environ, "") }

// childEnviron makes the environment of a child.
func childEnviron(environ []string, callers string) []string {
	originals := map[string]string{}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if variable, ok := strings.CutSuffix(name, "_ORIG"); ok && ofLoader(variable) {
			originals[variable] = value
		}
	}
	var env []string
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if !withheld(name) && !ofLoader(strings.TrimSuffix(name, "_ORIG")) {
			env = append(env, entry)
		}
	}
	for variable, value := range originals {
		if value != "" {
			env = append(env, variable+"="+value)
		}
	}
	if callers != "" {
		env = append(env, "DAYPASS_CALLERS="+callers)
	}
	return env
}

// ofLoader reports variables by which a bundled program points the loader at its own libraries; PyInstaller keeps the
// user's under the same name with _ORIG (https://pyinstaller.org/en/stable/runtime-information.html).
func ofLoader(name string) bool {
	return name == "LD_LIBRARY_PATH" || strings.HasPrefix(name, "DYLD_")
}

// withheld reports variables that a child does not get. Windows has no case in their names.
func withheld(name string) bool {
	switch name = strings.ToUpper(name); name {
	case "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
		"AWS_ACCESS_KEY", "AWS_SECRET_KEY", "AWS_CREDENTIAL_EXPIRATION",
		"AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE",
		"DAYPASS_TOKEN_CODE", "DAYPASS_CALLERS":
		return true
	}
	return strings.HasPrefix(name, "AWS_BEARER_TOKEN")
}
