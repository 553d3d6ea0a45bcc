package mfa

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"daypass/internal/tty"
)

// hostile are names that somebody may have given to a profile, as they are shown.
var hostile = []string{
	`it's`, `say "hi"`, "back`tick`", `C:\new\table\`, `\`, `\\n`, tty.Visible("two\nlines"), `--help`, `-e`,
	`<b>bold</b>`, `a&b &amp; &lt;i&gt;`, `under_score __ _`, `$(touch /tmp/x)`, "${HOME} $env:PATH %PATH% !x!", `; rm -rf /`, `'; exit; '`,
	`" & (do shell script "id") & "`, `漢字 😀 é`, tty.Visible("\u202egnp.exe"), tty.Visible("nul\x00 esc\x1b[31m \x9b"), tty.Visible("bad \xff"),
	strings.Repeat(`"\ `, 100), strings.Repeat("long", 500),
}

// questionOf is the question for a profile and a caller of one name, when it is put again.
func questionOf(name string) question {
	q := asking{Asker: &Asker{}, Request: Request{Profile: name, Serial: "arn:aws:iam::111111111111:mfa/ana", Caller: name}}
	q.memory = recall(nil, q.Serial, time.Now)
	return question{about: q.about(), again: "that is no code", left: 45 * time.Second}
}

