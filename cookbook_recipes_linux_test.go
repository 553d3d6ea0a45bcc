package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

func boto3Recipe(k *kitchen) {
	if _, err := findBoto3(); err != nil {
		k.t.Skipf("needs boto3: %v", err)
	}
	putsReport(k)
}

// By hand each run asks, and a code is of use only once.
func boto3ByHand(k *kitchen) {
	if _, err := findBoto3(); err != nil {
		k.t.Skipf("needs boto3: %v", err)
	}
	run := func(code string) answered {
		cmd := k.script(k.scripts()[0])
		cmd.Stdin = strings.NewReader(code + "\n")
		return k.begin(cmd)()
	}
	code := k.sts.Code(device)
	if got := run(code); got.code != 0 || got.out != "MFA code: " {
		k.t.Fatalf("exit code %d, out %q, err %q", got.code, got.out, got.err)
	}
	k.has("/one-bucket/report.csv", "the report")
	k.signed("s3", 1)
	k.counts(1, 0)
	k.hidden()
	if got := run(code); got.code == 0 || !strings.Contains(got.err, "MultiFactorAuthentication failed") {
		k.t.Errorf("the same code again: exit code %d, err %q", got.code, got.err)
	}
}

// s3cmd knows no proxy variables.
func s3cmdRecipe(k *kitchen) {
	address, _ := url.Parse(k.variable("HTTPS_PROXY"))
	k.write("home/.s3cfg", "[default]\nproxy_host = "+address.Hostname()+"\nproxy_port = "+address.Port()+
		"\nca_certs_file = "+k.variable("SSL_CERT_FILE")+"\n")
	putsReport(k)
}

// variable is what a variable is set to.
func (k *kitchen) variable(name string) string {
	var last string
	for _, entry := range k.env {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			last = value
		}
	}
	return last
}

// rclone has a transport of its own, with which the SDK takes no AWS_CA_BUNDLE.
func rcloneRecipe(k *kitchen) {
	k.needs("rclone")
	k.env = slices.DeleteFunc(k.env, func(entry string) bool { return strings.HasPrefix(entry, "AWS_CA_BUNDLE=") })
	putsSite(k)
}

// link lets recipes run a program of ours by that name.
func (k *kitchen) link(name, program string) {
	k.t.Helper()
	path, err := filepath.Abs(program)
	if err != nil {
		k.t.Fatal(err)
	}
	bin := filepath.Join(k.folder, "bin")
	if err := os.MkdirAll(bin, 0o700); err != nil {
		k.t.Fatal(err)
	}
	if err := os.Symlink(path, filepath.Join(bin, name)); err != nil {
		k.t.Fatal(err)
	}
}

// The warning is true: the secrets are in a command line.
func argumentsRecipe(k *kitchen) {
	k.link("s3sync", "testdata/cookbook/s3sync")
	k.cooks(k.script(k.scripts()[0]))
	k.has("/one-bucket/site/index.html", "the index")
	k.has("/one-bucket/site/css/main.css", "the style")
	k.signed("s3", 2)
	if shown := strings.Join(k.shown(), ", "); shown != "the secret of AssumeRole, the token of AssumeRole" {
		k.t.Errorf("in command lines are %q", shown)
	}
	k.notLeft()
	k.refused()
}

// buildModule builds a client that is a module of its own, so that what it needs
// is none of daypass's dependencies. It skips the test where that cannot be had.
func buildModule(t *testing.T, build func() (string, error)) string {
	t.Helper()
	program, err := build()
	if err != nil {
		t.Skipf("needs Go's module proxy: %v", err)
	}
	return program
}

var (
	buildTerraform = sync.OnceValues(func() (string, error) { return buildIn("testdata/clients/terraform") })
	buildPolicy    = sync.OnceValues(func() (string, error) { return buildIn("testdata/clients/policy") })
)

