//go:build !linux

package keyring

import "time"

// Get is ErrUnavailable.
func (Kernel) Get(string) (string, error) { return "", ErrUnavailable }

// Set is ErrUnavailable.
func (Kernel) Set(string, string, time.Duration) error { return ErrUnavailable }

// Delete is ErrUnavailable.
func (Kernel) Delete(string) error { return ErrUnavailable }

// Clear is ErrUnavailable.
func (Kernel) Clear() error { return ErrUnavailable }

// Accounts is ErrUnavailable.
func (Kernel) Accounts() ([]string, error) { return nil, ErrUnavailable }

// Expired returns none.
func (Kernel) Expired() map[string]int { return nil }

// Room is 0.
func (Kernel) Room(string, string) int { return 0 }

// Needs is 0 of both.
func (Kernel) Needs(string, string) (int, int) { return 0, 0 }

// Free is not known.
func (Kernel) Free() (int, int, bool) { return 0, 0, false }

// Check is ErrUnavailable.
func (Kernel) Check() error { return ErrUnavailable }
