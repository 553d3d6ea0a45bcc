//go:build unix

// Package screentest starts X servers for tests, and looks and types there as a person would. It is for tests only and
// knows nothing of what it runs.
package screentest

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Patience is how long is waited for a window, or for its end, before a test is given up. It is no measure of anything.
const Patience = 60 * time.Second

// Width and Height of a screen, in pixels.
const (
	Width  = 1024
	Height = 768
)

// Screen is an X server of its own with a window manager.
type Screen struct {
	t       testing.TB
	folder  string
	display string
	server  *exec.Cmd
}

// New starts a screen that goes with the test. It skips the test if a program is missing that it takes.
func New(t testing.TB) *Screen {
	t.Helper()
	for _, tool := range []string{"Xvfb", "openbox", "xdotool"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("needs %s: %v", tool, err)
		}
	}
	s := &Screen{t: t, folder: t.TempDir()}
	s.startServer()
	manager := exec.Command("openbox", "--sm-disable", "--startup", "/bin/sh -c 'echo up > up'")
	manager.Dir, manager.Env = s.folder, s.environ()
	s.start(manager)
	s.await("the window manager", func() bool {
		_, err := os.Stat(filepath.Join(s.folder, "up"))
		return err == nil
	})
	return s
}

// startServer starts the X server on a free display. Only those who have its cookie get in.
func (s *Screen) startServer() {
	s.t.Helper()
	if err := os.WriteFile(s.cookies(), cookie("0123456789abcdef"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	said, says, err := os.Pipe()
	if err != nil {
		s.t.Fatal(err)
	}
	defer said.Close()
	s.server = exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", fmt.Sprintf("%dx%dx24", Width, Height), "-nolisten", "tcp",
		"-auth", s.cookies())
	s.server.ExtraFiles = []*os.File{says}
	s.start(s.server)
	_ = says.Close()
	number, err := bufio.NewReader(said).ReadString('\n') // whole: the server ends if it cannot write all of it
	if err != nil {
		s.t.Fatalf("the X server did not start: %v", err)
	}
	s.display = ":" + strings.TrimSpace(number)
}

// start starts a program that is killed when the test ends.
func (s *Screen) start(cmd *exec.Cmd) {
	s.t.Helper()
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

func (s *Screen) cookies() string { return filepath.Join(s.folder, "cookies") }

// cookie is a file of one MIT-MAGIC-COOKIE-1 for any display, as Xau(3) describes it.
func cookie(data string) []byte {
	file := []byte{0xff, 0xff, 0, 0, 0, 0}
	for _, field := range []string{"MIT-MAGIC-COOKIE-1", data} {
		file = append(file, 0, byte(len(field)))
		file = append(file, field...)
	}
	return file
}

// Env are the variables, as KEY=value, that put a program on this screen, and that keep it from starting others: an
// accessibility bus, a session bus. They come after those of os.Environ.
func (s *Screen) Env() []string {
	return []string{
		"DISPLAY=" + s.display, "XAUTHORITY=" + s.cookies(), "XDG_RUNTIME_DIR=" + s.folder, "WAYLAND_DISPLAY=",
		"NO_AT_BRIDGE=1", "DBUS_SESSION_BUS_ADDRESS=disabled:",
	}
}

func (s *Screen) environ() []string {
	return append(append(os.Environ(), s.Env()...), "HOME="+s.folder, "XDG_CONFIG_HOME=", "XDG_CACHE_HOME=")
}

// Window waits for a window whose title contains name, and until it has the keyboard. It returns its number.
func (s *Screen) Window(name string) string {
	s.t.Helper()
	var id string
	s.await("a window called "+name, func() bool {
		active, err := s.ask("getactivewindow")
		if err != nil {
			return false
		}
		// The keyboard is given it a moment later.
		focused, err := s.ask("getwindowfocus")
		if err != nil || focused != active {
			return false
		}
		title, err := s.ask("getwindowname", active)
		id = active
		return err == nil && strings.Contains(title, name)
	})
	return id
}

// Gone waits until no window's title contains name.
func (s *Screen) Gone(name string) {
	s.t.Helper()
	s.await("the end of the window called "+name, func() bool {
		for _, title := range s.Windows() {
			if strings.Contains(title, name) {
				return false
			}
		}
		return true
	})
}

// Windows are the titles of all windows that can be seen.
func (s *Screen) Windows() []string {
	ids, err := s.ask("search", "--onlyvisible", "--name", ".")
	if err != nil {
		return nil
	}
	var titles []string
	for id := range strings.FieldsSeq(ids) {
		if title, err := s.ask("getwindowname", id); err == nil {
			titles = append(titles, title)
		}
	}
	return titles
}

// Size is how large a window is, in pixels.
func (s *Screen) Size(window string) (width, height int) {
	s.t.Helper()
	shell := s.do("getwindowgeometry", "--shell", window)
	for line := range strings.Lines(shell) {
		_, _ = fmt.Sscanf(line, "WIDTH=%d", &width)
		_, _ = fmt.Sscanf(line, "HEIGHT=%d", &height)
	}
	return width, height
}

// PID is the process that a window belongs to, as it says itself.
func (s *Screen) PID(window string) int {
	s.t.Helper()
	pid, err := strconv.Atoi(s.do("getwindowpid", window))
	if err != nil {
		s.t.Fatal(err)
	}
	return pid
}

// Type types text into the window that has the keyboard.
func (s *Screen) Type(text string) {
	s.t.Helper()
	s.do("type", "--delay", "2", text)
}

// Key presses a key, as xdotool(1) calls it: "Return", "Escape"; "alt+F4" closes a window.
func (s *Screen) Key(name string) {
	s.t.Helper()
	s.do("key", name)
}

// Freeze stops the X server: from then on it takes connections and does not answer.
func (s *Screen) Freeze() {
	s.t.Helper()
	if err := s.server.Process.Signal(syscall.SIGSTOP); err != nil {
		s.t.Fatal(err)
	}
}

// Kill ends the X server as a crash does: it leaves its socket behind.
func (s *Screen) Kill() {
	s.t.Helper()
	if err := s.server.Process.Kill(); err != nil {
		s.t.Fatal(err)
	}
	_ = s.server.Wait()
}

// Shot writes a picture of the screen to path, by its ending a PNG.
func (s *Screen) Shot(path string) {
	s.t.Helper()
	if _, err := exec.LookPath("import"); err != nil {
		s.t.Skipf("needs import: %v", err)
	}
	if out, err := s.command("import", "-window", "root", path).CombinedOutput(); err != nil {
		s.t.Fatalf("import: %v\n%s", err, out)
	}
}

func (s *Screen) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = s.environ()
	return cmd
}

func (s *Screen) ask(args ...string) (string, error) {
	out, err := s.command("xdotool", args...).Output()
	return string(bytes.TrimSpace(out)), err
}

func (s *Screen) do(args ...string) string {
	s.t.Helper()
	out, err := s.ask(args...)
	if err != nil {
		s.t.Fatalf("xdotool %q: %v", args, err)
	}
	return out
}

func (s *Screen) await(what string, come func() bool) {
	s.t.Helper()
	for end := time.Now().Add(Patience); !come(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("waited in vain for %s; there are %q", what, s.Windows())
		}
	}
}
