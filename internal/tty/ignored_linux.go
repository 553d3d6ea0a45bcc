package tty

import (
	"os"
	"strconv"
	"strings"
)

// ignoredSignals has bit n-1 set for each signal n that this process ignores; 0 if that cannot be told. Package os/signal knows
// it of two signals only. https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
func ignoredSignals() uint64 {
	status, _ := os.ReadFile("/proc/self/status")
	_, after, _ := strings.Cut(string(status), "\nSigIgn:")
	word, _, _ := strings.Cut(after, "\n")
	set, _ := strconv.ParseUint(strings.TrimSpace(word), 16, 64)
	return set
}
