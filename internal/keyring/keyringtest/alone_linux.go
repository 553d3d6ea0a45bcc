package keyringtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// aloneVariable holds, in a copy of the test binary that Alone or RunAlone has
// started, the id of the kernel keyring outside.
const aloneVariable = "DAYPASS_TEST_OUTSIDE"

// Alone begins the program anew in a user namespace of its own and ends with it.
// There it returns at once. Each such namespace has its own kernel keyrings, so
// that nothing which tests write or clear is the developer's. Where there can be
// none it returns too, and NeedAlone tells the tests.
func Alone() {
	if _, begun := os.LookupEnv(aloneVariable); begun {
		return
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	switch err := runAlone(cmd, os.Geteuid()); {
	case err == nil:
		os.Exit(0)
	case cmd.ProcessState != nil:
		os.Exit(max(cmd.ProcessState.ExitCode(), 1)) // -1: by a signal
	}
}

// RunAlone runs the test t alone in a namespace of its own, and returns true
// there. Outside it returns false once that is over, and t has failed if it did.
func RunAlone(t *testing.T) bool {
	t.Helper()
	const mark = aloneVariable + "_TEST"
	if os.Getenv(mark) == t.Name() {
		NeedAlone(t)
		return true
	}
	again(t, os.Geteuid(), mark+"="+t.Name())
	return false
}

// RunWithoutBus runs a test, which may be part of another, as a user without a
// session bus: one at /run/user/UID/bus is found whatever the environment says. It
// returns true there, which is where the test runs already if this user has none.
// Elsewhere it does as RunAlone, in a namespace in which the user has another id.
func RunWithoutBus(t *testing.T) bool {
	t.Helper()
	if !hasBus(os.Getuid()) {
		return true
	}
	id := 4711
	for hasBus(id) {
		id++
	}
	again(t, id)
	return false
}

func hasBus(uid int) bool {
	_, err := os.Stat(filepath.Join("/run/user", strconv.Itoa(uid), "bus"))
	return err == nil
}

// again runs the test t in another process, where the user has that id, with env
// added to the environment.
func again(t *testing.T, id int, env ...string) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+strings.ReplaceAll(t.Name(), "/", "$/^")+"$", "-test.v")
	cmd.Env = append(os.Environ(), env...)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	err := runAlone(cmd, id)
	switch {
	case cmd.ProcessState == nil:
		t.Skipf("needs a user namespace: %v", err)
	case err == nil && strings.Contains(out.String(), "--- SKIP: "+t.Name()):
		t.Skip(out.String())
	case err != nil || !strings.Contains(out.String(), "--- PASS: "+t.Name()):
		t.Errorf("%v\n%s", err, out.String())
	}
}

// NeedQuota skips a test that needs more of the kernel keyring than a user may
// have. The quota is that of the user outside, whatever the namespace.
func NeedQuota(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: the quota of another user is too small")
	}
}

// NeedAlone skips a test that would use the developer's kernel keyring.
func NeedAlone(t testing.TB) {
	t.Helper()
	outside := os.Getenv(aloneVariable)
	if inside, err := kernelKeyring(); outside == "" || err == nil && inside == outside {
		t.Skipf("needs a user namespace with a kernel keyring of its own")
	}
}

// runAlone runs cmd as the user with that id. Where it is that of root all others
// are there too, since tests run programs as others.
func runAlone(cmd *exec.Cmd, id int) error {
	runtime.LockOSThread() // whose end the child would not outlive
	defer runtime.UnlockOSThread()
	outside, err := kernelKeyring()
	if err != nil {
		outside = "none"
	}
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env, aloneVariable+"="+outside)
	root := id == 0 && os.Geteuid() == 0
	ids := func(inside, outside int) []syscall.SysProcIDMap {
		if root {
			return []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 1<<32 - 1}}
		}
		return []syscall.SysProcIDMap{{ContainerID: inside, HostID: outside, Size: 1}}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS, // root mounts full disks for some tests
		UidMappings: ids(id, os.Geteuid()), GidMappings: ids(os.Getegid(), os.Getegid()),
		GidMappingsEnableSetgroups: root,
		Pdeathsig:                  syscall.SIGKILL,
	}
	return cmd.Run()
}

// kernelKeyring returns the id of the user's.
func kernelKeyring() (string, error) {
	id, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_USER_KEYRING, true)
	return strconv.Itoa(id), err
}

// Forbid makes the calls to the kernel keyring fail with errno in this thread and
// in what it becomes, as a container's seccomp filter does.
func Forbid(errno syscall.Errno) error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	forbidden := []uint32{unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_KEYCTL}
	filter := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS}} // the number of the call
	for i, call := range forbidden {
		filter = append(filter, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: call, Jt: uint8(len(forbidden) - i)})
	}
	filter = append(filter,
		unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
		unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(errno)})
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0)
}

// ForbidAndRun is a program: forbid ERRNO PROGRAM ARGUMENTS.
func ForbidAndRun() {
	thenRun(os.Args[2:], func() error {
		errno, err := strconv.Atoi(os.Args[1])
		return errors.Join(err, Forbid(syscall.Errno(errno)))
	})
}

// JoinAndRun is a program: join PROGRAM ARGUMENTS. What it runs has a new session
// keyring, without a name and without a link to the user's: so begin what systemd
// starts, and su and ssh where PAM does not put the link there.
// https://man7.org/linux/man-pages/man7/session-keyring.7.html
func JoinAndRun() {
	thenRun(os.Args[1:], func() error {
		_, err := unix.KeyctlInt(unix.KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0)
		return err
	})
}

// thenRun makes of this process another program, after something was done that
// holds for the thread.
func thenRun(program []string, do func() error) {
	runtime.LockOSThread()
	err := do()
	if err == nil {
		err = syscall.Exec(program[0], program, os.Environ())
	}
	fmt.Fprintln(os.Stderr, os.Args[0], err)
	os.Exit(125)
}
