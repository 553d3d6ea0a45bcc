//go:build unix

package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"daypass/internal/stsim"
)

// killing is a world with two terminals, somebody who sits at both, and rounds in
// each of which one process is killed while others wait for it.
type killing struct {
	*world
	random  *rand.Rand
	shells  [2]*shell
	prompts [2]int // of each terminal, that were seen to
	round   int
	others  map[string]*shell // that are started in this round and must live

	typed map[string]bool
	shows string // on the device
	more  int    // how many prompts more it shows that for
}

// code is what the device shows. It shows each code for two prompts, as people
// type one twice, and in a further round never one of those before.
func (k *killing) code() string {
	for ; k.more == 0; k.more = 2 {
		for k.shows = k.sts.Code(device); k.typed[k.shows]; k.shows = k.sts.Code(device) {
			k.sts.AddDevice("arn:aws:iam::111111111111:user/ana", device, strconv.AppendUint(nil, k.random.Uint64(), 16))
		}
		k.typed[k.shows] = true
	}
	k.more--
	return k.shows
}

// unanswered is how many prompts of a terminal were not seen to.
func (k *killing) unanswered(i int) int {
	return prompts(k.shells[i].Output()) - k.prompts[i]
}

// sit types a code at each terminal with prompts that were not seen to: only the
// last of them can be alive.
func (k *killing) sit() {
	for i, s := range k.shells {
		if n := k.unanswered(i); n > 0 {
			k.prompts[i] += n
			s.Type(k.code() + "\r")
		}
	}
}

func (k *killing) victim() string { return fmt.Sprint("victim", k.round) }

// begin begins a round with the one that will be killed.
func (k *killing) begin(profile string) {
	k.others, k.more = map[string]*shell{}, 0
	for i := range k.shells {
		k.prompts[i] += k.unanswered(i) // those of the dead
	}
	k.shells[0].start(k.victim(), profile)
}

// empty ends a round: it empties the store, of what a killed one left there too.
func (k *killing) empty() {
	k.t.Helper()
	left, err := filepath.Glob(filepath.Join(k.folder, "store", "*"))
	for _, path := range left {
		err = errors.Join(err, os.Remove(path))
	}
	if err != nil {
		k.t.Fatal(err)
	}
}

// crowd starts others of any profile, on both terminals.
func (k *killing) crowd() {
	profiles := []string{"dev", "ops", "session", "long"}
	for i := range 1 + k.random.IntN(3) {
		name, s := fmt.Sprintf("other%d-%d", k.round, i), k.shells[k.random.IntN(2)]
		s.start(name, profiles[k.random.IntN(len(profiles))])
		k.others[name] = s
	}
}

// asks waits until the first one asks.
func (k *killing) asks() {
	k.t.Helper()
	k.until("the prompt", func() bool { return k.unanswered(0) > 0 })
	k.prompts[0]++
}

// wait waits until the first one asks and the others wait for it.
func (k *killing) wait() {
	k.t.Helper()
	k.asks()
	k.crowd()
	k.missed(1 + len(k.others))
}

// soon is over at any moment within a few tens of milliseconds.
func (k *killing) soon() { <-time.After(time.Duration(k.random.IntN(40_000)) * time.Microsecond) }

// answer types the code at the prompt of the first.
func (k *killing) answer() { k.shells[0].Type(k.code() + "\r") }

// meets makes the next request for that action meet the fault, and returns what
// waits until it has.
func (k *killing) meets(f stsim.Fault) (met func()) {
	f.Times = 1
	k.sts.Inject(f)
	count := k.sts.Accepted
	if f.Hang {
		count = k.sts.Count
	}
	before := count(f.Action)
	return func() {
		k.t.Helper()
		k.until("STS has the request", func() bool { return count(f.Action) > before })
	}
}

