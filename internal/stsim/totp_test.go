package stsim

import (
	"testing"
	"time"
)

const testSerial = "arn:aws:iam::111111111111:mfa/ana"

// TestTOTPVectors has the SHA-1 vectors of RFC 6238, appendix B, cut to six digits.
func TestTOTPVectors(t *testing.T) {
	seed := []byte("12345678901234567890")
	for seconds, want := range map[int64]string{
		59:          "287082",
		1111111109:  "081804",
		1111111111:  "050471",
		1234567890:  "005924",
		2000000000:  "279037",
		20000000000: "353130",
	} {
		if got := totp(seed, seconds/30); got != want {
			t.Errorf("at %d: %s, want %s", seconds, got, want)
		}
	}
}

func TestDeviceTakesACodeOnceAndOnlyNow(t *testing.T) {
	seed := []byte("12345678901234567890")
	now := time.Unix(1_800_000_000, 0)
	at := now.Unix() / 30
	tests := []struct {
		name  string
		steps []int64 // whose codes are given, one after the other
		want  []bool
	}{
		{"now", []int64{0}, []bool{true}},
		{"the one before", []int64{-1}, []bool{true}},
		{"the one after", []int64{1}, []bool{true}},
		{"two before", []int64{-2}, []bool{false}},
		{"two after", []int64{2}, []bool{false}},
		{"again", []int64{0, 0}, []bool{true, false}},
		{"an older one", []int64{0, -1}, []bool{true, false}},
		{"a newer one", []int64{-1, 0, 1}, []bool{true, true, true}},
		{"after a wrong one", []int64{2, 0}, []bool{false, true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := &device{seed: seed, used: -1}
			for i, s := range tt.steps {
				if got := d.take(totp(seed, at+s), now); got != tt.want[i] {
					t.Errorf("code %d: %v, want %v", i, got, tt.want[i])
				}
			}
		})
	}
}

func TestCodeIsAlwaysFresh(t *testing.T) {
	s := New()
	now := time.Unix(1_800_000_010, 0)
	s.SetClock(func() time.Time { return now })
	s.AddDevice(User{Account: "111111111111", Name: "ana"}.ARN(), testSerial, []byte("12345678901234567890"))
	d := s.world.devices[testSerial]

	honest, left := s.PeekCode(testSerial)
	if code := s.Code(testSerial); code != honest {
		t.Errorf("before any use Code is %s and PeekCode %s", code, honest)
	}
	if left != 20*time.Second {
		t.Errorf("left %v, want 20s", left)
	}
	for i := range 50 {
		code := s.Code(testSerial)
		if again := s.Code(testSerial); again != code {
			t.Fatalf("an unused code changed from %s to %s", code, again)
		}
		if !d.take(code, now) {
			t.Fatalf("code %d was refused", i)
		}
		if peek, _ := s.PeekCode(testSerial); peek != code {
			t.Fatalf("PeekCode shows %s, the device is at %s", peek, code)
		}
	}
	now = now.Add(24 * time.Hour)
	if code := s.Code(testSerial); !d.take(code, now) {
		t.Error("the next day's code was refused")
	}
	now = now.Add(-48 * time.Hour)
	if code := s.Code(testSerial); !d.take(code, now) {
		t.Error("after the clock went back the code was refused")
	}
}

func TestCodeOfUnknownSerial(t *testing.T) {
	s := New()
	code := s.Code("nope")
	peek, left := s.PeekCode("nope")
	if code != "" || peek != "" || left != 0 {
		t.Errorf("got %q, %q, %v", code, peek, left)
	}
}
