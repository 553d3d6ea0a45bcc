package keyring

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	gokeyring "github.com/zalando/go-keyring"
	"go.uber.org/goleak"
)

// fake is a keyring in memory that can be told to misbehave.
type fake struct {
	items map[string]string
	calls atomic.Int32
	fail  map[string]error // by method
	panic bool
	lie   bool          // say yes and do nothing
	cut   int           // keep no more bytes than this; 0: all
	hang  chan struct{} // wait until it is closed, and fail
}

func (f *fake) enter(method string) error {
	f.calls.Add(1)
	if f.hang != nil {
		<-f.hang
		return errors.New("too late")
	}
	if f.panic {
		panic("signal is nil")
	}
	return f.fail[method]
}

func (f *fake) Get(service, account string) (string, error) {
	if err := f.enter("Get"); err != nil {
		return "", err
	}
	value, ok := f.items[service+"/"+account]
	if !ok {
		return "", gokeyring.ErrNotFound
	}
	return value, nil
}

func (f *fake) Set(service, account, value string) error {
	if err := f.enter("Set"); err != nil || f.lie {
		return err
	}
	if f.items == nil {
		f.items = map[string]string{}
	}
	if f.cut > 0 && len(value) > f.cut {
		value = value[:f.cut]
	}
	f.items[service+"/"+account] = value
	return nil
}

func (f *fake) Delete(service, account string) error {
	if err := f.enter("Delete"); err != nil || f.lie {
		return err
	}
	if _, ok := f.items[service+"/"+account]; !ok {
		return gokeyring.ErrNotFound
	}
	delete(f.items, service+"/"+account)
	return nil
}

func (f *fake) DeleteAll(service string) error {
	if err := f.enter("DeleteAll"); err != nil || f.lie {
		return err
	}
	for name := range f.items {
		if strings.HasPrefix(name, service+"/") {
			delete(f.items, name)
		}
	}
	return nil
}

// everyCall returns the errors of all methods, each of a Keyring of its own that
// waits no longer than limit.
func everyCall(ctx context.Context, b backend, limit time.Duration) map[string]error {
	all := map[string]error{}
	ring := func() *Keyring { return &Keyring{backend: b, limit: limit} }
	_, all["Get"] = ring().Get(ctx, "s", "a")
	all["Set"] = ring().Set(ctx, "s", "a", "v")
	all["Delete"] = ring().Delete(ctx, "s", "a")
	all["DeleteAll"] = ring().DeleteAll(ctx, "s")
	return all
}

func TestRoundTrip(t *testing.T) {
	k, ctx := &Keyring{backend: &fake{}}, t.Context()
	if _, err := k.Get(ctx, "s", "a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("before Set: %v", err)
	}
	for _, value := range []string{"one", "", "two"} {
		if err := k.Set(ctx, "s", "a", value); err != nil {
			t.Fatal(err)
		}
		if got, err := k.Get(ctx, "s", "a"); got != value || err != nil {
			t.Errorf("got %q, %v, want %q", got, err, value)
		}
	}
	for range 2 { // the second finds nothing
		if err := k.Delete(ctx, "s", "a"); err != nil {
			t.Error(err)
		}
		if err := k.DeleteAll(ctx, "s"); err != nil {
			t.Error(err)
		}
	}
	if err := k.DeleteAll(ctx, ""); err == nil {
		t.Error("DeleteAll takes every service")
	}
}

func TestHang(t *testing.T) {
	defer goleak.VerifyNone(t)
	f := &fake{hang: make(chan struct{})}
	defer close(f.hang)
	for method, err := range everyCall(t.Context(), f, time.Millisecond) {
		if !errors.Is(err, ErrTimeout) {
			t.Errorf("%s gives %v", method, err)
		}
	}
	k := &Keyring{backend: f, limit: time.Millisecond}
	_, _ = k.Get(t.Context(), "s", "a")
	healthy := &fake{}
	k.backend = healthy
	if err := k.Set(t.Context(), "s", "a", "v"); !errors.Is(err, ErrTimeout) || healthy.calls.Load() != 0 {
		t.Errorf("after a time-out Set gives %v, with %d calls", err, healthy.calls.Load())
	}
}

