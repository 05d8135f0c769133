package capacity

import "math"

const (
	// alpha is the most likely share of wrong decisions of a trial, on either side.
	alpha = 0.01
	// factor is by how much the rate grows from trial to trial.
	factor = 2
	// near is how many trials near the capacity there are at least: by how much trials differ has to be seen.
	near = 8
	// longest is how many trials there are at most where nobody says.
	longest = 40
	// fewest is how many calls a trial is worth being made for.
	fewest = 50
	// groupsLow and groupsHigh are how many groups of calls that are over together a trial at the capacity should see.
	groupsLow, groupsHigh = 2.5, 4
	// longer is by how much a trial is longer for that, at most.
	longer = 20
	// lower is at how many rates it is tried to decide what holds, each lower than the one before.
	lower = 4
	// cheaper is at how many rates a trial is looked for that there is room for, each lower than the one before.
	cheaper = 8
	// plenty is for how many times the fewest calls that can decide there is to be room, where something hangs on it.
	plenty = 2
	// confirmations is how often the low end is tried.
	confirmations = 3
)

// New begins a search.
func New(c Config) *Search {
	if c.Trials == 0 {
		c.Trials = longest
	}
	return &Search{Config: c}
}

// Alpha is the most likely share of wrong decisions that a trial of the search may have, on either side: what is said
// of all trials together is in the interval.
func (s *Search) Alpha() float64 { return alpha }

// Take takes what came of the last Ask. seconds is how long it took in all, draining too.
func (s *Search) Take(t Trial, seconds float64) {
	if t.Outcome == Broken && t.Objective < 0 {
		// Something else than an objective ended it: like one that falls behind, it would only have become worse.
		t.Objective, t.Saturated = worst(s.Objectives, t.Counts), true
	}
	s.trials = append(s.trials, t)
	s.calls += t.Calls
	s.seconds += seconds
	s.knowledge = nil
	switch t.Ask.Step {
	case Narrowing, FromAbove:
		s.offsets++
	case Confirmation:
		s.confirmations++
		s.confirmed = t.Outcome != Broken && t.Outcome != Void
	}
}

// Next is the trial to be made, and false where the search has ended.
func (s *Search) Next() (Ask, bool) {
	if s.end != "" {
		return Ask{}, false
	}
	step, rate, end := s.choose()
	if end == "" {
		if ask, ok := s.affordable(step, rate); ok && len(s.trials) < s.Trials {
			return ask, true
		}
		end = Budget
	}
	s.end = end
	return Ask{}, false
}

// affordable is the trial of a step for which something is left, and false where there is none. Near its capacity a
// target takes long to settle: a trial at a lower rate, which costs less, says more than none.
func (s *Search) affordable(step Step, rate float64) (Ask, bool) {
	for range cheaper {
		ask := s.ask(step, rate)
		if ask.Calls >= fewest && ask.Most > 0 && (ask.Most >= ask.Least/2 || step != Narrowing && step != FromAbove) {
			return ask, true
		}
		if step != Narrowing && step != FromAbove {
			break
		}
		rate *= 0.93
	}
	return Ask{}, false
}

// choose says which step is next, at which rate, or why there is none.
func (s *Search) choose() (Step, float64, End) {
	k := s.known()
	if k == nil {
		return s.below(Growth, s.Start)
	}
	if s.Ceiling > 0 && k.highest > s.Ceiling {
		k.highest = s.Ceiling
	}
	held, broken := false, false
	for _, t := range s.usable() {
		over := false
		for i := range s.Objectives {
			over = over || t.isOver(s.Objectives, i)
		}
		held, broken = held || !over, broken || over
	}
	switch {
	case !broken && s.Ceiling > 0 && k.highest >= s.Ceiling:
		return s.settled(k.highest, Ceiling)
	case !broken:
		return s.below(Growth, k.highest*factor)
	case !held && k.lowest < s.Start/4 && s.highest() == s.Start:
		// A target that wants some load to wake up is not found further down.
		return s.below(Growth, s.Start*factor*factor)
	case !held && k.lowest < s.Start/1000:
		return 0, 0, Nothing
	case !held:
		return s.below(Growth, k.lowest/factor)
	}
	return s.narrow(k)
}

// highest is the highest rate that was tried.
func (s *Search) highest() (rate float64) {
	for _, t := range s.trials {
		rate = max(rate, t.Ask.Rate)
	}
	return rate
}

// narrow is the next trial near the capacity.
func (s *Search) narrow(k *knowledge) (Step, float64, End) {
	middle, tail := min(k.quantile(0.5), k.highest*factor), s.tail()
	low, high := k.quantile(tail), k.quantile(1-tail)
	count := 0
	for _, t := range s.usable() {
		if t.Ask.Step != Growth && math.Abs(t.Ask.Rate/middle-1) < 0.25 {
			count++
		}
	}
	if (high-low)/middle <= s.Width && count >= near {
		if s.confirmed || s.confirmations >= confirmations {
			return 0, 0, Found
		}
		return s.below(Confirmation, low)
	}
	// Where the line crosses and how steep it is are told best by trials a little above and below.
	distance := min(max(1.2/k.slope, 0.02), 0.2)
	if wide := math.Log(high / low); wide > 3*distance {
		distance = min(wide/4, 0.2)
	}
	offset := []float64{1, -1, -0.5, 0.5}[s.offsets%4]
	step := Narrowing
	if n := len(s.trials); offset < 0 && s.trials[n-1].Outcome == Broken {
		step = FromAbove
	}
	return s.below(step, middle*(1+offset*distance))
}

