package stsim_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"daypass/internal/stsim"
)

func TestAnythingElse(t *testing.T) {
	p := newPlace(t)
	session := p.mfaSession()
	if got := p.send(p.signedGet(session, "s3", time.Now())).granted(t); !strings.Contains(got.body, "<ListAllMyBucketsResult") {
		t.Errorf("s3: %s", got.body)
	}
	if got := p.query(session, "ec2", "2016-11-15", "DescribeRegions", nil).granted(t); !strings.Contains(got.body, "<DescribeRegionsResponse>") {
		t.Errorf("ec2: %s", got.body)
	}
	powerless := p.session(p.sts(p.user, "GetFederationToken", "Name", "bob"))
	if got := p.send(p.signedGet(powerless, "s3", time.Now())); got.status != http.StatusForbidden {
		t.Errorf("federated without a policy: %d %s", got.status, got.body)
	}
}

func TestAnythingElseRefused(t *testing.T) {
	p := newPlace(t)
	wrong := p.user
	wrong.SecretAccessKey = "x"
	unknown := signer{region: "us-east-1"}
	unknown.AccessKeyID, unknown.SecretAccessKey = "AKIAIOSFODNN7EXAMPLE", "x"
	tests := []struct {
		name, service, target string
		by                    signer
		at                    time.Duration
		status                int
		code                  string
	}{
		{"s3, wrong secret", "s3", "", wrong, 0, 403, "<Code>SignatureDoesNotMatch</Code>"},
		{"s3, unknown key", "s3", "", unknown, 0, 403, "<Code>InvalidAccessKeyId</Code>"},
		{"s3, old", "s3", "", p.user, -time.Hour, 403, "<Code>RequestTimeTooSkewed</Code>"},
		{"ec2, unknown key", "ec2", "", unknown, 0, 403, "<Code>InvalidClientTokenId</Code>"},
		{"json, wrong secret", "dynamodb", "DynamoDB_20120810.ListTables", wrong, 0, 400, `"__type":"InvalidSignatureException"`},
		{"json, unknown key", "dynamodb", "DynamoDB_20120810.ListTables", unknown, 0, 400, `"__type":"UnrecognizedClientException"`},
		{"json, fine", "dynamodb", "DynamoDB_20120810.ListTables", p.user, 0, 200, "{}"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := http.NewRequest(http.MethodGet, p.url+"/", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			if tt.target != "" {
				r.Header.Set("X-Amz-Target", tt.target)
			}
			tt.by.sign(t, r, tt.service, "", time.Now().Add(tt.at))
			if got := p.send(r); got.status != tt.status || !strings.Contains(got.body, tt.code) {
				t.Errorf("got %d %s", got.status, got.body)
			}
		})
	}
}

// TestHandlerWithoutASocket signs a request that never becomes bytes, whose Content-Length is in no header.
func TestHandlerWithoutASocket(t *testing.T) {
	p := newPlace(t)
	const body = "Action=GetCallerIdentity&Version=2011-06-15"
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	p.user.sign(t, r, "sts", body, time.Now())
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Errorf("refused: %d %s", w.Code, w.Body)
	}
}

// TestAWSCLI lets the real thing prove that answers parse and that session credentials sign.
func TestAWSCLI(t *testing.T) {
	const aws = "/usr/bin/aws"
	if _, err := os.Stat(aws); err != nil {
		t.Skip("needs aws: ", err)
	}
	p := newPlace(t)
	p.AddRole(stsim.Role{ARN: devARN, RequireMFA: true})
	run := func(by signer, args ...string) (string, error) {
		command := exec.Command(aws, append([]string{"--endpoint-url", p.url}, args...)...)
		command.Env = []string{
			"PATH=/usr/bin:/bin", "HOME=" + t.TempDir(), "AWS_EC2_METADATA_DISABLED=true", "AWS_REGION=eu-west-1",
			"AWS_ACCESS_KEY_ID=" + by.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + by.SecretAccessKey,
		}
		if by.SessionToken != "" {
			command.Env = append(command.Env, "AWS_SESSION_TOKEN="+by.SessionToken)
		}
		out, err := command.CombinedOutput()
		return string(out), err
	}
	out, err := run(p.mfaSession(), "sts", "assume-role", "--role-arn", devARN, "--role-session-name", "test", "--query", "AssumedRoleUser.Arn", "--output", "text")
	if err != nil || out != "arn:aws:sts::111111111111:assumed-role/Dev/test\n" {
		t.Errorf("assume-role: %v\n%s", err, out)
	}
	role := p.session(p.role(p.mfaSession(), devARN))
	if out, err := run(role, "s3", "ls"); err != nil || !strings.Contains(out, "stsim-111111111111") {
		t.Errorf("s3 ls: %v\n%s", err, out)
	}
	role.SecretAccessKey += "x"
	if out, err := run(role, "sts", "get-caller-identity"); err == nil || !strings.Contains(out, "An error occurred (SignatureDoesNotMatch) when calling the GetCallerIdentity operation: "+mismatch) {
		t.Errorf("get-caller-identity: %v\n%s", err, out)
	}
}
