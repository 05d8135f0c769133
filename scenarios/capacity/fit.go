package capacity

import (
	"math"
	"slices"
)

// What a fit is made of: how the logarithm of the share that is over grows by the rate (slopes: for 100 % of the rate),
// and by how much trials differ from each other (spreads: of that logarithm).
const (
	slopes      = 16
	slopeLow    = 0.5
	slopeHigh   = 400.0
	spreads     = 9
	spreadLow   = 0.1
	spreadHigh  = 60.0
	shareLow    = -10.0
	shareHigh   = 8.0
	sure        = 0.995 // no share is more likely than this
	plainly     = 6.0   // by how much, in logarithms, a trial that is plainly broken speaks against a rate
	shareStep   = 0.1
	rates       = 81
	spreadScale = 0.03 // half of all targets are taken to differ by less than this from trial to trial, as a share of the rate
	// spreadMost is the most that trials differ: a target of which one takes half of what the next does has no
	// capacity.
	spreadMost = 0.3
	// rough is by how much the rate of a trial of the growth may be off besides, since it is too short for a steady
	// state.
	rough = 0.05
	// bend is how much a straight line is off at a distance from the capacity: by bend·distance² as a share of the
	// rate.
	bend = 1.5
)

// fit is what the trials say of one objective: a distribution over the rate at which it breaks.
//
// The logarithm of the share that is over, less what is over at any rate, is taken to be a straight line of the rate
// near that rate. Each trial is at a rate of its
// own, which differs from the asked one by a spread that is learned too; trials far away are taken to differ by more,
// since no line is straight. A trial far above or below says no more than on which side it is. The distribution is that
// of Bayes, with a prior that is even in the logarithms of the rate and the slope, and half a Cauchy distribution for
// the spread (A. Gelman, "Prior distributions for variance parameters in hierarchical models", 2006); it is summed over
// a grid.
type fit struct {
	allowed float64
	// rates are the grid, evenly in their logarithm, and mass is the probability of each.
	rates, mass []float64
	// slope and spread are the means of theirs: of the logarithm for 100 % of the rate, and as a share of the rate.
	slope, spread float64
	// floor is the share that is over at any rate.
	floor  float64
	points []line
}

// line is one of the lines, with its probability.
type line struct{ rate, slope, mass float64 }

// fitTo fits the trials to an objective. low and high are between what the rate is searched.
func fitTo(trials []Trial, objective int, o Objective, low, high float64) fit {
	f := fit{allowed: o.Allowed, floor: floor(trials, objective, o.Allowed)}
	var kernels [spreads][]float64
	for s := range kernels {
		kernels[s] = kernel(spreadAt(s) / shareStep)
	}
	tables := make([]table, 0, len(trials))
	for _, t := range trials {
		// How long calls would have taken in the end, a trial does not tell that was ended when they began to wait.
		early := t.Saturated && t.Objective != objective && o.Horizon > 0 && t.Counts[objective].share() <= o.Allowed
		if c := t.Counts[objective]; c.Calls > 0 && !early {
			c.Inflation = pooled(trials, objective, f.allowed, t.Ask.Rate, c.Inflation)
			tables = append(tables, tabled(t, c, t.Outcome == Broken && t.Objective == objective, f, &kernels))
		}
	}
	f.over(tables, low, high)
	// Once more where it is worth looking.
	if l, h := f.quantile(0.0005), f.quantile(0.9995); h/l < 0.5*high/low {
		widened := math.Pow(h/l, 0.2)
		f.over(tables, max(low, l/widened), min(high, h*widened))
	}
	return f
}

// over fills in the distribution over a stretch of rates.
func (f *fit) over(tables []table, low, high float64) {
	var priors [slopes][spreads + 1]float64
	var steep [slopes]float64
	for b := range slopes {
		steep[b] = slopeAt(b)
		for s := range priors[b] {
			priors[b][s] = prior(steep[b], s-1)
		}
	}
	f.rates, f.mass = make([]float64, rates), make([]float64, rates)
	logs := make([]float64, 0, rates*slopes*(spreads+1))
	highest := math.Inf(-1)
	var sums [spreads + 1]float64
	for i := range rates {
		f.rates[i] = low * math.Pow(high/low, float64(i)/(rates-1))
		for b := range slopes {
			sums = priors[b]
			for _, t := range tables {
				t.add(&sums, f.rates[i], steep[b])
			}
			for _, sum := range sums {
				logs = append(logs, sum)
				highest = max(highest, sum)
			}
		}
	}
	total := 0.0
	f.slope, f.spread, f.points = 0, 0, f.points[:0]
	for i, k := 0, 0; i < rates; i++ {
		f.mass[i] = 0
		for b := range slopes {
			of := 0.0
			for s := -1; s < spreads; s++ {
				p := math.Exp(logs[k] - highest)
				k++
				of += p
				f.spread += p * spreadAt(s) / steep[b]
			}
			f.mass[i] += of
			f.slope += of * math.Log(steep[b])
			f.points = append(f.points, line{f.rates[i], steep[b], of})
		}
		total += f.mass[i]
	}
	for i := range f.mass {
		f.mass[i] /= total
	}
	for i := range f.points {
		f.points[i].mass /= total
	}
	f.slope = math.Exp(f.slope / total)
	f.spread /= total
}

