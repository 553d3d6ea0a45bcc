package profile

import (
	"os"
	"path/filepath"
	"testing"
)

func TestOwnCall(t *testing.T) {
	dir := t.TempDir()
	self := filepath.Join(dir, "dp.exe")
	other := filepath.Join(dir, "other.exe")
	for _, path := range []string{self, other} {
		if err := os.WriteFile(path, []byte("x"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(dir, "link.exe")
	if err := os.Link(self, link); err != nil {
		t.Skip("needs hard links: ", err)
	}
	q := filepath.ToSlash // backslashes are escapes to one of the splitters
	for command, want := range map[string]string{
		"daypass credential-process":                                        "ours ",
		"/opt/bin/daypass credential-process --profile b":                   "ours b",
		"/opt/bin/daypass.exe credential-process --profile=b --store none":  "ours b",
		`"/my bin/daypass" credential-process --no-prompt --profile "my b"`: "ours my b",
		"daypass credential-process --profile b --profile c":                "ours c",
		"daypass credential-process -- --profile b":                         "ours ",
		"daypass credential-process --profile":                              "ours ",
		q(self) + " credential-process --profile b":                         "ours b",
		q(link) + " credential-process --profile b":                         "ours b",
		q(other) + " credential-process --profile b":                        "",
		"/opt/bin/daypass-old credential-process --profile b":               "",
		"/opt/daypass/bin credential-process --profile b":                   "",
		"daypass login b": "",
		"daypass":         "",
		"sh -c 'daypass credential-process --profile b'": "",
		"daypass credential-process --profile 'b":        "",
		"": "",
	} {
		r := &Reader{self: self}
		name, ours := r.ownCall(Setting{Value: command})
		got := ""
		if ours {
			got = "ours " + name
		}
		if got != want {
			t.Errorf("%s: %q, want %q", command, got, want)
		}
	}
	if _, ours := (&Reader{}).ownCall(Setting{Value: q(self) + " credential-process"}); ours {
		t.Error("another name is ours without a self")
	}
}
