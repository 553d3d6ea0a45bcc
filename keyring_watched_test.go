//go:build linux

package main

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

	"daypass/internal/keyring/keyringtest"
)

// Labels and attributes can be read while the keyring is locked, and messages on the
// bus by whoever listens: they tell whose credentials they are to nobody.
func TestWhatOthersSeeOfTheKeyringTellsNothing(t *testing.T) {
	t.Parallel()
	s := keyringtest.Keyring(t)
	w := newKeyringWorld(t, s.Env...)
	monitor := s.Monitor()
	w.alone("credential-process", "--profile", "dev", "--token-code", w.sts.Code(device)).credentials()
	w.get("ops").credentials()
	w.get("ops").credentials()
	v := watched{t, monitor.Messages()}
	v.tellNothing("AKIA")
	v.tellInSecret("arn:", "111111111111", "222222222222", "ASIA")
	if created := v.created("daypass"); created != 3 {
		t.Errorf("%d items were written, not a session and two roles", created)
	}
}

// Nor does what is said of a long-term key when it is typed, used, replaced, moved
// out of a file and removed.
func TestWhatOthersSeeOfAKeyTellsNothing(t *testing.T) {
	t.Parallel()
	s := keyringtest.Keyring(t)
	monitor := s.Monitor()
	r := newKept(t, "payroll", s.Env...)
	p := r.begins("keys", "rotate", "payroll")
	if got := r.obliges(p).end(); got.code != 0 || got.err != "" {
		t.Fatalf("keys rotate: exit code %d, err %q\n%s", got.code, got.err, p.shown())
	}
	r.get("payroll").credentials()
	r.write(importing, strings.ReplaceAll(keys, "main", "savings"))
	r.says(nil, "keys", "import", "savings", "--yes")
	r.says(nil, "keys", "remove", "savings", "--yes")
	v := watched{t, monitor.Messages()}
	v.tellInSecret("payroll", "arn:", "111111111111", "/eva", "AKIA", r.old.SecretAccessKey)
	v.tellInSecret("savings", accessKeyID, secretAccessKey, "/ana", "ASIA")
	if keys, sessions := v.created("daypass-keys"), v.created("daypass"); keys < 5 || sessions != 2 {
		t.Errorf("%d times a key was written, and %d sessions", keys, sessions)
	}
}

// watched are messages that somebody has listened to.
type watched struct {
	t        *testing.T
	messages []*dbus.Message
}

// tellInSecret checks that the messages have the words where a secret is, each at
// least once, and nowhere else.
func (v watched) tellInSecret(words ...string) {
	v.t.Helper()
	secrets := v.tellNothing(words...)
	for _, word := range words {
		if !strings.Contains(secrets, word) {
			v.t.Errorf("%q is in no secret either", word)
		}
	}
}

// tellNothing checks that the messages have the words nowhere but where a secret is,
// and returns what is there.
func (v watched) tellNothing(words ...string) string {
	v.t.Helper()
	var secrets strings.Builder
	for _, message := range v.messages {
		var open strings.Builder
		for _, value := range message.Headers {
			spoken(reflect.ValueOf(value), &open, &secrets)
		}
		spoken(reflect.ValueOf(message.Body), &open, &secrets)
		for _, word := range words {
			if strings.Contains(open.String(), word) || len(word) > 16 && (secret{word, word}).in(open.String()) != "" {
				v.t.Errorf("%q is told by %s: %s", word, keyringtest.Header(message, dbus.FieldMember), open.String())
			}
		}
	}
	return secrets.String()
}

// spoken writes all that is in a value to open, and to secrets what is in the place of
// a secret: the value in a session, parameters, value and content type.
// https://specifications.freedesktop.org/secret-service/latest/ref-dbus-types.html
func spoken(v reflect.Value, open, secrets *strings.Builder) {
	if v.IsValid() && v.CanInterface() {
		switch x := v.Interface().(type) {
		case dbus.Variant:
			spoken(reflect.ValueOf(x.Value()), open, secrets)
			return
		case []byte:
			fmt.Fprintln(open, string(x))
			return
		case []any:
			if value, ok := secretIn(x); ok {
				fmt.Fprintln(secrets, value)
				v = reflect.ValueOf([]any{x[0], x[1], x[3]})
			}
		}
	}
	switch v.Kind() {
	case reflect.Interface:
		spoken(v.Elem(), open, secrets)
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			spoken(v.Index(i), open, secrets)
		}
	case reflect.Map:
		for key, value := range v.Seq2() {
			spoken(key, open, secrets)
			spoken(value, open, secrets)
		}
	default:
		fmt.Fprintln(open, v)
	}
}

func secretIn(x []any) (string, bool) {
	if len(x) != 4 {
		return "", false
	}
	_, session := x[0].(dbus.ObjectPath)
	_, parameters := x[1].([]byte)
	value, ok := x[2].([]byte)
	_, kind := x[3].(string)
	return string(value), session && parameters && ok && kind
}

// created is how often an item of the service was written. The properties of each
// have nothing but the service and the account, which is a hash.
func (v watched) created(service string) (n int) {
	v.t.Helper()
	const item = "org.freedesktop.Secret.Item."
	for _, message := range v.messages {
		if message.Type != dbus.TypeMethodCall || keyringtest.Header(message, dbus.FieldMember) != "CreateItem" {
			continue
		}
		properties := message.Body[0].(map[string]dbus.Variant)
		attributes, _ := properties[item+"Attributes"].Value().(map[string]string)
		label, _ := properties[item+"Label"].Value().(string)
		if attributes["service"] != service {
			continue
		}
		n++
		user := attributes["username"]
		if len(properties) != 2 || len(attributes) != 2 || !account.MatchString(user) || label != fmt.Sprintf("Password for '%s' on '%s'", user, service) {
			v.t.Errorf("an item is written with %v", properties)
		}
	}
	return n
}

var account = regexp.MustCompile(`^v1-[a-z2-7]{52}$`)
