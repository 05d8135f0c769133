package compare

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/student"
)

// Pair is a slice of the base and one of the new side beside it: from when until when calls were due, in seconds.
type Pair struct{ Base, New [2]float64 }

const (
	// leastPairs is how many pairs there are before anything is said: how far pairs differ has to be known.
	leastPairs = 10
	// soonest is after how many pairs the intervals are the narrowest for what they are worth.
	soonest = 40
	// pairedP50 is how much worse a median may become where nothing else is said: pairs tell less than runs that drift.
	pairedP50 = 0.03
)

// PairedRows are the declared rows of two runs that went on in turn on one schedule, pair by pair of their slices. It
// is clear when looking at more pairs would not change the answer: something became worse, or nothing did by as much as
// is tolerated. It may be asked after every pair: the intervals of all declared rows hold at once, whenever one stops
// (I. Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy and A. Ramdas, "Time-uniform central limit theory and asymptotic
// confidence sequences", 2024).
//
// A change is that of the figures of all slices; how far it may be off is told by how much the pairs differ, in blocks
// of neighbours, which are alike.
func PairedRows(base, changed *metrics.Stretches, pairs []Pair, asked Tolerances) (rows []Row, clear bool) {
	rows = inPairsRows(base, changed, pairs, asked, true, false)
	settled := len(rows) > 0
	for _, r := range rows {
		if r.Verdict == Regression {
			return rows, true
		}
		settled = settled && (r.Verdict == Same || r.Verdict == Improvement)
	}
	return rows, settled
}

// inPairsRows are the declared rows, or all of them; held says that calls were held up.
func inPairsRows(base, changed *metrics.Stretches, pairs []Pair, asked Tolerances, declaredOnly, held bool) (rows []Row) {
	var list []*paired
	declared := 0
	for _, of := range groupings() {
		a, b := base.Slices(of.by), changed.Slices(of.by)
		for _, name := range shared(a, b) {
			g := inPairs(a[name], b[name], pairs)
			for _, f := range pairedFigures(asked) {
				declaring := All
				if f.unit == Seconds {
					declaring = Tier
				}
				one := &paired{kind: of.kind, name: name, figure: f, declared: of.kind == declaring && f.tolerance > 0, both: g}
				if one.declared {
					declared++
				}
				list = append(list, one)
			}
		}
	}
	for _, one := range list {
		if declaredOnly && !one.declared {
			continue
		}
		errors := boundary(len(pairs), direction)
		if one.declared {
			errors = boundary(len(pairs), direction/float64(declared))
		}
		row := one.row(errors)
		if held && !(row.standing() && one.stands(errors)) {
			row.spoil()
		}
		rows = append(rows, row)
	}
	return declaredFirst(rows)
}

// pairedFigures are the figures of pairs, as they are declared.
func pairedFigures(asked Tolerances) (list []figure) {
	for _, f := range figures() {
		if f.falls || f.name == "failed" {
			continue
		}
		if f.name == "p50" {
			f.tolerance = pairedP50
		}
		if t, named := asked[f.name]; named {
			f.tolerance = t
		}
		list = append(list, f)
	}
	return list
}

