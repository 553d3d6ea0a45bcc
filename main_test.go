package main

import (
	"context"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"daypass/cache"
	"daypass/cli"
	"daypass/internal/keyring/keyringtest"
	longterm "daypass/keys"
)

// TestMain lets the test binary be daypass too: with another store, another
// clock, and everything else as main has it. The knobs are in the test binary
// alone.
func TestMain(m *testing.M) {
	programs := otherPrograms()
	programs["daypass"] = daypass
	if programs[strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")] == nil {
		keyringtest.Alone() // what runs the tests, and with it all that they run
	}
	testscript.Main(tests{m}, programs)
}

// tests let programs have the signals of a terminal. A shell starts what runs in
// its background with SIGINT ignored, and nohup with SIGHUP, which is inherited.
type tests struct{ *testing.M }

// Run runs them.
func (t tests) Run() int {
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGHUP} {
		if signal.Ignored(s) {
			signal.Notify(make(chan os.Signal, 1), s)
		}
	}
	flag.Parse()
	atOnce := flag.Lookup("test.parallel")
	if atOnce.Value.String() == atOnce.DefValue { // most tests wait for other processes
		_ = atOnce.Value.Set(strconv.Itoa(3 * runtime.GOMAXPROCS(0)))
	}
	return t.M.Run()
}

func daypass() {
	if os.Getenv("TEST_ALONE") != "" {
		leaveTerminal()
	}
	self, _ := os.Executable()
	home, _ := os.UserHomeDir()
	env := cli.Env{
		Args: os.Args[1:], Stdout: os.Stdout, Stderr: os.Stderr,
		Getenv: os.Getenv, Environ: os.Environ, Now: testClock(), Home: home, Self: self, Parent: os.Getppid,
		Signin: os.Getenv("TEST_SIGNIN"),
	}
	if folder := os.Getenv("TEST_STORE"); folder != "" {
		env.Stores = func(name string, _ bool) ([]cache.Store, error) {
			if name == "none" {
				return nil, nil
			}
			return []cache.Store{folderStore{folder}}, nil
		}
		ring := &folderRing{folderStore: folderStore{folder}}
		env.Ring = func(bool) longterm.Ring { return ring }
	}
	os.Exit(cli.Main(context.Background(), env))
}

// testClock is the local clock, moved by the duration in the file TEST_CLOCK.
func testClock() func() time.Time {
	text, _ := os.ReadFile(os.Getenv("TEST_CLOCK"))
	offset, _ := time.ParseDuration(strings.TrimSpace(string(text)))
	return func() time.Time { return time.Now().Add(offset) }
}

// folderStore stands for the keyring in scripts: a folder with a file an item,
// and a line in the file "calls" for each call, with the process that made it. A
// file "trouble" makes every call fail.
type folderStore struct{ folder string }

func (s folderStore) call(name string) error {
	f, err := os.OpenFile(filepath.Join(s.folder, "calls"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if _, err := fmt.Fprintln(f, name, os.Getpid()); err != nil {
		return err
	}
	if text, err := os.ReadFile(filepath.Join(s.folder, "trouble")); err == nil {
		return errors.New(strings.TrimSpace(string(text)))
	}
	return nil
}

func (s folderStore) path(account string) string { return filepath.Join(s.folder, "item-"+account) }

func (s folderStore) Name() string { return "keyring" }

func (s folderStore) Check() error { return nil }

func (s folderStore) Get(_ context.Context, account string) ([]byte, error) {
	if err := s.call("get"); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(s.path(account))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, cache.ErrMiss
	}
	if err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(string(text))
}

func (s folderStore) Set(_ context.Context, account string, item []byte, _ time.Duration) error {
	if err := s.call("set"); err != nil {
		return err
	}
	text := base64.StdEncoding.EncodeToString(item)
	temporary := fmt.Sprintf("%s.%d", s.path(account), os.Getpid())
	if err := os.WriteFile(temporary, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, s.path(account))
}

func (s folderStore) Delete(_ context.Context, account string) error {
	if err := s.call("delete"); err != nil {
		return err
	}
	if err := os.Remove(s.path(account)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (s folderStore) Clear(_ context.Context) error {
	if err := s.call("clear"); err != nil {
		return err
	}
	items, err := filepath.Glob(s.path("*"))
	for _, item := range items {
		err = errors.Join(err, os.Remove(item))
	}
	return err
}
