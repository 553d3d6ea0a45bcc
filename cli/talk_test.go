package cli

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// deserted is a terminal where nobody types.
type deserted struct{ screen }

func (deserted) Flush() error { return nil }

func (deserted) Prompt(string) error { return nil }

func (deserted) ReadLine(ctx context.Context) (string, error) {
	<-ctx.Done()
	return "", context.Cause(ctx)
}

func (d deserted) AskHidden(ctx context.Context, _ string) (string, error) { return d.ReadLine(ctx) }

// TestAQuestionEnds: who asks may hold the lock of a key, so no question stands for
// ever, and each has its five minutes.
func TestAQuestionEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		talk := &talk{deserted{}, t.Context()}
		for range 2 {
			for name, ask := range map[string]func(string) (string, error){"shown": talk.ask, "hidden": talk.askHidden} {
				begun := time.Now()
				_, err := ask("Well? ")
				if waited := time.Since(begun); !errors.Is(err, errUnanswered) || waited != 5*time.Minute {
					t.Errorf("%s: after %s: %v", name, waited, err)
				}
			}
		}
		if err := talk.agree("Well?"); !errors.Is(err, errUnanswered) || errors.Is(err, errDeclined) {
			t.Error(err)
		}
	})
}
