package mfa

import "syscall"

// dieTogether has the child signalled when the thread that starts it ends, and so when this process does, even by SIGKILL: a
// window must not stay behind. Who starts it must keep its thread until it has ended (PR_SET_PDEATHSIG in prctl(2),
// https://github.com/golang/go/issues/27505).
func dieTogether(attr *syscall.SysProcAttr, signal syscall.Signal) { attr.Pdeathsig = signal }
