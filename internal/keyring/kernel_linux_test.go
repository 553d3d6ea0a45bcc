package keyring

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"daypass/internal/keyring/keyringtest"
)

// kernelWork is what a copy of the test binary does instead of TestKernelWork.
const kernelWork = "DAYPASS_TEST_KERNEL"

// inCopy returns a command that does the work in another process.
func inCopy(t *testing.T, work ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestKernelWork$")
	cmd.Env = append(os.Environ(), kernelWork+"="+strings.Join(work, " "), "GORACE=atexit_sleep_ms=0")
	return cmd
}

func said(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

// TestKernelWork is no test but the work of a copy.
func TestKernelWork(t *testing.T) {
	work := strings.Fields(os.Getenv(kernelWork))
	if len(work) == 0 {
		return
	}
	runtime.LockOSThread() // session keyrings are those of threads
	map[string]func(args []string){
		"anonymous": workAnonymous, "forbidden": workForbidden, "set": workSet, "crowd": workCrowd, "quota": workQuota,
	}[work[0]](work[1:])
	os.Exit(0)
}

func report(what string, err error) {
	kind := "other"
	for name, known := range map[string]error{"ok": nil, "not found": ErrNotFound, "full": ErrFull, "too large": ErrTooLarge} {
		if errors.Is(err, known) {
			kind = name
		}
	}
	if kind == "other" && errors.Is(err, ErrUnavailable) {
		kind = "unavailable"
	}
	fmt.Println(what, kind)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// mine is what /proc/keys tells of a key that is in the user's keyring.
type mine struct{ left, name string }

// ours are the lines of our keys, wherever they are linked.
func ours(t *testing.T) []mine {
	t.Helper()
	text, err := os.ReadFile("/proc/keys")
	must(t, err)
	var all []mine
	links, err := kernelLinks()
	must(t, err)
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) < 9 || f[7] != kernelType || !strings.HasPrefix(strings.TrimSuffix(f[8], ":"), kernelPrefix) {
			continue
		}
		if id, err := strconv.ParseInt(f[0], 16, 32); err == nil && slices.Contains(links, int(id)) {
			all = append(all, mine{f[3], f[8]})
		}
	}
	return all
}

func TestKernelRoundTrip(t *testing.T) {
	if !keyringtest.RunAlone(t) {
		return
	}
	keyringtest.NeedQuota(t)
	var k Kernel
	must(t, k.Check())
	for _, size := range []int{1, 343, 832, 2100, 2700, 4096, 16_384, kernelLimit} {
		value := rand.Text() + string(make([]byte, size))
		value = value[len(value)-size:]
		if _, err := k.Get("a"); !errors.Is(err, ErrNotFound) {
			t.Errorf("%d bytes: before: %v", size, err)
		}
		for range 2 { // the second takes the place of the first
			must(t, k.Set("a", value, time.Hour))
		}
		if got, err := k.Get("a"); got != value || err != nil {
			t.Errorf("%d bytes: got %d, %v", size, len(got), err)
		}
		if got := ours(t); len(got) != 1 || !slices.Contains([]string{"59m", "60m", "1h"}, got[0].left) {
			t.Errorf("%d bytes: the keys are %v", size, got)
		}
		must(t, k.Delete("a"))
		must(t, k.Delete("a"))
	}
	must(t, k.Set("a", "old", time.Hour))
	if err := k.Set("a", string(make([]byte, kernelLimit+1)), time.Hour); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a byte more: %v", err)
	}
	if _, err := kernelPut("b", string(make([]byte, kernelLimit+1)), 1); !errors.Is(err, unix.EINVAL) {
		t.Errorf("the kernel takes a byte more: %v", err)
	}
	for _, left := range []time.Duration{-time.Hour, 0, time.Second - 1} {
		if err := k.Set("a", "dead", left); err == nil {
			t.Errorf("it takes what lives %v", left)
		}
	}
	if got, err := k.Get("a"); got != "old" || err != nil {
		t.Errorf("what was refused changed the value: %q, %v", got, err)
	}
}

