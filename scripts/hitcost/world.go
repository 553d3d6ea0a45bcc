//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"daypass/internal/keyring/keyringtest"
	"daypass/internal/stsim"
)

const (
	device  = "arn:aws:iam::111111111111:mfa/ana"
	another = "arn:aws:iam::111111111111:mfa/ana-2" // which has no session
	devRole = "arn:aws:iam::222222222222:role/Developer"
)

// What stands for a display: with one, somebody could unlock the keyring. A hit
// costs the same.
const (
	noDisplay = "DISPLAY="
	display   = "DISPLAY=:0"
)

// world is what is measured, and what it runs in: a home of its own, a bus with
// a gnome-keyring of its own, and a simulated STS.
type world struct {
	*harness
	daypass, floor string
	bus            *keyringtest.Session
	sts            *stsim.Server
	url            string // of sts
	connections    int    // that the two calls to STS took
	home, state    string
	small, big     string // config files with 10 and 10,000 profiles
	account        string // of the role's item in the keyring
	answer         string // what a hit prints
}

func newWorld(t *harness, daypass, floor string) *world {
	w := &world{harness: t, daypass: daypass, floor: floor, bus: keyringtest.Keyring(t), sts: stsim.New()}
	var err error
	w.home, err = os.MkdirTemp("", "hitcost")
	t.must(err)
	t.Cleanup(func() { _ = os.RemoveAll(w.home) })
	w.state = filepath.Join(w.home, "state")

	ana := stsim.User{Account: "111111111111", Name: "ana"}
	key := w.sts.AddUser(ana)
	w.sts.AddDevice(ana.ARN(), device, []byte("hitcost"))
	w.sts.AddRole(stsim.Role{ARN: devRole, RequireMFA: true, Principals: []string{ana.ARN()}})
	w.sts.SetTokenSize(1000) // as AWS's are today

	url, stop, err := w.sts.Listen()
	t.must(err)
	t.Cleanup(stop)
	w.url = url

	w.small, w.big = w.config("small", 10), w.config("big", 10_000)
	w.write("credentials", fmt.Sprintf("[main]\naws_access_key_id = %s\naws_secret_access_key = %s\n", key.AccessKeyID, key.SecretAccessKey))
	w.fill()
	return w
}

func (w *world) write(name, text string) (path string) {
	path = filepath.Join(w.home, name)
	w.must(os.WriteFile(path, []byte(text), 0o600))
	return path
}

// config writes a config file of n profiles, with those that are measured in
// the middle: dev, which is cached, and cold.
func (w *world) config(name string, n int) (path string) {
	var b strings.Builder
	for i := range n {
		switch i {
		case n / 2:
			fmt.Fprintf(&b, section, "dev", w.daypass, device, devRole)
		case n/2 + 1:
			fmt.Fprintf(&b, section, "cold", w.daypass, another, devRole)
		default:
			fmt.Fprintf(&b, others[i%len(others)], i)
		}
	}
	return w.write(name, b.String())
}

// section is that of a measured profile.
const section = `[profile %[1]s]
region = eu-west-1
credential_process = %[2]s credential-process --profile %[1]s
daypass_source_profile = main
daypass_mfa_serial = %[3]s
daypass_role_arn = %[4]s

`

// others are the sections of other profiles, of about 230 bytes.
var others = []string{
	`[profile team-%05[1]d-developer]
region = eu-west-1
output = json
role_arn = arn:aws:iam::3333333%05[1]d:role/engineering/Developer
source_profile = main
mfa_serial = arn:aws:iam::111111111111:mfa/ana
# asked for in OPS-%[1]d
s3 =
    addressing_style = path

`,
	`[profile team-%05[1]d-read-only]
sso_session = corp
sso_account_id = 3333333%05[1]d
sso_role_name = ReadOnlyAccess
sso_start_url = https://corp.awsapps.com/start#/
sso_region = eu-west-1
region = us-east-1
cli_pager =
output = text

`,
	`[profile team-%05[1]d-deploy]
region = eu-central-1
credential_process = /usr/local/bin/daypass credential-process --profile team-%05[1]d-deploy
daypass_role_arn = arn:aws:iam::3333333%05[1]d:role/Deploy
daypass_source_profile = main

`,
}

// environ is that of the programs which are measured: nothing of the caller's
// AWS settings, above all no AWS_CA_BUNDLE.
func (w *world) environ(extra ...string) []string {
	return append(append([]string{
		"HOME=" + w.home,
		"PATH=" + os.Getenv("PATH"),
		"AWS_CONFIG_FILE=" + w.small,
		"AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(w.home, "credentials"),
		"AWS_ENDPOINT_URL_STS=" + w.url,
		"AWS_ENDPOINT_URL_IAM=" + w.url,
		"AWS_EC2_METADATA_DISABLED=true",
		"NO_PROXY=127.0.0.1",
		"DAYPASS_STATE_DIR=" + w.state,
	}, w.bus.Env...), extra...)
}

// call is one call as an SDK makes it.
func (w *world) call(extra ...string) *exec.Cmd {
	return w.command(extra, w.daypass, "credential-process", "--profile", "dev")
}

// cold is the call for a profile of which nothing is cached.
func (w *world) cold(extra ...string) *exec.Cmd {
	return w.command(extra, w.daypass, "credential-process", "--profile", "cold")
}

// least is the call of the floor: it reads the item that a hit reads.
func (w *world) least(extra ...string) *exec.Cmd {
	return w.command(extra, w.floor, "daypass", w.account)
}

func (w *world) command(extra []string, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = w.environ(extra...)
	return cmd
}

// fillCalls are GetSessionToken and AssumeRole; a hit adds none.
const fillCalls = 2

// fill makes the two calls to STS that a cold cache takes.
func (w *world) fill() {
	cmd := w.call()
	cmd.Args = append(cmd.Args, "--token-code", w.sts.Code(device))
	w.answer = w.output(cmd)
	w.connections = w.sts.Connections()
	if s, a, all := w.sts.Accepted("GetSessionToken"), w.sts.Accepted("AssumeRole"), w.sts.Count(""); s != 1 || a != 1 || all != fillCalls {
		w.Fatalf("a cold cache took %d calls, GetSessionToken %d times and AssumeRole %d times", all, s, a)
	}
	entries, err := os.ReadDir(filepath.Join(w.state, "entries"))
	w.must(err)
	for _, e := range entries {
		_, account, _ := strings.Cut(e.Name(), "-")
		if strings.Contains(w.output(w.command(nil, w.floor, "daypass", account)), devRole) {
			w.account = account
		}
	}
	if w.account == "" {
		w.Fatal("the role's item is not in the keyring")
	}
	w.mustHit(w.output(w.call()))
}

// output runs a command that must succeed, and returns what it prints.
func (w *world) output(cmd *exec.Cmd) string {
	var problem bytes.Buffer
	cmd.Stderr = &problem
	out, err := cmd.Output()
	if err != nil {
		w.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, problem.String())
	}
	return string(out)
}

// oneConnection tells what filling took.
func (w *world) oneConnection() row {
	return row{
		what:     "connections of GetSessionToken and AssumeRole",
		measured: fmt.Sprint(w.connections),
		bound:    "1",
		ok:       w.connections == 1,
	}
}

// mustHit fails the run unless a call had the answer of the cache.
func (w *world) mustHit(answer string) {
	if answer != w.answer || w.sts.Count("") != fillCalls {
		w.Fatalf("this was no hit: STS was called %d times, and the answer is\n%s", w.sts.Count(""), answer)
	}
}
