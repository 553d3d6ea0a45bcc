package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mayImport says which rooms a room may import. Tests, and the folders that only
// tests import, may import any.
var mayImport = map[string][]string{
	"":                 {"cli"},
	"cli":              {"session", "profile", "mfa", "cache", "keys", "creds", "internal/keyring", "internal/state", "internal/tty"},
	"session":          {"profile", "creds"},
	"profile":          {"internal/state"},
	"mfa":              {"internal/tty", "internal/state"},
	"cache":            {"creds", "internal/keyring", "internal/state"},
	"keys":             {"creds", "internal/keyring", "internal/state"},
	"creds":            {},
	"demo":             {"internal/stsim"},
	"internal/keyring": {},
	"internal/state":   {},
	"internal/tty":     {},
	"internal/stsim":   {},
}

// onlyIn says which rooms may know a library.
var onlyIn = map[string][]string{
	"github.com/aws/":                            {"session"},
	"github.com/zalando/go-keyring":              {"internal/keyring"},
	"github.com/godbus/dbus":                     {"internal/keyring"},
	"gopkg.in/ini.v1":                            {"profile"},
	"github.com/gofrs/flock":                     {"internal/state"},
	"github.com/rogpeppe/go-internal/robustio":   {"internal/state"},
	"golang.org/x/term":                          {"internal/tty"},
	"github.com/spf13/cobra":                     {"cli"},
	"github.com/creack/pty":                      {},
	"github.com/rogpeppe/go-internal/testscript": {},
	"github.com/google/go-cmp":                   {},
	"go.uber.org/goleak":                         {},
}

// forTests are the folders that only tests import.
var forTests = []string{"internal/keyring/keyringtest", "internal/screentest", "internal/tty/ttytest"}

// imports calls do for each import of each Go file that is no test.
func imports(t *testing.T, do func(room, file, path string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == "node_modules" || strings.HasPrefix(entry.Name(), ".") && file != ".") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range parsed.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			room := filepath.ToSlash(filepath.Dir(file))
			if room == "." {
				room = ""
			}
			do(room, file, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRoomsImportOnlyWhatTheyMay(t *testing.T) {
	seen := map[string]bool{}
	imports(t, func(room, file, path string) {
		other, ours := strings.CutPrefix(path, "daypass/")
		if slices.Contains(forTests, room) || strings.HasPrefix(room, "scripts/") {
			return
		}
		seen[room] = true
		allowed, known := mayImport[room]
		if !known {
			t.Errorf("%s: there is no room called %s", file, room)
		}
		if ours && !slices.Contains(allowed, other) {
			t.Errorf("%s imports %s", file, other)
		}
	})
	for room := range mayImport {
		if !seen[room] {
			t.Errorf("the room %q has no code", room)
		}
	}
}

func TestLibrariesAreKnownInTheirRoomAlone(t *testing.T) {
	imports(t, func(room, file, path string) {
		if slices.Contains(forTests, room) || strings.HasPrefix(room, "scripts/") {
			return
		}
		for library, rooms := range onlyIn {
			if strings.HasPrefix(path, library) && !slices.Contains(rooms, room) {
				t.Errorf("%s imports %s", file, path)
			}
		}
	})
}
