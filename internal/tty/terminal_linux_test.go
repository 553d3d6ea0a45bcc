package tty

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestReadLine(t *testing.T) {
	tests := []struct{ name, keys, result string }{
		{"a code", "123456\n", "line: \"123456\"\n"},
		{"corrected", "12x\x7f3456\n", "line: \"123456\"\n"},
		{"nothing", "\n", "line: \"\"\n"},
		{"Ctrl-D", "\x04", "error: EOF\n"},
		{"Ctrl-D behind text submits nothing", "123\x04456\n", "line: \"123456\"\n"},
		{"Ctrl-D twice behind text", "123\x04\x04", "error: EOF\n"},
		{"Ctrl-Z", "\x1a", "error: suspended from the keyboard\n"},
		{"Ctrl-C", "12\x03", "error: interrupt signal received\n"},
		{"the longest line", strings.Repeat("a", MaxLine-1) + "\n", "line: \"" + strings.Repeat("a", MaxLine-1) + "\"\n"},
		{"a byte longer", strings.Repeat("a", MaxLine) + "\n", "error: the line is too long\n"},
		{"much longer", strings.Repeat("a", 3000) + "\n", "error: the line is too long\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := sit(t, "read")
			d.Expect("code: ")
			d.Type(tt.keys)
			d.want(tt.result)
			d.Expect("\r\n")
			if screen := d.Output(); !strings.HasSuffix(screen, "\r\n") {
				t.Errorf("the cursor is not on a new line: %q", screen)
			}
		})
	}
}

func TestTypeAheadIsDropped(t *testing.T) {
	t.Parallel()
	d := sit(t, "read on go")
	d.Type("999999\n")
	d.Expect("999999")
	d.sayGo()
	d.Expect("code: ")
	d.Type("123456\n")
	d.want("line: \"123456\"\n")
}

// A cancelled ReadLine leaves nobody behind who would eat the next keys, and half a line does not reach the next reader.
func TestNoReaderStaysBehind(t *testing.T) {
	t.Parallel()
	d := sit(t, "read twice")
	d.Expect("code: ")
	d.Type("123")
	d.Expect("123")
	d.sayGo()
	d.Expect("\r\ncode: ")
	d.Type("654321\n")
	d.want("error: called off\nline: \"654321\"\n")
}

func TestModeStaysAsItWas(t *testing.T) {
	for name, end := range map[string]func(*desk){
		"answered": func(d *desk) { d.Type("123456\n") },
		"killed":   func(d *desk) { _ = d.cmd.Process.Signal(syscall.SIGKILL) },
		"Ctrl-C":   func(d *desk) { d.Type("\x03") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var before unix.Termios
			d := sit(t, "read", func(terminal *os.File) { before = termios(t, terminal) })
			d.Expect("code: ")
			if during := termios(t, d.File()); during != before {
				t.Errorf("mode while asking %+v, before %+v", during, before)
			}
			end(d)
			d.result()
			if after := termios(t, d.File()); after != before {
				t.Errorf("mode afterwards %+v, before %+v", after, before)
			}
		})
	}
}

func TestAskHidden(t *testing.T) {
	for name, c := range map[string]struct {
		end    func(*desk)
		result string
	}{
		"answered":  {func(d *desk) { d.Type("\n") }, "line: \"wJalrXUt\"\n"},
		"corrected": {func(d *desk) { d.Type("x\x7f\n") }, "line: \"wJalrXUt\"\n"},
		"Ctrl-C":    {func(d *desk) { d.Type("\x03") }, "error: interrupt signal received\n"},
		"SIGTERM":   {func(d *desk) { _ = d.cmd.Process.Signal(syscall.SIGTERM) }, "error: terminated signal received\n"},
		"Ctrl-Z":    {func(d *desk) { d.Type("\x1a") }, "error: suspended from the keyboard\n"},
		"Ctrl-D":    {func(d *desk) { d.Type("\x04\x04") }, "error: EOF\n"},
		"Ctrl-\\":   {func(d *desk) { d.Type("\x1c\n") }, "line: \"wJalrXUt\\x1c\"\n"},
		"too long":  {func(d *desk) { d.Type(strings.Repeat("a", MaxLine) + "\n") }, "error: the line is too long\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var before unix.Termios
			d := sit(t, "hidden", func(terminal *os.File) { before = termios(t, terminal) })
			d.Expect("secret: ")
			if mode := termios(t, d.File()); mode.Lflag&unix.ECHO != 0 {
				t.Error("the prompt shows before the echo is off")
			}
			d.Type("wJalrXUt")
			c.end(d)
			d.want(c.result)
			d.Expect("\r\n")
			if after := termios(t, d.File()); after != before {
				t.Errorf("mode afterwards %+v, before %+v", after, before)
			}
			if screen := d.Output(); strings.Contains(screen, "wJal") || !strings.HasSuffix(screen, "\r\n") {
				t.Errorf("the screen shows %q", screen)
			}
		})
	}
}

