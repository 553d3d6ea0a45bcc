package profile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"daypass/internal/state"
)

// Edit is a change of the two files that has yet to be made.
type Edit struct {
	diff  string
	paths func() []string // functions, since fmt would print what is in the files
	apply func(context.Context, *state.Dir) error
	holds func(accessKeyID, secretAccessKey string) error
}

// Diff shows the change: the path of each file that it is about, and below it the
// lines that go, with their numbers and the header that they stand under. Of the
// values of keys only a plausible access key id is shown. "" if nothing changes.
func (e *Edit) Diff() string { return e.diff }

// Paths returns the files that the change is about and that do not hold its outcome
// now: before Apply those that will change, after it those that did not.
func (e *Edit) Paths() []string { return e.paths() }

// Apply makes the change, file by file: each is replaced whole if it still holds
// what was read, keeping its mode, its owner and the link that leads to it; see
// state.Dir.Edit. It stops at the first that fails: the *Error tells that this file
// is as it was, or names the copy that lies beside it; it wraps state.ErrChanged if
// another has written the file. What a killed Apply left beside the files is removed,
// also beside one that does not change; that it cannot be looked for there is an error
// if none changes. The state folder has the locks that edits of one file wait for; ctx ends the wait.
func (e *Edit) Apply(ctx context.Context, dir *state.Dir) error { return e.apply(ctx, dir) }

// Holds reports whether the lines that go hold that key and no other, or nothing:
// whoever has kept it elsewhere loses none by their going. Apply then removes just
// these. The error wraps state.ErrChanged and names file and line, not what is there.
func (e *Edit) Holds(accessKeyID, secretAccessKey string) error {
	return e.holds(accessKeyID, secretAccessKey)
}

// keyPair are the settings that RemoveKeys removes, with and without ownPrefix.
var keyPair = [...]string{"aws_access_key_id", "aws_secret_access_key", "aws_session_token"}

// RemoveKeys prepares the removal of a profile's static keys from both files:
// the lines of those settings and the lines that continue their values, and
// nothing else. Nothing is written yet. It is an *Error if a file cannot be read,
// or if without those lines others would mean something else.
func RemoveKeys(files Files, name string) (*Edit, error) {
	edits, err := removals(files, name)
	if err != nil {
		return nil, err
	}
	var diff strings.Builder
	for _, f := range edits {
		f.show(&diff)
	}
	return &Edit{
		diff:  diff.String(),
		paths: func() []string { return unchanged(edits) },
		apply: func(ctx context.Context, dir *state.Dir) error { return applyAll(ctx, dir, edits) },
		holds: func(id, secret string) error {
			for _, f := range edits {
				if err := f.holds(id, secret); err != nil {
					return err
				}
			}
			return nil
		},
	}, nil
}

func removals(files Files, name string) ([]*fileEdit, error) {
	config, err := readText(files.Config)
	if err != nil {
		return nil, err
	}
	credentials, err := readText(files.Credentials)
	if err != nil {
		return nil, err
	}
	s := store{config, credentials}
	edits := []*fileEdit{
		{profile: name, text: credentials, heads: s.inCredentials(name)},
		{profile: name, text: config, heads: s.inConfig(name)},
	}
	if sameFile(files.Config, files.Credentials) { // both variables lead to it
		edits[0].heads = slices.Sorted(slices.Values(append(edits[0].heads, edits[1].heads...)))
		edits = edits[:1]
	}
	for _, f := range edits {
		if err := f.removeKeys(); err != nil {
			return nil, err
		}
	}
	return edits, nil
}

// readText reads a file at once, so that what is found and what is compared later
// is one reading.
func readText(path string) (*text, error) {
	path = absolute(path)
	file, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil {
		return nil, unreadable(path, err)
	}
	return searched(path, memory{bytes.NewReader(data)})
}

// fileEdit is the change of one file.
type fileEdit struct {
	profile  string
	text     *text
	heads    []int
	was, now string
	gone     map[int]string // the lines that are removed, by number
}

func (f *fileEdit) removeKeys() error {
	was, err := f.text.all()
	if err != nil {
		return err
	}
	owners := map[int]string{}
	if _, err := f.text.cutLines(f.heads, owners); err != nil {
		return err
	}
	f.was, f.gone = was, map[int]string{}
	kept := make([]string, 0, len(owners))
	number := 0
	for line := range strings.Lines(was) {
		number++
		if isKey(owners[number]) {
			f.gone[number] = line
			continue
		}
		kept = append(kept, line)
	}
	f.now = strings.Join(kept, "")
	return f.check()
}

func isKey(key string) bool {
	return slices.Contains(keyPair[:], strings.TrimPrefix(key, ownPrefix))
}

// holds looks at each line, since a setting that comes twice has values that count
// for nobody, and are lost all the same.
func (f *fileEdit) holds(id, secret string) error {
	for _, number := range slices.Sorted(maps.Keys(f.gone)) {
		key, value, ok := splitSetting(trimComment(strings.TrimSpace(f.gone[number])))
		key, value = strings.TrimPrefix(strings.ToLower(key), ownPrefix), unquote(value)
		known := value == "" || key == keyPair[0] && value == id || key == keyPair[1] && value == secret
		if !ok || !known {
			return &Error{Profile: f.profile, File: f.text.path, Line: number, Err: state.ErrChanged,
				Message: "another access key stands there", Hint: "look at the file"}
		}
	}
	return nil
}

