//go:build unix

package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"time"
)

// The bounds of what a hit may cost.
const (
	pairs        = 200
	maxRatio     = 1.25
	maxBigConfig = 4 * time.Millisecond
)

// times are those of one kind of run.
type times []time.Duration

func (t times) median() time.Duration {
	return slices.Sorted(slices.Values(t))[len(t)/2]
}

func (t times) String() string {
	return fmt.Sprintf("%.2f ms (min %.2f)", milliseconds(t.median()), milliseconds(slices.Min(t)))
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// interleaved runs both n times, in turns, so that whatever else the machine
// does slows both down.
func interleaved(n int, a, b func() time.Duration) (as, bs times) {
	for i := range n {
		if i%2 == 0 {
			as = append(as, a())
			bs = append(bs, b())
		} else {
			bs = append(bs, b())
			as = append(as, a())
		}
	}
	return as, bs
}

// timed is how long a command takes, from fork to the end of the process. Its
// exit code must be the one given, and so must, unless that is empty, all that it
// prints.
func (w *world) timed(cmd *exec.Cmd, code int, answer string) time.Duration {
	reader, writer, err := os.Pipe() // which holds more than an answer
	w.must(err)
	defer reader.Close()
	cmd.Stdout, cmd.Stderr = writer, writer
	begun := time.Now()
	w.must(cmd.Start())
	_ = cmd.Wait()
	took := time.Since(begun)
	w.must(writer.Close())
	said, err := io.ReadAll(reader)
	w.must(err)
	if got := cmd.ProcessState.ExitCode(); got != code || answer != "" && string(said) != answer {
		w.Fatalf("%s: exit code %d, not %d, and the answer is\n%s", cmd, got, code, said)
	}
	return took
}

// hit compares a hit with the floor.
func (w *world) hit(situation, environment string) row {
	item := w.output(w.least(environment))
	return ratio("a hit, "+situation, maxRatio,
		func() time.Duration { return w.timed(w.call(environment), 0, w.answer) },
		"floor", func() time.Duration { return w.timed(w.least(environment), 0, item) })
}

// ratio compares what is measured with the measure that name stands for.
func ratio(what string, bound float64, measured func() time.Duration, name string, measure func() time.Duration) row {
	as, bs := interleaved(pairs, measured, measure)
	r := float64(as.median()) / float64(bs.median())
	return row{
		what:     what,
		measured: fmt.Sprintf("%s / %s %s = %.2f", as, name, bs, r),
		bound:    fmt.Sprintf("<= %.2f", bound),
		ok:       r <= bound,
	}
}

// bigConfig compares a hit with 10,000 profiles with one with 10.
func (w *world) bigConfig() row {
	return w.compareConfigs("10,000 profiles add to a hit", 0, w.answer)
}

// bigConfigUncached leaves the keyring out: a call that finds nothing and may
// ask nobody.
func (w *world) bigConfigUncached() row {
	return w.compareConfigs("10,000 profiles add without the keyring", 3, "", "DAYPASS_STORE=none", "DAYPASS_NO_PROMPT=1")
}

func (w *world) compareConfigs(what string, code int, answer string, environment ...string) row {
	with := func(config string) func() time.Duration {
		all := append([]string{"AWS_CONFIG_FILE=" + config}, environment...)
		return func() time.Duration { return w.timed(w.call(all...), code, answer) }
	}
	large, small := interleaved(pairs, with(w.big), with(w.small))
	added := large.median() - small.median()
	return row{
		what:     what,
		measured: fmt.Sprintf("%.2f ms: %s - %s", milliseconds(added), large, small),
		bound:    fmt.Sprintf("<= %.0f ms", milliseconds(maxBigConfig)),
		ok:       added <= maxBigConfig,
	}
}
