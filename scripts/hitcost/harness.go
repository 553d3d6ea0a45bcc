//go:build unix

package main

import (
	"context"
	"fmt"
	"sync"
	"testing"
)

// harness is the testing.TB that keyringtest and ttytest want, outside a test.
// Only what is used of it is there.
type harness struct {
	testing.TB

	mu       sync.Mutex
	cleanups []func()
}

// failure is what Fatal and Skip panic with, and end turns into an error.
type failure string

func newHarness() *harness { return &harness{} }

func (t *harness) Helper()                  {}
func (t *harness) Context() context.Context { return context.Background() }
func (t *harness) Fatal(args ...any)        { panic(failure(fmt.Sprint(args...))) }

func (t *harness) Fatalf(format string, args ...any) { panic(failure(fmt.Sprintf(format, args...))) }
func (t *harness) Skipf(format string, args ...any)  { panic(failure(fmt.Sprintf(format, args...))) }

func (t *harness) Cleanup(do func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cleanups = append(t.cleanups, do)
}

func (t *harness) cleanUp() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := len(t.cleanups) - 1; i >= 0; i-- {
		t.cleanups[i]()
	}
	t.cleanups = nil
}

// end is deferred: it cleans up, and makes an error of a failure.
func (t *harness) end(err *error) {
	t.cleanUp()
	switch p := recover().(type) {
	case nil:
	case failure:
		*err = fmt.Errorf("%s", string(p))
	default:
		panic(p)
	}
}

// must fails the run.
func (t *harness) must(err error) {
	if err != nil {
		t.Fatal(err)
	}
}
