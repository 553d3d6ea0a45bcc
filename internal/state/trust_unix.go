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
