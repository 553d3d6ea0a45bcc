package mfa

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func wants(profile, device string) Request {
	return Request{Profile: profile, Serial: "arn:aws:iam::111111111111:mfa/" + device}
}

func TestOnATerminal(t *testing.T) {
	t.Parallel()
	d := sit(t)
	r := wants("d\x1b[2Jev", "ana")
	r.Caller, r.NotKept = "aws", "no keyring answers here"
	d.start(script{Name: "A", Folder: t.TempDir(), Request: r, Outcomes: []Outcome{Refused, Accepted}})
	d.Expect("MFA code: ")
	d.Type("hunter2\n")
	d.Expect("MFA code: ")
	d.Type("111 111\n")
	d.Expect("MFA code: ")
	d.Type("222222\n")
	d.Expect("222222\r\n")
	d.reports("A ends: <nil>")
	want := `daypass: profile "d\x1b[2Jev" wants a code from arn:aws:iam::111111111111:mfa/ana (asked by aws)
daypass: the credentials will not be kept: no keyring answers here
MFA code: hunter2
daypass: that is no code: type the six digits that your device shows
MFA code: 111 111
daypass: profile "d\x1b[2Jev": that code was refused: it is wrong, or was used elsewhere
MFA code: 222222
`
	if got := strings.ReplaceAll(d.Output(), "\r\n", "\n"); got != want {
		t.Errorf("screen:\n%s\nwant:\n%s", got, want)
	}
}

// Each answer reaches the question that it stands under.
func TestTwoDevicesOnOneTerminal(t *testing.T) {
	t.Parallel()
	d, folder := sit(t), t.TempDir()
	codes := map[string]string{"dev": "111111", "ops": "222222"}
	d.start(script{Name: "A", Folder: folder, Request: wants("dev", "one"), Outcomes: []Outcome{Accepted}})
	d.start(script{Name: "B", Folder: folder, Request: wants("ops", "two"), Outcomes: []Outcome{Accepted}})
	for n := range 2 {
		question := d.Expect("MFA code: ")
		if n == 0 {
			d.Expect("waiting for the code") // the other one is at the lock
		}
		if screen := d.Output(); strings.Count(screen, "MFA code: ") != n+1 {
			t.Fatalf("a question came before the one above was answered:\n%s", screen)
		}
		_, asked, _ := strings.Cut(question, `daypass: profile "`)
		d.Type(codes[asked[:3]] + "\n")
	}
	d.reports("A sends 111111")
	d.reports("B sends 222222")
	d.reports("A ends: <nil>")
	d.reports("B ends: <nil>")
}

func TestOneDeviceOnTwoTerminals(t *testing.T) {
	t.Parallel()
	one, other, folder := sit(t), sit(t), t.TempDir()
	one.start(script{Name: "A", Folder: folder, Request: wants("dev", "ana"), Outcomes: []Outcome{Accepted}})
	one.Expect("MFA code: ")
	other.start(script{Name: "B", Folder: folder, Request: wants("ops", "ana"), Outcomes: []Outcome{Accepted}})
	other.Expect(fmt.Sprintf("daypass: waiting for the code that profile \"dev\" asks for (process %d)\r\n", one.pid("A")))
	one.Type("111111\n")
	one.reports("A ends: <nil>")
	other.Expect("MFA code: ")
	other.Type("111111\n")
	other.Expect("daypass: that code was used already; ")
	other.Expect("MFA code: ")
	other.Type("222222\n")
	other.reports("B ends: <nil>")
	if report := other.report.String(); strings.Contains(report, "B sends 111111") {
		t.Errorf("a used code was sent:\n%s", report)
	}
}

func TestKilledHolder(t *testing.T) {
	t.Parallel()
	d, folder := sit(t), t.TempDir()
	d.start(script{Name: "A", Folder: folder, Request: wants("dev", "ana"), Outcomes: []Outcome{Accepted}})
	d.Expect("MFA code: ")
	d.start(script{Name: "B", Folder: folder, Request: wants("dev", "ana"), Outcomes: []Outcome{Accepted}})
	d.Expect("waiting for the code")
	d.kill(d.pid("A"), unix.SIGKILL)
	d.Expect("MFA code: ")
	d.Type("111111\n")
	d.reports("B ends: <nil>")
}

// Nobody holds a lock afterwards: the next command gets its turn.
func TestKeysThatEndAQuestion(t *testing.T) {
	const cancelled = "ends: the prompt was cancelled"
	const remembered = `ends: asking for profile "dev" a moment ago: the prompt was cancelled`
	for name, tt := range map[string]struct{ keys, ends, next string }{
		"Ctrl-D": {"\x04", cancelled, remembered},
		"Ctrl-Z": {"12\x1a", cancelled, remembered},
		"Ctrl-C": {"12\x03", "ends: interrupt signal received", "ends: <nil>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, folder := sit(t), t.TempDir()
			d.start(script{Name: "A", Folder: folder, Request: wants("dev", "ana")})
			d.Expect("MFA code: ")
			d.Type(tt.keys)
			d.reports("A " + tt.ends)
			d.Expect("\r\n")
			if screen := d.Output(); !strings.HasSuffix(screen, "\r\n") {
				t.Errorf("the cursor is not on a new line: %q", screen)
			}
			d.start(script{Name: "B", Folder: folder, Request: wants("dev", "ana"), Outcomes: []Outcome{Accepted}})
			if tt.next != remembered {
				d.Expect("MFA code: ")
				d.Type("111111\n")
			}
			d.reports("B " + tt.next)
		})
	}
}

func TestInTheBackground(t *testing.T) {
	t.Parallel()
	d := sit(t)
	d.start(script{Name: "A", Folder: t.TempDir(), Request: wants("dev", "ana"), Background: true})
	d.reports("A ends: nobody can be asked for a code: this process runs in the background of its terminal; there is no display")
	if screen := d.Output(); screen != "" {
		t.Errorf("screen: %q", screen)
	}
}

func TestTimeOutOnATerminal(t *testing.T) {
	t.Parallel()
	d := sit(t)
	r := wants("dev", "ana")
	r.Until = time.Now().Add(time.Hour)
	d.start(script{Name: "A", Folder: t.TempDir(), Request: r})
	d.Expect("MFA code: ")
	d.kill(d.pid("A"), unix.SIGUSR1)
	d.Expect("\r\n")
	d.reports("A ends: no code was given in time")
}

// What a program says reaches the terminal, but not its control characters.
func TestProcessSpeaksOnTheTerminal(t *testing.T) {
	t.Parallel()
	d := sit(t)
	d.start(script{Name: "A", Folder: t.TempDir(), Request: wants("dev", "ana"), Process: "fail 123456"})
	d.reports(`A ends: running "/proc/self/exe": exit status 7`)
	d.Expect(`touch your \x1b[31mkey` + "\r\n")
	if screen := d.Output(); strings.Contains(screen, "\x1b") {
		t.Errorf("screen: %q", screen)
	}
}

// A program that reads the terminal runs in its background: it gets an error, and is not stopped for ever.
func TestProcessThatReadsTheTerminal(t *testing.T) {
	t.Parallel()
	d := sit(t)
	d.start(script{Name: "A", Folder: t.TempDir(), Request: wants("dev", "ana"), Process: "read-terminal", NoPrompt: true})
	d.reports(`A ends: running "/proc/self/exe": exit status 5`)
}
