package mfa

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"daypass/internal/state"
	"daypass/internal/tty"
)

// patience is how long a waiter keeps silent.
const patience = time.Second

// holder is who holds a lock: what a waiter tells the person.
type holder struct {
	Profile string `json:"profile"`
	PID     int    `json:"pid"`
	Window  bool   `json:"window,omitempty"` // the question stands in a window
	Talk    bool   `json:"talk,omitempty"`   // the questions are no code's: see Converse
}

func (r Request) asks() holder { return holder{Profile: r.Profile, PID: os.Getpid()} }

func holderName(lock string) string { return "mfa/" + lock + ".holder" }

// lock takes a lock of the state folder, or waits for it. Without a folder that can be used there is none, and the
// caller goes on as if it held it.
func (a *Asker) lock(ctx context.Context, name string, h holder, noWait bool) (unlock func(), err error) {
	if a.State == nil {
		return func() {}, nil
	}
	free, ok, err := a.State.TryLock(name)
	if err == nil && !ok && noWait {
		err = a.busy(name, nil)
	} else if err == nil && !ok {
		free, err = a.waitFor(ctx, name)
	}
	if errors.Is(err, state.ErrUnusable) {
		return func() {}, nil
	}
	if err != nil {
		return nil, err
	}
	a.hold(name, h)
	return func() {
		_ = a.State.Remove(holderName(name))
		free()
	}, nil
}

// Converse lets this process alone ask on the terminal with that ID, about something else than a code and on behalf of
// profile, until unlock is called. It waits for others as Ask does, and its errors are the same.
func (a *Asker) Converse(ctx context.Context, id, profile string) (unlock func(), err error) {
	return a.lock(ctx, TerminalName(id), holder{Profile: profile, PID: os.Getpid(), Talk: true}, false)
}

// hold says who holds the lock name.
func (a *Asker) hold(name string, h holder) {
	if a.State == nil {
		return
	}
	if data, err := json.Marshal(h); err == nil {
		_ = a.State.Write(holderName(name), data)
	}
}

// waitFor waits for a lock that another process holds.
func (a *Asker) waitFor(ctx context.Context, name string) (unlock func(), err error) {
	waiting, stop := context.WithCancel(ctx)
	told := make(chan struct{})
	go func() {
		defer close(told)
		a.tellWaiting(waiting, name)
	}()
	unlock, err = a.State.Lock(ctx, name)
	stop()
	<-told
	switch {
	case err == nil || ctx.Err() == nil:
		return unlock, err
	case errors.Is(context.Cause(ctx), ErrTimedOut):
		return nil, a.busy(name, ErrTimedOut)
	}
	return nil, stopped(ctx)
}

func (a *Asker) busy(name string, err error) error {
	h := a.holder(name)
	return &BusyError{Profile: h.Profile, PID: h.PID, Err: err}
}

// holder returns who holds the lock name, or held it and was killed; zero if it is not known.
func (a *Asker) holder(name string) holder {
	var h holder
	if data, err := a.State.Read(holderName(name)); err == nil {
		_ = json.Unmarshal(data, &h)
	}
	return h
}

// heldBy returns who holds the lock name, zero if nobody known does: one who was killed leaves word of himself behind. It
// takes the lock for an instant only where there is such word.
func (a *Asker) heldBy(name string) holder {
	h := a.holder(name)
	if h.PID == 0 {
		return h
	}
	free, ok, err := a.State.TryLock(name)
	if ok {
		free()
	}
	if ok || err != nil {
		return holder{}
	}
	return h
}

// Waiting is for those who wait for what another process is asking for, the code of serial: until ctx ends, it waits
// beside them, and after a second it says on the terminal, if that may be written to, who is asking. It says nothing
// if nobody is known to ask.
func (a *Asker) Waiting(ctx context.Context, serial string) {
	if a.State != nil {
		a.tellWaiting(ctx, serialName(serial))
	}
}

// tellWaiting says once whose prompt is waited for, and returns when ctx ends. Of many who wait on one terminal for
// one lock, one speaks for all.
func (a *Asker) tellWaiting(ctx context.Context, lock string) {
	select {
	case <-ctx.Done():
		return
	case <-a.after(patience):
	}
	t := a.terminalToTell()
	if t == nil {
		return
	}
	defer t.Close()
	release, ok, err := a.State.TryLock("telling-" + t.ID() + "-" + lock)
	if err != nil || !ok {
		return
	}
	defer release()
	if h := a.heldBy(lock); h.PID != 0 {
		a.tellBeside(t, fmt.Sprintf("daypass: waiting for %s (process %d)", h.question(), h.PID))
	}
	<-ctx.Done()
}

func (h holder) question() string {
	profile := tty.Visible(h.Profile)
	switch {
	case h.Talk:
		return fmt.Sprintf(`the answers about the key "%s"`, profile)
	case h.Window:
		return fmt.Sprintf(`the code that profile "%s" asks for in a window`, profile)
	}
	return fmt.Sprintf(`the code that profile "%s" asks for`, profile)
}

// tellBeside prints line; on a new one if a prompt stands on this terminal.
func (a *Asker) tellBeside(t Terminal, line string) {
	free, ok, err := a.State.TryLock(TerminalName(t.ID()))
	if ok {
		defer free()
	} else if err == nil {
		_ = t.Print("")
	}
	_ = t.Print(line)
}
