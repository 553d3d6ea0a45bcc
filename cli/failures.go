package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
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
	Code    int       `json:"exit_code"` // 0: the credentials were given, and could not be kept
}

// told is f for people.
func (f failure) told(now time.Time) string {
	if f.Code == 0 {
		return fmt.Sprintf("profile %q at %s: %s", f.Profile, clock(f.Time, now), f.Message)
	}
	return fmt.Sprintf("profile %q failed at %s: %s", f.Profile, clock(f.Time, now), f.Message)
}

const failureFolder = "failures"

func failureFile(profile string) string {
	sum := sha256.Sum256([]byte(profile))
	return failureFolder + "/" + hex.EncodeToString(sum[:16])
}

// remember keeps a failure for status, and forgets it once something was
// issued and kept. A hit touches nothing. That a failure cannot be kept is none.
func (a *app) remember(g *get, name string, r session.Result, err error) {
	if g.dir == nil || err == nil && r.Cached && r.Failed == nil {
		return
	}
	if err == nil {
		err = r.Failed
	}
	f := failure{Profile: name, Time: a.Now().UTC().Truncate(time.Second)}
	switch {
	case err != nil:
		f.Message, _, f.Code = a.words(err)
	case g.unkept != nil:
		f.Message = unkept(g.unkept)
	default:
		_ = g.dir.Remove(failureFile(name))
		return
	}
	var usage *usageError
	var signal signalError
	if errors.As(err, &usage) || errors.As(err, &signal) || errors.Is(err, session.ErrBusy) {
		return // no failure of the profile's
	}
	if text, err := json.Marshal(f); err == nil {
		_ = g.dir.Write(failureFile(name), text)
	}
}

// unkept says that credentials which a code has bought are not kept, and why.
func unkept(why error) string { return "the credentials are not kept: " + notKept(why) }

// tellUnkept tells who has typed a code, and was not told before, why the next call
// will ask for another: on the terminal, since callers hide all else.
func (g *get) tellUnkept() {
	if g.unkept != nil && g.asked && !g.foretold {
		g.app.tell(line("daypass: " + unkept(g.unkept)))
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
