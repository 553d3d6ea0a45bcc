package stsim

import (
	"context"
	"net/http"
	"time"
)

// Fault is trouble that the next requests meet instead of, or on top of, the service's own answer.
//
// Status, Code, Message, Redirect and Body replace the answer: nothing is looked at, so a TOTP code in the request
// stays good. Delay and Drop alone leave the work to be done, so the code is used up.
type Fault struct {
	// Action is the one that meets it; "" means any.
	Action string
	// Times is how many requests meet it; 0 means all until ClearFaults.
	Times int
	// Delay is how long the answer is held back after the work is done.
	Delay time.Duration
	// Hang accepts the request, does nothing and never answers; it lasts until the client goes away.
	Hang bool
	// Drop does the work and then closes the connection without an answer.
	Drop bool
	// Status is the HTTP status of a replaced answer; 0 means 400 with a Code, 307 with a Redirect, 200 with a Body. Alone
	// it makes an answer without a body.
	Status int
	// Code and Message make an AWS error; throttling is Code "Throttling", Message "Rate exceeded" and Status 400
	// (aws-sdk-go-v2#2481).
	Code, Message string
	// Redirect is the Location of a redirection.
	Redirect string
	// Body is sent as it is, as text/html, as captive portals and proxies do.
	Body string
}

// Inject adds a fault. Of several that match a request the oldest takes it.
func (s *Server) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// ClearFaults takes back what Inject added. Requests that hang go on hanging.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// takeFault is the fault that a request for the action meets; the zero Fault if there is none.
func (s *Server) takeFault(action string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if f.Action != "" && f.Action != action {
			continue
		}
		met := *f
		switch f.Times {
		case 0:
		case 1:
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
		default:
			f.Times--
		}
		return met
	}
	return Fault{}
}

// reply is the answer that the fault gives in the service's place, if it gives one.
func (f Fault) reply() (reply, bool) {
	switch {
	case f.Redirect != "":
		return reply{status: orElse(f.Status, http.StatusTemporaryRedirect), location: f.Redirect}, true
	case f.Body != "":
		return reply{status: orElse(f.Status, http.StatusOK), contentType: "text/html", body: []byte(f.Body)}, true
	case f.Code != "":
		wrong := &failure{orElse(f.Status, http.StatusBadRequest), f.Code, f.Message}
		return queryError(wrong, stsNamespace, false), true
	case f.Status != 0:
		return reply{status: f.Status}, true
	}
	return reply{}, false
}

// wait holds the answer back; false if the client went away meanwhile.
func (f Fault) wait(ctx context.Context) bool {
	if f.Delay <= 0 {
		return true
	}
	timer := time.NewTimer(f.Delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// hangUp closes the connection under an unanswered request.
func hangUp(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	_ = conn.Close()
}

func orElse(status, fallback int) int {
	if status != 0 {
		return status
	}
	return fallback
}
