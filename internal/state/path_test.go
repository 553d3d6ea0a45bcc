package state

import (
	"path/filepath"
	"runtime"
	"testing"
)

func TestPath(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs POSIX paths: the table is written with them")
	}
	for _, c := range []struct {
		name, goos string
		env        map[string]string
		home, want string
	}{
		{"default", "linux", nil, "/h", "/h/.local/state/daypass"},
		{"XDG", "linux", map[string]string{"XDG_STATE_HOME": "/x"}, "/h", "/x/daypass"},
		{"XDG needs no home", "linux", map[string]string{"XDG_STATE_HOME": "/x"}, "", "/x/daypass"},
		{"relative XDG is ignored", "linux", map[string]string{"XDG_STATE_HOME": "x"}, "/h", "/h/.local/state/daypass"},
		{"ours wins", "linux", map[string]string{"XDG_STATE_HOME": "/x", "DAYPASS_STATE_DIR": "/d"}, "/h", "/d"},
		{"empty is unset", "linux", map[string]string{"XDG_STATE_HOME": "", "DAYPASS_STATE_DIR": ""}, "/h", "/h/.local/state/daypass"},
		{"no home", "linux", nil, "", ""},
		{"freebsd", "freebsd", nil, "/h", "/h/.local/state/daypass"},
		{"macOS", "darwin", map[string]string{"XDG_STATE_HOME": "/x"}, "/h", "/h/Library/Application Support/daypass"},
		{"ours wins on macOS", "darwin", map[string]string{"DAYPASS_STATE_DIR": "/d"}, "/h", "/d"},
		{"Windows", "windows", map[string]string{"LOCALAPPDATA": "/l"}, "/h", "/l/daypass"},
		{"Windows without LocalAppData", "windows", nil, "/h", "/h/AppData/Local/daypass"},
		{"Windows without anything", "windows", nil, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			getenv := func(key string) string { return c.env[key] }
			if got := pathOn(c.goos, getenv, c.home); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if got, want := Path(func(string) string { return "" }, "/h"), pathOn(runtime.GOOS, func(string) string { return "" }, "/h"); got != want || !filepath.IsAbs(got) {
		t.Errorf("Path gives %q, want %q", got, want)
	}
}
