package page

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/text"
)

// knee is the latency of the stretches of the measured phases by their rate.
type knee struct {
	// Name is the higher of the two percentiles, "p99" at best.
	Name string  `json:"name"`
	Rate numbers `json:"rate"`
	P50  numbers `json:"p50"`
	High numbers `json:"high"`
	// Sentence is empty where the rate did not vary, and there is nothing to tell.
	Sentence string `json:"-"`
}

func (d Data) knee() knee {
	whole := d.whole(d.Coarse)
	if len(whole) < 12 {
		whole = d.whole(d.Timeline)
	}
	rateOf := func(p metrics.Point) float64 {
		if d.Summary.Run.ClosedLoop {
			return float64(p.Left) / p.Seconds
		}
		return float64(p.Due) / p.Seconds
	}
	slices.SortStableFunc(whole, func(a, b metrics.Point) int { return cmp.Compare(rateOf(a), rateOf(b)) })
	b := knee{Name: "p50"}
	high := func(p metrics.Point) *float64 { return p.Latency.P50 }
	for _, c := range []struct {
		name string
		of   func(metrics.Point) *float64
	}{
		{"p99", func(p metrics.Point) *float64 { return p.Latency.P99 }}, {"p95", func(p metrics.Point) *float64 { return p.Latency.P95 }},
		{"p90", func(p metrics.Point) *float64 { return p.Latency.P90 }},
	} {
		n := 0
		for _, p := range whole {
			if c.of(p) != nil {
				n++
			}
		}
		if n > 0 && 3*n >= 2*len(whole) {
			b.Name, high = c.name, c.of
			break
		}
	}
	var rates, highs numbers
	for _, p := range whole {
		b.Rate, b.P50, b.High = append(b.Rate, rateOf(p)), append(b.P50, *p.Latency.P50), append(b.High, orNaN(high(p)))
		if v := high(p); v != nil {
			rates, highs = append(rates, rateOf(p)), append(highs, *v)
		}
	}
	if varied(whole, rateOf) {
		b.Sentence = kneeSentence(b.Name, rates, highs)
	}
	return b
}

// fewest is how many stretches a comparison of rates takes.
const fewest = 9

// varied reports whether stretches, ordered by their rates, differ in them by more than chance: calls that arrive at
// random at one rate are as many in a stretch, give or take the root of that, and the variance of such counts is itself
// known to within a root of 2/n.
func varied(points []metrics.Point, rateOf func(metrics.Point) float64) bool {
	n := len(points)
	if n < fewest || rateOf(points[n-1-n/6]) < 1.25*rateOf(points[n/6]) {
		return false
	}
	var mean, variance float64
	for _, p := range points {
		mean += rateOf(p) * p.Seconds / float64(n)
	}
	for _, p := range points {
		d := rateOf(p)*p.Seconds - mean
		variance += d * d / float64(n-1)
	}
	return variance > mean*(1+3*math.Sqrt(2/float64(n))) && math.Sqrt(variance-mean) > 0.1*mean
}

// whole are the stretches that tell of one rate: measured, and with a median.
func (d Data) whole(points []metrics.Point) (whole []metrics.Point) {
	for _, p := range points {
		if p.Due > 0 && p.Latency.P50 != nil && d.measured(p) {
			whole = append(whole, p)
		}
	}
	return whole
}

// measured reports whether a stretch lies in measured phases, and whole in the time of the load.
func (d Data) measured(p metrics.Point) bool {
	if p.StartSeconds+p.Seconds > d.load()+1e-9 || p.StartSeconds+p.Seconds > d.StoppedSeconds+1 {
		return false
	}
	for _, phase := range d.Summary.Run.Phases {
		if phase.Warmup && p.StartSeconds < phase.StartSeconds+phase.Seconds && p.StartSeconds+p.Seconds > phase.StartSeconds {
			return false
		}
	}
	return true
}

// kneeSentence compares the third of the stretches with the highest rates with that with the lowest.
func kneeSentence(name string, rates, times numbers) string {
	n := len(rates)
	if n < fewest {
		return ""
	}
	middle := func(c numbers) float64 {
		sorted := slices.Sorted(slices.Values(c))
		return sorted[len(sorted)/2]
	}
	third := n / 3
	low, high := middle(rates[:third]), middle(rates[n-third:])
	a, b := middle(times[:third]), middle(times[n-third:])
	verb := "grows with the rate"
	if b < 1.25*a {
		verb = "does not bend within these rates"
	}
	return fmt.Sprintf("Latency %s: where the rate was highest (about %s), the %s was typically %s, %s times the %s where it was lowest (about %s).",
		verb, text.Rate(high), name, text.Duration(&b), text.Digits(b/a), text.Duration(&a), text.Rate(low))
}
