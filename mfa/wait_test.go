package mfa

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var waitingForDev = fmt.Sprintf("daypass: waiting for the code that profile \"dev\" asks for (process %d)\n", os.Getpid())

// beside runs one Ask in the background: a file lock keeps two of one process apart as it does two processes.
func beside(t *testing.T, a *Asker, r Request, try Try) <-chan error {
	ended := make(chan error, 1)
	go func() { ended <- a.Ask(t.Context(), r, try) }()
	return ended
}

func on(a *Asker, k *keyboard) *Asker {
	other := *a
	other.Terminal = k.terminal
	return &other
}

func TestOneQuestionPerDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := asker(t, types(after(5*time.Second, "123456")))
		ended := beside(t, a, dev, sts(Accepted).try)
		time.Sleep(time.Second)

		k, s := types("123456", "234567"), sts(Accepted)
		k.id = "2"
		ops := Request{Profile: "ops", Serial: dev.Serial}
		if err := on(a, k).Ask(t.Context(), ops, s.try); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if len(s.codes) != 1 || s.codes[0] != "234567" {
			t.Errorf("sent %q, of which the first was used", s.codes)
		}
		if !strings.HasPrefix(k.see(), waitingForDev+"daypass: profile \"ops\" wants") {
			t.Errorf("screen of the waiter:\n%s", k.see())
		}
	})
}

// A conversation has the terminal alone, as a question for a code has, and is waited for no longer.
func TestAConversationIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := types("123456")
		a := asker(t, k)
		unlock, err := a.Converse(t.Context(), k.ID(), "ma\x1bin")
		if err != nil {
			t.Fatal(err)
		}
		limited, cancel := context.WithTimeoutCause(t.Context(), time.Minute, ErrTimedOut)
		defer cancel()
		if _, err := a.Converse(limited, k.ID(), "other"); !errors.Is(err, ErrTimedOut) {
			t.Errorf("a second one: %v", err)
		}
		told := fmt.Sprintf("daypass: waiting for the answers about the key \"ma\\x1bin\" (process %d)\n", os.Getpid())
		if seen := k.see(); !strings.HasSuffix(seen, told) {
			t.Errorf("the waiter says %q", seen)
		}
		ended := beside(t, a, dev, sts(Accepted).try)
		time.Sleep(time.Minute)
		if seen := k.see(); strings.Contains(seen, "MFA code") {
			t.Errorf("a code is asked for in between:\n%s", seen)
		}
		unlock()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestOneQuestionPerTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := types(after(5*time.Second, "123456"), "234567")
		a, first, second := asker(t, k), sts(Accepted), sts(Accepted)
		ended := beside(t, a, dev, first.try)
		time.Sleep(time.Second)
		if err := a.Ask(t.Context(), Request{Profile: "ops", Serial: "other"}, second.try); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if first.codes[0] != "123456" || second.codes[0] != "234567" {
			t.Errorf("the answers came to the wrong questions: %q, %q", first.codes, second.codes)
		}
		// The notice stands on a line of its own, not behind the prompt.
		if want := "MFA code: \n" + waitingForDev; !strings.Contains(k.see(), want) {
			t.Errorf("screen:\n%s", k.see())
		}
	})
}

func TestOneWaiterSpeaksForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := asker(t, types(after(10*time.Second, "123456")))
		ended := []<-chan error{beside(t, a, dev, sts(Accepted).try)}
		time.Sleep(time.Second)
		k := types("200000", "300000", "400000", "500000")
		k.id = "2"
		for range 4 {
			ended = append(ended, beside(t, on(a, k), dev, sts(Accepted).try))
		}
		for _, e := range ended {
			if err := <-e; err != nil {
				t.Error(err)
			}
		}
		if n := strings.Count(k.see(), waitingForDev); n != 1 {
			t.Errorf("said %d times:\n%s", n, k.see())
		}
	})
}

func TestShortWaitIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := asker(t, types(after(500*time.Millisecond, "123456")))
		ended := beside(t, a, dev, sts(Accepted).try)
		time.Sleep(time.Millisecond)
		k := types("234567")
		k.id = "2"
		if err := on(a, k).Ask(t.Context(), dev, sts(Accepted).try); err != nil {
			t.Error(err)
		}
		if strings.Contains(k.see(), "waiting") {
			t.Errorf("screen:\n%s", k.see())
		}
		<-ended
	})
}

func TestWaiterGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := asker(t, types(after(60*time.Second, "123456")))
		ended := beside(t, a, dev, sts(Accepted).try)
		time.Sleep(time.Second)

		quiet := types()
		r := Request{Profile: "ops", Serial: dev.Serial, Until: time.Now().Add(45 * time.Second)}
		err := on(a, quiet).Ask(t.Context(), r, sts().try)
		var busy *BusyError
		if !errors.As(err, &busy) || !errors.Is(err, ErrTimedOut) || busy.Profile != "dev" || busy.PID != os.Getpid() {
			t.Errorf("error %#v", err)
		}
		r.NoWait = true
		start := time.Now()
		err = on(a, quiet).Ask(t.Context(), Request{Serial: dev.Serial, NoWait: true}, sts().try)
		if !errors.As(err, &busy) || errors.Is(err, ErrTimedOut) || time.Now() != start {
			t.Errorf("who must not wait got %#v after %v", err, time.Since(start))
		}
		cause := errors.New("the caller died")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		if err := on(a, quiet).Ask(ctx, dev, sts().try); !errors.Is(err, cause) {
			t.Errorf("error %v", err)
		}
		if err := <-ended; err != nil {
			t.Errorf("the one who asked: %v", err)
		}
		if m := recall(a.State, dev.Serial, a.now); len(m.Failures) > 0 {
			t.Errorf("a waiter's time-out is remembered: %+v", m.Failures)
		}
	})
}

// Who could not ask in time, since another question stood on the terminal, is no failure for those behind.
func TestWaiterForTheTerminalGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := asker(t, types(after(60*time.Second, "123456")))
		ended := beside(t, a, dev, sts(Accepted).try)
		time.Sleep(time.Second)
		r := Request{Profile: "ops", Serial: "other", Until: time.Now().Add(45 * time.Second)}
		var busy *BusyError
		if err := a.Ask(t.Context(), r, sts().try); !errors.As(err, &busy) || busy.Profile != "dev" {
			t.Errorf("error %v", err)
		}
		if m := recall(a.State, r.Serial, a.now); len(m.Failures) > 0 {
			t.Errorf("remembered: %+v", m.Failures)
		}
		<-ended
	})
}

// Of those who waited behind a failure nobody asks again.
func TestWaitersShareAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		since := time.Now()
		a := asker(t, types(func() string { time.Sleep(5 * time.Second); return "" }, io.EOF))
		ended := beside(t, a, dev, sts().try)
		time.Sleep(time.Second)
		k := types("123456")
		r := dev
		r.Since = since
		var waiters []<-chan error
		for range 5 {
			waiters = append(waiters, beside(t, on(a, k), r, sts().try))
		}
		for _, w := range append(waiters, ended) {
			if err := <-w; !errors.Is(err, ErrCancelled) {
				t.Errorf("error %v", err)
			}
		}
		if strings.Contains(k.see(), "MFA code") {
			t.Errorf("a waiter asked again:\n%s", k.see())
		}
	})
}

// Waiting speaks for those who wait for what another process asks for by another lock.
func TestWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := asker(t, types(after(5*time.Second, "123456")))
		ended := beside(t, a, dev, sts(Accepted).try)
		time.Sleep(time.Millisecond)
		tests := []struct {
			name, serial string
			off          bool
			want         string
		}{
			{"that device", dev.Serial, false, waitingForDev},
			{"a device that nobody is asked for", "other", false, ""},
			{"told to keep silent", dev.Serial, true, ""},
		}
		for _, tt := range tests {
			k := types()
			k.id = tt.name
			w := on(a, k)
			w.NoPrompt = tt.off
			ctx, cancel := context.WithTimeout(t.Context(), 1100*time.Millisecond)
			w.Waiting(ctx, tt.serial)
			cancel()
			if k.see() != tt.want {
				t.Errorf("%s: screen %q, want %q", tt.name, k.see(), tt.want)
			}
		}
		<-ended
	})
}

// A process that was killed leaves word of itself behind, and nobody waits for it.
func TestAKilledHolderIsNotNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := types()
		a := asker(t, k)
		a.hold(serialName(dev.Serial), holder{Profile: "dev", PID: 1})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		a.Waiting(ctx, dev.Serial)
		if got := k.see(); got != "" {
			t.Errorf("screen: %q", got)
		}
	})
}
