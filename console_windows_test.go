package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/windows"

	"daypass/internal/tty/ttytest"
)

// console is a program: console COMMAND... runs the command on its own console, presses
// Ctrl-C there for each line of its standard input, and ends as the command does.
// Ctrl-Break is another event, of which Wine has nothing but that it ends processes.
// https://learn.microsoft.com/windows/console/generateconsolectrlevent
func console() {
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	cmd := exec.Command(os.Args[1], os.Args[2:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go func() {
		for keys := bufio.NewScanner(os.Stdin); keys.Scan(); {
			if err := windows.GenerateConsoleCtrlEvent(windows.CTRL_C_EVENT, 0); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		}
		_ = cmd.Process.Kill() // the test has ended
	}()
	os.Exit(ttytest.ExitCode(cmd.Wait()))
}

// hear is a program: hear N CODE says which console events reach it, N times, and
// ends with that code. With N 0 it leaves them to Windows, which ends it.
func hear() {
	n, _ := strconv.Atoi(os.Args[1])
	code, _ := strconv.Atoi(os.Args[2])
	heard := make(chan uint32, n)
	if n > 0 {
		handler := windows.NewCallback(func(event uint32) uintptr {
			heard <- event
			return 1 // handled
		})
		if ok, _, err := windows.NewLazySystemDLL("kernel32.dll").NewProc("SetConsoleCtrlHandler").Call(handler, 1); ok == 0 {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	fmt.Println("listens")
	if n == 0 {
		time.Sleep(ttytest.Patience)
		os.Exit(code)
	}
	late := time.After(ttytest.Patience)
	for range n {
		select {
		case event := <-heard:
			fmt.Println("event", event)
		case <-late:
			os.Exit(1)
		}
	}
	os.Exit(code)
}

// keyed is a command on a console, on which the test presses keys.
type keyed struct {
	t    *testing.T
	cmd  *exec.Cmd
	keys io.Writer
	out  *bufio.Reader
	err  *strings.Builder
}

// onConsole starts a command on a console of its own.
func (w *world) onConsole(command ...string) *keyed {
	w.t.Helper()
	cmd := w.command(append([]string{otherProgram(w.t, "console")}, command...)...)
	withoutTerminal(cmd)
	k := &keyed{t: w.t, cmd: cmd, err: &strings.Builder{}}
	cmd.Stderr = k.err
	keys, err := cmd.StdinPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	late := time.AfterFunc(ttytest.Patience, func() { _ = keys.Close() })
	w.t.Cleanup(func() { late.Stop(); _ = keys.Close() })
	k.keys, k.out = keys, bufio.NewReader(out)
	return k
}

// press presses Ctrl-C.
func (k *keyed) press() {
	k.t.Helper()
	if _, err := io.WriteString(k.keys, "\n"); err != nil {
		k.t.Fatal(err)
	}
}

// says checks the next line of output.
func (k *keyed) says(want string) {
	k.t.Helper()
	line, err := k.out.ReadString('\n')
	if line != want+"\n" {
		k.t.Fatalf("it says %q (%v), not %q; and as an error %q", line, err, want, k.err)
	}
}

// end is how it ended. Nothing more may have been said.
func (k *keyed) end() answered {
	k.t.Helper()
	rest, err := io.ReadAll(k.out)
	if err != nil {
		k.t.Fatal(err)
	}
	code := ttytest.ExitCode(k.cmd.Wait())
	return answered{k.t, string(rest), k.err.String(), code}
}

// otherProgram is the path of one of otherPrograms.
func otherProgram(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}