func TestAskText(t *testing.T) {
	long := strings.Repeat("Abc-123_x", 1000)
	for name, c := range map[string]struct {
		end    func(*desk)
		result string
	}{
		"Ctrl-D":           {func(d *desk) { d.Type("\n\x04") }, "line: \"first\\n\"\n"},
		"Ctrl-D at once":   {func(d *desk) { d.Type("\x04") }, "line: \"first\"\n"},
		"a long line":      {func(d *desk) { d.Type("\n" + long + "\n\x04") }, "line: \"first\\n" + long + "\\n\"\n"},
		"too much":         {func(d *desk) { d.Type(strings.Repeat(long, 3)) }, "line: \"first" + strings.Repeat(long, 3)[:mostText-5] + "\"\n"},
		"corrected":        {func(d *desk) { d.Type("é\x7f\x7f!\n\x7fab\x15c\x15\x15\x04") }, "line: \"firs!\\n\"\n"},
		"Ctrl-\\ is a key": {func(d *desk) { d.Type("\x1c\x04") }, "line: \"first\\x1c\"\n"},
		"Ctrl-C":           {func(d *desk) { d.Type("\x03") }, "error: interrupt signal received\n"},
		"SIGTERM":          {func(d *desk) { _ = d.cmd.Process.Signal(syscall.SIGTERM) }, "error: terminated signal received\n"},
		"Ctrl-Z":           {func(d *desk) { d.Type("\x1a") }, "error: suspended from the keyboard\n"},
		"SIGTSTP":          {func(d *desk) { _ = d.cmd.Process.Signal(syscall.SIGTSTP) }, "error: suspended from the keyboard\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var before unix.Termios
			d := sit(t, "text", func(terminal *os.File) { before = termios(t, terminal) })
			d.Expect("text?\r\n")
			during := termios(t, d.File())
			if during.Lflag != before.Lflag&^unix.ICANON {
				t.Errorf("mode while asking %+v, before %+v", during, before)
			}
			d.Type("first")
			d.Expect("first")
			c.end(d)
			d.want(c.result)
			if after := termios(t, d.File()); after != before {
				t.Errorf("mode afterwards %+v, before %+v", after, before)
			}
		})
	}
}

// What is typed behind the end is not for the next program: a shell would end by a second Ctrl-D.
func TestNothingIsLeftOfAText(t *testing.T) {
	t.Parallel()
	d := sit(t, "text")
	d.Expect("text?\r\n")
	d.Type("first\x04\x04rest\n")
	d.want("line: \"first\"\n")
	n, err := unix.IoctlGetInt(int(d.File().Fd()), unix.TIOCINQ)
	if err != nil || n != 0 {
		t.Errorf("%d bytes are left, %v", n, err)
	}
}

// Who gets the terminal meanwhile gets its mode too, unless it has one of its own.
func TestTheModeIsBackForOthers(t *testing.T) {
	for part, asks := range map[string]string{"hidden": "secret: ", "text": "text?\r\n"} {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			var before unix.Termios
			d := sit(t, part+" away", func(terminal *os.File) { before = termios(t, terminal) })
			d.Expect(asks)
			d.sayGo()
			d.want("error: this process runs in the background of its terminal\n")
			if after := termios(t, d.File()); after != before {
				t.Errorf("mode afterwards %+v, before %+v", after, before)
			}

			d = sit(t, part)
			d.Expect(asks)
			setRaw(t)(d.File())
			during := termios(t, d.File())
			d.Type("jk\n")
			d.want("error: the terminal is used by a full-screen program\n")
			if after := termios(t, d.File()); after != during {
				t.Errorf("mode afterwards %+v, before %+v", after, during)
			}
		})
	}
}

