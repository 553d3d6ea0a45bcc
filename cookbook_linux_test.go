package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// recipe is what a fenced block of docs/cookbook.md says: a script to run, or a
// file to write before the script. The first line of a block has the language, and
// then test=NAME, the test of the table recipes that it belongs to; a file has
// file=PATH too, below the home if it begins with ~/, else in the folder where the
// script runs.
type recipe struct{ shell, file, text string }

// cookbook returns the recipes of docs/cookbook.md by the tests they name, in
// their order.
func cookbook(t *testing.T) map[string][]recipe {
	t.Helper()
	text, err := os.ReadFile("docs/cookbook.md")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]recipe{}
	for i, part := range strings.Split("\n"+string(text), "\n```") {
		if i%2 == 0 {
			continue
		}
		head, body, _ := strings.Cut(part, "\n")
		words := strings.Fields(head)
		r, test := recipe{shell: head, text: body + "\n"}, ""
		for _, word := range words {
			switch name, value, _ := strings.Cut(word, "="); name {
			case "test":
				test = value
			case "file":
				r.file = value
			default:
				r.shell = word
			}
		}
		all[test] = append(all[test], r)
	}
	return all
}

// recipes are the tests of the recipes.
var recipes = map[string]func(*kitchen){
	"s3-sync":        s3Sync,
	"boto3":          boto3Recipe,
	"boto3-by-hand":  boto3ByHand,
	"curl":           putsReport,
	"signed-by-hand": putsReport,
	"s3cmd":          s3cmdRecipe,
	"rclone":         rcloneRecipe,
	"arguments":      argumentsRecipe,
	"one-bucket":     oneBucket,
	"docker":         dockerRecipe,
	"compose":        composeRecipe,
	"terraform":      terraformRecipe,
	"dotenv":         dotenv,
	"cloudtrail":     cloudTrail,
	"lock":           lockRecipe,
}

// Every recipe does what it says, by its own lines, with the real programs.
func TestCookbook(t *testing.T) {
	all := cookbook(t)
	common := all["all"]
	delete(all, "all")
	for name := range all {
		if recipes[name] == nil {
			t.Errorf("docs/cookbook.md has blocks that no test runs: test=%s: %q", name, all[name])
		}
	}
	for name, test := range recipes {
		t.Run(name, func(t *testing.T) {
			if all[name] == nil {
				t.Fatalf("docs/cookbook.md has no recipe %s", name)
			}
			t.Parallel()
			test(newKitchen(t, slices.Concat(common, all[name])))
		})
	}
}

// kitchen is a world where all of the internet is its STS, with S3 and the rest:
// programs need not be told of an endpoint, and prove themselves to what checks
// their signature and token. dev has credentials, and nobody can be asked for more.
type kitchen struct {
	*world
	recipes []recipe
	guard   *guard
}

func newKitchen(t *testing.T, recipes []recipe) *kitchen {
	t.Helper()
	w := newWorld(t)
	k := &kitchen{w, recipes, &guard{sts: w.sts}}
	proxy, ca := newInternet(t, k.guard)
	w.write("ca.pem", ca)
	bundle := filepath.Join(w.folder, "ca.pem")
	// Debian's programs before what a machine may have beside them.
	path := []string{filepath.Dir(w.program), filepath.Join(w.folder, "bin"), "/usr/bin", "/bin", os.Getenv("PATH")}
	w.set("HTTPS_PROXY="+proxy, "AWS_CA_BUNDLE="+bundle, "SSL_CERT_FILE="+bundle, "CURL_CA_BUNDLE="+bundle,
		"PATH="+strings.Join(path, ":"), "TMPDIR="+filepath.Join(w.folder, "tmp"), "AWS_PAGER=", "DAYPASS_NO_PROMPT=1")
	w.write("tmp/.keep", "")
	w.write("report.csv", "the report")
	w.write("site/index.html", "the index")
	w.write("site/css/main.css", "the style")
	for _, r := range recipes {
		if r.file != "" {
			k.file(r)
		}
	}
	w.loggedIn()
	w.sts.Reset()
	return k
}

// file writes a recipe's file, where ana's daypass is the one that is tested.
func (k *kitchen) file(r recipe) {
	k.t.Helper()
	name := strings.Replace(r.file, "~/", "home/", 1)
	k.write(name, strings.ReplaceAll(r.text, "/home/ana/.local/bin/daypass", k.program))
}

// needs skips the test if the program is not there.
func (k *kitchen) needs(program string) {
	k.t.Helper()
	if _, err := find(program); err != nil {
		k.t.Skipf("needs %s: %v", program, err)
	}
}

