package mfa

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// The test binary plays the programs of these tests too: MFA_TEST names the part, with an argument behind a blank.
func TestMain(m *testing.M) {
	part, arg, _ := strings.Cut(os.Getenv("MFA_TEST"), " ")
	if play, ok := parts()[part]; ok {
		os.Exit(play(arg))
	} else if part != "" { // to run the tests instead would start more of these
		fmt.Fprintf(os.Stderr, "there is no part %q\n", part)
		os.Exit(99)
	}
	// The goroutine that hands out signals lives on; it must not be born in a synctest bubble.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	signal.Stop(signals)
	// They wait for windows and terminals more than they compute; -parallel still counts.
	if err := flag.Set("test.parallel", "4"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

func parts() map[string]func(arg string) int {
	parts := map[string]func(string) int{
		"print":  playPrint,
		"count":  playCount,
		"fail":   playFail,
		"exit":   playExit,
		"env":    playEnv,
		"hang":   playHang,
		"hung":   playHung,
		"leave":  playLeave,
		"found":  playFound,
		"caller": func(string) int { fmt.Print(Caller()); return 0 },
	}
	maps.Copy(parts, ptyParts())
	return parts
}

// playing is the environment of a program that plays part; with -race, programs would sleep a second before they end.
func playing(part string, more ...string) []string {
	env := []string{"MFA_TEST=" + part, "GORACE=atexit_sleep_ms=0", "PATH=" + os.Getenv("PATH")}
	return append(env, more...)
}

func playPrint(text string) int {
	fmt.Println(text)
	return 0
}

// playCount prints the word of its argument whose turn it is: the file named first counts the runs.
func playCount(arg string) int {
	words := strings.Fields(arg)
	runs, _ := os.ReadFile(words[0])
	if err := os.WriteFile(words[0], append(runs, '.'), 0o600); err != nil {
		return 1
	}
	fmt.Println(words[1+len(runs)])
	return 0
}

func playFail(secret string) int {
	fmt.Print(secret)
	fmt.Fprint(os.Stderr, "touch your \x1b[31mkey")
	return 7
}

func playEnv(string) int {
	in, err := io.ReadAll(os.Stdin)
	fmt.Println("stdin", len(in), err)
	fmt.Println(strings.Join(os.Environ(), "\n"))
	return 0
}

// playHang starts a program of its own, which calls the address given, and waits for it.
func playHang(address string) int {
	_ = startHung(address, nil).Wait()
	return 0
}

// playLeave prints a code and leaves a program behind that holds its stdout.
func playLeave(address string) int {
	startHung(address, nil)
	fmt.Println("123456")
	return 0
}

// playFound starts a program that leaves its group, and hangs.
func playFound(address string) int {
	if startHung(address, leavesGroup()).Process != nil {
		hang()
	}
	return 1
}

func startHung(address string, attr *syscall.SysProcAttr) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = playing("hung " + address)
	cmd.Stdout, cmd.SysProcAttr = os.Stdout, attr
	if err := cmd.Start(); err != nil {
		fmt.Println(err)
	}
	return cmd
}

// hang lets this process live until it is killed. Where Go was built without a C compiler, waiting for nothing at all ends a
// process by itself: the runtime takes it for a deadlock.
func hang() {
	for {
		time.Sleep(time.Hour)
	}
}

func playHung(address string) int {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return 1
	}
	fmt.Fprintln(conn, os.Getpid())
	_, _ = io.Copy(conn, conn) // until the test closes it
	return 0
}

var errSTS = errors.New("MultiFactorAuthentication failed")
