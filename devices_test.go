//go:build unix

package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The first round is in order; in the others both begin at once.
func TestTwoDevicesOnOneTerminalAskOneAfterTheOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.shell()
	s.start("first", "dev")
	s.Expect("profile \"dev\" wants a code from " + device)
	s.Expect("MFA code: ")
	s.start("second", "other")
	s.Expect(`waiting for the code that profile "dev" asks for`)
	if text := s.Output(); strings.Contains(text, `"other"`) {
		t.Errorf("the second question came too early:\n%s", text)
	}
	s.Type(w.sts.Code(device) + "\r")
	s.end("first").credentials()
	s.Expect("profile \"other\" wants a code from " + secondDevice)
	s.answer(w.sts.Code(secondDevice))
	s.end("second").credentials()
	w.forget("dev")
	w.forget("other")

	const rounds = 20
	question := regexp.MustCompile(`wants a code from (\S+)`)
	for round := range rounds {
		first, second := fmt.Sprint("first", round), fmt.Sprint("second", round)
		s.start(first, "dev")
		s.start(second, "other")
		for range 2 {
			asked := question.FindAllStringSubmatch(s.Expect("MFA code: "), -1)
			if len(asked) != 1 {
				t.Fatalf("round %d: %d questions at once:\n%s", round, len(asked), s.Output())
			}
			s.Type(w.sts.Code(asked[0][1]) + "\r")
		}
		s.end(first).credentials()
		s.end(second).credentials()
		w.forget("dev")
		w.forget("other")
	}
	s.close()
	w.counts(2+2*rounds, 2+2*rounds)
	for _, r := range w.sts.Requests() {
		if !r.Accepted {
			t.Errorf("%s with a code from %s: %s", r.Action, r.Form.Get("SerialNumber"), r.ErrorCode)
		}
	}
	w.unlocked()
}

// Neither waits for the other, though others wait behind the first: the second
// has a config of its own, in which the same profile has another device.
func TestTwoDevicesOnTwoTerminalsAskAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.ask("dev")
	first.Expect("profile \"dev\" wants a code from " + device)
	first.Expect("MFA code: ")
	behind := w.ask("dev")
	behind.Expect(`waiting for the code that profile "dev" asks for`)

	own := filepath.Join(w.folder, "own")
	w.write("own", strings.ReplaceAll(profiles, device+"\n", secondDevice+"\n"))
	w.set("AWS_CONFIG_FILE=" + own)
	second := w.ask("dev")
	second.Expect("profile \"dev\" wants a code from " + secondDevice)
	second.answer(w.sts.Code(secondDevice))
	other := second.end().credentials()

	if text := behind.Output(); strings.Contains(text, "MFA code: ") {
		t.Errorf("one device is asked for twice:\n%s", text)
	}
	first.Type(w.sts.Code(device) + "\r")
	got := first.end().credentials()
	if again := behind.end().credentials(); again != got || got == other {
		t.Errorf("the first got %s, the one behind it %s, and the one of the other device %s", got, again, other)
	}
	w.counts(2, 2)
	w.unlocked()
}

// One question at a time for a device, wherever it is asked: two answers would be
// the same code.
func TestOneDeviceOnTwoTerminalsIsAskedForOneAfterTheOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.ask("dev")
	first.Expect("MFA code: ")
	second := w.ask("long")
	second.Expect(`waiting for the code that profile "dev" asks for`)
	if text := second.Output(); strings.Contains(text, "MFA code: ") {
		t.Errorf("the second question came too early:\n%s", text)
	}
	first.Type(w.sts.Code(device) + "\r")
	first.end().credentials()
	second.answer(w.sts.Code(device))
	second.end().credentials()
	w.counts(1, 2)
	w.unlocked()
}
