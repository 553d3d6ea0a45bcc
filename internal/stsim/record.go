package stsim

import (
	"net/url"
	"time"
)

// Request is one request that arrived, as Requests tells it.
type Request struct {
	// Action is the query protocol's Action, the operation of X-Amz-Target, or method and path ("GET /bucket").
	Action string
	// Service, Region and AccessKeyID are those of the credential scope; "" if the request was not signed.
	Service, Region, AccessKeyID string
	// Form has the parameters of query string and body.
	Form url.Values
	// UserAgent is the header of that name.
	UserAgent string
	// Status is the HTTP status sent; 0 if no answer went out.
	Status int
	// ErrorCode is AWS's; "" if there was no error.
	ErrorCode string
	// Accepted says that the work was done, also if the answer was then dropped.
	Accepted bool
	// Time is when it arrived, by the clock of STS.
	Time time.Time
}

// Requests are those that arrived since New or Reset, in order of arrival.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Request, len(s.log))
	for i, r := range s.log {
		all[i] = *r
	}
	return all
}

// Count is how many requests for the action arrived, accepted or not; of all actions if it is "".
func (s *Server) Count(action string) int {
	return s.count(func(r *Request) bool { return action == "" || r.Action == action })
}

// Accepted is how many requests for the action were granted, also if the answer was then dropped; of all if it is "".
func (s *Server) Accepted(action string) int {
	return s.count(func(r *Request) bool { return r.Accepted && (action == "" || r.Action == action) })
}

// Connections is how many TCP connections were accepted since New or Reset.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns
}

// Reset forgets requests and connections seen; the world, the faults and used TOTP codes stay.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = nil
	s.conns = 0
}

func (s *Server) count(wanted func(*Request) bool) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, r := range s.log {
		if wanted(r) {
			n++
		}
	}
	return n
}

// arrived notes a request, whose fate worked and answered then fill in.
func (s *Server) arrived(in *request) *Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	noted := &Request{Action: in.action, Form: in.form, UserAgent: in.http.UserAgent(), Time: s.now()}
	if in.sig != nil {
		noted.Service, noted.Region, noted.AccessKeyID = in.sig.service, in.sig.region, in.sig.accessKeyID
	}
	s.log = append(s.log, noted)
	return noted
}

// worked notes what the service made of a request, whether or not the client will hear of it.
func (s *Server) worked(noted *Request, out reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	noted.Accepted = out.code == ""
	noted.ErrorCode = out.code
}

// answered notes the answer that the client is sent.
func (s *Server) answered(noted *Request, out reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	noted.Status = out.status
	noted.ErrorCode = out.code
}
