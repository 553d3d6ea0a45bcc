package profile

import (
	"errors"
	"fmt"
)

// ErrNotFound is what an *Error wraps when a profile has no section in either
// file.
var ErrNotFound = errors.New("no such profile")

// ErrCycle is what an *Error wraps when profiles name each other as their
// source in a circle; its message names all of them.
var ErrCycle = errors.New("profiles name each other in a circle")

// Error is a config that cannot be used. It holds no secret values.
type Error struct {
	// Profile is the profile at fault, as the files name it; "" if the
	// trouble is with a whole file.
	Profile string
	// File is the absolute path of the file at fault and Line its line from
	// 1; "" and 0 if there is no such place.
	File string
	Line int
	// Key is the setting at fault as spelt in the file, "" if none is.
	Key string
	// Message says what is wrong, without place and setting.
	Message string
	// Hint says what the file should hold instead, "" if Message tells.
	Hint string
	// Err is ErrNotFound, ErrCycle, ErrSerial or ErrSecurityKey, an error of the
	// file system, or nil.
	Err error
}

// Error gives place, setting and message, such as
// "/home/ana/.aws/config:12: role_arn: ...".
func (e *Error) Error() string {
	switch {
	case e.File == "" && e.Profile == "":
		return e.Message
	case e.File == "":
		return fmt.Sprintf("profile %q: %s", e.Profile, e.Message)
	case e.Line == 0:
		return fmt.Sprintf("%s: %s", e.File, e.Message)
	case e.Key == "":
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Message)
	}
	return fmt.Sprintf("%s:%d: %s: %s", e.File, e.Line, e.Key, e.Message)
}

// Unwrap gives Err, for errors.Is.
func (e *Error) Unwrap() error { return e.Err }

// bad is an *Error about setting s of the profile.
func bad(profile string, s Setting, format string, args ...any) *Error {
	return &Error{
		Profile: profile, File: s.File, Line: s.Line, Key: s.Key,
		Message: fmt.Sprintf(format, args...),
	}
}
