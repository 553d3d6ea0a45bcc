package profile

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// FuzzINIGivesBack: ini.v1 gives each value back byte for byte, whatever key
// and value are.
func FuzzINIGivesBack(f *testing.F) {
	for _, value := range []string{
		"", "v", " v ", `"v"`, `'v'`, "`v`", `"""v"""`, `"""`, `""`, `v"`, "v`", `v\`, `\`, "%(key)s", "#v", "; v", "v # w", "=v", ":",
		"a\nb", "\n", "\n\n", "a\n", "\na", "a\n\"\"\"\nb", "a\n\n  b", "\r", "a\rb", "a\r\nb", "\x00", "\xff\xfe", "\ufeff", "[v]", "\t", "\u00a0",
	} {
		f.Add("key", "sub", value)
	}
	for _, key := range []string{"", "-", "#k", "[k]", `"k"`, "`k", "k,1", "k/s", "%", "%2D", "a b", "\ufeffk", "\xff", "a=b", "#1"} {
		f.Add(key, "", "v")
		f.Add(key, key, "v\nw")
	}
	f.Fuzz(func(t *testing.T, key, sub, value string) {
		want := []entry{
			{entryKey: entryKey{key: key}, value: value},
			{entryKey: entryKey{key, sub, true}, value: value + "!"},
			{entryKey: entryKey{key, key, true}, value: "?" + value},
			{entryKey: entryKey{key: key + "," + sub}, value: "," + value},
			// What would be the names of further lines without a separator.
			{entryKey: entryKey{key: key + "1"}, value: "1"},
			{entryKey: entryKey{key, "1", true}, value: "one"},
		}
		seen := map[entryKey]bool{}
		want = slices.DeleteFunc(want, func(e entry) bool {
			again := seen[e.entryKey]
			seen[e.entryKey] = true
			return again
		})
		got, err := readValues("f", slices.Clone(want))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("ini.v1 gives %+v, was given %+v", got, want)
		}
	})
}

func addFiles(f *testing.F) {
	paths, err := filepath.Glob("testdata/ini-cases/*.ini")
	if err != nil || len(paths) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		if len(data) < 1000 {
			f.Add(string(data), "[a]\naws_access_key_id = AKIA\naws_secret_access_key = s\n", "a")
			f.Add("[profile a]\nsource_profile = b\nrole_arn = arn:aws:iam::1:role/r\n", string(data), "a")
		}
	}
	f.Add("[profile a]\ndaypass_source_profile = a\n", "", "a")
	f.Add("[profile a]\ncredential_process = daypass credential-process --profile b\n[profile b]\ncredential_process = daypass credential-process --profile a", "", "a")
	f.Add("[profile a]\nservices = s\nmfa_process = x | y\nmfa_session = no\n[services s]\nsts =\n endpoint_url = http://h\n", "[a]\n", "a")
}

// FuzzLoad: no file makes reading, resolving or warning panic, and what ini.v1
// is given of a file it gives back.
func FuzzLoad(f *testing.F) {
	addFiles(f)
	f.Fuzz(func(t *testing.T, configText, credentialsText, name string) {
		files := write(t, configText, credentialsText)
		r, err := Open(files, "")
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		for _, x := range []*text{r.files.config, r.files.credentials} {
			checkText(t, x)
		}
		for _, name := range append(r.Names(), name) {
			p, err := r.Load(name)
			if p == nil || err == nil && len(p.Chain) == 0 {
				t.Fatalf("%q: %v, %v", name, p, err)
			}
			for _, w := range r.Warnings(name) {
				if w.Line < 1 || w.File == "" || w.Message == "" {
					t.Errorf("%q: %+v", name, w)
				}
			}
		}
	})
}

func checkText(t *testing.T, x *text) {
	for i := range x.heads {
		cut, err := x.cut([]int{i})
		if err != nil {
			t.Fatal(err)
		}
		read, err := x.settings([]int{i})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(read, cut) {
			t.Errorf("ini.v1 gives %+v, was given %+v", read, cut)
		}
	}
	// Buffers of all sizes find the same headers.
	small := &text{path: x.path, file: memory{bytes.NewReader([]byte(mustAll(t, x)))}}
	if err := small.scan(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(small.heads, x.heads) || string(small.names) != string(x.names) || small.size != x.size {
		t.Errorf("a small buffer finds %v, a large one %v", small.heads, x.heads)
	}
}

func mustAll(t *testing.T, x *text) string {
	all, err := x.all()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// FuzzGoSDK: the Go SDK reads the same.
func FuzzGoSDK(f *testing.F) {
	addFiles(f)
	f.Fuzz(func(t *testing.T, configText, credentialsText, name string) {
		// The SDK takes [profile profile x] for "profile x" and then loses
		// [profile x]; a services section is a profile to it.
		if strings.Contains(configText, "profile profile") || strings.HasPrefix(name, "services ") || strings.HasPrefix(name, "sso-session ") || name == "" {
			return
		}
		compareWithSDK(t, write(t, configText, credentialsText), name)
	})
}
