//go:build !linux && !darwin && !windows

package mfa

import "errors"

func inspect(int) (process, error) { return process{}, errors.ErrUnsupported }
