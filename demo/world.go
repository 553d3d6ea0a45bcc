package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"daypass/internal/stsim"
)

const (
	account = "111111111111"
	device  = "arn:aws:iam::111111111111:mfa/ana"
	role    = "arn:aws:iam::111111111111:role/Developer"
	seed    = "daypass demo, no secret"
)

// world is what the demo runs in. Nothing of it outlives close.
type world struct {
	sts     *stsim.Server
	url     string // of the simulated STS
	codes   string // where the authenticator shows its code
	folder  string
	closing []func()
}

func newWorld() (w *world, err error) {
	w = &world{sts: stsim.New()}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	if w.folder, err = os.MkdirTemp("", "daypass-demo-"); err != nil {
		return nil, err
	}
	w.closing = append(w.closing, func() { _ = os.RemoveAll(w.folder) })
	url, stop, err := w.sts.Listen()
	if err != nil {
		return nil, err
	}
	w.url = url
	w.closing = append(w.closing, stop)
	return w, w.showCodes()
}

// populate makes the user, the device and the role, and writes the config that
// daypass reads. terminal says that a person types the code.
func (w *world) populate(daypass string, terminal bool) error {
	user := stsim.User{Account: account, Name: "ana"}
	key := w.sts.AddUser(user)
	w.sts.AddDevice(user.ARN(), device, []byte(seed))
	w.sts.AddRole(stsim.Role{ARN: role, RequireMFA: true})
	config := fmt.Sprintf(`[profile demo]
region = eu-west-1
credential_process = %s credential-process --profile demo
daypass_source_profile = demo-keys
daypass_mfa_serial = %s
daypass_role_arn = %s
`, daypass, device, role)
	if !terminal {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		config += fmt.Sprintf("daypass_mfa_process = %s -authenticator %s\n", self, w.codes)
	}
	credentials := fmt.Sprintf("[demo-keys]\naws_access_key_id = %s\naws_secret_access_key = %s\n", key.AccessKeyID, key.SecretAccessKey)
	if err := os.WriteFile(filepath.Join(w.folder, "config"), []byte(config), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(w.folder, "credentials"), []byte(credentials), 0o600)
}

// environ is the caller's environment without its AWS settings, and with those
// of the demo.
func (w *world) environ() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "AWS_") && !strings.HasPrefix(v, "DAYPASS_") {
			env = append(env, v)
		}
	}
	return append(env,
		"AWS_CONFIG_FILE="+filepath.Join(w.folder, "config"),
		"AWS_SHARED_CREDENTIALS_FILE="+filepath.Join(w.folder, "credentials"),
		"AWS_ENDPOINT_URL_STS="+w.url,
		"AWS_ENDPOINT_URL_IAM="+w.url,
		"AWS_EC2_METADATA_DISABLED=true",
		"NO_PROXY=127.0.0.1",
		"DAYPASS_STATE_DIR="+filepath.Join(w.folder, "state"),
	)
}

// showCodes serves what the authenticator shows, for runs without a person.
func (w *world) showCodes() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	w.codes = "http://" + listener.Addr().String()
	server := &http.Server{Handler: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		code, _ := w.sts.PeekCode(device)
		_, _ = io.WriteString(rw, code+"\n")
	})}
	go func() { _ = server.Serve(listener) }()
	w.closing = append(w.closing, func() { _ = server.Close() })
	return nil
}

func printCode(ctx context.Context, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	_, err = io.Copy(os.Stdout, response.Body)
	return err
}

func (w *world) close() {
	for i := len(w.closing) - 1; i >= 0; i-- {
		w.closing[i]()
	}
}
