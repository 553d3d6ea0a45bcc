package stsim_test

import (
	"net/http"
	"testing"
	"time"

	"go.uber.org/goleak"

	"daypass/internal/stsim"
)

// TestStopLeavesNothing lets users of the package look for leaks of their own.
func TestStopLeavesNothing(t *testing.T) {
	before := goleak.IgnoreCurrent()
	s := stsim.New()
	url, stop, err := s.Listen()
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	for _, fault := range []stsim.Fault{{Times: 1}, {Times: 1, Delay: time.Hour}, {Times: 1, Hang: true}} {
		s.Inject(fault)
		s.Reset()
		go func() {
			r, err := http.NewRequest(http.MethodGet, url, http.NoBody)
			if err != nil {
				return
			}
			if response, err := transport.RoundTrip(r); err == nil {
				response.Body.Close()
			}
		}()
		for s.Count("") == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	stop()
	transport.CloseIdleConnections()
	goleak.VerifyNone(t, before)
}
