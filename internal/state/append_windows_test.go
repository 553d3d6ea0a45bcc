package state

import (
	"errors"
	"path/filepath"
	"testing"

	"golang.org/x/sys/windows"
)

// Who never lets go of the file keeps nobody waiting for ever.
func TestAppendToAFileInUse(t *testing.T) {
	d := New(t.TempDir())
	if err := d.Append("history", []byte("one\n"), 100); err != nil {
		t.Fatal(err)
	}
	name, err := windows.UTF16PtrFromString(filepath.Join(d.path, "history"))
	if err != nil {
		t.Fatal(err)
	}
	const shared = 0
	held, err := windows.CreateFile(name, windows.GENERIC_READ, shared, nil, windows.OPEN_EXISTING, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	err = d.Append("history", []byte("two\n"), 100)
	if !errors.Is(err, ErrUnusable) || !errors.Is(err, windows.ERROR_SHARING_VIOLATION) {
		t.Errorf("while it is held: %v", err)
	}
	if err := windows.CloseHandle(held); err != nil {
		t.Fatal(err)
	}
	if err := d.Append("history", []byte("three\n"), 100); err != nil {
		t.Error(err)
	}
	if got, err := d.Read("history"); string(got) != "one\nthree\n" || err != nil {
		t.Errorf("it holds %q, %v", got, err)
	}
}
