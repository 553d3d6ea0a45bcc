package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/robustio"
)

// unfinished begins the name of a file that Write has not renamed yet.
const unfinished = ".new-"

// Read returns what the file name holds. The name is one word, or two with a
// slash between folder and file, here and in all methods. The error is
// fs.ErrNotExist when there is no such file.
func (d *Dir) Read(name string) ([]byte, error) {
	path, err := d.file(name, false)
	if err != nil {
		return nil, err
	}
	if err := regular(path); err != nil {
		return nil, unusable(err)
	}
	data, err := robustio.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		err = unusable(err)
	}
	return data, err
}

// Write makes data the content of the file name, mode 0600 whatever the umask.
// A reader sees what was there before or all of data.
func (d *Dir) Write(name string, data []byte) error {
	path, err := d.file(name, true)
	if err != nil {
		return err
	}
	return unusable(replace(path, data))
}

func replace(path string, data []byte) error {
	temp, err := create(filepath.Dir(path), unfinished+"*", data, nil)
	if err != nil {
		return err
	}
	return rename(temp, path)
}

// create makes a file of a new name with all of data on the disk, or none. It has
// mode 0600, or mode and owner of like.
func create(folder, pattern string, data []byte, like fs.FileInfo) (path string, err error) {
	f, err := os.CreateTemp(folder, pattern)
	if err != nil {
		return "", err
	}
	err = fill(f, data, like)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

func fill(f *os.File, data []byte, like fs.FileInfo) error {
	mode := fs.FileMode(0o600)
	if like != nil {
		mode = like.Mode().Perm()
		if err := give(f, like); err != nil {
			return err
		}
	}
	if err := f.Chmod(mode); err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.Sync()
}

// rename leaves nothing behind if it fails. On Windows a file that somebody has
// open cannot be replaced, so that it tries again for a while, as reading does.
// https://github.com/golang/go/issues/32188
func rename(from, to string) error {
	err := robustio.Rename(from, to)
	if err != nil {
		_ = os.Remove(from)
	}
	return err
}

// Remove removes the file name. That there is none is no error.
func (d *Dir) Remove(name string) error {
	path, err := d.file(name, false)
	switch {
	case err == nil:
		return unusable(discard(path))
	case errors.Is(err, fs.ErrNotExist):
		return nil
	}
	return err
}

// List returns the sorted names of the files in folder, without the folder;
// none if it does not exist. An empty folder is the state folder itself. Files
// that a killed process left half written an hour ago are removed on the way.
func (d *Dir) List(folder string) ([]string, error) {
	if folder != "" && !plain(folder) {
		return nil, fmt.Errorf("%q is no name for a folder of the state folder", folder)
	}
	path, err := d.folder(folder, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	found, err := os.ReadDir(path)
	if err != nil {
		return nil, unusable(err)
	}
	var names []string
	for _, entry := range found {
		switch {
		case strings.HasPrefix(entry.Name(), unfinished):
			sweep(path, entry)
		case entry.Type().IsRegular():
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

func sweep(folder string, entry fs.DirEntry) {
	if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > time.Hour {
		_ = os.Remove(filepath.Join(folder, entry.Name()))
	}
}
