package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// managed is a world of the real daypass, with the Credential Manager of Wine. On
// Windows itself that would be the user's own.
func managed(t *testing.T) *world {
	t.Helper()
	if os.Getenv("WINEPREFIX") == "" {
		t.Skip("needs Wine, with a WINEPREFIX: elsewhere this is somebody's own Credential Manager")
	}
	w := newWorldOf(t, t.TempDir(), builtBinary(t))
	t.Cleanup(func() {
		if got := w.alone("logout", "dev", "ops", "long", "session", "other", "fetched"); got.code != 0 {
			t.Errorf("logout: exit code %d, err %q", got.code, got.err)
		}
	})
	return w
}

// The main job, as on any other platform: one code, and then nothing asks.
func TestMainJobOnWindows(t *testing.T) {
	t.Parallel()
	w := managed(t)
	w.get("dev").failed(3, "there is no terminal to ask on")
	w.loggedIn()
	answer := w.get("dev").credentials()
	w.counts(1, 1)
	if again := w.get("dev").credentials(); again != answer {
		t.Errorf("it answers %s, and then %s", answer, again)
	}
	w.get("ops").credentials() // by the same session
	w.counts(1, 2)
	for command, want := range map[string]string{
		"status": "keyring", "whoami dev": devRole[strings.Index(devRole, "Dev"):], "history --profile ops": opsRole, "explain dev": device,
	} {
		got := w.alone(strings.Fields(command)...)
		if got.code != 0 || !strings.Contains(got.out, want) || got.err != "" {
			t.Errorf("%s: exit code %d, out %q, err %q", command, got.code, got.out, got.err)
		}
	}
	if got := w.alone("logout", "dev"); got.code != 0 {
		t.Errorf("logout: exit code %d, err %q", got.code, got.err)
	}
	w.get("dev").failed(3, "there is no terminal to ask on")
	w.get("ops").credentials() // its own entry is left
	w.counts(1, 2)
}

// A program prints the code.
func TestMFAProcessOnWindows(t *testing.T) {
	t.Parallel()
	w := managed(t)
	w.write("home/.aws/config", strings.Replace(profiles, "sh authenticator", `cmd /c type "`+w.folder+`\a code.txt"`, 1))
	w.write("a code.txt", w.sts.Code(device)+"\r\n")
	answer := w.get("fetched").credentials()
	if again := w.get("fetched").credentials(); again != answer {
		t.Errorf("it answers %s, and then %s", answer, again)
	}
	w.counts(1, 1)
}

// The deadline ends what cmd has started too: Windows removes no file that somebody writes to.
func TestMFAProcessAtTheDeadlineOnWindows(t *testing.T) {
	t.Parallel()
	w := managed(t)
	w.write("home/.aws/config", strings.Replace(profiles, "= sh authenticator", `= cmd /c "`+otherProgram(t, "hear")+" 1 0 >heard\"\ndaypass_prompt_timeout = 5s", 1))
	w.get("fetched").failed(4, "in time")
	var heard string
	w.until("nobody writes any more", func() bool {
		heard = w.read("heard")
		return os.Remove(filepath.Join(w.folder, "heard")) == nil
	})
	if heard != "listens\n" {
		t.Errorf("the program that cmd has started says %q", heard)
	}
}

// One that needs a shell is told how to have that of Windows.
func TestMFAProcessWithoutAShellOnWindows(t *testing.T) {
	t.Parallel()
	w := managed(t)
	w.write("home/.aws/config", strings.Replace(profiles, "sh authenticator", "authenticator | more", 1))
	w.get("fetched").failed(2, `hint: write cmd /c "..." around the command`)
	w.write("home/.aws/config", profiles) // for the logout
}

// The PowerShell of Wine does nothing, which is no answer, and nobody's refusal.
func TestPowerShellThatDoesNotAsk(t *testing.T) {
	t.Parallel()
	w := managed(t)
	w.env = slices.DeleteFunc(w.env, func(variable string) bool { return variable == noDialogs })
	w.get("dev").failed(3, "there is no terminal to ask on, and powershell.exe could not ask")
}

