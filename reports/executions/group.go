package executions

import (
	"time"

	"github.com/kaizenautomation/andon/reports/results"
)

// Group is some of the executions of an account.
type Group struct {
	// parts are those of each part of the account.
	parts [][]*results.Execution
	// lives are made once they are asked for, by what they are of.
	lives map[Span]*survival
}

// Group gives the executions of the phases and classes that are in it, by their places in the labels.
func (a *Account) Group(in func(phase, class int) bool) *Group {
	phases, classes := len(a.about.Labels.Phases), len(a.about.Labels.Classes)
	chosen := make([]bool, phases*classes)
	for i := range chosen {
		chosen[i] = in(i/classes, i%classes)
	}
	g := &Group{lives: map[Span]*survival{}}
	for _, p := range a.parts {
		var list []*results.Execution
		for i := range p.list {
			x := &p.list[i]
			if int(x.Phase) < phases && int(x.Class) < classes && chosen[int(x.Phase)*classes+int(x.Class)] {
				list = append(list, x)
			}
		}
		g.parts = append(g.parts, list)
	}
	return g
}

// Figures are those of the group.
func (g *Group) Figures() Figures {
	f := g.Counts()
	f.Start, f.Run, f.Completion = g.times(Start), g.times(Run), g.times(Completion)
	return f
}

// Counts are the figures without the times, which take longer.
func (g *Group) Counts() Figures {
	f := Figures{PerSecond: g.perSecond()}
	for _, list := range g.parts {
		for _, x := range list {
			f.Accepted++
			switch x.State {
			case results.StateCompleted:
				f.Completed++
			case results.StateFailed:
				f.Failed++
			case results.StateLost:
				f.Lost++
			case results.StateWaiting:
				f.Waiting++
			case results.StateRunning:
				f.Running++
			default:
				f.Unseen++
			}
		}
	}
	return f
}

// perSecond is how many completed per second, over the time from the first that was accepted to the last end. The last
// end lies between the latest moment at which one that has ended had not, and the latest at which all had.
func (g *Group) perSecond() Bounds {
	var completed, shortest, longest float64
	for _, list := range g.parts {
		if len(list) == 0 {
			continue
		}
		first := list[0].Accepted
		var low, high time.Duration
		for _, x := range list {
			first = min(first, x.Accepted)
			if x.State == results.StateCompleted {
				completed++
			}
			if x.Ended > 0 && x.State.Terminal() {
				low, high = max(low, x.Alive), max(high, x.Ended)
			}
		}
		shortest += max(low-first, 0).Seconds()
		longest += max(high-first, 0).Seconds()
	}
	if shortest == 0 { // so few that there is no rate
		shortest = longest
	}
	if longest == 0 {
		return Bounds{}
	}
	return Bounds{completed / longest, completed / shortest}
}

// Span is a time in the life of an execution.
type Span int

// The times.
const (
	Start      Span = iota // accepted → begun
	Run                    // begun → ended
	Completion             // accepted → ended
)

// life is what is known of the time that x took, which was accepted when its answer was whole; false where it has none.
func (s Span) life(x *results.Execution) (l life, ok bool) {
	begun := x.Running // at the latest
	if begun == 0 && x.State == results.StateCompleted {
		begun = x.Ended
	}
	switch s {
	case Start:
		l = life{x.Waiting - x.Accepted, begun - x.Accepted, begun > 0}
	case Run:
		if begun == 0 {
			return life{}, false
		}
		l = life{x.Alive - begun, x.Ended - max(x.Waiting, x.Sent), x.State.Terminal()}
	default:
		l = life{x.Alive - x.Accepted, x.Ended - x.Accepted, x.State.Terminal()}
	}
	l.low = max(l.low, 0)
	l.high = max(l.high, l.low)
	return l, x.Followed
}

// survival is how long the group took for s.
func (g *Group) survival(s Span) *survival {
	if g.lives[s] == nil {
		var all []life
		for _, list := range g.parts {
			for _, x := range list {
				if l, ok := s.life(x); ok {
					all = append(all, l)
				}
			}
		}
		g.lives[s] = newSurvival(all)
	}
	return g.lives[s]
}

// Percentile is what percentile p of a time of the group lies between, null where it is not determined, and how many
// executions it is over.
func (g *Group) Percentile(s Span, p float64) (bounds *Bounds, n, censored uint64) {
	all := g.survival(s)
	return all.percentile(p), uint64(all.n), uint64(len(all.censored))
}

func (g *Group) times(s Span) (t Times) {
	t.P50, t.Count, t.Censored = g.Percentile(s, 50)
	for p, to := range map[float64]**Bounds{90: &t.P90, 95: &t.P95, 99: &t.P99} {
		*to, _, _ = g.Percentile(s, p)
	}
	delete(g.lives, s) // a million of them take more memory than their figures are worth
	return t
}