// floor is the share that is over whatever the rate, as far as it is known for sure: that of the trials at less than
// three quarters of the lowest rate at which too many were over.
func floor(trials []Trial, objective int, allowed float64) float64 {
	broken := math.Inf(1)
	for _, t := range trials {
		if t.Saturated || t.Counts[objective].share() > allowed {
			broken = min(broken, t.Ask.Rate)
		}
	}
	calls, over := 0.0, 0.0
	for _, t := range trials {
		if c := t.Counts[objective]; t.Ask.Rate < broken*0.75 {
			calls += float64(c.Calls)
			over += float64(c.Over)
		}
	}
	if calls == 0 {
		return 0
	}
	return min(max(over-1.5*math.Sqrt(over), 0)/calls, allowed/2)
}

// pooled is the inflation at a rate, by all trials near it: where few were over, a trial tells little of how they come
// together, and those that saw few saw too few of both. The more are over, the longer they come one after the other:
// the inflation is in proportion to the share, down to half of what is allowed, which is that of the trials within a
// few percent of the rate. alone is that of the trial by itself, where no other tells it.
func pooled(trials []Trial, objective int, allowed, rate, alone float64) float64 {
	inflated, squared, calls, over := 0.0, 0.0, 0.0, 0.0
	for _, t := range trials {
		c := t.Counts[objective]
		if c.Calls == 0 || c.share() > beyond(allowed) {
			continue
		}
		off := t.Ask.Rate/rate - 1
		wide, close := math.Exp(-off*off/2/0.15/0.15), math.Exp(-off*off/2/0.05/0.05)
		inflated += wide * float64(c.Over) * c.Inflation
		squared += wide * float64(c.Over) * max(c.share(), allowed/2)
		calls += close * float64(c.Calls)
		over += close * float64(c.Over)
	}
	if squared == 0 {
		return alone
	}
	return max(inflated/squared*max(over/max(calls, 1), allowed/2), 1)
}

func slopeAt(i int) float64 { return slopeLow * math.Pow(slopeHigh/slopeLow, float64(i)/(slopes-1)) }

// spreadAt is 0 for −1, which stands for all that is less than the first.
func spreadAt(i int) float64 {
	if i < 0 {
		return 0
	}
	return spreadLow * math.Pow(spreadHigh/spreadLow, float64(i)/(spreads-1))
}

// prior is the logarithm of how likely a slope's spread is before anything is known.
func prior(slope float64, s int) float64 {
	ratio := math.Pow(spreadHigh/spreadLow, 0.5/(spreads-1))
	below := func(spread float64) float64 { return math.Atan(min(spread/slope, spreadMost) / spreadScale) }
	if s < 0 {
		return math.Log(below(spreadAt(0) / ratio))
	}
	return math.Log(below(spreadAt(s)*ratio) - below(spreadAt(s)/ratio) + 1e-12)
}

// table is how likely what a trial counted is, by the logarithm of the share that is over and by how far it is spread.
type table struct {
	rate, off float64
	// logs are the logarithms, by the spread and that logarithm.
	logs [spreads + 1][]float64
}

// tabled is what a trial counted. broken says that the trial was found to break the objective.
func tabled(t Trial, c Count, broken bool, f fit, kernels *[spreads][]float64) table {
	made, allowed, floor := table{rate: t.Ask.Rate}, f.allowed, f.floor
	if t.Ask.Step == Growth {
		made.off = rough
	}
	n, over := float64(c.Calls)/c.Inflation, float64(c.Over)/c.Inflation
	// Beyond these shares a trial says no more than on which side it is.
	lower, upper := max(allowed/3, floor*1.3), min(beyond(allowed), 5*allowed+0.1)
	counted := c.share()
	if broken && t.Saturated {
		counted = 1 // the share is that of the first calls, before they had to wait
	}
	if broken && counted >= upper {
		// Where all are over, nothing tells how calls resemble each other, and the trial is as sure as one can be.
		n = max(n, plainly/(upper*math.Log(upper/allowed)+(1-upper)*math.Log((1-upper)/(1-allowed))))
	}
	share := min(max(counted, lower), upper)
	if counted >= upper {
		over = n * upper
	} else if counted < lower {
		over = n * lower
	}
	size := int((shareHigh-shareLow)/shareStep) + 1
	plain := make([]float64, size)
	best := over*math.Log(share) + (n-over)*math.Log1p(-share)
	for i := range plain {
		p := min(floor+(allowed-floor)*math.Exp(shareLow+float64(i)*shareStep), sure)
		plain[i] = math.Exp(over*math.Log(p) + (n-over)*math.Log1p(-p) - best)
		if counted >= upper && p > upper || counted <= lower && p < lower {
			plain[i] = 1
		}
	}
	made.logs[0] = blurred(plain, []float64{0, 1})
	for s, k := range kernels {
		made.logs[s+1] = blurred(plain, k)
	}
	return made
}