// shared are the names that both sides have, in order.
func shared(a, b map[string][]metrics.Slice) (names []string) {
	for name := range a {
		if _, both := b[name]; both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// boundary is by how many standard errors a mean of so many values has to be off to be found in one direction, however
// often it was looked at before: a mixture of normal distributions, and Student's in place of the normal one, since the
// errors are estimates.
func boundary(n int, alpha float64) float64 {
	if n < 2 {
		return math.Inf(1)
	}
	both := 2 * alpha
	spread := (2*math.Log(1/both) + math.Log(1+2*math.Log(1/both))) / soonest
	v := float64(n) * spread
	z := math.Sqrt(2 * (v + 1) / v * math.Log(math.Sqrt(v+1)/both))
	return z * student.Percentile(1-alpha, n-1) / (math.Sqrt2 * math.Erfinv(1-2*alpha))
}

// slot is what is in the slices of one side of a pair.
type slot struct {
	metrics.Counts
	theirs  uint64 // as of a [metrics.Slice]
	latency []histogram.Packed
}

// both are the slices of a group on both sides, by pair.
type both struct{ base, changed []slot }

func inPairs(base, changed []metrics.Slice, pairs []Pair) both {
	return both{inSlots(base, pairs, func(p Pair) [2]float64 { return p.Base }), inSlots(changed, pairs, func(p Pair) [2]float64 { return p.New })}
}

func inSlots(list []metrics.Slice, pairs []Pair, of func(Pair) [2]float64) []slot {
	slots := make([]slot, len(pairs))
	order := make([]int, len(pairs))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return int(math.Copysign(1, of(pairs[a])[0]-of(pairs[b])[0])) })
	for _, s := range list {
		middle := s.StartSeconds + s.Seconds/2
		at := sort.Search(len(order), func(i int) bool { return of(pairs[order[i]])[1] > middle })
		if at == len(order) || of(pairs[order[at]])[0] > middle {
			continue // of a pair that is not whole
		}
		one := &slots[order[at]]
		one.Add(s.Counts)
		one.theirs += s.Theirs
		one.latency = append(one.latency, s.Latency...)
	}
	return slots
}

// paired is one figure of one group, in pairs.
type paired struct {
	kind, name string
	figure     figure
	declared   bool
	both
}

// row is what it comes to where a change has to be so many standard errors to be found.
func (x *paired) row(errors float64) Row {
	f := x.figure
	r := Row{Kind: x.kind, Name: x.name, Figure: f.name, Unit: f.unit, Declared: x.declared, Verdict: Looked}
	if x.declared {
		r.Verdict, r.Tolerance = Unknown, f.tolerance
	}
	var c interval
	if f.unit == Share {
		c, r.Reason = x.share(&r, errors)
	} else {
		c, r.Reason = x.times(&r, errors)
	}
	if r.Reason != "" {
		return r
	}
	r.Change = f.shown(c.change)
	if n := len(x.base); n < leastPairs {
		r.Reason = fmt.Sprintf("%d pairs of slices tell too little; it takes %d", n, leastPairs)
		return r
	}
	r.Low, r.High = f.bounds(c.low, c.high)
	beyond := 0.0
	if x.declared {
		beyond = f.beyond()
	}
	scale := (c.change - c.low) / errors
	r.Visible = f.shown(max(beyond, errors*scale) + student.Percentile(power, len(x.base)-1)*scale)
	switch {
	case !x.declared:
	case c.low > 0 && c.change > beyond:
		r.Verdict = Regression
	case c.high < 0 && -c.change > beyond:
		r.Verdict = Improvement
	case c.high < beyond:
		r.Verdict = Same
	case c.low > 0:
		r.Reason = "it became worse, and whether by more than is tolerated is not known"
	default:
		r.Reason = "the pairs differ by too much for so few of them"
	}
	return r
}

// times is the change of a percentile, as a difference of logarithms, and its interval where a change has to be so many
// standard errors to be found.
func (x *paired) times(r *Row, errors float64) (c interval, lacks string) {
	p := percentile(x.figure.name)
	base, changed := merged(x.base), merged(x.changed)
	a, b := base.Percentile(p), changed.Percentile(p)
	r.Base, r.New = a, b
	if a == nil || b == nil {
		return c, fmt.Sprintf("%d and %d calls are too few for %s, which needs %d", base.Samples(), changed.Samples(), x.figure.name, histogram.Needed(p))
	}
	if *a <= 0 || *b <= 0 {
		return c, "it is not known"
	}
	c.change = math.Log(*b / *a)
	if len(x.base) < leastPairs { // which have no interval
		return c, ""
	}
	// The changes that are as likely as any are those that, if they were taken back, would have both sides beyond a
	// common limit as often, as far as the pairs tell.
	off := func(change float64) float64 { return x.beyondAlike(base, changed, p/100, change) }
	c.low = c.change - reach(func(d float64) bool { return off(c.change-d) > errors })
	c.high = c.change + reach(func(d float64) bool { return off(c.change+d) < -errors })
	return c, ""
}

