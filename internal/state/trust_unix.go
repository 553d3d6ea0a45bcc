//go:build !windows

package state

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// trust reports why what is at path may be another user's work.
func trust(path string, info fs.FileInfo) error {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("%s belongs to uid %d", path, stat.Uid)
	}
	if info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("%s may be written to by other users (mode %04o)", path, info.Mode().Perm())
	}
	return nil
}

// give makes f the owner's and the group's that like belongs to.
func give(f *os.File, like fs.FileInfo) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	has, known := info.Sys().(*syscall.Stat_t)
	want, ok := like.Sys().(*syscall.Stat_t)
	if !known || !ok || has.Uid == want.Uid && has.Gid == want.Gid {
		return nil
	}
	return f.Chown(int(want.Uid), int(want.Gid))
}
