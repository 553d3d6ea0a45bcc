package state

import (
	"bytes"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/robustio"
)

// tries is how often a line is written, since the file was cut, and so replaced,
// in the moment of writing, or of opening where Windows lets nobody do that.
const tries = 8

// Append adds line, newline included, to the file name by one write. A file
// that would grow beyond max bytes is first cut down to its newer half. Appending
// waits for no lock; of lines added in the very moment of a cut, one may stand
// twice.
func (d *Dir) Append(name string, line []byte, max int64) error {
	path, err := d.file(name, true)
	if err != nil {
		return err
	}
	if err := regular(path); err != nil {
		return unusable(err)
	}
	if tooLong(path, line, max) {
		if err := d.cut(name, path, line, max); err != nil && !inUse(err) {
			return unusable(err)
		}
	}
	return unusable(appendTo(path, line))
}

// appendTo waits, a quarter of a second in all, while nobody may open the file.
func appendTo(path string, line []byte) (err error) {
	for n := range tries {
		var kept bool
		kept, err = appendOnce(path, line)
		if kept || err != nil && !inUse(err) {
			return err
		}
		if err != nil {
			time.Sleep(time.Millisecond << n)
		}
	}
	return err
}

// inUse reports that Windows let nobody replace the file while others have it open,
// and then the next line cuts it, or open it while another process replaces it.
func inUse(err error) bool { return runtime.GOOS == "windows" && robustio.IsEphemeralError(err) }

// appendOnce reports whether the file that it wrote to is still the one at path:
// if not, a cut may have missed the line.
func appendOnce(path string, line []byte) (kept bool, err error) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return false, err
	}
	defer f.Close()
	if err := f.Chmod(0o600); err != nil {
		return false, err
	}
	if _, err := f.Write(line); err != nil {
		return false, err
	}
	written, err := f.Stat()
	if err != nil {
		return false, err
	}
	now, err := os.Lstat(path)
	return err == nil && os.SameFile(written, now), nil
}

func tooLong(path string, line []byte, max int64) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Size()+int64(len(line)) > max
}

// cut drops the older half of the file at path, unless another process is at it.
func (d *Dir) cut(name, path string, line []byte, max int64) error {
	unlock, ok, err := d.TryLock(strings.ReplaceAll(name, "/", "-"))
	if err != nil || !ok {
		return err
	}
	defer unlock()
	if !tooLong(path, line, max) {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	newer, err := tail(f, max/2)
	_ = f.Close() // Windows replaces no file that is open
	if err != nil {
		return err
	}
	return replace(path, newer)
}

// tail returns the whole lines within the last n bytes of f. One that is not whole at
// its end is being written, a page at a time: who does that sees that the file was
// replaced, and writes it again.
func tail(f *os.File, n int64) ([]byte, error) {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	if _, err := f.Seek(max(size-n, 0), io.SeekStart); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(f)
	if _, rest, ok := bytes.Cut(data, []byte("\n")); ok && size > n {
		data = rest
	}
	return data[:bytes.LastIndexByte(data, '\n')+1], err
}
