//go:build linux

package main

import (
	"crypto/rand"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// newConsole makes a world with a role that needs no code, a sign-in page, and a
// browser: a program that does what script says.
func newConsole(t *testing.T, script string) *world {
	t.Helper()
	w := newWorld(t)
	w.write("home/.aws/config", profiles+"\n[profile plain]\ndaypass_role_arn = "+plainRole+"\ndaypass_source_profile = main\n")
	w.write("bin/xdg-open", "#!/bin/sh\n"+script)
	w.set("TEST_SIGNIN="+w.url+"/federation", "PATH="+filepath.Join(w.folder, "bin")+":"+os.Getenv("PATH"))
	return w
}

// visit asks for an address as a browser does, and follows nothing.
func visit(method, address, host string) (status int, header http.Header) {
	request, err := http.NewRequest(method, address, nil)
	if err != nil {
		return 0, nil
	}
	request.Host = host
	answer, err := http.DefaultTransport.(*http.Transport).Clone().RoundTrip(request)
	if err != nil {
		return 0, nil
	}
	_ = answer.Body.Close()
	return answer.StatusCode, answer.Header
}

// TestTheBrowserIsLedOnOnce: what the browser's program is given holds no token,
// and is good for one visit.
func TestTheBrowserIsLedOnOnce(t *testing.T) {
	t.Parallel()
	w := newConsole(t, "env > environ.new\necho \"$@\" > opened.new\nmv environ.new environ\nmv opened.new opened\n")
	w.set("DAYPASS_TOKEN_CODE=123456", "AWS_SECRET_ACCESS_KEY="+secretAccessKey)
	wait := w.beginAlone("console", "plain", "--open")
	w.until("the browser is opened", func() bool { return w.read("opened") != "" })
	address := strings.TrimSpace(w.read("opened"))
	if !strings.HasPrefix(address, "http://127.0.0.1:") || strings.Contains(address, "Signin") || len(address) > 60 {
		t.Errorf("the browser is opened on %q", address)
	}
	if environ := w.read("environ"); strings.Contains(environ, "123456") || strings.Contains(environ, secretAccessKey) {
		t.Errorf("the browser has in its environment\n%s", environ)
	}
	host, path := strings.Split(address, "/")[2], strings.Split(address, "/")[3]
	if len(path)*5 < 128 || strings.Trim(path, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
		t.Errorf("%q has less than 128 bits", path)
	}
	for _, elsewhere := range []string{"127.0.0.2", "[::1]"} { // which a listener for all addresses would answer too
		if status, _ := visit("GET", strings.Replace(address, "127.0.0.1", elsewhere, 1), host); status != 0 {
			t.Errorf("%s is answered: %d", elsewhere, status)
		}
	}
	for _, wrong := range [][3]string{{"GET", address + "x", host}, {"GET", "http://" + host + "/favicon.ico", host}, {"HEAD", address, host}, {"GET", address, "evil.example"}} {
		if status, _ := visit(wrong[0], wrong[1], wrong[2]); status != http.StatusNotFound {
			t.Errorf("%v: %d", wrong, status)
		}
	}
	status, header := visit("GET", address, host)
	if status != http.StatusSeeOther || header.Get("Referrer-Policy") != "no-referrer" || header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v", status, header)
	}
	if again, _ := visit("GET", address, host); again != 0 {
		t.Errorf("a second visit is answered: %d", again)
	}
	got := wait()
	if got.code != 0 || got.err != "" || got.out != "the browser signs in as profile \"plain\"\n" {
		t.Errorf("exit code %d, out %q, err %q", got.code, got.out, got.err)
	}
	if status, header := visit("GET", header.Get("Location"), strings.TrimPrefix(w.url, "http://")); status != http.StatusFound || header.Get("Location") != "https://console.aws.amazon.com/console/home" {
		t.Errorf("the address leads to %d %v", status, header)
	}
}

// TestTheBrowsersAddressCannotBeGuessed: no two are alike, and what is guessed gets
// nothing, however often.
func TestTheBrowsersAddressCannotBeGuessed(t *testing.T) {
	t.Parallel()
	w := newConsole(t, "echo \"$@\" > opened.new\nmv opened.new opened\n")
	seen := map[string]bool{}
	for range 3 {
		wait := w.beginAlone("console", "plain", "--open")
		w.until("the browser is opened", func() bool { return w.read("opened") != "" })
		address := strings.TrimSpace(w.read("opened"))
		host, path, _ := strings.Cut(strings.TrimPrefix(address, "http://"), "/")
		seen[path] = true
		for range 50 {
			if status, header := visit("GET", "http://"+host+"/"+rand.Text(), host); status != http.StatusNotFound || header.Get("Location") != "" {
				t.Errorf("a guess is answered: %d %v", status, header)
			}
		}
		if status, _ := visit("GET", address, host); status != http.StatusSeeOther {
			t.Errorf("after guesses the address gets %d", status)
		}
		if got := wait(); got.code != 0 {
			t.Errorf("exit code %d, err %q", got.code, got.err)
		}
		if err := os.Remove(filepath.Join(w.folder, "opened")); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != 3 {
		t.Errorf("the addresses were %v", seen)
	}
}

func TestABrowserThatDoesNotOpen(t *testing.T) {
	t.Parallel()
	w := newConsole(t, "exit 3\n")
	w.alone("console", "plain", "--open").failed(1, "the browser cannot be opened: exit status 3")
	w.set("PATH=" + t.TempDir())
	w.alone("console", "plain", "--open").failed(1, "the browser cannot be opened: exec: \"xdg-open\"")
}
