package profile

import (
	"errors"
	"fmt"
	"strings"
)

// ErrSerial is what an *Error wraps when the mfa_serial cannot name a device
// whose codes STS takes. Beside such an error Load returns all that leads to the
// base keys, so that their devices can be listed.
var ErrSerial = errors.New("no MFA device")

// ErrSecurityKey is the ErrSerial of a security key or passkey, which STS will
// not take.
// https://github.com/aws/aws-cli/issues/3607
var ErrSecurityKey = fmt.Errorf("a security key or passkey: %w", ErrSerial)

// CheckSerial is nil if serial can name a device whose codes STS takes, that of
// a hardware device and of other makers' STS included; else ErrSecurityKey or
// ErrSerial.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
func CheckSerial(serial string) error {
	switch {
	case !fits(serial, 9, 256, "+=/:,.@-"):
		return ErrSerial
	case strings.Contains(serial, ":u2f/"):
		return ErrSecurityKey
	}
	return nil
}

// checkSerial refuses what STS would refuse only after the question.
func (v *resolver) checkSerial() error {
	s := v.p.MFASerial
	if s.Value == "" {
		return nil
	}
	var e *Error
	err := CheckSerial(s.Value)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrSecurityKey):
		e = bad(v.p.Name, s, "%q is a security key, and STS takes only the codes of TOTP devices", s.Value)
		e.Hint = "register a virtual MFA device (an authenticator app) beside the security key, and name that"
	default:
		e = bad(v.p.Name, s, "%q is not an MFA device: 9 to 256 letters, digits or any of _+=/:,.@-", s.Value)
	}
	e.Err = err
	return e
}

// needsSerial finds the nearest setting that means nothing without a device,
// zero if there is none or a device is named: who wrote it counts on a code.
func (v *resolver) needsSerial() Setting {
	if v.p.MFASerial.Key != "" {
		return Setting{}
	}
	for i, sec := range v.links {
		for _, key := range []string{"mfa_process", "session_duration", "mfa_session", "mfa_max_age"} {
			if s, ok := sec.lookup(key); ok && (i == 0 || key != "mfa_max_age") { // which is not inherited
				return s
			}
		}
	}
	return Setting{}
}
