// Package state owns the state folder: files that are written whole or not at
// all, and locks between processes that the OS frees when their holder dies. It
// does not know what the files say, and nothing in them is needed to go on. The
// same way of writing serves the user's own files, by Edit.
package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ErrUnusable is why a Dir cannot do its work: the folder is not ours, is a
// link, is on a full or read-only disk, or has no locks. Every error of a Dir
// but fs.ErrNotExist, a context's cause and a bad name is one.
var ErrUnusable = errors.New("the state folder cannot be used")

// locks is the folder of the lock files.
const locks = "locks"

// Dir is the state folder. Each call checks it afresh: a folder, not a link,
// that belongs to this user and that no other may write to. Whatever writes
// makes it, with mode 0700.
type Dir struct {
	path string
}

// New returns the Dir at path, and touches nothing. With an empty path every
// call ends in ErrUnusable.
func New(path string) *Dir { return &Dir{path: path} }

// Err is why the folder cannot be used, nil if it can: it is made if need be, a
// lock is taken and a file written.
func (d *Dir) Err() error {
	unlock, ok, err := d.TryLock("probe")
	if err != nil {
		return err
	}
	if ok {
		defer unlock()
	}
	if err := d.Write("probe", []byte("probe\n")); err != nil {
		return err
	}
	return d.Remove("probe")
}

// file returns the path of name, whose folder it checks, and makes if create.
func (d *Dir) file(name string, create bool) (string, error) {
	folder, base, nested := strings.Cut(name, "/")
	if !nested {
		folder, base = "", name
	}
	if !plain(base) || nested && !plain(folder) {
		return "", fmt.Errorf("%q is no name for a file of the state folder", name)
	}
	path, err := d.folder(folder, create)
	if err != nil {
		return "", err
	}
	return filepath.Join(path, base), nil
}

// plain reports whether a part of a name means the same everywhere. Those that
// begin with a dot are ours.
func plain(part string) bool {
	return part != "" && part[0] != '.' && !strings.ContainsAny(part, "/\\:\x00")
}

// folder returns the path of the state folder, or of the one named sub in it.
// Its error is fs.ErrNotExist only if there is none and create is false.
func (d *Dir) folder(sub string, create bool) (string, error) {
	if d.path == "" {
		return "", unusable(errors.New("there is no home folder to hold it"))
	}
	err := check(d.path, create)
	path := filepath.Join(d.path, sub)
	if err == nil && sub != "" {
		err = check(path, create)
	}
	return path, err
}

// check reports why the folder at path cannot be trusted.
func check(path string, create bool) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if !create {
			return err
		}
		if err = mkdir(path); err == nil {
			info, err = os.Lstat(path)
		}
	}
	switch {
	case err != nil:
	case info.Mode()&fs.ModeSymlink != 0:
		err = fmt.Errorf("%s is a link", path)
	case !info.IsDir():
		err = fmt.Errorf("%s is not a folder", path)
	default:
		if err = trust(path, info); err == nil && info.Mode().Perm()&0o077 != 0 {
			_ = os.Chmod(path, 0o700) // names and times are nobody's business either
		}
	}
	return unusable(err)
}

func mkdir(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	err := os.Mkdir(path, 0o700)
	if errors.Is(err, fs.ErrExist) { // another process was first
		return nil
	}
	if err != nil {
		return err
	}
	return os.Chmod(path, 0o700) // a umask may have taken away our own rights
}

// regular reports why the file at path must not be opened: a link would lead
// elsewhere, a pipe would block. That it is looked at before it is opened leaves
// no gap, since nobody else may write to the folder.
func regular(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file", path)
	}
	return trust(path, info)
}

func unusable(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrUnusable, err)
}
