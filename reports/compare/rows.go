package compare

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/text"
)

// table makes the series of all rows of two sides.
type table struct {
	base, changed []*gathered
	tolerances    Tolerances
	list          []series
	notes         []string
}

// percentile is that which a figure names; 0 where it names none.
func percentile(name string) float64 {
	p, err := strconv.ParseFloat(strings.TrimPrefix(name, "p"), 64)
	if err != nil {
		return 0
	}
	return p
}

// all are the runs of both sides.
func (t *table) all() []*gathered { return slices.Concat(t.base, t.changed) }

// fill makes all series: those of tiers and of all calls first, which the declared ones are among.
func (t *table) fill() {
	for _, of := range groupings() {
		for _, name := range t.names(of.kind) {
			t.group(of.kind, name)
		}
	}
	t.parts()
}

// names are those of the groups that there are figures of, in order: what both sides have calls of, and whatever
// decides, even where one side has none.
func (t *table) names(kind string) (names []string) {
	if kind == All {
		return []string{""}
	}
	sides := map[string][2]bool{}
	for i, g := range t.all() {
		side := 0
		if i >= len(t.base) {
			side = 1
		}
		for name, of := range g.groups[kind] {
			if of.Sent > 0 || of.Dropped > 0 {
				on := sides[name]
				on[side] = true
				sides[name] = on
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(sides)) {
		on := sides[name]
		if on[0] && on[1] || kind == Tier {
			names = append(names, name)
		}
		switch known := text.Printable(name, 80); {
		case !on[0]:
			t.notes = append(t.notes, fmt.Sprintf("The %s %q has calls on the new side alone.", kind, known))
		case !on[1]:
			t.notes = append(t.notes, fmt.Sprintf("The %s %q has calls in the base alone.", kind, known))
		}
	}
	return names
}

// add makes a series.
func (t *table) add(kind, name string, f figure, value func(*gathered) value, within func([]*gathered) float64) {
	s := series{kind: kind, name: name, figure: f}
	if asked, named := t.tolerances[f.name]; named {
		s.figure.tolerance = asked
	}
	declaring := All
	if f.unit == Seconds {
		declaring = Tier
	}
	s.declared = kind == declaring && s.figure.tolerance > 0
	for _, g := range t.base {
		s.base = append(s.base, value(g))
	}
	for _, g := range t.changed {
		s.changed = append(s.changed, value(g))
	}
	if !s.declared && f.unit == Share && !f.falls && s.none() {
		return // that there was nothing of the kind is said of all calls
	}
	s.withinBase, s.withinChanged = math.NaN(), math.NaN()
	if within != nil && s.known() {
		s.withinBase, s.withinChanged = within(t.base), within(t.changed)
	}
	t.list = append(t.list, s)
}

// none reports whether no call of any run is in a share.
func (s *series) none() bool {
	return !slices.ContainsFunc(slices.Concat(s.base, s.changed), func(v value) bool { return v.part > 0 })
}

// group makes the series of one group.
func (t *table) group(kind, name string) {
	of := func(g *gathered) *group {
		one := g.groups[kind][name]
		return &one
	}
	slicesOf := func(g *gathered) []metrics.Slice { return of(g).slices }
	for _, f := range figures() {
		switch {
		case f.unit == Seconds:
			t.percentile(kind, name, f, of, slicesOf)
		case f.name == "completion":
			if kind == All {
				t.completion(f)
			}
		case f.name == "goodput":
			variance := uneven(t.all(), slicesOf, func(s *metrics.Slice) float64 { return float64(s.OK) })
			t.add(kind, name, f, func(g *gathered) value {
				if of(g).held {
					return value{lacks: heldUp}
				}
				return positive(&of(g).Rate.Goodput)
			}, func([]*gathered) float64 { return variance })
		default:
			factor := alike(t.all(), slicesOf, func(_ int, s *metrics.Slice) (float64, float64) { return sliced(f.name, s) })
			within := func(runs []*gathered) float64 {
				var parts, wholes float64
				for _, g := range t.all() {
					part, whole := of(g).shareOf(f.name)
					parts, wholes = parts+float64(part), wholes+float64(whole)
				}
				var sum float64
				for _, g := range runs {
					_, whole := of(g).shareOf(f.name)
					sum += 1 / float64(whole)
				}
				return factor * parts / wholes * (1 - parts/wholes) * sum / float64(len(runs))
			}
			t.add(kind, name, f, func(g *gathered) value { return share(of(g).shareOf(f.name)) }, within)
		}
	}
}

// percentile makes the series of a percentile of the latency. In a closed loop that is the service time.
func (t *table) percentile(kind, name string, f figure, of func(*gathered) *group, slicesOf func(*gathered) []metrics.Slice) {
	p := percentile(f.name)
	read := func(g *gathered) value {
		d := of(g).latency
		if of(g).held {
			return value{lacks: heldUp}
		}
		v := d.Percentile(p)
		if v == nil {
			return value{lacks: fmt.Sprintf("%s tells nothing below %d calls, and one has %d", f.name, histogram.Needed(p), d.Samples())}
		}
		return positive(v)
	}
	t.add(kind, name, f, read, func(runs []*gathered) float64 {
		all := t.all()
		limits := make([]float64, len(all))
		for i, g := range all {
			limits[i] = math.Exp(read(g).y)
		}
		factor := alike(all, slicesOf, func(run int, s *metrics.Slice) (over, n float64) {
			for _, h := range s.Latency {
				n += float64(h.Samples())
				over += float64(h.Samples() - h.UpTo(limits[run]))
			}
			return over, n
		})
		var sum float64
		for _, g := range runs {
			e := errorOf(of(g).latency, p, factor)
			sum += e * e
		}
		return sum / float64(len(runs))
	})
}

// completion makes the series of the share of accepted executions that completed, where they were followed.
func (t *table) completion(f figure) {
	for _, g := range t.all() {
		if g.completion == nil {
			return
		}
	}
	t.add(All, "", f, func(g *gathered) value { return share(g.completion.Completed, g.completion.Of) }, func(runs []*gathered) float64 {
		var sum float64
		for _, g := range runs {
			p := share(g.completion.Completed, g.completion.Of).y
			sum += p * (1 - p) / float64(g.completion.Of)
		}
		return sum / float64(len(runs))
	})
}

// parts makes the series of the parts of calls, which are not kept by the slice.
func (t *table) parts() {
	for _, part := range []struct {
		name string
		of   func(*metrics.Parts) *metrics.Times
	}{
		{"connect", func(p *metrics.Parts) *metrics.Times { return &p.Connect }},
		{"wait", func(p *metrics.Parts) *metrics.Times { return &p.Wait }},
		{"read", func(p *metrics.Parts) *metrics.Times { return &p.Read }},
	} {
		for _, f := range figures() {
			if f.unit != Seconds {
				continue
			}
			read := func(g *gathered) value {
				for _, p := range part.of(&g.parts).Percentiles() {
					if p.Name == f.name {
						return positive(p.Value)
					}
				}
				return value{}
			}
			if slices.ContainsFunc(t.all(), func(g *gathered) bool { return read(g).known }) {
				t.add(Part, part.name, f, read, nil)
			}
		}
	}
}
