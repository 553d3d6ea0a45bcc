//go:build unix

package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/rogpeppe/go-internal/testscript"

	"daypass/internal/stsim"
)

// makesCommand is "makes": from then on IAM Identity Center, the metadata service of
// EC2 and the agent of a container are there, and give temporary credentials of ana.
// The portal knows the tokens "bearer" and "renewed". Each request is a line of the
// file asked; a file answer, its first line the status, is what all of them answer.
func makesCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: makes")
	}
	m := &maker{work: ts.Getenv("WORK"), credentials: sessionOfAna(ts)}
	server := httptest.NewServer(m)
	ts.Defer(server.Close)
	ts.Setenv("AWS_ENDPOINT_URL_SSO", server.URL)
	ts.Setenv("AWS_ENDPOINT_URL_SSO_OIDC", server.URL)
	ts.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.URL)
	ts.Setenv("AWS_EC2_METADATA_DISABLED", "")
	ts.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.URL+"/container")
}

func sessionOfAna(ts *testscript.TestScript) [3]string {
	client := sts.New(sts.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(ts.Getenv("STS")),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: secretAccessKey}, nil
		}),
	})
	out, err := client.GetSessionToken(context.Background(), nil)
	ts.Check(err)
	ts.Value("sts").(*stsim.Server).Reset()
	return [3]string{*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken}
}

// maker is what makes credentials.
type maker struct {
	work        string
	credentials [3]string // id, secret, token

	mutex sync.Mutex
}

func (m *maker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if f, err := os.OpenFile(filepath.Join(m.work, "asked"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err == nil {
		fmt.Fprintln(f, r.Method, r.URL.RequestURI())
		f.Close()
	}
	w.Header().Set("Content-Type", "application/json")
	if ttl := r.Header.Get("X-Aws-Ec2-Metadata-Token-Ttl-Seconds"); ttl != "" {
		w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", ttl)
	}
	status, body := m.answer(r)
	w.WriteHeader(status)
	fmt.Fprint(w, body)
}

func (m *maker) answer(r *http.Request) (status int, body string) {
	if text, err := os.ReadFile(filepath.Join(m.work, "answer")); err == nil {
		first, rest, _ := strings.Cut(string(text), "\n")
		_, _ = fmt.Sscan(first, &status)
		return status, rest
	}
	end := time.Now().Add(time.Hour)
	id, secret, token := m.credentials[0], m.credentials[1], m.credentials[2]
	const role = "/latest/meta-data/iam/security-credentials/"
	switch bearer := r.Header.Get("X-Amz-Sso_bearer_token"); r.URL.Path {
	case "/federation/credentials":
		if bearer != "bearer" && bearer != "renewed" {
			return 401, `{"message":"Session token not found or invalid"}`
		}
		return 200, fmt.Sprintf(`{"roleCredentials":{"accessKeyId":%q,"secretAccessKey":%q,"sessionToken":%q,"expiration":%d}}`, id, secret, token, end.UnixMilli())
	case "/token":
		return 200, `{"accessToken":"renewed","expiresIn":3600,"refreshToken":"next","tokenType":"Bearer"}`
	case "/latest/api/token":
		return 200, "imds"
	case role:
		return 200, "Node"
	case role + "Node":
		if r.Header.Get("X-Aws-Ec2-Metadata-Token") != "imds" {
			return 401, ""
		}
		return 200, fmt.Sprintf(`{"Code":"Success","AccessKeyId":%q,"SecretAccessKey":%q,"Token":%q,"Expiration":%q}`, id, secret, token, end.UTC().Format(time.RFC3339))
	case "/container":
		return 200, fmt.Sprintf(`{"AccessKeyId":%q,"SecretAccessKey":%q,"Token":%q,"Expiration":%q}`, id, secret, token, end.UTC().Format(time.RFC3339))
	}
	return 404, ""
}

// TestAProgramIsRunOnceForMany: it may ask a person, fifty times if each ran it.
func TestAProgramIsRunOnceForMany(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("home/.aws/config", `
[profile dev]
role_arn = `+plainRole+`
credential_process = sh program
`)
	w.write("program", `echo run >>runs
until [ -e go ]; do sleep 0.05; done
printf '{"Version":1,"AccessKeyId":"`+accessKeyID+`","SecretAccessKey":"`+secretAccessKey+`"}'
`)
	const many = 20
	var ends []func() answered
	for range many {
		ends = append(ends, w.beginAlone("credential-process", "--profile", "dev"))
	}
	w.missed(many)
	w.write("go", "")
	first := ends[0]().credentials()
	for _, end := range ends[1:] {
		if got := end().credentials(); got != first {
			t.Errorf("got %s and %s", got, first)
		}
	}
	if runs := w.read("runs"); runs != "run\n" {
		t.Errorf("it ran as often as %q says", runs)
	}
	w.counts(0, 1)
}

// TestCtrlCEndsAProgram, with all that it started.
func TestCtrlCEndsAProgram(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("home/.aws/config", `
[profile dev]
role_arn = `+plainRole+`
credential_process = sh program
`)
	w.write("program", "sleep 600 & echo $! >sleeper.new; mv sleeper.new sleeper; wait")
	cmd := w.command(w.program, "credential-process", "--profile", "dev")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	end := w.begin(cmd)
	w.until("the program runs", func() bool { return w.read("sleeper") != "" })
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	end().failed(130, "interrupted")
	w.until("what it started has ended", func() bool {
		text, _ := os.ReadFile("/proc/" + strings.TrimSpace(w.read("sleeper")) + "/cmdline") // empty of one that nobody has waited for
		return !strings.Contains(string(text), "sleep")
	})
	w.unlocked()
}
