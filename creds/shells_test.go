package creds

import (
	"bytes"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// hostile are values that try to break out of what quotes them, or to be changed
// on the way.
func hostile() []string {
	return []string{
		marked, `it's`, `''`, `'`, `"`, `"'"'`, `a b	c`, ` a  b `, `$HOME`, `${HOME}`, "`id`", `$(id)`, `"\`, `\`, `\\`, `\'`, `'\''`, `\n`, `!x`, `a!b!!`, `;id`, `a;b&c|d`, `*`, `?`, `[a-z]`,
		`~`, `a:~`, `~root`, `=ls`, `a:=ls`, `a=b`, `==`, `-n`, `--`, `#x`, `a#b`, `%PATH%`, `%%`, `^`, `a^b^^`, `(x)`, `)`, `{a,b}`, `<(id)`, `a<b>c`, `@(x)`, `@x`, `+`, `$`, `$$`, `$'x'`, `$"x"`,
		"ü", "日本", "\U0001F600", "a\u0301", "‘x’‚y‛", "“x”", "\u00a0", "\u0085", "\xff\xfe", "\x81\x88\x82", "\x1b[31m", "\x7f", "\x01", strings.Repeat("x", 4000),
	}
}

// reader is how a shell reads a format: script evaluates the file $1 and prints
// the variables of that name as NAME=value lines.
type reader struct {
	shell  string
	args   []string // before the script
	format Format
	script string
}

const show = `
for v in AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_CREDENTIAL_EXPIRATION AWS_REGION AWS_DEFAULT_REGION AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SECURITY_TOKEN; do
	eval "printf '%s=%s\n' $v \"\${$v-unset}\""
done
env | grep -c '^AWS_SECRET_ACCESS_KEY=' || :
`

const fishShow = `
for v in AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_CREDENTIAL_EXPIRATION AWS_REGION AWS_DEFAULT_REGION AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SECURITY_TOKEN
	set -q $v; and printf '%s=%s\n' $v "$$v"; or printf '%s=unset\n' $v
end
env | grep -c '^AWS_SECRET_ACCESS_KEY='
`

func readers() []reader {
	quoted := `eval "$(cat "$1")"` + show
	all := []reader{
		{"fish", []string{"--no-config"}, Fish, `cat $argv[1] | source` + fishShow},
		{"fish", []string{"--no-config"}, Fish, `eval (cat $argv[1])` + fishShow},
		{"fish", []string{"--no-config"}, Fish, `eval "$(cat $argv[1])"` + fishShow},
		{"zsh", []string{"-f", "-o", "rc_quotes", "-o", "magic_equal_subst", "-o", "extended_glob"}, Env, "set -eu\n" + quoted},
		{"zsh", []string{"-f", "-i"}, Env, quoted},
		{"bash", []string{"--norc", "-i", "-o", "histexpand"}, Env, quoted},
	}
	for _, shell := range []string{"sh", "dash", "bash", "zsh"} {
		for _, f := range []Format{Env, EnvNoExport} {
			all = append(all,
				reader{shell, nil, f, "set -eu\n" + quoted},
				reader{shell, nil, f, `. "$1"` + show},
			)
		}
	}
	return all
}

// others are the lines that show what is left of the variables that were set before.
func (r reader) others() string {
	if r.format == EnvNoExport {
		return "AWS_PROFILE=p\nAWS_DEFAULT_PROFILE=q\nAWS_SECURITY_TOKEN=old\n"
	}
	return "AWS_PROFILE=unset\nAWS_DEFAULT_PROFILE=unset\nAWS_SECURITY_TOKEN=unset\n"
}

// evaluate runs the script with text in the file $1, where a profile is set.
func (r reader) evaluate(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "lines")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	args := append(append([]string{}, r.args...), "-c", r.script)
	if r.shell != "fish" {
		args = append(args, r.shell)
	}
	cmd := exec.Command(r.shell, append(args, file)...)
	cmd.Env = []string{"AWS_PROFILE=p", "AWS_DEFAULT_PROFILE=q", "AWS_SECURITY_TOKEN=old", "PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + t.TempDir(), "LANG=C.UTF-8"}
	var out, problem bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problem
	if err := cmd.Run(); err != nil && r.shell != "fish" { // of which grep's exit code is that of the script
		t.Errorf("%s %s: %v\n%s", r.shell, r.format, err, problem.String())
	}
	return out.String()
}

func TestShellsReadThemBack(t *testing.T) {
	for i, r := range readers() {
		t.Run(fmt.Sprintf("%s %s %d", r.shell, r.format, i), func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(r.shell); err != nil {
				t.Skipf("needs %s: no shell reads the lines back", r.shell)
			}
			exported := 1
			if r.format == EnvNoExport {
				exported = 0
			}
			for v := range threes(hostile()) {
				c := sample()
				c.AccessKeyID, c.SecretAccessKey, c.SessionToken = v[0], NewSecret(v[1]), NewSecret("t"+v[2]+"t")
				want := fmt.Sprintf(`AWS_ACCESS_KEY_ID=%s
AWS_SECRET_ACCESS_KEY=%s
AWS_SESSION_TOKEN=t%st
AWS_CREDENTIAL_EXPIRATION=2026-11-21T12:00:00Z
AWS_REGION=eu-west-1
AWS_DEFAULT_REGION=eu-west-1
%s%d
`, v[0], v[1], v[2], r.others(), exported)
				if got := r.evaluate(t, lines(t, r.format, c)); got != want {
					t.Errorf("it read\n%s\nwant\n%s", got, want)
				}
			}
		})
	}
}

