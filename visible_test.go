//go:build linux

package main

import (
	"encoding/json"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"daypass/internal/stsim"
)

// hostile are texts that a terminal would obey, or that a person would not see.
var hostile = map[string]string{
	"a colour":         "\x1b[31m",
	"a string":         "\x1bPx\a",
	"C1":               "\u009b31m",
	"C1 as a byte":     "\x9b31m",
	"an override":      "\u202e",
	"an isolate":       "\u2066",
	"a zero-width gap": "\u200b",
	"a joiner":         "\u200d",
	"a BOM":            "\ufeff",
	"a soft hyphen":    "\u00ad",
	"a paragraph":      "\u2029",
	"a filler":         "\u3164",
	"a selector":       "\ufe0f",
	"a tag":            "\U000e0041",
	"backspaces":       "\b\b",
	"a delete":         "\x7f",
	"a feed":           "\f",
}

// raw returns what of a text no person may be shown.
func raw(text string) string {
	if !utf8.ValidString(text) {
		return "bytes that are no UTF-8"
	}
	for _, r := range text {
		if r != '\n' && unicode.In(r, unicode.C, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) {
			return string(r)
		}
	}
	return ""
}

// shows fails the test unless a person may see the text, and so does each run
// below with all that it wrote.
func (w *world) shows(where, text string) {
	w.t.Helper()
	if found := raw(text); found != "" {
		w.t.Errorf("%q is raw in the %s: %q", found, where, text)
	}
}

// refuses runs daypass, which must fail with that code, in two lines.
func (w *world) refuses(code int, args ...string) {
	w.t.Helper()
	got := w.alone(args...)
	w.shows("stderr", got.err)
	w.shows("stdout", got.out)
	lines := strings.Split(got.err, "\n")
	if got.code != code || len(lines) != 3 || lines[2] != "" ||
		!strings.HasPrefix(lines[0], "daypass: error: ") || !strings.HasPrefix(lines[1], "daypass: hint: ") {
		w.t.Errorf("%q: exit code %d, not %d: %q", args, got.code, code, got.err)
	}
}

// tells runs daypass, which must succeed, and returns what it printed.
func (w *world) tells(args ...string) string {
	w.t.Helper()
	got := w.alone(args...)
	w.shows("stdout", got.out)
	if got.code != 0 || got.err != "" {
		w.t.Fatalf("%q: exit code %d: %q", args, got.code, got.err)
	}
	return got.out
}

// with is the world with more variables.
func (w *world) with(variables ...string) *world {
	other := *w
	other.env = append(slices.Clone(w.env), variables...)
	return &other
}

// newHostile makes a world whose config has that text wherever it can.
func newHostile(t *testing.T, text string) (w *world, name string) {
	t.Helper()
	w, name = newWorld(t), "d"+text+"ev"
	role := "\nrole_arn = " + devRole + "\nsource_profile = main\nmfa_serial = " + device + "\n"
	w.write("home/.aws/config", "[profile "+name+"]"+role+
		"made"+text+"up = some"+text+"value\ndaypass_made"+text+"up = x\ncolor = \"r"+text+"ed\" # a"+text+"comment\n"+
		"[profile "+name+"2]"+role+
		"[profile role]\nrole_arn = arn:role/"+text+"\nsource_profile = main\nduration_seconds = d"+text+"\n"+
		"[profile arn]\nrole_arn = "+text+"x\nsource_profile = main\n"+
		"[profile source]\nrole_arn = "+devRole+"\nsource_profile = n"+text+"o\n"+
		"[profile circle"+text+"]\nrole_arn = "+devRole+"\nsource_profile = circle"+text+"2\n"+
		"[profile circle"+text+"2]\nrole_arn = "+devRole+"\nsource_profile = circle"+text+"\n"+
		"[profile missing]"+role+"mfa_process = './no"+text+"thing' seed\n"+
		"[profile words]"+role+"mfa_process = sh words.sh\n"+
		"[profile fails]"+role+"mfa_process = sh fails.sh\n"+
		"[profile prompt]"+role+"prompt = di"+text+"alog\n"+
		"[profile plain]\nrole_arn = "+plainRole+"\nsource_profile = main\n[profile source2]\nrole_arn = "+plainRole+"\nrole_session_name = two\nsource_profile = main\n[profile url]\nrole_arn = "+plainRole+"\nsource_profile = main\nendpoint_url = x"+text+"\n")
	w.write("words.sh", "printf '%s' '"+text+"'")
	w.write("fails.sh", "printf '%s\\n' 'touch "+text+" it' >&2; exit 1")
	return w, name
}

