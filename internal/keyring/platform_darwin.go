package keyring

// preflight finds nothing to check: calling the keychain starts no daemon.
func preflight(func(string) string) error { return nil }

// platform calls nothing any more once a dialog came to nothing: whether another
// would be opened cannot be told beforehand.
func platform(a *attempt) (backend, error) {
	if a.k.refused.Load() {
		return nil, ErrLocked
	}
	return direct{}, nil
}

func platformRoom(service, account string) int { return macRoom(service, account) }
