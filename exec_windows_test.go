package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"daypass/internal/stsim"
)

// say is a program: say CODE ARGUMENT... prints its arguments, its input and some of
// its environment, says on standard error that it was here, and ends with that code.
func say() {
	code, _ := strconv.ParseUint(os.Args[1], 0, 32)
	input, _ := io.ReadAll(os.Stdin)
	fmt.Printf("%q %q", os.Args[2:], input)
	for _, name := range []string{"DAYPASS_PROFILE", "AWS_REGION", "AWS_PROFILE", "DAYPASS_TOKEN_CODE", "Kept"} {
		fmt.Printf(" %s=%s", name, os.Getenv(name))
	}
	fmt.Println()
	fmt.Fprintln(os.Stderr, "was here")
	os.Exit(int(code))
}

// exec, once it begins CMD, ends as that does: Windows has 32 bits for it. 259 is what
// it calls the code of a process that has not ended, and 0xC000013A that of one
// which Ctrl-C has: https://learn.microsoft.com/windows/win32/api/processthreadsapi/nf-processthreadsapi-getexitcodeprocess
func TestExecEndsAsTheCommandOnWindows(t *testing.T) {
	t.Parallel()
	w := managed(t)
	w.loggedIn()
	for _, code := range []int64{0, 1, 3, 127, 255, 256, 259, 0x7FFFFFFF, 0xC000013A, 0xFFFFFFFF} {
		got := w.alone("exec", "dev", "--", "cmd", "/c", "exit", fmt.Sprint(int32(code)))
		if int64(got.code) != code || got.out != "" || got.err != "" {
			t.Errorf("exit code %#x, not %#x, out %q, err %q", got.code, code, got.out, got.err)
		}
	}
	w.counts(1, 1)
}

