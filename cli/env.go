// Package cli owns the commands, their flags, the exit codes and every word
// that a person reads. It does not decide anything about credentials: it hands
// the other rooms to each other.
package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"sync"
	"time"

	"daypass/cache"
	"daypass/internal/keyring"
	"daypass/keys"
)

// Env is the outside world, so that tests can bring another one.
type Env struct {
	Args    []string // without the program's name
	Stdout  io.Writer
	Stderr  io.Writer
	Getenv  func(string) string
	Environ func() []string
	Now     func() time.Time
	Home    string     // "" if unknown
	Self    string     // path of the running executable, "" if unknown
	Parent  func() int // id of the parent process

	// Stores opens the stores that the setting of that name stands for, as
	// cache.Cache has them; nil means the real ones. attended says that a person
	// could unlock them.
	Stores func(name string, attended bool) ([]cache.Store, error)
	// Ring opens the keyring that holds long-term keys; nil means the real one.
	Ring func(attended bool) keys.Ring

	// Signin is the URL that stands in for that of AWS's sign-in page; empty means
	// the partition's.
	Signin string
}

// Main runs the command that env.Args name and returns the exit code.
func Main(ctx context.Context, env Env) int {
	ctx, signals := withSignals(ctx)
	defer signals.stop()
	a := &app{Env: env, parent: env.Parent(), catchSignals: signals.catch, delaySignals: signals.delay, releaseSignals: signals.release}
	a.inside = env.Getenv
	a.Getenv, a.environ = outside(env.Getenv, env.Environ())
	root := a.rootCommand()
	root.SetArgs(env.Args)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	cmd, _, _ := root.Find(env.Args) // the root, if there is no such command
	a.command, a.automatic, a.runs = cmd.CommandPath(), cmd.Name() == credentialProcess, cmd.Name() == execName
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	return a.report(err)
}

// app is one run.
type app struct {
	Env
	parent    int                 // id of the parent at the start: another one means that the caller died
	inside    func(string) string // Getenv, with the region of the exec around this process: see outside
	environ   []string            // as it was at the start: the STS client takes variables out of it
	command   string              // "daypass login"
	profile   string              // the profile that the run is about, once known
	prompt    string              // the only way of asking that it allows, "" if it does not say
	automatic bool                // a program called us: credential-process
	keyring   *keyring.Keyring
	unlooked  error // why it is not known whether the keyring has a key that was needed, nil if it is
	runs      bool  // a command, whose exit codes are told from ours: exec

	aboutKey      bool // the run is about a long-term key, not about what is got by one
	ofEnvironment bool // the run is about the credentials in the environment

	catchSignals   func()       // is called before anything begins that a signal must not cut off
	delaySignals   func(func()) // leaves them to their own effect while that runs, unless they are caught already
	releaseSignals func() error // leaves signals to what comes next; the error is that of one that came before
}

// signalError is the cause of a context that a signal ended.
type signalError struct{ os.Signal }

func (e signalError) Error() string { return "stopped by signal: " + e.String() }

// catchAfter is longer than a hit takes, and shorter than a person.
const catchAfter = 50 * time.Millisecond

// endsAtOnce is when a second signal ends the program: a key that is held down sends
// several, and what was switched off on the terminal must be switched on again first.
const endsAtOnce = 200 * time.Millisecond

// signals are those that end a program, caught once: a second one, a moment
// later, ends the program at once.
type signals struct {
	catch  func() // catches them from now on, if that has not begun
	delay  func(func())
	stop   func()
	caught chan os.Signal
	done   chan struct{} // closed when the first has cancelled the context, or none can any more
	cause  func() error
}

// withSignals returns a context that such a signal cancels. They are caught from
// catch on, and without it after a moment: catching starts threads, which would
// show in the time of a hit.
func withSignals(ctx context.Context) (context.Context, *signals) {
	ctx, cancel := context.WithCancelCause(ctx)
	s := &signals{caught: make(chan os.Signal, 1), done: make(chan struct{})}
	s.cause = func() error { return context.Cause(ctx) }
	s.catch = sync.OnceFunc(func() {
		for _, ending := range endingSignals {
			if !signal.Ignored(ending) { // nohup's stays ignored
				signal.Notify(s.caught, ending)
			}
		}
		go func() {
			defer close(s.done)
			select {
			case caught, ok := <-s.caught:
				if ok {
					cancel(signalError{caught})
					time.AfterFunc(endsAtOnce, func() { signal.Reset(endingSignals...) })
				}
			case <-ctx.Done():
			}
		}()
	})
	timer := time.AfterFunc(catchAfter, s.catch)
	s.delay = func(run func()) {
		timer.Stop()
		run()
		timer.Reset(catchAfter)
	}
	s.stop = func() {
		timer.Stop()
		signal.Stop(s.caught)
		cancel(nil)
	}
	return ctx, s
}

// release catches no more, so that from now on a signal has its own effect, here
// or on what replaces this process. One that came before is the error: none is
// lost. It can be called once.
func (s *signals) release() error {
	s.catch()
	signal.Stop(s.caught)
	close(s.caught)
	<-s.done
	return s.cause()
}

// errCallerGone is the cause of a context whose caller died.
var errCallerGone = errors.New("the program that asked for the credentials has ended")

// callerGone is nil while there is somebody to print for. The parent may be a
// shell that outlives the program above it; then nobody reads our output.
func (a *app) callerGone() error {
	if a.Parent() != a.parent || readerGone(a.Stdout) {
		return errCallerGone
	}
	return nil
}

// watchCaller returns a context that ends when the caller does: a code that is
// typed after that would be spent for nobody.
func (a *app) watchCaller(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	if err := a.callerGone(); err != nil {
		cancel(err)
	}
	go func() {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if err := a.callerGone(); err != nil {
					cancel(err)
				}
			}
		}
	}()
	return ctx, func() { cancel(nil) }
}
