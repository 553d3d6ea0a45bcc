package profile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"daypass/internal/state"
)

// removed applies the removal of a's keys to the two texts, and gives what the
// files hold then, and the diff.
func removed(t testing.TB, config, credentials string) (string, string, string, error) {
	t.Helper()
	files := write(t, config, credentials)
	edit, err := RemoveKeys(files, "a")
	if err != nil {
		return "", "", "", err
	}
	if err := edit.Apply(t.Context(), state.New("")); err != nil {
		t.Fatal(err)
	}
	return readFile(t, files.Config), readFile(t, files.Credentials), strings.ReplaceAll(edit.Diff(), filepath.Dir(files.Config)+string(filepath.Separator), ""), nil
}

// readFile gives "" for a file that is not there.
func readFile(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(data)
}

// TestRemoveKeys: of the lines that begin with - nothing is left, and of the
// others each byte.
func TestRemoveKeys(t *testing.T) {
	for name, text := range map[string]string{
		"plain":            "[a]\n-aws_access_key_id = AKIA\n-aws_secret_access_key = s\nregion = r\n",
		"a token":          "[a]\n-aws_access_key_id = AKIA\n-aws_secret_access_key = s\n-aws_session_token = t\n",
		"any case":         "[a]\n-AWS_Access_Key_Id=AKIA\n-AWS_SECRET_ACCESS_KEY: s\nRegion = r\n",
		"our own prefix":   "[a]\n-daypass_aws_access_key_id = AKIA\n-daypass_aws_secret_access_key = s\ndaypass_region = r\n",
		"comments":         "# top\n[a] # head\n# aws_secret_access_key = old\n-aws_access_key_id = AKIA # mine\n  ; between\n\n-aws_secret_access_key = s\n# end\n",
		"the last line":    "[b]\nregion = r\n[a]\n-aws_access_key_id = AKIA\n-aws_secret_access_key = s",
		"CRLF":             "[a]\r\n-aws_access_key_id = AKIA\r\n-aws_secret_access_key = s\r\nregion = r\r\n",
		"BOM":              "\ufeff# top\n[a]\n-aws_access_key_id = AKIA\n-aws_secret_access_key = s\n",
		"BOM and CRLF":     "\ufeff[first]\r\nregion = r\r\n[a]\r\n-aws_access_key_id = AKIA\r\n-aws_secret_access_key = s",
		"indented":         "[a]\nregion = r\n-  aws_access_key_id = AKIA\n-\taws_secret_access_key = s\n  output = json\n",
		"twice":            "[a]\n-aws_access_key_id = AKIA1\n-aws_access_key_id = AKIA2\nregion = r\n-aws_secret_access_key = s1\n-aws_secret_access_key = s2\n",
		"several sections": "[a]\n-aws_access_key_id = AKIA\n[b]\naws_access_key_id = AKIB\naws_secret_access_key = b\n[a]\n-aws_secret_access_key = s\n[aa]\naws_secret_access_key = aa\n",
		"continued":        "[a]\n-aws_secret_access_key = s1\n-  s2\n# between\n-  s3\n-aws_access_key_id = AKIA\nregion = r\n  r2\n",
		"empty, continued": "[a]\nregion = r\n-aws_session_token =\n-  lost\n-  not = nested\n-aws_access_key_id =\noutput = o\n",
		"a broken line":    "[a]\n-aws_access_key_id = AKIA\nbroken\n-  continues the id\nregion = r\n",
		"in a block":       "[a]\ns3 =\n  aws_secret_access_key = theirs\n-aws_secret_access_key = s\n-aws_access_key_id = AKIA\n",
		"quoted":           "[a]\n-aws_access_key_id = \"AKIA\"\n-aws_secret_access_key = 's # no comment'\n",
		"nothing there":    "[a]\nregion = r\n[b]\naws_access_key_id = AKIB\naws_secret_access_key = b\n",
		"no section":       "[b]\naws_access_key_id = AKIB\n",
		"header unlike":    "[profile a]\naws_access_key_id = AKIA\n[A]\naws_access_key_id = AKIB\n",
	} {
		t.Run(name, func(t *testing.T) {
			var before, after strings.Builder
			for line := range strings.Lines(text) {
				line, gone := strings.CutPrefix(line, "-")
				before.WriteString(line)
				if !gone {
					after.WriteString(line)
				}
			}
			_, got, diff, err := removed(t, "", before.String())
			if err != nil || got != after.String() {
				t.Errorf("got %q, want %q, %v", got, after.String(), err)
			}
			if gone := strings.Count(text, "\n-"); strings.Count(diff, " - ") != gone || (diff == "") != (gone == 0) {
				t.Errorf("%d lines went, and the diff shows:\n%s", gone, diff)
			}
		})
	}
}

