package capacity

import (
	"fmt"
	"math"
	"slices"
)

// Kind is what is known of a capacity.
type Kind uint8

// The kinds of answers.
const (
	Unknown Kind = iota
	Interval
	AtLeast
	AtMost
)

// Answer is what is known of the capacity.
type Answer struct {
	Kind Kind
	// Rate is the best estimate, and Low and High are the interval. Of what is at least or at most something, Low or High
	// alone says what.
	Rate, Low, High float64
	// Highest is the highest rate that was seen to hold, and Lowest the lowest that was seen broken; 0 is none.
	Highest, Lowest float64
	// Objective is the one that breaks first, an index; -1 where none does.
	Objective int
	// Spread is the standard deviation between trials, as a share of the rate.
	Spread float64
	// NotMonotone and Hysteresis are sentences; empty where there is neither.
	NotMonotone, Hysteresis string
	// Curve is the fitted share by the rate for Objective.
	Curve []Point
	// End says why the search ended; empty while it goes on.
	End End
}

// Point is a fitted share at a rate, and between what it lies.
type Point struct{ Rate, Share, Low, High float64 }

// End is why a search ended.
type End string

// The ends of a search.
const (
	Found     End = "found"     // the interval is as narrow as was asked for
	Budget    End = "budget"    // calls, seconds or trials are spent
	Generator End = "generator" // higher rates say nothing of the target
	Ceiling   End = "ceiling"   // the highest rate that may be tried holds
	Nothing   End = "nothing"   // no rate holds
)

// Answer is what is known by now.
func (s *Search) Answer() Answer {
	a := Answer{Objective: -1, End: s.end}
	for _, t := range s.trials {
		switch t.Outcome {
		case Holds:
			a.Highest = max(a.Highest, t.Ask.Rate)
		case Broken:
			if a.Lowest == 0 || t.Ask.Rate < a.Lowest {
				a.Lowest = t.Ask.Rate
			}
		}
	}
	a.NotMonotone = s.notMonotone()
	k := s.known()
	if k == nil {
		return a
	}
	a.Objective, a.Spread = k.first, k.spread
	tail := s.tail()
	below, above := k.survival(k.lowest) < 1-tail, k.survival(k.highest) > tail
	switch {
	case !below && !above:
		a.Kind, a.Rate, a.Low, a.High = Interval, k.quantile(0.5), k.quantile(tail), k.quantile(1-tail)
	case below && !above:
		a.Kind, a.High = AtMost, min(k.quantile(s.Confidence), orInfinity(a.Lowest))
	case above && a.Highest > 0 && a.NotMonotone == "":
		a.Kind, a.Low = AtLeast, a.Highest
	}
	if a.Kind != Interval {
		return a
	}
	a.Hysteresis = s.hysteresis(k)
	if f := k.fits[k.first]; f.rates != nil {
		for i := range 41 {
			rate := k.lowest * math.Pow(k.highest/k.lowest, float64(i)/40)
			if rate > a.Low/2 && rate < a.High*1.5 {
				a.Curve = append(a.Curve, f.share(rate, s.Confidence))
			}
		}
	}
	return a
}

// tail is the probability that is left out at either end of the interval: half of what the confidence says. The fit knows
// neither how a target's line bends nor how calls resemble each other but from the same trials that it is made of, and
// the search ends when the interval is narrow: without it, the interval would hold the truth less often than it says,
// which simulations show.
func (s *Search) tail() float64 { return (1 - s.Confidence) / 4 }

func orInfinity(v float64) float64 {
	if v == 0 {
		return math.Inf(1)
	}
	return v
}

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
			// How far a limit is that no trial was beyond cannot be known, and several such would hide the one that is near.
			continue
		case o.Allowed == 0:
			k.zero[i] = begins(trials, i)
			middle = math.Sqrt(k.zero[i][0] * k.zero[i][1])
		default:
			k.fits[i] = fitTo(trials, i, o.Allowed, low, high)
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
func begins(trials []Trial, objective int) [2]float64 {
	with := math.Inf(1)
	for _, t := range trials {
		if t.Counts[objective].Over > 0 {
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

// apart is by how much a rate that holds has to be above one that is broken for a target not to be monotone: trials that
// differ by chance or by drift are no such thing.
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

func (s *Search) notMonotone() string {
	broken, held := s.inverted()
	if broken == 0 {
		return ""
	}
	return fmt.Sprintf("%.4g/s held though %.4g/s was broken: the target is not the worse the higher the rate, and what is told is where it breaks first", held, broken)
}

// usable are the trials that say something of the target. Of one that holds again at a higher rate, they are those around
// where it breaks first.
func (s *Search) usable() (list []Trial) {
	broken, _ := s.inverted()
	for _, t := range s.trials {
		if t.Outcome != Void && t.Seconds > 0 && (broken == 0 || t.Ask.Rate <= broken*apart) {
			list = append(list, t)
		}
	}
	return list
}

// hysteresis says that trials that came after a broken one differ from the others by more than chance has them.
func (s *Search) hysteresis(k *knowledge) string {
	f := k.fits[k.first]
	if f.rates == nil {
		return ""
	}
	capacity := f.quantile(0.5)
	var off, weight [2]float64
	var n [2]int
	before := Undecided
	for _, t := range s.usable() {
		c := t.Counts[k.first]
		near := t.Ask.Step != Growth && math.Abs(t.Ask.Rate/capacity-1) < 0.25 && c.share() > max(f.allowed/5, 1.3*f.floor) && c.share() < beyond(f.allowed)
		if near && (t.Ask.Rate < capacity*1.01) {
			from := 0
			if before == Broken {
				from = 1
			}
			deviation := math.Hypot(c.deviation()/f.slope, math.Max(f.spread, 0.01))
			residual := math.Log((c.share()-f.floor)/(f.allowed-f.floor))/f.slope - (t.Ask.Rate/capacity - 1)
			off[from] += residual / (deviation * deviation)
			weight[from] += 1 / (deviation * deviation)
			n[from]++
		}
		before = t.Outcome
	}
	if n[0] == 0 || n[1] == 0 {
		return ""
	}
	difference := off[1]/weight[1] - off[0]/weight[0]
	if error := math.Sqrt(1/weight[0] + 1/weight[1]); math.Abs(difference) < 4*error || math.Abs(difference) < 0.05 {
		return ""
	}
	word := "less"
	if difference < 0 {
		word = "more"
	}
	return fmt.Sprintf("after a rate that was broken the target takes %.0f %% %s than before, though everything was answered in between: it remembers", 100*math.Abs(difference), word)
}
