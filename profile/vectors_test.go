package profile

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A vector is a config file with what two parsers make of it: aws-sdk-go-v2
// (config 1.33.15) and botocore (1.43.11). Values are strings, or objects for
// nested blocks.
type vector struct {
	Go       map[string]map[string]any `json:"aws_sdk_go_v2"`
	Botocore map[string]any            `json:"botocore"`
}

func vectors(t *testing.T) map[string]vector {
	t.Helper()
	paths, err := filepath.Glob("testdata/ini-cases/*.json")
	if err != nil || len(paths) != 33 {
		t.Fatalf("%d vectors, want 33 (%v)", len(paths), err)
	}
	all := map[string]vector{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var v vector
		if err := json.Unmarshal(data, &v); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all[strings.TrimSuffix(filepath.Base(path), ".json")] = v
	}
	return all
}

func vectorFile(name string) string { return filepath.Join("testdata", "ini-cases", name+".ini") }

// parse reads every section of a file, as SDKs do before they sort out what a
// profile is.
func parse(t *testing.T, text *text) map[string]map[string]any {
	t.Helper()
	parsed := map[string]map[string]any{}
	for i := range text.heads {
		name := text.name(i)
		if name.name == "" {
			continue
		}
		entries, err := text.settings(text.find(name))
		if err != nil {
			t.Fatal(err)
		}
		section := map[string]any{}
		for _, e := range entries {
			if !e.nested {
				if _, ok := section[e.key]; !ok {
					section[e.key] = e.value
				}
				continue
			}
			block, ok := section[e.key].(map[string]any)
			if !ok {
				block = map[string]any{}
				section[e.key] = block
			}
			block[e.sub] = e.value
		}
		parsed[name.String()] = section
	}
	return parsed
}

func openTestText(t *testing.T, path string) *text {
	t.Helper()
	text, err := openText(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { text.file.Close() })
	return text
}

// asJSON gives a parse as it comes out of the vectors' JSON, which has U+FFFD
// for bytes that are not UTF-8.
func asJSON(t *testing.T, parsed any) (out map[string]map[string]any) {
	t.Helper()
	data, err := json.Marshal(parsed)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestVectorsReadAsTheGoSDK(t *testing.T) {
	for name, v := range vectors(t) {
		t.Run(name, func(t *testing.T) {
			got := asJSON(t, parse(t, openTestText(t, vectorFile(name))))
			if diff := cmp.Diff(v.Go, got); diff != "" {
				t.Errorf("aws-sdk-go-v2 (-) and daypass (+):\n%s", diff)
			}
		})
	}
}

// TestVectorsCLIView holds the model of botocore by which warnings are found.
func TestVectorsCLIView(t *testing.T) {
	for name, v := range vectors(t) {
		t.Run(name, func(t *testing.T) {
			view := cliViewOf(t, vectorFile(name))
			if _, refused := v.Botocore["error"]; refused != (len(view.refusals) > 0) {
				t.Fatalf("botocore refuses the file: %v; the view: %v", refused, view.refusals)
			} else if refused {
				return
			}
			if diff := cmp.Diff(asJSON(t, v.Botocore), asJSON(t, view.profiles())); diff != "" {
				t.Errorf("botocore (-) and the view (+):\n%s", diff)
			}
		})
	}
}

func cliViewOf(t *testing.T, path string) *cliView {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return newCLIView(path, string(data))
}

// profiles is botocore's profile map.
func (v *cliView) profiles() map[string]map[string]any {
	profiles := map[string]map[string]any{}
	for _, s := range v.sections {
		name, ok := cliName(s.header, false)
		if !ok || name.kind != "profile" {
			continue
		}
		settings := map[string]any{}
		for _, key := range s.keys {
			settings[key] = s.options[key].value()
			if block := s.options[key].block(); block != nil {
				settings[key] = block
			}
		}
		profiles[name.name] = settings
	}
	return profiles
}

// TestVectorsWarnings names for each vector the lines that the AWS CLI reads
// otherwise; those on which both parsers agree have none.
func TestVectorsWarnings(t *testing.T) {
	want := map[string][]int{
		"02-inline-hash-space":   {2, 3, 4, 7},
		"05-tab-comment":         {2, 3},
		"06-surrounding-quotes":  {2, 3, 5},
		"15-duplicate-keys":      {4, 5},
		"16-duplicate-sections":  {6, 7},
		"17-default-both":        {1, 4},
		"19-upper-DEFAULT":       {1, 2, 3, 6},
		"20-bom":                 {1},
		"21-crlf":                {6},
		"24-names-special":       {13, 14, 15},
		"25-section-comment":     {7, 8},
		"29-global-keys":         {1},
		"30-indented-keys":       {4, 5},
		"32-profile-prefix-edge": {7},
		"34-triple-quotes":       {4},
		"36-broken-section":      {3, 4},
		"38-latin1-byte":         {3},
		"44-hash-first":          {2, 3},
	}
	for name, v := range vectors(t) {
		t.Run(name, func(t *testing.T) {
			if agree := cmp.Equal(goProfiles(v.Go), v.Botocore); agree != (want[name] == nil) && name != "17-default-both" {
				t.Fatalf("both parsers agree: %v, but lines are expected: %v", agree, want[name])
			}
			text := openTestText(t, vectorFile(name))
			s := &store{config: text, credentials: openTestText(t, "")}
			c, err := s.compare(text)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range c.names() {
				c.section(n)
			}
			lines := []int{}
			for _, w := range c.warnings {
				t.Logf("%d: %s: %s", w.Line, w.Key, w.Message)
				lines = append(lines, w.Line)
			}
			slices.Sort(lines)
			lines = slices.Compact(lines)
			for _, line := range want[name] {
				if !slices.Contains(lines, line) {
					t.Errorf("no warning about line %d, only %v", line, lines)
				}
			}
			if want[name] == nil && len(lines) > 0 {
				t.Errorf("warnings about lines %v, though both parsers agree", lines)
			}
		})
	}
}

// goProfiles sorts out a parse as the Go SDK does for the config file.
func goProfiles(sections map[string]map[string]any) map[string]any {
	profiles := map[string]any{}
	for name, settings := range sections {
		if rest, ok := strings.CutPrefix(name, "profile "); ok {
			profiles[rest] = settings
		} else if strings.EqualFold(name, "default") && sections["profile "+name] == nil {
			profiles[name] = settings
		}
	}
	return profiles
}