// Arguments, streams and what else is in the environment are CMD's own.
func TestExecHandsOnWhatItWasGivenOnWindows(t *testing.T) {
	t.Parallel()
	w := managed(t)
	w.loggedIn()
	w.set("AWS_profile=nosuch", "daypass_token_code=123456", "Kept=a b")
	args := []string{"--", "--profile", "a  b", "", "*", `"`, `a\"b`, `back\`, `back and blank\`, "%PATH%", "ä€", "&"}
	cmd := w.command(append([]string{w.program, "exec", "dev", "--", otherProgram(t, "say"), "7"}, args...)...)
	withoutTerminal(cmd)
	cmd.Stdin = strings.NewReader("one\r\ntwo\x1a\x00")
	got := w.begin(cmd)()
	want := fmt.Sprintf("%q %q DAYPASS_PROFILE=dev AWS_REGION=eu-west-1 AWS_PROFILE= DAYPASS_TOKEN_CODE= Kept=a b\n", args, "one\r\ntwo\x1a\x00")
	if got.code != 7 || got.out != want || got.err != "was here\n" {
		t.Errorf("exit code %d, err %q, out\n%s\nwant\n%s", got.code, got.err, got.out, want)
	}
}

// The credentials are there as SDKs read them, in an exec within another too.
func TestExecsCredentialsOnWindows(t *testing.T) {
	t.Parallel()
	w := managed(t)
	w.loggedIn()
	answer := w.get("ops").credentials()
	for _, before := range [][]string{nil, {"exec", "dev", "--", w.program}} {
		got := w.alone(append(before, "exec", "ops", "--", "cmd", "/c", "set AWS_")...)
		var names []string
		for line := range strings.Lines(got.out) {
			name, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), "=")
			if ours := !strings.HasPrefix(name, "AWS_E"); ours {
				names = append(names, name)
			}
			if strings.HasSuffix(name, "REGION") && value != "us-east-2" || strings.HasPrefix(name, "AWS_S") && !strings.Contains(answer, `"`+value+`"`) {
				t.Errorf("%s is %q", name, value)
			}
		}
		slices.Sort(names)
		want := []string{"AWS_ACCESS_KEY_ID", "AWS_CREDENTIAL_EXPIRATION", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
		if got.code != 0 || got.err != "" || !slices.Equal(names, want) {
			t.Errorf("exit code %d, err %q, variables %q, want %q", got.code, got.err, names, want)
		}
	}
}

// A program is found as Windows has them: by the extensions of PATHEXT, and, other
// than cmd does it, not in the current folder unless that is written.
func TestExecFindsProgramsOnWindows(t *testing.T) {
	t.Parallel()
	w := managed(t)
	w.loggedIn()
	const batch = "@echo off\r\necho %1 %DAYPASS_PROFILE%\r\nexit /b 5\r\n"
	w.write("tools/tool.cmd", batch)
	w.write("here.bat", batch)
	w.write("text.txt", "no program\n")
	w.set("PATH=" + w.folder + `\tools;` + os.Getenv("PATH"))
	for _, command := range []string{"tool", "tool.cmd", `.\here`, "./here.bat", `tools\tool`} {
		got := w.alone("exec", "dev", "--", command, "x")
		if got.code != 5 || got.out != "x dev\r\n" || got.err != "" {
			t.Errorf("%s: exit code %d, out %q, err %q", command, got.code, got.out, got.err)
		}
	}
	w.alone("exec", "dev", "--", "nosuch").failed(127, `there is no program "nosuch"`)
	w.alone("exec", "dev", "--", `.\nosuch`).failed(127, `there is no program ".\nosuch"`)
	w.alone("exec", "dev", "--", "here").failed(126, `write ".\here"`)
	w.alone("exec", "dev", "--", `.\tools`).failed(127, `there is no program ".\tools"`)
	w.alone("exec", "dev", "--", `.\text.txt`).failed(126, `".\text.txt" cannot be run`)
}

// Ctrl-C is CMD's to judge. daypass lives on until CMD ends, and ends as it does.
func TestExecLeavesCtrlCToTheCommand(t *testing.T) {
	t.Parallel()
	w := managed(t)
	w.loggedIn()
	k := w.onConsole(w.program, "exec", "dev", "--", otherProgram(t, "hear"), "3", "7")
	k.says("listens")
	for range 3 {
		k.types("\x03")
		k.says("event 0")
	}
	if got := k.end(); got.code != 7 || got.out != "" || got.err != "" {
		t.Errorf("exit code %d, out %q, err %q", got.code, got.out, got.err)
	}

	// One that leaves it to Windows is ended.
	hears := []string{otherProgram(t, "hear"), "0", "7"}
	var codes []int
	for _, before := range [][]string{nil, {w.program, "exec", "dev", "--"}} {
		k := w.onConsole(append(before, hears...)...)
		k.says("listens")
		k.types("\x03")
		got := k.end()
		if got.out != "" || got.err != "" {
			t.Errorf("out %q, err %q", got.out, got.err)
		}
		codes = append(codes, got.code)
	}
	if codes[0] == 7 || codes[1] != codes[0] {
		t.Errorf("exit code %#x without daypass, and %#x with it", codes[0], codes[1])
	}
}

// Ctrl-C that comes while credentials are got ends daypass, and CMD does not begin.
func TestCtrlCBeforeTheCommand(t *testing.T) {
	t.Parallel()
	w := managed(t)
	for i, command := range [][]string{{"exec", "dev", "--token-code", w.sts.Code(device), "--", "cmd", "/c", "echo ran"}, {"credential-process", "--profile", "other", "--token-code", w.sts.Code(secondDevice)}} {
		w.sts.Inject(stsim.Fault{Action: "GetSessionToken", Hang: true})
		k := w.onConsole(append([]string{w.program}, command...)...)
		w.until("STS is called", func() bool { return w.sts.Count("GetSessionToken") == i+1 })
		k.types("\x03")
		k.end().failed(130, "interrupted")
	}
}
