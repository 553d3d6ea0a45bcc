package creds

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

const marked = "MARKED+secret/value="

func TestSecretShowsItselfToNobody(t *testing.T) {
	s := NewSecret(marked)
	hidden := struct{ s Secret }{s}
	var text []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p", "%T", "%10s"} {
		for _, value := range []any{s, &s, []Secret{s}, map[string]Secret{"k": s}, hidden, &hidden, Credentials{SecretAccessKey: s}, Issued{Credentials: Credentials{SessionToken: s}}} {
			text = append(text, fmt.Sprintf(verb, value))
		}
	}
	for _, value := range []any{s, Credentials{SecretAccessKey: s}, hidden} {
		encoded, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, string(encoded))
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "s", s, "c", Credentials{SecretAccessKey: s}, "h", hidden)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "s", s, "c", Credentials{SecretAccessKey: s}, "h", hidden)
	text = append(text, log.String(), fmt.Sprint(s), s.String(), fmt.Errorf("x: %v", s).Error())
	hex := fmt.Sprintf("%x", marked)
	for _, got := range text {
		if strings.Contains(got, "MARKED") || strings.Contains(strings.ToLower(got), hex) {
			t.Errorf("a secret shows in %q", got)
		}
	}
	if s.Reveal() != marked || s.Empty() || !s.Equal(NewSecret(marked)) || s.Equal(Secret{}) {
		t.Error("the secret is not itself")
	}
	if !NewSecret("").Empty() || (Secret{}).Reveal() != "" {
		t.Error("the empty secret is not empty")
	}
}

func TestLeftIsTheSmallerReading(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name      string
		skew      time.Duration
		left, all time.Duration
	}{
		{"clocks agree", 0, time.Hour, time.Hour},
		{"ours is slow", 10 * time.Minute, 50 * time.Minute, 50 * time.Minute},
		{"ours is fast", -10 * time.Minute, time.Hour, 70 * time.Minute},
	} {
		i := Issued{Credentials: Credentials{Expiration: now.Add(time.Hour)}, IssuedAt: now, Skew: test.skew}
		if got := i.Left(now); got != test.left {
			t.Errorf("%s: left %s, want %s", test.name, got, test.left)
		}
		if got := i.Life(); got != test.all {
			t.Errorf("%s: life %s, want %s", test.name, got, test.all)
		}
	}
}

func sample() Credentials {
	return Credentials{
		AccessKeyID:     "ASIAEXAMPLE",
		SecretAccessKey: NewSecret(marked),
		SessionToken:    NewSecret("token"),
		Expiration:      time.Date(2026, 11, 21, 13, 0, 0, 5000, time.FixedZone("x", 3600)),
		AccountID:       "111111111111",
	}
}

func TestProcessJSON(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, Process, sample(), "eu-west-1"); err != nil {
		t.Fatal(err)
	}
	want := `{"Version":1,"AccessKeyId":"ASIAEXAMPLE","SecretAccessKey":"MARKED+secret/value=","SessionToken":"token","Expiration":"2026-11-21T12:00:00Z","AccountId":"111111111111"}` + "\n"
	if b.String() != want {
		t.Errorf("got  %swant %s", b.String(), want)
	}
}

func TestProcessJSONIsASCII(t *testing.T) {
	c := Credentials{AccessKeyID: "ü\U0001F600\u2028\xff<&>\x7f", SecretAccessKey: NewSecret("s")}
	var b bytes.Buffer
	if err := Write(&b, Process, c, ""); err != nil {
		t.Fatal(err)
	}
	for _, r := range b.Bytes() {
		if r >= 0x7f {
			t.Fatalf("byte %#x in %q", r, b.String())
		}
	}
	var back struct{ AccessKeyId string }
	if err := json.Unmarshal(b.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if want := "ü\U0001F600\u2028\uFFFD<&>\x7f"; back.AccessKeyId != want {
		t.Errorf("read back %q, want %q", back.AccessKeyId, want)
	}
}

func TestParseFormat(t *testing.T) {
	for _, f := range Formats() {
		if got, err := ParseFormat(string(f)); got != f || err != nil {
			t.Errorf("%s: %v, %v", f, got, err)
		}
	}
	if _, err := ParseFormat("xml"); err == nil || !strings.Contains(err.Error(), "env-no-export") {
		t.Errorf("xml: %v", err)
	}
	if err := Write(&bytes.Buffer{}, "xml", sample(), ""); err == nil {
		t.Error("an unknown format was written")
	}
}
