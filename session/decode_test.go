package session

import (
	"errors"
	"strings"
	"testing"

	"daypass/creds"
	"daypass/internal/stsim"
)

func TestDecode(t *testing.T) {
	w := newWorld(t)
	encoded := w.sts.Encode("arn:aws:iam::111111111111:user/ana", "ec2:RunInstances", "*")
	document, err := Decode(t.Context(), w.want.Network, w.want.Base.Credentials, encoded)
	if err != nil {
		t.Fatal(err)
	}
	d, err := ReadDenial(document)
	if err != nil || d.Action != "ec2:RunInstances" || d.Principal != "arn:aws:iam::111111111111:user/ana" || d.Explicit {
		t.Errorf("%+v, %v", d, err)
	}
	for name, c := range map[string]creds.Credentials{"cut": w.want.Base.Credentials, "session": w.must().Credentials} {
		var refused *RefusedError
		_, err := Decode(t.Context(), w.want.Network, c, encoded[:500])
		if !errors.As(err, &refused) || refused.Call != DecodeAuthorizationMessage ||
			refused.Code != map[string]string{"cut": "InvalidAuthorizationMessageException", "session": "AccessDenied"}[name] {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.sts.Inject(stsim.Fault{Action: DecodeAuthorizationMessage, Body: "<x/>"})
	var refused *RefusedError
	if got, err := Decode(t.Context(), w.want.Network, w.want.Base.Credentials, encoded); !errors.As(err, &refused) {
		t.Errorf("%q, %v", got, err)
	}
}

// wrapped is text in lines of so many characters, each with a margin.
func wrapped(text, margin string, width int) string {
	var b strings.Builder
	for len(text) > width {
		b.WriteString(margin + text[:width] + "\n")
		text = text[width:]
	}
	return b.String() + margin + text + "\n"
}

func TestFindMessage(t *testing.T) {
	message := strings.Repeat("Abc-123_xyZ", 50)
	denied := "An error occurred (UnauthorizedOperation): You are not authorized to perform this operation. Encoded authorization failure message: " + message
	other := strings.Repeat("0123456789abcdef", 40)
	for name, text := range map[string]string{
		"alone":                     message,
		"in blanks":                 "  " + message + "\r\n",
		"in quotes":                 `"` + message + `"`,
		"whole error":               denied,
		"of an older SDK":           denied + "\n\tstatus code: 403, request id: 5df3d6a1-4d6b-4b5b-8f8a-1234567890ab\n",
		"of Terraform":              "│ Error: creating\n│ \n│ " + denied + "\n│ \n│   with aws_vpc.test,\n│   on main.tf line 14\n╵\n",
		"of Terraform, no box text": "│ " + denied + "\n│ \n╵\n",
		"80 columns":                wrapped(denied, "", 80),
		"81 columns, a prompt":      wrapped(denied, "", 81) + "$ \n",
		"100 columns in a box":      wrapped(denied, "│ ", 100),
		"alone in 76 columns":       wrapped(message, "", 76),
		"on lines of its own":       "Encoded authorization failure message:\n\n" + wrapped(message, "  ", 64) + "done\n",
		"fills its lines":           wrapped(message, "", 50) + "request 1\n",
		"a word behind one line":    denied + "\nexit\n",
		"something longer before":   other + " " + other + other + "\n" + denied,
		"of JSON":                   `{"message":"` + denied + `"}`,
	} {
		if got := FindMessage(text); got != message {
			t.Errorf("%s: %d characters: %q", name, len(got), got)
		}
	}
	for name, text := range map[string]string{
		"nothing": "", "words": "You are not authorized to perform this operation.", "short": message[:63],
		"too long": strings.Repeat("a", 10241), "marker alone": marker, "an id": "5df3d6a1-4d6b-4b5b-8f8a-1234567890ab",
	} {
		if got := FindMessage(text); got != "" {
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
		"with an explicit deny in " + strings.Repeat("x", 400): "",
	} {
		if got := FindReason(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func FuzzFindMessage(f *testing.F) {
	f.Add("Encoded authorization failure message: " + strings.Repeat("ab\n", 50))
	f.Add(wrapped(strings.Repeat("x", 500), "│ ", 80))
	f.Fuzz(func(t *testing.T, text string) {
		got := FindMessage(text)
		if got != "" && (len(got) < leastMessage || len(got) > mostMessage || !alphanumeric(got, "-_")) {
			t.Errorf("%q", got)
		}
		if len(FindReason(text)) > 300 {
			t.Error("a reason as long as a page")
		}
	})
}