// interval is a change, and between what it lies.
type interval struct{ change, low, high float64 }

// farthest is how far an interval reaches at most to one side, as a logarithm: a thousand times.
const farthest = 7

// reach is the distance from which on something is beyond, to a twentieth.
func reach(beyond func(distance float64) bool) float64 {
	near, far := 0.0, 0.002
	for !beyond(far) {
		if far == farthest {
			return far
		}
		near, far = far, min(2*far, farthest)
	}
	for far-near > far/20 {
		if middle := (near + far) / 2; beyond(middle) {
			far = middle
		} else {
			near = middle
		}
	}
	return far
}

// beyondAlike is by how many standard errors more calls of the changed side are beyond the quantile of all calls, if
// its times were not changed: so many fold, as a logarithm. It is a test of shares, so that what seldom comes and takes
// long, such as a machine that hangs, counts by how often it came to either side, and not by how long it took.
func (x *paired) beyondAlike(base, changed histogram.Distribution, q, change float64) float64 {
	factor := math.Exp(change)
	limit := common(base, changed, q, factor)
	over := func(list []slot, limit float64) (counts []portion) {
		for _, s := range list {
			var one portion
			for _, h := range s.latency {
				one.n, one.of = one.n+float64(h.Samples()-h.UpTo(limit)), one.of+float64(h.Samples())
			}
			counts = append(counts, one)
		}
		return counts
	}
	a, b := over(x.base, limit), over(x.changed, limit*factor)
	difference, scale := differing(a, b)
	return difference / scale
}

// common is the quantile of two distributions together, of which the times of the second are divided by a factor.
func common(base, changed histogram.Distribution, q, factor float64) float64 {
	na, nb := base.Samples(), changed.Samples()
	k := uint64(min(max(math.Ceil(q*float64(na+nb)), 1), float64(na+nb)))
	// So many of the k smallest are of the base.
	least, most := k-min(k, nb), min(k, na)
	for least < most {
		if i := (least + most) / 2; base.At(i+1) < changed.At(k-i)/factor {
			least = i + 1
		} else {
			most = i
		}
	}
	limit := 0.0
	if least > 0 {
		limit = base.At(least)
	}
	if least < k {
		limit = max(limit, changed.At(k-least)/factor)
	}
	return limit
}

// portion is how many of how many calls.
type portion struct{ n, of float64 }

func all(list []portion) (sum portion) {
	for _, c := range list {
		sum.n, sum.of = sum.n+c.n, sum.of+c.of
	}
	return sum
}

// differing is the difference of two shares, pair by pair, and its standard error, which is no less than that of
// independent calls, of which the next could be the first of its kind.
func differing(base, changed []portion) (difference, scale float64) {
	a, b := all(base), all(changed)
	share := (a.n + b.n + 1) / (a.of + b.of + 2)
	return b.n/b.of - a.n/a.of, math.Max(offBy(base, changed), math.Sqrt(share*(1-share)*(1/a.of+1/b.of)))
}

// portions are what a share counts of slices.
func (x *paired) portions(list []slot) (counts []portion) {
	for _, s := range list {
		one := portion{float64(s.Errors), float64(s.Sent)}
		switch x.figure.name {
		case "violations":
			one = portion{float64(s.Violations), float64(s.Completed)}
		case "shed":
			one.n = float64(s.Shed)
		}
		counts = append(counts, one)
	}
	return counts
}

// share is the change of a share, and its interval.
func (x *paired) share(r *Row, errors float64) (c interval, lacks string) {
	a, b := x.portions(x.base), x.portions(x.changed)
	sa, sb := all(a), all(b)
	if sa.of == 0 || sb.of == 0 {
		return c, "no such call"
	}
	from, to := sa.n/sa.of, sb.n/sb.of
	r.Base, r.New = &from, &to
	difference, scale := differing(a, b)
	return interval{difference, difference - errors*scale, difference + errors*scale}, ""
}

