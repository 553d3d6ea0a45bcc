package tty

import "golang.org/x/sys/unix"

const (
	getTermios = unix.TCGETS
	setTermios = unix.TCSETS
	noKey      = 0 // _POSIX_VDISABLE
)

// deviceNumber asks the terminal itself: the number that fstat gives is that of /dev/tty, the same for all.
func deviceNumber(fd int) (uint32, error) {
	return unix.IoctlGetUint32(fd, unix.TIOCGDEV)
}

func flushInput(fd int) error {
	return unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIFLUSH)
}
