package trial

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

const (
	// behind is how far a start may be past when a trial is asked for: what it takes to start the process. Calls that
	// came due meanwhile leave late.
	behind = time.Second
	// far is from when on a start is more likely a mistake, and farthest from when on it is one.
	far, farthest = time.Hour, 7 * 24 * time.Hour
)

// together says why the trial cannot be one of several that start together; nothing where it can, or is none.
func (c Config) together() error {
	if _, err := c.Plan.Shard(c.Shard); err != nil {
		return err
	}
	if c.StartAt.IsZero() {
		if c.Shard.Of > 0 {
			return fmt.Errorf("shard %s has no start: give all shards of a run the same one, so that they are one load", c.Shard)
		}
		return nil
	}
	at := c.StartAt.UTC().Format(time.RFC3339Nano)
	until := time.Until(c.StartAt)
	if until < -behind {
		return fmt.Errorf("the start at %s was %s ago by this machine's clock, and nothing was sent: give all shards a later one", at, (-until).Round(time.Second))
	}
	if until > farthest {
		return fmt.Errorf("the start at %s is %d days away by this machine's clock, and a run waits for a week at the most: give all shards an earlier one", at, int(until.Hours()/24))
	}
	if until > far && c.Warn != nil {
		c.Warn(fmt.Sprintf("the start at %s is %s away by this machine's clock", at, until.Round(time.Second)))
	}
	return nil
}

// share puts the part of the plan in that the trial sends.
func (c *Config) share() (err error) {
	c.part, err = c.Plan.Shard(c.Shard)
	return err
}

// shard is what run.json says of the part of a run that the trial is; nil where it is the whole.
func (c Config) shard() *results.Shard {
	if c.Shard.Of == 0 {
		return nil
	}
	digest, start := c.Plan.Digest(c.Andon), c.begins()
	derived := sha256.Sum256([]byte(digest + start.Format(time.RFC3339Nano)))
	return &results.Shard{
		Group: cmp.Or(c.Group, fmt.Sprintf("%x", derived[:8])), Index: c.Shard.Index, Of: c.Shard.Of, Plan: digest, Start: start,
	}
}

// begins is when the run begins: at the start that is common to all shards, by the clock that it is told by, or now.
func (c Config) begins() time.Time {
	if c.StartAt.IsZero() {
		return time.Now()
	}
	return c.StartAt.Round(0).Add(-c.Ahead).UTC()
}

// Together says of a run that is a shard, or waits for a start, which it is and when that is; empty where it is
// neither.
func (c Config) Together() (said string) {
	if c.Shard.Of > 0 {
		said = fmt.Sprintf("shard %s: %s of the whole; ", c.Shard, text.Percent(1/float64(c.Shard.Of)))
	}
	if c.StartAt.IsZero() {
		return said
	}
	return fmt.Sprintf("%sthe first call is due at %s, in %s", said, c.StartAt.UTC().Format(time.RFC3339Nano), max(time.Until(c.StartAt), 0).Round(100*time.Millisecond))
}

// ParseStart reads when a run begins: a moment as RFC 3339 has it, or a time of day with its zone, such as 16:30:00Z,
// which is the one nearest to now, before it or after it.
func ParseStart(s string, now time.Time) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, s); err == nil {
		return at.UTC(), nil
	}
	for _, layout := range []string{"15:04:05Z07:00", "15:04Z07:00"} {
		of, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		y, m, d := now.In(of.Location()).Date()
		at := time.Date(y, m, d, of.Hour(), of.Minute(), of.Second(), of.Nanosecond(), of.Location())
		switch apart := at.Sub(now); {
		case apart > 12*time.Hour:
			at = at.AddDate(0, 0, -1)
		case apart <= -12*time.Hour:
			at = at.AddDate(0, 0, 1)
		}
		return at.UTC(), nil
	}
	return time.Time{}, fmt.Errorf("expected a moment such as 2026-11-26T16:30:00Z, or a time of day with its zone such as 16:30:00Z, found %q", s)
}
