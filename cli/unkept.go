package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"time"

	"daypass/cache"
	"daypass/creds"
	"daypass/internal/state"
)

// unkept is what a code has bought and no store has taken: the next call will ask for
// another code. It is remembered, since the JS SDK and IDEs hide what is said of it,
// until an entry of the same name is kept, for whatever profile, or it would have
// expired.
type unkept struct {
	Profile string    `json:"profile"`
	Time    time.Time `json:"time"`
	Message string    `json:"message"`
	Expires time.Time `json:"expires"`
}

const unkeptFolder = "unkept"

func unkeptFile(account string) string { return unkeptFolder + "/" + account }

// told is u for people.
func (u unkept) told(now time.Time) string {
	return fmt.Sprintf("profile %q at %s: %s", u.Profile, clock(u.Time, now), u.Message)
}

func (u unkept) expired(now time.Time) bool { return !u.Expires.After(now) }

// notKeptNow says that credentials are not kept, and why.
func notKeptNow(why error) string { return "the credentials are not kept: " + notKept(why) }

// settle remembers what became of the entry i of key, which a code has bought; err is
// why it is not kept. With the store none that was a wish.
func (g *get) settle(key string, i creds.Issued, err error) {
	if errors.Is(err, cache.ErrNotKept) {
		return
	}
	g.unkept = err
	file := unkeptFile(cache.Account(key))
	if err == nil {
		_ = g.dir.Remove(file)
		return
	}
	now := g.app.Now()
	forgetUnkept(g.dir, func(_ string, u unkept) bool { return u.expired(now) })
	u := unkept{g.profile.Name, now.UTC().Truncate(time.Second), "the credentials could not be kept: " + notKept(err), i.Expiration}
	if text, err := json.Marshal(u); err == nil {
		_ = g.dir.Write(file, text)
	}
}

// tellUnkept tells who has typed a code, and was not told before, why the next call
// will ask for another: on the terminal, since callers hide all else.
func (g *get) tellUnkept() {
	if g.unkept != nil && g.asked && !g.foretold {
		g.app.tell(line("daypass: " + notKeptNow(g.unkept)))
	}
}

// readUnkept returns what is remembered, by account. What cannot be read is left out.
func readUnkept(dir *state.Dir) map[string]unkept {
	all := map[string]unkept{}
	names, _ := dir.List(unkeptFolder)
	for _, account := range names {
		var u unkept
		text, err := dir.Read(unkeptFile(account))
		if err == nil && json.Unmarshal(text, &u) == nil && u.Profile != "" {
			all[account] = u
		}
	}
	return all
}

// listUnkept returns what is remembered and has not expired, the newest first.
func listUnkept(dir *state.Dir, now time.Time) (all []unkept) {
	for _, u := range readUnkept(dir) {
		if !u.expired(now) {
			all = append(all, u)
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Time.After(all[j].Time) })
	return all
}

// forgetUnkept forgets those that are meant.
func forgetUnkept(dir *state.Dir, meant func(account string, u unkept) bool) {
	for account, u := range readUnkept(dir) {
		if meant(account, u) {
			_ = dir.Remove(unkeptFile(account))
		}
	}
}
