//go:build !linux

package mfa

func callerName() string { return "" }
