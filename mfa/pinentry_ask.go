package mfa

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os/exec"
	"runtime"
	"sort"
	"strings"
	"time"

	"daypass/internal/tty"
)

// signalDelay is how long a key that ended a pinentry is awaited as a signal to this process.
const signalDelay = 100 * time.Millisecond

var (
	errNoStart  = errors.New("it did not start in time")
	errTextual  = errors.New("it asks on a terminal")
	errInWindow = errors.New("it asks in a window")
)

// pinentry is one program that asks one question, in a window or on the terminal.
type pinentry struct {
	*Asker
	program  string
	terminal bool
	startIn  time.Duration
	asked    bool // the question was put
}

// ask runs the program. Its errors are those of way.put.
func (p *pinentry) ask(ctx context.Context, q question) (string, error) {
	runtime.LockOSThread() // see dieTogether
	defer runtime.UnlockOSThread()
	talking, end := context.WithCancelCause(ctx)
	defer end(nil)
	cmd, start := Child{Args: []string{p.program}, Environ: p.Environ, Window: !p.terminal, Foreground: p.terminal}.command(talking)
	c, hangUp, err := converse(cmd, start)
	if err != nil {
		return "", cannotAsk(p.program, err)
	}
	defer context.AfterFunc(talking, hangUp)()
	answer, err := p.talk(end, c, q)
	_ = c.say("BYE")
	leave := lingering
	if errors.Is(err, io.ErrUnexpectedEOF) {
		leave = p.startIn // how it ends tells what happened
	}
	leaving := time.AfterFunc(leave, func() { end(nil) })
	defer leaving.Stop()
	ended := cmd.Wait()
	switch cause := context.Cause(talking); {
	case err == nil:
		return answer, nil
	case ctx.Err() != nil:
		return "", stopped(ctx)
	case errors.Is(cause, errNoStart):
		err = cause
	case cause != nil:
		ended = nil // by us
	}
	return "", p.failure(ctx, err, ended)
}

// askOnTerminal lends the program the terminal, and cleans up behind it: one that was killed cannot.
func (p *pinentry) askOnTerminal(ctx context.Context, q question) (string, error) {
	t, err := p.openLender()
	if err != nil {
		return "", unavailable(err)
	}
	defer t.Close()
	restore, err := t.KeepMode()
	if err == nil {
		err = t.Flush()
	}
	if err != nil {
		return "", unavailable(err)
	}
	answer, err := p.ask(ctx, q)
	restore()
	// As when a prompt of our own was left: no half a line for the shell, and no line of ours behind the question.
	if err != nil && p.asked && t.Flush() == nil {
		_ = t.Print("")
	}
	return answer, err
}

// converse starts cmd, by start, and speaks with it. hangUp ends that at once, even if what cmd has left running holds its pipes.
func converse(cmd *exec.Cmd, start func() error) (c *assuan, hangUp func(), err error) {
	to, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	from, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	hangUp = func() {
		to.Close()
		from.Close()
	}
	return newAssuan(from, to), hangUp, start()
}

// talk is the conversation. It is ended if it does not get to the question in time.
func (p *pinentry) talk(end context.CancelCauseFunc, c *assuan, q question) (string, error) {
	late := time.AfterFunc(p.startIn, func() { end(errNoStart) })
	defer late.Stop()
	if err := p.prepare(c, q); err != nil {
		return "", err
	}
	late.Stop()
	p.asked = true
	return c.command("GETPIN")
}

// prepare says all that the program needs for the question. No wish is needed, but nobody is to give a code without knowing
// for what.
func (p *pinentry) prepare(c *assuan, q question) error {
	if _, err := c.hear(); err != nil {
		return err
	}
	if err := p.checkFlavor(c); err != nil {
		return err
	}
	for _, wish := range p.wishes(q) {
		var refused *assuanError
		if _, err := c.command(wish); err != nil && !errors.As(err, &refused) {
			return err
		}
	}
	_, err := c.command(withText("SETDESC ", q.about...))
	return err
}

