package cache

import (
	"context"
	"errors"
	"time"

	"daypass/internal/keyring"
)

// ErrMiss is a Store's answer when it has no such item.
var ErrMiss = errors.New("no such entry")

// Store is where items lie. Its errors say what was attempted, and no secret.
type Store interface {
	// Name is the store's name in settings and listings: letters, no hyphen.
	Name() string
	// Get returns the item of account, ErrMiss if there is none.
	Get(ctx context.Context, account string) ([]byte, error)
	// Set makes item the one of account, which is of use as long as left. With a
	// nil error it is there.
	Set(ctx context.Context, account string, item []byte, left time.Duration) error
	// Delete removes the item of account. That there is none is no error.
	Delete(ctx context.Context, account string) error
	// Clear removes all items that daypass has ever put there.
	Clear(ctx context.Context) error
	// Check is why the store cannot be used, as far as that can be told without a
	// look at an item; nil if nothing is known against it.
	Check() error
}

// service is what daypass's temporary credentials are filed under in a keyring.
const service = "daypass"

// Keyring is the Store in the OS keyring.
type Keyring struct{ OS *keyring.Keyring }

// Name returns "keyring".
func (Keyring) Name() string { return "keyring" }

// Get returns the item of account. Its errors are ErrMiss and those of package
// keyring.
func (k Keyring) Get(ctx context.Context, account string) ([]byte, error) {
	item, err := k.OS.Get(ctx, service, account)
	if errors.Is(err, keyring.ErrNotFound) {
		return nil, ErrMiss
	}
	return []byte(item), err
}

// Set makes item the one of account, until it is deleted.
func (k Keyring) Set(ctx context.Context, account string, item []byte, _ time.Duration) error {
	return k.OS.Set(ctx, service, account, string(item))
}

// Delete removes the item of account.
func (k Keyring) Delete(ctx context.Context, account string) error {
	return k.OS.Delete(ctx, service, account)
}

// Clear removes all items filed under "daypass".
func (k Keyring) Clear(ctx context.Context) error { return k.OS.DeleteAll(ctx, service) }

// Check makes no call.
func (k Keyring) Check() error { return keyring.Reachable(k.OS.Getenv) }
