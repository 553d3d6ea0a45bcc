//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"daypass/internal/stsim"
	"daypass/internal/tty/ttytest"
)

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			sts, url := newSTS(e.T().(testing.TB))
			e.Values["sts"] = sts
			home := filepath.Join(e.WorkDir, "home")
			store := filepath.Join(e.WorkDir, "store")
			e.Vars = append(environment(home, url), "WORK="+e.WorkDir, "TEST_STORE="+store, "TEST_ALONE=yes", "TEST_SIGNIN="+url+"/federation",
				"TEST_CLOCK="+filepath.Join(e.WorkDir, "clock"), "KEY="+accessKeyID, "LOGIN="+loginName(), "STS="+url, "TMPDIR="+e.WorkDir, "HOST="+strings.TrimPrefix(url, "http://"))
			for _, folder := range []string{filepath.Join(home, ".aws"), store} {
				if err := os.MkdirAll(folder, 0o700); err != nil {
					return err
				}
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"sts":    stsCommand,
			"tty":    ttyCommand,
			"count":  countCommand,
			"exits":  exitsCommand,
			"like":   likeCommand,
			"pretty": prettyCommand,
			"makes":  makesCommand,
			"signed": signedCommand,
			"gosdk":  gosdkCommand,
		},
	})
}

// stsCommand is "sts": it tells the simulated STS what to do, or what must have
// arrived.
//
//	sts count ACTION N        so many requests arrived
//	sts denied FILE WHY       writes EC2's refusal of a call of the user into FILE: denied (nothing allows it), mfa or organization
//	sts carried ACTION NAME [VALUE]
//	                          the last one had that parameter with that value, or, without
//	                          a value, had it not
//	sts region ACTION REGION  the last one was signed for that region
//	sts code VARIABLE [SERIAL]
//	                          puts a fresh code of that device, or of the first, into the environment
//	sts skew DURATION         moves STS's clock
//	sts identity TOKEN ROLE D the token is good for that role, so long
//	sts fault ACTION KIND [N] drop, hang, or an error code; N times, else for ever
//	sts eva ID SECRET [NO]... there is one more user, with one key (this one) and a device, who is not allowed that
//	sts key ID                eva gets one more key
//	sts keys N                eva has so many keys
//	sts rename FROM TO        a user of the path /team/ has another name
//	sts unready N             keys that are made from now on are refused so often
//	sts reset                 forgets faults and counts
func stsCommand(ts *testscript.TestScript, neg bool, args []string) {
	sts := ts.Value("sts").(*stsim.Server)
	if neg || len(args) == 0 {
		ts.Fatalf("usage: sts count|carried|region|code|skew|fault|identity|reset ...")
	}
	switch name, args := args[0], args[1:]; {
	case name == "count" && len(args) == 2:
		if got := strconv.Itoa(sts.Count(args[0])); got != args[1] {
			ts.Fatalf("%s arrived %s times, not %s", args[0], got, args[1])
		}
	case name == "denied" && len(args) == 2:
		ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(deniedByEC2(ts, sts, args[1])), 0o600))
	case name == "carried" && (len(args) == 2 || len(args) == 3):
		carried(ts, sts, args)
	case name == "region" && len(args) == 2:
		if got := last(ts, sts, args[0]).Region; got != args[1] {
			ts.Fatalf("%s was signed for %s, not %s", args[0], got, args[1])
		}
	case name == "code" && (len(args) == 1 || len(args) == 2):
		ts.Setenv(args[0], sts.Code(append(args, device)[1]))
	case name == "skew" && len(args) == 1:
		d, err := time.ParseDuration(args[0])
		ts.Check(err)
		sts.Skew(d)
	case name == "fault" && len(args) >= 2:
		sts.Inject(fault(ts, args))
	case name == "eva" && len(args) >= 2:
		addEva(sts, stsim.Key{AccessKeyID: args[0], SecretAccessKey: args[1]}, args[2:])
	case name == "key" && len(args) == 1:
		sts.AddKey(evaARN, stsim.Key{AccessKeyID: args[0], SecretAccessKey: "unknown"})
	case name == "keys" && len(args) == 1:
		if keys := sts.KeysOf(evaARN); strconv.Itoa(len(keys)) != args[0] {
			ts.Fatalf("eva has %v", keys)
		}
	case name == "rename" && len(args) == 2:
		sts.RenameUser("arn:aws:iam::111111111111:user/team/"+args[0], args[1])
	case name == "unready" && len(args) == 1:
		n, err := strconv.Atoi(args[0])
		ts.Check(err)
		sts.SetUnreadyCalls(n)
	case name == "identity" && len(args) == 3:
		d, err := time.ParseDuration(args[2])
		ts.Check(err)
		sts.AddIdentity(args[0], stsim.Identity{Subject: "job", Roles: []string{args[1]}, Expires: time.Now().Add(d)})
	case name == "reset":
		sts.ClearFaults()
		sts.Reset()
	default:
		ts.Fatalf("sts %s %q?", name, args)
	}
}

