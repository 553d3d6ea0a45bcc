package state

import (
	"path/filepath"
	"runtime"
)

// Path returns where the state folder is: DAYPASS_STATE_DIR if set, else
// $XDG_STATE_HOME/daypass, else ~/.local/state/daypass; on macOS
// ~/Library/Application Support/daypass, on Windows %LocalAppData%\daypass. It
// is empty if home is needed and empty. A relative XDG_STATE_HOME is ignored:
// https://specifications.freedesktop.org/basedir-spec/latest/
func Path(getenv func(string) string, home string) string {
	return pathOn(runtime.GOOS, getenv, home)
}

func pathOn(goos string, getenv func(string) string, home string) string {
	if path := getenv("DAYPASS_STATE_DIR"); path != "" {
		return path
	}
	parent := ""
	switch goos {
	case "windows":
		parent = getenv("LOCALAPPDATA")
	case "darwin":
	default:
		if path := getenv("XDG_STATE_HOME"); filepath.IsAbs(path) {
			parent = path
		}
	}
	if parent == "" && home != "" {
		parent = filepath.Join(home, belowHome(goos))
	}
	if parent == "" {
		return ""
	}
	return filepath.Join(parent, "daypass")
}

func belowHome(goos string) string {
	switch goos {
	case "windows":
		return filepath.Join("AppData", "Local")
	case "darwin":
		return filepath.Join("Library", "Application Support")
	}
	return filepath.Join(".local", "state")
}
