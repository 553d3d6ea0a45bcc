package mfa

import (
	"errors"
	"os/exec"
	"strings"
	"time"
)

const (
	windowTitle = "daypass: MFA code"
	// heading is the first line of each window. No argument begins with text from outside, so none can become an option, and Qt,
	// which takes a text for HTML by what stands in its first line, sees ours.
	heading = "MFA code"
	// longestStand is how long a window stands that has no limit.
	longestStand = 24 * time.Hour
)

// dialogs are the programs of a system that can ask in a window, in order of preference.
func dialogs(goos string, getenv func(string) string) []dialog {
	switch {
	case goos == "darwin":
		return []dialog{osascript()}
	case goos == "windows":
		return []dialog{powershell(getenv)}
	case onQt(getenv):
		return []dialog{kdialog(), zenity(getenv)}
	}
	return []dialog{zenity(getenv), kdialog()}
}

// windowText is what a window tells, in lines short enough for any screen: zenity and kdialog break none.
func windowText(q question) string {
	lines := []string{heading}
	if q.again != "" {
		lines = append(lines, wrap(q.again))
	}
	for _, line := range q.about {
		lines = append(lines, wrap(line))
	}
	return strings.Join(lines, "\n")
}

// stand is for how many seconds the window of q may stand. It goes before only if nobody is left to close it: one whose daypass
// was killed must not stand for ever.
func stand(q question) int {
	if q.left <= 0 || q.left > longestStand {
		return secondsLeft(longestStand)
	}
	return secondsLeft(q.left)
}

// ended tells what the end of a dialog program means: nil if it was a success, else what its exit code means. One that was
// killed was closed by somebody; one that crashed, or ended with another code, never had a window.
func ended(program string, err error, meaning map[int]error) error {
	if process := (*ProcessError)(nil); errors.As(err, &process) {
		err = process.Err
	}
	exit := (*exec.ExitError)(nil)
	if err == nil || !errors.As(err, &exit) {
		return cannotAsk(program, err)
	}
	if wasKilled(exit.ProcessState) {
		return ErrCancelled
	}
	if means := meaning[exit.ExitCode()]; means != nil {
		return means
	}
	return cannotAsk(program, err)
}

// cannotAsk is nil if err is, else the error of a program that could not ask.
func cannotAsk(program string, err error) error {
	if err == nil {
		return nil
	}
	return unavailable(&AskError{Program: program, Err: err})
}

// errNoWord means that a script ended without telling what became of its window.
var errNoWord = errors.New("it did not say what became of it")

// told reads the last line that a script of ours printed: a word, and behind a colon what belongs to it. Whatever a person
// types cannot be taken for another outcome.
func told(program string, out []byte) (answer string, _ error) {
	text := strings.TrimRight(string(out), "\r\n")
	line := text[strings.LastIndexByte(text, '\n')+1:]
	switch word, rest, _ := strings.Cut(line, ":"); word {
	case "answer":
		return rest, nil
	case "cancelled":
		return "", ErrCancelled
	case "timed out":
		return "", ErrTimedOut
	case "failed":
		return "", cannotAsk(program, errors.New(legible(rest)))
	}
	return "", cannotAsk(program, errNoWord)
}
