package capacity

import (
	"math"
	"slices"
)

// Config says what is searched for.
type Config struct {
	Objectives []Objective
	// Start is the first rate that is tried, Ceiling the highest that may be; 0 is none.
	Start, Ceiling float64
	// Confidence is that of the interval, and Width how wide it may be, as a share of the rate.
	Confidence, Width float64
	// Least is for how many seconds a trial measures at least.
	Least float64
	// Calls, Seconds and Trials are the most that may be used; 0 is no limit.
	Calls   uint64
	Seconds float64
	Trials  int
}

// Search is a search under way. It is a function of what it was fed with, so that it can be gone on with.
type Search struct {
	Config
	trials []Trial
	end    End
	calls  uint64
	// seconds is what all trials took.
	seconds   float64
	knowledge *knowledge // of trials; nil where it has to be found
	// offsets counts the trials of the narrowing, and confirmed those that held at the low end.
	offsets, confirmations int
	confirmed              bool
}

// tail is the probability that is left out at either end of the interval: a fifth of what the confidence says. The fit
// knows neither how a target's line bends nor how calls resemble each other but from the same trials that it is made
// of, and the search ends when the interval is narrow: without it, the interval would hold the truth less often than it
// says, which simulations show.
func (s *Search) tail() float64 { return (1 - s.Confidence) / 10 }

// knowledge is what the trials say of the capacity: the rate at which the first of all objectives breaks.
type knowledge struct {
	fits []fit
	// zero are, by objective, between which rates begins what may not occur at all.
	zero [][2]float64
	// rates and left are a grid, and the probability that the capacity is above.
	rates, left []float64
	// lowest and highest are the rates that were tried.
	lowest, highest float64
	first           int
	slope, spread   float64
}

// known fits what there is to fit; nil where nothing was measured.
func (s *Search) known() *knowledge {
	trials := s.usable()
	if len(trials) == 0 {
		return nil
	}
	if s.knowledge != nil {
		return s.knowledge
	}
	k := &knowledge{lowest: math.Inf(1), first: -1}
	for _, t := range trials {
		k.lowest, k.highest = min(k.lowest, t.Ask.Rate), max(k.highest, t.Ask.Rate)
	}
	low, high := k.lowest/8, k.highest*8
	median := math.Inf(1)
	k.fits, k.zero = make([]fit, len(s.Objectives)), make([][2]float64, len(s.Objectives))
	for i, o := range s.Objectives {
		var middle float64
		switch {
		case !slices.ContainsFunc(trials, func(t Trial) bool { return t.isOver(s.Objectives, i) }):
			// How far a limit is that no trial was beyond cannot be known, and several such would hide the one that is
			// near.
			continue
		case o.Allowed == 0:
			k.zero[i] = s.begins(trials, i)
			middle = math.Sqrt(k.zero[i][0] * k.zero[i][1])
		default:
			k.fits[i] = fitTo(trials, i, o, low, high)
			middle = k.fits[i].quantile(0.5)
		}
		if middle < median {
			median, k.first = middle, i
		}
	}
	k.slope, k.spread = slopeHigh, 0
	if k.first >= 0 && k.fits[k.first].rates != nil {
		k.slope, k.spread = k.fits[k.first].slope, k.fits[k.first].spread
	}
	k.lay(low, high)
	s.knowledge = k
	return k
}

// isOver reports whether more calls of a trial were over an objective's limit than may be, whatever that is worth.
func (t Trial) isOver(objectives []Objective, i int) bool {
	return t.Counts[i].share() > objectives[i].Allowed || t.Outcome == Broken && t.Objective == i
}

// begins is between which rates something begins that may not occur: the highest rate below without it, and the lowest
// with it.
func (s *Search) begins(trials []Trial, objective int) [2]float64 {
	with := math.Inf(1)
	for _, t := range trials {
		if t.isOver(s.Objectives, objective) {
			with = min(with, t.Ask.Rate)
		}
	}
	without := with / 8
	for _, t := range trials {
		if c := t.Counts[objective]; t.Ask.Rate < with && c.Calls >= none {
			without = max(without, t.Ask.Rate)
		}
	}
	return [2]float64{without, with}
}

// lay lays the grid, finely where the capacity is.
func (k *knowledge) lay(low, high float64) {
	const points = 400
	for range 2 {
		k.rates, k.left = k.rates[:0], k.left[:0]
		for i := range points {
			rate := low * math.Pow(high/low, float64(i)/(points-1))
			k.rates, k.left = append(k.rates, rate), append(k.left, k.survival(rate))
		}
		l, h := k.quantile(0.0005), k.quantile(0.9995)
		low, high = max(low, l/1.02), min(high, h*1.02)
	}
}

// survival is the probability that the capacity is above a rate.
func (k *knowledge) survival(rate float64) float64 {
	p := 1.0
	for i, f := range k.fits {
		if f.rates != nil {
			p *= f.beyondRate(rate)
			continue
		}
		from, until := k.zero[i][0], k.zero[i][1]
		if until == 0 {
			continue // it broke nowhere
		}
		p *= min(max(math.Log(until/rate)/math.Log(until/from), 0), 1)
	}
	return p
}

// quantile is the rate up to which the capacity is with a probability.
func (k *knowledge) quantile(p float64) float64 {
	for i, left := range k.left {
		if 1-left >= p {
			if i == 0 {
				return k.rates[0]
			}
			before := 1 - k.left[i-1]
			return k.rates[i-1] * math.Pow(k.rates[i]/k.rates[i-1], (p-before)/(1-left-before))
		}
	}
	return k.rates[len(k.rates)-1]
}

// apart is by how much a rate that holds has to be above one that is broken for a target not to be monotone: trials
// that differ by chance or by drift are no such thing.
const apart = 1.25

// inverted is the lowest rate that is broken, where one far above it holds; else 0.
func (s *Search) inverted() (broken, held float64) {
	for _, t := range s.trials {
		for _, u := range s.trials {
			if t.Outcome == Broken && u.Outcome == Holds && u.Ask.Rate > apart*t.Ask.Rate && (broken == 0 || t.Ask.Rate < broken) {
				broken, held = t.Ask.Rate, u.Ask.Rate
			}
		}
	}
	return broken, held
}

// usable are the trials that say something of the target. Of one that holds again at a higher rate, they are those
// around where it breaks first.
func (s *Search) usable() (list []Trial) {
	broken, _ := s.inverted()
	for _, t := range s.trials {
		if t.Outcome != Void && t.Seconds > 0 && (broken == 0 || t.Ask.Rate <= broken*apart) {
			list = append(list, t)
		}
	}
	return list
}
