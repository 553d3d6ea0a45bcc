//go:build unix

package keyringtest

import "syscall"

// Stop stops the daemon of a Keyring: it is there and does not answer.
func (s *Session) Stop() { s.signal(syscall.SIGSTOP) }

// Continue undoes Stop.
func (s *Session) Continue() { s.signal(syscall.SIGCONT) }

func (s *Session) signal(signal syscall.Signal) {
	s.t.Helper()
	if err := s.daemon.Signal(signal); err != nil {
		s.t.Fatal(err)
	}
}
