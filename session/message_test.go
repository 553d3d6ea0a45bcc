package session

import (
	"slices"
	"strings"
	"testing"
)

// wrapped is text in lines of so many characters, each with a margin.
func wrapped(text, margin string, width int) string {
	var b strings.Builder
	for len(text) > width {
		b.WriteString(margin + text[:width] + "\n")
		text = text[width:]
	}
	return b.String() + margin + text + "\n"
}

func TestFindMessages(t *testing.T) {
	message := strings.Repeat("Abc-123_xyZ", 50)
	denied := "An error occurred (UnauthorizedOperation): You are not authorized to perform this operation. Encoded authorization failure message: " + message
	other := strings.Repeat("0123456789abcdef", 40)
	java := denied + " (Service: Ec2, Status Code: 403, Request ID: 5df3d6a1-4d6b-4b5b-8f8a-1234567890ab)"
	older := denied + "\n\tstatus code: 403, request id: 5df3d6a1-4d6b-4b5b-8f8a-1234567890ab\n"
	red := "\x1b[31m│\x1b[0m \x1b[0m"
	ragged := strings.Repeat("Abc_123-defghijklmno-xyZ_0123456789_abcdefghijkl-", 20) + "_uvW"
	for name, text := range map[string]string{
		"alone":                     message,
		"in blanks":                 "  " + message + "\r\n",
		"in quotes":                 `"` + message + `"`,
		"whole error":               denied,
		"of an older SDK":           older,
		"of Java":                   java,
		"of Terraform":              "│ Error: creating\n│ \n│ " + denied + "\n│ \n│   with aws_vpc.test,\n│   on main.tf line 14\n╵\n",
		"of Terraform, no box text": "│ " + denied + "\n│ \n╵\n",
		"of Terraform, in colours":  red + "Encoded authorization failure message:\n" + red + message + "\n" + red + "\n\x1b[31m╵\x1b[0m\x1b[0m\n",
		"in colours, wrapped":       wrapped(denied, red, 80),
		"in bold":                   "Encoded authorization failure message: \x1b[1m" + message + "\x1b(B\x1b[m\n",
		"a link":                    "\x1b]8;;https://example.com/a\x1b\\" + denied + "\x1b]8;;\a\n",
		"a title that never ends":   "\x1b]0;title\n" + denied + "\x1b[31",
		"80 columns":                wrapped(denied, "", 80),
		"81 columns, a prompt":      wrapped(denied, "", 81) + "$ \n",
		"100 columns in a box":      wrapped(denied, "│ ", 100),
		"alone in 76 columns":       wrapped(message, "", 76),
		"on lines of its own":       "Encoded authorization failure message:\n\n" + wrapped(message, "  ", 64) + "done\n",
		"a word behind one line":    denied + "\nexit\n",
		"something longer before":   other + " " + other + other + "\n" + denied,
		"of JSON":                   `{"message":"` + denied + `"}`,
		"of Java, wrapped":          wrapped(java, "", 80),
		"of Java, in a box":         wrapped(java, "│ ", 77),
		"of an older SDK, wrapped":  wrapped(strings.ReplaceAll(older, "\n", " "), "", 90),
		"in quotes, wrapped":        wrapped(`"`+denied+`"`, "", 80),
		"of JSON, wrapped":          wrapped(`{"message":"`+denied+`","code":1}`, "", 80),
		"of Java, at hyphens":       hyphened(java, 80),
		"below a rule":              "--------\n" + message + "\n",
	} {
		if got := FindMessages(text); len(got) == 0 || got[0] != message {
			t.Errorf("%s: %q", name, got)
		}
	}
	for width := 60; width < 100; width++ {
		text := hyphened(strings.ReplaceAll(java, message, ragged), width)
		if got := FindMessages(text); len(got) == 0 || got[0] != ragged {
			t.Errorf("at hyphens, %d columns: %q, of %s", width, got, text)
		}
	}
	for name, text := range map[string]string{
		"nothing": "", "words": "You are not authorized to perform this operation.", "short": message[:63],
		"too long": strings.Repeat("a", 10241), "a letter a line": strings.Repeat("a\n", 1<<19), "marker alone": marker, "an id": "5df3d6a1-4d6b-4b5b-8f8a-1234567890ab",
	} {
		if got := FindMessages(text); len(got) != 0 {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// hyphened is text in lines of at most so many characters, broken at blanks and behind
// hyphens, and inside words only where it must be.
func hyphened(text string, width int) string {
	var b strings.Builder
	for len(text) > width {
		end := strings.LastIndexAny(text[:width], " -") + 1
		if end == 0 {
			end = width
		}
		b.WriteString(strings.TrimSuffix(text[:end], " ") + "\n")
		text = text[end:]
	}
	return b.String() + text + "\n"
}

// Where a message fills its last line, what stands behind it reads as its end.
func TestFindMessagesHasBothReadings(t *testing.T) {
	message := strings.Repeat("Abc-123_xyZ", 50)
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"a line behind it": {wrapped(message, "", 50) + "request 1\n", []string{message + "request", message}},
		"a word behind it": {wrapped(message, "", 50) + "exit\n", []string{message + "exit", message}},
		"a full line":      {wrapped(message, "", 50) + "Request " + strings.Repeat("x", 42) + "\n", []string{message + "Request", message}},
		"nothing, a blank": {wrapped(message, "", 50) + " (Service: Ec2)\n", []string{message}},
		"a wider line":     {wrapped(message, "", 50) + "Request" + strings.Repeat(" id", 20) + "\n", []string{message}},
		"its end":          {wrapped(message, "", 60), []string{message, message[:540]}},
		"both too long":    {wrapped(strings.Repeat("a", 10300), "", 100), nil},
		"one too long":     {wrapped(strings.Repeat("a", 10200), "", 100) + strings.Repeat("b", 99), []string{strings.Repeat("a", 10200)}},
	} {
		if got := FindMessages(c.text); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestFindReason(t *testing.T) {
	const tail = ". Encoded authorization failure message: abc"
	for text, want := range map[string]string{
		"User: x is not authorized to perform: ec2:CreateVpc on resource: y with an explicit deny in a service control policy" + tail: "with an explicit deny in a service control policy",
		"y with an explicit deny in a service control policy: arn:aws:organizations::1:policy/o-b2/service_control_policy/p-v4":       "with an explicit deny in a service control policy: arn:aws:organizations::1:policy/o-b2/service_control_policy/p-v4",
		"y because no identity-based policy\n│ allows the ec2:CreateVpc action" + strings.ReplaceAll(tail, "Encoded", "\nEncoded"):    "because no identity-based policy allows the ec2:CreateVpc action",
		"You are not authorized to perform this operation. Encoded authorization failure message: abc":                                "",
		"because no one knows": "", "": "",
		"\x1b[31m│\x1b[0m y \x1b[1mwith an explicit\x1b[0m\n\x1b[31m│\x1b[0m deny in a \x1b]8;;x\aservice\x1b]8;;\a control policy. z": "with an explicit deny in a service control policy",
		"with an explicit deny in " + strings.Repeat("x", 400):                                                                         "",
	} {
		if got := FindReason(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func FuzzFindMessages(f *testing.F) {
	f.Add("Encoded authorization failure message: " + strings.Repeat("ab\n", 50))
	f.Add(wrapped(strings.Repeat("x", 500), "│ ", 80))
	f.Add("\x1b[31m" + strings.Repeat("x-\n", 50) + "\x1b]0;\a\x1b(")
	f.Fuzz(func(t *testing.T, text string) {
		for _, got := range FindMessages(text) {
			if len(got) < leastMessage || len(got) > mostMessage || !alphanumeric(got, "-_") {
				t.Errorf("%q", got)
			}
		}
		if n := len(FindMessages(text)); n > 2 {
			t.Errorf("%d readings", n)
		}
		if strings.Contains(withoutEscapes(text), "\x1b") {
			t.Error("an escape is left")
		}
		if len(FindReason(text)) > 300 {
			t.Error("a reason as long as a page")
		}
	})
}
