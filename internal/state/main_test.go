package state

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

// child names what a copy of the test binary does instead of testing.
const child = "DAYPASS_TEST_CHILD"

func TestMain(m *testing.M) {
	work, ok := map[string]func(*Dir){
		"hold":  holdForEver,
		"count": countUp,
		"write": report,
		"full":  reportFull,
		"edit":  editOnce,
	}[os.Getenv(child)]
	if !ok {
		os.Exit(m.Run())
	}
	work(New(os.Getenv("DAYPASS_STATE_DIR")))
}

// copyOf returns a command that runs the work of this binary on the folder path.
func copyOf(t *testing.T, work, path string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), child+"="+work, "DAYPASS_STATE_DIR="+path, "GORACE=atexit_sleep_ms=0")
	cmd.Stderr = os.Stderr
	return cmd
}

// holdForEver takes the lock "a", says so and waits to be killed.
func holdForEver(d *Dir) {
	_, err := d.Lock(context.Background(), "a")
	fmt.Println("held", err)
	time.Sleep(time.Hour)
}

const rounds = 40

// countUp adds to a number in a file, which loses counts without a lock.
func countUp(d *Dir) {
	for range rounds {
		if err := increment(d); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func increment(d *Dir) error {
	unlock, err := d.Lock(context.Background(), "a")
	if err != nil {
		return err
	}
	defer unlock()
	was, _ := d.Read("number")
	n, _ := strconv.Atoi(string(was))
	return d.Write("number", []byte(strconv.Itoa(n+1)))
}

// report prints what each writing method says, one line each.
func report(d *Dir) {
	fmt.Println("write", d.Write("entries/x", []byte("data")))
	fmt.Println("append", d.Append("log", []byte("line\n"), 100))
	_, _, err := d.TryLock("a")
	fmt.Println("lock", err)
	fmt.Println("err", d.Err())
}

func lines(t *testing.T, cmd *exec.Cmd) []string {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var all []string
	for scan := bufio.NewScanner(out); scan.Scan(); {
		all = append(all, scan.Text())
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return all
}
