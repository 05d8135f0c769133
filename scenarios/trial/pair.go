package trial

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/contracts/credentials"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios/attack"
)

// Against is a second target, which is met in turn with the first.
type Against struct {
	Target *url.URL
	// Release is what is deployed there, and Credentials what its calls carry.
	Release     string
	Credentials *credentials.Set
	// SliceSeconds is how long each of them is met at a time.
	SliceSeconds float64
	// Takes reports whether a call goes to the second target that is due at a moment. It is a function of that alone.
	Takes func(due time.Duration) bool
}

// A PairMaker makes a trial of two targets, as [RunPair] does.
type PairMaker func(ctx context.Context, interrupt <-chan struct{}, c Config, with Against) (a, b Result, err error)

// Turns says which target a call goes to by the side of each slice of so many seconds, as [Against.Order] gives them.
func Turns(order string, seconds float64) func(due time.Duration) bool {
	slice := time.Duration(seconds * float64(time.Second))
	return func(due time.Duration) bool {
		at := min(int(max(due, 0)/slice), len(order)-1)
		return order[at:at+1] == "b"
	}
}

// RunPair makes one trial of two targets, each of which is met in slices of one schedule: two run directories, a and b,
// below Dir. The load is an open one, and executions are not followed. All else is as in [Run]: a shard has its part of
// each slice.
func RunPair(ctx context.Context, interrupt <-chan struct{}, c Config, with Against) (a, b Result, err error) {
	if err := errors.Join(results.CheckRunLabels(c.Labels, c.Release), results.CheckRunLabels(nil, with.Release)); err != nil {
		return a, b, err
	}
	if err := c.together(); err != nil {
		return a, b, err
	}
	base, err := c.baseline()
	if err != nil {
		return a, b, err
	}
	if err := c.against(base, c.attack(false).Generator()); err != nil {
		return a, b, err
	}
	if err := c.share(); err != nil {
		return a, b, err
	}
	other := c
	other.Target, other.Release, other.Credentials = with.Target, with.Release, with.Credentials
	plain, err := c.Reach(ctx)
	if err != nil {
		return a, b, err
	}
	plainOther, err := other.Reach(ctx)
	if err != nil {
		return a, b, err
	}
	fire := c.attack(plain)
	fire.Plan = c.part
	fire.Against = &attack.Against{Target: with.Target, Credentials: with.Credentials, PlainHTTP2: plainOther, Takes: with.Takes}
	began := c.begins()
	first, err := c.side(&fire, began, "a", with.Target, with)
	if err != nil {
		return a, b, err
	}
	second, err := other.side(&fire, began, "b", c.Target, with)
	if err != nil {
		return a, b, errors.Join(err, fire.Writer.Close(results.End{Reason: results.Unkept, Detail: err.Error()}))
	}
	fire.Traces = first.Traces
	if c.Started != nil {
		c.Started(first)
	}
	fire.Tick = c.tick(&tracker{plan: c.part, target: c.Target.String()})
	out, lost := attack.Run(ctx, interrupt, fire)
	if c.Ended != nil {
		c.Ended()
	}
	a, err = c.conclude(filepath.Join(c.Dir, "a"), first, out, lost)
	var wrong error
	b, wrong = other.conclude(filepath.Join(c.Dir, "b"), second, *out.Against, lost)
	return a, b, errors.Join(err, wrong)
}

// side makes the run directory of one of the two.
func (c Config) side(fire *attack.Config, began time.Time, name string, other *url.URL, with Against) (results.Manifest, error) {
	parent := filepath.Base(filepath.Clean(c.Dir))
	c.Dir = filepath.Join(c.Dir, name)
	m, dir, err := c.manifest(began, fire.Generator())
	if err != nil {
		return m, err
	}
	m.ID = parent + "-" + name
	c.inTurn(&m, name, other, with)
	w, err := results.Create(dir, m, c.files())
	if err != nil {
		return m, err
	}
	if name == "a" {
		fire.Writer = w
	} else {
		fire.Against.Writer = w
	}
	return m, nil
}

// inTurn puts in what run.json says of one of two that share their time.
func (c Config) inTurn(m *results.Manifest, name string, other *url.URL, with Against) {
	part := cmp.Or(c.part, c.Plan)
	m.Planned = part.PlannedOf(func(n uint64) bool { return with.Takes(part.Due(n)) == (name == "b") })
	m.Paired = &results.Paired{Side: name, Other: other.String(), SliceSeconds: with.SliceSeconds, Order: with.Order(c.Plan.Seconds)}
}

// DescribePair is [Config.Describe] of both runs of two targets.
func (c Config) DescribePair(with Against) (a, b results.Manifest) {
	other := c
	other.Target, other.Release, other.Credentials = with.Target, with.Release, with.Credentials
	a, b = c.Describe(), other.Describe()
	c.inTurn(&a, "a", with.Target, with)
	c.inTurn(&b, "b", c.Target, with)
	return a, b
}

// Order has the side of each slice of so many seconds.
func (w Against) Order(seconds float64) string {
	var sides strings.Builder
	for at := 0.0; at < seconds; at += w.SliceSeconds {
		side := "a"
		if w.Takes(time.Duration((at + w.SliceSeconds/2) * float64(time.Second))) {
			side = "b"
		}
		sides.WriteString(side)
	}
	return sides.String()
}
