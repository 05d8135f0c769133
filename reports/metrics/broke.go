package metrics

import (
	"math"
	"slices"
	"time"

	"github.com/kaizenautomation/andon/reports/histogram"
)

// At is the rates at a moment of the run: over its last second, or as many more as it takes to have calls enough for a
// rate. It is nil where nothing is known.
func (a *Aggregator) At(moment time.Duration) *Broke {
	p := a.pace
	until := min(int((moment+p.width()-1)/p.width()), len(p.beats))
	if until < 1 || len(a.labels.Phases) == 0 {
		return nil
	}
	b := &Broke{AtSeconds: moment.Seconds()}
	phase := a.labels.Phases[0]
	for _, next := range a.labels.Phases {
		// What ends a phase is of that phase, and not of the one that begins then.
		if next.StartSeconds < b.AtSeconds-1e-6 {
			phase = next
		}
	}
	b.Phase, b.IntoSeconds = phase.Name, max(b.AtSeconds-phase.StartSeconds, 0)
	const enough, most = 30, 10
	var sum beat
	over := 0
	for from := until - 1; from >= 0 && over < most && (over == 0 || sum.due < enough); from-- {
		// Another phase has another rate.
		if over > 0 && float64(from)*p.width().Seconds() < phase.StartSeconds-1e-6 {
			break
		}
		sum.merge(p.beats[from])
		over++
	}
	seconds := float64(over) * p.width().Seconds() * float64(max(len(a.apart), 1))
	b.Sent, b.Answered = float64(sum.left)/seconds, float64(sum.answered)/seconds
	if !phase.Closed {
		offered := float64(sum.due) / seconds
		b.Offered = &offered
	}
	return b
}

// broke is where the condition broke, elapsed seconds into the run; nil where the rate was the same all along, or where
// it cannot be told.
func (t Threshold) broke(a *Aggregator, elapsed float64) *Broke {
	g := t.selects(a)
	if !a.varies(g) || t.function == "mean" || t.unit() == PerSecond {
		return nil
	}
	if t.unit() == Count && t.window == 0 {
		return t.brokeByCount(a, g, elapsed)
	}
	at, held, ok := t.firstBroken(a, elapsed)
	if !ok {
		return nil
	}
	b := a.At(at)
	if b != nil {
		b.FromStart = !held
	}
	return b
}

// varies reports whether the phases of a group have asked for more than one rate.
func (a *Aggregator) varies(g *group) bool {
	shapes := map[string]bool{}
	for p, in := range g.phase {
		if in {
			shapes[a.labels.Phases[p].Shape] = true
			if !a.labels.Phases[p].Steady {
				return true
			}
		}
	}
	return len(shapes) > 1
}

// brokeByCount is where there were too many of what is counted, if they are too many.
func (t Threshold) brokeByCount(a *Aggregator, g *group, elapsed float64) *Broke {
	w := a.watch(t.String())
	if w == nil || t.op != "<" && t.op != "<=" && t.op != "==" {
		return nil
	}
	measured := t.measured(g, elapsed)
	if len(measured) == 0 {
		return nil
	}
	from, until := measured[0].from, measured[len(measured)-1].until
	var sum float64
	for i := from; i < min(until, len(w.series.slots)); i++ {
		if sum += float64(w.series.slots[i].measured.below); sum > t.limit || t.op == "<" && sum == t.limit {
			b := a.At(time.Duration(i+1) * a.pace.width())
			if b != nil {
				b.FromStart = i == from
			}
			return b
		}
	}
	return nil
}

// firstBroken is the end of the first window in which the condition did not hold, and whether there was one before in
// which it did. The windows are as short as the figure allows for, so that the moment is told as closely as can be. A
// window is not the first if it lies in a stretch of them that is not half as long as the longest: a single hiccup on
// the way up is not where a target broke.
func (t Threshold) firstBroken(a *Aggregator, elapsed float64) (at time.Duration, held, ok bool) {
	s := t.windowsOf(a, max(t.window, a.pace.width()), elapsed)
	if s == nil {
		return 0, false, false
	}
	if t.window == 0 {
		most := time.Duration(s.until-s.from) * a.pace.width() / 2
		for length := a.pace.width(); 10*s.judged() < 9*s.count(); {
			if length *= 2; length > most {
				return 0, false, false
			}
			s = t.windowsOf(a, length, elapsed)
		}
	}
	type row struct{ first, n int }
	var broken []row
	most, before := 0, -1
	for i := range s.count() {
		in := s.sums(i)
		switch {
		case !s.tells(in.measured.n):
		case !s.fails(in, 0):
			if before < 0 {
				before = i
			}
		case len(broken) > 0 && broken[len(broken)-1].first+broken[len(broken)-1].n == i:
			broken[len(broken)-1].n++
			most = max(most, broken[len(broken)-1].n)
		default:
			broken = append(broken, row{i, 1})
			most = max(most, 1)
		}
	}
	first := slices.IndexFunc(broken, func(b row) bool { return 2*b.n >= most })
	if first < 0 {
		return 0, false, false
	}
	_, until := s.seconds(broken[first].first)
	return time.Duration(math.Round(until * 1e9)), before >= 0 && before < broken[first].first, true
}

// tells reports whether a window with so many calls is one to judge the condition by. Of a share, it takes as many as a
// percentile does, up to p99: with ten calls in a window, the first that fails would be one in ten.
func (s *windows) tells(n uint64) bool {
	if limit := s.t.limit; s.t.window == 0 && s.t.unit() == Ratio && limit > 0 && limit < 1 {
		return n >= histogram.Needed(min(100*max(limit, 1-limit), 99))
	}
	return s.t.supports(n)
}

// judged is how many windows have calls enough.
func (s *windows) judged() (n int) {
	for i := range s.count() {
		if s.tells(s.sums(i).measured.n) {
			n++
		}
	}
	return n
}
