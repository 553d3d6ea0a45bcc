//go:build unix

package mfa

import "syscall"

// leavesGroup starts a program in a group of its own.
func leavesGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
