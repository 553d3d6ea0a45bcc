//go:build !darwin && !windows

package keyring

import (
	"slices"
	"strings"
	"testing"
	"time"

	"daypass/internal/keyring/keyringtest"
)

// short is a limit for what would be waited for to its end.
const short = 600 * time.Millisecond

// A Secret Service that goes wrong, with and without somebody to unlock it, and
// when there was trouble before.
func TestFakeService(t *testing.T) {
	t.Parallel()
	const nobody, somebody, troubled = "nobody", "somebody", "somebody, after trouble"
	for _, c := range []struct {
		mode      keyringtest.Mode
		who, call string
		kind      string
		dialogs   int    // Unlock and Prompt
		heard     string // by the memory
	}{
		{keyringtest.OK, nobody, "Get", "not found", 0, ""},
		{keyringtest.OK, nobody, "Set", "", 0, ""},
		{keyringtest.OK, nobody, "Delete", "", 0, ""},
		{keyringtest.OK, nobody, "DeleteAll", "", 0, ""},
		{keyringtest.OK, somebody, "Set", "", 0, ""},
		{keyringtest.HangOpen, nobody, "Get", "timeout", 0, "recent? timeout"},
		{keyringtest.HangOpen, somebody, "Set", "timeout", 0, "recent? timeout"},
		{keyringtest.HangOpen, troubled, "Get", "timeout", 0, "recent?"},
		{keyringtest.HangUnlock, nobody, "Get", "locked", 0, ""},
		{keyringtest.HangUnlock, somebody, "Get", "timeout", 1, "recent? timeout"},
		{keyringtest.HangUnlock, troubled, "Get", "locked", 0, "recent?"},
		{keyringtest.PromptUnlock, nobody, "Set", "locked", 0, ""},
		{keyringtest.PromptUnlock, somebody, "Set", "", 2, "recent? well"},
		{keyringtest.PromptUnlock, somebody, "Get", "not found", 2, "recent? well"},
		{keyringtest.PromptUnlock, troubled, "Set", "locked", 0, "recent?"},
		{keyringtest.PromptNever, nobody, "DeleteAll", "locked", 0, ""},
		{keyringtest.PromptNever, somebody, "Delete", "timeout", 2, "recent? timeout"},
		{keyringtest.PromptNever, troubled, "Get", "locked", 0, "recent?"},
		{keyringtest.PromptDismiss, nobody, "Get", "locked", 0, ""},
		{keyringtest.PromptDismiss, somebody, "Get", "locked", 2, "recent? locked"},
		{keyringtest.PromptDismiss, troubled, "DeleteAll", "locked", 0, "recent?"},
		{keyringtest.CreateDismiss, nobody, "Get", "not found", 0, ""},
		{keyringtest.CreateDismiss, nobody, "Set", "locked", 0, ""},
		{keyringtest.CreateDismiss, somebody, "Set", "locked", 2, "recent? locked"},
		{keyringtest.CreateDismiss, troubled, "Set", "locked", 0, "recent?"},
	} {
		t.Run(string(c.mode)+" "+c.who+" "+c.call, func(t *testing.T) {
			t.Parallel()
			s := keyringtest.Bus(t)
			f := s.Fake(c.mode)
			r := request{Call: c.call, Service: "s", Account: "a", Value: "v", Attended: c.who != nobody, Trouble: c.who == troubled}
			switch {
			case c.heard == "recent? timeout":
				r.Limit = short
			case c.mode == keyringtest.HangOpen:
				r.Limit = time.Hour // would be waited for by a call that does not believe its memory
			}
			got := ask(t, s.Env, r)
			if got.Kind != c.kind || (got.Error != "") != (c.kind != "") {
				t.Errorf("got %+v, want %q", got, c.kind)
			}
			if n := f.Count("Unlock", "Prompt"); n != c.dialogs {
				t.Errorf("it was asked %d times to unlock and open dialogs, want %d", n, c.dialogs)
			}
			if heard := strings.Join(got.Memory, " "); heard != c.heard {
				t.Errorf("the memory heard %q, want %q", heard, c.heard)
			}
		})
	}
}

// After a dialog that came to nothing the same process opens no other.
func TestADialogIsOpenedOnce(t *testing.T) {
	t.Parallel()
	for mode, call := range map[keyringtest.Mode]string{keyringtest.PromptDismiss: "Get", keyringtest.CreateDismiss: "Set"} {
		s := keyringtest.Bus(t)
		f := s.Fake(mode)
		got := ask(t, s.Env, request{Call: call, Service: "s", Account: "a", Value: "v", Attended: true, Times: 3})
		if got.Kind != "locked" || f.Count("Prompt") != 1 {
			t.Errorf("%s: %+v after %d dialogs", mode, got, f.Count("Prompt"))
		}
		if !slices.Equal(got.Memory, []string{"recent?", "locked"}) {
			t.Errorf("%s: the memory heard %q", mode, got.Memory)
		}
	}
}