// The Go SDK calls daypass by way of cmd, as SDKs do on Windows.
func TestGoSDKOnWindows(t *testing.T) {
	t.Parallel()
	w := managed(t)
	w.write("home/.aws/config", strings.Replace(profiles, "[profile dev]\n", "[profile dev]\ncredential_process = "+w.program+" credential-process --profile dev\n", 1))
	w.loggedIn()
	client, err := buildClient()
	if err != nil {
		t.Fatal(err)
	}
	w.set("AWS_PROFILE=dev")
	for range 2 {
		got := w.begin(w.command(client))()
		if got.code != 0 || !strings.HasPrefix(got.out, "arn:aws:sts::222222222222:assumed-role/Dev/daypass-") {
			t.Fatalf("exit code %d, out %q, err %q", got.code, got.out, got.err)
		}
	}
	w.counts(1, 1)
}

// export writes what PowerShell reads, unless it is told otherwise.
func TestExportOnWindows(t *testing.T) {
	t.Parallel()
	w := managed(t)
	w.loggedIn()
	answer := w.get("dev").credentials()
	var c struct{ AccessKeyId, SecretAccessKey, SessionToken, Expiration string }
	if err := json.Unmarshal([]byte(answer), &c); err != nil {
		t.Fatal(err)
	}
	plain := w.alone("export", "dev")
	sets := fmt.Sprintf("$Env:AWS_ACCESS_KEY_ID='%s'\n$Env:AWS_SECRET_ACCESS_KEY='%s'\n$Env:AWS_SESSION_TOKEN='%s'\n$Env:AWS_CREDENTIAL_EXPIRATION='%s'\n$Env:AWS_REGION='eu-west-1'\n$Env:AWS_DEFAULT_REGION='eu-west-1'\n",
		c.AccessKeyId, c.SecretAccessKey, c.SessionToken, c.Expiration)
	if plain.code != 0 || plain.err != "" || !strings.HasSuffix(plain.out, sets) || !strings.HasPrefix(plain.out, "$Env:AWS_PROFILE=$null\n") {
		t.Errorf("exit code %d, err %q, out\n%s", plain.code, plain.err, plain.out)
	}
	if got := w.alone("export", "dev", "--format", "powershell"); got.out != plain.out {
		t.Errorf("as PowerShell it is\n%s\nand without a format\n%s", got.out, plain.out)
	}
	if got := w.alone("export", "--unset"); got.code != 0 || !strings.HasPrefix(got.out, "$Env:AWS_ACCESS_KEY_ID=$null\n") {
		t.Errorf("exit code %d, err %q, out\n%s", got.code, got.err, got.out)
	}
	if got := w.alone("export", "dev", "--format", "process"); got.out != answer {
		t.Errorf("as JSON it is\n%s\nnot\n%s", got.out, answer)
	}
	if got := w.alone("export", "dev", "--format", "env"); got.code != 0 || !strings.Contains(got.out, "\nexport AWS_SESSION_TOKEN="+c.SessionToken+"\n") {
		t.Errorf("exit code %d, err %q, out\n%s", got.code, got.err, got.out)
	}
	if got := w.alone("federate", "dev", "--name", "bob"); got.code != 0 || !strings.Contains(got.out, "\n$Env:AWS_SESSION_TOKEN='") {
		t.Errorf("federate: exit code %d, err %q, out\n%s", got.code, got.err, got.out)
	}

	w.write("shell.cmd", "@echo off\r\n\"%1\" export dev --format windows-cmd >set.cmd\r\ncall set.cmd\r\necho %AWS_PROFILE%%AWS_SESSION_TOKEN%\r\n"+
		"\"%1\" export --unset --format windows-cmd >unset.cmd\r\ncall unset.cmd\r\nif not defined AWS_SESSION_TOKEN echo undone\r\n")
	w.set("AWS_PROFILE=ops")
	if got := w.begin(w.command("cmd", "/c", "shell.cmd", w.program))(); got.code != 0 || got.out != c.SessionToken+"\r\nundone\r\n" {
		t.Errorf("cmd: exit code %d, err %q, out\n%s", got.code, got.err, got.out)
	}
}
