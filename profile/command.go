package profile

import (
	"errors"
	"runtime"
	"strings"
)

// SplitCommand splits a command line into words as botocore does, which runs
// credential_process without a shell: Python's shlex.split on Unix, the rules
// of Microsoft's C runtime on Windows (compat_shell_split in botocore's
// compat.py). An empty line is no words. The errors do not quote the line,
// which may hold secrets.
func SplitCommand(s string) ([]string, error) {
	words, _, err := split(s)
	return words, err
}

// hasShellSyntax says whether the line has an unquoted |, > or $( in it, which
// only a shell understands.
func hasShellSyntax(s string) bool {
	_, bare, err := split(s)
	return err == nil && (strings.ContainsAny(bare, "|>") || strings.Contains(bare, "$("))
}

func split(s string) (words []string, bare string, err error) {
	if runtime.GOOS == "windows" {
		return splitWindows(s)
	}
	return splitPOSIX(s)
}

// splitter collects words; bare is the line with each quoted or escaped
// character as a blank.
type splitter struct {
	words      []string
	word, bare strings.Builder
	inWord     bool
}

func (p *splitter) add(c byte, quoted bool) {
	p.word.WriteByte(c)
	p.inWord = true
	if quoted {
		c = ' '
	}
	p.bare.WriteByte(c)
}

func (p *splitter) end() {
	if p.inWord {
		p.words = append(p.words, p.word.String())
		p.word.Reset()
		p.inWord = false
	}
	p.bare.WriteByte(' ')
}

func splitPOSIX(s string) ([]string, string, error) {
	var p splitter
	var quote byte
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && quote != '\'':
			if i++; i == len(s) {
				return nil, "", errors.New("nothing follows the last backslash")
			}
			if quote == '"' && s[i] != '"' && s[i] != '\\' {
				p.add('\\', true)
			}
			p.add(s[i], true)
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			p.add(c, true)
		case c == '\'' || c == '"':
			quote = c
			p.inWord = true
		case strings.IndexByte(" \t\r\n", c) >= 0:
			p.end()
		default:
			p.add(c, false)
		}
	}
	if quote != 0 {
		return nil, "", errors.New("a quotation mark is not closed")
	}
	p.end()
	return p.words, p.bare.String(), nil
}

// splitWindows follows
// https://learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments
// as far as botocore does.
func splitWindows(s string) ([]string, string, error) {
	var p splitter
	quoted, backslashes := false, 0
	flush := func(n int) {
		for range n {
			p.add('\\', true)
		}
		backslashes = 0
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\':
			backslashes++
		case c == '"':
			escaped := backslashes%2 == 1
			flush(backslashes / 2)
			if escaped {
				p.add('"', true)
				continue
			}
			quoted = !quoted
			p.inWord = true
		case (c == ' ' || c == '\t') && !quoted:
			flush(backslashes)
			p.end()
		default:
			flush(backslashes)
			p.add(c, quoted)
		}
	}
	if quoted {
		return nil, "", errors.New("a quotation mark is not closed")
	}
	flush(backslashes)
	p.end()
	return p.words, p.bare.String(), nil
}
