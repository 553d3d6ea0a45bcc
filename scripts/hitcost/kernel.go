//go:build unix

package main

import (
	"fmt"
	"regexp"
	"time"

	"daypass/internal/keyring"
)

// What a hit in the kernel keyring may cost, beside a floor so low that reading
// the config counts.
const (
	maxKernelRatio = 1.6
	maxKeyCalls    = 2
)

// inKernel lends the role's item to the kernel keyring, where auto looks first.
func (w *world) inKernel(measure func(item string) row) row {
	item := w.output(w.least(noDisplay))
	w.must(keyring.Kernel{}.Set(w.account, item, time.Hour))
	defer func() { w.must(keyring.Kernel{}.Delete(w.account)) }()
	return measure(item)
}

// kernelHit compares a hit in the kernel keyring with its floor.
func (w *world) kernelHit() row {
	return w.inKernel(func(item string) row {
		return ratio("a hit in the kernel keyring", maxKernelRatio,
			func() time.Duration { return w.timed(w.call(noDisplay), 0, w.answer) },
			"floor", func() time.Duration { return w.timed(w.command(nil, w.floor, "kernel", w.account), 0, item) })
	})
}

// start is what a process costs that reads nothing.
func (w *world) start() row {
	floors, starts := interleaved(pairs,
		func() time.Duration { return w.timed(w.least(noDisplay), 0, "") },
		func() time.Duration { return w.timed(w.command(nil, w.floor, "nothing"), 0, "") })
	return row{what: "a process that reads nothing", measured: fmt.Sprintf("%s / floor %s", starts, floors), bound: "<= floor", ok: starts.median() <= floors.median()}
}

var (
	socket  = regexp.MustCompile(`\bsocket\(`)
	keyCall = regexp.MustCompile(`\b(keyctl|add_key|request_key)\(`)
)

// kernelCalls looks at the system calls of a hit in the kernel keyring.
func (w *world) kernelCalls() row {
	return w.inKernel(func(string) row {
		r := row{what: "sockets, key calls of a hit in the kernel keyring", bound: fmt.Sprintf("0, <= %d", maxKeyCalls)}
		calls, why := w.traced(w.call(noDisplay), 0, w.answer)
		if why != "" {
			r.measured, r.skipped = "needs strace: "+why, true
			return r
		}
		sockets, keys := 0, 0
		for _, call := range calls {
			sockets += len(socket.FindAllString(call, 1))
			keys += len(keyCall.FindAllString(call, 1))
		}
		r.measured = fmt.Sprintf("%d, %d among %d system calls", sockets, keys, len(calls))
		r.ok = sockets == 0 && 0 < keys && keys <= maxKeyCalls
		return r
	})
}
