//go:build unix

package session

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"

	"daypass/profile"
)

// Nobody ever writes to the pipe: whoever waited for that would wait for ever.
func TestPipesAreRefused(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readToken(pipe); !errors.Is(err, errNotRegular) {
		t.Errorf("a token: %v", err)
	}
	if err := readPolicy(&Step{}, "file://"+pipe); !errors.Is(err, errNotRegular) {
		t.Errorf("a policy: %v", err)
	}
	n := Network{CABundle: Sourced{pipe, "ca_bundle"}}
	if err := n.Check(); !errors.Is(err, errNotRegular) {
		t.Errorf("a bundle: %v", err)
	}
	for _, source := range []string{pipe, "/dev/null", "/"} {
		b := Base{Kind: profile.Metadata}
		_, err := b.containerToken(func(name string) string { return map[string]string{containerTokenFile: source}[name] })
		if !errors.Is(err, errNotRegular) {
			t.Errorf("%s: %v", source, err)
		}
	}
}
