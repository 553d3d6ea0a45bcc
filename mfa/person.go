package mfa

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// The ways of asking a person, as Asker.Prompt names them.
const (
	ByTerminal = "terminal"
	ByDialog   = "dialog"
	ByPinentry = "pinentry"
)

// way is one way of asking a person.
type way interface {
	// place names where the question is put, in the state folder: two questions in one place would get each other's answers.
	place() string
	// window reports that the question stands in a window, where a person may not see it for long.
	window() bool
	// put puts one question and returns what was answered, which may be no code. Its errors: ErrCancelled; ErrTimedOut; the
	// cause of ctx when that has ended, as stopped gives it; one that wraps ErrUnavailable if the question could not be put, and
	// then the next way is tried.
	put(ctx context.Context, q question) (answer string, err error)
	// close ends the way.
	close()
}

// question is what a person is told. Its lines are visible text without newlines, none is empty.
type question struct {
	about []string      // who wants a code of which device, and what else the person should know; never empty
	again string        // why it is asked again; empty the first time
	left  time.Duration // how long the question may stand; zero: for ever
}

// maxAnswers is how many answers to one question may be no code: a program that only pretends to ask must not run for ever.
const maxAnswers = 10

// opener opens a way, without putting a question. Its error wraps ErrUnavailable.
type opener func() (way, error)

// ways are how a person may be asked, in the order in which they are tried.
func (a *Asker) ways() []opener {
	switch {
	case a.NoPrompt:
		return nil
	case a.Prompt == ByTerminal:
		return []opener{a.terminalWay}
	case a.Prompt == ByDialog:
		return a.dialogWays()
	case a.Prompt == ByPinentry:
		return []opener{a.windowPinentryWay, a.terminalPinentryWay}
	case a.Prompt == "":
		return append(append([]opener{a.terminalWay}, a.dialogWays()...), a.windowPinentryWay)
	}
	return nil
}

// firstWay opens the first way that can be.
func (a *Asker) firstWay() (way, error) {
	ways := a.ways()
	if len(ways) == 0 {
		return nil, unavailable(ErrPromptOff)
	}
	var reasons []error
	for _, open := range ways {
		w, err := open()
		if err == nil {
			return w, nil
		}
		reasons = append(reasons, err)
	}
	return nil, unavailable(reasons...)
}

// asked is the source of a code that a person gives. A way that failed once is not tried again.
func (q *asking) asked(ctx context.Context) (string, error) {
	for ways := q.ways(); q.next < len(ways); q.next++ {
		code, err := q.askBy(ctx, ways[q.next])
		if !errors.Is(err, ErrUnavailable) {
			return code, err
		}
		q.reasons = append(q.reasons, err)
	}
	return "", unavailable(q.reasons...)
}

// askBy asks in one way. The lock of its place is held only while it asks.
func (q *asking) askBy(ctx context.Context, open opener) (string, error) {
	w, err := open()
	if err != nil {
		return "", err
	}
	defer w.close()
	unlock, err := q.lock(ctx, w.place(), q.asks(), q.NoWait)
	if err != nil {
		return "", err
	}
	defer unlock()
	if w.window() || q.where == inWindow { // those who wait have been told of no window, or of one
		for _, name := range []string{serialName(q.Serial), w.place()} {
			q.hold(name, holder{Profile: q.Profile, PID: os.Getpid(), Window: w.window()})
		}
	}
	if there := whereOf(w); there != q.where { // the way before could not be, whose failures were looked at
		q.where = there
		if err := q.memory.failed(there, q.Since, q.group); err != nil {
			return "", err
		}
	}
	return q.untilCode(ctx, w)
}

// untilCode puts the question until it is answered with a code that was not sent before.
func (q *asking) untilCode(ctx context.Context, w way) (string, error) {
	ask := question{about: q.about(), again: q.whyAsked()}
	for range maxAnswers {
		if !q.Until.IsZero() {
			ask.left = q.Until.Sub(q.now())
		}
		if err := q.stopped(ctx); err != nil {
			return "", err
		}
		answer, err := w.put(ctx, ask)
		if err != nil {
			return "", err
		}
		code, ok := normalise(answer)
		before, used := q.memory.sent(code)
		switch {
		case ok && !used:
			return code, nil
		case before.Refused: // the device's may be another one, if this was mistyped
			ask.again = "that code was refused already; type the one that your device shows" + orNextIn(q.untilNext(before.At))
		case used:
			ask.again = "that code was used already" + nextIn(q.untilNext(before.At))
		default:
			ask.again = "that is no code: type the six digits that your device shows"
		}
	}
	return "", ErrCancelled
}

// stopped is an error if nobody wants the code any more.
func (q *asking) stopped(ctx context.Context) error {
	if err := stopped(ctx); err != nil || q.Gone == nil {
		return err
	}
	return q.Gone()
}

// about is who wants a code of which device, and what else the person should know.
func (q *asking) about() []string {
	wants := fmt.Sprintf(`profile "%s" wants a code from %s`, legible(q.Profile), legible(q.Serial))
	if q.Caller != "" {
		wants += fmt.Sprintf(" (asked by %s)", legible(q.Caller))
	}
	lines := []string{wants}
	if q.NotKept != "" {
		lines = append(lines, "the credentials will not be kept: "+legible(q.NotKept))
	}
	if q.Host != "" {
		goes := "the code goes to " + legible(q.Host)
		if q.Plain {
			goes += ", not encrypted"
		}
		lines = append(lines, goes)
	}
	if left := q.untilNext(q.memory.lastSent()); 0 < left && left <= window && q.tries == 0 {
		lines = append(lines, "the code sent before is not taken again"+nextIn(left))
	}
	return lines
}

// whyAsked tells why a further code is asked for, empty if it is the first.
func (q *asking) whyAsked() string {
	if q.tries == 0 {
		return ""
	}
	why := fmt.Sprintf(`profile "%s": %s`, legible(q.Profile), q.whyAgain())
	if q.lost() {
		why += nextIn(q.untilNext(q.memory.lastSent()))
	}
	return why
}

// orNextIn ends a sentence about a code that may have been wrong.
func orNextIn(left time.Duration) string {
	if left <= 0 {
		return ""
	}
	return fmt.Sprintf(" now, or the next one in %d s", secondsLeft(left))
}

// nextIn ends a sentence about a used code: when the next one is there.
func nextIn(left time.Duration) string {
	if left <= 0 {
		return "; type the new one"
	}
	return fmt.Sprintf("; the next one comes in %d s", secondsLeft(left))
}
