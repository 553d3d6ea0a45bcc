package creds

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// ErrNoUndoing is WriteUnset's about a format that no shell reads.
var ErrNoUndoing = errors.New("there is nothing to undo of the format process, which sets no variables")

// shell is how a shell is told to set and to remove variables.
type shell struct {
	set    string                         // a line that sets the variable %[1]s to the word %[2]s
	quote  func(value string) string      // makes a word of a value
	refuse func(name, value string) error // refuses a value that the shell cannot be given; nil if it takes all
	remove func(names []string) string    // lines that remove variables, or pass over what is not there
	bare   bool                           // the lines are read by more than shells, and set variables alone
}

// shellOf returns the shell that reads f.
func shellOf(f Format) (shell, error) {
	switch f {
	case Env:
		return shell{set: "export %s=%s\n", quote: ShellWord, remove: unset}, nil
	case EnvNoExport:
		return shell{set: "%s=%s\n", quote: ShellWord, remove: unset, bare: true}, nil
	case Fish:
		return shell{set: "set -gx %s %s;\n", quote: fishWord, remove: fishErase}, nil
	case PowerShell:
		return shell{set: "$Env:%s=%s\n", quote: powerShellWord, refuse: onlyUTF8, remove: each("$Env:%s=$null\n")}, nil
	case WindowsCmd:
		return shell{set: "set \"%s=%s\"\n", quote: asItIs, refuse: onlyPlain, remove: each("set \"%s=\"\n")}, nil
	case Process:
		return shell{}, ErrNoUndoing
	}
	_, err := ParseFormat(string(f))
	return shell{}, err
}

// shellLines set AWS's variables for a shell. Unless they are bare, they remove
// before that what tools would take instead.
func shellLines(f Format, c Credentials, region string) (string, error) {
	sh, err := shellOf(f)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	if !sh.bare {
		b.WriteString(sh.remove(replaced(region)))
	}
	for _, v := range variables(c, region) {
		if strings.ContainsAny(v.value, "\n\r\x00") {
			return "", &ValueError{v.name, "has a line break in it"}
		}
		if sh.refuse != nil {
			if err := sh.refuse(v.name, v.value); err != nil {
				return "", err
			}
		}
		fmt.Fprintf(&b, sh.set, v.name, sh.quote(v.value))
	}
	return b.String(), nil
}

// replaced are what lines that set a region, unless it is empty, put something else
// in the place of.
func replaced(region string) []string {
	if region == "" {
		return rivals()
	}
	return append(rivals(), RegionVariable)
}

// WriteUnset writes to w, in one piece, the lines that remove what Write, or the
// exec around the shell, sets in the shell of f. An error is w's, ErrNoUndoing, or ParseFormat's.
func WriteUnset(w io.Writer, f Format) error {
	sh, err := shellOf(f)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, sh.remove(slices.Concat(keyNames(), regionNames(), []string{ProfileVariable, RegionVariable})))
	return err
}

// unset is the line for a POSIX shell. It ends in a semicolon for those who write
// eval $(...) without quotes, of which the shell makes one line: without it, it
// would take the assignments for names, and show the secret in its complaint.
func unset(names []string) string { return "unset " + strings.Join(names, " ") + ";\n" }

// fishErase is the line for fish, of which eval (...) makes one line too. It
// leaves universal variables alone: to erase one changes every session for good.
func fishErase(names []string) string { return "set -e -g " + strings.Join(names, " ") + ";\n" }

// each makes a line of each name.
func each(line string) func([]string) string {
	return func(names []string) string {
		var b strings.Builder
		for _, name := range names {
			fmt.Fprintf(&b, line, name)
		}
		return b.String()
	}
}

// ShellWord returns s as one word of a POSIX shell, quoted only if it must be:
// zsh takes what begins with = in an assignment, or follows a colon there, for
// the name of a command.
func ShellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-+=/.,:@", r)
	}
	bare := s != "" && s[0] != '=' && !strings.Contains(s, ":=")
	if bare && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// fishWord quotes as fish does.
// https://fishshell.com/docs/current/language.html#quotes
func fishWord(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}

// powerShellWord returns an expression of ASCII alone: PowerShell reads what a
// program prints in the code page of the console, and takes four other
// characters for single quotation marks.
// https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules
func powerShellWord(s string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for _, r := range s {
		switch {
		case r == '\'':
			b.WriteString("''")
		case r >= ' ' && r < 0x7f:
			b.WriteRune(r)
		default:
			for _, unit := range utf16.AppendRune(nil, r) {
				fmt.Fprintf(&b, "'+[char]%d+'", unit)
			}
		}
	}
	b.WriteByte('\'')
	return b.String()
}

// onlyUTF8 refuses what PowerShell has no characters for.
func onlyUTF8(name, value string) error {
	if !utf8.ValidString(value) {
		return &ValueError{name, "is not UTF-8, and PowerShell has no other text"}
	}
	return nil
}

func asItIs(s string) string { return s }

// onlyPlain refuses what cmd.exe would not read as it stands. The lines are used
// in two ways, as a batch file and by for /f, which differ in the percent sign;
// an exclamation mark is a variable's where delayed expansion is on; quotation
// marks cannot be escaped; and other characters are read in the code page of the
// console. Between quotation marks nothing else counts.
// https://learn.microsoft.com/windows-server/administration/windows-commands/set_1
func onlyPlain(name, value string) error {
	for _, r := range value {
		if r < ' ' || r >= 0x7f || strings.ContainsRune(`"%!`, r) {
			return &ValueError{name, `has a character in it that cmd would not read as it is: ", %, ! or one outside of ASCII`}
		}
	}
	return nil
}
