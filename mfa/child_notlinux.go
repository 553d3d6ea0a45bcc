//go:build !linux

package mfa

import "syscall"

// dieTogether can do nothing here: the dialogs of macOS and Windows close themselves when their time is up.
func dieTogether(*syscall.SysProcAttr, syscall.Signal) {}