// What has expired is not found, takes its room until it is dropped, and can be
// written again.
func TestKernelExpires(t *testing.T) {
	if !keyringtest.RunAlone(t) {
		return
	}
	var k Kernel
	must(t, k.Set("short", "value", 2*time.Second-1))
	must(t, k.Set("again", "value", 2*time.Second-1))
	must(t, k.Set("long", "value", time.Hour))
	for _, account := range []string{"short", "again"} {
		for {
			_, err := k.Get(account)
			if errors.Is(err, ErrNotFound) {
				break
			}
			must(t, err)
			time.Sleep(20 * time.Millisecond)
		}
	}
	if got, err := k.Accounts(); err != nil || !slices.Equal(got, []string{"long"}) {
		t.Errorf("accounts: %v, %v", got, err)
	}
	must(t, k.Set("again", "later", time.Hour))
	if got, err := k.Get("again"); got != "later" || err != nil {
		t.Errorf("written again: %q, %v", got, err)
	}
	if got := k.Expired(); !maps.Equal(got, map[string]int{"short": k.Room("short", "value")}) || len(ours(t)) != 3 {
		t.Errorf("expired: %v, keys: %v", got, ours(t))
	}
	must(t, k.Delete("short"))
	if got := ours(t); len(got) != 2 || len(k.Expired()) != 0 {
		t.Errorf("after it was deleted: %v, expired %v", got, k.Expired())
	}
	if got, err := k.Get("again"); got != "later" || err != nil {
		t.Errorf("deleting another took it away: %q, %v", got, err)
	}
}

// The kernel unlinks by name: one that was displaced must not take along what has
// its place.
func TestKernelDeletesNoOther(t *testing.T) {
	if !keyringtest.RunAlone(t) {
		return
	}
	var k Kernel
	for _, expired := range []bool{false, true} {
		must(t, k.Set("a", "old", time.Hour))
		old, err := kernelFind("a")
		must(t, err)
		must(t, k.Set("a", "new", time.Hour))
		if expired {
			must(t, kernelUnlinkDead(old, "a"))
		} else if err := kernelDrop(old, "a"); err != nil && kernelKind(err) != ErrNotFound { // if it is gone already
			t.Error(err)
		}
		if got, err := k.Get("a"); got != "new" || err != nil {
			t.Errorf("expired %v: %q, %v", expired, got, err)
		}
	}
}

// foreign adds a key that is not ours to the user's keyring.
func foreign(t *testing.T, name string) (id int) {
	t.Helper()
	id, err := unix.AddKey("user", name, []byte("foreign"), unix.KEY_SPEC_USER_KEYRING)
	must(t, err)
	return id
}

func TestKernelClear(t *testing.T) {
	if !keyringtest.RunAlone(t) {
		return
	}
	keyringtest.NeedQuota(t)
	var k Kernel
	foreign(t, "other")
	foreign(t, "daypass")
	foreign(t, "daypass-keys:a")
	expired := foreign(t, "their daypass:x")
	_, err := unix.KeyctlInt(unix.KEYCTL_SET_TIMEOUT, expired, 1, 0, 0)
	must(t, err)
	keyring, err := unix.AddKey("keyring", "daypass:ring", nil, unix.KEY_SPEC_USER_KEYRING)
	must(t, err)
	must(t, k.Clear())
	must(t, k.Set("short", "value", time.Second))
	for _, err = k.Get("short"); err == nil; _, err = k.Get("short") {
		time.Sleep(20 * time.Millisecond)
	}
	must(t, k.Set("long", "value", time.Hour))
	if len(ours(t)) != 2 {
		t.Errorf("ours: %v", ours(t))
	}
	for i := range 1100 { // more than fit the first look
		must(t, k.Set(strconv.Itoa(i), "value", time.Hour))
	}
	must(t, k.Clear())
	links, err := kernelLinks()
	if err != nil || len(links) != 5 || !slices.Contains(links, keyring) || !slices.Contains(links, expired) {
		t.Errorf("left: %v, %v", links, err)
	}
	if got := ours(t); len(got) != 0 {
		t.Errorf("ours: %v", got)
	}
}

