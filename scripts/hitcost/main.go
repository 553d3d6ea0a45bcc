//go:build unix

// Hitcost measures what a cached answer of daypass costs, how much longer it
// takes to find nobody to ask or to show the prompt, and what its binary weighs,
// against the bounds that it must hold. It owns the bounds and the ways to measure
// them. It builds nothing and measures what it is given; bench.sh above it does the
// rest, and floor below it is the yardstick.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"text/tabwriter"

	"daypass/internal/keyring/keyringtest"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: hitcost DAYPASS FLOOR")
		os.Exit(2)
	}
	keyringtest.Alone() // the kernel keyring that is measured is nobody's
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "hitcost: error:", err)
		os.Exit(1)
	}
}

// row is a line of the table.
type row struct {
	what, measured, bound string
	ok                    bool
	skipped               bool // for want of a tool, which measured names
}

// attempts is how often a bound may be tried, since what else the machine does
// can slow one side down more than the other.
const attempts = 3

func run(daypass, floor string) (err error) {
	t := newHarness()
	defer t.end(&err)
	keyringtest.NeedAlone(t)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-stop
		t.cleanUp()
		os.Exit(130)
	}()

	w := newWorld(t, daypass, floor)
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	missed, mustMeasure := 0, os.Getenv("CI") == "true"
	for _, measure := range []func() row{
		w.oneConnection,
		func() row { return w.hit("nobody to unlock", noDisplay) },
		func() row { return w.hit("with a display", display) },
		w.kernelHit,
		w.start,
		w.nobodyToAsk,
		w.promptOff,
		w.promptShown,
		w.bigConfig,
		w.bigConfigUncached,
		func() row { return w.busCalls("nobody to unlock", noDisplay) },
		func() row { return w.busCalls("with a display", display) },
		w.hitCalls,
		w.kernelCalls,
		w.unaskedCalls,
		w.size,
		w.static,
	} {
		r := measure()
		for n := 1; n < attempts && !r.ok && !r.skipped; n++ {
			r = measure()
		}
		verdict := "ok"
		switch {
		case r.skipped && !mustMeasure:
			verdict = "skipped"
		case !r.ok:
			verdict = "MISSED"
			missed++
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", r.what, r.measured, r.bound, verdict)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	w.mustHit(w.output(w.call()))
	if missed > 0 {
		return fmt.Errorf("bounds missed: %d", missed)
	}
	return nil
}
