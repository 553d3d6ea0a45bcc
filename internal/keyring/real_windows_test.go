package keyring

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// The Credential Manager's own API, which Wine serves from a store of its own: a
// developer's is not touched.
func TestCredentialManager(t *testing.T) {
	if os.Getenv("WINEPREFIX") == "" {
		t.Skip("needs Wine: it writes to the Credential Manager")
	}
	k, ctx := &Keyring{}, t.Context()
	if err := k.DeleteAll(ctx, "daypass"); err != nil {
		t.Fatal(err)
	}
	if err := (direct{}).Set("daypass", "too large", strings.Repeat("x", windowsRoom("", "")+1)); !errors.Is(classify(err), ErrTooLarge) {
		t.Errorf("an item beyond the limit: %v", err)
	}
	if err := k.Set(ctx, "daypass-keys", "main", "a long-term key"); err != nil {
		t.Fatal(err)
	}
	for _, size := range append(tokenSizes, windowsRoom("", ""), windowsRoom("", "")+1) {
		for _, letter := range []string{"x", "y", "z"} { // each replaces the one before
			value := strings.Repeat(letter, size)
			if err := k.Set(ctx, "daypass", "account", value); err != nil {
				t.Fatalf("%d bytes: %v", size, err)
			}
			if got, err := k.Get(ctx, "daypass", "account"); got != value || err != nil {
				t.Errorf("%d bytes: got %d, %v", size, len(got), err)
			}
		}
		if err := k.Delete(ctx, "daypass", "account"); err != nil {
			t.Error(err)
		}
		if _, err := k.Get(ctx, "daypass", "account"); !errors.Is(err, ErrNotFound) {
			t.Errorf("%d bytes, deleted: %v", size, err)
		}
	}
	if err := k.DeleteAll(ctx, "daypass"); err != nil {
		t.Fatal(err)
	}
	if got, err := k.Get(ctx, "daypass-keys", "main"); got != "a long-term key" || err != nil {
		t.Errorf("clearing the sessions took the key along: %q, %v", got, err)
	}
}
