package search

import (
	"cmp"
	"context"
	"flag"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/capacity"
	"github.com/kaizenautomation/andon/scenarios/queuetest"
)

var long = flag.Bool("long", false, "simulate for minutes rather than for seconds (make simulate)")

const simulatedScenario = `
name: simulated
load: [{rate: 60/s, for: 1s}]
mix: {tier: {Full: 1, Lite: 1}, content: [{items: [text]}]}
data: {text: {length: 10}}
thresholds: ['p95(latency) < 400ms']
`

// pools is a target that is not there: Lite takes 40 ms of a worker on average and Full 80 ms, of 8 workers that they
// share or of 8 that each has.
type pools struct {
	split bool
	// above is the rate above which the contract is broken in a share of the calls.
	above, share float64
}

const (
	liteSeconds, fullSeconds, limitSeconds = 0.04, 0.08, 0.4
	poolWorkers                            = 8
)

// calls are those of so many seconds, when each was due and how long it took, in the order in which they end.
func (p pools) calls(r *rand.Rand, rate, full, seconds float64) (list []timed) {
	one := func(rate float64, service func(*rand.Rand) float64) {
		if rate == 0 {
			return
		}
		queuetest.Queue{Workers: poolWorkers, Service: service}.Run(rate, r, func(arrival, latency float64) bool {
			if arrival < seconds {
				list = append(list, timed{arrival, latency})
			}
			return arrival < seconds
		})
	}
	if p.split {
		one(rate*(1-full), queuetest.Exponential(liteSeconds))
		one(rate*full, queuetest.Exponential(fullSeconds))
	} else {
		one(rate, func(r *rand.Rand) float64 {
			if r.Float64() < full {
				return fullSeconds * r.ExpFloat64()
			}
			return liteSeconds * r.ExpFloat64()
		})
	}
	slices.SortFunc(list, func(a, b timed) int { return cmp.Compare(a.due+a.latency, b.due+b.latency) })
	return list
}

// attempt makes a trial at the target.
func (p pools) attempt(s *session, r *rand.Rand) func(context.Context, want) (made, error) {
	return func(_ context.Context, w want) (made, error) {
		full := 0.5
		if said, _, found := strings.Cut(w.About, " % Full"); found {
			percent, _ := strconv.ParseFloat(said, 64)
			full = percent / 100
		}
		judge := capacity.NewJudge([]capacity.Objective{{Allowed: 0.05, Horizon: limitSeconds}}, w.Ask, w.Alpha)
		most := cmp.Or(w.Seconds, w.Ask.Most) + w.Ask.Settle
		calls := p.calls(r, w.Ask.Rate, full, most)
		stopped, next := most, 1.0
		flying := func(now float64) (n int) {
			for _, c := range calls {
				if c.due <= now && now < c.due+c.latency {
					n++
				}
			}
			return n
		}
		sent := 0
		var took float64
		for _, c := range calls {
			for ; w.Seconds == 0 && stopped == most && next < min(most, c.due+c.latency); next++ {
				if judge.Look(next, flying(next)) {
					stopped = next
				}
			}
			if c.due > stopped {
				continue
			}
			sent, took = sent+1, max(took, c.due+c.latency)
			var over uint64
			if c.latency >= limitSeconds {
				over = 1
			}
			judge.Add(capacity.Call{Due: c.due, Latency: c.latency, Counted: 1, Over: over})
		}
		m := made{Trial: judge.Outcome(stopped), Took: max(took, stopped)}
		var broken uint64
		for range sent {
			if w.Ask.Rate > p.above && r.Float64() < p.share {
				broken++
			}
		}
		m.Shown = sizing.Trial{
			N: len(s.report.Trials) + 1, Of: w.Of, About: w.About, Rate: w.Ask.Rate, Outcome: outcomeName(m.Outcome), Seconds: m.Seconds, Settled: m.Settled,
			Calls: uint64(sent), Violations: share(broken, uint64(sent)), Shares: []float64{0}, Inflation: []float64{1},
		}
		return m, s.take(m)
	}
}

