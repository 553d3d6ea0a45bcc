package session

import (
	"context"
	"slices"
	"time"

	"daypass/creds"
)

// The ages that decide.
const (
	// fresh is what is handed out without a thought. botocore and .NET ask again
	// below 15 minutes, on each use of the credentials.
	fresh = 16 * time.Minute
	// askBelow: with more than this left nobody is asked for a code.
	askBelow = 5 * time.Minute
	// usable: with less than this left credentials are not handed out, nor used
	// for a call.
	usable = time.Minute
	// storeLimit bounds the keeping of what STS has issued. A person who unlocks
	// the keyring for it has 15 seconds.
	storeLimit = 20 * time.Second
	// storeLeast is for storing even if the caller's time is up.
	storeLeast = 2 * time.Second
)

// lookup reads the entry of step i, unless it is one that Refresh, MaxAge or STS
// rules out, or that holds less than a minute.
func (g *Getter) lookup(ctx context.Context, i int) (creds.Issued, bool) {
	held, ok := g.Cache.Get(ctx, g.Steps[i].Key)
	if !ok || held.Left(g.Now()) < usable {
		return creds.Issued{}, false
	}
	if g.Refresh && held.IssuedAt.Before(g.begun()) {
		return creds.Issued{}, false
	}
	if TooOld(held, g.Steps[:i+1], g.Now(), g.MaxAge) {
		return creds.Issued{}, false
	}
	if rejected, ok := g.stale[g.Steps[i].Key]; ok && !held.IssuedAt.After(rejected) {
		return creds.Issued{}, false
	}
	return held, true
}

// TooOld reports whether held, of the last of steps, rests on a code that was given
// more than maxAge before now; 0 is any age. What does not tell is too old.
func TooOld(held creds.Issued, steps []Step, now time.Time, maxAge time.Duration) bool {
	return maxAge > 0 && coded(steps) && now.Sub(codedAt(held)) > maxAge
}

func coded(steps []Step) bool {
	return slices.ContainsFunc(steps, func(s Step) bool { return s.Serial != "" })
}

// codedAt is when the code was given that held rests on; zero if none was, or if
// that is not known.
func codedAt(held creds.Issued) time.Time {
	if held.Serial != "" {
		return held.IssuedAt
	}
	return held.CodedAt
}

// Served reports whether held, of the last of steps, which carries a code, is
// handed out at the local time now without asking for another.
func Served(held creds.Issued, steps []Step, now time.Time, maxAge time.Duration) bool {
	return !TooOld(held, steps, now, maxAge) && lasts(held, now)
}

// lasts reports whether nobody is asked for a code in the place of held.
func lasts(held creds.Issued, now time.Time) bool { return held.Left(now) >= askBelow }

// begun is when what Refresh takes may have been issued at the earliest.
func (g *Getter) begun() time.Time {
	if g.Since.IsZero() {
		return g.started
	}
	return g.Since
}

func (g *Getter) reject(i int, held creds.Issued) {
	if g.stale == nil {
		g.stale = map[string]time.Time{}
	}
	g.stale[g.Steps[i].Key] = held.IssuedAt
}

// serves reports whether held, found under the lock of step i, spares the call:
// the last step must be fresh, one before it mints until its last minute.
func (g *Getter) serves(held creds.Issued, i int) bool {
	return i < len(g.Steps)-1 || g.fresh(held)
}

func (g *Getter) fresh(held creds.Issued) bool { return Fresh(held, g.Now(), g.MinRemaining) }

func (g *Getter) wish() bool { return wished(g.MinRemaining) }

// wished reports whether wish asks for more than callers can count on anyway.
func wished(wish time.Duration) bool { return wish > minWish }

// Fresh reports whether held is handed out at the local time now without a
// thought of renewing it: at least the smaller of 16 minutes and half of what
// was issued is left, and no less than the wish, of which 16 minutes and less
// are none.
func Fresh(held creds.Issued, now time.Time, wish time.Duration) bool {
	left := held.Left(now)
	return left >= min(fresh, held.Life()/2) && !(wished(wish) && left < wish)
}
