package trial

import (
	"cmp"
	"slices"
	"time"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/follow"
)

// A tracker makes of what is counted what is told while a run goes on.
type tracker struct {
	plan   *scenarios.Plan
	target string
	// told is when the progress was last told.
	told time.Duration
	// sent and sentAt are how many calls had left when the rate was last found.
	sent   uint64
	sentAt time.Duration
	rate   float64
	// past and first are what was seen so far: see [summary.Progress].
	past  []summary.Moment
	first map[string]time.Duration
	// follower follows the executions; nil where nobody does. ended is how many had completed lately, and last is what
	// was told last.
	follower *follow.Follower
	ended    []ends
	last     summary.Progress
	// together says that the aggregator was put together of others', which do not know what ended lately.
	together bool
}

// Progress gives what tells how far a run is that several machines make together, of what they have measured so far: a
// has all that they told, and they have inFlight calls under way. The plan is that of the whole.
func Progress(p *scenarios.Plan, target string) func(now time.Duration, a *metrics.Aggregator, inFlight int) summary.Progress {
	t := tracker{plan: p, target: target, together: true}
	return t.progress
}

// isTime reports whether to tell the progress now, if it is to be told every so often.
func (t *tracker) isTime(now, every time.Duration) bool {
	if now-t.told < every-every/10 {
		return false
	}
	t.told = now
	return true
}

// progress is how far the run is.
func (t *tracker) progress(now time.Duration, a *metrics.Aggregator, inFlight int) summary.Progress {
	p := t.planned(now, inFlight)
	t.lately(&p, now, a)
	if now >= time.Second {
		t.remember(summary.Moment{Achieved: p.Achieved, P50: p.P50, P99: p.P99})
	}
	p.Past = t.past
	t.details(&p, now, a)
	p.Executions = t.executions()
	t.last = p
	return p
}

// planned is what the plan says of a moment.
func (t *tracker) planned(now time.Duration, inFlight int) summary.Progress {
	phase, callers, asked := t.plan.At(now)
	label := t.plan.Labels.Phases[phase]
	return summary.Progress{
		Scenario: t.plan.Name, Target: t.target, Elapsed: now, Total: time.Duration(t.plan.Seconds * float64(time.Second)),
		Phase: label.Name, Shape: label.Shape, PhaseNumber: phase + 1, Phases: len(t.plan.Labels.Phases), Warmup: label.Warmup,
		Asked: asked, Callers: callers, InFlight: inFlight, Limit: t.plan.Limits.InFlight,
	}
}

// window is over how many seconds latency is told: in a single one there are more often than not too few calls for a
// p99.
const window = 5

// lately fills in what was sent since the last time, and what came back lately.
func (t *tracker) lately(p *summary.Progress, now time.Duration, a *metrics.Aggregator) {
	recent, all := a.Recent(now, window), a.Running()
	p.P50, p.P99 = recent.P50, recent.P99
	if t.together {
		due := a.Between(max(now-window*time.Second, 0).Seconds(), now.Seconds())
		p.P50, p.P99 = due.P50, due.P99
	}
	p.Done, p.Completed, p.Errors, p.Shed, p.Violations, p.Dropped = all.Sent, all.Completed, all.Errors, all.Shed, all.Violations, all.Dropped
	// What the aggregator knows has come back. At the end there is a moment too short for a rate.
	since := now - t.sentAt
	sent := all.Sent + uint64(max(p.InFlight, 0))
	if since >= time.Second/2 {
		t.rate = float64(sent-min(t.sent, sent)) / since.Seconds()
		t.sent, t.sentAt = sent, now
	}
	p.Achieved = t.rate
	// What was asked for is counted as what was sent is: three calls in five seconds are as many whatever rate made
	// them.
	if since > 0 {
		p.Asked = float64(t.plan.DueBefore(now)-t.plan.DueBefore(now-since)) / since.Seconds()
	}
}

// kept is how many moments are remembered, which is more than any terminal has columns.
const kept = 600

// remember appends to what was seen. What was handed out is never written to again.
func (t *tracker) remember(m summary.Moment) {
	if len(t.past) == 2*kept {
		t.past = append(make([]summary.Moment, 0, 2*kept), t.past[kept:]...)
	}
	t.past = append(t.past, m)
}

// details fills in the figures by tier, and what came back.
func (t *tracker) details(p *summary.Progress, now time.Duration, a *metrics.Aggregator) {
	tiers := a.By(metrics.ByTier, now.Seconds())
	for _, c := range t.plan.Labels.Classes {
		f, there := tiers[c.Tier]
		if !there || f.Sent == 0 {
			continue
		}
		delete(tiers, c.Tier)
		one := summary.TierProgress{Name: c.Tier, Sent: f.Sent, Errors: f.Failed(), Latency: f.Latency}
		if t.plan.Closed() {
			one.Latency = f.Service
		}
		p.Tiers = append(p.Tiers, one)
	}
	all := a.Tally()
	p.Statuses = t.tallies(now, "status", all.Status)
	p.Kinds = t.tallies(now, "error", all.Errors)
	p.Rules = t.tallies(now, "rule", all.Violations)
}

func (t *tracker) tallies(now time.Duration, kind string, counts map[string]uint64) (list []summary.Tally) {
	for name, n := range counts {
		key := kind + " " + name
		if _, seen := t.first[key]; !seen {
			if t.first == nil {
				t.first = map[string]time.Duration{}
			}
			t.first[key] = now
		}
		list = append(list, summary.Tally{Name: name, Count: n, First: t.first[key]})
	}
	slices.SortFunc(list, func(a, b summary.Tally) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name))
	})
	return list
}

// executions is what is known of the executions; nil where they are not followed.
func (t *tracker) executions() *summary.ExecutionsProgress {
	if t.follower == nil {
		return nil
	}
	p := t.follower.Progress()
	t.ended = append(t.ended, ends{time.Now(), p.Completed})
	if len(t.ended) > window {
		t.ended = t.ended[1:]
	}
	e := &summary.ExecutionsProgress{Backlog: p.Accepted - p.Completed - p.Failed - p.Lost, Failed: p.Failed, Lost: p.Lost}
	first, last := t.ended[0], t.ended[len(t.ended)-1]
	if took := last.at.Sub(first.at).Seconds(); took > 0 {
		e.PerSecond = float64(last.completed-first.completed) / took
	}
	return e
}

// ends is how many executions had completed at a moment.
type ends struct {
	at        time.Time
	completed uint64
}