// TestNothingHostileIsShown in what daypass says without a terminal, while JSON
// has it all.
func TestNothingHostileIsShown(t *testing.T) {
	t.Parallel()
	for what, text := range hostile {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w, name := newHostile(t, text)
			w.refuses(3, "login", name)
			w.refuses(3, "credential-process", "--profile", name)
			w.tells("login", name, "--token-code", w.sts.Code(device))
			if out := w.tells("credential-process", "--profile", name); raw(strings.TrimSuffix(out, "\n")) != "" {
				t.Errorf("%q", out)
			}
			w.tells("login", name, name+"2")
			w.tells("status")
			w.tells("explain", name)
			w.tells("export", name)
			w.jsonHas(name, "explain", name, "--json")
			w.jsonHas(name, "status", "--json")
			if out := w.alone("__complete", "login", "").out; raw(out) != "" {
				t.Errorf("completion offers %q", out)
			}
			if out := w.tells("logout", name); !strings.Contains(out, "these lose their MFA session too: d") {
				t.Errorf("%q", out)
			}
			w.tells("logout", name)
			w.tells("logout", "--all")
		})
	}
}

// jsonHas checks that an output is one line of ASCII that is JSON, and has the
// profile's name as it is.
func (w *world) jsonHas(name string, args ...string) {
	w.t.Helper()
	out := w.tells(args...)
	line, ended := strings.CutSuffix(out, "\n")
	if !ended || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r >= 0x7f }) {
		w.t.Errorf("%q: not a line of ASCII: %q", args, out)
	}
	var decoded map[string]any
	if err := json.Unmarshal([]byte(out), &decoded); err != nil {
		w.t.Fatalf("%q: %v: %q", args, err, out)
	}
	if all, ok := decoded["entries"].([]any); ok && len(all) > 0 {
		decoded, _ = all[0].(map[string]any)
	}
	if decoded["profile"] != strings.ToValidUTF8(name, "\ufffd") {
		w.t.Errorf("%q: the profile is %q, not %q", args, decoded["profile"], name)
	}
}

