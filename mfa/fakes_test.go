package mfa

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"daypass/internal/state"
)

// answers is an STS that gives its outcomes in turn and keeps the codes that it got.
type answers struct {
	outcomes []Outcome
	codes    []string
}

func sts(outcomes ...Outcome) *answers { return &answers{outcomes: outcomes} }

func (s *answers) try(_ context.Context, code string) (Outcome, error) {
	s.codes = append(s.codes, code)
	outcome := s.outcomes[len(s.codes)-1]
	if outcome == Accepted {
		return Accepted, nil
	}
	return outcome, errSTS
}

// keyboard is a terminal on which the answers are typed in turn: a string, an error, or a function that does something
// else first. When they are used up, nobody types.
type keyboard struct {
	id      string
	answers []any

	mu      sync.Mutex
	screen  strings.Builder
	open    int
	flushed bool
}

func types(answers ...any) *keyboard { return &keyboard{id: "1", answers: answers} }

func (k *keyboard) terminal() (Terminal, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.open++
	return k, nil
}

func (k *keyboard) ID() string { return k.id }

func (k *keyboard) Print(line string) error { return k.Prompt(line + "\n") }

func (k *keyboard) Prompt(text string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.screen.WriteString(text)
	return nil
}

func (k *keyboard) ReadLine(ctx context.Context) (string, error) {
	if !k.flushed {
		return "", errors.New("type-ahead was not dropped")
	}
	k.flushed = false
	var answer any
	if len(k.answers) > 0 {
		answer, k.answers = k.answers[0], k.answers[1:]
	}
	if do, ok := answer.(func() string); ok {
		answer = do()
	}
	_ = k.Prompt("\n")
	switch answer := answer.(type) {
	case string:
		return answer, nil
	case error:
		return "", answer
	}
	<-ctx.Done()
	return "", context.Cause(ctx)
}

func (k *keyboard) Flush() error {
	k.flushed = true
	return nil
}

func (k *keyboard) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.open--
	return nil
}

func (k *keyboard) see() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.screen.String()
}

// asker asks on k and nowhere else, with a state folder of its own.
func asker(t *testing.T, k *keyboard) *Asker {
	t.Helper()
	a := &Asker{State: state.New(t.TempDir()), Terminal: k.terminal, seen: &seen{err: ErrNoDisplay}}
	t.Cleanup(func() {
		if k.open != 0 {
			t.Errorf("%d terminals were left open", k.open)
		}
	})
	return a
}

// lookup is an environment of NAME=VALUE words.
func lookup(entries ...string) func(string) string {
	return (&Asker{Environ: entries}).getenv
}

// nowhere is an empty environment.
func nowhere(string) string { return "" }

var dev = Request{Profile: "dev", Serial: "arn:aws:iam::111111111111:mfa/ana"}