func TestDialogsOfASystem(t *testing.T) {
	for _, tt := range []struct {
		goos, env string
		want      string
	}{
		{"linux", "", "zenity kdialog"},
		{"linux", "XDG_CURRENT_DESKTOP=ubuntu:GNOME", "zenity kdialog"},
		{"linux", "XDG_CURRENT_DESKTOP=KDE", "kdialog zenity"},
		{"linux", "XDG_CURRENT_DESKTOP=X-Custom:KDE", "kdialog zenity"},
		{"darwin", "XDG_CURRENT_DESKTOP=KDE", "/usr/bin/osascript"},
		{"windows", "", `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`},
		{"windows", `SystemRoot=D:\WINNT`, `D:\WINNT\System32\WindowsPowerShell\v1.0\powershell.exe`},
		{"windows", `SystemRoot=D:\`, `D:\System32\WindowsPowerShell\v1.0\powershell.exe`},
		{"windows", `SystemRoot=evil`, `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`},
		{"windows", `SystemRoot=\\host\share`, `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`},
	} {
		var got []string
		for _, d := range dialogs(tt.goos, lookup(tt.env)) {
			got = append(got, d.program)
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s with %s: %q, want %q", tt.goos, tt.env, got, tt.want)
		}
	}
}

// Whatever a name is, it changes neither options nor scripts, and what a window shows is the text.
func TestHostileNamesAreTextInEveryDialog(t *testing.T) {
	for _, name := range hostile {
		q := questionOf(name)
		text := windowText(q)
		plain := questionOf("dev")

		args, more := zenity(nowhere).command(q)
		samePrefixes(t, args, "--entry", "--title=daypass: MFA code", "--text=MFA code\n", "--timeout=45")
		if got := shownByZenity(strings.TrimPrefix(args[2], "--text=")); got != text {
			t.Errorf("zenity shows %q instead of %q", got, text)
		}
		if _, plain := zenity(nowhere).command(plain); !slices.Equal(more, plain) {
			t.Errorf("the environment of zenity is %q", more)
		}

		args, more = kdialog().command(q)
		samePrefixes(t, args, "--title=daypass: MFA code", "--inputbox=MFA code\n")
		if got := shownByKDialog(strings.TrimPrefix(args[1], "--inputbox=")); got != text || more != nil {
			t.Errorf("kdialog shows %q instead of %q", got, text)
		}

		args, more = osascript().command(q)
		script, _ := osascript().command(plain)
		if last := len(args) - 1; args[last] != text || !slices.Equal(args[:last], script[:last]) || more != nil {
			t.Errorf("osascript %q with %q", args, more)
		}

		shell := powershell(nowhere)
		args, more = shell.command(q)
		if script, _ := shell.command(plain); !slices.Equal(args, script) {
			t.Errorf("powershell %q", args)
		}
		if want := []string{"DAYPASS_WINDOW_TEXT=" + text, "DAYPASS_WINDOW_MILLISECONDS=45000"}; !slices.Equal(more, want) {
			t.Errorf("the environment of powershell is %q, want %q", more, want)
		}
	}
}

func samePrefixes(t *testing.T, args []string, prefixes ...string) {
	t.Helper()
	for i, prefix := range prefixes {
		if len(args) != len(prefixes) || !strings.HasPrefix(args[i], prefix) {
			t.Errorf("arguments %q, want %q", args, prefixes)
			return
		}
	}
}

// shownByZenity is what zenity makes of a text: g_strcompress, of which no other escape than the backslash's may be left, and
// then the mnemonics of GTK.
func shownByZenity(text string) string {
	return strings.NewReplacer(`\\`, `\`, `\`, "escape", `__`, `_`, `_`, "underlined").Replace(text)
}

// shownByKDialog is what kdialog makes of a text, and then the mnemonics of Qt.
func shownByKDialog(text string) string {
	return strings.NewReplacer(`\\`, `\`, `\n`, "\n", `&&`, `&`, `&`, "underlined").Replace(text)
}

func TestAWindowFitsOnTheScreen(t *testing.T) {
	for _, name := range append(hostile, strings.Repeat("漢", 2000), strings.Repeat("a b ", 500)) {
		q := questionOf(name)
		for _, part := range []string{"profile \"", "arn:aws:iam::111111111111:mfa/ana", "(asked by "} {
			if !strings.Contains(q.about[0], part) {
				t.Errorf("%q is not told: %q", part, q.about)
			}
		}
		lines := strings.Split(windowText(q), "\n")
		for _, line := range lines {
			if columns(line) > longestLine {
				t.Errorf("a line of %d columns: %s", columns(line), line)
			}
		}
		if len(lines) > 16 {
			t.Errorf("%d lines for %q", len(lines), name)
		}
	}
}

func TestLegible(t *testing.T) {
	long := strings.Repeat("a", 300) + strings.Repeat("z", 300)
	for text, want := range map[string]string{
		"":                       "",
		"dev":                    "dev",
		"a\tb":                   `a\tb`,
		strings.Repeat("s", 256): strings.Repeat("s", 256),
		long:                     strings.Repeat("a", 127) + "…" + strings.Repeat("z", 127),
		strings.Repeat("漢", 129): strings.Repeat("漢", 63) + "…" + strings.Repeat("漢", 63),
	} {
		if got := legible(text); got != want {
			t.Errorf("legible(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	word := strings.Repeat("w", longestLine)
	for line, want := range map[string]string{
		"":                                    "",
		"short line":                          "short line",
		word:                                  word,
		word + "x":                            word + "\nx",
		"a " + word:                           "a \n" + word,
		"a b " + word[:60] + " c " + word[:9]: "a b " + word[:60] + " c \n" + word[:9],
		strings.Repeat("漢", 37):               strings.Repeat("漢", 36) + "\n漢",
	} {
		if got := wrap(line); got != want {
			t.Errorf("wrap(%q) = %q, want %q", line, got, want)
		}
	}
}

func FuzzLegibleAndWrap(f *testing.F) {
	for _, name := range hostile {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, text string) {
		short := legible(text)
		if columns(short) > longestShown || !utf8.ValidString(short) || legible(short) != short {
			t.Fatalf("%q is cut to %q", text, short)
		}
		wrapped := wrap(short)
		if strings.ReplaceAll(wrapped, "\n", "") != short {
			t.Fatalf("%q is wrapped to %q", short, wrapped)
		}
		for line := range strings.SplitSeq(wrapped, "\n") {
			if columns(line) > longestLine {
				t.Fatalf("too long: %q", line)
			}
		}
	})
}

// Windows that have no limit close one day, those that have one not before it.
func TestHowLongAWindowStands(t *testing.T) {
	for left, seconds := range map[time.Duration]int{
		0: 86400, -time.Second: 86400, time.Nanosecond: 1, 45 * time.Second: 45, 44*time.Second + 1: 45, 24 * time.Hour: 86400, 48 * time.Hour: 86400,
	} {
		if got := stand(question{left: left}); got != seconds {
			t.Errorf("with %v left it stands for %d s, want %d", left, got, seconds)
		}
	}
}

// exits is the error of a program that ended with an exit code.
func exits(t *testing.T, code int) error {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = playing(fmt.Sprintf("exit %d", code))
	return &ProcessError{Program: "program", Err: cmd.Run()}
}

func playExit(code string) int {
	n, _ := strconv.Atoi(code)
	return n
}

func TestWhatBecameOfADialog(t *testing.T) {
	noFile := &ProcessError{Program: "program", Err: exec.ErrNotFound}
	shell := powershell(nowhere)
	for _, tt := range []struct {
		name   string
		dialog dialog
		out    string
		err    error
		answer string
		want   error // ErrUnavailable stands for a *AskError too
	}{
		{"zenity answered", zenity(nowhere), "123456\n", nil, "123456", nil},
		{"zenity answered blank", zenity(nowhere), " \n", nil, " ", nil},
		{"zenity answered nothing", zenity(nowhere), "\n", nil, "", nil},
		{"zenity cancelled", zenity(nowhere), "", exits(t, 61), "", ErrCancelled},
		{"zenity timed out", zenity(nowhere), "123\n", exits(t, 62), "", ErrTimedOut},
		{"zenity failed", zenity(nowhere), "", exits(t, 63), "", ErrUnavailable},
		{"zenity without a display", zenity(nowhere), "", exits(t, 1), "", ErrUnavailable},
		{"zenity misunderstood", zenity(nowhere), "", exits(t, 255), "", ErrUnavailable},
		{"zenity removed", zenity(nowhere), "", noFile, "", ErrUnavailable},

		{"kdialog answered", kdialog(), "123456\n", nil, "123456", nil},
		{"kdialog cancelled", kdialog(), "\n", exits(t, 1), "", ErrCancelled},
		{"kdialog failed", kdialog(), "", exits(t, 254), "", ErrUnavailable},

		{"osascript answered", osascript(), "answer:123456\n", nil, "123456", nil},
		{"osascript answered nothing", osascript(), "answer:\n", nil, "", nil},
		{"osascript answered another word", osascript(), "answer:cancelled\n", nil, "cancelled", nil},
		{"osascript answered an answer", osascript(), "answer:answer:1%202\n", nil, "answer:1%202", nil},
		{"osascript cancelled", osascript(), "cancelled\n", nil, "", ErrCancelled},
		{"osascript timed out", osascript(), "timed out\n", nil, "", ErrTimedOut},
		{"osascript without a screen", osascript(), "failed:error -1713\n", nil, "", ErrUnavailable},
		{"osascript failed", osascript(), "", exits(t, 1), "", ErrUnavailable},
		{"osascript silent", osascript(), "", nil, "", ErrUnavailable},
		{"osascript strange", osascript(), "123456\n", nil, "", ErrUnavailable},

		{"powershell answered", shell, "shown\r\nanswer:123456\r\n", nil, "123456", nil},
		{"powershell answered nothing", shell, "shown\r\nanswer:\r\n", nil, "", nil},
		{"powershell answered blanks", shell, "shown\r\nanswer:%E2%80%AF123%20456%25%2B\r\n", nil, "\u202f123 456%+", nil},
		{"powershell answered lines", shell, "shown\r\nanswer:1%0D%0Acancelled\r\n", nil, "1\r\ncancelled", nil},
		{"powershell cancelled", shell, "shown\r\ncancelled\r\n", nil, "", ErrCancelled},
		{"powershell timed out", shell, "shown\r\ntimed out\r\n", nil, "", ErrTimedOut},
		{"powershell constrained", shell, "failed:CannotCreateTypeConstrainedLanguage,Microsoft\r\n", nil, "", ErrUnavailable},
		{"powershell failed", shell, "", exits(t, 1), "", ErrUnavailable},
		{"powershell silent", shell, "", nil, "", ErrUnavailable},
		{"powershell shown, and silent", shell, "shown\r\n", nil, "", ErrUnavailable},
		{"powershell ended by somebody", shell, "shown\r\n", exits(t, 1), "", ErrCancelled},
		{"powershell forbidden", shell, "", noFile, "", ErrUnavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			answer, err := tt.dialog.read([]byte(tt.out), tt.err)
			if answer != tt.answer || !errors.Is(err, tt.want) {
				t.Errorf("%q, %v, want %q, %v", answer, err, tt.answer, tt.want)
			}
			window := (*AskError)(nil)
			if errors.As(err, &window) != (tt.want == ErrUnavailable) || window != nil && window.Program != tt.dialog.program {
				t.Errorf("error %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "123456") {
				t.Errorf("the error tells the answer: %v", err)
			}
		})
	}
}

// What a script prints of an error comes from the system.
func TestAFailureIsVisible(t *testing.T) {
	_, err := osascript().read([]byte("failed:\x1b[31m"+strings.Repeat("x", 1000)+"\n"), nil)
	if text := err.Error(); strings.Contains(text, "\x1b") || len(text) > 400 {
		t.Errorf("%q", text)
	}
}

// With ssh -X to a machine with a desktop of one's own, GTK would open the window there.
func TestZenityKeepsToTheDisplayOfItsEnvironment(t *testing.T) {
	for _, tt := range []struct {
		env  map[string]string
		want bool
	}{
		{map[string]string{"DISPLAY": ":10"}, true},
		{map[string]string{"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, false},
		{map[string]string{"DISPLAY": ":0", "GDK_BACKEND": "broadway"}, false},
	} {
		_, more := zenity(func(name string) string { return tt.env[name] }).command(questionOf("dev"))
		if got := slices.Contains(more, "GDK_BACKEND=x11"); got != tt.want {
			t.Errorf("%v: %q", tt.env, more)
		}
	}
}
