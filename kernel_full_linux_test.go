package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"daypass/cache"
	"daypass/creds"
	"daypass/internal/keyring"
	"daypass/internal/keyring/keyringtest"
	"daypass/internal/state"
)

// as does something on a thread of that user, which is thrown away.
func as(t *testing.T, uid int, do func() error) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid)); errno != 0 {
			done <- errno
			return
		}
		done <- do()
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// The quota is used up by others, or by sessions that live longer: nothing can be
// kept, and credentials are given.
func TestAFullKernelKeyring(t *testing.T) {
	t.Parallel()
	keyringtest.NeedQuota(t)
	usesKernel(t)
	w := newKeyringWorld(t, "DBUS_SESSION_BUS_ADDRESS=disabled:")
	w.giveAway()
	as(t, int(w.uid), func() error {
		for size := 16_384; size > 32; size /= 2 {
			for n := 0; ; n++ {
				_, err := unix.AddKey("user", fmt.Sprint("other", size, n), make([]byte, size), unix.KEY_SPEC_USER_KEYRING)
				if errors.Is(err, unix.EDQUOT) {
					break
				} else if err != nil {
					return err
				}
			}
		}
		return nil
	})
	w.get("dev").failed(3, "no terminal to ask on")
	p := w.ask("dev")
	p.Expect("daypass: the credentials will not be kept: no keyring answers here, and the kernel keyring is full")
	p.answer(w.sts.Code(device))
	p.end().credentials()
	w.says([]string{"nothing is cached"}, "status")
	w.says([]string{"; not kept: no keyring answers here, and the kernel keyring is full"}, "login", "dev", "--token-code", w.sts.Code(device))
	as(t, int(w.uid), func() error {
		_, err := unix.KeyctlInt(unix.KEYCTL_CLEAR, unix.KEY_SPEC_USER_KEYRING, 0, 0, 0)
		return err
	})
	w.until("the kernel gives the room back", func() bool {
		w.says(nil, "login", "dev", "--token-code", w.sts.Code(device))
		return strings.Contains(w.alone("status").out, "kernel")
	})
	w.get("dev").credentials()
	w.says([]string{`profile "dev": removed`}, "logout", "dev")

	as(t, int(w.uid), func() error { return fillWithSessions(t) })
	p = w.ask("dev")
	p.Expect("daypass: the credentials will not be kept: no keyring answers here, and the kernel keyring is full")
	p.answer(w.sts.Code(device))
	p.end().credentials()
	w.notCached("no keyring answers here, and the kernel keyring is full")
	as(t, int(w.uid), keyring.Kernel{}.Clear)
	w.largerThanForeseen()
}

// largerThanForeseen gets a session that the quota would have room for if it were as
// large as usual, which a long name of its profile prevents.
func (w *world) largerThanForeseen() {
	w.t.Helper()
	w.until("the kernel gives the room back", func() (free bool) {
		as(w.t, int(w.uid), func() error {
			_, bytes, _ := keyring.Kernel{}.Free()
			free = bytes > 19_900
			return nil
		})
		return free
	})
	as(w.t, int(w.uid), func() error {
		_, bytes, _ := keyring.Kernel{}.Free()
		_, err := unix.AddKey("user", "other", make([]byte, bytes-900), unix.KEY_SPEC_USER_KEYRING)
		return err
	})
	name := strings.Repeat("long", 100)
	w.write("home/.aws/config", strings.ReplaceAll(profiles, "[profile dev]", "[profile "+name+"]"))
	if err := os.Chown(filepath.Join(w.folder, "home/.aws/config"), int(w.uid), int(w.uid)); err != nil {
		w.t.Fatal(err)
	}
	p := w.ask(name)
	p.answer(w.sts.Code(device))
	p.end().credentials()
	if shown := p.shown(); strings.Contains(shown, notKept) || !strings.Contains(shown, unkept+"no keyring answers here, and the kernel keyring is full") {
		w.t.Errorf("the terminal shows\n%s", shown)
	}
	as(w.t, int(w.uid), func() error {
		_, err := unix.KeyctlInt(unix.KEYCTL_CLEAR, unix.KEY_SPEC_USER_KEYRING, 0, 0, 0)
		return err
	})
}

// fillWithSessions uses up the quota with sessions of 36 hours.
func fillWithSessions(t *testing.T) error {
	c := &cache.Cache{Stores: []cache.Store{cache.Kernel{}}, State: state.New("")}
	session := creds.Issued{Serial: device, Credentials: creds.Credentials{
		AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: creds.NewSecret("secret"), Expiration: time.Now().Add(36 * time.Hour),
	}}
	for size := 4096; size > 100; size /= 2 {
		session.SessionToken = creds.NewSecret(strings.Repeat("T", size))
		for n := 0; ; n++ {
			session.IssuedAt = time.Now()
			err := c.Put(t.Context(), fmt.Sprint("session", size, n), session)
			if errors.Is(err, keyring.ErrFull) {
				break
			} else if err != nil {
				return err
			}
		}
	}
	return nil
}
