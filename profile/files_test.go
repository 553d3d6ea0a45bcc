package profile

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestLocate(t *testing.T) {
	home := t.TempDir()
	elsewhere := filepath.Join(t.TempDir(), "x")
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	standard := Files{filepath.Join(home, ".aws", "config"), filepath.Join(home, ".aws", "credentials")}
	for name, c := range map[string]struct {
		config, credentials, home string
		want                      Files
	}{
		"defaults":      {home: home, want: standard},
		"variables":     {elsewhere, elsewhere + "y", home, Files{elsewhere, elsewhere + "y"}},
		"one variable":  {elsewhere, "", home, Files{elsewhere, standard.Credentials}},
		"tilde":         {"~/c", "~", home, Files{filepath.Join(home, "c"), home}},
		"other's tilde": {"~ana/c", "", home, Files{filepath.Join(here, "~ana", "c"), standard.Credentials}},
		"relative":      {"c", "../d", home, Files{filepath.Join(here, "c"), filepath.Join(filepath.Dir(here), "d")}},
		"no home":       {"", "", "", Files{}},
	} {
		t.Run(name, func(t *testing.T) {
			env := map[string]string{"AWS_CONFIG_FILE": c.config, "AWS_SHARED_CREDENTIALS_FILE": c.credentials}
			if got := Locate(func(k string) string { return env[k] }, c.home); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestMissingFilesAreEmpty(t *testing.T) {
	for _, files := range []Files{{}, {Config: os.DevNull, Credentials: os.DevNull}, write(t, "", "")} {
		p, err := Load(files, "a", "")
		if !errors.Is(err, ErrNotFound) || p == nil || p.Settings != nil {
			t.Errorf("%v: %v, %v", files, p, err)
		}
		if names, err := Names(files); err != nil || len(names) != 0 {
			t.Errorf("%v: names %v, %v", files, names, err)
		}
	}
}

func TestUnreadableFiles(t *testing.T) {
	dir := t.TempDir()
	huge := filepath.Join(dir, "huge")
	f, err := os.Create(huge)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Truncate(maxFileSize+1), f.Close()); err != nil {
		t.Fatal(err)
	}
	cases := map[string]string{dir: "is a directory", huge: "64 MB"}
	if runtime.GOOS != "windows" {
		loop := filepath.Join(dir, "loop") // unreadable to root as well
		if err := os.Symlink(loop, loop); err != nil {
			t.Fatal(err)
		}
		cases[loop] = "cannot be read: "
	}
	for path, want := range cases {
		for _, files := range []Files{{Config: path}, {Credentials: path}} {
			p, err := Load(files, "a", "")
			var bad *Error
			if !errors.As(err, &bad) || bad.File != path || !strings.Contains(bad.Message, want) {
				t.Errorf("%v: %v", files, err)
			}
			if p == nil || p.Name != "a" {
				t.Errorf("%v: profile %v", files, p)
			}
			if strings.Count(fmt.Sprint(err), path) != 1 {
				t.Errorf("%v: the path should stand once in %q", files, err)
			}
			if _, err := Names(files); err == nil {
				t.Errorf("%v: names without error", files)
			}
			if w := Warnings(files, "a", ""); w != nil {
				t.Errorf("%v: warnings %v", files, w)
			}
		}
	}
}

// TestLargeFile is read in pieces, with sections and lines across their ends.
func TestLargeFile(t *testing.T) {
	config := "[profile first]\nregion = r1\n" + largeConfig(3000) +
		"[profile long]\nexternal_id = " + strings.Repeat("x", 3*smallFile) + "\nregion = r2\n[profile last]\nregion = r3"
	files := write(t, config, "")
	r, err := Open(files, "")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for name, region := range map[string]string{"first": "r1", "p00000": "eu-west-1", "p02999": "eu-west-1", "long": "r2", "last": "r3"} {
		p, err := r.Load(name)
		if err != nil || p.Region.Value != region {
			t.Errorf("%s: region %v, %v", name, p.Region, err)
		}
		if lines := strings.Split(config, "\n"); !strings.HasPrefix(lines[p.Region.Line-1], "region = "+region) {
			t.Errorf("%s: line %d is %q", name, p.Region.Line, lines[p.Region.Line-1])
		}
	}
	names := r.Names()
	if len(names) != 3003 {
		t.Errorf("%d names", len(names))
	}
	for _, name := range names { // from here on by the index
		if p, err := r.Load(name); err != nil || p.Region.Value == "" {
			t.Fatalf("%s: %v, %v", name, p, err)
		}
	}
	if r.files.config.index == nil {
		t.Error("no index after many look-ups")
	}
}

// brokenSource fails after its data, as a file on a lost network mount.
type brokenSource struct{ memory }

func (b brokenSource) Read(p []byte) (int, error) {
	if n, err := b.memory.Read(p); err == nil {
		return n, nil
	}
	return 0, os.ErrDeadlineExceeded
}

func (b brokenSource) ReadAt([]byte, int64) (int, error) { return 0, os.ErrDeadlineExceeded }

func TestReadErrors(t *testing.T) {
	x := &text{path: "f", file: brokenSource{memory{bytes.NewReader([]byte("[default]\nregion = r\n"))}}}
	var bad *Error
	if err := x.scan(make([]byte, 8)); !errors.As(err, &bad) || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("scan: %v", err)
	}
	good := &text{path: "f", file: memory{bytes.NewReader([]byte("[default]\nregion = r\n"))}}
	if err := good.scan(make([]byte, 8)); err != nil {
		t.Fatal(err)
	}
	good.file = x.file
	r := &Reader{files: store{config: good, credentials: good}}
	if p, err := r.Load("default"); !errors.As(err, &bad) || bad.File != "f" || p == nil {
		t.Errorf("load: %v", err)
	}
	if got := r.Warnings("default"); len(got) != 0 {
		t.Errorf("warnings %v", got)
	}
}

func TestNames(t *testing.T) {
	files := write(t,
		"[default]\n[profile b]\n[profile  a]\n[naked]\n[sso-session s]\n[services s]\n[]\n[profile]\n[profile b]\n[profile x y]\n",
		"[c]\n[b]\n[profile d]\n[my  prof]\n[]\n")
	got, err := Names(files)
	want := []string{"a", "b", "c", "default", "my prof", "x y"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	for _, name := range want {
		if _, err := Load(files, name, ""); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"", "naked", "d", "profile d", "profile b", "profile", "sso-session s", "services s", "my  prof"} {
		if _, err := Load(files, name, ""); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestCalled(t *testing.T) {
	files := write(t, `[profile ours]
credential_process = /opt/daypass credential-process --profile ours
[profile hidden]
credential_process = daypass credential-process
daypass_credential_process =
[profile stands]
credential_process = daypass credential-process --profile other
[profile other]
credential_process = /opt/op credential-process
[profile login]
credential_process = daypass login
[profile own]
daypass_credential_process = daypass credential-process
[profile keys]
credential_process = daypass credential-process --profile keys
`, "[late]\ncredential_process = daypass credential-process --profile late\n[keys]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = x\n")
	for name, want := range map[string]bool{"ours": true, "hidden": true, "stands": true, "late": true, "other": false, "login": false, "own": false, "keys": false} {
		if p, err := Load(files, name, ""); p.Called != want {
			t.Errorf("%s: %t, %v", name, p.Called, err)
		}
	}
}