// addEva adds the user of the tests about keys, or changes what she is denied.
func addEva(sts *stsim.Server, key stsim.Key, denied []string) {
	other := sts.AddUser(stsim.User{Account: "111111111111", Name: "eva", Path: "/team/", Denied: denied, DeniedWithoutMFA: []string{"iam:*"}, AllowedByName: []string{"iam:*"}})
	sts.DeleteKey(other.AccessKeyID)
	sts.AddKey(evaARN, key)
	sts.AddDevice(evaARN, evaDevice, []byte("eva"))
}

func carried(ts *testscript.TestScript, sts *stsim.Server, args []string) {
	if got, want := last(ts, sts, args[0]).Form[args[1]], args[2:]; !slices.Equal(got, want) {
		ts.Fatalf("%s carried %q as %s, not %q", args[0], got, args[1], want)
	}
}

// last is the last request of that action.
func last(ts *testscript.TestScript, sts *stsim.Server, action string) stsim.Request {
	all := slices.DeleteFunc(sts.Requests(), func(r stsim.Request) bool { return r.Action != action })
	if len(all) == 0 {
		ts.Fatalf("no %s arrived", action)
	}
	return all[len(all)-1]
}

func fault(ts *testscript.TestScript, args []string) stsim.Fault {
	f := stsim.Fault{Action: args[0]}
	if len(args) > 2 {
		n, err := strconv.Atoi(args[2])
		ts.Check(err)
		f.Times = n
	}
	switch args[1] {
	case "drop":
		f.Drop = true
	case "hang":
		f.Hang = true
	default:
		f.Status, f.Code, f.Message = 403, args[1], "injected"
		if len(args) > 3 {
			f.Message = args[3]
		}
	}
	return f
}