// TestNothingHostileIsInErrors, whatever they are about, and they are two lines.
func TestNothingHostileIsInErrors(t *testing.T) {
	t.Parallel()
	more := map[string]string{"a new line": "\nx", "a return": "\rx", "nothing": ""}
	for what, text := range hostile {
		more[what] = text
	}
	for what, text := range more {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w, _ := newHostile(t, strings.Trim(text, "\n\rx"))
			w.set("AWS_MAX_ATTEMPTS=1")
			for _, args := range [][]string{
				{"lo" + text + "gn"}, {"login", "--bo" + text + "gus"}, {"help", "x" + text},
				{"login", "a" + text, "--profile", "b" + text}, {"login", "a", "b", "--profile", text + "c"},
				{"export", "x", "--format", text + "csh"}, {"completion", "ba" + text + "shh"},
				{"credential-process", "--profile", "no" + text + "such"}, {"explain", "no" + text + "such", "--json"}, {"logout", "no" + text + "such"},
				{"login", "arn", "--min-remaining", text + "soon"}, {"explain", "arn", "--region", text + "!"},
				{"credential-process", "--profile", "role"}, {"credential-process", "--profile", "arn"}, {"credential-process", "--profile", "source"},
				{"credential-process", "--profile", "circle" + strings.Trim(text, "\n\rx")}, {"explain", "prompt" + text + "x"},
			} {
				w.refuses(2, args...)
			}
			w.with("AWS_ENDPOINT_URL_STS=").refuses(2, "login", "url")
			w.with("TEST_STORE=").refuses(2, "login", "fails", "--store", "key"+text+"rinng")
			w.with("AWS_CONFIG_FILE=/no"+text+"where").refuses(2, "login", "fails")
			w.with("AWS_CA_BUNDLE=/no"+text+"where").refuses(2, "login", "fails", "--token-code", "123456")
			w.with("DAYPASS_CALLERS="+url.PathEscape("o"+text+"uter")+",fails").refuses(2, "login", "fails")
			w.refuses(4, "login", "fails", "--token-code", text+"12345")
			w.refuses(4, "login", "missing")
			w.refuses(4, "login", "words")
			w.refuses(4, "login", "fails")
			for _, fault := range []stsim.Fault{
				{Status: 403, Code: "AccessDenied", Message: "no" + text + "no"},
				{Status: 400, Code: "Val" + text + "idation", Message: text},
				{Status: 400, Code: "ValidationError", Message: strings.Repeat("no"+text, 1000)},
			} {
				w.sts.Inject(fault)
				w.refuses(5, "login", "plain")
				w.sts.ClearFaults()
			}
			w.sts.Inject(stsim.Fault{Status: 502, Body: "<html>\n" + text + "\n</html>"})
			w.refuses(6, "login", "plain")
			w.with("AWS_ENDPOINT_URL_STS=http://127.0.0.1:1/"+text).shows("stderr", w.alone("login", "plain").err)
			w.sts.ClearFaults()
			w.tells("login", "plain")
			w.moveClock(50 * time.Minute)
			w.sts.Inject(stsim.Fault{Status: 403, Code: "AccessDenied", Message: "no" + text + "no"})
			if out := w.tells("login", "plain"); !strings.Contains(out, "; renewing it failed: AssumeRole") {
				t.Errorf("%q", out)
			}
			w.tells("status")
		})
	}
}

// TestNothingHostileReachesTheTerminal: names, the calling program, STS's
// address, a program's words and the first line of errors are written out.
func TestNothingHostileReachesTheTerminal(t *testing.T) {
	t.Parallel()
	for what, text := range hostile {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w, name := newHostile(t, text)
			w.set("AWS_MAX_ATTEMPTS=1")
			caller := "c" + text + "ad"
			w.write(caller, "#!/bin/sh\n'"+w.program+"' \"$@\"\n")
			call := func(w *world, args ...string) *person {
				return w.screen().begin(w.command(append([]string{filepath.Join(w.folder, caller)}, args...)...))
			}
			ended := func(p *person, code int, says string) {
				t.Helper()
				got := p.end()
				if got.code != code {
					t.Errorf("exit code %d, not %d: %q", got.code, code, got.err)
				}
				seen := strings.ReplaceAll(p.shown(), "\r\n", "\n")
				w.shows("terminal", seen)
				w.shows("stderr", got.err)
				if !strings.Contains(seen, says) {
					t.Errorf("the terminal says nothing of %q: %q", says, seen)
				}
			}

			p := call(w, "credential-process", "--profile", name)
			p.answer("12" + "ab56")
			p.answer(w.sts.Code(device))
			ended(p, 0, " (asked by c")

			far := w.with("AWS_ENDPOINT_URL_STS=http://e"+text+"vil.example:1", "HTTP_PROXY=http://127.0.0.1:1", "NO_PROXY=")
			if u, err := url.Parse("http://e" + text + "vil.example:1"); err == nil && u.Host != "" {
				p = call(far, "credential-process", "--profile", name)
				p.answer(w.sts.Code(device))
				ended(p, 6, "the code goes to e")
			} else {
				ended(call(far, "credential-process", "--profile", name), 2, "daypass: error: the endpoint from AWS_ENDPOINT_URL_STS")
			}

			ended(call(w, "credential-process", "--profile", name+"!"), 2, `daypass: error: profile "d`)
			ended(call(w, "login", "fails", "--refresh"), 4, "touch ")
			w.sts.Inject(stsim.Fault{Action: "AssumeRole", Status: 403, Code: "AccessDenied", Message: "because " + text})
			ended(call(w, "credential-process", "--profile", "source2"), 5, "daypass: error: AssumeRole for profile \"source2\": AccessDenied: because ")
		})
	}
}
