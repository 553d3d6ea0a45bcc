package session

import (
	"context"
	"errors"
	"time"
)

// errOtherKey ends a try for which the keyring turned out to hold another key than
// the one that was planned with.
var errOtherKey = errors.New("the keyring holds another key")

// open gets the base's credentials where they are not there yet. What is issued for
// another key than was planned with would be filed under that one's name.
func (g *Getter) open(ctx context.Context) error {
	planned := g.Base.ID
	if err := g.Base.open(ctx, g.Means, g.Network, g.Now); err != nil {
		return err
	}
	if g.Base.ID != planned {
		return errOtherKey
	}
	return g.checkOpened()
}

// checkOpened tells what could not be told before: that a program has printed
// temporary credentials.
func (g *Getter) checkOpened() error {
	last := len(g.Steps) - 1
	switch {
	case !g.Base.Temporary():
		return nil
	case g.Steps[0].Serial != "":
		return &ConfigError{Profile: g.Profile, Problem: CodeNeedsLongTerm, Detail: g.Base.Profile}
	case last > 0:
		return nil
	}
	return checkWish(g.Profile, g.duration(0), g.MinRemaining)
}

// duration is that of step i, within what STS gives to the base that it turned out
// to be: the cache key is that of the plan, else no hit would find the entry.
func (g *Getter) duration(i int) time.Duration {
	step := g.Steps[i]
	if i == 0 && step.Call == AssumeRole && g.Base.Temporary() {
		return min(step.Duration, chainCap)
	}
	return step.Duration
}

// replanned gets credentials by the key that is there, which has been read: this
// happens once.
func (g *Getter) replanned(ctx context.Context) (Result, error) {
	g.Log.Info("planning anew, since the key was replaced", "key", g.Base.ID)
	steps, err := g.Replan(g.Base)
	if err != nil {
		return Result{}, err
	}
	g.Steps = steps
	return g.Get(ctx)
}