// ttyCommand is "tty": it runs a command on a terminal of its own.
//
//	[!] tty [WAIT=>TYPE]... -- COMMAND...
//
// Each WAIT is waited for on the terminal, then TYPE is typed, in which @code,
// @code2 and @eva stand for a fresh code of the devices, and \r, \x03 and so on for
// keys. An empty TYPE only waits; what has an empty WAIT is typed ahead, before
// the command starts. Streams are as the AWS CLI has them: standard
// input is the terminal, the others are read. What they and the terminal showed
// is in the files out, err and tty, the exit code in the file code.
func ttyCommand(ts *testscript.TestScript, neg bool, args []string) {
	i := slices.Index(args, "--")
	if i < 0 || i == len(args)-1 {
		ts.Fatalf("usage: tty [WAIT=>TYPE]... -- COMMAND...")
	}
	term := ttytest.New(scriptTB{ts})
	path, err := exec.LookPath(args[i+1])
	ts.Check(err)
	cmd := exec.Command(path, args[i+2:]...)
	cmd.Dir = ts.Getenv("WORK")
	cmd.Env = scriptEnvironment(ts)
	var out, problem bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = term.File(), &out, &problem
	before := term.Settings()
	start := sync.OnceFunc(func() { term.Start(cmd) })
	for _, dialogue := range args[:i] {
		wait, text, _ := strings.Cut(dialogue, "=>")
		if wait != "" {
			start()
		}
		term.Expect(wait)
		term.Type(typed(ts, text))
	}
	start()
	code := term.Wait(cmd)
	if after := term.Settings(); after != before {
		ts.Fatalf("the terminal was\n%s\nand is\n%s", before, after)
	}
	seen := shown(term)
	for name, text := range map[string]string{"out": out.String(), "err": problem.String(), "tty": seen, "code": strconv.Itoa(code) + "\n"} {
		ts.Check(os.WriteFile(filepath.Join(ts.Getenv("WORK"), name), []byte(text), 0o600))
	}
	ts.Logf("[tty]\n%s\n[out]\n%s\n[err]\n%s", seen, out.String(), problem.String())
	if (code != 0) != neg {
		ts.Fatalf("exit code %d", code)
	}
}

// typed is what the keys of text type.
func typed(ts *testscript.TestScript, text string) string {
	keys, err := strconv.Unquote(`"` + text + `"`)
	ts.Check(err)
	sts := ts.Value("sts").(*stsim.Server)
	for _, d := range []struct{ mark, serial string }{{"@code2", secondDevice}, {"@code", device}, {"@eva", evaDevice}} {
		if strings.Contains(keys, d.mark) {
			keys = strings.ReplaceAll(keys, d.mark, sts.Code(d.serial))
		}
	}
	return keys
}

// shown is all that was to be seen on a terminal that nothing writes to any more.
func shown(term *ttytest.Terminal) string {
	const end = "\x00end of the terminal\x00"
	_, _ = term.File().WriteString(end)
	term.Expect(end)
	return strings.ReplaceAll(term.Output(), end, "")
}

// scriptEnvironment is the script's environment for a process.
func scriptEnvironment(ts *testscript.TestScript) []string {
	var all []string
	for _, name := range []string{"HOME", "PATH", "LANG", "TMPDIR", "SSH_TTY", "WORK", "TEST_STORE", "TEST_CLOCK", "TEST_SIGNIN", "NO_PROXY", "GORACE", "LC_ALL", "SHELL",
		"AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_IAM", "AWS_EC2_METADATA_DISABLED", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_MAX_ATTEMPTS",
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION", "DAYPASS_PROFILE", "DAYPASS_TOKEN_CODE", "DAYPASS_NO_PROMPT", "DAYPASS_STORE", "DAYPASS_STATE_DIR", "DAYPASS_DEBUG"} {
		if value := ts.Getenv(name); value != "" {
			all = append(all, name+"="+value)
		}
	}
	return all
}

// countCommand is "count CALL N": the store was called so often; "count reset"
// begins anew.
func countCommand(ts *testscript.TestScript, neg bool, args []string) {
	file := filepath.Join(ts.Getenv("TEST_STORE"), "calls")
	if neg || len(args) == 0 {
		ts.Fatalf("usage: count CALL N | count reset")
	}
	if args[0] == "reset" {
		ts.Check(os.WriteFile(file, nil, 0o600))
		return
	}
	text, _ := os.ReadFile(file)
	got := strings.Count("\n"+string(text), "\n"+args[0]+" ")
	if strconv.Itoa(got) != args[1] {
		ts.Fatalf("the store was asked to %s %d times, not %s", args[0], got, args[1])
	}
}

// scriptTB lets ttytest fail a script.
type scriptTB struct{ *testscript.TestScript }

func (tb scriptTB) Helper()           {}
func (tb scriptTB) Cleanup(do func()) { tb.Defer(do) }
func (tb scriptTB) Fatal(args ...any) { tb.Fatalf("%s", fmt.Sprint(args...)) }
