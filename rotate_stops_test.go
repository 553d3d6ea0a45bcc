//go:build linux

package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestRotateHasTheKeyAlone: while one asks, no other command changes the key under its
// hands.
func TestRotateHasTheKeyAlone(t *testing.T) {
	t.Parallel()
	r := newTurning(t)
	p := r.screen().begin(r.command(r.program, "keys", "rotate", "eva"))
	p.Expect("MFA code: ")
	for _, args := range [][]string{{"keys", "remove", "eva", "--yes"}, {"keys", "rotate", "eva", "--yes"}} {
		r.alone(args...).failed(1, `another daypass is changing the access key "eva"`)
	}
	if e := r.works("held"); e.Current.AccessKeyID != r.old.AccessKeyID {
		t.Errorf("the keyring has %+v", e)
	}
	p.Type(r.code() + "\r")
	p.answer(r.code())
	if got := p.end(); got.code != 0 || got.err != "" {
		t.Errorf("exit code %d, err %q", got.code, got.err)
	}
	r.finished("then")
}

// TestRotateIsWaitedFor: who waits for its answers is told the name of the key, whatever
// that of the profile with the device.
func TestRotateIsWaitedFor(t *testing.T) {
	t.Parallel()
	r := newTurning(t)
	r.write("home/.aws/config", "[profile phone]\ndaypass_source_profile = eva\ndaypass_mfa_serial = "+evaDevice+"\n")
	r.write("home/.aws/credentials", "[else]\naws_access_key_id = "+r.old.AccessKeyID+"\naws_secret_access_key = x\n")
	s := r.shell()
	s.run("one", "keys rotate eva")
	s.Expect("same? [y/N] ")
	s.run("two", "keys add other")
	s.Expect(fmt.Sprintf("daypass: waiting for the answers about the key \"eva\" (process %d)\r\n", s.pid("one")))
	s.Type("n\r")
	if got := s.end("one"); got.code != 4 || !strings.HasPrefix(got.err, "daypass: error: the answer was no, and nothing was changed\n") {
		t.Errorf("exit code %d, err %q", got.code, got.err)
	}
	s.Expect("Access key ID: ")
	s.Type("\x04")
	s.end("two").failed(4, "the question was closed, and nothing was changed")
	s.close()
	r.unlocked()
}

// TestRotateOfAKeyThatIsGone: the new key is in use, and is deleted at AWS before the old
// one is: what rotate says then leads out.
func TestRotateOfAKeyThatIsGone(t *testing.T) {
	t.Parallel()
	r := newTurning(t)
	p := r.screen().begin(r.command(r.program, "keys", "rotate", "eva"))
	p.answer(r.code())
	p.Expect("MFA code: ")
	p.Type("\x04")
	p.end()
	gone := r.works("half").Current.AccessKeyID
	r.sts.DeleteKey(gone)
	for range 2 { // it does not come of its own
		got := r.rotate().end()
		want := fmt.Sprintf("daypass: hint: %s is in use, and %s has to be taken out of use: run \"daypass keys rotate eva\" again; "+
			"if %[1]s was deleted at AWS, there is nothing to finish: run \"daypass keys remove eva\", then \"daypass keys add eva\"\n", gone, r.old.AccessKeyID)
		if got.code != 5 || !strings.HasSuffix(got.err, want) {
			t.Fatalf("exit code %d, err %q, want %q", got.code, got.err, want)
		}
	}
	got := r.alone("keys", "remove", "eva", "--yes")
	for _, id := range []string{gone, r.old.AccessKeyID} {
		if want := fmt.Sprintf("\nif AWS still has %s: \"aws iam update-access-key --user-name eva --access-key-id %[1]s --status Inactive\" deactivates it\n", id); !strings.Contains(got.out, want) {
			t.Errorf("exit code %d, out %q, want %q", got.code, got.out, want)
		}
	}
	if strings.Contains(got.out, "AWS still takes it") {
		t.Errorf("out %q", got.out)
	}
	p = r.begins("keys", "add", "eva")
	p.typesKey(r.old.AccessKeyID, r.old.SecretAccessKey)
	if got := p.end(); got.code != 0 {
		t.Errorf("exit code %d, err %q", got.code, got.err)
	}
	r.goesOn("added again")
}
