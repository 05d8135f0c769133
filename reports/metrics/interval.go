package metrics

import (
	"math"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/results"
)

// Intervals say between what the headline figures would lie if the run went on for ever as it did: each holds the true
// figure with a confidence of 95 %, and is null where the run cannot tell.
//
// It cannot where the load was not meant to be the same all along, as in a ramp, and where it went on for fewer than 30
// stretches of the timeline, each of a second in a run of up to 10 minutes. Calls are not taken for independent of each
// other: the intervals are by what whole stretches of the run have in common. The more that lasts, the longer a run
// must be for them to hold; see the package's tests for how well they do.
type Intervals struct {
	// Latency are those of the percentiles of the latency or, in a closed loop, of the service time, which is the same
	// there.
	Latency LatencyIntervals `json:"latency"`
	Rate    RateIntervals    `json:"rate"`
	// Errors and Shed are those of the shares of sent calls.
	Errors *Interval `json:"errors"`
	Shed   *Interval `json:"shed"`
}

// LatencyIntervals are in seconds.
type LatencyIntervals struct {
	P50  *Interval `json:"p50"`
	P90  *Interval `json:"p90"`
	P95  *Interval `json:"p95"`
	P99  *Interval `json:"p99"`
	P999 *Interval `json:"p999"`
}

// RateIntervals are in calls a second, and as [Rate].
type RateIntervals struct {
	Achieved *Interval `json:"achieved"`
	Answered *Interval `json:"answered"`
	Goodput  *Interval `json:"goodput"`
	Accepted *Interval `json:"accepted"`
}

// Interval is a range that holds a figure with a confidence of 95 %. High is null where nothing is known but that the
// figure is not below Low: the slowest calls came in too few clusters.
type Interval struct {
	Low  float64  `json:"low"`
	High *float64 `json:"high"`
}

// minStretches is how many stretches of the timeline tell how far figures can be off.
const minStretches = 30

// Intervals are those of what [Aggregator.Total] gives for the same elapsed.
func (a *Aggregator) Intervals(elapsed float64) (in Intervals) {
	all, whole := a.stages(elapsed, false)
	var n int
	for _, s := range all {
		n += len(s.slots)
	}
	if !whole || n < minStretches {
		return in
	}
	total := a.Total(elapsed)
	in.Latency = a.latencyIntervals(all)
	in.Rate.Achieved = rateInterval(all, total.Rate.Achieved, func(s *slot) float64 { return float64(s.left) })
	in.Rate.Answered = rateInterval(all, total.Rate.Answered, func(s *slot) float64 { return float64(s.answered) })
	// Slots know of the answers that came in them how many there were, and of those to the calls that were due in them
	// what they said.
	answered := func(of func(*slot) uint64) func(*slot) float64 {
		return func(s *slot) float64 {
			if s.Completed == 0 {
				return float64(s.answered)
			}
			return float64(s.answered) * float64(of(s)) / float64(s.Completed)
		}
	}
	in.Rate.Goodput = rateInterval(all, total.Rate.Goodput, answered(func(s *slot) uint64 { return s.OK }))
	in.Rate.Accepted = rateInterval(all, total.Rate.Accepted, answered(func(s *slot) uint64 { return s.Accepted }))
	in.Errors = shareInterval(all, total.Failed(), total.Sent, func(s *slot) (part, whole uint64) { return s.Errors, s.Sent })
	in.Shed = shareInterval(all, total.Of(results.OutcomeShed), total.Sent, func(s *slot) (part, whole uint64) { return s.Shed, s.Sent })
	return in
}

// stage is a measured phase whose load is the same all along, or comes again and again.
type stage struct {
	phase int
	// slots are those of the timeline that lie in the phase and in no other, seconds is the length of each, and first
	// is the index of the first.
	slots   []*slot
	first   int
	seconds float64
	// period is after how many slots the load begins again; 0 where it is the same all along.
	period float64
}

// stages are the measured phases whose load is the same all along or, if they are asked for, comes again and again, as
// far as they went on; whole says that all measured phases are among them. Of runs one after the other they are those
// of each.
func (a *Aggregator) stages(elapsed float64, again bool) (all []stage, whole bool) {
	whole = true
	for _, part := range a.apart {
		of, wholly := part.stages(part.Elapsed, again)
		all, whole = append(all, of...), whole && wholly
	}
	if len(a.apart) > 0 {
		return all, whole
	}
	t := a.timeline
	t.sealAll()
	width := t.width().Seconds()
	const rounding = 1e-9
	for i, p := range a.labels.Phases {
		if p.Warmup || p.StartSeconds >= elapsed {
			continue
		}
		from := int(math.Ceil(p.StartSeconds/width - rounding))
		until := int(math.Floor(min(p.StartSeconds+p.Seconds, elapsed)/width + rounding))
		if !p.Steady && !(again && p.PeriodSeconds > 0) || until-from < 2 {
			whole = false
			continue
		}
		s := stage{phase: i, first: from, seconds: width, period: p.PeriodSeconds / width}
		for k := from; k < until; k++ {
			if k < len(t.slots) {
				s.slots = append(s.slots, &t.slots[k])
			} else {
				s.slots = append(s.slots, &slot{}) // nothing was due any more
			}
		}
		all = append(all, s)
	}
	return all, whole
}

