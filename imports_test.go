//go:build linux

package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"daypass/internal/state"
	"daypass/internal/stsim"
	"daypass/session"
)

// An import that asks nothing goes past another's conversation on its terminal; only
// one that must ask waits for its end.
func TestAnImportWithYesWaitsForNoQuestion(t *testing.T) {
	t.Parallel()
	w := newImport(t)
	s := w.shell()
	s.run("one", "keys add other")
	s.Expect("Access key ID: ")
	s.run("two", "keys import main --yes")
	if got := s.end("two"); got.code != 0 || got.err != "" || !strings.Contains(got.out, "\nremoved from ") {
		t.Errorf("exit code %d, out %q, err %q", got.code, got.out, got.err)
	}
	if where := w.whereabouts("past a question"); where != inRing {
		t.Errorf("the key is %s", where)
	}
	w.write(importing, strings.NewReplacer(accessKeyID, secondKeyID, secretAccessKey, secondSecret).Replace(keys))
	s.run("three", "keys import main --yes")
	s.Expect(fmt.Sprintf("daypass: waiting for the answers about the key \"other\" (process %d)\r\n", s.pid("one")))
	s.Type("\x04")
	s.end("one").failed(4, "the question was closed, and nothing was changed")
	s.Expect("Replace it? [y/N] ")
	s.Type("y\r")
	if got := s.end("three"); got.code != 0 || got.err != "" || w.read(importing) != moved {
		t.Errorf("exit code %d, out %q, err %q", got.code, got.out, got.err)
	}
	s.close()
	if shown := s.shown(); strings.Contains(shown, "Remove them?") {
		t.Errorf("the terminal shows %q", shown)
	}
	w.unlocked()
}

// Where nothing is asked Ctrl-Z stops nobody either: the locks would be kept.
func TestCtrlZDuringAnImportStopsNobody(t *testing.T) {
	t.Parallel()
	w := newImport(t)
	w.sts.Inject(stsim.Fault{Action: session.GetCallerIdentity, Times: 1, Delay: time.Second})
	c := w.console()
	c.run("daypass keys import main --yes 2>&1; echo $? >import.end")
	w.until("STS is asked", func() bool { return w.sts.Accepted(session.GetCallerIdentity) == 1 })
	c.Type("\x1a")
	if got := w.ended("import"); got.code != 0 || w.whereabouts("after Ctrl-Z") != inRing {
		t.Errorf("exit code %d", got.code)
	}
	c.back()
	c.exit()
	w.unlocked()
}

// Who edits the same file is not waited for without end, nor disturbed.
func TestAnImportFromAFileThatAnotherEdits(t *testing.T) {
	t.Parallel()
	w := newImport(t)
	path, err := filepath.EvalSymlinks(filepath.Join(w.folder, importing))
	if err != nil {
		t.Fatal(err)
	}
	dir := state.New(filepath.Join(w.folder, "home/.local/state/daypass"))
	unlock, err := dir.Lock(t.Context(), fmt.Sprintf("edit-%x", sha256.Sum256([]byte(path))))
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	w.leftIn("cannot be edited: another daypass is editing it")
	unlock()
	w.importAgain("once the other is done")
	w.unlocked()
}

// Nothing with the key in it stays where nobody would find it.
func TestAnImportFromAFolderThatCannotBeListed(t *testing.T) {
	w := newImport(t)
	w.giveAway()
	folder := filepath.Join(w.folder, "home/.aws")
	if err := os.Chmod(folder, 0o300); err != nil {
		t.Fatal(err)
	}
	got := w.alone("keys", "import", "main", "--yes")
	if err := os.Chmod(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if got.code != 0 || got.err != "" {
		t.Errorf("exit code %d, err %q", got.code, got.err)
	}
	if left, err := os.ReadDir(folder); len(left) != 2 || err != nil {
		t.Errorf("left beside the file: %v, %v", left, err)
	}
	if where := w.whereabouts("unlisted"); where != inRing {
		t.Errorf("the key is %s", where)
	}

	// What a killed import has left there is not taken for nothing.
	w.write(importing+".daypass-backup-1", keys)
	if err := os.Chmod(folder, 0o300); err != nil {
		t.Fatal(err)
	}
	w.alone("keys", "import", "main", "--yes").failed(2, "what an interrupted import may have left beside it cannot be looked for: permission denied")
	if err := os.Chmod(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	w.importAgain("once the folder may be listed")
}

// Who removes the lines by hand while they are shown has done what was asked.
func TestAnImportWhoseLinesGoByHand(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"y", "n"} {
		w := newImport(t)
		p := w.screen().begin(w.command(w.program, "keys", "import", "main"))
		p.Expect("Remove them? [y/N] ")
		w.write(importing, moved)
		p.Type(answer + "\r")
		got := p.end()
		if got.code != 0 || got.err != "" || !strings.HasSuffix(got.out, "credentials\nthe key has lain in clear: run \"daypass keys rotate main\"\n") {
			t.Errorf("%s: exit code %d, out %q, err %q", answer, got.code, got.out, got.err)
		}
		if where := w.whereabouts("by hand"); where != inRing {
			t.Errorf("the key is %s", where)
		}
		w.unlocked()
	}
}