// threes are the values in groups of three, the last filled up.
func threes(values []string) iter.Seq[[]string] {
	for len(values)%3 != 0 {
		values = append(values, "x")
	}
	return slices.Chunk(values, 3)
}

func lines(t *testing.T, f Format, c Credentials) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, f, c, "eu-west-1"); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Many write eval $(...) without quotes. What AWS issues is read so too, and no
// shell complains about it, with the secret in its words.
func TestEvalWithoutQuotes(t *testing.T) {
	for _, shell := range []string{"sh", "dash", "bash", "zsh"} {
		for format, exported := range map[Format]string{Env: "1", EnvNoExport: "0"} {
			t.Run(shell+" "+string(format), func(t *testing.T) {
				if _, err := exec.LookPath(shell); err != nil {
					t.Skipf("needs %s: no shell reads the lines back", shell)
				}
				r := reader{shell: shell, format: format, script: "set -eu\neval $(cat \"$1\")" + show}
				got := r.evaluate(t, lines(t, format, sample()))
				if !strings.Contains(got, "AWS_SECRET_ACCESS_KEY="+marked+"\nAWS_SESSION_TOKEN=token\n") || !strings.HasSuffix(got, r.others()+exported+"\n") {
					t.Errorf("it read\n%s", got)
				}
			})
		}
	}
}

func TestShellsReadTheUndoing(t *testing.T) {
	for i, r := range readers() {
		t.Run(fmt.Sprintf("%s %s %d", r.shell, r.format, i), func(t *testing.T) {
			if _, err := exec.LookPath(r.shell); err != nil {
				t.Skipf("needs %s: no shell reads the lines back", r.shell)
			}
			var b bytes.Buffer
			if err := WriteUnset(&b, r.format); err != nil {
				t.Fatal(err)
			}
			got := r.evaluate(t, lines(t, r.format, sample())+b.String())
			want := strings.ReplaceAll("AWS_ACCESS_KEY_ID=-AWS_SECRET_ACCESS_KEY=-AWS_SESSION_TOKEN=-AWS_CREDENTIAL_EXPIRATION=-AWS_REGION=-AWS_DEFAULT_REGION=-", "-", "unset\n") + r.others() + "0\n"
			if got != want {
				t.Errorf("it read\n%s", got)
			}
		})
	}
}
