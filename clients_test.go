//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"os/user"
	"slices"
	"strings"
	"testing"

	"daypass/internal/keyring/keyringtest"
)

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

// theProfiles are those of clientProfiles, as STS knows them.
func theProfiles(t *testing.T) (dev, ops, mfa clientProfile) {
	t.Helper()
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	session := "/daypass-" + u.Username
	return clientProfile{"dev", "dev", "arn:aws:sts::222222222222:assumed-role/Dev" + session},
		clientProfile{"ops", "ops-role", "arn:aws:sts::222222222222:assumed-role/Ops" + session},
		clientProfile{"mfa", "mfa", "arn:aws:iam::111111111111:user/ana"}
}

// Each client is asked for a code at its first call, whichever form its profile
// has, and then no more.
func TestRealClients(t *testing.T) {
	dev, ops, mfa := theProfiles(t)
	for _, c := range clients {
		t.Run(c.name+"/one profile", func(t *testing.T) {
			t.Parallel()
			w := newClientWorld(t, c, keyringtest.Keyring(t).Env...)
			w.asked(dev)
			w.quiet(dev)
			w.counts(1, 1)
			w.quiet(ops)
			w.quiet(mfa)
			w.signed(dev, dev, ops, mfa)
			w.counts(1, 2)
		})
		t.Run(c.name+"/two profiles", func(t *testing.T) {
			t.Parallel()
			w := newClientWorld(t, c, keyringtest.Keyring(t).Env...)
			w.asked(ops)
			w.signed(ops)
			w.counts(1, 1)
		})
	}
}

// clientWorld is a world with a client, and the real daypass.
type clientWorld struct {
	*world
	client client
}

// newClientWorld makes one on the session bus that the variables name.
func newClientWorld(t *testing.T, c client, bus ...string) *clientWorld {
	t.Helper()
	daypass := builtBinary(t)
	w := newWorldOf(t, t.TempDir(), daypass)
	w.set(bus...)
	w.set("AWS_PAGER=") // the AWS CLI would start one on a terminal
	w.write("home/.aws/config", strings.ReplaceAll(clientProfiles, "DAYPASS", daypass))
	return &clientWorld{w, c}
}

// run makes the command of a client's command line, with an environment that names
// the profile.
func (w *clientWorld) run(p clientProfile, line []string) *exec.Cmd {
	w.t.Helper()
	cmd := w.command(line...)
	cmd.Env = append(slices.Clone(w.env), "AWS_PROFILE="+p.name)
	return cmd
}

// end waits for the end of the client, which must leave the terminal as it was and
// have shown nothing but that there.
func (w *clientWorld) end(s *screen, cmd *exec.Cmd, want string) {
	w.t.Helper()
	code := s.Wait(cmd)
	s.unchanged()
	if got := s.shown(); code != 0 || got != want {
		w.t.Fatalf("%s ended with code %d, and the terminal shows\n%q\nbut should\n%q", w.client.name, code, got, want)
	}
}

// answers types a code when it is asked for, and returns what the terminal then
// shows.
func (w *clientWorld) answers(s *screen, p clientProfile) string {
	w.t.Helper()
	s.Expect("MFA code: ")
	code := w.sts.Code(device)
	s.Type(code + "\r")
	return strings.Join([]string{
		`daypass: profile "` + p.asked + `" wants a code from ` + device + ` (asked by ` + w.client.caller + `)`,
		"daypass: the code goes to " + strings.TrimPrefix(w.url, "http://") + ", not encrypted",
		"MFA code: " + code,
		"",
	}, "\r\n")
}

// asked runs the client with all its streams on the terminal, where it asks for a
// code and prints its line.
func (w *clientWorld) asked(p clientProfile) {
	w.t.Helper()
	s := w.screen()
	cmd := w.run(p, w.client.command(w.t, w.url))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.File(), s.File(), s.File()
	s.Start(cmd)
	w.end(s, cmd, w.answers(s, p)+w.client.prints(p)+"\r\n")
}

// quiet runs the client with a pipe for its output, as in a script: it prints its
// line, and the terminal shows nothing.
func (w *clientWorld) quiet(p clientProfile) {
	w.t.Helper()
	s := w.screen()
	var out bytes.Buffer
	cmd := w.run(p, w.client.command(w.t, w.url))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.File(), &out, s.File()
	s.Start(cmd)
	w.end(s, cmd, "")
	if got, want := out.String(), w.client.prints(p)+"\n"; got != want {
		w.t.Fatalf("%s prints %q, not %q", w.client.name, got, want)
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
		if r.Action != w.client.call {
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
}
