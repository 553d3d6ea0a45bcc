//go:build linux

package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"daypass/creds"
	"daypass/internal/state"
	"daypass/internal/stsim"
	longterm "daypass/keys"
	"daypass/session"
)

// turning is a world in which eva's key lies in the keyring, under the name eva,
// and is to be replaced.
type turning struct {
	*world
	old   stsim.Key
	typed string        // the last code
	later time.Duration // how far STS's clock was moved
}

func newTurning(t *testing.T) *turning {
	t.Helper()
	w := newWorld(t)
	old := stsim.Key{AccessKeyID: "AKIAEXAMPLEEVA000001", SecretAccessKey: "SECRET/of+eva/EXAMPLE0000000000000000001"}
	addEva(w.sts, old, nil)
	w.write("home/.aws/config", "[profile eva]\ndaypass_mfa_serial = "+evaDevice+"\n")
	w.write("home/.aws/credentials", "")
	r := &turning{world: w, old: old}
	err := r.keys().Put(t.Context(), longterm.Entry{
		Name: "eva", Account: "111111111111", User: evaARN,
		Current: longterm.Pair{AccessKeyID: old.AccessKeyID, Secret: creds.NewSecret(old.SecretAccessKey)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// keys is what the keyring holds, seen past daypass.
func (r *turning) keys() *longterm.Keys {
	return &longterm.Keys{OS: &folderRing{folderStore: folderStore{filepath.Join(r.folder, "store")}}, State: state.New(filepath.Join(r.folder, stateFolder))}
}

// works checks that the keyring holds a key that AWS takes, and returns the entry.
func (r *turning) works(when string) longterm.Entry {
	r.t.Helper()
	e, err := r.keys().Get(r.t.Context(), "eva")
	if err != nil {
		r.t.Fatalf("%s: the keyring has no key: %v", when, err)
	}
	network := session.Network{Partition: "aws", Region: session.Sourced{Value: "us-east-1"}, Endpoint: session.Sourced{Value: r.url}}
	if _, err := session.Identity(r.t.Context(), network, e.Current.Credentials()); err != nil {
		r.t.Errorf("%s: AWS does not take the key in use: %v", when, err)
	}
	return e
}

// rotate starts a rotation, in which each question for a code is answered, and
// each other one with yes.
func (r *turning) rotate() *obliged {
	r.t.Helper()
	return r.obliges(r.begins("keys", "rotate", "eva"))
}

// obliges answers the questions of a program that has started.
func (r *turning) obliges(p *person) *obliged {
	o := &obliged{p, r, make(chan struct{}), make(chan struct{})}
	go o.oblige()
	return o
}

// obliged is a program whose questions are answered.
type obliged struct {
	*person
	turning     *turning
	ended, done chan struct{}
}

// code is one that was not typed before: where STS never saw the last, time goes on.
func (r *turning) code() string {
	code := r.sts.Code(evaDevice)
	if code == r.typed {
		r.later += 30 * time.Second
		r.sts.Skew(r.later)
		code = r.sts.Code(evaDevice)
	}
	r.typed = code
	return code
}

func (o *obliged) oblige() {
	defer close(o.done)
	codes, others := 0, 0
	for {
		select {
		case <-o.ended:
			return
		case <-time.After(5 * time.Millisecond):
		}
		seen := o.Output()
		if n := prompts(seen); n > codes {
			codes = n
			o.Type(o.turning.code() + "\r")
		}
		if n := strings.Count(seen, "[y/N] "); n > others {
			others = n
			o.Type("y\r")
		}
	}
}

func (o *obliged) end() answered {
	o.w.t.Helper()
	defer func() { <-o.done }()
	defer close(o.ended)
	return o.person.end()
}

// finished checks that the rotation is through: AWS and the keyring have one key,
// which is new, and the day's session is there.
func (r *turning) finished(when string) {
	r.t.Helper()
	e := r.works(when)
	if e.Next != nil || e.Old != "" || e.Current.AccessKeyID == r.old.AccessKeyID {
		r.t.Errorf("%s: the keyring has %+v", when, e)
	}
	if keys := r.sts.KeysOf(evaARN); len(keys) != 1 || !keys[e.Current.AccessKeyID] {
		r.t.Errorf("%s: AWS has %v", when, keys)
	}
	r.sts.Reset()
	r.get("eva").credentials()
	if n := r.sts.Count(""); n != 0 {
		r.t.Errorf("%s: %d requests arrived for the day's session", when, n)
	}
}

// codesDiffer checks that no code was sent twice, and returns how many were taken.
func (r *turning) codesDiffer(when string) int {
	r.t.Helper()
	seen := map[string]bool{}
	for _, q := range r.sts.Requests() {
		code := q.Form.Get("TokenCode")
		if q.Action != session.GetSessionToken || !q.Accepted {
			continue
		}
		if code == "" || seen[code] {
			r.t.Errorf("%s: the code %q was sent again", when, code)
		}
		seen[code] = true
	}
	return len(seen)
}

func TestRotate(t *testing.T) {
	t.Parallel()
	r := newTurning(t)
	r.set("DAYPASS_DEBUG=1")
	o := r.rotate()
	got := o.end()
	if got.code != 0 || got.err != "" {
		t.Fatalf("exit code %d, err %q, out %q", got.code, got.err, got.out)
	}
	if n := r.codesDiffer("once"); n != 2 || prompts(o.shown()) != 2 {
		t.Errorf("%d codes were taken, and shown was:\n%s", n, o.shown())
	}
	if e := r.works("once"); !strings.Contains(got.out, fmt.Sprintf("access key \"eva\" is %s from now on; its session is good until ", e.Current.AccessKeyID)) {
		t.Errorf("out %q", got.out)
	}
	r.finished("once")
	printed := got.out + got.err + o.shown()
	r.hides(secret{"the new secret", r.works("once").Current.Secret.Reveal()}, printed, 1)
	r.hides(secret{"the old secret", r.old.SecretAccessKey}, printed, 0)
}

// hides checks that a secret was not printed, and is in so many items of the keyring
// and in no other file.
func (r *turning) hides(s secret, printed string, items int) {
	r.t.Helper()
	if form := s.in(printed); form != "" {
		r.t.Errorf("%s was printed as %s", s.name, form)
	}
	found := 0
	err := filepath.WalkDir(r.folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if s.in(string(text)) != "" {
			if found++; !strings.HasPrefix(entry.Name(), "key-"+longterm.Service) {
				r.t.Errorf("%s is in %s", s.name, path)
			}
		}
		return err
	})
	if err != nil || found != items {
		r.t.Errorf("%s is in %d files, %v", s.name, found, err)
	}
}

// TestRotateKilledAtAWS: a process that is killed while a request is on its way,
// or when it has been served, leaves a key that works, and the next one finishes.
func TestRotateKilledAtAWS(t *testing.T) {
	t.Parallel()
	for _, at := range []struct {
		action string
		nth    int
	}{
		{session.GetSessionToken, 1}, {session.GetCallerIdentity, 1}, {session.ListAccessKeys, 1}, {session.CreateAccessKey, 1},
		{session.GetCallerIdentity, 2}, {session.GetSessionToken, 2}, {session.UpdateAccessKey, 1}, {session.DeleteAccessKey, 1},
	} {
		for _, served := range []bool{false, true} {
			when := fmt.Sprintf("killed at %s %d (served: %v)", at.action, at.nth, served)
			r := newTurning(t)
			for range at.nth - 1 {
				r.sts.Inject(stsim.Fault{Action: at.action, Times: 1}) // which is none
			}
			fault := stsim.Fault{Action: at.action, Hang: !served, Times: 1}
			if served {
				fault.Delay = time.Hour
			}
			r.sts.Inject(fault)
			o := r.rotate()
			r.until(when, func() bool { return r.hangs(at.action, at.nth, served) })
			_ = o.cmd.Process.Kill()
			_ = o.end()
			r.works(when)
			r.goesOn(when)
		}
	}
}

// hangs reports that the request which is to hang has arrived, and been served if
// it shall be.
func (r *turning) hangs(action string, nth int, served bool) bool {
	if served {
		return r.sts.Accepted(action) == nth
	}
	return r.sts.Count(action) == nth
}

// goesOn runs another rotation to its end.
func (r *turning) goesOn(when string) {
	r.t.Helper()
	r.sts.ClearFaults()
	o := r.rotate()
	if got := o.end(); got.code != 0 || got.err != "" {
		r.t.Errorf("%s: then exit code %d, err %q, out %q\n%s", when, got.code, got.err, got.out, o.shown())
	}
	r.codesDiffer(when)
	r.finished(when)
}

// TestRotateKilledAtTheKeyring: likewise at each call of the keyring.
func TestRotateKilledAtTheKeyring(t *testing.T) {
	t.Parallel()
	deaths := 0
	for _, at := range []string{"before", "after"} {
		for n := 1; ; n++ {
			when := fmt.Sprintf("killed %s call %d of the keyring", at, n)
			r := newTurning(t)
			r.write("store/deadly", fmt.Sprintf("%d %s\n", n, at))
			got := r.rotate().end()
			if err := os.Remove(filepath.Join(r.folder, "store/deadly")); err != nil {
				t.Fatal(err)
			}
			if got.code != 128+int(syscall.SIGKILL) {
				break
			}
			deaths++
			r.works(when)
			r.goesOn(when)
		}
	}
	if deaths < 8 {
		t.Errorf("it died only %d times", deaths)
	}
}

// TestRotateWithoutStateFolder: it is not needed, be it missing, read-only or on a
// full disk.
func TestRotateWithoutStateFolder(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"missing", "full", "read-only"} {
		r := newTurning(t)
		r.set("DAYPASS_STATE_DIR=" + r.unusable(what))
		o := r.rotate()
		if got := o.end(); got.code != 0 || got.err != "" {
			t.Errorf("%s: exit code %d, err %q, out %q\n%s", what, got.code, got.err, got.out, o.shown())
		}
		if n := r.codesDiffer(what); n != 2 {
			t.Errorf("%s: %d codes were taken", what, n)
		}
		e := r.works(what)
		if keys := r.sts.KeysOf(evaARN); e.Old != "" || e.Next != nil || len(keys) != 1 || !keys[e.Current.AccessKeyID] {
			t.Errorf("%s: AWS has %v, the keyring %+v", what, keys, e)
		}
	}
}

// unusable is a state folder that nothing can be written to.
func (w *world) unusable(what string) string {
	w.t.Helper()
	if what == "missing" {
		return "/proc/nowhere"
	}
	if os.Geteuid() != 0 {
		w.t.Skip("needs root: to mount a disk")
	}
	folder := filepath.Join(w.folder, what)
	for _, err := range []error{os.Mkdir(folder, 0o700), exec.Command("mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", folder).Run()} {
		if err != nil {
			w.t.Fatal(err)
		}
	}
	w.t.Cleanup(func() { _ = exec.Command("umount", folder).Run() })
	if what == "full" {
		_ = os.WriteFile(filepath.Join(folder, "filler"), make([]byte, 64<<10), 0o600) // as far as it goes
	} else if err := exec.Command("mount", "-o", "remount,ro", folder).Run(); err != nil {
		w.t.Fatal(err)
	}
	return folder
}

// TestRotateInterrupted: Ctrl-C at the second question ends with word of how
// things stand.
func TestRotateInterrupted(t *testing.T) {
	t.Parallel()
	r := newTurning(t)
	p := r.screen().begin(r.command(r.program, "keys", "rotate", "eva"))
	p.answer(r.code())
	r.until("the new key is verified", func() bool { return r.sts.Accepted(session.GetCallerIdentity) == 2 })
	p.Expect("MFA code: ")
	p.Type("\x03")
	got := p.end()
	e := r.works("interrupted")
	want := fmt.Sprintf("daypass: error: interrupted\ndaypass: hint: %s is in use, and %s has to be taken out of use: run \"daypass keys rotate eva\" again\n", e.Current.AccessKeyID, e.Old)
	if got.code != 130 || got.err != want || e.Old != r.old.AccessKeyID {
		t.Errorf("exit code %d, err %q, want %q", got.code, got.err, want)
	}
	r.goesOn("interrupted")
}
