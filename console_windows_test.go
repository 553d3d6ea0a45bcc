package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"daypass/internal/tty/ttytest"
)

// call makes a call of Windows that x/sys does not have.
func call(name string, args ...uintptr) error {
	if ok, _, err := windows.NewLazySystemDLL("kernel32.dll").NewProc(name).Call(args...); ok == 0 {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// console is a program: console FILE COMMAND... runs the command on the console of both,
// types there what each line of its standard input quotes, writes what the console shows
// to FILE, and ends as the command does. With TEST_RAW the console is as an editor has it.
func console() {
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	in, err := openConsole("CONIN$")
	out, err2 := openConsole("CONOUT$")
	// So wide that no line of daypass is broken, in both parameters of a COORD.
	err = errors.Join(err, err2, call("SetConsoleScreenBufferSize", uintptr(out), 50<<16|400), endTogether())
	if os.Getenv("TEST_RAW") != "" {
		err = errors.Join(err, windows.SetConsoleMode(in, windows.ENABLE_WINDOW_INPUT))
	}
	cmd := exec.Command(os.Args[2], os.Args[3:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.NewFile(uintptr(in), "CONIN$"), os.Stdout, os.Stderr
	if err = errors.Join(err, cmd.Start()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go func() {
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			text, err := strconv.Unquote(lines.Text())
			for _, key := range text {
				err = errors.Join(err, typeKey(in, key))
			}
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		}
		os.Exit(1) // the test has ended
	}()
	ended := make(chan error)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			showTo(os.Args[1], out)
			os.Exit(ttytest.ExitCode(err))
		case <-time.After(20 * time.Millisecond):
			showTo(os.Args[1], out)
		}
	}
}

// endTogether lets no process that this one starts outlive it.
// https://learn.microsoft.com/windows/win32/procthread/job-objects
func endTogether() error {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return err
	}
	limits := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{
		BasicLimitInformation: windows.JOBOBJECT_BASIC_LIMIT_INFORMATION{LimitFlags: windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE},
	}
	if _, err := windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation, uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits))); err != nil {
		return err
	}
	return windows.AssignProcessToJobObject(job, windows.CurrentProcess())
}

func openConsole(name string) (windows.Handle, error) {
	path, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return 0, err
	}
	return windows.CreateFile(path, windows.GENERIC_READ|windows.GENERIC_WRITE, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE, nil, windows.OPEN_EXISTING, 0, 0)
}

// typeKey types a character. Ctrl-C is no key but an event, which can be sent to all of a
// console only. Ctrl-Break is another one, of which Wine has nothing but that it ends
// processes. https://learn.microsoft.com/windows/console/generateconsolectrlevent
func typeKey(in windows.Handle, key rune) error {
	if key == '\x03' {
		return windows.GenerateConsoleCtrlEvent(windows.CTRL_C_EVENT, 0)
	}
	// https://learn.microsoft.com/windows/console/input-record-str
	type record struct {
		event, _                        uint16
		down                            int32
		repeat, keyCode, scanCode, char uint16
		control                         uint32
	}
	down := record{event: 1, down: 1, repeat: 1, char: uint16(key)}
	if key == '\r' || key == '\b' {
		down.keyCode = uint16(key) // VK_RETURN, VK_BACK: a console that reads lines knows them by that
	}
	up := down
	up.down = 0
	both := []record{down, up}
	var n uint32
	return call("WriteConsoleInputW", uintptr(in), uintptr(unsafe.Pointer(&both[0])), uintptr(len(both)), uintptr(unsafe.Pointer(&n)))
}

// showTo writes what the console shows to that file.
func showTo(file string, out windows.Handle) {
	var info windows.ConsoleScreenBufferInfo
	if windows.GetConsoleScreenBufferInfo(out, &info) != nil {
		return
	}
	var all strings.Builder
	row := make([]uint16, info.Size.X)
	for y := range info.CursorPosition.Y + 1 {
		var n uint32
		if call("ReadConsoleOutputCharacterW", uintptr(out), uintptr(unsafe.Pointer(&row[0])), uintptr(len(row)), uintptr(y)<<16, uintptr(unsafe.Pointer(&n))) != nil {
			return
		}
		all.WriteString(strings.TrimRight(windows.UTF16ToString(row[:n]), " ") + "\n")
	}
	_ = os.WriteFile(file, []byte(all.String()), 0o600)
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
		if err := call("SetConsoleCtrlHandler", handler, 1); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	fmt.Println("listens")
	late := time.After(ttytest.Patience)
	for range max(n, 1) {
		select {
		case event := <-heard:
			fmt.Println("event", event)
		case <-late:
			fmt.Println("heard nothing")
			os.Exit(1)
		}
	}
	os.Exit(code)
}

// keyed is a command on a console of its own, on which the test types.
type keyed struct {
	*world
	cmd    *exec.Cmd
	keys   io.Writer
	out    *bufio.Reader
	err    *strings.Builder
	screen string // the file with what the console shows
}

// onConsole starts a command on a console with a window. Its output does not go there.
func (w *world) onConsole(command ...string) *keyed {
	w.t.Helper()
	k := &keyed{world: w, err: &strings.Builder{}, screen: filepath.Join(w.t.TempDir(), "screen")}
	k.cmd = w.command(append([]string{otherProgram(w.t, "console"), k.screen}, command...)...)
	k.cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_CONSOLE}
	k.cmd.Stderr = k.err
	keys, err := k.cmd.StdinPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	out, err := k.cmd.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := k.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	late := time.AfterFunc(ttytest.Patience, func() { _ = keys.Close() })
	w.t.Cleanup(func() { late.Stop(); _ = keys.Close() })
	k.keys, k.out = keys, bufio.NewReader(out)
	return k
}

// types types the keys.
func (k *keyed) types(keys string) {
	k.t.Helper()
	if _, err := fmt.Fprintf(k.keys, "%q\n", keys); err != nil {
		k.t.Fatal(err)
	}
}

// shown is what the console shows, or did last.
func (k *keyed) shown() string {
	text, _ := os.ReadFile(k.screen)
	return string(text)
}

// shows waits until the console ends with that text, blanks aside.
func (k *keyed) shows(text string) {
	k.t.Helper()
	defer func() {
		if k.t.Failed() {
			k.t.Logf("the console shows\n%s", k.shown())
		}
	}()
	k.until(fmt.Sprintf("the console shows %q", text), func() bool { return strings.HasSuffix(strings.TrimSpace(k.shown()), text) })
}

// says checks the next line of output.
func (k *keyed) says(want string) {
	k.t.Helper()
	line, err := k.out.ReadString('\n')
	if line != want+"\n" {
		k.t.Fatalf("it says %q (%v), not %q; and as an error %q", line, err, want, k.err)
	}
}

// end is how it ended.
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
