package provider

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/contracts"
)

// Executions says how the provider runs what it has accepted, apart from the workers that accept. A call that is served
// starts an execution when its answer is due, unless that is 500 or 503: a provider that breaks its answer has accepted
// the call all the same. The zero value runs any number at once, each in no time. A stall freezes the answers alone.
type Executions struct {
	// Workers is how many run at the same time; 0 is any number.
	Workers int
	// Queue is how many may wait for a worker; a call beyond them is refused with 429 when its answer is due. It must be
	// 0 where Workers is.
	Queue int
	// Time is how long one runs, by tier, with the entries of [Config].Latency.
	Time map[string]Latency
	// Failed, Lost and Stuck are the shares of those that do not complete; one meets at most one of these fates. One half
	// of the lost are unknown from the start and never run, the others are forgotten in the middle of their time. What
	// is stuck leaves its worker after its time, and is said to be running for good.
	Failed, Lost, Stuck float64
	// Order has the tiers' shares of those that begin while executions of several tiers wait, in which a tier that is
	// left out has 1: {Full: 1, Lite: 3} begins three of Lite for each of Full. Within a tier it is first come, first
	// served, and without shares among all.
	Order map[string]float64
}

// fate is what becomes of an execution.
type fate uint8

const (
	completes fate = iota
	fails
	isLost
	isStuck
	fates
)

var fateNames = [fates]string{"", "failed", "lost", "stuck"}

// outcomes are the fates as the log has them.
var outcomes = [fates]string{"completed", "failed", "lost", "stuck"}

// FateNames lists the shares of [Executions], as scenarios and flags name them.
func FateNames() []string { return slices.Clone(fateNames[fails:]) }

// Share gives the place of the share with one of the [FateNames], nil for any other name.
func (e *Executions) Share(name string) *float64 {
	return map[string]*float64{"failed": &e.Failed, "lost": &e.Lost, "stuck": &e.Stuck}[name]
}

// Set reads NAME=SHARE, as in failed=1%, and sets that share. The names are those of [FateNames].
func (e *Executions) Set(text string) error {
	name, value, found := strings.Cut(text, "=")
	if !found || e.Share(name) == nil {
		return expectedShare(text, name, FateNames())
	}
	x, err := parseShare(value)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	*e.Share(name) = x
	return nil
}

func expectedShare(text, name string, names []string) error {
	return fmt.Errorf("expected NAME=SHARE, found %s%s; the names are %s", quote(text), suggest(name, names), strings.Join(names, ", "))
}

// validate reports everything that is wrong with e but its times.
func (e *Executions) validate(tiers []string) error {
	var errs []error
	if e.Workers < 0 {
		errs = append(errs, fmt.Errorf("workers: expected at least 0, found %d", e.Workers))
	}
	if e.Queue < 0 {
		errs = append(errs, fmt.Errorf("queue: expected at least 0, found %d", e.Queue))
	}
	if e.Queue > 0 && e.Workers == 0 {
		errs = append(errs, fmt.Errorf("queue: %d can wait, but without a number of workers none ever has to; set workers", e.Queue))
	}
	errs = append(errs, checkShares(FateNames(), e.Share))
	known := append(slices.Clone(tiers), contracts.NoTier(tiers))
	for _, tier := range slices.Sorted(maps.Keys(e.Order)) {
		if !slices.Contains(known, tier) {
			errs = append(errs, fmt.Errorf("order: expected one of the tiers %s, found %s%s", strings.Join(known, ", "), quote(tier), suggest(tier, known)))
		}
		if share := e.Order[tier]; !(share >= leastOrder && share <= 1/leastOrder) {
			errs = append(errs, fmt.Errorf("order: expected a share from %v to %v of the tier %s, found %v", leastOrder, 1/leastOrder, quote(tier), share))
		}
	}
	if len(e.Order) > 0 && e.Workers == 0 {
		errs = append(errs, errors.New("order: without a number of workers none has to wait; set workers"))
	}
	return errors.Join(errs...)
}

// leastOrder is the least share in an order: beyond it a tier waits for ever, as good as.
const leastOrder = 0.001

// checkShares reports the shares that are none, and those that sum to more than 1.
func checkShares(names []string, share func(name string) *float64) error {
	var errs []error
	sum := 0.0
	for _, name := range names {
		x := *share(name)
		if !(x >= 0 && x <= 1) {
			errs = append(errs, fmt.Errorf("%s: expected a share from 0 to 1 (0%% to 100%%), found %v", name, x))
			continue
		}
		sum += x
	}
	if sum > 1+1e-9 {
		errs = append(errs, fmt.Errorf("one meets at most one of %s, so the shares must sum to at most 1 (100%%); they sum to %.6g", strings.Join(names, ", "), sum))
	}
	return errors.Join(errs...)
}

// drawn is which of some shares a uniform number falls into: its place from 1, or 0 for none.
func drawn(u float64, shares ...float64) int {
	sum := 0.0
	for i, share := range shares {
		if sum += share; u < sum {
			return i + 1
		}
	}
	return 0
}

// execution is what the provider knows of one. Moments are on the clock of the floor.
type execution struct {
	id      string
	n       uint64 // the call's number
	tier    int    // its place among the floor's
	fate    fate
	state   state
	takes   time.Duration // how long it holds a worker
	began   time.Duration
	ends    time.Duration // valid once it has begun
	arrived time.Duration
}

// state is what an execution is in, as far as anybody can know who asks.
type state uint8

const (
	waiting state = iota
	running
	ended
)
