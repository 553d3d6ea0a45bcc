//go:build linux || darwin

package tty

import (
	"context"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// IgnoreStops lets SIGTTIN and SIGTTOU never stop this process: reading in the background then fails instead. Programs
// that this process starts inherit it.
func IgnoreStops() {
	signal.Ignore(unix.SIGTTIN, unix.SIGTTOU)
}

// KeepRunning lets Ctrl-Z (SIGTSTP) not stop this process, which is about to take a lock, until something waits for the key
// by CatchSuspend. A program that replaces this process can be stopped again.
func KeepRunning() { signal.Notify(make(chan os.Signal, 1), unix.SIGTSTP) }

// CatchSuspend returns a child of ctx that Ctrl-Z (SIGTSTP) cancels, with the cause ErrSuspended, instead of stopping
// the process, which would keep its locks. The function returned ends that; Go then drops the signal rather than stop the process.
func CatchSuspend(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	keys := make(chan os.Signal, 1)
	signal.Notify(keys, unix.SIGTSTP)
	go func() {
		select {
		case <-keys:
			cancel(ErrSuspended)
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(keys)
		cancel(nil)
	}
}

// KeepStops remembers which of these signals are ignored, before anything here changes that. The function returned has a program
// that replaces this process find them so: of its own accord it would inherit that they are ignored, and lose that they were.
func KeepStops() (restore func()) {
	ignored := ignoredSignals()
	return func() {
		for _, s := range []unix.Signal{unix.SIGTTIN, unix.SIGTTOU, unix.SIGTSTP} {
			// A caught signal has its default effect in the program. Reset does not undo Ignore.
			signal.Notify(make(chan os.Signal, 1), s)
			if ignored&(1<<(s-1)) != 0 {
				signal.Ignore(s)
			}
		}
	}
}