// buildIn builds the program with Go's own flags, so that what CI has built before
// is found in Go's cache. It goes with those of build.
func buildIn(folder string) (string, error) {
	beside, err := exec.LookPath("daypass")
	if err != nil {
		return "", err
	}
	built, err := os.MkdirTemp(filepath.Dir(filepath.Dir(beside)), "built")
	if err != nil {
		return "", err
	}
	program := filepath.Join(built, filepath.Base(folder))
	if out, err := exec.Command("go", "build", "-C", folder, "-o", program, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", folder, err, out)
	}
	return program, nil
}

func terraformRecipe(k *kitchen) {
	k.link("terraform", buildModule(k.t, buildTerraform))
	dev, _, _ := theProfiles(k.t)
	if got := k.cook(); got != dev.arn+"\n" {
		k.t.Errorf("Terraform would be %q, not %q", got, dev.arn)
	}
	k.signed("sts", 1)
	k.counts(0, 0)
	k.refused()
}

// The file is the user's alone, and stays if there are no credentials; their own .env
// stays in any case.
func dotenv(k *kitchen) {
	k.needs("aws")
	k.write(".env", "MINE=1\n")
	k.cook()
	path := filepath.Join(k.folder, ".env.aws")
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		k.t.Fatalf("%v, %v", info, err)
	}
	before := k.read(".env.aws")
	if n := strings.Count(before, "\n"); n != 6 {
		k.t.Errorf(".env.aws has %d lines", n)
	}
	got := k.cooks(k.command("sh", "-c", "set -a && . ./.env.aws && aws sts get-caller-identity --query Arn --output text"))
	if dev, _, _ := theProfiles(k.t); got != dev.arn+"\n" {
		k.t.Errorf("aws is %q, not %q", got, dev.arn)
	}
	k.signed("sts", 1)
	k.refused()
	if k.read(".env.aws") != before {
		k.t.Error("without credentials .env.aws was replaced")
	}
	if k.read(".env") != "MINE=1\n" {
		k.t.Error(".env was changed")
	}
	k.needs("docker")
	k.sts.PutObject("/one-bucket/greeting", []byte("hello from S3\n"))
	e := k.engine()
	got = k.cooks(k.command("docker", "run", "--rm", "--env-file", ".env.aws", "amazon/aws-cli", "s3", "cp", "s3://one-bucket/greeting", "-"))
	e.mu.Lock()
	defer e.mu.Unlock()
	if env := strings.Join(e.made.Env, "\n") + "\n"; env != before || got != "hello from S3\n" {
		k.t.Errorf("the container printed %q, and has not what is in the file: %t", got, env == before)
	}
}

// The records of a trail are found by the history, and the other way round.
func cloudTrail(k *kitchen) {
	k.needs("jq")
	k.needs("aws")
	var issued struct{ AccessKeyId string }
	if err := json.Unmarshal([]byte(k.get("dev").credentials()), &issued); err != nil {
		k.t.Fatal(err)
	}
	text, err := os.ReadFile("testdata/cookbook/trail.json")
	if err != nil {
		k.t.Fatal(err)
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	fmt.Fprint(z, strings.ReplaceAll(string(text), "ISSUED", issued.AccessKeyId))
	if err := z.Close(); err != nil {
		k.t.Fatal(err)
	}
	k.write("trail/111111111111_CloudTrail_eu-west-1_20260302T0915Z_a.json.gz", zipped.String())
	scripts := k.scripts()
	scripts[0].text += scripts[1].text
	got := k.cooks(k.script(scripts[0]))
	k.hidden()
	request := k.read("home/.local/state/daypass/history.jsonl")
	_, request, _ = strings.Cut(request[strings.Index(request, issued.AccessKeyId):], `"request_id":"`)
	request, _, _ = strings.Cut(request, `"`)
	want := `["2026-03-02T09:14:07Z","s3.amazonaws.com","PutObject",null]
["2026-03-02T09:15:11Z","ec2.amazonaws.com","TerminateInstances","Client.UnauthorizedOperation"]
dev AssumeRole ` + request + "\n"
	if got != want {
		k.t.Errorf("it prints\n%s\nnot\n%s", got, want)
	}
	k.signed("cloudtrail", 1)
}
