package keyring

import gokeyring "github.com/zalando/go-keyring"

// direct is go-keyring as it is.
type direct struct{}

func (direct) Get(service, account string) (string, error) { return gokeyring.Get(service, account) }

func (direct) Set(service, account, value string) error {
	return gokeyring.Set(service, account, value)
}

func (direct) Delete(service, account string) error { return gokeyring.Delete(service, account) }

func (direct) DeleteAll(service string) error { return gokeyring.DeleteAll(service) }
