package stsim

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// step is how long a code is shown, and tolerance how many steps to either side AWS is taken to accept (it does not say;
// one is what RFC 6238 §5.2 recommends).
const (
	step      = 30 * time.Second
	tolerance = 1
)

// device is one virtual MFA device and what STS knows of it.
type device struct {
	serial  string
	owner   *user
	seed    []byte
	enabled time.Time
	// ahead is how many steps the device's clock is ahead of the clock of STS. STS allows for it, as it does after a
	// ResyncMFADevice, so that a test need not wait for the next code.
	ahead int64
	// used is the last step whose code was taken. Codes up to it are dead (RFC 6238 §5.2; aws-vault#1110).
	used int64
}

// AddDevice gives the user a virtual MFA device: TOTP with SHA-1, six digits, 30 seconds. The serial is an ARN or a
// hardware serial. An unknown user is made. A device that has the serial already is replaced.
func (s *Server) AddDevice(userARN, serial string, seed []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.world.devices[serial] = &device{
		serial:  serial,
		owner:   s.world.userByARN(userARN),
		seed:    append([]byte(nil), seed...),
		enabled: s.now(),
		used:    -1,
	}
}

// Code is what the device shows, and never a code that STS has taken: the device's clock is moved on if need be, which
// STS goes along with, so that there is always a good code at once. It is "" for an unknown serial.
func (s *Server) Code(serial string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.world.devices[serial]
	if d == nil {
		return ""
	}
	now := d.step(s.now())
	if d.used >= now {
		d.ahead += d.used + 1 - now
		now = d.used + 1
	}
	return totp(d.seed, now)
}

// PeekCode is what the device shows and for how long still, even if the code is used up: an honest authenticator. It is
// "" for an unknown serial.
func (s *Server) PeekCode(serial string) (code string, left time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.world.devices[serial]
	if d == nil {
		return "", 0
	}
	now := s.now()
	return totp(d.seed, d.step(now)), now.Truncate(step).Add(step).Sub(now)
}

// step is the time step at which the device's clock is.
func (d *device) step(now time.Time) int64 {
	return now.Unix()/int64(step/time.Second) + d.ahead
}

// usable says whether STS takes its codes: not a FIDO key's, and nobody's who is root (IAM User Guide, "Configuring
// MFA-protected API access").
func (d *device) usable() bool {
	return !d.owner.Root && !strings.Contains(d.serial, ":u2f/")
}

// take uses up a code; false if it is wrong, too old or used.
func (d *device) take(code string, now time.Time) bool {
	at := d.step(now)
	for s := at + tolerance; s >= at-tolerance && s > d.used; s-- {
		if hmac.Equal([]byte(totp(d.seed, s)), []byte(code)) {
			d.used = s
			return true
		}
	}
	return false
}

// totp is RFC 6238 with the parameters of RFC 4226 §5.3: HMAC-SHA-1, dynamic truncation, six digits.
func totp(seed []byte, step int64) string {
	mac := hmac.New(sha1.New, seed)
	_ = binary.Write(mac, binary.BigEndian, step)
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0x0f
	value := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	return fmt.Sprintf("%06d", value%1_000_000)
}
