//go:build !linux

package mfa

import "syscall"

// dieTogether can do nothing here: a dialog closes itself when its time is up.
func dieTogether(*syscall.SysProcAttr, syscall.Signal) {}
