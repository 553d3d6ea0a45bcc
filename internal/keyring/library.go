package keyring

import gokeyring "github.com/zalando/go-keyring"

// library is go-keyring as it is.
type library struct{}

func (library) Get(service, account string) (string, error) { return gokeyring.Get(service, account) }

func (library) Set(service, account, value string) error {
	return gokeyring.Set(service, account, value)
}

func (library) Delete(service, account string) error { return gokeyring.Delete(service, account) }

func (library) DeleteAll(service string) error { return gokeyring.DeleteAll(service) }
