package executions

import (
	"cmp"
	"slices"
	"sort"
	"time"

	"github.com/kaizenautomation/andon/reports/histogram"
)

// life is how long something took: between low and high where it has ended, and longer than low where it has not.
type life struct {
	low, high time.Duration
	ended     bool
}

// survival is the lives of a group.
//
// The share that lasts longer than t is the product, over all ends up to t, of 1 − 1/n, where n are those that had
// neither ended nor gone out of sight before (E. L. Kaplan and P. Meier, 1958; where both are at the same moment, the
// end comes first). Where ends lie between two moments it has a largest and a smallest value, and these are not the
// curves of all latest and of all earliest ends: an end that comes after others went out of sight has fewer beside it,
// and weighs more. It is largest where the ends that are certain by t came as early as they can, and the others after
// t; and smallest where all that can have come by t did, as late as they can.
type survival struct {
	n             int
	byLow, byHigh []life // those that have ended
	censored      []time.Duration
}

func newSurvival(all []life) *survival {
	s := &survival{n: len(all)}
	for _, l := range all {
		if l.ended {
			s.byLow = append(s.byLow, l)
		} else {
			s.censored = append(s.censored, l.low)
		}
	}
	s.byHigh = slices.Clone(s.byLow)
	slices.SortFunc(s.byLow, func(a, b life) int { return cmp.Compare(a.low, b.low) })
	slices.SortFunc(s.byHigh, func(a, b life) int { return cmp.Compare(a.high, b.high) })
	slices.Sort(s.censored)
	return s
}

// curve is the share that is left as ends are counted in the order of time. Between two moments at which some go out of
// sight it is a quotient of two numbers, so that no rounding adds up.
type curve struct {
	s *survival
	// hidden went out of sight before; at the last such moment, left was the share, and risk how many were there.
	hidden    int
	left      float64
	risk, off int // off ended since
}

func (s *survival) curve() curve { return curve{s: s, left: 1, risk: s.n} }

// end counts an end.
func (c *curve) end(at time.Duration) {
	if c.hidden < len(c.s.censored) && c.s.censored[c.hidden] < at {
		c.left, c.risk = c.share(), c.risk-c.off
		c.off = 0
		for c.hidden < len(c.s.censored) && c.s.censored[c.hidden] < at {
			c.hidden++
			c.risk--
		}
	}
	c.off++
}

func (c curve) share() float64 {
	if c.risk == 0 {
		return c.left
	}
	return c.left * (float64(c.risk-c.off) / float64(c.risk))
}

// samples is how many that went on to their ends would tell the share as well as these do (R. Peto and others, "Design
// and analysis of randomized clinical trials requiring prolonged observation of each patient", 1977, whose standard
// error is that of so many).
func (c curve) samples() float64 { return float64(c.risk) / c.left }

// most is the largest share that can last longer than t.
func (s *survival) most(t time.Duration) curve {
	c := s.curve()
	if len(s.censored) == 0 || s.censored[0] >= t {
		c.off = s.endedBy(t)
		return c
	}
	for i := range s.byLow {
		l := &s.byLow[i]
		if l.low > t {
			break
		}
		if l.high <= t {
			c.end(l.low)
		}
	}
	return c
}

// endedBy is how many have certainly ended by t.
func (s *survival) endedBy(t time.Duration) int {
	return sort.Search(len(s.byHigh), func(i int) bool { return s.byHigh[i].high > t })
}

// least is the smallest share that can last longer than t.
func (s *survival) least(t time.Duration) curve {
	c := s.curve()
	certain := s.endedBy(t)
	possible := sort.Search(len(s.byLow), func(i int) bool { return s.byLow[i].low > t })
	if len(s.censored) == 0 || s.censored[0] > t {
		c.off = possible
		return c
	}
	for i := range s.byHigh[:certain] {
		c.end(s.byHigh[i].high)
	}
	for range possible - certain {
		c.end(t + 1) // after those that go out of sight at t
	}
	return c
}

// percentile is what percentile p lies between: the first moments at which no more than the rest can be left, and at
// which it certainly is. It is null where so many went out of sight before that the rest never ended, or that there is
// less than [histogram.Needed] asks for.
func (s *survival) percentile(p float64) *Bounds {
	// What is left at a percentile is compared with a little more: 1 − 0.9 is less than 10 of 100.
	few := func(c curve) bool { return c.share() <= (100-p)/100*(1+1e-12) }
	ends := len(s.byHigh)
	at := first(s.guess(p, s.byHigh, func(l life) time.Duration { return l.high }), ends, func(i int) bool { return few(s.most(s.byHigh[i].high)) })
	if at == ends {
		return nil
	}
	high := s.byHigh[at].high
	if c := s.most(high); c.samples()*(1+1e-9) < float64(histogram.Needed(p)) {
		return nil
	}
	at = first(s.guess(p, s.byLow, func(l life) time.Duration { return l.low }), ends, func(i int) bool { return few(s.least(s.byLow[i].low)) })
	low := high
	if at < ends {
		low = min(low, s.byLow[at].low)
	}
	// What is possible becomes less between two ends too, where others go out of sight.
	after := time.Duration(-1)
	if at > 0 {
		after = s.byLow[at-1].low
	}
	from := sort.Search(len(s.censored), func(i int) bool { return s.censored[i] > after })
	until := max(sort.Search(len(s.censored), func(i int) bool { return s.censored[i] >= low }), from)
	if i := from + sort.Search(until-from, func(i int) bool { return few(s.least(s.censored[from+i])) }); i < until {
		low = s.censored[i]
	}
	return &Bounds{low.Seconds(), high.Seconds()}
}

// guess is at which of the sorted lives the percentile is, if all ended at these moments: near to where it is.
func (s *survival) guess(p float64, sorted []life, at func(life) time.Duration) int {
	c := s.curve()
	for i, l := range sorted {
		if c.end(at(l)); c.share() <= (100-p)/100 {
			return i
		}
	}
	return len(sorted)
}

// first is the first of n for which ok holds, and n where none is. It holds for all after the first. The guess is
// where it is looked for.
func first(guess, n int, ok func(int) bool) int {
	low, high := 0, n // ok holds for high, and for none before low
	for step := 1; ; step *= 2 {
		if at := guess - step; at < 0 {
			break
		} else if !ok(at) {
			low = at + 1
			break
		}
		high = min(guess-step, high)
	}
	for step := 0; ; step = 2*step + 1 {
		at := guess + step
		if at >= high {
			break
		} else if ok(at) {
			high = at
			break
		}
		low = at + 1
	}
	return low + sort.Search(high-low, func(i int) bool { return ok(low + i) })
}