// spread is by how much a share spreads more than that of as many independent calls would, as a factor of its variance,
// which is at least 1. of says of a slot of how many calls how many are in the share.
func spread(all []stage, of func(*slot) (part, whole uint64)) (factor float64, n uint64) {
	var parts, wholes float64
	residuals := make([][]float64, len(all))
	for i, s := range all {
		var part, whole float64
		each := make([][2]float64, len(s.slots))
		for k, slot := range s.slots {
			x, y := of(slot)
			each[k] = [2]float64{float64(x), float64(y)}
			part += float64(x)
			whole += float64(y)
		}
		parts += part
		wholes += whole
		share := part / max(whole, 1)
		for _, e := range each {
			residuals[i] = append(residuals[i], e[0]-share*e[1])
		}
	}
	share := parts / max(wholes, 1)
	independent := normal * math.Sqrt(wholes*share*(1-share))
	if independent == 0 {
		return 1, uint64(wholes)
	}
	half := halfWidth(residuals)
	return max(half*half/(independent*independent), 1), uint64(wholes)
}

// latencyIntervals turn the interval of the share of calls at or below a percentile into one of the percentile (R. S.
// Woodruff, "Confidence intervals for medians and other position measures", 1952).
func (a *Aggregator) latencyIntervals(all []stage) (in LatencyIntervals) {
	d := a.measured().times(asked{}).Distribution()
	most := 1.0
	for _, p := range []struct {
		p  float64
		to **Interval
	}{{50, &in.P50}, {90, &in.P90}, {95, &in.P95}, {99, &in.P99}, {99.9, &in.P999}} {
		value := d.Percentile(p.p)
		if value == nil {
			break
		}
		factor, n := spread(all, func(s *slot) (part, whole uint64) { return s.latency.UpTo(*value), s.latency.Samples() })
		if 2*n < d.Samples() {
			break // most calls are outside of what is known
		}
		// The slowest calls of a run come in few clusters, and a run that happens to have few of them would be sure of
		// itself: what calls have in common is at least what they have in the figures below.
		most = max(most, factor)
		*p.to = orderInterval(d, p.p/100, most)
	}
	return in
}

// orderInterval is the interval of a percentile of samples whose shares spread by a factor more than those of
// independent ones; nil where not even a lower bound is known.
//
// It counts how many samples lie beyond the true percentile, in as many independent ones: a binomial number, whose
// skewness moves its own percentiles (E. A. Cornish and R. A. Fisher, "Moments and cumulants in the specification of
// distributions", 1937). As far as the spread is an estimate it is low where the number is, which moves the lower end
// of the number the other way (P. Hall, "On the removal of skewness by transformation", 1992).
func orderInterval(d histogram.Distribution, p, factor float64) *Interval {
	const z2 = normal * normal
	n, skew := float64(d.Samples())/factor, (2*p-1)/6
	beyond := n * (1 - p)
	half := normal * math.Sqrt(beyond*p)
	known := 1 / factor
	most := beyond + half + skew*(z2-1)
	fewest := beyond - half + skew*(known*(z2-1)-(1-known)*(2*z2+1))
	place := func(beyond float64) float64 { return math.Ceil((n - beyond) * factor) }
	if place(most) < 1 {
		return nil
	}
	in := &Interval{Low: d.At(uint64(place(most)))}
	if none := math.Pow(p, n); fewest > 0 && none <= 0.025 { // else even the largest may lie below it
		high := d.At(uint64(min(place(fewest), float64(d.Samples()))))
		in.High = &high
	}
	return in
}

// shareInterval is the interval of the share part of whole.
func shareInterval(all []stage, part, whole uint64, of func(*slot) (part, whole uint64)) *Interval {
	factor, n := spread(all, of)
	if whole == 0 || 2*n < whole {
		return nil
	}
	in := wilson(float64(part)/float64(whole), float64(whole)/factor)
	return &Interval{in.Low, &in.High}
}

// rateInterval is the interval of a rate, of which count says what happened in a slot.
func rateInterval(all []stage, rate float64, count func(*slot) float64) *Interval {
	var seconds float64
	residuals := make([][]float64, len(all))
	for i, s := range all {
		seconds += s.seconds * float64(len(s.slots))
		var sum float64
		for _, slot := range s.slots {
			sum += count(slot)
		}
		for _, slot := range s.slots {
			residuals[i] = append(residuals[i], count(slot)-sum/float64(len(s.slots)))
		}
	}
	half := halfWidth(residuals) / seconds
	high := rate + half
	return &Interval{max(rate-half, 0), &high}
}
