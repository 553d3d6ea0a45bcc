package mfa

import (
	"bytes"
	"encoding/binary"
)

// arguments reads what macOS's kern.procargs2 returns: the number of arguments, the program's path, zero bytes, the
// arguments and then the environment, each ended by a zero byte (sysctl_procargsx in
// https://github.com/apple-oss-distributions/xnu/blob/main/bsd/kern/kern_sysctl.c). The environment stays unread.
func arguments(procargs []byte) []string {
	if len(procargs) < 4 {
		return nil
	}
	count := int32(binary.NativeEndian.Uint32(procargs))
	_, rest, _ := bytes.Cut(procargs[4:], []byte{0})
	rest = bytes.TrimLeft(rest, "\x00")
	var args []string
	for range count {
		arg, after, ended := bytes.Cut(rest, []byte{0})
		if !ended {
			break
		}
		args = append(args, string(arg))
		rest = after
	}
	return args
}
