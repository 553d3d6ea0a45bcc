//go:build linux

package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"daypass/internal/keyring/keyringtest"
)

// noBus keeps a session bus away that the machine may have, and the keyring on it.
const noBus = "DBUS_SESSION_BUS_ADDRESS=disabled:"

// counted puts a script between the clients and daypass that counts the runs. What
// interrupts daypass does not stop it.
func (w *clientWorld) counted() {
	w.t.Helper()
	w.write("counted", "trap : INT\necho >>begun\n'"+w.program+"' \"$@\"\ncode=$?\necho $code >>ended\nexit $code\n")
	script := "sh " + filepath.Join(w.folder, "counted")
	w.write("home/.aws/config", strings.ReplaceAll(w.read("home/.aws/config"), w.program, script))
}

// codes are the exit codes of daypass, run after run, since counted.
func (w *clientWorld) codes() []string { return strings.Fields(w.read("ended")) }

// calls starts a client on a terminal, with pipes for what it writes. The terminal
// is that of a shell, whose line runs it as "$@".
func (w *clientWorld) calls(s *screen, p clientProfile, shell string, line []string) *person {
	w.t.Helper()
	cmd := w.run(p, append([]string{"sh", "-c", shell, "sh"}, line...))
	cmd.Stdin = s.File()
	return s.begin(cmd)
}

// foreground is the line of a shell that does nothing else.
const foreground = `"$@"; exit $?`

// deserted are the ways to have a terminal where nobody can be asked. Its echo is
// off, so that it shows what programs write and nothing else.
var deserted = map[string]struct {
	modes []string // of the terminal
	shell string   // the line of the shell that has the terminal
	keys  string   // "1234" and return, as the next reader gets them
	why   string
}{
	"background":  {[]string{"-echo"}, `set -m; "$@" & wait $!`, "1234\n", "daypass runs in the background of its terminal"},
	"setsid":      {[]string{"-echo"}, `setsid --wait "$@"`, "1234\n", "there is no terminal to ask on"},
	"full screen": {[]string{"-echo", "raw"}, foreground, "1234\r", "the terminal is used by a full-screen program"},
}

// Daypass says so and ends, with exit code 3 and as often as it is called. Neither
// it nor the client stops or touches the terminal, before which no key is lost.
func TestCallersWithNobodyToAsk(t *testing.T) {
	dev, _, _ := theProfiles(t)
	for _, c := range clients {
		for name, at := range deserted {
			t.Run(c.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				w := newClientWorld(t, c, noBus)
				w.counted()
				s := w.screen()
				s.stty(at.modes...)
				s.Type("12")
				caller := w.calls(s, dev, at.shell, c.command(t, w.url))
				w.until("daypass is run", func() bool { return w.read("begun") != "" })
				s.Type("34\r")
				got := caller.end()
				if signalled := 128 < got.code && got.code < 128+65; got.code == 0 || signalled || got.out != "" || got.err == "" {
					t.Errorf("%s ended with code %d, out %q, err %q", c.name, got.code, got.out, got.err)
				}
				if codes := w.codes(); len(codes) == 0 || slices.ContainsFunc(codes, func(code string) bool { return code != "3" }) {
					t.Errorf("daypass ended with the codes %v", codes)
				}
				if keys, shown := s.left(), s.shown(); keys != at.keys || shown != "" {
					t.Errorf("the keys left are %q, not %q, and the terminal shows %q", keys, at.keys, shown)
				}
				w.neverAsked()
				if got := w.alone("status").out; !strings.Contains(got, `profile "dev" failed`) || !strings.Contains(got, at.why) {
					t.Errorf("status says\n%s", got)
				}
			})
		}
	}
}

// What is piped into the client is for the client, while the code is typed on the
// terminal.
func TestStandardInputIsTheCallers(t *testing.T) {
	dev, _, _ := theProfiles(t)
	data := make([]byte, uploadSize)
	_, _ = rand.NewChaCha8([32]byte{}).Read(data) // never fails
	sum := fmt.Sprintf("%x", sha256.Sum256(data))
	for _, c := range clients {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newClientWorld(t, c, keyringtest.Keyring(t).Env...)
			s := w.screen()
			cmd := w.run(dev, c.reader(t, w.url))
			var out bytes.Buffer
			cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(data), &out, s.File()
			s.Start(cmd)
			w.end(s, cmd, w.answers(s, dev))
			if got := c.took(w, out.String()); got != sum {
				t.Errorf("the client took data of the sum %s, not %s; it printed %q", got, sum, out.String())
			}
			w.counts(1, 1)
		})
	}
}

