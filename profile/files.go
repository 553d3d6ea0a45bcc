package profile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// maxFileSize bounds what is read of a file, in bytes. The largest config seen
// in the wild has some 10,000 profiles and 2.3 MB.
const maxFileSize = 64 << 20

// Files names the two files that hold profiles. An empty name is a file that
// does not exist.
type Files struct{ Config, Credentials string }

// Locate gives the files that AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE
// name (an empty variable is unset, a leading ~ is home), else config and
// credentials in .aws below home. The names are absolute. If home is "", a file
// that no variable names has none.
// https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html
func Locate(getenv func(string) string, home string) Files {
	return Files{
		Config:      locate(getenv("AWS_CONFIG_FILE"), home, "config"),
		Credentials: locate(getenv("AWS_SHARED_CREDENTIALS_FILE"), home, "credentials"),
	}
}

func locate(env, home, base string) string {
	switch {
	case env == "" && home == "":
		return ""
	case env == "":
		return absolute(filepath.Join(home, ".aws", base))
	case home != "" && env == "~":
		return absolute(home)
	case home != "" && len(env) > 1 && env[0] == '~' && os.IsPathSeparator(env[1]):
		return absolute(filepath.Join(home, env[2:]))
	}
	return absolute(env)
}

// absolute gives path as it is where the working directory cannot be told.
func absolute(path string) string {
	if path == "" {
		return ""
	}
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// source is a file to be searched once and then read in places.
type source interface {
	io.Reader
	io.ReaderAt
	io.Closer
	Size() int64 // when it was opened
}

// memory is a source that was read already.
type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

type largeFile struct {
	*os.File
	size int64
}

func (f largeFile) Size() int64 { return f.size }

// openFile gives the file, an empty one if it does not exist. What is small or
// no regular file (a pipe) is read at once; a large one is not, since touching
// that much fresh memory takes longer than the search. Its errors are *Error.
// What the file is it is asked before: opening a pipe waits for who writes to it.
func openFile(path string) (source, error) {
	nothing := memory{bytes.NewReader(nil)}
	if path == "" {
		return nothing, nil
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nothing, nil
	case err != nil:
		return nil, unreadable(path, err)
	case info.IsDir():
		return nil, &Error{File: path, Message: "is a directory, not a file"}
	case !info.Mode().IsRegular():
		return readPipe(path, patience)
	case info.Size() > maxFileSize:
		return nil, tooLarge(path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	if info.Size() > smallFile {
		return openLarge(f)
	}
	defer f.Close()
	return readWhole(f)
}

// openLarge asks again for the size: another file may have come in the place of the
// one that was looked at.
func openLarge(f *os.File) (source, error) {
	info, err := f.Stat()
	if err == nil && info.Mode().IsRegular() && info.Size() <= maxFileSize {
		return largeFile{f, info.Size()}, nil
	}
	_ = f.Close()
	if err != nil {
		return nil, unreadable(f.Name(), err)
	}
	return nil, tooLarge(f.Name())
}

func readWhole(f *os.File) (source, error) {
	data, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	if err != nil {
		return nil, unreadable(f.Name(), err)
	}
	return memory{bytes.NewReader(data)}, nil
}

// patience is how long a pipe is waited for: the program that fills it, as in
// AWS_CONFIG_FILE=<(PROGRAM), may have something to do first.
const patience = 10 * time.Second

// readPipe reads what is no regular file to its end, if that comes in time. A wait
// in vain goes on beside us: opening a pipe cannot be called off.
func readPipe(path string, patience time.Duration) (source, error) {
	type answer struct {
		source
		err error
	}
	ended := make(chan answer, 1)
	go func() {
		f, err := os.Open(path)
		if err != nil {
			ended <- answer{err: unreadable(path, err)}
			return
		}
		defer f.Close()
		s, err := readWhole(f)
		ended <- answer{s, err}
	}()
	select {
	case a := <-ended:
		return a.source, a.err
	case <-time.After(patience):
		return nil, &Error{File: path, Message: fmt.Sprintf("is a pipe or a device, and did not end in %s", patience)}
	}
}

// smallFile is the size in bytes up to which a file is read at once, and of the
// piece by which a larger one is searched.
const smallFile = 64 << 10

func tooLarge(path string) *Error {
	return &Error{File: path, Message: "is larger than 64 MB, which no config file is"}
}

func unreadable(path string, err error) *Error {
	reason := err
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		reason = pe.Err
	}
	return &Error{File: path, Message: "cannot be read: " + reason.Error(), Err: err}
}
