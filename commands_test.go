//go:build unix

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/rogpeppe/go-internal/testscript"

	"daypass/internal/stsim"
	"daypass/internal/tty/ttytest"
)

// exitsCommand is "exits CODE COMMAND...": exec, of a command that must end with
// that exit code.
func exitsCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	err := ts.Exec(args[1], args[2:]...)
	if code := ttytest.ExitCode(err); strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d (%v), not %s", code, err, args[0])
	}
}

// likeCommand is "like FILE PATTERNS": the whole of FILE is the whole of
// PATTERNS, in which $NAME stands for a variable and «...» for a regular
// expression within a line.
func likeCommand(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: [!] like FILE PATTERNS")
	}
	got, want := ts.ReadFile(args[0]), os.Expand(ts.ReadFile(args[1]), ts.Getenv)
	var b strings.Builder
	for i, part := range regexp.MustCompile(`«|»`).Split(want, -1) {
		if i%2 == 0 {
			b.WriteString(regexp.QuoteMeta(part))
		} else {
			b.WriteString("(?:" + part + ")")
		}
	}
	if regexp.MustCompile("^"+b.String()+"$").MatchString(got) == neg {
		ts.Fatalf("%s is\n%s\nand like that should it be (%t):\n%s", args[0], got, !neg, want)
	}
}

// prettyCommand is "pretty FILE": FILE is one line of ASCII that is JSON; it is
// written to the file pretty with its keys in their order, one a line.
func prettyCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: pretty FILE")
	}
	text, ended := strings.CutSuffix(ts.ReadFile(args[0]), "\n")
	if !ended || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > unicode.MaxASCII }) {
		ts.Fatalf("not one line of ASCII: %q", text)
	}
	var b bytes.Buffer
	ts.Check(json.Indent(&b, []byte(text), "", "  "))
	b.WriteByte('\n')
	ts.Check(os.WriteFile(filepath.Join(ts.Getenv("WORK"), "pretty"), b.Bytes(), 0o600))
}

// signedCommand is "signed FILE CALLER": STS accepts a call signed with the
// credentials of FILE, an answer of credential-process, as one of a caller whose
// ARN matches.
func signedCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: signed FILE CALLER")
	}
	var c struct{ AccessKeyId, SecretAccessKey, SessionToken string }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &c))
	client := sts.New(sts.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(ts.Getenv("STS")),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: c.AccessKeyId, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}, nil
		}),
	})
	caller, err := client.GetCallerIdentity(context.Background(), nil)
	ts.Check(err)
	if !regexp.MustCompile("^" + args[1] + "$").MatchString(aws.ToString(caller.Arn)) {
		ts.Fatalf("the caller is %s, not %s", aws.ToString(caller.Arn), args[1])
	}
}

// deniedByEC2 is how EC2 refuses a call of the user, as the AWS CLI tells it.
func deniedByEC2(ts *testscript.TestScript, sim *stsim.Server, why string) string {
	user := stsim.User{Account: "111111111111", Name: "ana"}
	of := map[string]*[]string{"denied": &user.Denied, "mfa": &user.DeniedWithoutMFA, "organization": &user.DeniedByOrganization}[why]
	if of == nil {
		ts.Fatalf("sts denied FILE denied|mfa|organization")
	}
	*of = []string{"ec2:*"}
	sim.AddUser(user)
	const body = "Action=RunInstances&Version=2016-11-15"
	request, err := http.NewRequest(http.MethodPost, ts.Getenv("STS")+"/", strings.NewReader(body))
	ts.Check(err)
	sum := sha256.Sum256([]byte(body))
	keys := aws.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: secretAccessKey}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	ts.Check(v4.NewSigner().SignHTTP(context.Background(), keys, request, hex.EncodeToString(sum[:]), "ec2", "eu-west-1", time.Now()))
	response, err := http.DefaultClient.Do(request)
	ts.Check(err)
	defer response.Body.Close()
	var answer struct {
		Message string `xml:"Errors>Error>Message"`
	}
	ts.Check(xml.NewDecoder(response.Body).Decode(&answer))
	return "\nAn error occurred (UnauthorizedOperation) when calling the RunInstances operation: " + answer.Message + "\n"
}

// gosdkCommand is "[!] gosdk PROFILE": the Go SDK loads the profile, or refuses it.
func gosdkCommand(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: [!] gosdk PROFILE")
	}
	folder := filepath.Join(ts.Getenv("HOME"), ".aws")
	_, err := config.LoadDefaultConfig(context.Background(), config.WithSharedConfigProfile(args[0]),
		config.WithSharedConfigFiles([]string{filepath.Join(folder, "config")}),
		config.WithSharedCredentialsFiles([]string{filepath.Join(folder, "credentials")}))
	if (err != nil) != neg {
		ts.Fatalf("the Go SDK says about %s: %v", args[0], err)
	}
}
