package profile

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
)

// sdkValues are the settings that the Go SDK merges and gives back unchecked.
func sdkValues(c config.SharedConfig) map[string]string {
	return map[string]string{
		"region": c.Region, "role_arn": c.RoleARN, "external_id": c.ExternalID, "mfa_serial": c.MFASerial,
		"role_session_name": c.RoleSessionName, "credential_process": c.CredentialProcess,
		"sso_role_name": c.SSORoleName,
	}
}

// loadSDK loads a profile with the Go SDK. judged is false where the SDK has no
// reading to compare with: it panics on a value that is one quotation mark, and
// refuses profiles for more than their syntax.
func loadSDK(files Files, name string) (values map[string]string, found, judged bool) {
	defer func() {
		if recover() != nil {
			judged = false
		}
	}()
	c, err := config.LoadSharedConfigProfile(context.Background(), name, func(o *config.LoadSharedConfigOptions) {
		o.ConfigFiles, o.CredentialsFiles = []string{files.Config}, []string{files.Credentials}
	})
	if missing := (config.SharedConfigProfileNotExistError{}); errors.As(err, &missing) && missing.Profile == name {
		return nil, false, true
	}
	return sdkValues(c), true, err == nil
}

// compareWithSDK reports whether the SDK had a reading.
func compareWithSDK(t *testing.T, files Files, name string) bool {
	t.Helper()
	want, found, judged := loadSDK(files, name)
	if !judged {
		return false
	}
	fail := func(format string, args ...any) {
		t.Helper()
		configText, _ := os.ReadFile(files.Config)
		credentialsText, _ := os.ReadFile(files.Credentials)
		t.Fatalf("profile %q: %s\n%s\n--- credentials\n%s", name, fmt.Sprintf(format, args...), configText, credentialsText)
	}
	p, err := Load(files, name, "")
	if missing := p.Settings == nil; missing == found {
		fail("the SDK finds it: %v; daypass: %v", found, err)
	}
	for key, value := range want {
		if got := p.Settings[key].Value; got != value {
			fail("%s is %q, for the SDK %q", key, got, value)
		}
	}
	return true
}

// write puts the two files into a folder of their own; "" is no file.
func write(t testing.TB, configText, credentialsText string) Files {
	t.Helper()
	dir := t.TempDir()
	files := Files{Config: filepath.Join(dir, "config"), Credentials: filepath.Join(dir, "credentials")}
	for path, text := range map[string]string{files.Config: configText, files.Credentials: credentialsText} {
		if text == "" {
			continue
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// TestGoSDKReadsTheSame compares random small files, all of which lean on the
// corners of the dialect.
func TestGoSDKReadsTheSame(t *testing.T) {
	files := write(t, "", "")
	judged := 0
	for seed := range uint64(600) {
		r := rand.New(rand.NewPCG(seed, 2))
		for _, path := range []string{files.Config, files.Credentials} {
			if err := os.WriteFile(path, []byte(randomFile(r)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range []string{"a", "default", "b c", "Default"} {
			if compareWithSDK(t, files, name) {
				judged++
			}
		}
	}
	if judged < 2000 {
		t.Errorf("the SDK had a reading of %d profiles only", judged)
	}
}

func randomFile(r *rand.Rand) string {
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	var b strings.Builder
	b.WriteString(pick("", "", "", "", "\ufeff", "region = before\n"))
	for range r.IntN(14) {
		switch r.IntN(10) {
		case 0, 1, 2:
			b.WriteString(pick("[profile a]", "[profile a]", "[a]", "[profile  a]", "[ profile a ]", "[profile\ta]", "[default]",
				"[profile default]", "[Default]", "[profile b c]", "[b c]", "[b  c]", "[profile a] # x", "[profile a];x",
				"[profile a] x", " [profile a]", "\t[a]", "[profile b", "[]", "\u00a0[a]", "[profile [a]]", "[\"a\"]", "#[a]", "x [a]", "[services a]"))
		case 3:
			b.WriteString(pick("", " ", "# x = 1", "  ; x = 1", "\u00a0", "x", "  x", "\tx # y", "  x \r"))
		default:
			key := pick("region", "role_arn", "external_id", "mfa_serial", "role_session_name", "credential_process", "s3", "", "-", "\"q\"")
			fmt.Fprintf(&b, "%s%s%s%s%s", pick("", "", "", "", "  ", "\t"), pick(key, key, strings.ToUpper(key)),
				pick("=", " = ", " =", "= ", ":", " : ", "\t=\t", " == ", " \u00a0= "),
				pick("v", "v", "w x", "", "", "\"v\"", "'v'", "'v\"", "\" v \"", "`v`", "\"\"\"v", "v\\", "%(region)s", "a=b", "a:b", "#v", "v#w", "é", "\xe9"),
				pick("", "", "", " # c", "\t;c", " #", "  ", "\r", "\u00a0# c"))
		}
		b.WriteString(pick("\n", "\n", "\n", "\n", "\r\n"))
	}
	return b.String()
}
