package metrics

import (
	"time"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/results"
)

// Elapsed is the time in seconds for which a run went on sending, which [Aggregator.Total] and [Aggregator.By] ask for:
// until it was stopped, if the end says when; else all of the plan if the run finished, and until the last moment at
// which a call was due or sent if it did not. end.Seconds is no measure of it: it has the wait for the last responses
// in it.
func (a *Aggregator) Elapsed(end results.End) float64 {
	if end.StoppedSeconds > 0 {
		return end.StoppedSeconds
	}
	elapsed := a.sentUntil.Seconds()
	if end.Reason == results.Finished {
		for _, p := range a.labels.Phases {
			elapsed = max(elapsed, p.StartSeconds+p.Seconds)
		}
	}
	return elapsed
}

// Parts are the parts of the service time in the measured phases.
func (a *Aggregator) Parts() Parts {
	merged := func(of func(*parts) *histogram.Recorder) Times {
		a.scratch.Reset()
		for i, p := range a.parts {
			if p != nil && !a.labels.Phases[i].Warmup {
				a.scratch.AddRecorder(of(p))
			}
		}
		return times(a.scratch)
	}
	return Parts{
		Connect: merged(func(p *parts) *histogram.Recorder { return &p.connect }), TLS: merged(func(p *parts) *histogram.Recorder { return &p.tls }),
		Wait: merged(func(p *parts) *histogram.Recorder { return &p.wait }), Read: merged(func(p *parts) *histogram.Recorder { return &p.read }),
	}
}

// Timeline is the run in at most maxPoints stretches of equal length, a whole number of seconds each, merged exactly;
// the last one ends with the last phase, or with the last call if that is later. It is empty if no row was added or
// maxPoints is less than 1.
func (a *Aggregator) Timeline(maxPoints int) []Point {
	t := a.timeline
	if maxPoints < 1 || len(t.slots) == 0 {
		return nil
	}
	t.sealAll()
	end := t.until.Seconds()
	for _, p := range a.labels.Phases {
		end = max(end, p.StartSeconds+p.Seconds)
	}
	step := (len(t.slots) + maxPoints - 1) / maxPoints
	width := t.width().Seconds()
	points := make([]Point, 0, (len(t.slots)+step-1)/step)
	var flying uint64 // calls in flight as the stretch begins
	for i := 0; i < len(t.slots); i += step {
		p := Point{StartSeconds: float64(i) * width, Seconds: width * float64(step)}
		if rest := end - p.StartSeconds; rest > 0 {
			p.Seconds = min(p.Seconds, rest)
		}
		t.scratch.Reset()
		var all slot
		members := t.slots[i:min(i+step, len(t.slots))]
		for k, s := range members {
			all.merge(s, uint64(k)*uint64(t.width()/time.Microsecond))
			t.scratch.AddPacked(s.latency)
		}
		p.Counts = all.Counts
		p.Left, p.Ended, p.Answered, p.Touched = all.left, all.ended, all.answered, all.touched
		// A call is in flight from its moment to the end of the stretch, less from its end to there.
		length := uint64(len(members)) * uint64(t.width()/time.Microsecond)
		busy := (flying+all.left-all.ended)*length + all.endedSum - all.leftSum
		p.InFlight = float64(busy) / 1e6 / p.Seconds
		flying += all.left - all.ended
		p.ErrorsByKind = named(all.kinds, func(i int) string { return a.kinds[i].name })
		p.ViolationsByRule = named(all.rules, func(i int) string { return a.labels.Rules[i] })
		if l := all.delay; l.n > 0 {
			mean, most, own := l.sum.Float()/float64(l.n)/1e9, histogram.Seconds(l.max), histogram.Seconds(l.own)
			p.Lag = PointLag{Mean: &mean, Max: &most, OwnMax: &own}
		}
		p.Latency = t.latency()
		points = append(points, p)
	}
	return points
}

// Between are the latencies of the calls that were due from one moment on, in seconds, and before another, where both
// are the beginnings or ends of stretches of a [Aggregator.Timeline].
func (a *Aggregator) Between(from, to float64) PointLatency {
	t := a.timeline
	t.sealAll()
	t.scratch.Reset()
	for i, s := range t.slots {
		if middle := (float64(i) + 0.5) * t.width().Seconds(); middle > from && middle < to {
			t.scratch.AddPacked(s.latency)
		}
	}
	return t.latency()
}

// latency is what the scratch holds.
func (t *timeline) latency() PointLatency {
	q := t.scratch.Percentiles(50, 90, 95, 99)
	return PointLatency{P50: q[0], P90: q[1], P95: q[2], P99: q[3], Max: t.scratch.Max()}
}

// named gives the counts that are not 0 by name; nil if all are.
func named(counts []uint32, name func(int) string) (by map[string]uint64) {
	for i, n := range counts {
		if n > 0 {
			if by == nil {
				by = make(map[string]uint64)
			}
			by[name(i)] += uint64(n)
		}
	}
	return by
}

// Slowest lists the slowest calls that were sent in the measured phases, up to three of each class, the slowest first.
// Only calls whose times say something about the provider are among them (see [results.Row.Timed]).
func (a *Aggregator) Slowest() []SlowCall {
	list := []SlowCall{}
	for class := range a.slowest {
		c := &a.slowest[class]
		for _, call := range c.calls[:c.used] {
			list = append(list, SlowCall{
				Class: a.labels.Classes[class].Name, N: call.n, LatencySeconds: histogram.Seconds(call.latency),
				Status: int(call.status), Error: call.kind.String(),
			})
		}
	}
	return list
}

// Running is the counts of the whole run so far, warm-ups too.
func (a *Aggregator) Running() Counts {
	var sum Counts
	for _, c := range a.cells {
		if c != nil {
			sum.merge(&c.Counts)
		}
	}
	return sum
}

// Recent is what ended in the n whole seconds before now, the time since the start of the run: all phases, warm-up too,
// and all classes, the latency without that of deliberately invalid calls. n is at most 7, and no more than have
// passed.
func (a *Aggregator) Recent(now time.Duration, n int) Recent {
	current := int64(max(now, 0) / time.Second)
	n = int(min(int64(max(n, 0)), ring-1, current))
	r := Recent{Seconds: float64(n)}
	a.scratch.Reset()
	for i := range a.recent {
		// s.second is 1 + the second that it holds: the last whole one before now is current.
		if s := &a.recent[i]; s.second > current-int64(n) && s.second <= current {
			r.Counts.merge(&s.Counts)
			a.scratch.AddRecorder(&s.latency)
		}
	}
	p := a.scratch.Percentiles(50, 99)
	r.P50, r.P99 = p[0], p[1]
	return r
}

// Tally is cheap: unlike [Aggregator.Total] it merges no histogram, so that a live view can ask for it while a run goes
// on.
func (a *Aggregator) Tally() Tally {
	t := Tally{Status: map[string]uint64{}, Errors: map[string]uint64{}, Violations: map[string]uint64{}}
	for _, c := range a.cells {
		if c == nil {
			continue
		}
		for _, s := range c.status {
			t.Status[statusName(s.status)] += s.n
		}
		for kind, n := range c.kinds {
			if n > 0 && kind > int(results.Unsent) && kind != int(results.Shed) {
				t.Errors[a.kinds[kind].name] += n
			}
		}
		for rule, n := range c.rules {
			if n > 0 && !a.labels.Waives(uint8(rule)) {
				t.Violations[a.labels.Rules[rule]] += n
			}
		}
	}
	return t
}
