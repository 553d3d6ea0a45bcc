//go:build !linux

package mfa

// Terminals are tested on Linux only.
func ptyParts() map[string]func(string) int { return nil }
