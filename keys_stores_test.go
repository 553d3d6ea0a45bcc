//go:build linux

package main

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"daypass/internal/keyring/keyringtest"
	"daypass/internal/stsim"
)

// inKernel is all that the user's kernel keyring holds.
func inKernel(t *testing.T) []string {
	t.Helper()
	read := func(id int) []byte {
		buf := make([]byte, 32_767)
		n, err := unix.KeyctlBuffer(unix.KEYCTL_READ, id, buf, 0)
		if err != nil {
			t.Fatal(err)
		}
		return buf[:n]
	}
	var all []string
	for ids := read(unix.KEY_SPEC_USER_KEYRING); len(ids) > 0; ids = ids[4:] {
		all = append(all, string(read(int(int32(binary.NativeEndian.Uint32(ids))))))
	}
	return all
}

// newKept is a turning in the real keyring, where eva's key lies under that name.
// What it is on AWS works and finished do not tell.
func newKept(t *testing.T, name string, env ...string) *turning {
	t.Helper()
	w := newKeyringWorld(t, env...)
	r := &turning{world: w, old: stsim.Key{AccessKeyID: "AKIAEXAMPLEEVA000001", SecretAccessKey: "SECRET/of+eva/EXAMPLE0000000000000000001"}}
	addEva(w.sts, r.old, nil)
	w.write("home/.aws/config", fmt.Sprintf("[profile %s]\ndaypass_mfa_serial = %s\n", name, evaDevice))
	w.write(importing, "")
	p := w.begins("keys", "add", name)
	p.typesKey(r.old.AccessKeyID, r.old.SecretAccessKey)
	if got := p.end(); got.code != 0 || got.err != "" {
		t.Fatalf("keys add: exit code %d, err %q", got.code, got.err)
	}
	return r
}

// Long-term keys lie in the keyring whatever store is set, by whom and for which
// profile: the others would lose them.
func TestNoOtherStoreKeepsAKey(t *testing.T) {
	t.Parallel()
	if !keyringtest.RunAlone(t) { // it looks at all that is in the kernel keyring
		return
	}
	for _, c := range []struct {
		store    string
		sessions int // and roles, that the kernel has
	}{{"kernel", 2}, {"none", 0}} {
		for _, setting := range []string{"DAYPASS_STORE=" + c.store, "daypass_store = " + c.store} {
			w := newKeyringWorld(t, keyringtest.Keyring(t).Env...)
			config := keyProfiles + "[profile main]\n"
			if strings.HasPrefix(setting, "DAYPASS") {
				w.set(setting)
			} else {
				config = strings.ReplaceAll(config, "]\n", "]\n"+setting+"\n")
			}
			w.write("home/.aws/config", config)
			w.says([]string{"removed from "}, "keys", "import", "main", "--yes")
			w.says(nil, "keys", "remove", "main", "--yes")
			p := w.begins("keys", "add", "main")
			p.typesKey(accessKeyID, secretAccessKey)
			if got := p.end(); got.code != 0 || got.err != "" {
				t.Fatalf("%s: keys add: exit code %d, err %q", setting, got.code, got.err)
			}
			ring{w}.tellsNothing()
			if kept := inKernel(t); len(kept) != 0 {
				t.Errorf("%s: the kernel has %q", setting, kept)
			}

			w.alone("credential-process", "--profile", "dev", "--token-code", w.sts.Code(device)).credentials()
			kept := inKernel(t)
			if len(kept) != c.sessions || strings.Contains(strings.Join(kept, ""), secretAccessKey) {
				t.Errorf("%s: the kernel has %q", setting, kept)
			}
			w.says(nil, "logout", "--all")
			ring{w}.tellsNothing()
			if kept := inKernel(t); len(kept) != 0 {
				t.Errorf("%s: after logout --all the kernel has %q", setting, kept)
			}
		}
	}
}

// Of a rotation only the session goes into the store, and that of the old key out of it.
func TestNoOtherStoreKeepsARotatedKey(t *testing.T) {
	t.Parallel()
	if !keyringtest.RunAlone(t) {
		return
	}
	for store, sessions := range map[string]int{"kernel": 1, "none": 0} {
		r := newKept(t, "eva", keyringtest.Keyring(t).Env...)
		o := r.obliges(r.begins("keys", "rotate", "eva", "--store", store))
		if got := o.end(); got.code != 0 || got.err != "" {
			t.Fatalf("%s: exit code %d, err %q\n%s", store, got.code, got.err, o.shown())
		}
		found := ring{r.world}.run("", "search", "--all", "service", "daypass-keys")
		for id, active := range r.sts.KeysOf(evaARN) {
			if !active || id == r.old.AccessKeyID || strings.Count(found, "secret = ") != 1 || !strings.Contains(found, id) {
				t.Errorf("%s: AWS has the key %s, the keyring\n%s", store, id, found)
			}
		}
		_, secret, _ := strings.Cut(found, `"secret":"`)
		secret, _, _ = strings.Cut(secret, `"`)
		kept := inKernel(t)
		if len(kept) != sessions || len(secret) < 40 || strings.Contains(strings.Join(kept, ""), secret) {
			t.Errorf("%s: the kernel has %q, the keyring\n%s", store, kept, found)
		}
		r.says(nil, "logout", "--all")
	}
}