// kernel are the sums of a normal distribution of so many places, up to each place of it.
func kernel(deviation float64) []float64 {
	reach := int(math.Ceil(4 * deviation))
	sums := make([]float64, 2*reach+2)
	for i := range 2*reach + 1 {
		d := float64(i-reach) / deviation
		sums[i+1] = sums[i] + math.Exp(-d*d/2)
	}
	return sums
}

// blurred is a list, blurred by a kernel, in logarithms. Beyond its ends it goes on as it ended.
func blurred(list, sums []float64) []float64 {
	out := make([]float64, len(list))
	reach, total := len(sums)/2-1, sums[len(sums)-1]
	for i := range list {
		from, until := max(i-reach, 0), min(i+reach+1, len(list))
		sum := list[0]*sums[from-i+reach] + list[len(list)-1]*(total-sums[until-i+reach])
		for at := from; at < until; at++ {
			sum += list[at] * (sums[at-i+reach+1] - sums[at-i+reach])
		}
		out[i] = math.Log(sum/total + 1e-30)
	}
	return out
}

// add adds, for each spread, the logarithm of how likely what was counted is where the objective breaks at a rate.
func (t table) add(sums *[spreads + 1]float64, rate, slope float64) {
	distance := t.rate/rate - 1
	curved := bend * distance * distance
	if distance < 0 {
		curved /= 1 + distance
	}
	// However it bends, the line does not turn back: on which side a trial is stays plain.
	curved = min(curved, math.Abs(distance)/3)
	// The larger of the two deviations counts, up to the next of those that there are tables for.
	least := 0
	if off := math.Hypot(t.off, curved) * slope; off > spreadLow/2 {
		least = min(max(int(math.Round(math.Log(off/spreadLow)/math.Log(spreadHigh/spreadLow)*(spreads-1))), 0)+1, spreads)
	}
	lowest := interpolated(t.logs[least], slope*distance)
	for s := range sums {
		if s <= least {
			sums[s] += lowest
		} else {
			sums[s] += interpolated(t.logs[s], slope*distance)
		}
	}
}

func interpolated(list []float64, log float64) float64 {
	place := min(max((log-shareLow)/shareStep, 0), float64(len(list)-1)-1e-9)
	at := int(place)
	rest := place - float64(at)
	return list[at]*(1-rest) + list[at+1]*rest
}

// quantile is the rate up to which there is so much of the probability.
func (f fit) quantile(p float64) float64 { return quantile(f.rates, f.mass, p) }

// quantile is where the sum of masses passes p, between the rates of a grid that is even in their logarithm.
func quantile(rates, mass []float64, p float64) float64 {
	sum := 0.0
	for i, m := range mass {
		if sum+m >= p && m > 0 {
			step := math.Log(rates[1] / rates[0])
			return rates[i] * math.Exp(step*((p-sum)/m-0.5))
		}
		sum += m
	}
	return rates[len(rates)-1]
}

// beyondRate is the probability that the objective breaks above a rate.
func (f fit) beyondRate(rate float64) float64 {
	step := math.Log(f.rates[1] / f.rates[0])
	sum := 0.0
	for i, m := range f.mass {
		sum += m * min(max(math.Log(f.rates[i]/rate)/step+0.5, 0), 1)
	}
	return sum
}

// share is the share over at a rate, as fitted, and between what it lies with a confidence.
func (f fit) share(rate, confidence float64) Point {
	type weighed struct{ share, mass float64 }
	list := make([]weighed, 0, len(f.points))
	for _, l := range f.points {
		if l.mass > 1e-9 {
			list = append(list, weighed{min(f.floor+(f.allowed-f.floor)*math.Exp(l.slope*(rate/l.rate-1)), 1), l.mass})
		}
	}
	slices.SortFunc(list, func(a, b weighed) int {
		switch {
		case a.share < b.share:
			return -1
		case a.share > b.share:
			return 1
		}
		return 0
	})
	at := func(p float64) float64 {
		sum := 0.0
		for _, w := range list {
			if sum += w.mass; sum >= p {
				return w.share
			}
		}
		return list[len(list)-1].share
	}
	return Point{rate, at(0.5), at((1 - confidence) / 2), at((1 + confidence) / 2)}
}
