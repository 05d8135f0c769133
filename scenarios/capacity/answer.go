package capacity

import (
	"fmt"
	"math"
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
	// Rate is the best estimate, and Low and High are the interval. Of what is at least or at most something, Low or
	// High alone says what.
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
	// Whether the capacity lies within what was tried is asked by the confidence itself, as an end beyond it is no worse
	// than none.
	beside := (1 - s.Confidence) / 2
	below, above := k.survival(k.lowest) < 1-beside, k.survival(k.highest) > beside
	switch {
	case !below && !above:
		a.Kind, a.Rate, a.Low, a.High = Interval, k.quantile(0.5), k.quantile(tail), k.quantile(1-tail)
		a.cut()
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

// differing is by how much a target's capacity may differ from one trial to another for what was decided of one rate to
// be of the others.
const differing = 1.1

// cut leaves out of an interval what trials have decided otherwise: few trials tell little of how much they differ, so
// that an interval that is made before there are more can reach far beyond rates that were plainly broken, or held.
func (a *Answer) cut() {
	if a.NotMonotone != "" || a.Lowest > 0 && a.Highest >= a.Lowest {
		return
	}
	if above := a.Lowest * differing; above > a.Rate {
		a.High = min(a.High, above)
	}
	if below := a.Highest / differing; below < a.Rate {
		a.Low = max(a.Low, below)
	}
}

func orInfinity(v float64) float64 {
	if v == 0 {
		return math.Inf(1)
	}
	return v
}

func (s *Search) notMonotone() string {
	broken, held := s.inverted()
	if broken == 0 {
		return ""
	}
	return fmt.Sprintf("%.4g/s held though %.4g/s was broken: the target is not the worse the higher the rate, and what is told is where it breaks first", held, broken)
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
