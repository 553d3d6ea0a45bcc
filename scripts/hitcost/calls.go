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

// What a hit must not do, as strace prints it.
var (
	network = regexp.MustCompile(`AF_INET`)
	locking = regexp.MustCompile(`\bflock\(|\bF_(OFD_)?SETLK`)
)

// systemCalls looks at every system call of a hit.
func (w *world) systemCalls() row {
	r := row{what: "network calls, locks, state files of a hit", bound: "0, 0, 0"}
	log := filepath.Join(w.home, "strace")
	cmd := w.command([]string{noDisplay}, "strace", append([]string{"-f", "-o", log}, w.call().Args...)...)
	var problem bytes.Buffer
	cmd.Stderr = &problem
	answer, err := cmd.Output()
	if errors.Is(err, exec.ErrNotFound) || strings.HasPrefix(problem.String(), "strace: ") { // it may not trace here
		r.measured, r.skipped = "needs strace: "+cmp.Or(strings.TrimSpace(problem.String()), fmt.Sprint(err)), true
		return r
	}
	w.must(err)
	w.mustHit(string(answer))
	text, err := os.ReadFile(log)
	w.must(err)
	connections, locks, files, all := 0, 0, 0, 0
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, " resumed>") || !strings.Contains(line, "(") {
			continue // the rest of a call, the end of a thread, a signal
		}
		all++
		connections += len(network.FindAllString(line, 1))
		locks += len(locking.FindAllString(line, 1))
		files += strings.Count(line, w.state)
	}
	r.measured = fmt.Sprintf("%d, %d, %d among %d system calls", connections, locks, files, all)
	r.ok = all > 0 && connections+locks+files == 0
	return r
}