// checkFlavor makes sure that the program asks where it should: those that open windows take a terminal where there is no
// display, and say so ("gtk2:curses"). One that does not know the question is taken at its name.
func (p *pinentry) checkFlavor(c *assuan) error {
	flavor, err := c.command("GETINFO flavor")
	var refused *assuanError
	textual := flavor == "curses" || flavor == "tty" || strings.HasSuffix(flavor, ":curses")
	switch {
	case errors.As(err, &refused):
		return nil
	case err != nil:
		return err
	case textual && !p.terminal:
		return errTextual
	case !textual && p.terminal:
		return errInWindow
	}
	return nil
}

// wishes are the commands that a pinentry may refuse. There is none that lets it keep the code in a password manager.
func (p *pinentry) wishes(q question) []string {
	wishes := []string{
		"OPTION no-grab", // the device may be an app on the same screen
		"SETTITLE " + windowTitle,
		"SETPROMPT MFA code:",
		fmt.Sprintf("SETTIMEOUT %d", stand(q)), // unsaid, it is a minute
	}
	if p.terminal {
		wishes = append(wishes, p.terminalOptions()...)
	}
	if q.again != "" {
		wishes = append(wishes, withText("SETERROR ", q.again))
	}
	return wishes
}

// terminalOptions tell where the terminal is, since a pinentry touches none unasked, and what can be shown on it.
func (p *pinentry) terminalOptions() []string {
	options := []string{"OPTION ttyname=/dev/tty"}
	add := func(option string, variables ...string) {
		for _, variable := range variables {
			value := p.getenv(variable)
			if value == "" {
				continue
			}
			if line := "OPTION " + option + "=" + value; len(line) <= maxAssuanLine && tty.Visible(line) == line {
				options = append(options, line)
			}
			return
		}
	}
	add("ttytype", "TERM")
	add("lc-ctype", "LC_ALL", "LC_CTYPE", "LANG")
	add("lc-messages", "LC_ALL", "LC_MESSAGES", "LANG")
	return options
}

// withText is a command with lines of text. Where they do not fit, the longest are cut: the short ones are those that warn.
func withText(command string, lines ...string) string {
	const newline = "%0A"
	texts, order := make([]string, len(lines)), make([]int, len(lines))
	for i, line := range lines {
		texts[i], order[i] = wrap(line), i
	}
	length := func(i int) int { return len(escape(texts[i], math.MaxInt)) }
	sort.Slice(order, func(i, j int) bool { return length(order[i]) < length(order[j]) })
	room := maxAssuanLine - len(command)
	for done, i := range order {
		texts[i] = escape(texts[i], room/(len(lines)-done)-len(newline))
		room -= len(texts[i]) + len(newline)
	}
	return command + strings.Join(texts, newline)
}

// failure tells what a conversation that ended with err came to; ended is how the program did.
func (p *pinentry) failure(ctx context.Context, err, ended error) error {
	var refused *assuanError
	var exit *exec.ExitError
	switch {
	case !p.asked:
	case errors.As(err, &refused):
		switch refused.code {
		case gpgCanceled, gpgFullyCanceled:
			return p.orStopped(ctx, ErrCancelled)
		case gpgTimeout:
			return ErrTimedOut
		}
	// Where Ctrl-C is a signal, curses makes an exit status of it.
	case errors.Is(err, io.ErrUnexpectedEOF) && errors.As(ended, &exit) && (wasKilled(exit.ProcessState) || p.terminal && exit.Exited()):
		return p.orStopped(ctx, ErrCancelled)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) && ended != nil {
		err = ended
	}
	return cannotAsk(p.program, err)
}

// orStopped is err, unless the same key ends ctx: on a terminal, Ctrl-C reaches the program and this process, in no order.
func (p *pinentry) orStopped(ctx context.Context, err error) error {
	if !p.terminal {
		return err
	}
	select {
	case <-ctx.Done():
		return stopped(ctx)
	case <-time.After(signalDelay):
		return err
	}
}