func TestContext(t *testing.T) {
	why := errors.New("the caller has gone")
	for _, c := range []struct {
		name  string
		ctx   func() (context.Context, context.CancelFunc)
		wants []error
		not   error
	}{
		{"deadline", func() (context.Context, context.CancelFunc) {
			return context.WithTimeoutCause(t.Context(), time.Millisecond, why)
		}, []error{ErrTimeout, why}, nil},
		{"cancelled", func() (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancelCause(t.Context())
			go cancel(why)
			return ctx, func() {}
		}, []error{why}, ErrTimeout},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fake{hang: make(chan struct{})}
			defer close(f.hang)
			k := &Keyring{backend: f, Attended: true}
			ctx, cancel := c.ctx()
			defer cancel()
			_, err := k.Get(ctx, "s", "a")
			for _, want := range c.wants {
				if !errors.Is(err, want) {
					t.Errorf("got %v, want one that is %v", err, want)
				}
			}
			if c.not != nil && errors.Is(err, c.not) {
				t.Errorf("got %v", err)
			}
		})
	}
	f := &fake{}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	k := &Keyring{backend: f}
	if _, err := k.Get(ctx, "s", "a"); !errors.Is(err, why) || f.calls.Load() != 0 {
		t.Errorf("with an ended context: %v after %d calls", err, f.calls.Load())
	}
	if _, err := k.Get(t.Context(), "s", "a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a call that was never made counts as hung: %v", err)
	}
}

func TestPanic(t *testing.T) {
	for method, err := range everyCall(t.Context(), &fake{panic: true}, 0) {
		if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "signal is nil") {
			t.Errorf("%s gives %v", method, err)
		}
	}
}

func TestReadBack(t *testing.T) {
	const value = "the value"
	for _, c := range []struct {
		name string
		fake *fake
		want error
	}{
		{"nothing is stored", &fake{lie: true}, errNotKept},
		{"the old value stays", &fake{lie: true, items: map[string]string{"s/a": "old"}}, errNotKept},
		{"it is cut", &fake{cut: 4}, errNotKept},
		{"it cannot be read", &fake{fail: map[string]error{"Get": errors.New("failed to unlock correct collection '/'")}}, ErrLocked},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := &Keyring{backend: c.fake}
			err := k.Set(t.Context(), "s", "a", value)
			if !errors.Is(err, c.want) || errors.Is(err, ErrNotFound) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if strings.Contains(err.Error(), value) || strings.Contains(err.Error(), "old") {
				t.Errorf("the error tells the secret: %v", err)
			}
		})
	}
	k := &Keyring{backend: &fake{lie: true, items: map[string]string{"s/a": value}}}
	if err := k.Delete(t.Context(), "s", "a"); !errors.Is(err, errStillThere) {
		t.Errorf("a Delete that deletes nothing gives %v", err)
	}
}

func TestErrorsOfEveryCall(t *testing.T) {
	plain := errors.New("out of memory")
	for _, c := range []struct{ err, want error }{
		{gokeyring.ErrSetDataTooBig, ErrTooLarge},
		{gokeyring.ErrUnsupportedPlatform, ErrUnavailable},
		{exit(t, 36), ErrLocked},
		{plain, plain},
	} {
		f := &fake{fail: map[string]error{"Get": c.err, "Set": c.err, "Delete": c.err, "DeleteAll": c.err}}
		for method, err := range everyCall(t.Context(), f, 0) {
			if !errors.Is(err, c.want) || !errors.Is(err, c.err) || !strings.Contains(err.Error(), "keyring: ") {
				t.Errorf("%s gives %v, want %v", method, err, c.want)
			}
		}
	}
}

// exit is the error of a program that ended with code.
func exit(t *testing.T, code int) error {
	t.Helper()
	return command(t, nil, request{Call: "Exit", Times: code}).Run()
}

// Of twenty processes that call a keyring which hangs the first waits as long as a
// call may take, and the others half a second: by a clock that only waiting moves.
func TestPatience(t *testing.T) {
	for attended, limit := range map[bool]time.Duration{false: 3 * time.Second, true: 15 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			f, m := &fake{hang: make(chan struct{})}, &memory{}
			defer close(f.hang)
			for n := range 20 {
				began := time.Now()
				k := &Keyring{backend: f, Attended: attended, Memory: m}
				if _, err := k.Get(t.Context(), "s", "a"); !errors.Is(err, ErrTimeout) {
					t.Errorf("attended %t, %d: %v", attended, n, err)
				}
				want := 500 * time.Millisecond
				if n == 0 {
					want = limit
				}
				if took := time.Since(began); took != want {
					t.Errorf("attended %t, %d: it took %v, want %v", attended, n, took, want)
				}
				m.trouble = slices.Contains(m.all(), "timeout")
			}
		})
	}
}
