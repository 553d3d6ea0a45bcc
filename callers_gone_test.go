//go:build linux

package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"daypass/internal/keyring/keyringtest"
	"daypass/internal/stsim"
)

// newHastyWorld is a world of a Go program whose SDK gives its credential_process
// up after four seconds: it kills the shell that it has started, and then waits
// until nobody holds the pipe to it. Some shells make way for the only command that
// they are given, so the command line decides who is killed: of "exec %s" daypass,
// of "%s || exit" the shell.
func newHastyWorld(t *testing.T, command string) *clientWorld {
	t.Helper()
	w := newClientWorld(t, clientNamed(t, "go"), keyringtest.Keyring(t).Env...)
	w.set("PROCESS_TIMEOUT=4s")
	daypass := w.program + " credential-process --profile dev"
	config := strings.Replace(w.read("home/.aws/config"), daypass, fmt.Sprintf(command, daypass)+"\ndaypass_prompt_timeout = 5m", 1)
	w.write("home/.aws/config", config)
	return w
}

// gaveUp checks that the SDK has ended that way.
func (got answered) gaveUp() {
	got.t.Helper()
	if got.code != 1 || got.out != "" || !strings.Contains(got.err, "credential process timed out") {
		got.t.Errorf("ended with code %d, out %q, err %q", got.code, got.out, got.err)
	}
}

// What is typed after that is the shell's, and the next call asks anew. Who is
// killed cannot leave the line, nor remove its locks, but nobody waits for them.
func TestAPromptEndsWithItsCaller(t *testing.T) {
	dev, _, _ := theProfiles(t)
	for name, at := range map[string]struct {
		command string
		closes  bool
	}{
		"the shell is killed": {"%s || exit", true},
		"daypass is killed":   {"exec %s", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newHastyWorld(t, at.command)
			caller := w.calls(w.screen(), dev, foreground, w.client.command(t, w.url))
			caller.Expect("MFA code: ")
			caller.end().gaveUp()
			seen := caller.shown()
			closed := strings.Contains(seen, "MFA code: \r\n") && strings.HasSuffix(seen, "\r\n")
			if prompts(seen) != 1 || closed != at.closes {
				t.Errorf("the terminal shows %q", seen)
			}
			if at.closes {
				w.unlocked()
			}
			code := w.sts.Code(device)
			caller.Type(code + "\r")
			if keys := caller.left(); keys != code+"\n" {
				t.Errorf("the shell gets %q", keys)
			}
			w.counts(0, 0)
			w.set("PROCESS_TIMEOUT=")
			w.asked(dev)
			w.counts(1, 1)
		})
	}
}

// STS answers when the SDK has given up, and before daypass does, which is after ten
// seconds: what was issued is there for the next call.
func TestASessionOutlivesItsCaller(t *testing.T) {
	t.Parallel()
	dev, _, _ := theProfiles(t)
	w := newHastyWorld(t, "%s || exit")
	w.sts.Inject(stsim.Fault{Action: "GetSessionToken", Delay: 5 * time.Second})
	caller := w.calls(w.screen(), dev, foreground, w.client.command(t, w.url))
	caller.answer(w.sts.Code(device))
	caller.end().gaveUp()
	w.counts(1, 1)
	w.set("PROCESS_TIMEOUT=")
	w.quiet(dev)
	w.counts(1, 1)
	w.unlocked()
}
