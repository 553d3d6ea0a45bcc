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
	begin := func(name, arguments string) {
		s.line(fmt.Sprintf("{ '%s' keys %s >%[3]s.out 2>%[3]s.err & echo $! >%[3]s.pid; wait $!; echo $? >%[3]s.end; } </dev/null &", w.program, arguments, name))
	}
	begin("one", "add other")
	s.Expect("Access key ID: ")
	begin("two", "import main --yes")
	if got := s.end("two"); got.code != 0 || got.err != "" || !strings.Contains(got.out, "\nremoved from ") {
		t.Errorf("exit code %d, out %q, err %q", got.code, got.out, got.err)
	}
	if where := w.whereabouts("past a question"); where != inRing {
		t.Errorf("the key is %s", where)
	}
	w.write(importing, strings.NewReplacer(accessKeyID, secondKeyID, secretAccessKey, secondSecret).Replace(keys))
	begin("three", "import main --yes")
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
}