// below keeps a rate below those that this machine cannot make, and ends the search where there is nothing left.
func (s *Search) below(step Step, rate float64) (Step, float64, End) {
	if s.Ceiling > 0 {
		rate = min(rate, s.Ceiling)
	}
	limit, held := s.limit()
	if limit == 0 || rate < limit*0.98 {
		return step, rate, ""
	}
	if held > 0 && limit/held > 1+s.Width {
		return step, math.Sqrt(limit * held), ""
	}
	if held == 0 {
		if limit > s.Start/1000 {
			return step, limit / factor, ""
		}
		return 0, 0, Generator
	}
	return s.settled(held, Generator)
}

// limit is the lowest rate that said nothing of the target twice, it or a lower one, and held the highest one below it
// that did say something. A rate below one that did say something was void by a bad moment of this machine, and no
// limit of it.
func (s *Search) limit() (limit, held float64) {
	made := 0.0
	for _, t := range s.trials {
		if t.Outcome != Void {
			made = max(made, t.Ask.Rate)
		}
	}
	void := []float64{}
	for _, t := range s.trials {
		if t.Outcome == Void && t.Ask.Rate > made {
			void = append(void, t.Ask.Rate)
		}
	}
	for _, r := range void {
		n := 0
		for _, other := range void {
			if other <= r*1.001 {
				n++
			}
		}
		if n >= 2 && (limit == 0 || r < limit) {
			limit = r
		}
	}
	for _, t := range s.trials {
		if t.Outcome != Void && t.Outcome != Broken && (limit == 0 || t.Ask.Rate < limit) {
			held = max(held, t.Ask.Rate)
		}
	}
	return limit, held
}

// settled ends a search at a rate that holds: that is decided first, where it was only likely. Where this machine
// cannot make the rate for as long as that takes, a lower one is decided.
func (s *Search) settled(rate float64, end End) (Step, float64, End) {
	for range lower {
		void := false
		for _, t := range s.trials {
			switch at := t.Ask.Rate > rate*0.999 && t.Ask.Rate < rate*1.001; {
			case !at:
			case t.Outcome == Holds || t.Ask.Step == Decision && t.Outcome != Void:
				return 0, 0, end
			case t.Ask.Step == Decision:
				void = true
			}
		}
		if !void {
			return Decision, rate, ""
		}
		rate *= 0.7
	}
	return 0, 0, end
}

// Limits are the most that a trial may use; 0 is no limit.
type Limits struct {
	// Least and Most are for how many seconds it measures.
	Least, Most float64
	Calls       uint64
}

// Question is the trial that answers whether one rate holds. It ends when that is decided, or after so many calls that
// nothing will decide it.
func Question(objectives []Objective, rate float64, l Limits) Ask {
	s := New(Config{Objectives: objectives, Least: l.Least, Calls: l.Calls})
	a := s.ask(Decision, rate)
	if l.Most > 0 {
		a.Most = min(a.Most, l.Most)
	}
	return a
}

// ask is a trial of a step at a rate, within what is left of the budget.
func (s *Search) ask(step Step, rate float64) Ask {
	a := Ask{N: len(s.trials) + 1, Rate: rate, Step: step, Calls: math.MaxUint64, Most: math.Inf(1)}
	horizon, allowed := 0.0, 1.0
	for _, o := range s.Objectives {
		horizon = max(horizon, o.Horizon)
		if o.Allowed > 0 {
			allowed = min(allowed, o.Allowed)
		}
	}
	settling, enough := 0.0, 0.0
	for _, t := range s.usable() {
		if t.Ask.Rate > rate*0.75 && t.Ask.Rate < rate*1.02 && t.Outcome != Broken {
			settling = max(settling, settles*t.Relaxation)
		}
	}
	a.Settle = max(s.Least/5, 2*horizon, settling)
	switch step {
	case Growth:
		a.Least = max(s.Least/2, 3*horizon, 30/rate)
		a.Most = max(2*a.Least, 5/allowed/rate)
	case Decision:
		a.Least = max(s.Least, 10*horizon, 200/rate)
		a.Most = max(20*a.Least, 4000/allowed/rate)
		for _, o := range s.Objectives {
			enough = max(enough, 2*horizon+plenty*float64(Fewest(o, alpha))/rate)
		}
	default:
		a.Least = max(s.Least, 20*horizon, 200/rate, lasts*settling/settles)
		k := s.known()
		// So much that eight trials are enough.
		a.Precision = min(max(k.slope*s.Width/2/2.58*math.Sqrt(8)*0.85, 0.1), 2)
		if k.first >= 0 && s.Objectives[k.first].Allowed > 0 {
			o := s.Objectives[k.first]
			inflation := pooled(s.usable(), k.first, o.Allowed, k.quantile(0.5), 1)
			groups := min(max(1/(a.Precision*a.Precision), groupsLow), groupsHigh)
			a.Least = max(a.Least, min(groups*inflation/o.Allowed/rate, longer*a.Least))
		}
	}
	enough = max(enough, a.Least)
	if s.Calls > 0 {
		a.Calls = s.Calls - min(s.calls, s.Calls)
		if step != Growth {
			a.Calls = min(a.Calls, max(a.Calls/3, uint64(rate*(a.Settle+enough))+fewest))
		}
		a.Most = min(a.Most, float64(a.Calls)/rate-a.Settle)
	}
	if s.Seconds > 0 {
		left := s.Seconds - s.seconds
		if step != Growth {
			left = min(left, max(left/3, a.Settle+enough))
		}
		a.Most = min(a.Most, left-a.Settle)
	}
	return a
}
