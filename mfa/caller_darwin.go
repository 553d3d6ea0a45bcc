package mfa

import "golang.org/x/sys/unix"

// inspect has only been compiled: there was no Mac to run it on.
func inspect(pid int) (process, error) {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil {
		return process{}, err
	}
	p := process{name: unix.ByteSliceToString(info.Proc.P_comm[:]), parent: int(info.Eproc.Ppid)}
	if raw, err := unix.SysctlRaw("kern.procargs2", pid); err == nil { // not of other people's processes
		p.args = arguments(raw)
	}
	return p, nil
}