func TestFakeServiceKeeps(t *testing.T) {
	t.Parallel()
	s := keyringtest.Bus(t)
	f := s.Fake(keyringtest.PromptUnlock)
	value := strings.Repeat("0123456789", 100)
	call := func(call string) reply {
		return ask(t, s.Env, request{Call: call, Service: "s", Account: "a", Value: value, Attended: true, Room: 300})
	}
	expect(t, call("Set"), reply{})
	expect(t, call("Get"), reply{Value: value})
	if f.Items() != 5 || f.Count("Prompt") != 1 {
		t.Errorf("%d items after %d dialogs", f.Items(), f.Count("Prompt"))
	}
	expect(t, call("Delete"), reply{})
	expect(t, call("Get"), reply{Kind: "not found"})
	if f.Items() != 0 {
		t.Errorf("%d items are left", f.Items())
	}
}

// await waits for what is sure to come.
func await(t *testing.T, what string, came func() bool) {
	t.Helper()
	for range 3000 {
		if came() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("waited in vain: %s", what)
}

// go-keyring panics when the bus goes away while a dialog is open, which it is
// when the answer to Prompt has arrived: a moment after it was sent.
func TestTheBusDiesDuringADialog(t *testing.T) {
	t.Parallel()
	for range 10 {
		s := keyringtest.Bus(t)
		f := s.Fake(keyringtest.PromptNever)
		end := begin(t, s.Env, request{Call: "Get", Service: "s", Account: "a", Attended: true})
		await(t, "a dialog", func() bool { return f.Count("Prompt") == 1 })
		time.Sleep(50 * time.Millisecond)
		s.KillBus()
		got := end()
		expect(t, got, reply{Kind: "unavailable"})
		if strings.Contains(got.Error, "panicked") {
			return
		}
	}
	t.Error("go-keyring does not panic any more: is it still worth a test?")
}

func TestTheServiceDiesDuringACall(t *testing.T) {
	t.Parallel()
	for mode, member := range map[keyringtest.Mode]string{keyringtest.HangOpen: "OpenSession", keyringtest.HangUnlock: "Unlock"} {
		s := keyringtest.Bus(t)
		f := s.Fake(mode)
		end := begin(t, s.Env, request{Call: "Get", Service: "s", Account: "a", Attended: true})
		await(t, member, func() bool { return f.Count(member) == 1 })
		f.Leave()
		expect(t, end(), reply{Kind: "unavailable"})
	}
}

func TestAStoppedDaemon(t *testing.T) {
	t.Parallel()
	s := keyringtest.Keyring(t)
	expect(t, ask(t, s.Env, request{Call: "Set", Service: "s", Account: "a", Value: "v"}), reply{})
	s.Stop()
	for _, attended := range []bool{false, true} {
		for _, call := range []string{"Get", "Set"} {
			got := ask(t, s.Env, request{Call: call, Service: "s", Account: "a", Value: "v", Attended: attended, Limit: short, Times: 2})
			if got.Kind != "timeout" || !slices.Equal(got.Memory, []string{"recent?", "timeout"}) {
				t.Errorf("attended=%v: %s: %+v", attended, call, got)
			}
		}
	}
	s.Continue()
	expect(t, ask(t, s.Env, request{Call: "Get", Service: "s", Account: "a"}), reply{Value: "v"})
}

// The dialog of gnome-keyring is wanted once, and only where it may be.
func TestAPrompterThatNeverShows(t *testing.T) {
	t.Parallel()
	s := keyringtest.Keyring(t)
	expect(t, ask(t, s.Env, request{Call: "Set", Service: "s", Account: "a", Value: "v"}), reply{})
	s.Lock()
	p := s.Prompter()
	get := request{Call: "Get", Service: "s", Account: "a", Limit: 2 * time.Second}
	expect(t, ask(t, s.Env, get), reply{Kind: "locked"})
	get.Attended, get.Trouble = true, true
	expect(t, ask(t, s.Env, get), reply{Kind: "locked"})
	if p.Asked() != 0 {
		t.Errorf("%d dialogs were wanted", p.Asked())
	}
	get.Trouble = false
	if got := ask(t, s.Env, get); got.Kind != "timeout" || !slices.Equal(got.Memory, []string{"recent?", "timeout"}) || p.Asked() != 1 {
		t.Errorf("got %+v after %d dialogs", got, p.Asked())
	}
}

func TestSizesInTheRealKeyring(t *testing.T) {
	t.Parallel()
	s := keyringtest.Keyring(t)
	for _, room := range []int{0, 2560} {
		for _, size := range tokenSizes {
			value := itemOf("real", size)
			expect(t, ask(t, s.Env, request{Call: "Set", Service: "s", Account: "a", Value: value, Room: room}), reply{})
			expect(t, ask(t, s.Env, request{Call: "Get", Service: "s", Account: "a", Room: room}), reply{Value: value})
		}
		expect(t, ask(t, s.Env, request{Call: "Delete", Service: "s", Account: "a", Room: room}), reply{})
	}
	// Nothing is left of the parts.
	monitor := s.Monitor()
	got := ask(t, s.Env, request{Call: "DeleteAll", Service: "s"})
	expect(t, got, reply{})
	if slices.Contains(monitor.Of(got.Name), "Delete") {
		t.Error("parts were left")
	}
}