// simulated is a session on a target that is not there.
func simulated(t *testing.T, p pools, seed uint64) *session {
	s := begun(t, simulatedScenario)
	s.thresholds = s.thresholds[:1]
	s.From, s.Confidence, s.Width, s.Find, s.Arrivals = 60, 0.95, 0.1, true, scenarios.Poisson
	s.Seconds = 3600
	s.report.Budget = sizing.Budget{Seconds: s.Seconds * 10}
	s.attempt = p.attempt(s, rand.New(rand.NewPCG(18, seed)))
	return s
}

// What a shared pool takes of each mix is within 5 % of what the ends predict, as nearly as intervals of 7 % allow, and
// split pools are named as a departure.
func TestSimulateMix(t *testing.T) {
	for _, c := range []struct {
		name string
		pools
		apart bool
	}{{"shared", pools{}, false}, {"split", pools{split: true}, true}} {
		seeds, shares := uint64(1), "tier=0,50,100"
		if *long {
			seeds, shares = 10, "tier=0,25,50,75,100"
		}
		points, near, sum, spent := 0.0, 0.0, 0.0, 0.0
		for seed := range seeds {
			s := simulated(t, c.pools, seed)
			m, err := ParseMix(shares, s.Scenario)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.mix(t.Context(), m, s.From); err != nil {
				t.Fatal(err)
			}
			named := 0
			for _, p := range s.report.Mix.Points {
				if p.Capacity.Kind != sizing.Interval {
					spent++
					t.Logf("%s, seed %d: %g %+v %s", c.name, seed, p.Share, p.Capacity, p.Capacity.Why)
					continue
				}
				if p.Apart {
					named++
				}
				if p.Predicted == nil {
					continue
				}
				off := p.Capacity.Rate/p.Predicted.Value - 1
				t.Logf("%s, %g: %.1f (%.1f to %.1f), predicted %.1f (%.1f to %.1f)", c.name, p.Share, p.Capacity.Rate, *p.Capacity.Low, *p.Capacity.High, p.Predicted.Value, p.Predicted.Low, p.Predicted.High)
				points, sum = points+1, sum+off
				if math.Abs(off) <= 0.05 {
					near++
				}
				if !c.apart && math.Abs(off) > 0.08 || c.apart && p.Share > 0.3 && p.Share < 0.7 && off < 0.3 {
					t.Errorf("%s, seed %d: at %g it is %.1f %% off what is predicted", c.name, seed, p.Share, 100*off)
				}
			}
			if (named > 0) != c.apart || (s.report.Mix.Departure != "") != c.apart {
				t.Errorf("%s, seed %d: %d are apart: %q", c.name, seed, named, s.report.Mix.Departure)
			}
			t.Logf("%s: %d trials, %d calls; %s", c.name, s.report.Budget.SpentTrials, s.report.Budget.SpentCalls, s.report.Mix.Departure)
		}
		if spent > 0.05*points {
			t.Errorf("%s: expected an interval from 19 of 20 searches, found none in %.0f", c.name, spent)
		}
		t.Logf("%s: %.0f of %.0f are within 5 %% of what is predicted, %.1f %% off on average", c.name, near, points, 100*sum/points)
		if !c.apart && *long && (near < 0.9*points || math.Abs(sum/points) > 0.03) {
			t.Errorf("%s: expected 9 of 10 within 5 %% of what is predicted, and 3 %% on average", c.name)
		}
	}
}

// A contract that is broken above 70 % of the capacity alone is found to be within 10 % of that rate.
func TestSimulateOnset(t *testing.T) {
	seeds := uint64(1)
	if *long {
		seeds = 20
	}
	for seed := range seeds {
		s := simulated(t, pools{above: 84, share: 0.01}, seed)
		if err := s.answer(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.conclude()
		var contract sizing.Onset
		for _, o := range s.report.Onsets {
			if o.What == "contract" {
				contract = o
			}
		}
		if a := s.report.Acceptance; a.Kind != sizing.Interval || *a.Low > 134 || *a.High < 122 {
			t.Errorf("seed %d: %+v", seed, a)
		}
		if contract.Low == nil || contract.High == nil || *contract.Low > 84 || *contract.High < 84 || *contract.High > 1.1**contract.Low {
			t.Errorf("seed %d: the contract is broken from %+v", seed, contract)
		}
		t.Logf("%d trials, %d calls, %.0f s: %g to %g", s.report.Budget.SpentTrials, s.report.Budget.SpentCalls, s.report.Budget.SpentSeconds, *contract.Low, *contract.High)
	}
}
