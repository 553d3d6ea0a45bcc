//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"daypass/internal/keyring/keyringtest"
)

// client is a program with an AWS SDK, as its user has it. It prints the ARN that
// STS knows the profile of AWS_PROFILE by.
type client struct {
	name  string // of the program, as the prompt has it
	agent string // the SDK's, which its requests begin with
	// command is the command line. It skips the test if the SDK is not there.
	command func(t *testing.T, url string) []string
}

var clients = []client{
	{"aws", "aws-cli/", awsCommand},
	{"python3", "Boto3/", boto3Command},
	{"go", "aws-sdk-go-v2/", goCommand},
	{"node", "aws-sdk-js/", jsCommand},
}

// Debian's is looked for before what a machine may have beside it.
func awsCommand(t *testing.T, url string) []string {
	return []string{first(t, "the AWS CLI", "/usr/bin/aws", "aws"),
		"--endpoint-url", url, "sts", "get-caller-identity", "--query", "Arn", "--output", "text"}
}

func boto3Command(t *testing.T, _ string) []string {
	python := first(t, "boto3", "/usr/bin/python3", "python3")
	if out, err := exec.Command(python, "-c", "import boto3").CombinedOutput(); err != nil {
		t.Skipf("needs boto3: %v\n%s", err, out)
	}
	return []string{python, testdata(t, "boto3/identity.py")}
}

var buildClient = sync.OnceValues(func() (string, error) { return build("testdata/clients/go") })

func goCommand(t *testing.T, _ string) []string {
	program, err := buildClient()
	if err != nil {
		t.Fatal(err)
	}
	return []string{program}
}

func jsCommand(t *testing.T, _ string) []string {
	node := testdata(t, "js/node_modules/.bin/node")
	if _, err := os.Stat(node); err != nil {
		t.Skip("needs the JS SDK: run npm ci --prefix testdata/clients/js")
	}
	return []string{node, testdata(t, "js/identity.mjs")}
}

// first is the first of the programs that is there.
func first(t *testing.T, what string, programs ...string) string {
	t.Helper()
	for _, program := range programs {
		if path, err := exec.LookPath(program); err == nil {
			return path
		}
	}
	t.Skipf("needs %s: there is none of %v", what, programs)
	return ""
}

