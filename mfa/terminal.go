package mfa

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"daypass/internal/tty"
)

// typed is the source of a code that a person types. The lock of the terminal is held only while it asks: two questions on
// one terminal would get each other's answers.
func (q *asking) typed(ctx context.Context) (string, error) {
	t, err := q.terminalToAsk()
	if err != nil {
		return "", err
	}
	defer t.Close()
	unlock, err := q.lock(ctx, terminalName(t), q.Request)
	if err != nil {
		return "", err
	}
	defer unlock()
	lines := q.opening()
	for {
		answer, err := question(ctx, t, lines)
		if err != nil {
			return "", err
		}
		code, ok := normalise(answer)
		if !ok {
			lines = []string{"that is no code: type the six digits that your device shows"}
			continue
		}
		at, used := q.memory.sentAt(code)
		if !used {
			return code, nil
		}
		lines = []string{"that code was used already" + nextIn(q.untilNext(at))}
	}
}

// terminalName names a terminal in the state folder.
func terminalName(t Terminal) string { return "terminal-" + t.ID() }

// opening is what the person is told before the prompt.
func (q *asking) opening() []string {
	left := q.untilNext(q.memory.lastSent())
	if q.tries > 0 {
		why := fmt.Sprintf(`profile "%s": %s`, tty.Visible(q.Profile), q.whyAgain())
		if q.lost() {
			why += nextIn(left)
		}
		return []string{why}
	}
	wants := fmt.Sprintf(`profile "%s" wants a code from %s`, tty.Visible(q.Profile), tty.Visible(q.Serial))
	if q.Caller != "" {
		wants += fmt.Sprintf(" (asked by %s)", tty.Visible(q.Caller))
	}
	lines := []string{wants}
	if q.NotKept != "" {
		lines = append(lines, "the credentials will not be kept: "+tty.Visible(q.NotKept))
	}
	if q.Host != "" {
		goes := "the code goes to " + tty.Visible(q.Host)
		if q.Plain {
			goes += ", not encrypted"
		}
		lines = append(lines, goes)
	}
	if 0 < left && left <= window {
		lines = append(lines, "the code sent before is not taken again"+nextIn(left))
	}
	return lines
}

// nextIn ends a sentence about a used code: when the next one is there.
func nextIn(left time.Duration) string {
	if left <= 0 {
		return "; type the new one"
	}
	return fmt.Sprintf("; the next one comes in %d s", secondsLeft(left))
}

// question puts one question and returns what was typed.
func question(ctx context.Context, t Terminal, lines []string) (string, error) {
	if err := stopped(ctx); err != nil {
		return "", err
	}
	err := t.Flush()
	for _, line := range lines {
		if err == nil {
			err = t.Print("daypass: " + line)
		}
	}
	if err == nil {
		err = t.Prompt("MFA code: ")
	}
	if err != nil {
		return "", unavailable(err)
	}
	answer, err := t.ReadLine(ctx)
	switch {
	case err == nil:
		return answer, nil
	case errors.Is(err, tty.ErrLineTooLong):
		return "", nil
	case errors.Is(err, io.EOF):
		return "", ErrCancelled
	case ctx.Err() != nil:
		return "", stopped(ctx)
	}
	return "", unavailable(err)
}
