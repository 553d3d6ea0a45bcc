package mfa

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// osascript and PowerShell are not there to be run. What can be seen without them is seen here: that their scripts are
// well-formed, and that a command line brings them there whole.

// unbalanced walks a script and returns what is left open or closed too often in it, empty if all is well. Quotes may hold any
// brackets; a doubled or escaped quote does not occur.
func unbalanced(script, quotes string) string {
	closing := map[rune]rune{'(': ')', '{': '}', '[': ']'}
	var open []rune
	for _, r := range script {
		last := rune(0)
		if len(open) > 0 {
			last = open[len(open)-1]
		}
		switch {
		case last == r:
			open = open[:len(open)-1]
		case strings.ContainsRune(quotes, last) && last != 0:
		case strings.ContainsRune(quotes, r):
			open = append(open, r)
		case closing[r] != 0:
			open = append(open, closing[r])
		case strings.ContainsRune(")}]", r):
			return string(r)
		}
	}
	return string(open)
}

func TestPowerShellScript(t *testing.T) {
	if left := unbalanced(powerShellScript, `'`); left != "" {
		t.Errorf("open: %q", left)
	}
	// A quote would have to be escaped, in two languages; a backtick would escape; nothing but ASCII survives every code page.
	for _, r := range powerShellScript {
		if r >= 0x7f || strings.ContainsRune("\"`\\%\t\r", r) {
			t.Errorf("it has %q", r)
		}
	}
	for _, word := range []string{"encoded", "bypass", "executionpolicy", "iex", "invoke", "hidden", "base64", "download"} {
		if strings.Contains(strings.ToLower(powerShellScript), word) {
			t.Errorf("a virus scanner dislikes %q", word)
		}
	}
	args, _ := powershell(nowhere).command(questionOf("dev"))
	if want := []string{"-NoProfile", "-NonInteractive", "-STA", "-Command", powerShellScript}; !slices.Equal(args, want) {
		t.Errorf("arguments %q", args)
	}
}

func TestAppleScript(t *testing.T) {
	var blocks []string
	for _, line := range appleScript {
		if left := unbalanced(line, `"`); left != "" {
			t.Errorf("%s: open: %q", line, left)
		}
		if strings.ContainsAny(line, "\n\\\r") {
			t.Errorf("%q is not one plain line", line)
		}
		words := strings.Fields(line)
		switch {
		case words[0] == "end":
			if last := len(blocks) - 1; last < 0 || blocks[last] != words[1] {
				t.Fatalf("%s ends none of %q", line, blocks)
			}
			blocks = blocks[:len(blocks)-1]
		case words[0] == "try":
			blocks = append(blocks, "try")
		case words[0] == "on" && words[1] != "error":
			blocks = append(blocks, words[1])
		}
	}
	if len(blocks) > 0 {
		t.Errorf("%q are open", blocks)
	}
	args, _ := osascript().command(questionOf("dev"))
	for i, line := range appleScript {
		if args[2*i] != "-e" || args[2*i+1] != line {
			t.Errorf("arguments %q", args)
		}
	}
	if seconds := args[2*len(appleScript)]; seconds != "45" {
		t.Errorf("the first argument of the script is %q", seconds)
	}
}

// escapeArg is what os/exec does with an argument on Windows: syscall.EscapeArg, restated since it exists there only.
func escapeArg(arg string) string {
	if arg == "" {
		return `""`
	}
	if !strings.ContainsAny(arg, "\"\\ \t") {
		return arg
	}
	var b strings.Builder
	quoted := strings.ContainsAny(arg, " \t")
	if quoted {
		b.WriteByte('"')
	}
	slashes := 0
	for i := range len(arg) {
		switch arg[i] {
		case '\\':
			slashes++
		case '"':
			b.WriteString(strings.Repeat(`\`, slashes+1))
			slashes = 0
		default:
			slashes = 0
		}
		b.WriteByte(arg[i])
	}
	if quoted {
		b.WriteString(strings.Repeat(`\`, slashes) + `"`)
	}
	return b.String()
}

// commandLineToArgv splits a command line behind its first word as Windows does:
// https://learn.microsoft.com/windows/win32/api/shellapi/nf-shellapi-commandlinetoargvw
func commandLineToArgv(line string) []string {
	var args []string
	for line = strings.TrimLeft(line, " \t"); line != ""; line = strings.TrimLeft(line, " \t") {
		var b strings.Builder
		quoted := false
		for line != "" && (quoted || line[0] != ' ' && line[0] != '\t') {
			slashes := len(line) - len(strings.TrimLeft(line, `\`))
			line = line[slashes:]
			if !strings.HasPrefix(line, `"`) {
				b.WriteString(strings.Repeat(`\`, slashes))
				if slashes == 0 {
					b.WriteByte(line[0])
					line = line[1:]
				}
				continue
			}
			b.WriteString(strings.Repeat(`\`, slashes/2))
			switch line = line[1:]; {
			case slashes%2 == 1:
				b.WriteByte('"')
			case quoted && strings.HasPrefix(line, `"`): // two quotes in quotes are one
				b.WriteByte('"')
				line = line[1:]
			default:
				quoted = !quoted
			}
		}
		args = append(args, b.String())
	}
	return args
}

// A command line of Windows brings the script whole, and a variable the text; both are within its limits: 32,767 characters
// of UTF-16 for either (https://learn.microsoft.com/windows/win32/api/processthreadsapi/nf-processthreadsapi-createprocessw,
// https://learn.microsoft.com/windows/win32/procthread/environment-variables).
func TestPowerShellGetsItsScriptWhole(t *testing.T) {
	const limit = 32767
	shell := powershell(func(string) string { return `C:\Program Files\Windows` })
	for _, name := range append(hostile, strings.Repeat("😀", 2000)) {
		args, more := shell.command(questionOf(name))
		line := []string{escapeArg(shell.program)}
		for _, arg := range args {
			line = append(line, escapeArg(arg))
		}
		command := strings.Join(line, " ")
		if got := commandLineToArgv(command); !slices.Equal(got, append([]string{shell.program}, args...)) {
			t.Errorf("Windows makes %q of\n%s", got, command)
		}
		for _, text := range append(more, command) {
			if n := len(utf16.Encode([]rune(text))); n >= limit {
				t.Errorf("%d characters: %s", n, text)
			}
			if strings.ContainsRune(text, 0) {
				t.Errorf("it ends at a zero: %q", text)
			}
		}
	}
}

// The rules above would do for names too.
func FuzzWindowsArguments(f *testing.F) {
	for _, name := range hostile {
		f.Add(name, name)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if got := commandLineToArgv(escapeArg(a) + " " + escapeArg(b)); !slices.Equal(got, []string{a, b}) {
			t.Errorf("%q, %q became %q", a, b, got)
		}
	})
}
