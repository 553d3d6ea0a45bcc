package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// engine stands for Docker's daemon: it answers its API on a socket, and in place
// of a container of amazon/aws-cli runs aws with the environment of the request,
// and nothing else but the way to the simulated AWS.
// https://docs.docker.com/reference/api/engine/version/v1.43/
type engine struct {
	t     *testing.T
	env   []string // the way to the simulated AWS
	mu    sync.Mutex
	asked []string
	made  container
	out   net.Conn // of who is attached
	ended chan struct{}
}

type container struct {
	Image    string
	Env, Cmd []string
	Labels   map[string]string // by which docker compose knows it again
}

func (k *kitchen) engine() *engine {
	k.t.Helper()
	folder, err := os.MkdirTemp("", "docker") // the path of a socket must be short
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() { _ = os.RemoveAll(folder) })
	socket := filepath.Join(folder, "sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		k.t.Fatal(err)
	}
	e := &engine{t: k.t, ended: make(chan struct{})}
	for _, name := range []string{"HTTPS_PROXY", "AWS_CA_BUNDLE"} {
		e.env = append(e.env, name+"="+k.variable(name))
	}
	server := &http.Server{Handler: e, ReadHeaderTimeout: time.Minute}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	k.t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	k.set("DOCKER_HOST=unix://" + socket)
	return e
}

func (e *engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	if strings.HasPrefix(path, "/v1.") {
		path = path[strings.Index(path[1:], "/")+1:]
	}
	if path == "/containers/c1/wait" {
		w.(http.Flusher).Flush()
		<-e.ended
		fmt.Fprint(w, `{"StatusCode":0}`)
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked = append(e.asked, r.Method+" "+path)
	w.Header().Set("Api-Version", "1.43")
	w.Header().Set("Ostype", "linux")
	switch path {
	case "/_ping":
		fmt.Fprint(w, "OK")
	case "/containers/create":
		if err := json.NewDecoder(r.Body).Decode(&e.made); err != nil {
			e.t.Error(err)
		}
		e.says(w, http.StatusCreated, `{"Id":"c1","Warnings":[]}`)
	case "/containers/c1/attach":
		e.attach(w)
	case "/containers/c1/start":
		w.WriteHeader(http.StatusNoContent)
		go e.start()
	default:
		e.composes(w, path)
	}
}

// composes answers what docker compose asks besides.
func (e *engine) composes(w http.ResponseWriter, path string) {
	switch {
	case path == "/version":
		e.says(w, http.StatusOK, `{"ApiVersion":"1.43"}`)
	case path == "/containers/json":
		e.says(w, http.StatusOK, `[]`)
	case path == "/containers/c1/json":
		config, _ := json.Marshal(e.made)
		e.says(w, http.StatusOK, `{"Id":"c1","Name":"/c1","State":{},"HostConfig":{},"NetworkSettings":{"Networks":{}},"Config":`+string(config)+`}`)
	case path == "/containers/c1":
		w.WriteHeader(http.StatusNoContent)
	case strings.HasPrefix(path, "/networks/"):
		e.says(w, http.StatusOK, `{"Id":"n1","Driver":"bridge","Labels":{}}`)
	case strings.HasPrefix(path, "/images/"):
		e.says(w, http.StatusOK, `{"Id":"sha256:1","Config":{}}`)
	default:
		e.says(w, http.StatusNotFound, `{"message":"not here"}`)
	}
}

func (e *engine) says(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprint(w, text)
}

// attach keeps the connection for what the container prints.
func (e *engine) attach(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		e.t.Error(err)
		return
	}
	e.out = conn
	fmt.Fprint(conn, "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
}

// start runs the container, and sends what it prints in one frame of the stream.
func (e *engine) start() {
	defer close(e.ended)
	e.mu.Lock()
	defer e.mu.Unlock()
	cmd := exec.Command("/usr/bin/aws", e.made.Cmd...)
	cmd.Env = slices.Concat(e.made.Env, e.env, []string{"HOME=/nonexistent", "PATH=/usr/bin:/bin"})
	out, err := cmd.CombinedOutput()
	if err != nil {
		e.t.Errorf("the container: %v\n%s", err, out)
	}
	frame := binary.BigEndian.AppendUint32([]byte{1, 0, 0, 0}, uint32(len(out)))
	if e.out != nil {
		_, _ = e.out.Write(append(frame, out...))
		_ = e.out.Close()
	}
}

// The container gets the credentials and makes its call, and nothing was left on
// disk by daypass or the client.
func dockerRecipe(k *kitchen) {
	k.needs("docker")
	if _, err := os.Stat("/usr/bin/aws"); err != nil {
		k.t.Skipf("needs Debian's awscli: %v", err)
	}
	k.sts.PutObject("/one-bucket/greeting", []byte("hello from S3\n"))
	e := k.engine()
	got := k.cook()
	e.mu.Lock()
	defer e.mu.Unlock()
	if got != "hello from S3\n" {
		k.t.Errorf("the container printed %q; the API was asked for %q", got, e.asked)
	}
	k.signed("s3", 1)
	e.given()
}

// given checks that the container was given what its line of names says.
func (e *engine) given() {
	e.t.Helper()
	var names []string
	for _, entry := range e.made.Env {
		name, value, _ := strings.Cut(entry, "=")
		names = append(names, name)
		if value == "" {
			e.t.Errorf("%s is empty", name)
		}
	}
	slices.Sort(names)
	want := []string{"AWS_ACCESS_KEY_ID", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
	if e.made.Image != "amazon/aws-cli" || !slices.Equal(names, want) {
		e.t.Errorf("image %s, environment %q", e.made.Image, names)
	}
}

// composePlugin makes "docker compose" of Debian's docker-compose.
const composePlugin = `#!/bin/sh
if [ "$1" = docker-cli-plugin-metadata ]; then
	echo '{"SchemaVersion":"0.1.0","Vendor":"Debian","Version":"1.29"}'
	exit
fi
shift
exec docker-compose "$@"
`

func composeRecipe(k *kitchen) {
	k.needs("docker-compose")
	k.file(recipe{file: "~/.docker/cli-plugins/docker-compose", text: composePlugin})
	dockerRecipe(k)
}
