package keyring

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
)

// realService is that of no user's credentials.
const realService = "daypass-test-of-the-keyring"

// The credential manager of Wine takes what that of Windows documents. On Windows
// itself this would be the user's own.
func TestCredentialManager(t *testing.T) {
	if os.Getenv("WINEPREFIX") == "" {
		t.Skip("needs Wine, with a WINEPREFIX: elsewhere this is somebody's own")
	}
	k, ctx := &Keyring{}, t.Context()
	t.Cleanup(func() { _ = k.DeleteAll(context.WithoutCancel(ctx), realService) })
	if err := (direct{}).Set(realService, account, strings.Repeat("x", 2561)); !errors.Is(classify(err), ErrTooLarge) {
		t.Errorf("go-keyring takes 2,561 bytes: %v", err)
	}
	for _, size := range append(tokenSizes, 2560-330, 2561-330) {
		value := itemOf("windows", size)
		if err := k.Set(ctx, realService, account, value); err != nil {
			t.Fatal(err)
		}
		if got := begin(t, nil, request{Call: "Get", Service: realService, Account: account})(); got.Value != value || got.Error != "" {
			t.Errorf("a token of %d bytes came back as %d, %s", size, len(got.Value), got.Error)
		}
		if err := k.Delete(ctx, realService, account); err != nil {
			t.Error(err)
		}
		for _, name := range []string{account, partOf(account, 'a', 1), partOf(account, 'b', 1)} {
			if _, err := k.Get(ctx, realService, name); !errors.Is(err, ErrNotFound) {
				t.Errorf("%s is left: %v", name, err)
			}
		}
	}
}