// scripts are the recipe's, without its files.
func (k *kitchen) scripts() []recipe {
	return slices.DeleteFunc(slices.Clone(k.recipes), func(r recipe) bool { return r.file != "" })
}

// script is the command that runs a script, under strace, which notes in the
// file "argv" the command lines of all that is run.
func (k *kitchen) script(r recipe) *exec.Cmd {
	k.t.Helper()
	k.needs(r.shell)
	k.needs("strace")
	trace := []string{"strace", "-f", "--seccomp-bpf", "-qq", "-A", "-o", filepath.Join(k.folder, "argv"), "-s", "10000", "-e", "trace=execve"}
	return k.command(append(trace, r.shell, "-c", r.text)...)
}

// cook runs all scripts of the recipe, one after the other, and returns what they
// print. None may fail, show a secret to who lists the processes, or leave one in
// a file.
func (k *kitchen) cook() string {
	k.t.Helper()
	var out string
	for _, r := range k.scripts() {
		out += k.cooks(k.script(r))
	}
	k.hidden()
	return out
}

func (k *kitchen) cooks(cmd *exec.Cmd) string {
	k.t.Helper()
	got := k.begin(cmd)()
	if got.code != 0 {
		k.t.Fatalf("%q: exit code %d, out %q, err %q", cmd.Args[len(cmd.Args)-1], got.code, got.out, got.err)
	}
	return got.out
}

// shown are the secrets that were in a command line.
func (k *kitchen) shown() []string {
	k.t.Helper()
	lines := k.read("argv")
	if !strings.Contains(lines, "execve(") {
		k.t.Fatal("no command line was noted")
	}
	s := &spy{world: k.world}
	s.issued()
	var shown []string
	for _, secret := range append(s.secrets, secret{"the secret access key", secretAccessKey}) {
		if secret.in(lines) != "" {
			shown = append(shown, secret.name)
		}
	}
	return shown
}

// hidden fails the test if the last script showed a secret in a command line, or if
// one is in a file.
func (k *kitchen) hidden() {
	k.t.Helper()
	k.notLeft()
	if shown := k.shown(); len(shown) > 0 {
		k.t.Errorf("seen in a command line: %q", shown)
	}
}

// notLeft fails the test if a secret is in a file.
func (k *kitchen) notLeft() {
	k.t.Helper()
	s := &spy{world: k.world, seen: map[string]string{}}
	s.issued()
	s.files()
	s.check()
}

// signed fails the test unless so many calls of a service arrived and all were
// accepted, signed by temporary credentials. That there is no such object is an
// answer.
func (k *kitchen) signed(service string, n int) {
	k.t.Helper()
	for _, r := range k.sts.Requests() {
		if r.Service != service {
			continue
		}
		n--
		if !r.Accepted && r.ErrorCode != "NoSuchKey" || !strings.HasPrefix(r.AccessKeyID, "ASIA") {
			k.t.Errorf("%s %s by %q, signed with %s: accepted %t, %s", service, r.Action, r.UserAgent, r.AccessKeyID, r.Accepted, r.ErrorCode)
		}
	}
	if n > 0 {
		k.t.Errorf("%d calls of %s are missing", n, service)
	}
}

// has checks what S3 holds there.
func (k *kitchen) has(path, want string) {
	k.t.Helper()
	if got := k.sts.Object(path); !bytes.Equal(got, []byte(want)) {
		k.t.Errorf("%s is %q, not %q", path, got, want)
	}
}

func putsReport(k *kitchen) {
	k.cook()
	k.has("/one-bucket/report.csv", "the report")
	k.signed("s3", 1)
	k.refused()
}

func putsSite(k *kitchen) {
	k.cook()
	k.has("/one-bucket/site/index.html", "the index")
	k.has("/one-bucket/site/css/main.css", "the style")
	k.signed("s3", 2)
}

// A second run has nothing to send.
func s3Sync(k *kitchen) {
	k.needs("aws")
	putsSite(k)
	k.sts.Reset()
	k.cook()
	k.signed("s3", 1)
	if n := k.sts.Count("PUT /site/index.html"); n != 0 {
		k.t.Errorf("the index was sent again %d times", n)
	}
}

// refused checks that the recipe fails, and reaches nobody, when daypass does.
func (k *kitchen) refused() {
	k.t.Helper()
	k.forget("dev")
	k.sts.Reset()
	for _, r := range k.scripts() {
		if got := k.begin(k.script(r))(); got.code == 0 {
			k.t.Errorf("without credentials: exit code 0, out %q, err %q", got.out, got.err)
		}
	}
	for _, r := range k.sts.Requests() {
		if r.Accepted {
			k.t.Errorf("without credentials: %s %s was accepted", r.Service, r.Action)
		}
	}
}
