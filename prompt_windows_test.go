package main

import (
	"slices"
	"strings"
	"testing"
)

// asks waits for the question about dev of a command that has just begun, and of the
// program that it names, if it names one.
func (k *keyed) asks(caller string) {
	k.t.Helper()
	host := strings.TrimPrefix(k.url, "http://")
	k.shows(`daypass: profile "dev" wants a code from ` + device + caller + "\ndaypass: the code goes to " + host + ", not encrypted\nMFA code:")
}

// The prompt is on the console, whatever becomes of the streams, and a code is typed
// there as on any terminal.
func TestPromptOnWindows(t *testing.T) {
	t.Parallel()
	w := managed(t)
	k := w.onConsole(w.program, "credential-process", "--profile", "dev")
	k.asks(" (asked by console.exe)")
	k.types("12345\r")
	k.shows("MFA code: 12345\ndaypass: that is no code: type the six digits that your device shows\nMFA code:")
	code := w.sts.Code(device)
	k.types(code[:3] + "x\b" + code[3:])
	k.shows("MFA code: " + code)
	k.types("\r")
	answer := k.end().credentials()
	w.counts(1, 1)

	k = w.onConsole(w.program, "credential-process", "--profile", "dev")
	if again := k.end().credentials(); again != answer || strings.TrimSpace(k.shown()) != "" {
		t.Errorf("it answers %s, and then %s; the console shows %q", answer, again, k.shown())
	}
	w.counts(1, 1)
}

// The prompt can be closed, and the next command asks at once.
func TestPromptIsClosedOnWindows(t *testing.T) {
	t.Parallel()
	w := managed(t)
	for _, key := range []string{"\x04", "\x1a"} {
		k := w.onConsole(w.program, "credential-process", "--profile", "dev")
		k.asks(" (asked by console.exe)")
		k.types("123" + key)
		k.end().failed(4, "the prompt was closed")
	}
	for command, caller := range map[string]string{"credential-process --profile dev": " (asked by console.exe)", "exec dev -- cmd /c echo ran": ""} {
		k := w.onConsole(append([]string{w.program}, strings.Fields(command)...)...)
		k.asks(caller)
		k.types("\x03")
		k.end().failed(130, "interrupted")
	}
	w.counts(0, 0)
}

// Of callers at one time one asks, and all have its answer.
func TestOnePromptOnWindows(t *testing.T) {
	t.Parallel()
	w := managed(t)
	var callers []*keyed
	for range 4 {
		callers = append(callers, w.onConsole(w.program, "credential-process", "--profile", "dev"))
	}
	asking := func(k *keyed) bool { return strings.Contains(k.shown(), "MFA code:") }
	asks := -1 // the screens are looked at while they are written
	w.until("one asks", func() bool { asks = slices.IndexFunc(callers, asking); return asks >= 0 })
	w.until("the others wait", func() bool {
		for i, k := range callers {
			if i != asks && !strings.Contains(k.shown(), "daypass: waiting for ") {
				return false
			}
		}
		return true
	})
	callers[asks].types(w.sts.Code(device) + "\r")
	answers, asked := map[string]bool{}, 0
	for _, k := range callers {
		answers[k.end().credentials()] = true
		if asking(k) {
			asked++
		}
	}
	if len(answers) != 1 || asked != 1 {
		t.Errorf("%d asked, and %d answers were given", asked, len(answers))
	}
	w.counts(1, 1)
}

// Nobody is asked on a console whose keys another program reads one by one.
func TestNoPromptOnARawConsole(t *testing.T) {
	t.Parallel()
	w := managed(t)
	w.set("TEST_RAW=yes")
	k := w.onConsole(w.program, "credential-process", "--profile", "dev")
	k.end().failed(3, "needs an MFA code")
	if text := strings.TrimSpace(k.shown()); text != "" {
		t.Errorf("the console shows\n%s", text)
	}
}

// exec asks, says until when the credentials live, and then the console is CMD's.
func TestExecOnAConsole(t *testing.T) {
	t.Parallel()
	w := managed(t)
	w.write("ask.cmd", "@echo off\r\nset /p typed=\r\necho %typed% %DAYPASS_PROFILE%\r\nexit /b 9\r\n")
	k := w.onConsole(w.program, "exec", "dev", "--", `.\ask.cmd`)
	k.asks("")
	k.types(w.sts.Code(device) + "\r")
	k.until("it is told until when", func() bool { return strings.Contains(k.shown(), "\ndaypass: profile \"dev\" is good until ") })
	k.types("typed for CMD\r")
	k.says("typed for CMD dev\r")
	if got := k.end(); got.code != 9 || got.out != "" || got.err != "" {
		t.Errorf("exit code %d, out %q, err %q", got.code, got.out, got.err)
	}
}

// A long-term key is typed without its secret being shown, and lies in the keyring.
func TestKeysAddOnWindows(t *testing.T) {
	t.Parallel()
	w := managed(t)
	t.Cleanup(func() {
		if got := w.alone("keys", "remove", "main", "--yes"); got.code != 0 {
			t.Errorf("keys remove: exit code %d, err %q", got.code, got.err)
		}
		w.write("home/.aws/credentials", keys) // for the logout
	})
	w.write("home/.aws/credentials", "")
	k := w.onConsole(w.program, "keys", "add", "main")
	k.shows("Access key ID:")
	k.types(accessKeyID + "\r")
	k.shows("Secret access key (not shown):")
	k.types(secretAccessKey + "\r")
	got := k.end()
	if got.code != 0 || got.err != "" || strings.Contains(k.shown(), "SECRET") {
		t.Fatalf("exit code %d, out %q, err %q; the console shows\n%s", got.code, got.out, got.err, k.shown())
	}
	w.loggedIn()
	w.get("dev").credentials()
	w.counts(1, 1)
}
