package cache

import (
	"context"
	"errors"
	"time"

	"daypass/creds"
)

// purgeLimit bounds how many entries one Put removes, since somebody waits.
const purgeLimit = 10

// purge removes entries of s that have expired, or that a reboot has taken, but
// for the one that was just written. It stops at the first trouble.
func (c *Cache) purge(ctx context.Context, s Store, written string) {
	purged := 0
	for _, account := range c.indexed(s) {
		l, ok := c.read(file(s, account))
		if !ok || account == written || !l.over(c.now()) {
			continue
		}
		if purged++; purged > purgeLimit || c.purgeOne(ctx, s, account) != nil {
			return
		}
	}
}

// purgeOne removes an entry unless somebody is about to renew it or has done so
// since the index was read. The item itself is looked at too: a process that
// cannot use this state folder renews it without a word here.
func (c *Cache) purgeOne(ctx context.Context, s Store, account string) error {
	unlock, ok, err := c.State.TryLock(account)
	if !ok {
		return err
	}
	defer unlock()
	if l, ok := c.read(file(s, account)); !ok || !l.over(c.now()) {
		return nil
	}
	item, err := s.Get(ctx, account)
	switch {
	case err == nil:
		if i, err := decode(item); err == nil && !gone(i, c.now()) {
			return nil
		}
	case !errors.Is(err, ErrMiss): // of a torn item, which is one, parts may be left
		return err
	}
	if err := s.Delete(ctx, account); err != nil {
		return err
	}
	c.forget(s, account)
	return nil
}

// over reports whether the entry is of no more use.
func (l *Listing) over(now time.Time) bool { return l.lost || gone(l.Issued(), now) }

// gone reports whether i has expired by both clocks, the local one and that of
// STS. What has by one of them only is not handed out, and not removed either.
func gone(i creds.Issued, now time.Time) bool {
	return now.After(i.Expiration) && now.Add(i.Skew).After(i.Expiration)
}