// check reads both contents and compares: an indented line has the meaning that
// the line above gives it.
func (f *fileEdit) check() error {
	after, err := searched(f.text.path, memory{bytes.NewReader([]byte(f.now))})
	if err != nil {
		return err
	}
	was, err := f.text.cut(f.heads)
	if err != nil {
		return err
	}
	now, err := after.cut(f.heads)
	if err != nil {
		return err
	}
	was = slices.DeleteFunc(was, func(e entry) bool { return isKey(e.key) })
	same := func(a, b entry) bool { return a.entryKey == b.entryKey && a.value == b.value }
	if slices.EqualFunc(was, now, same) {
		return nil
	}
	return &Error{
		Profile: f.profile, File: f.text.path, Line: slices.Min(slices.Collect(maps.Keys(f.gone))),
		Message: "the keys cannot be removed without changing what the lines below them mean",
		Hint:    "remove them by hand",
	}
}

// show writes the diff.
func (f *fileEdit) show(b *strings.Builder) {
	if len(f.gone) == 0 {
		return
	}
	fmt.Fprintln(b, f.text.path)
	for _, i := range f.heads {
		end := len(f.was) // as a line number: beyond all of them
		if i+1 < len(f.text.heads) {
			end = f.text.line(i + 1)
		}
		head := fmt.Sprintf("%5d   [%s]\n", f.text.line(i), f.text.name(i))
		for number := f.text.line(i); number <= end; number++ {
			if line, ok := f.gone[number]; ok {
				fmt.Fprintf(b, "%s%5d - %s\n", head, number, shownLine(line))
				head = ""
			}
		}
	}
}

// shownLine is a removed line without what may be a secret.
func shownLine(line string) string {
	key, value, ok := splitSetting(trimComment(line))
	if lower := strings.ToLower(key); !ok || !isKey(lower) {
		return hiddenLine // it continues a value
	} else if strings.TrimPrefix(lower, ownPrefix) != keyPair[0] || !isKeyID(unquote(value)) {
		return key + " = " + hiddenLine
	}
	return key + " = " + unquote(value)
}

const hiddenLine = "(hidden)"

// isKeyID reports whether s can be an access key id: 16 to 128 letters, digits and
// underscores. What else stands there may be a secret in the wrong place.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_Credentials.html
func isKeyID(s string) bool {
	plain := func(c rune) bool {
		return c == '_' || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
	}
	return 16 <= len(s) && len(s) <= 128 && strings.IndexFunc(s, func(c rune) bool { return !plain(c) }) < 0
}

func unchanged(edits []*fileEdit) (paths []string) {
	for _, f := range edits {
		if f.changes() && !f.made() {
			paths = append(paths, f.text.path)
		}
	}
	return paths
}

// made reports whether the file holds what the change makes of it.
func (f *fileEdit) made() bool {
	got, err := os.ReadFile(f.text.path)
	return err == nil && string(got) == f.now
}

func applyAll(ctx context.Context, dir *state.Dir, edits []*fileEdit) error {
	changes := slices.ContainsFunc(edits, (*fileEdit).changes)
	for _, f := range edits {
		if f.was == "" { // there may be no file
			continue
		}
		left, err := dir.Edit(ctx, f.text.path, []byte(f.was), []byte(f.now))
		idle := left == "" && !f.changes() && (errors.Is(err, fs.ErrNotExist) || changes && errors.Is(err, fs.ErrPermission))
		if err != nil && !idle {
			return f.failed(left, err)
		}
	}
	return nil
}

func (f *fileEdit) changes() bool { return len(f.gone) > 0 }

func (f *fileEdit) failed(left string, err error) error {
	reason := err
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		reason = pe.Err
	} else if le := (*os.LinkError)(nil); errors.As(err, &le) {
		reason = le.Err
	}
	e := &Error{Profile: f.profile, File: f.text.path, Message: "cannot be edited: " + reason.Error(), Err: err}
	switch {
	case left == "" && !f.changes() && errors.Is(err, fs.ErrPermission):
		e.Message, e.Hint = "what an interrupted import may have left beside it cannot be looked for: "+reason.Error(), "its folder must allow to be listed"
	case left != "" && f.made():
		e.File, e.Message, e.Hint = left, "this copy with the keys cannot be removed: "+reason.Error(), "remove it by hand"
	case left != "":
		e.Message += fmt.Sprintf("; a copy with the keys is left in %s", left)
		e.Hint = "look at both files, then remove the copy"
	case errors.Is(err, state.ErrChanged): // nothing but trying again
	case errors.Is(err, fs.ErrPermission):
		e.Hint = "the folder of the file must allow a new file beside it"
	default:
		e.Hint = "the file is as it was"
	}
	return e
}
