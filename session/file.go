package session

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// errNotRegular is about what may never give anything, nor end: a pipe, a device.
var errNotRegular = errors.New("not a regular file")

// readFile reads a file that a setting or a variable names, at most so many bytes. A
// pipe is refused, without waiting for somebody to write to it: that is what O_NONBLOCK
// is for, which means nothing to regular files, nor on Windows. Errors are of the form
// of package os's.
func readFile(path string, most int64) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &os.PathError{Op: "read", Path: path, Err: errNotRegular}
	}
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(f, most))
}
