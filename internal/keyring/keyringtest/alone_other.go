//go:build !linux

package keyringtest

import "testing"

// Alone has nothing to do: there is no kernel keyring.
func Alone() {}

// RunAlone runs the test where it is.
func RunAlone(*testing.T) bool { return true }

// RunWithoutBus runs the test where it is.
func RunWithoutBus(*testing.T) bool { return true }

// NeedAlone has nothing to ask for.
func NeedAlone(testing.TB) {}

// ForbidAndRun is a program for Linux.
func ForbidAndRun() {}

// JoinAndRun is a program for Linux.
func JoinAndRun() {}