// stands reports whether a share became worse by so many standard errors though calls of either side were held up: of
// the new side those count that are the target's own doing, and of the base all that may have been.
func (x *paired) stands(errors float64) bool {
	if x.figure.unit != Share {
		return false
	}
	a, b := x.portions(x.base), x.portions(x.changed)
	for i := range a {
		switch unknown := float64(x.base[i].Errors - min(x.base[i].theirs, x.base[i].Errors)); x.figure.name {
		case "errors":
			b[i].n = float64(x.changed[i].theirs)
		case "shed":
			a[i].n += unknown
		}
	}
	difference, scale := differing(a, b)
	return difference-errors*scale > 0 && difference > x.figure.beyond()
}

// offBy is the standard error of the difference of two shares, by how much the pairs are off it. Neighbours are alike,
// so that blocks of them, the longer the more there are, count as one if they tell more.
func offBy(base, changed []portion) float64 {
	m := len(base)
	left := make([]float64, m)
	for _, side := range []struct {
		list []portion
		sign float64
	}{{base, -1}, {changed, 1}} {
		sum := all(side.list)
		if sum.of == 0 {
			return 0
		}
		for i, c := range side.list {
			left[i] += side.sign * (c.n - sum.n/sum.of*c.of) / sum.of
		}
	}
	variance := func(long int) float64 {
		var sum float64
		count := 0.0
		for from := 0; from+long <= m; from += long {
			var block float64
			for _, v := range left[from : from+long] {
				block += v
			}
			sum += block * block
			count++
		}
		if count < 2 {
			return 0
		}
		return sum / (count - 1) * count * float64(m) / (count * float64(long))
	}
	return math.Sqrt(max(variance(1), variance(int(math.Round(math.Cbrt(float64(m)))))))
}

func merged(list []slot) histogram.Distribution {
	scratch := histogram.NewScratch()
	for _, s := range list {
		for _, h := range s.latency {
			scratch.AddPacked(h)
		}
	}
	return scratch.Distribution()
}

// ComparePaired is a comparison of two runs that went on in turn. how says how; its points are filled in.
func ComparePaired(base, changed Measured, pairs []Pair, how Paired, o Options) Report {
	held := base.held() || changed.held()
	rows := inPairsRows(base.Stretches, changed.Stretches, pairs, o.Tolerances, false, held)
	how.Pairs, how.Points = len(pairs), points(base.Stretches, changed.Stretches, pairs)
	a, b := Set{Name: base.ID, Runs: []Measured{base}}, Set{Name: changed.ID, Runs: []Measured{changed}}
	r := Report{
		Schema: Schema, Andon: o.Andon, Paired: &how, Base: side(a), New: side(b), Confidence: confidence, Rows: rows, Curves: curves(a, b),
		Notes: notes(a, b, o.Tolerances, rows), Verdict: verdict(rows, o.NeedAnswer),
	}
	if held && r.Count(Regression) > 0 {
		r.Notes = append([]string{heldNote}, r.Notes...)
	}
	return r
}

// points are the ratios of the latency of all calls, pair by pair.
func points(base, changed *metrics.Stretches, pairs []Pair) (list []PairPoint) {
	g := inPairs(base.Slices(metrics.Ungrouped)[""], changed.Slices(metrics.Ungrouped)[""], pairs)
	for i, p := range pairs {
		a, b := merged(g.base[i:i+1]), merged(g.changed[i:i+1])
		ratio := func(q float64) *float64 {
			x, y := a.Percentile(q), b.Percentile(q)
			if x == nil || y == nil || *x <= 0 {
				return nil
			}
			v := *y / *x
			return &v
		}
		list = append(list, PairPoint{AtSeconds: min(p.Base[0], p.New[0]), P50: ratio(50), P99: ratio(99)})
	}
	return list
}