// workAnonymous reads and writes where the session keyring leads nowhere.
func workAnonymous([]string) {
	_, err := unix.KeyctlInt(unix.KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0)
	report("join", err)
	trap, err := unix.KeyctlSearch(unix.KEY_SPEC_USER_KEYRING, "user", "trap", 0)
	report("find", err)
	_, err = unix.KeyctlBuffer(unix.KEYCTL_READ, trap, make([]byte, 10), 0)
	report("read as others do", kernelError("reading", err))
	var k Kernel
	value, err := k.Get("a")
	report("get "+value, err)
	report("set", k.Set("a", "new", time.Hour))
	value, err = k.Get("a")
	report("get "+value, err)
	report("delete", k.Delete("b"))
	report("set", k.Set("c", "from an anonymous session", time.Hour))
}

// A session keyring that is not linked to the user's: ssh without pam_keyinit,
// keyctl session, cron. https://github.com/systemd/systemd/issues/5522
func TestKernelInAnAnonymousSession(t *testing.T) {
	if !keyringtest.RunAlone(t) {
		return
	}
	var k Kernel
	foreign(t, "trap")
	must(t, k.Set("a", "old", time.Hour))
	must(t, k.Set("b", "old", time.Hour))
	const want = "join ok\nfind ok\nread as others do unavailable\n" +
		"get old ok\nset ok\nget new ok\ndelete ok\nset ok\n"
	if got := said(t, inCopy(t, "anonymous")); got != want {
		t.Errorf("it says\n%swant\n%s", got, want)
	}
	for account, want := range map[string]string{"a": "new", "b": "", "c": "from an anonymous session"} {
		if got, err := k.Get(account); got != want || errors.Is(err, ErrNotFound) != (want == "") {
			t.Errorf("%s is %q, %v", account, got, err)
		}
	}
	must(t, k.Clear())
}

// workForbidden makes each call.
func workForbidden(args []string) {
	errno, _ := strconv.Atoi(args[0])
	report("forbid", keyringtest.Forbid(syscall.Errno(errno)))
	var k Kernel
	_, err := k.Get("a")
	report("get", err)
	_, err = k.Accounts()
	report("accounts", err)
	report("set", k.Set("a", "v", time.Hour))
	report("delete", k.Delete("a"))
	report("clear", k.Clear())
	report("check", k.Check())
}

func TestKernelForbidden(t *testing.T) {
	if !keyringtest.RunAlone(t) {
		return
	}
	for _, errno := range []syscall.Errno{unix.EPERM, unix.ENOSYS, unix.EACCES} {
		const want = "forbid ok\nget unavailable\naccounts unavailable\nset unavailable\ndelete unavailable\nclear unavailable\ncheck unavailable\n"
		if got := said(t, inCopy(t, "forbidden", strconv.Itoa(int(errno)))); got != want {
			t.Errorf("%v:\n%s", errno, got)
		}
	}
}

