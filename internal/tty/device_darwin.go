package tty

import (
	"os"

	"golang.org/x/sys/unix"
)

const (
	getTermios = unix.TIOCGETA
	setTermios = unix.TIOCSETA
	noKey      = 0xff // _POSIX_VDISABLE
)

// deviceNumber asks for this process's controlling terminal, since fstat gives that of /dev/tty, the same for all.
func deviceNumber(int) (uint32, error) {
	process, err := unix.SysctlKinfoProc("kern.proc.pid", os.Getpid())
	if err != nil {
		return 0, err
	}
	return uint32(process.Eproc.Tdev), nil
}

func flushInput(fd int) error {
	const fread = 1 // FREAD of sys/fcntl.h: the input queue only
	return unix.IoctlSetPointerInt(fd, unix.TIOCFLUSH, fread)
}
