package state

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/robustio"
)

// ErrChanged is why a file was left as it is: it does not hold what it is thought
// to hold.
var ErrChanged = errors.New("the file has changed meanwhile")

// What Edit makes beside a file begins with the file's name and one of these.
const (
	backups = ".daypass-backup-"
	drafts  = ".daypass-new-"
	copies  = ".daypass-copy-" // a backup that somebody was told of: never swept
)

// Edit makes now the content of the file at path, which is one of the user's and
// need not lie in the state folder, if it holds was; else the error is ErrChanged.
// Readers see was or all of now. Mode and owner stay, and a link goes on leading
// to its file: that is what is replaced, so the file's folder must allow new
// files. A second hard link keeps was, and ACLs are not carried over.
//
// A backup of mode 0600 lies beside the file until that was read back. left is
// its path where it could not be removed, or where the file does not hold now
// after all, since another program has written it; else it is empty. After every
// other error the file is as it was. What a killed process left beside the file
// is removed on the way. If was is now, that is all, and it is an error if the folder
// may not be listed.
//
// One Edit of a file waits for another, if the state folder can be used; if ctx
// ends first, its cause is the error.
func (d *Dir) Edit(ctx context.Context, path string, was, now []byte) (left string, err error) {
	path, err = filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	unlock, err := d.Lock(ctx, lockOf(path))
	if err == nil {
		defer unlock()
	} else if !errors.Is(err, ErrUnusable) {
		return "", err
	}
	return edit(path, was, now)
}

// lockOf names the lock of a file, whose path may be long.
func lockOf(path string) string { return fmt.Sprintf("edit-%x", sha256.Sum256([]byte(path))) }

func edit(path string, was, now []byte) (left string, err error) {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", errors.New("it is not a regular file")
	case bytes.Equal(was, now):
		return sweepEdits(path)
	}
	if err := holds(path, was); err != nil {
		return "", err
	}
	saved, err := create(filepath.Dir(path), filepath.Base(path)+backups+"*", was, nil)
	if err != nil {
		return "", err
	}
	if err := swap(path, was, now, info); err != nil {
		if kept := discard(saved); kept != nil {
			return saved, errors.Join(err, kept)
		}
		return "", err
	}
	if err := holds(path, now); err != nil {
		return announced(saved), err
	}
	if err := discard(saved); err != nil {
		return saved, err
	}
	if left, err = sweepEdits(path); left == "" {
		return "", nil // what this edit has made is gone, whether the folder may be listed or not
	}
	return left, err
}

// announced gives a backup the name under which it stays.
func announced(saved string) string {
	at := strings.LastIndex(saved, backups)
	kept := saved[:at] + copies + saved[at+len(backups):]
	if os.Rename(saved, kept) != nil {
		return saved
	}
	return kept
}

// swap looks at the file for the last time as late as it can: no system renames
// only if nothing has changed.
func swap(path string, was, now []byte, info fs.FileInfo) error {
	draft, err := create(filepath.Dir(path), filepath.Base(path)+drafts+"*", now, info)
	if err != nil {
		return err
	}
	if err := holds(path, was); err != nil {
		_ = os.Remove(draft)
		return err
	}
	return rename(draft, path)
}

func holds(path string, data []byte) error {
	got, err := robustio.ReadFile(path)
	if err == nil && !bytes.Equal(got, data) {
		err = ErrChanged
	}
	return err
}

// sweepEdits removes what killed edits of the file have left beside it; an error without
// left is that the folder does not show it. The file is whole, since it is only ever
// replaced by renaming.
func sweepEdits(path string) (left string, err error) {
	folder, base := filepath.Split(path)
	found, err := os.ReadDir(folder)
	for _, entry := range found {
		name := entry.Name()
		if !strings.HasPrefix(name, base+backups) && !strings.HasPrefix(name, base+drafts) {
			continue
		}
		if kept := discard(filepath.Join(folder, name)); kept != nil {
			left, err = filepath.Join(folder, name), kept
		}
	}
	return left, err
}

// discard removes what nobody may need; an edit without a lock may have done that.
func discard(path string) error {
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
