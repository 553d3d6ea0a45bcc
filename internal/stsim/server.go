// Package stsim is an AWS STS, and the corner of IAM that MFA needs, to test against over HTTP: it grants what AWS
// grants and refuses what AWS refuses, with AWS's codes, statuses and texts.
// It evaluates no policy documents (a user or role lists what it is denied), and is never linked into the binary.
package stsim

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// Server is the simulated service: an http.Handler over a small world of users, keys, devices and roles. All its
// methods may be used at the same time. The zero value is not usable, see New.
type Server struct {
	mu     sync.Mutex
	world  world
	clock  func() time.Time
	skew   time.Duration
	faults []*Fault
	log    []*Request
	conns  int
}

// New returns a Server without users or roles whose clock is time.Now.
func New() *Server {
	return &Server{world: newWorld(), clock: time.Now}
}

// Listen serves on a free port of 127.0.0.1 until stop is called, which closes every connection and returns when
// the serving goroutine has ended. The URL has no trailing slash.
func (s *Server) Listen() (url string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	server := &http.Server{
		Handler:           s,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnState:         s.countConnection,
		ReadHeaderTimeout: time.Minute,
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	stop = func() {
		_ = server.Close()
		cancel()
		<-done
	}
	return "http://" + listener.Addr().String(), stop, nil
}

// SetClock replaces the clock of STS, which also stamps Date headers and moves the TOTP devices. nil is time.Now.
func (s *Server) SetClock(now func() time.Time) {
	if now == nil {
		now = time.Now
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock = now
}

// Skew sets how far the clock of STS is ahead of SetClock's; negative is behind. To a client with the right time this
// looks as AWS does to a client whose clock is off: the devices go with STS.
func (s *Server) Skew(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.skew = d
}

// ServeHTTP answers one request as AWS would, unless a Fault says otherwise. A request whose body does not arrive is
// neither answered nor counted.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	in, err := readRequest(r)
	if err != nil {
		hangUp(w)
		return
	}
	noted := s.arrived(in)
	fault := s.takeFault(in.action)
	if fault.Hang {
		<-r.Context().Done()
		hangUp(w)
		return
	}
	out, replaced := fault.reply()
	if !replaced {
		out = s.answer(in)
		s.worked(noted, out)
	}
	if !fault.wait(r.Context()) || fault.Drop {
		hangUp(w)
		return
	}
	s.answered(noted, out)
	out.send(w, s.Now())
}

// answer does the work of a request, with nothing else going on in the world.
func (s *Server) answer(in *request) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if in.http.URL.Path == signinPath {
		return s.world.signin(in, now)
	}
	if in.sig == nil && in.action == webIdentityAction {
		c := &call{fields: fields{form: in.form}, who: &principal{}, now: now}
		return s.world.query(in, c, unsignedActions, stsNamespace, stsVersion)
	}
	key, refusal := s.world.authenticate(in, now)
	if refusal != nil {
		return in.refuse(refusal)
	}
	return s.world.serve(in, key, now)
}

// Now is what the clock of STS says.
func (s *Server) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

func (s *Server) now() time.Time {
	return s.clock().Add(s.skew).UTC()
}

func (s *Server) countConnection(_ net.Conn, state http.ConnState) {
	if state != http.StateNew {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns++
}
