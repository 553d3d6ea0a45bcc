package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// story is one run of the demo.
type story struct {
	*world
	daypass  string
	terminal bool
	kept     bool // a keyring keeps what was issued
}

// tell runs every step and stops at the first that fails.
func tell(ctx context.Context, daypass string) (err error) {
	w, err := newWorld()
	if err != nil {
		return err
	}
	defer w.close()
	s := &story{world: w, daypass: daypass, terminal: onTerminal()}
	if err := w.populate(daypass, s.terminal); err != nil {
		return err
	}
	// What was kept is removed whatever happens, also after Ctrl-C.
	defer func() {
		leaving, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
		defer cancel()
		err = errors.Join(err, s.logout(leaving))
	}()
	for _, step := range []func(context.Context) error{s.first, s.second, s.status, s.aws} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// onTerminal reports whether a person can be asked: on the terminal that
// daypass will ask on, and in its foreground, since the demo shows the code on
// its output.
func onTerminal() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	_ = tty.Close()
	info, err := os.Stdout.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func say(format string, args ...any) { fmt.Printf(format+"\n", args...) }

// call runs a command as an SDK does: its output is read, the terminal is left
// to it.
func (s *story) call(ctx context.Context, name string, args ...string) (string, error) {
	say("$ %s %s", name, strings.Join(args, " "))
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = s.environ()
	var out, problem bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problem
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", name, err, problem.String())
	}
	return out.String(), nil
}

func (s *story) credentials(ctx context.Context) (string, error) {
	answer, err := s.call(ctx, s.daypass, "credential-process", "--profile", "demo")
	if err != nil {
		return "", err
	}
	var fields struct{ Version int }
	if err := json.Unmarshal([]byte(answer), &fields); err != nil || fields.Version != 1 {
		return "", errors.New("the answer is not what an SDK reads from a credential_process")
	}
	return answer, nil
}

func (s *story) first(ctx context.Context) error {
	say("A simulated STS runs at %s; its user ana may use the role Developer with an MFA code.", s.url)
	say("The profile \"demo\" names daypass as its credential_process. An SDK calls it:\n")
	if s.terminal {
		defer s.showAuthenticator()()
	} else {
		say("There is no terminal to type a code on, so the profile's mfa_process gives it.")
	}
	answer, err := s.credentials(ctx)
	if err != nil {
		return err
	}
	say("%s", shortened(answer))
	return s.look(ctx)
}

// showAuthenticator says what the authenticator shows, now and whenever that
// changes, until stop is called.
func (s *story) showAuthenticator() (stop func()) {
	code, left := s.sts.PeekCode(device)
	say("ana's authenticator shows %s, for %d s more: type it at the prompt.", code, int(left.Seconds()))
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(left + time.Second):
				code, left = s.sts.PeekCode(device)
				say("\n(it shows %s now)", code)
			}
		}
	}()
	return func() { close(done) }
}

// secrets are the values that are shown by their beginnings.
var secrets = regexp.MustCompile(`("(?:SecretAccessKey|SessionToken)":"[^"]{4})[^"]*"`)

func shortened(answer string) string { return secrets.ReplaceAllString(answer, `$1…"`) }

// look finds out whether a keyring kept the answer.
func (s *story) look(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, s.daypass, "status", "--json")
	cmd.Env = s.environ()
	list, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("status: %w", err)
	}
	var status struct{ Entries []any }
	err = json.Unmarshal(list, &status)
	s.kept = len(status.Entries) > 0
	return err
}

func (s *story) second(ctx context.Context) error {
	if !s.kept {
		say("No keyring can be used here, not even the kernel's, so daypass keeps nothing, and the next call would ask again.\n")
		return nil
	}
	say("The second call, and every one of the next hour, is answered from the keyring:\n")
	begun := time.Now()
	answer, err := s.credentials(ctx)
	if err != nil {
		return err
	}
	took := time.Since(begun)
	if n := s.sts.Count("AssumeRole"); n != 1 {
		return fmt.Errorf("STS was asked %d times for the role, not once", n)
	}
	say("%sin %.1f ms, without a call to STS.\n", shortened(answer), float64(took.Microseconds())/1000)
	return nil
}

func (s *story) status(ctx context.Context) error {
	list, err := s.call(ctx, s.daypass, "status")
	say("%s", list)
	return err
}

func (s *story) aws(ctx context.Context) error {
	if _, err := exec.LookPath("aws"); err != nil {
		say("The AWS CLI is not installed, so it is not shown.\n")
		return nil
	}
	if !s.kept {
		say("The AWS CLI would ask for the next code, so it is not shown.\n")
		return nil
	}
	identity, err := s.call(ctx, "aws", "--endpoint-url", s.url, "--profile", "demo", "sts", "get-caller-identity")
	say("%s", identity)
	return err
}

func (s *story) logout(ctx context.Context) error {
	said, err := s.call(ctx, s.daypass, "logout", "demo")
	say("%s", said)
	if !s.kept { // nothing is there that a locked keyring could keep back
		return nil
	}
	return err
}
