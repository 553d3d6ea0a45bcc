package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"daypass/creds"
	"daypass/internal/tty"
	"daypass/mfa"
	"daypass/session"
)

// The words for a code that was not to be had: see words.go.

// codeWords are those for a code that was not to be had.
func (a *app) codeWords(err error) (what, hint string, code int) {
	var refused *mfa.RefusedError
	var bad *mfa.BadCodeError
	var process *mfa.ProcessError
	var busy *mfa.BusyError
	var remembered *mfa.RememberedError
	needs := fmt.Sprintf("profile %q needs an MFA code and ", a.profile)
	switch {
	case errors.Is(err, mfa.ErrPromptOff) && a.prompt == noPrompt:
		return needs + "asking is switched off", a.unaskableHint(), exitUnasked
	case errors.Is(err, mfa.ErrPromptOff):
		return needs + "asking is switched off",
			fmt.Sprintf("run \"daypass login %s\" where asking is allowed (--no-prompt and DAYPASS_NO_PROMPT forbid it), or give the code by --token-code", creds.ShellWord(a.profile)), exitUnasked
	case errors.Is(err, mfa.ErrUnavailable):
		return needs + unaskable(err), a.unaskableHint(), exitUnasked
	case errors.As(err, &remembered) && remembered.Window:
		return needs + fmt.Sprintf("a window that asked for it %s ago came to nothing: %v", span(a.Now().Sub(remembered.At)), remembered.Err), a.loginHint(), exitRefused
	case errors.As(err, &remembered):
		return needs + "the question for it has just come to nothing: " + remembered.Err.Error(), a.loginHint(), exitRefused
	case errors.As(err, &busy) && busy.Profile == "":
		return needs + "another process asks for one already", "answer it there", exitRefused
	case errors.As(err, &busy):
		return needs + fmt.Sprintf("another process asks for profile %q already", busy.Profile), "answer it there", exitRefused
	case errors.As(err, &refused):
		return a.refusedCodeWords(refused)
	case errors.As(err, &bad) && bad.Program == "":
		return "the code given is not six digits", "give the six digits that the device shows now", exitRefused
	case errors.As(err, &bad), errors.As(err, &process):
		return fmt.Sprintf("mfa_process of profile %q: %v", a.profile, err), "run that command by hand: it must print one code of six digits", exitRefused
	case errors.Is(err, mfa.ErrCancelled):
		return needs + "the prompt was closed", a.loginHint(), exitRefused
	case errors.Is(err, mfa.ErrTimedOut):
		return needs + "none was typed in time", a.loginHint(), exitRefused
	case errors.Is(err, errWaited):
		return needs + err.Error(), "answer it there", exitRefused
	case errors.Is(err, errCallerGone):
		return err.Error(), "", exitRefused
	}
	return "", "", 0
}

// unaskable says why nobody can be asked, on the terminal and in a window.
func unaskable(err error) string {
	terminal, window := noTerminal(err), noProgram(err)
	switch {
	case terminal == "" && window == "":
		return "there is no display to ask on"
	case terminal == "":
		return window
	case window == "":
		return terminal
	}
	return terminal + ", and " + window
}

// noTerminal is empty if the terminal was not tried.
func noTerminal(err error) string {
	switch {
	case errors.Is(err, tty.ErrBackground):
		return "daypass runs in the background of its terminal"
	case errors.Is(err, tty.ErrRaw):
		return "the terminal is used by a full-screen program"
	case errors.Is(err, tty.ErrStalled):
		return "the terminal takes no output"
	case errors.Is(err, tty.ErrNone):
		return "there is no terminal to ask on"
	}
	return ""
}

// noProgram is empty if there is no display for one.
func noProgram(err error) string {
	var program *mfa.AskError
	switch {
	case errors.As(err, &program):
		return fmt.Sprintf("%s could not ask", filepath.Base(program.Program))
	case errors.Is(err, mfa.ErrDisplayDead):
		return "the display does not answer"
	case errors.Is(err, mfa.ErrNoProgram):
		return "no program is there that could"
	}
	return ""
}

// unaskableHint names what else can be done.
func (a *app) unaskableHint() string {
	switch a.prompt {
	case mfa.ByDialog, mfa.ByPinentry:
		return fmt.Sprintf("the profile allows no other way (prompt = %s): remove that, or give the code by --token-code", a.prompt)
	case noPrompt:
		return "the profile forbids it (prompt = none): remove that, or give the code by --token-code"
	}
	return a.loginHint()
}

func (a *app) refusedCodeWords(e *mfa.RefusedError) (what, hint string, code int) {
	if e.Reused {
		return "the code was used already, and STS takes each only once", "wait for the next code", exitRefused
	}
	what = fmt.Sprintf("STS refused the code for profile %q", a.profile)
	if e.Tries > 1 {
		what = fmt.Sprintf("STS refused %d codes for profile %q", e.Tries, a.profile)
	}
	const check = "check that the device is the profile's mfa_serial and that its clock is right, then try the next code"
	var said *session.RefusedError
	if errors.As(e, &said) && said.Skew.Abs() > clockOff {
		return what + ", and the clock of this machine " + offBy(said.Skew), "set the clock if a program here makes the codes, else " + check, exitRefused
	}
	return what, check, exitRefused
}

// clockOff is how far a clock may be off before the codes that go by it are
// wrong: they change every 30 s (RFC 6238, section 5.2).
const clockOff = 30 * time.Second

// offBy says how far the local clock is from that of STS.
func offBy(skew time.Duration) string {
	if skew < 0 {
		return "is " + span(-skew) + " ahead"
	}
	return "is " + span(skew) + " behind"
}

func (a *app) loginHint() string {
	return fmt.Sprintf("run \"daypass login %s\" in a terminal, then try again", creds.ShellWord(a.profile))
}