func TestRemoveKeysFromConfig(t *testing.T) {
	config, credentials, _, err := removed(t,
		"[profile a]\naws_access_key_id = AKIA\nregion = r\n[a]\naws_access_key_id = AKIX\n[default]\naws_secret_access_key = d\n",
		"[a]\naws_secret_access_key = s\n")
	if err != nil || config != "[profile a]\nregion = r\n[a]\naws_access_key_id = AKIX\n[default]\naws_secret_access_key = d\n" || credentials != "[a]\n" {
		t.Errorf("config %q, credentials %q, %v", config, credentials, err)
	}
}

// Of two files that change, those are told that have not changed yet. The copy that
// cannot be removed is not the file.
func TestEditPaths(t *testing.T) {
	files := write(t, "[profile a]\naws_access_key_id = AKIA\n", "[a]\naws_secret_access_key = s\n")
	edit, err := RemoveKeys(files, "a")
	if err != nil {
		t.Fatal(err)
	}
	paths := func(want ...string) {
		t.Helper()
		if got := edit.Paths(); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	paths(files.Credentials, files.Config)
	stuck := files.Credentials + ".daypass-backup-1"
	if err := os.MkdirAll(filepath.Join(stuck, "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	var bad *Error
	if err := edit.Apply(t.Context(), state.New("")); !errors.As(err, &bad) || bad.File != stuck || bad.Hint != "remove it by hand" {
		t.Errorf("got %+v", err)
	}
	paths(files.Config)
	if err := os.RemoveAll(stuck); err != nil {
		t.Fatal(err)
	}
	if edit, err = RemoveKeys(files, "a"); err != nil {
		t.Fatal(err)
	}
	paths(files.Config)
	if err := edit.Apply(t.Context(), state.New("")); err != nil {
		t.Error(err)
	}
	paths()
}

// A file that does not change need not be there any more.
func TestEditBesideAFileThatIsGone(t *testing.T) {
	files := write(t, "[profile a]\nregion = r\n", "[a]\naws_secret_access_key = s\n")
	edit, err := RemoveKeys(files, "a")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(files.Config); err != nil {
		t.Fatal(err)
	}
	if err := edit.Apply(t.Context(), state.New("")); err != nil || readFile(t, files.Credentials) != "[a]\n" {
		t.Error(err)
	}
}

// Both variables may name one file, which then holds both kinds of sections.
func TestRemoveKeysFromOneFile(t *testing.T) {
	files := write(t, "[profile a]\naws_access_key_id = AKIA\nregion = r\n[a]\naws_secret_access_key = s\noutput = o\n", "")
	if err := os.Symlink(files.Config, files.Credentials); err != nil {
		t.Skip("needs links: ", err)
	}
	edit, err := RemoveKeys(files, "a")
	if err != nil {
		t.Fatal(err)
	}
	if err := edit.Apply(t.Context(), state.New("")); err != nil {
		t.Fatal(err)
	}
	if got := readFile(t, files.Config); got != "[profile a]\nregion = r\n[a]\noutput = o\n" {
		t.Errorf("got %q", got)
	}
}

// A line that would mean something else is a reason to leave all as it is.
func TestRemoveKeysRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"falls into a block":   "[a]\ns3 =\naws_access_key_id = AKIA\n  region = r\n",
		"falls out of a block": "[a]\naws_access_key_id = AKIA\n  region = r\n",
	} {
		files := write(t, "", text)
		edit, err := RemoveKeys(files, "a")
		if strings.Contains(name, "out of") {
			if err != nil || edit.Apply(t.Context(), state.New("")) != nil || readFile(t, files.Credentials) != "[a]\n  region = r\n" {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		var bad *Error
		if !errors.As(err, &bad) || bad.Line != 3 || bad.Hint == "" || readFile(t, files.Credentials) != text {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEditDiff(t *testing.T) {
	_, _, got, err := removed(t,
		"[profile a]\nregion = r\naws_session_token = t0k3n\n",
		"\n[b]\nregion = r\n\n[a]\n# mine\naws_access_key_id = AKIAIOSFODNN7EXAMPLE # s3cr3t\naws_secret_access_key = s3cr3t\n  s3cr3t\n[a]\nAWS_ACCESS_KEY_ID = AKIA s3cr3t\n")
	want := `credentials
    5   [a]
    7 - aws_access_key_id = AKIAIOSFODNN7EXAMPLE
    8 - aws_secret_access_key = (hidden)
    9 - (hidden)
   10   [a]
   11 - AWS_ACCESS_KEY_ID = (hidden)
config
    1   [profile a]
    3 - aws_session_token = (hidden)
`
	if err != nil || got != want {
		t.Errorf("got\n%s\nwant\n%s\n%v", got, want, err)
	}
}

// Whatever prints an Edit prints no secret.
func TestEditPrintsNoSecret(t *testing.T) {
	edit, err := RemoveKeys(write(t, "", "[a]\naws_access_key_id = AKIA\naws_secret_access_key = s3cr3t\n"), "a")
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		for _, value := range []any{edit, *edit} {
			if got := fmt.Sprintf(verb, value); strings.Contains(got, "s3cr3t") || strings.Contains(got, fmt.Sprintf("%x", "s3cr3t")) {
				t.Errorf("%s gives %s", verb, got)
			}
		}
	}
}

func TestEditOfAChangedFile(t *testing.T) {
	files := write(t, "", "[a]\naws_access_key_id = AKIA\n")
	edit, err := RemoveKeys(files, "a")
	if err != nil {
		t.Fatal(err)
	}
	const other = "[a]\naws_access_key_id = AKIB\n"
	if err := os.WriteFile(files.Credentials, []byte(other), 0o600); err != nil {
		t.Fatal(err)
	}
	var bad *Error
	if err := edit.Apply(t.Context(), state.New("")); !errors.Is(err, state.ErrChanged) || !errors.As(err, &bad) || bad.File != files.Credentials {
		t.Errorf("got %v", err)
	}
	if got := readFile(t, files.Credentials); got != other {
		t.Errorf("the file holds %q", got)
	}
}

// The person is told whether a copy of the keys lies about, and what to do.
func TestEditFailures(t *testing.T) {
	f := &fileEdit{profile: "a", text: &text{path: "/home/ana/.aws/credentials"}, gone: map[int]string{1: ""}}
	for _, c := range []struct {
		left       string
		err        error
		says, hint string
	}{
		{"", &fs.PathError{Op: "open", Path: "/home/ana/.aws/credentials.daypass-backup-1", Err: syscall.ENOSPC}, "cannot be edited: no space left on device", "the file is as it was"},
		{"", &fs.PathError{Op: "open", Path: "x", Err: fs.ErrPermission}, "cannot be edited: permission denied", "the folder of the file must allow a new file beside it"},
		{"", &os.LinkError{Op: "rename", Old: "x", New: "y", Err: fs.ErrPermission}, "cannot be edited: permission denied", "the folder of the file must allow a new file beside it"},
		{"", state.ErrChanged, "cannot be edited: the file has changed meanwhile", ""},
		{"/home/ana/.aws/credentials.daypass-backup-1", state.ErrChanged,
			"cannot be edited: the file has changed meanwhile; a copy with the keys is left in /home/ana/.aws/credentials.daypass-backup-1", "look at both files, then remove the copy"},
	} {
		if runtime.GOOS == "windows" && errors.Is(c.err, syscall.ENOSPC) {
			continue // it says it in other words
		}
		var e *Error
		err := f.failed(c.left, c.err)
		if !errors.As(err, &e) || e.File != f.text.path || !strings.HasPrefix(e.Message, c.says) || e.Hint != c.hint || !errors.Is(err, c.err) {
			t.Errorf("%v: %+v", c.err, e)
		}
	}
}

func TestRemoveKeysOfUnreadableFiles(t *testing.T) {
	dir := t.TempDir()
	for _, files := range []Files{{Config: dir}, {Credentials: dir}} {
		var bad *Error
		if _, err := RemoveKeys(files, "a"); !errors.As(err, &bad) || bad.File != dir {
			t.Errorf("%v: %v", files, err)
		}
	}
	for _, files := range []Files{{}, {Config: os.DevNull, Credentials: os.DevNull}, write(t, "", "")} {
		if edit, err := RemoveKeys(files, "a"); err != nil || edit.Diff() != "" || edit.Apply(t.Context(), state.New("")) != nil {
			t.Errorf("%v: %v", files, err)
		}
	}
}

func TestRemoveKeysOfManyProfiles(t *testing.T) {
	var all strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&all, "[p%d]\naws_access_key_id = AKIA%016d\naws_secret_access_key = s%d\n# %d\n\n", i, i, i, i)
	}
	text := strings.Replace(all.String(), "[p500]", "[a]", 1)
	_, got, diff, err := removed(t, "", text)
	want := strings.Replace(text, fmt.Sprintf("aws_access_key_id = AKIA%016d\naws_secret_access_key = s500\n", 500), "", 1)
	if err != nil || got != want || !strings.Contains(diff, "\n 2502 - aws_access_key_id = AKIA") {
		t.Errorf("%d bytes, want %d, %v\n%s", len(got), len(want), err, diff)
	}
}

// FuzzRemoveKeys: afterwards our own reader finds no keys of the profile, and of
// all else the same; or the removal was refused. Lines only go.
func FuzzRemoveKeys(f *testing.F) {
	addFiles(f)
	for _, text := range []string{
		"[a]\naws_access_key_id = A\n  aws_secret_access_key = s\n  x = y\n", "[a]\nx =\naws_session_token = t\n y = z\n",
		"[a]\nx = 1\naws_session_token =\n y\n[b]\n[a]\n aws_access_key_id = A\n", "[a]\r\n\taws_access_key_id = A\r\n\tB\r\n",
		"[a]\nbroken\n y = z\naws_access_key_id = A\n broken\n y\n", "[a]\n= x\n aws_access_key_id = A\n y\n",
	} {
		f.Add(text, text, "a")
	}
	f.Fuzz(func(t *testing.T, configText, credentialsText, name string) {
		files := write(t, configText, credentialsText)
		want := readSections(t, files, name)
		edits, err := removals(files, name)
		if err != nil {
			return
		}
		for _, f := range edits { // Apply waits for the disk each time
			if err := os.WriteFile(f.text.path, []byte(f.now), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got := readSections(t, files, ""); !slices.Equal(got, want) {
			t.Errorf("now it reads\n%q\nwant\n%q\nconfig\n%s\ncredentials\n%s", got, want, readFile(t, files.Config), readFile(t, files.Credentials))
		}
	})
}

// readSections gives each section with its settings, but for the keys of a profile.
func readSections(t *testing.T, files Files, without string) []string {
	s, err := open(files)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	var all []string
	for _, x := range []*text{s.config, s.credentials} {
		for i := range x.heads {
			entries, err := x.cut(x.find(x.name(i)))
			if err != nil {
				t.Fatal(err)
			}
			if own := s.inCredentials(without); x == s.config && slices.Contains(s.inConfig(without), i) || x == s.credentials && slices.Contains(own, i) {
				entries = slices.DeleteFunc(entries, func(e entry) bool { return isKey(e.key) })
			}
			for n := range entries {
				entries[n].line = 0
				entries[n].time = 0
			}
			all = append(all, fmt.Sprintf("%s: %+v", x.name(i), entries))
		}
	}
	return all
}

// TestEditHolds: whoever has kept one key learns of each other that would go.
func TestEditHolds(t *testing.T) {
	const id, secret = "AKIAEXAMPLEANA000001", "s3cr3t/+"
	kept := "aws_access_key_id = " + id + "\naws_secret_access_key = " + secret + "\n"
	for name, c := range map[string]struct {
		config, credentials string
		line                int // of what is another; 0: there is nothing else
	}{
		"the key":            {"", "[a]\n" + kept, 0},
		"in both files":      {"[profile a]\n" + kept, "[a]\n" + kept, 0},
		"quoted":             {"", "[a]\nAWS_ACCESS_KEY_ID=\"" + id + "\"\n  aws_secret_access_key = " + secret + " # mine\n", 0},
		"an empty setting":   {"[profile a]\ndaypass_aws_access_key_id =\n", "[a]\n" + kept, 0},
		"no key":             {"", "[a]\nregion = eu-west-1\n", 0},
		"another's":          {"", "[a]\n[b]\naws_access_key_id = AKIAOTHER\naws_secret_access_key = t\n", 0},
		"another id":         {"", "[a]\naws_access_key_id = AKIAEXAMPLEANA000002\naws_secret_access_key = " + secret + "\n", 2},
		"another secret":     {"", "[a]\naws_access_key_id = " + id + "\naws_secret_access_key = 0ther\n", 3},
		"one that is hidden": {"", "[a]\naws_secret_access_key = 0ther\n" + kept, 2},
		"a token":            {"", "[a]\n" + kept + "aws_session_token = t\n", 4},
		"a longer value":     {"", "[a]\n" + kept + "  more of it\n", 4},
	} {
		edit, err := RemoveKeys(write(t, c.config, c.credentials), "a")
		if err != nil {
			t.Fatal(err)
		}
		err = edit.Holds(id, secret)
		var bad *Error
		if c.line == 0 && err != nil || c.line > 0 && (!errors.As(err, &bad) || bad.Line != c.line || !errors.Is(err, state.ErrChanged)) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && (strings.Contains(err.Error(), "0ther") || strings.Contains(err.Error(), secret)) {
			t.Errorf("%s: the error tells a secret: %v", name, err)
		}
	}
}
