package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"sort"
	"time"

	"daypass/internal/state"
	"daypass/session"
)

// failure is the last one of a profile, kept since the JS SDK and IDEs hide
// what a credential_process says.
type failure struct {
	Profile string    `json:"profile"`
	Time    time.Time `json:"time"`
	Message string    `json:"message"`
	Code    int       `json:"exit_code"`
}

const failureFolder = "failures"

func failureFile(profile string) string {
	sum := sha256.Sum256([]byte(profile))
	return failureFolder + "/" + hex.EncodeToString(sum[:16])
}

// remember keeps a failure for status, and forgets it once something was
// issued. A hit touches nothing. That it cannot be kept is no failure.
func (a *app) remember(g *get, name string, r session.Result, err error) {
	if g.dir == nil || err == nil && r.Cached && r.Failed == nil {
		return
	}
	if err == nil {
		err = r.Failed
	}
	if err == nil {
		_ = g.dir.Remove(failureFile(name))
		return
	}
	var usage *usageError
	var signal signalError
	if errors.As(err, &usage) || errors.As(err, &signal) || errors.Is(err, session.ErrBusy) {
		return // no failure of the profile's
	}
	what, _, code := a.words(err)
	text, err := json.Marshal(failure{name, a.Now().UTC().Truncate(time.Second), what, code})
	if err == nil {
		_ = g.dir.Write(failureFile(name), text)
	}
}

func readFailure(dir *state.Dir, file string) (f failure, ok bool) {
	text, err := dir.Read(file)
	ok = err == nil && json.Unmarshal(text, &f) == nil && f.Profile != ""
	return f, ok
}

// failures are those of all profiles, the newest first. What cannot be read is
// left out.
func failures(dir *state.Dir) []failure {
	names, err := dir.List(failureFolder)
	if err != nil {
		return nil
	}
	var all []failure
	for _, name := range names {
		if f, ok := readFailure(dir, failureFolder+"/"+name); ok {
			all = append(all, f)
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Time.After(all[j].Time) })
	return all
}

func forgetFailures(dir *state.Dir) {
	for _, f := range failures(dir) {
		_ = dir.Remove(failureFile(f.Profile))
	}
}