// workQuota fills the quota of somebody who is not root.
func workQuota([]string) {
	nobody := 1<<24 + os.Getpid() // whose quota no other run fills
	report("setgid", syscall.Setresgid(nobody, nobody, nobody))
	report("setuid", syscall.Setresuid(nobody, nobody, nobody))
	var k Kernel
	var err error
	last := 0
	for ; err == nil; last++ {
		err = k.Set(strconv.Itoa(last), strings.Repeat("x", 3000), time.Hour)
	}
	report("set", err)
	fmt.Println("it is unavailable:", errors.Is(err, ErrUnavailable), "after some:", last > 3)
	value, err := k.Get("0")
	report(fmt.Sprint("get ", len(value)), err)
	report("delete", k.Delete("0"))
	report("set", k.Set("again", strings.Repeat("y", 3000), time.Hour))
	for err = nil; err == nil; last++ {
		err = k.Set(strconv.Itoa(last), "x", time.Hour)
	}
	report("set", err)
	value, err = k.Get("1") // with not a byte left
	report(fmt.Sprint("get ", len(value)), err)
	report("clear", k.Clear())
}

// The quota of root is another one.
func TestKernelQuota(t *testing.T) {
	if !keyringtest.RunAlone(t) {
		return
	}
	keyringtest.NeedQuota(t)
	const want = "setgid ok\nsetuid ok\nset full\nit is unavailable: true after some: true\nget 3000 ok\n" +
		"delete ok\nset ok\nset full\nget 3000 ok\nclear ok\n"
	if got := said(t, inCopy(t, "quota")); got != want {
		t.Errorf("it says\n%swant\n%s", got, want)
	}
}

// workSet replaces a value.
func workSet([]string) {
	if err := (Kernel{}).Set("a", "new", time.Hour); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// Killed before any of its system calls, a writer leaves the old value or the
// new one, each with its own time, and no key without one.
func TestKernelKilledWhileWriting(t *testing.T) {
	if !keyringtest.RunAlone(t) {
		return
	}
	keyringtest.NeedQuota(t)
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skipf("needs strace: %v", err)
	}
	seen := map[string]int{}
	for _, before := range []string{"", "old"} {
		for call, step := 0, 1; call < 2; step++ {
			name := []string{"add_key", "keyctl"}[call]
			k := Kernel{}
			must(t, k.Clear())
			if before != "" {
				must(t, k.Set("a", before, 30*time.Minute))
			}
			if !killedAt(t, inCopy(t, "set"), name, step) {
				call, step = call+1, 0
			}
			got, err := k.Get("a")
			if got != "new" && got != before || errors.Is(err, ErrNotFound) != (got == "") {
				t.Errorf("killed at %s %d: %q, %v", name, step, got, err)
			}
			seen[got]++
			times := map[string][]string{"": nil, "old": {"29m", "30m"}, "new": {"59m", "60m", "1h"}}[got]
			for _, m := range ours(t) {
				if !slices.Contains(times, m.left) {
					t.Errorf("killed at %s %d: %q has %v", name, step, got, m)
				}
			}
		}
	}
	if seen["new"] < 4 || seen["old"] < 3 || seen[""] < 3 {
		t.Errorf("not each step was seen: %v", seen)
	}
}

// killedAt lets cmd make so many calls of that name and then kills it; false if it
// made no more than that.
func killedAt(t *testing.T, cmd *exec.Cmd, call string, step int) bool {
	t.Helper()
	traced := exec.Command("strace", "-f", "-qq", "-o", filepath.Join(t.TempDir(), "trace"), "-e", "trace="+call,
		"-e", fmt.Sprintf("inject=%s:signal=KILL:when=%d", call, step))
	self, err := os.Executable()
	must(t, err)
	traced.Args = append(traced.Args, self)
	traced.Args = append(traced.Args, cmd.Args[1:]...)
	traced.Env = cmd.Env
	var out bytes.Buffer
	traced.Stdout, traced.Stderr = &out, &out
	err = traced.Run()
	if strings.Contains(out.String(), "strace: ") {
		t.Skipf("needs strace: %s", out.String())
	}
	if err != nil && out.Len() > 0 {
		t.Fatalf("%v: %s", err, out.String())
	}
	return err != nil
}

// crowdValue is one whose parts all tell of the same writer.
func crowdValue(writer string) string { return strings.Repeat(writer+" ", 300) }