// A prompt that was closed is not opened again, though some call once more. The
// shell has jobs, as a person's has, and stays until daypass has ended.
func TestCallersWhosePromptIsClosed(t *testing.T) {
	const shell = `trap : INT; set -m; "$@"; code=$?; until [ -s ended ]; do sleep 0.02; done; exit $code`
	dev, _, _ := theProfiles(t)
	keys := map[string]struct{ key, code string }{
		"Ctrl-D": {"\x04", "4"},
		"Ctrl-C": {"\x03", "130"}, // also when the client has gone that would read the error
	}
	for _, c := range clients {
		for name, at := range keys {
			t.Run(c.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				w := newClientWorld(t, c, noBus)
				w.counted()
				caller := w.calls(w.screen(), dev, shell, c.command(t, w.url))
				caller.Expect("MFA code: ")
				caller.Type(at.key)
				if got := caller.end(); got.code == 0 || strings.TrimSpace(got.out) != "" {
					t.Errorf("%s ended with code %d, out %q", c.name, got.code, got.out)
				}
				want := 1
				if name == "Ctrl-D" {
					want = c.tries
				}
				codes, shown := w.codes(), caller.shown()
				other := slices.ContainsFunc(codes, func(code string) bool { return code != at.code })
				if prompts(shown) != 1 || len(codes) != want || other {
					t.Errorf("daypass ended with the codes %v, and the terminal shows\n%s", codes, shown)
				}
				w.counts(0, 0)
				w.unlocked()
			})
		}
	}
}

// Ruby's SDK calls twice at the start.
func TestACallerThatCallsTwiceIsAskedOnce(t *testing.T) {
	t.Parallel()
	dev, _, _ := theProfiles(t)
	w := newClientWorld(t, clientNamed(t, "ruby"), keyringtest.Keyring(t).Env...)
	w.counted()
	caller := w.calls(w.screen(), dev, foreground, w.client.command(t, w.url))
	caller.answer(w.sts.Code(device))
	if got := caller.end(); got.code != 0 || got.out != dev.arn+"\n" {
		t.Errorf("ended with code %d, out %q, err %q", got.code, got.out, got.err)
	}
	if codes, shown := w.codes(), caller.shown(); prompts(shown) != 1 || !slices.Equal(codes, []string{"0", "0"}) {
		t.Errorf("daypass ended with the codes %v, and the terminal shows\n%s", codes, shown)
	}
	w.counts(1, 1)
}

// The AWS CLI calls at the start and then for each request while less than a
// quarter of an hour is left, and below ten minutes it fails when one of the calls
// does. A download has two requests.
func TestACallerNearExpiryIsAskedOnceAtMost(t *testing.T) {
	_, _, mfa := theProfiles(t)
	for name, at := range map[string]struct {
		left    time.Duration
		key     string // what the prompt gets; "" if there is to be none
		prompts int
	}{
		"too soon to ask":      {8 * time.Minute, "", 0},
		"the prompt is closed": {3 * time.Minute, "\x04", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newClientWorld(t, clientNamed(t, "aws"), keyringtest.Keyring(t).Env...)
			w.issued(at.left)
			w.counted()
			w.sts.PutObject(uploadPath, []byte("a file"))
			caller := w.calls(w.screen(), mfa, foreground, append(awsCommand(t, w.url), "s3", "cp", "s3:/"+uploadPath, "-"))
			if at.key != "" {
				caller.Expect("MFA code: ")
				caller.Type(at.key)
			}
			if got := caller.end(); got.code != 0 || got.out != "a file" {
				t.Errorf("ended with code %d, out %q, err %q", got.code, got.out, got.err)
			}
			if codes, shown := w.codes(), caller.shown(); prompts(shown) != at.prompts || !slices.Equal(codes, []string{"0", "0", "0"}) {
				t.Errorf("daypass ended with the codes %v, and the terminal shows\n%s", codes, shown)
			}
			w.counts(0, 0)
		})
	}
}

// issued gets a session for the profile mfa, of whose hour so much is left.
func (w *clientWorld) issued(left time.Duration) {
	w.t.Helper()
	const profile = "[profile mfa]\n"
	w.write("home/.aws/config", strings.Replace(w.read("home/.aws/config"), profile, profile+"daypass_session_duration = 1h\n", 1))
	w.sts.Skew(left - time.Hour)
	w.alone("credential-process", "--profile", "mfa", "--token-code", w.sts.Code(device)).credentials()
	w.sts.Skew(0)
	w.sts.Reset()
}
