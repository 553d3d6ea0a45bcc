//go:build linux

package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// client is a program with an AWS SDK, as its user has it.
type client struct {
	name   string
	caller string // as the prompt has it: the program, or its script
	agent  string // the SDK's, which its requests begin with

	// command is the command line that makes the call and prints a line which tells
	// whose credentials signed it. It skips the test if the SDK is not there.
	command func(t *testing.T, url string) []string
	call    string // as stsim names it
	prints  func(p clientProfile) string
	tries   int // of a credential_process that fails

	// reader is the command line that makes a call and then takes in its standard
	// input. The SHA-256 of what it took is known from its output or from STS.
	reader func(t *testing.T, url string) []string
	took   func(w *clientWorld, out string) string
}

var clients = []client{
	{"aws", "aws", "aws-cli/", awsIdentity, "GetCallerIdentity", arn, 1, awsUpload, uploaded},
	identity("boto3", "identity.py", "Boto3/", boto3Identity, 1),
	identity("go", "go", "aws-sdk-go-v2/", goIdentity, 1),
	identity("js", "identity.mjs", "aws-sdk-js/", jsIdentity, 2),
	identity("ruby", "identity.rb", "aws-sdk-ruby3/", rubyIdentity, 1),
	{"rclone", "rclone", "rclone/", rcloneBuckets, "GET /", bucket, 1, rcloneUpload, uploaded},
}

// clientNamed is one of the clients.
func clientNamed(t *testing.T, name string) client {
	t.Helper()
	i := slices.IndexFunc(clients, func(c client) bool { return c.name == name })
	if i < 0 {
		t.Fatalf("there is no client called %s", name)
	}
	return clients[i]
}

// identity is one of the programs in testdata/clients.
func identity(name, caller, agent string, command func(*testing.T, string) []string, tries int) client {
	reader := func(t *testing.T, url string) []string { return append(command(t, url), "stdin") }
	return client{name, caller, agent, command, "GetCallerIdentity", arn, tries, reader, hashed}
}

func arn(p clientProfile) string { return p.arn }

// bucket is the one that STS's S3 lists to a profile's account.
func bucket(p clientProfile) string { return "stsim-" + strings.Split(p.arn, ":")[4] + "/" }

// hashed is the sum that is printed behind the ARN.
func hashed(_ *clientWorld, out string) string {
	_, sum, _ := strings.Cut(strings.TrimSuffix(out, "\n"), "\n")
	return sum
}

// What is uploaded, and where. It is more than a pipe holds, and less than the AWS
// CLI sends in parts.
const (
	uploadPath = "/bucket/key"
	uploadSize = 300_000
)

func uploaded(w *clientWorld, _ string) string {
	return fmt.Sprintf("%x", sha256.Sum256(w.sts.Object(uploadPath)))
}

func awsIdentity(t *testing.T, url string) []string {
	return awsCommand(t, url, "sts", "get-caller-identity", "--query", "Arn", "--output", "text")
}

func awsUpload(t *testing.T, url string) []string {
	return awsCommand(t, url, "s3", "cp", "-", "s3:/"+uploadPath)
}

func awsCommand(t *testing.T, url string, args ...string) []string {
	t.Helper()
	program, err := find("aws")
	if err != nil {
		t.Skipf("needs the AWS CLI: %v", err)
	}
	return append([]string{program, "--endpoint-url", url}, args...)
}

func rcloneBuckets(t *testing.T, url string) []string { return rcloneCommand(t, url, "lsf", ":s3:") }

// Without the size it would read ahead, and then send parts.
func rcloneUpload(t *testing.T, url string) []string {
	return rcloneCommand(t, url, "rcat", "--size", strconv.Itoa(uploadSize), ":s3:"+uploadPath)
}

func rcloneCommand(t *testing.T, url string, args ...string) []string {
	t.Helper()
	program, err := find("rclone")
	if err != nil {
		t.Skipf("needs rclone: %v", err)
	}
	return append([]string{program, "--config", "", "--s3-env-auth", "--s3-provider", "Other", "--s3-endpoint", url}, args...)
}

var (
	findBoto3   = sync.OnceValues(func() (string, error) { return interpreter("python3", "-c", "import boto3") })
	findRubySDK = sync.OnceValues(func() (string, error) { return interpreter("ruby", "-e", `require "aws-sdk-core"`) })
)

func boto3Identity(t *testing.T, _ string) []string {
	python, err := findBoto3()
	if err != nil {
		t.Skipf("needs boto3: %v", err)
	}
	return []string{python, testdata(t, "boto3/identity.py")}
}

func rubyIdentity(t *testing.T, _ string) []string {
	ruby, err := findRubySDK()
	if err != nil {
		t.Skipf("needs aws-sdk-core: %v", err)
	}
	return []string{ruby, testdata(t, "ruby/identity.rb")}
}

func goIdentity(t *testing.T, _ string) []string {
	program, err := buildClient()
	if err != nil {
		t.Fatal(err)
	}
	return []string{program}
}

func jsIdentity(t *testing.T, _ string) []string {
	node := testdata(t, "js/node_modules/.bin/node")
	if _, err := os.Stat(node); err != nil {
		t.Skip("needs the JS SDK: run npm ci --prefix testdata/clients/js")
	}
	return []string{node, testdata(t, "js/identity.mjs")}
}

// find looks for Debian's program before what a machine may have beside it.
func find(program string) (string, error) {
	if path, err := exec.LookPath("/usr/bin/" + program); err == nil {
		return path, nil
	}
	return exec.LookPath(program)
}

// interpreter finds one that can load an SDK, by the arguments given.
func interpreter(program string, load ...string) (string, error) {
	path, err := find(program)
	if err != nil {
		return "", err
	}
	if out, err := exec.Command(path, load...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%v: %w\n%s", load, err, out)
	}
	return path, nil
}

func testdata(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", "clients", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}