// workCrowd reads and writes one key and one of its own, ten times.
func workCrowd(args []string) {
	var k Kernel
	for range 10 {
		for _, account := range []string{"shared", args[0]} {
			if err := k.Set(account, crowdValue(args[0]), time.Hour); err != nil {
				fmt.Println("set", account, err)
			}
			got, err := k.Get(account)
			writer, _, _ := strings.Cut(got, " ")
			if err != nil || got != crowdValue(writer) || account != "shared" && writer != account {
				fmt.Println("get", account, err, len(got))
			}
		}
	}
}

func TestKernelCrowd(t *testing.T) {
	if !keyringtest.RunAlone(t) {
		return
	}
	keyringtest.NeedQuota(t)
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			out, err := inCopy(t, "crowd", "w"+strconv.Itoa(i)).CombinedOutput()
			if err != nil || len(out) > 0 {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	all.Wait()
	if got := ours(t); len(got) != 51 {
		t.Errorf("%d keys are left", len(got))
	}
}

// Goroutines of one process are no other.
func TestKernelGoroutines(t *testing.T) {
	if !keyringtest.RunAlone(t) {
		return
	}
	keyringtest.NeedQuota(t)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			writer := strconv.Itoa(i)
			for range 50 {
				if err := (Kernel{}).Set("shared", crowdValue(writer), time.Hour); err != nil {
					t.Error(err)
				}
				got, err := Kernel{}.Get("shared")
				if writer, _, _ := strings.Cut(got, " "); err != nil || got != crowdValue(writer) {
					t.Errorf("%d bytes, %v", len(got), err)
				}
			}
		})
	}
	all.Wait()
}

func TestExpiredKey(t *testing.T) {
	for line, want := range map[string]string{
		"334eaec7 I--Q---     1 expd 3f3f0000     0     0 user      daypass:v1-abc: 1": "v1-abc",
		"1339f667 I--Q---     2   1m 3f3f0000     0     0 user      daypass:v1-abc: 3": "",
		"1339f667 I--Q---     2 perm 3f3f0000     0     0 user      daypass:expd: 3":   "",
		"334eaec7 I--Q---     1 expd 3f3f0000     0     0 user      daypass: 7":        "",
		"334eaec7 I--Q---     1 expd 3f3f0000     0     0 user      other:daypass: 1":  "",
		"334eaec7 I--Q---     1 expd 3f3f0000     0     0 keyring   daypass:v1-abc: 1": "",
		"334eaec7 I--Q---     1 expd 3f3f0000     0     0 user":                        "",
		"zzzzzzzz I--Q---     1 expd 3f3f0000     0     0 user      daypass:v1-abc: 1": "",
		"": "",
	} {
		if dead, account, ok := expiredKey(line); ok != (want != "") || ok && (account != want || dead != deadKey{0x334eaec7, 1}) {
			t.Errorf("%q: %x, %q, %v", line, dead, account, ok)
		}
	}
}

func TestFree(t *testing.T) {
	for line, want := range map[string][]int{
		"65534:   212 212/201 190/200 18871/20000": {10, 1129},
		"65534:   212 212/201 200/200 18871/20000": {0, 1129},
		"    0:     9 8/8 3/1000000 40/25000000":   nil,
		"65534:   212 212/201 200/200":             nil,
		"65534:   212 212/201 200/200 x/20000":     nil,
		"65534:   212 212/201 200 0/20000":         nil,
		"":                                         nil,
	} {
		if keys, bytes, ok := free(line, 65534); ok != (want != nil) || ok && (keys != want[0] || bytes != want[1]) {
			t.Errorf("%q: %d, %d, %v", line, keys, bytes, ok)
		}
	}
	must(t, Kernel{}.Check())
	if keys, bytes, ok := (Kernel{}).Free(); !ok || keys <= 0 || bytes <= 0 {
		t.Errorf("here: %d, %d, %v", keys, bytes, ok)
	}
}
