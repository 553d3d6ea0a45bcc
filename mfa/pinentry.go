package mfa

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"daypass/internal/tty"
)

// startLimit is how long a pinentry may take until it can ask: one that hangs must leave time for the next.
const startLimit = 5 * time.Second

// terminalPinentries are those that can only ask on a terminal, in order of preference: curses needs one that it knows.
func terminalPinentries(getenv func(string) string) []string {
	if term := getenv("TERM"); term == "" || term == "dumb" {
		return []string{"pinentry-tty", "pinentry-curses"}
	}
	return []string{"pinentry-curses", "pinentry-tty"}
}

// windowPinentries are those that ask in a window on a system, in order of preference.
func windowPinentries(goos string, getenv func(string) string) []string {
	gtk := []string{"pinentry-gnome3", "pinentry-gtk-2"}
	qt := []string{"pinentry-qt", "pinentry-qt6", "pinentry-qt5"}
	switch {
	case goos == "darwin":
		return append(append([]string{"pinentry-mac"}, gtk...), qt...)
	case onQt(getenv):
		return append(qt, gtk...)
	}
	return append(gtk, qt...)
}

// onQt reports a desktop that is made with Qt.
func onQt(getenv func(string) string) bool {
	desktops := strings.Split(getenv("XDG_CURRENT_DESKTOP"), ":")
	return slices.Contains(desktops, "KDE") || slices.Contains(desktops, "LXQt") || getenv("KDE_FULL_SESSION") != ""
}

// pinentries are the paths of the programs that are there, and then that of "pinentry", which may be any. Where it is a link
// to one of them, or to one of others, which will not do, it is left out.
func (a *Asker) pinentries(names, others []string) []string {
	var paths []string
	for _, name := range names {
		if path := a.find(name); path != "" {
			paths = append(paths, path)
		}
	}
	plain := a.find("pinentry")
	if plain == "" {
		return paths
	}
	if target, err := filepath.EvalSymlinks(plain); err == nil {
		if name := filepath.Base(target); slices.Contains(names, name) || slices.Contains(others, name) {
			return paths
		}
	}
	return append(paths, plain)
}

// windowPinentryWay asks by a pinentry that opens a window.
func (a *Asker) windowPinentryWay() (way, error) {
	place, err := a.displayPlace()
	if err != nil {
		return nil, err
	}
	programs := a.pinentries(windowPinentries(runtime.GOOS, a.getenv), terminalPinentries(a.getenv))
	if len(programs) == 0 {
		return nil, unavailable(ErrNoProgram)
	}
	return &byPinentries{Asker: a, programs: programs, at: place, startIn: startLimit}, nil
}

// terminalPinentryWay asks by a pinentry that uses the terminal, which must count as it must for our own prompt.
func (a *Asker) terminalPinentryWay() (way, error) {
	programs := a.pinentries(terminalPinentries(a.getenv), nil)
	if len(programs) == 0 {
		return nil, unavailable(ErrNoProgram)
	}
	place, err := a.lendingPlace()
	if err != nil {
		return nil, unavailable(err)
	}
	return &byPinentries{Asker: a, programs: programs, at: place, onTerminal: true, startIn: startLimit}, nil
}

// lender is a terminal that can be lent to another program: *tty.Terminal, but not on Windows.
type lender interface {
	Terminal
	KeepMode() (restore func(), err error)
}

func (a *Asker) openLender() (lender, error) {
	t, err := a.openTerminal()
	if err != nil {
		return nil, err
	}
	if l, ok := t.(lender); ok {
		return l, nil
	}
	t.Close()
	return nil, ErrNoProgram
}

// lendingPlace is the place of the terminal if it can be lent now, or is lent by another process of ours: that is raw, as
// below any full-screen program, but who waits for its place gets it back in order.
func (a *Asker) lendingPlace() (string, error) {
	t, err := a.openLender()
	if errors.Is(err, tty.ErrRaw) && a.State != nil {
		if id, failed := tty.ID(); failed == nil && a.heldBy(TerminalName(id)).PID != 0 {
			return TerminalName(id), nil
		}
		t, err = a.openLender() // it may have come back meanwhile
	}
	if err != nil {
		return "", err
	}
	defer t.Close()
	return TerminalName(t.ID()), nil
}

// byPinentries is the way of asking by pinentry programs: by the first that can put the question. One that could not is not
// tried again.
type byPinentries struct {
	*Asker
	programs   []string
	at         string
	onTerminal bool
	startIn    time.Duration // how long one may take until it can ask
}

func (p *byPinentries) place() string { return p.at }
func (p *byPinentries) window() bool  { return !p.onTerminal }
func (p *byPinentries) close()        {}

func (p *byPinentries) put(ctx context.Context, q question) (string, error) {
	var reasons []error
	for ; len(p.programs) > 0; p.programs = p.programs[1:] {
		pin := pinentry{Asker: p.Asker, program: p.programs[0], terminal: p.onTerminal, startIn: p.startIn}
		ask := pin.ask
		if p.onTerminal {
			ask = pin.askOnTerminal
		}
		answer, err := ask(ctx, q)
		if !errors.Is(err, ErrUnavailable) {
			return answer, err
		}
		reasons = append(reasons, err)
	}
	return "", unavailable(reasons...)
}
