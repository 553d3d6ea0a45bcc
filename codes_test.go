//go:build linux

package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// noCodes are what people type, paste or touch where a code is asked for.
var noCodes = map[string]string{
	"a password":               "correct horse battery staple",
	"a password with a code":   "hunter2-of-ana 123456",
	"a short password":         "s3cr3t!",
	"a password of many bytes": strings.Repeat("Tr0ub4dor&3 ", 30),
	"a YubiKey's OTP":          "ccccccbchvthlivuitriujjifivbvtrjkjfirllluurj",
	"full-width digits":        "１２３４５６",
	"Arabic-Indic digits":      "٠١٢٣٤٥",
	"digits of both kinds":     "12345６",
	"two codes":                "123456 654321",
}

// What is no code is refused on the spot and goes nowhere, be it typed, given
// beforehand or printed by a program.
func TestWhatIsNoCodeGoesNowhere(t *testing.T) {
	t.Parallel()
	s := newSpy(t)
	var answers []string
	for name, text := range noCodes {
		s.secrets = append(s.secrets, secret{name, text})
		answers = append(answers, text)
	}
	code := s.code()
	s.types(0, append(answers, code), "login", "dev")
	screen := s.seen["0: terminal of login dev"]
	if n := strings.Count(screen, "that is no code: type the six digits that your device shows"); n != len(noCodes) {
		t.Errorf("%d of %d were refused:\n%s", n, len(noCodes), screen)
	}
	for _, text := range answers {
		s.does(4, []string{"DAYPASS_TOKEN_CODE=" + text}, "login", "dev", "--refresh")
		s.write("authenticator", "cat <<'end'\n"+text+"\nend\n")
		s.does(4, nil, "login", "fetched", "--refresh")
	}
	s.does(0, nil, "status")
	s.does(0, nil, "status", "--json")
	s.does(0, nil, "explain", "dev", "--json")
	s.files()
	s.check()

	if log := s.read(stateFolder + "/debug.log"); strings.Count(log, "msg=begin") != 1+2*len(noCodes) {
		t.Errorf("not every run is in the log:\n%s", log)
	}
	s.store()
	for _, r := range s.sts.Requests() {
		s.saw("request", fmt.Sprint(r.Form, r.UserAgent))
		if sent := r.Form.Get("TokenCode"); sent != "" && sent != code {
			t.Errorf("the code %q was sent", sent)
		}
	}
	for where, text := range s.seen { // check looks for pieces, of what is long enough
		for name, typed := range noCodes {
			if strings.Contains(text, typed) {
				t.Errorf("%s is in the %s:\n%s", name, where, text)
			}
		}
	}
	s.counts(1, 1)
}

// store keeps what lies in the store.
func (s *spy) store() {
	s.t.Helper()
	items, _ := filepath.Glob(filepath.Join(s.folder, "store", "item-*"))
	if len(items) == 0 {
		s.t.Error("nothing is in the store")
	}
	for _, item := range items {
		text, err := os.ReadFile(item)
		if err == nil {
			text, err = base64.StdEncoding.DecodeString(string(text))
		}
		if err != nil {
			s.t.Fatal(err)
		}
		s.saw("store", string(text))
	}
}

// A code that was sent is not sent again, and it is said for how long the device
// shows no other.
func TestAUsedCodeTellsTheSecondsLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.sts.Code(device)
	turned := time.Now().Truncate(30 * time.Second) // when devices turned to their next code
	w.moveClock(time.Until(turned.Add(time.Second)))
	if got := w.alone("login", "session", "--token-code", code); got.code != 0 {
		t.Fatal(got.err)
	}
	w.forget("session")

	w.moveClock(time.Until(turned.Add(time.Second)))
	p := w.ask("dev")
	p.answer(code)
	p.answer(code)
	p.Expect("MFA code: ")
	w.counts(1, 0)
	p.Type(w.sts.Code(device) + "\r")
	p.end().credentials()
	w.counts(2, 1)

	text := p.shown()
	told := regexp.MustCompile(`that code was used already; the next one comes in (\d+) s`).FindAllStringSubmatch(text, -1)
	told = append(told, regexp.MustCompile(`the code sent before is not taken again; the next one comes in (\d+) s`).FindAllStringSubmatch(text, -1)...)
	if len(told) != 3 {
		t.Fatalf("told %d times:\n%s", len(told), text)
	}
	for _, seconds := range told {
		if n, _ := strconv.Atoi(seconds[1]); n < 1 || n > 29 {
			t.Errorf("%s seconds are left of 29:\n%s", seconds[1], text)
		}
	}
}
