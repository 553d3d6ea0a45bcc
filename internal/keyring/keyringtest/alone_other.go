//go:build !linux

package keyringtest

import "testing"

// Alone has nothing to do: there is no kernel keyring.
func Alone() {}

// NeedAlone has nothing to ask for.
func NeedAlone(testing.TB) {}

// ForbidAndRun is a program for Linux.
func ForbidAndRun() {}
