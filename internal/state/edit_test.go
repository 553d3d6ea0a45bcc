package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// A file before and after an edit, both with a secret and larger than a page.
var (
	unedited = []byte(strings.Repeat("aws_secret_access_key = s\n", 400))
	rewrote  = unedited[26:]
)

// editOnce is what a copy of this binary does to the file whose path it gets.
func editOnce(d *Dir) {
	runtime.LockOSThread() // strace counts a thread's calls
	left, err := New(filepath.Join(filepath.Dir(filepath.Dir(d.path)), "state")).Edit(context.Background(), d.path, unedited, rewrote)
	fmt.Println("left", left, err)
}

// folderOf is a state folder.
func folderOf(t *testing.T) *Dir { return New(filepath.Join(t.TempDir(), "state")) }

// userFile makes a file of the user's in a folder of its own.
func userFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "credentials")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// alone checks that the folder of path holds nothing else, and path the content.
func alone(t *testing.T, path, content string) {
	t.Helper()
	found, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(found) != 1 {
		t.Errorf("the folder holds %v, %v", found, err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != content {
		t.Errorf("the file holds %q, want %q, %v", got, content, err)
	}
}

func TestEdit(t *testing.T) {
	for _, now := range []string{"new\n", "", "a longer one\x00 than before\r\n"} {
		path := userFile(t, "old\n")
		if left, err := folderOf(t).Edit(t.Context(), path, []byte("old\n"), []byte(now)); left != "" || err != nil {
			t.Errorf("%q, %v", left, err)
		}
		alone(t, path, now)
	}
}

func TestEditOfWhatHasChanged(t *testing.T) {
	for name, was := range map[string]string{"longer": "ol", "shorter": "old and more", "other": "dlo", "empty": ""} {
		path := userFile(t, "old")
		if left, err := folderOf(t).Edit(t.Context(), path, []byte(was), []byte("new")); left != "" || !errors.Is(err, ErrChanged) {
			t.Errorf("%s: %q, %v", name, left, err)
		}
		alone(t, path, "old")
	}
}

// A file that another program writes between the first look and the last stays
// as that program left it.
func TestSwapOfWhatHasChanged(t *testing.T) {
	path := userFile(t, "old")
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := swap(path, []byte("what it was"), []byte("new"), info); !errors.Is(err, ErrChanged) {
		t.Errorf("got %v", err)
	}
	alone(t, path, "old")
}

func TestEditSweeps(t *testing.T) {
	path := userFile(t, "old")
	folder := filepath.Dir(path)
	others := []string{"credentials.bak", "credentials2" + backups + "1", drafts + "1"}
	for _, name := range append(others, "credentials"+backups+"12", "credentials"+drafts+"34") {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if left, err := folderOf(t).Edit(t.Context(), path, []byte("old"), []byte("old")); left != "" || err != nil {
		t.Errorf("%q, %v", left, err)
	}
	for _, name := range others {
		if err := os.Remove(filepath.Join(folder, name)); err != nil {
			t.Errorf("what is not ours was removed: %v", err)
		}
	}
	alone(t, path, "old")
}

// A copy that a person is told of is not swept by the next edit.
func TestAnAnnouncedCopyStays(t *testing.T) {
	path := userFile(t, "old")
	saved, err := create(filepath.Dir(path), filepath.Base(path)+backups+"*", []byte("old"), nil)
	if err != nil {
		t.Fatal(err)
	}
	kept := announced(saved)
	if left, err := folderOf(t).Edit(t.Context(), path, []byte("old"), []byte("new")); left != "" || err != nil {
		t.Errorf("%q, %v", left, err)
	}
	if got, err := os.ReadFile(kept); err != nil || string(got) != "old" {
		t.Errorf("the copy holds %q, %v", got, err)
	}
	if err := os.Remove(kept); err != nil {
		t.Error(err)
	}
	alone(t, path, "new")
}

// Each of many takes its line out of one file. None undoes the work of another, nor
// removes its backup.
func TestManyEditOneFile(t *testing.T) {
	var text string
	lines := make([]string, 30)
	for n := range lines {
		lines[n] = fmt.Sprintf("line %d\n", n)
		text += lines[n]
	}
	path := userFile(t, text)
	dir := folderOf(t)
	var all sync.WaitGroup
	for _, line := range lines {
		all.Go(func() {
			for err := ErrChanged; errors.Is(err, ErrChanged); {
				var left string
				var was []byte
				if was, err = os.ReadFile(path); err != nil {
					t.Error(err)
					return
				}
				left, err = dir.Edit(t.Context(), path, was, []byte(strings.Replace(string(was), line, "", 1)))
				if left != "" || err != nil && !errors.Is(err, ErrChanged) {
					t.Errorf("%q, %v", left, err)
				}
			}
		})
	}
	all.Wait()
	alone(t, path, "")
}

func TestEditTellsWhatIsLeft(t *testing.T) {
	path := userFile(t, "old")
	stuck := path + backups + "1"
	if err := os.MkdirAll(filepath.Join(stuck, "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if left, err := folderOf(t).Edit(t.Context(), path, []byte("old"), []byte("new")); left != stuck || err == nil {
		t.Errorf("%q, %v", left, err)
	}
	if got, _ := os.ReadFile(path); string(got) != "new" {
		t.Errorf("the file holds %q", got)
	}
}

func TestEditOfNoFile(t *testing.T) {
	folder := t.TempDir()
	if _, err := folderOf(t).Edit(t.Context(), filepath.Join(folder, "none"), nil, []byte("new")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if _, err := folderOf(t).Edit(t.Context(), folder, nil, []byte("new")); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("got %v", err)
	}
	if found, _ := os.ReadDir(folder); len(found) != 0 {
		t.Errorf("%v was made", found)
	}
}