// points are where the first one is killed: what brings it there.
var points = []struct {
	name    string
	profile string
	reach   func(*killing)
}{
	{"before the prompt", "dev", func(k *killing) { k.crowd(); k.soon() }},
	{"before the prompt", "long", func(k *killing) { k.crowd(); k.soon() }},
	{"at the prompt", "dev", func(k *killing) { k.wait(); k.soon() }},
	{"at the prompt, half a code typed", "session", func(k *killing) { k.wait(); k.shells[0].Type("12"); k.shells[0].Expect("12") }},
	{"the code typed", "dev", func(k *killing) { k.wait(); k.answer(); k.soon() }},
	{"the code typed", "long", func(k *killing) { k.wait(); k.answer(); k.soon() }},
	{"the code on its way", "dev", func(k *killing) { k.wait(); met := k.meets(stsim.Fault{Hang: true}); k.answer(); met() }},
	{"STS answering", "ops", func(k *killing) { k.wait(); met := k.meets(stsim.Fault{Delay: time.Hour}); k.answer(); met() }},
	{"STS answering", "long", func(k *killing) { k.wait(); met := k.meets(stsim.Fault{Delay: time.Hour}); k.answer(); met() }},
	{"storing", "session", (*killing).reachStore},
	{"storing", "dev", (*killing).reachStore},
	{"the role being assumed", "dev", func(k *killing) {
		met := k.meets(stsim.Fault{Action: "AssumeRole", Delay: time.Hour})
		k.asks()
		k.answer()
		met()
		k.crowd()
	}},
}

// reachStore brings the first one to where its session is in the index and not in
// the store: there it waits to write its item into a pipe.
func (k *killing) reachStore() {
	k.t.Helper()
	k.wait()
	locks, err := filepath.Glob(filepath.Join(k.folder, stateFolder, "locks", "v1-*"))
	for _, lock := range locks { // the entry's name is among them
		item := fmt.Sprintf("item-%s.%d", filepath.Base(lock), k.shells[0].pid(k.victim()))
		err = errors.Join(err, syscall.Mkfifo(filepath.Join(k.folder, "store", item), 0o600))
	}
	if err != nil || len(locks) == 0 {
		k.t.Fatal(locks, err)
	}
	k.answer()
	k.until("the session is being stored", func() bool { return strings.Contains(k.read("store/calls"), "\nset ") })
}

// kill kills the first one, unless it has ended.
func (k *killing) kill() {
	k.t.Helper()
	process, err := os.FindProcess(k.shells[0].pid(k.victim()))
	if err == nil {
		err = process.Kill()
	}
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		k.t.Fatal(err)
	}
}

// survive sees to the others until all have ended, each with its answer.
func (k *killing) survive() {
	k.t.Helper()
	k.until("the others end", func() bool {
		k.sit()
		for name := range k.others {
			if _, ended := k.ending(name); !ended {
				return false
			}
		}
		return true
	})
	for name, s := range k.others {
		s.end(name).credentials()
	}
	if got := k.shells[0].end(k.victim()); got.code != 128+int(syscall.SIGKILL) {
		got.credentials() // it was faster
	}
}

// Whoever asks is killed, at any point. Those who wait go on without a lock in
// their way, and no code is sent twice, though it is typed twice.
func TestAKilledPrompterIsSucceeded(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	if text := os.Getenv("TEST_SEED"); text != "" {
		seed, _ = strconv.ParseUint(text, 10, 64)
	}
	t.Logf("TEST_SEED=%d", seed)
	w := newWorld(t)
	k := &killing{world: w, random: rand.New(rand.NewPCG(seed, 0)), shells: [2]*shell{w.shell(), w.shell()}, typed: map[string]bool{}}
	for k.round = range 50 {
		point := points[k.round%len(points)]
		t.Logf("round %d: %s of %s", k.round, point.name, point.profile)
		k.begin(point.profile)
		point.reach(k)
		k.kill()
		k.survive()
		k.shells[0].unchanged()
		k.shells[1].unchanged()
		k.empty()
	}

	// What a killed one left of its locks goes with the next one that takes them, on
	// either terminal.
	for i, profile := range []string{"dev", "long", "ops", "session"} {
		s, name := k.shells[i%2], "last-"+profile
		s.start(name, profile)
		k.until(name+" ends", func() bool { k.sit(); _, ended := k.ending(name); return ended })
		s.end(name).credentials()
	}
	k.shells[0].close()
	k.shells[1].close()
	w.unlocked()
	k.sentOnce()
}

// sentOnce checks that STS saw no code twice and refused none, and that it is not
// for want of trying.
func (k *killing) sentOnce() {
	k.t.Helper()
	sent := map[string]bool{}
	for _, r := range k.sts.Requests() {
		code := r.Form.Get("TokenCode")
		if sent[code] && code != "" {
			k.t.Errorf("%s brought the code %s again", r.Action, code)
		}
		sent[code] = true
		if r.ErrorCode != "" {
			k.t.Errorf("%s with the code %q was refused: %s", r.Action, code, r.ErrorCode)
		}
	}
	if !strings.Contains(k.shells[0].shown()+k.shells[1].shown(), "that code was used already") {
		k.t.Error("nobody typed a code that had been sent")
	}
}
