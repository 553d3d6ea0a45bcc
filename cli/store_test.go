package cli

import (
	"runtime"
	"strings"
	"testing"

	"daypass/cache"
	"daypass/internal/keyring"
	"daypass/internal/state"
)

// checked is a store of which only Name and Check are asked.
type checked struct {
	cache.Store
	name string
	err  error
}

func (c checked) Name() string { return c.name }

func (c checked) Check() error { return c.err }

func TestExplainStore(t *testing.T) {
	kernel, ring := checked{name: "kernel"}, checked{name: "keyring"}
	noKernel, noRing := checked{name: "kernel", err: keyring.ErrUnavailable}, checked{name: "keyring", err: keyring.ErrUnavailable}
	for want, stores := range map[string][]cache.Store{
		"auto: the keyring if it is unlocked or can be, else the kernel keyring":                           {kernel, ring},
		"auto: the kernel keyring, since no keyring answers here":                                          {kernel, noRing},
		"auto: the keyring, since the kernel keyring cannot be used here":                                  {noKernel, ring},
		"auto: nothing is kept, since no keyring answers here, and the kernel keyring cannot be used here": {noKernel, noRing},
		"auto: the keyring":     {ring},
		"auto: nothing is kept": nil,
	} {
		if got := explainStore("auto", stores).String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// What a setting stands for on this system.
func TestRealStores(t *testing.T) {
	a := &app{Env: Env{Getenv: func(string) string { return "" }}}
	want := map[string]string{"auto": "kernel keyring", "keyring": "keyring", "kernel": "kernel", "none": ""}
	if runtime.GOOS != "linux" {
		want["auto"], want["kernel"] = "keyring", "error: the store kernel is there on Linux alone"
	}
	for name, want := range want {
		stores, err := a.realStores(name, options{}, state.New(""))
		var names []string
		for _, s := range stores {
			names = append(names, s.Name())
		}
		got := strings.Join(names, " ")
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
