//go:build linux

package main

import (
	"strings"
	"testing"

	"daypass/internal/keyring/keyringtest"
)

// Whatever is called under --no-prompt, or never prompts, a gnome-keyring that is
// locked opens no dialog, though there is a display and a program that would.
func TestNoPromptOpensNoDialogOfGnomeKeyring(t *testing.T) {
	t.Parallel()
	s := keyringtest.Keyring(t)
	w := newKeyringWorld(t, s.Env...)
	w.write("home/.aws/config", profiles+strings.NewReplacer("dev", "kept", "main", "ring").Replace(keyProfiles))
	w.write(importing, keys+strings.ReplaceAll(keys, "main", "ring"))
	w.set("DAYPASS_STORE=keyring")
	w.says(nil, "keys", "import", "ring", "--yes")
	w.says(nil, "login", "dev", "--token-code", w.sts.Code(device))
	s.Lock()
	prompter := s.Prompter()
	w.set(aDisplay)
	const locked, off = "the keyring is locked", "asking is switched off"
	for _, c := range []struct {
		times int
		code  int
		says  string
		args  string
	}{
		{20, 3, off, "credential-process --no-prompt --profile dev"},
		{20, 1, locked, "credential-process --no-prompt --profile kept"},
		{5, 0, "", "status"},
		{5, 0, "", "status --json"},
		{5, 3, off, "whoami dev --no-prompt"},
		{5, 1, locked, "federate kept --no-prompt --name ci --policy-arns arn:aws:iam::aws:policy/ReadOnlyAccess"},
		{1, 3, off, "login dev --no-prompt"},
		{1, 3, off, "export dev --no-prompt"},
		{1, 125, off, "exec dev --no-prompt -- true"},
		{1, 0, "", "explain kept"},
		{1, 0, "", "keys list"},
		{1, 1, locked, "keys rotate ring --no-prompt"},
		{1, 1, locked, "logout dev --no-prompt"},
		{1, 1, locked, "logout --all --no-prompt"},
	} {
		for range c.times {
			got := w.alone(strings.Fields(c.args)...)
			if got.code != c.code || !strings.Contains(got.err, c.says) || (got.err == "") != (c.says == "") {
				t.Errorf("%s: exit code %d, out %q, err %q", c.args, got.code, got.out, got.err)
			}
		}
		if n := prompter.Asked(); n != 0 {
			t.Fatalf("%s: %d dialogs were wanted", c.args, n)
		}
	}
	w.set("DAYPASS_NO_PROMPT=1")
	w.get("dev").failed(3, off)
	if n := prompter.Asked(); n != 0 {
		t.Fatalf("DAYPASS_NO_PROMPT: %d dialogs were wanted", n)
	}

	// Without it one is: it would have been seen.
	w.set("DAYPASS_NO_PROMPT=")
	cmd := w.command(w.program, "credential-process", "--profile", "dev")
	end := w.begin(cmd)
	w.until("a dialog is wanted", func() bool { return prompter.Asked() == 1 })
	_ = cmd.Process.Kill()
	end()
}