func testdata(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", "clients", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// clientProfiles are the README's: a role in the daypass_ form, a role in two
// profiles, and keys with MFA.
const clientProfiles = `
[profile dev]
region = eu-west-1
credential_process = DAYPASS credential-process --profile dev
daypass_role_arn = ` + devRole + `
daypass_source_profile = main
daypass_mfa_serial = ` + device + `

[profile ops]
region = us-east-2
credential_process = DAYPASS credential-process --profile ops-role

[profile ops-role]
role_arn = ` + opsRole + `
source_profile = main
mfa_serial = ` + device + `

[profile mfa]
region = eu-west-1
credential_process = DAYPASS credential-process --profile mfa
daypass_source_profile = main
daypass_mfa_serial = ` + device + `
`

// clientProfile is what a client calls a profile, what daypass is asked for, and
// who STS takes its credentials for.
type clientProfile struct{ name, asked, arn string }

// Each client is asked for a code at its first call, whichever form its profile
// has, and then no more.
func TestRealClients(t *testing.T) {
	session := "/daypass-" + currentUser(t)
	dev := clientProfile{"dev", "dev", "arn:aws:sts::222222222222:assumed-role/Dev" + session}
	ops := clientProfile{"ops", "ops-role", "arn:aws:sts::222222222222:assumed-role/Ops" + session}
	mfa := clientProfile{"mfa", "mfa", "arn:aws:iam::111111111111:user/ana"}
	for _, c := range clients {
		for form, order := range map[string][]clientProfile{
			"one profile":  {dev, ops, mfa},
			"two profiles": {ops, mfa, dev},
		} {
			t.Run(c.name+"/"+form, func(t *testing.T) {
				t.Parallel()
				w := newClientWorld(t, c)
				w.asked(order[0])
				w.quiet(order[0])
				w.counts(1, 1)
				w.quiet(order[1])
				w.quiet(order[2])
				w.counts(1, 2)
				w.signed(order[0], order[0], order[1], order[2])
			})
		}
	}
}

// currentUser is the login name of who runs the tests.
func currentUser(t *testing.T) string {
	t.Helper()
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return u.Username
}

// stsVariable has the way to STS, which Debian's AWS CLI and boto3 do not know yet.
const stsVariable = "AWS_ENDPOINT_URL_STS="

// clientWorld is a world with a real keyring and a client.
type clientWorld struct {
	*world
	client  client
	url     string
	command []string
}

func newClientWorld(t *testing.T, c client) *clientWorld {
	t.Helper()
	keyring := keyringtest.Keyring(t)
	daypass := builtBinary(t)
	w := newWorldOf(t, t.TempDir(), daypass)
	w.set(keyring.Env...)
	w.set("AWS_PAGER=") // the AWS CLI would start one on a terminal
	w.write("home/.aws/config", strings.ReplaceAll(clientProfiles, "DAYPASS", daypass))
	i := slices.IndexFunc(w.env, func(v string) bool { return strings.HasPrefix(v, stsVariable) })
	url := strings.TrimPrefix(w.env[i], stsVariable)
	return &clientWorld{w, c, url, c.command(t, url)}
}

// start starts the client in the foreground of the terminal, where all its streams
// are but stdout.
func (w *clientWorld) start(s *screen, p clientProfile, stdout io.Writer) *exec.Cmd {
	w.t.Helper()
	cmd := w.world.command(w.command...)
	cmd.Env = append(slices.Clone(w.env), "AWS_PROFILE="+p.name)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.File(), stdout, s.File()
	s.Start(cmd)
	return cmd
}

// end waits for the end of the client, which must leave the terminal as it was and
// have shown nothing but that there.
func (w *clientWorld) end(s *screen, cmd *exec.Cmd, want string) {
	w.t.Helper()
	code := s.Wait(cmd)
	s.unchanged()
	if got := shown(s.Terminal); code != 0 || got != want {
		w.t.Fatalf("%s ended with code %d, and the terminal shows\n%q\nbut should\n%q", w.client.name, code, got, want)
	}
}

// asked runs the client with all its streams on the terminal, where it asks for a
// code and prints the ARN.
func (w *clientWorld) asked(p clientProfile) {
	w.t.Helper()
	s := w.screen()
	cmd := w.start(s, p, s.File())
	s.Expect("MFA code: ")
	code := w.sts.Code(device)
	s.Type(code + "\r")
	w.end(s, cmd, strings.Join([]string{
		`daypass: profile "` + p.asked + `" wants a code from ` + device + ` (asked by ` + w.client.name + `)`,
		"daypass: the code goes to " + strings.TrimPrefix(w.url, "http://") + ", not encrypted",
		"MFA code: " + code,
		p.arn,
		"",
	}, "\r\n"))
}

// quiet runs the client with a pipe for its output, as in a script: it prints the
// ARN, and the terminal shows nothing.
func (w *clientWorld) quiet(p clientProfile) {
	w.t.Helper()
	s := w.screen()
	var out bytes.Buffer
	w.end(s, w.start(s, p, &out), "")
	if got := out.String(); got != p.arn+"\n" {
		w.t.Fatalf("%s prints %q, not the ARN %s", w.client.name, got, p.arn)
	}
}

// signed checks that the client's calls, for these profiles one after the other,
// were all that arrived, signed with the credentials that daypass has in the
// keyring, and accepted.
func (w *clientWorld) signed(profiles ...clientProfile) {
	w.t.Helper()
	var want, got []string
	for _, p := range profiles {
		var c struct{ AccessKeyId string }
		if err := json.Unmarshal([]byte(w.get(p.asked).credentials()), &c); err != nil {
			w.t.Fatal(err)
		}
		want = append(want, c.AccessKeyId)
	}
	for _, r := range w.sts.Requests() {
		if r.Action != "GetCallerIdentity" {
			continue
		}
		got = append(got, r.AccessKeyID)
		if !r.Accepted || !strings.HasPrefix(r.AccessKeyID, "ASIA") || !strings.HasPrefix(r.UserAgent, w.client.agent) {
			w.t.Errorf("a call by %q, signed with %s: accepted %t", r.UserAgent, r.AccessKeyID, r.Accepted)
		}
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("signed with %v, not with %v", got, want)
	}
	w.counts(1, 2)
}
