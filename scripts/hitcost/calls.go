//go:build unix

package main

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"daypass/internal/tty/ttytest"
)

// maxBusCalls is how many methods a hit may call on the session bus, the Hello
// of every client included.
const maxBusCalls = 8

// busCall is a line of dbus-monitor about a method call.
var busCall = regexp.MustCompile(`^method call .* sender=(\S+) .* path=(\S+); .* member=(\S+)$`)

// busCalls counts the methods that a hit calls, as dbus-monitor sees them.
func (w *world) busCalls(situation, environment string) row {
	const marker = "/hitcost"
	client := w.bus.Connect()
	defer client.Close()
	lines, stop := w.monitor()
	defer stop()

	w.mustHit(w.output(w.call(environment)))
	// What was sent before the marker is reported before it.
	w.must(client.Object("org.freedesktop.DBus", marker).Call("org.freedesktop.DBus.Peer.Ping", 0).Err)
	caller, members := "", []string(nil)
	for lines.Scan() {
		call := busCall.FindStringSubmatch(lines.Text())
		switch {
		case call == nil:
			continue
		case call[3] == "Hello":
			caller, members = call[1], []string{"Hello"}
		case call[1] == caller:
			members = append(members, call[3])
		}
		if call[2] == marker {
			break
		}
	}
	return row{
		what:     "calls on the bus, " + situation,
		measured: fmt.Sprintf("%d: %s", len(members), strings.Join(members, " ")),
		bound:    fmt.Sprintf("<= %d", maxBusCalls),
		ok:       0 < len(members) && len(members) <= maxBusCalls,
	}
}

// monitor starts dbus-monitor, and returns when it listens.
func (w *world) monitor() (lines *bufio.Scanner, stop func()) {
	cmd := w.command(nil, "dbus-monitor", "--address", w.bus.Address, "type='method_call'")
	out, err := cmd.StdoutPipe()
	w.must(err)
	w.must(cmd.Start())
	lines = bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "member=NameLost") { // monitors have no name
			return lines, func() {
				_ = cmd.Process.Kill()
				_, _ = io.Copy(io.Discard, out)
				_ = cmd.Wait()
			}
		}
	}
	w.Fatalf("dbus-monitor does not listen: %v", cmd.Wait())
	return nil, nil
}

// What neither a hit nor a call that may ask nobody must do, as strace prints it.
var (
	network = regexp.MustCompile(`AF_INET`)
	locking = regexp.MustCompile(`\bflock\(|\bF_(OFD_)?SETLK`)
)

// hitCalls looks at the system calls of a hit. Of the state folder it may look for
// the list of long-term keys, which go before those of the files.
func (w *world) hitCalls() row {
	return w.systemCalls("network calls, locks, state files of a hit", w.call(noDisplay), 0, w.answer, w.state+"/", "keys.json")
}

// unaskedCalls looks at those of exit 3. It may keep the failure for status.
func (w *world) unaskedCalls() row {
	return w.systemCalls("network calls, locks, lock files of exit 3", alone(w.cold(noDisplay)), exitUnasked, "", filepath.Join(w.state, "locks"), "")
}

// systemCalls counts what cmd must not do: call the network, lock, touch what
// lies in folder, but for the file allowed.
func (w *world) systemCalls(what string, cmd *exec.Cmd, code int, answer, folder, allowed string) row {
	r := row{what: what, bound: "0, 0, 0"}
	calls, why := w.traced(cmd, code, answer)
	if why != "" {
		r.measured, r.skipped = "needs strace: "+why, true
		return r
	}
	connections, locks, files := 0, 0, 0
	for _, call := range calls {
		connections += len(network.FindAllString(call, 1))
		locks += len(locking.FindAllString(call, 1))
		files += strings.Count(call, folder)
		if allowed != "" {
			files -= strings.Count(call, folder+allowed+`"`)
		}
	}
	r.measured = fmt.Sprintf("%d, %d, %d among %d system calls", connections, locks, files, len(calls))
	r.ok = len(calls) > 0 && connections+locks+files == 0
	return r
}

// traced returns the system calls of cmd, which must end with that exit code and
// answer, or why strace cannot be had.
func (w *world) traced(cmd *exec.Cmd, code int, answer string) (calls []string, why string) {
	log := filepath.Join(w.home, "strace")
	traced := exec.Command("strace", append([]string{"-f", "-o", log}, cmd.Args...)...)
	traced.Env, traced.SysProcAttr = cmd.Env, cmd.SysProcAttr
	var problem bytes.Buffer
	traced.Stderr = &problem
	said, err := traced.Output()
	if errors.Is(err, exec.ErrNotFound) || strings.HasPrefix(problem.String(), "strace: ") { // it may not trace here
		return nil, cmp.Or(strings.TrimSpace(problem.String()), fmt.Sprint(err))
	}
	if got := ttytest.ExitCode(err); got != code || string(said) != answer {
		w.Fatalf("%s: exit code %d, not %d, and the answer is\n%s%s", cmd, got, code, said, problem.String())
	}
	text, err := os.ReadFile(log)
	w.must(err)
	for line := range strings.Lines(string(text)) {
		if !strings.Contains(line, " resumed>") && strings.Contains(line, "(") { // no rest of a call, end of a thread, signal
			calls = append(calls, line)
		}
	}
	return calls, ""
}
