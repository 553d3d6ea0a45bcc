package creds

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
)

// read evaluates text in a real sh and returns the variables it set, one a line.
func read(t *testing.T, text string) string {
	t.Helper()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("needs sh: no shell reads the lines back")
	}
	cmd := exec.Command(sh, "-c", text+`
for v in AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_CREDENTIAL_EXPIRATION AWS_REGION AWS_DEFAULT_REGION; do
	eval "printf '%s=%s\n' $v \"\${$v-unset}\""
done
echo "profile=${AWS_PROFILE-unset} ${AWS_DEFAULT_PROFILE-unset}"
env | grep -c '^AWS_SECRET_ACCESS_KEY='`)
	cmd.Env = []string{"AWS_PROFILE=p", "AWS_DEFAULT_PROFILE=q", "PATH=/usr/bin:/bin"}
	out, _ := cmd.Output() // grep -c fails on no match
	return string(out)
}

func TestShReadsItBack(t *testing.T) {
	for _, secret := range []string{marked, `it's`, `a b	c`, `$HOME`, "`id`", `$(id)`, `"\`, `!x`, `;id`, `*`, `~`, `ü`, `a=b`, `-n`, `#x`} {
		c := sample()
		c.SecretAccessKey = NewSecret(secret)
		for format, exported := range map[Format]string{Env: "1", EnvNoExport: "0"} {
			var b bytes.Buffer
			if err := Write(&b, format, c, "eu-west-1"); err != nil {
				t.Fatal(err)
			}
			want := strings.Join([]string{
				"AWS_ACCESS_KEY_ID=ASIAEXAMPLE", "AWS_SECRET_ACCESS_KEY=" + secret, "AWS_SESSION_TOKEN=token",
				"AWS_CREDENTIAL_EXPIRATION=2026-11-21T12:00:00Z", "AWS_REGION=eu-west-1", "AWS_DEFAULT_REGION=eu-west-1",
				"profile=unset unset", exported, "",
			}, "\n")
			if got := read(t, b.String()); got != want {
				t.Errorf("%s of %q: sh read\n%s\nwant\n%s", format, secret, got, want)
			}
		}
	}
}

func TestNoRegionIsNotWritten(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, Env, sample(), ""); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "REGION") {
		t.Errorf("a region in\n%s", b.String())
	}
}

func FuzzShellWord(f *testing.F) {
	for _, s := range []string{"", "plain", "it's", "a b", "$(x)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		word := ShellWord(s)
		if word == s {
			if s == "" || strings.ContainsAny(s, " \t\n'\"\\$`;&|<>()*?[]#~!{}^%") {
				t.Errorf("%q stands unquoted", s)
			}
			return
		}
		body := strings.TrimSuffix(strings.TrimPrefix(word, "'"), "'")
		if strings.ReplaceAll(body, `'\''`, "'") != s {
			t.Errorf("%q became %s", s, word)
		}
	})
}