func TestRawTerminal(t *testing.T) {
	t.Parallel()
	d := sit(t, "read", setRaw(t))
	d.want("error: the terminal is used by a full-screen program\n")
	if screen := d.Output(); screen != "" {
		t.Errorf("written to a raw terminal: %q", screen)
	}
}

func TestTerminalGoesRawWhileAsking(t *testing.T) {
	t.Parallel()
	d := sit(t, "read")
	d.Expect("code: ")
	setRaw(t)(d.File())
	d.Type("jk\n")
	d.want("error: the terminal is used by a full-screen program\n")
	if err := unix.SetNonblock(int(d.File().Fd()), true); err != nil {
		t.Fatal(err)
	}
	keys := make([]byte, 10)
	n, err := unix.Read(int(d.File().Fd()), keys)
	if err != nil || string(keys[:n]) != "jk\n" {
		t.Errorf("the full-screen program reads %q, %v, want all keys", keys[:max(n, 0)], err)
	}
	if screen := d.Output(); screen != "code: " {
		t.Errorf("written to a raw terminal: %q", screen)
	}
}

func TestModeIsPutBack(t *testing.T) {
	for part, back := range map[string]bool{"lend": true, "lend away": false} {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			var before unix.Termios
			d := sit(t, part, func(terminal *os.File) { before = termios(t, terminal) })
			d.want("")
			if after := termios(t, d.File()); (after == before) != back {
				t.Errorf("mode afterwards %+v, before %+v", after, before)
			}
		})
	}
}

func TestRawTerminalIsNotLent(t *testing.T) {
	t.Parallel()
	d := sit(t, "lend", setRaw(t))
	d.want("error: the terminal is used by a full-screen program\n")
}

func TestBackground(t *testing.T) {
	t.Parallel()
	d := sit(t, "background")
	d.want("error: this process runs in the background of its terminal\n")
}

func TestForegroundIsLostWhileAsking(t *testing.T) {
	t.Parallel()
	d := sit(t, "lose it")
	d.Expect("code: ")
	d.sayGo()
	d.want("error: this process runs in the background of its terminal\n")
	if screen := d.Output(); screen != "code: " {
		t.Errorf("written from the background: %q", screen)
	}
}

func TestNoTerminal(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0])
	cmd.Env = playing("open")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, err := cmd.Output()
	if err != nil || !strings.HasPrefix(string(out), "error: there is no terminal") {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestHangUp(t *testing.T) {
	t.Parallel()
	d := sit(t, "hang up")
	d.Expect("code: ")
	d.sayGo()
	if got := d.result(); !strings.HasPrefix(got, "error: there is no terminal") {
		t.Errorf("result %q", got)
	}
}

func TestID(t *testing.T) {
	t.Parallel()
	first, second := sit(t, "open"), sit(t, "open")
	a, b := first.result(), second.result()
	if !strings.HasPrefix(a, "id: ") || a == b {
		t.Errorf("two terminals have the ids %q and %q", a, b)
	}
}

func TestPrintIsVisible(t *testing.T) {
	t.Parallel()
	d := sit(t, "print on go")
	d.sayGo()
	d.want("printed\n")
	d.Expect("a\\x1b[2Jb\r\n")
}

func TestStalledTerminal(t *testing.T) {
	t.Parallel()
	d := sit(t, "print on go")
	if err := unix.IoctlSetInt(int(d.File().Fd()), unix.TCXONC, unix.TCOOFF); err != nil {
		t.Fatal(err)
	}
	d.sayGo()
	d.want("error: the terminal takes no output\n")
}

func TestIsTerminal(t *testing.T) {
	d := sit(t, "open")
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if term := (&Terminal{}); term.Is(d.File()) {
		t.Error("the controlling terminal of others is taken for ours")
	}
	if !IsTerminal(d.File()) || IsTerminal(null) || IsTerminal(nil) {
		t.Errorf("IsTerminal: pty %v, /dev/null %v, nil %v", IsTerminal(d.File()), IsTerminal(null), IsTerminal(nil))
	}
}
