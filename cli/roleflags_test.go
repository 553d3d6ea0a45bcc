package cli

import (
	"slices"
	"strings"
	"testing"

	"daypass/session"
)

func TestReadTag(t *testing.T) {
	for text, want := range map[string]session.Tag{
		"Key=k,Value=v":     {Key: "k", Value: "v"},
		"Value=v,Key=k":     {Key: "k", Value: "v"},
		"Key=a=b,Value=c=d": {Key: "a=b", Value: "c=d"},
		"Key=k,Value=":      {Key: "k"},
		"Key=k k,Value= v":  {Key: "k k", Value: " v"},
	} {
		if got, err := readTag(text); err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "k=v", "Key=k", "Value=v", "Key=k,Key=k", "Key=k,Value=a,b", "key=k,value=v", "Key=k,Value=v,", "Key=k, Value=v"} {
		if got, err := readTag(text); err == nil {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

// FuzzReadTag: what has no comma comes back as it was.
func FuzzReadTag(f *testing.F) {
	f.Add("team", "one")
	f.Add("a=b", "=")
	f.Fuzz(func(t *testing.T, key, value string) {
		got, err := readTag("Key=" + key + ",Value=" + value)
		if !strings.Contains(key+value, ",") && (err != nil || got.Key != key || got.Value != value) {
			t.Errorf("%q %q: %+v, %v", key, value, got, err)
		}
	})
}

func TestListed(t *testing.T) {
	for _, test := range []struct{ args, rest, tags, arns []string }{
		{[]string{"dev", "Key=b,Value=2", "ops"}, []string{"dev", "ops"}, []string{"Key=a,Value=1", "Key=b,Value=2"}, nil},
		{[]string{"Key=b,Value=2"}, []string{"Key=b,Value=2"}, nil, nil},
		{[]string{"arn:b", "dev", "arn=arn:c"}, []string{"dev"}, nil, []string{"arn:a", "arn:b", "arn=arn:c"}},
	} {
		tags, arns := slices.Clone(test.tags), slices.Clone(test.arns)
		tags, arns = tags[:min(len(tags), 1)], arns[:min(len(arns), 1)]
		rest := listed(test.args, &tags, &arns)
		if !slices.Equal(rest, test.rest) || !slices.Equal(tags, test.tags) || !slices.Equal(arns, test.arns) {
			t.Errorf("%q: %q, tags %q, policies %q", test.args, rest, tags, arns)
		}
	}
}

func TestCommas(t *testing.T) {
	if got := commas([]string{"a, b", "arn=c"}, "arn="); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("%q", got)
	}
	if got := commas([]string{""}, ""); !slices.Equal(got, []string{""}) {
		t.Errorf("an empty one is to be refused: %q", got)
	}
}
