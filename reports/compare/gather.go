package compare

import (
	"math"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
)

// grouping is a kind of rows by what the calls are grouped by.
type grouping struct {
	kind string
	by   metrics.Grouping
}

// groupings are all of them, in the order of their rows.
func groupings() []grouping {
	return []grouping{{Tier, metrics.ByTier}, {All, metrics.Ungrouped}, {Content, metrics.ByContent}, {Class, metrics.ByClass}, {Phase, metrics.ByPhase}}
}

// gathered is what was measured of a run, by group.
type gathered struct {
	// from and until are when its measured calls were due, in seconds.
	from, until float64
	groups      map[string]map[string]group // by kind and name
	parts       metrics.Parts
	completion  *Completion
}

type group struct {
	metrics.Figures
	latency histogram.Distribution
	slices  []metrics.Slice
	// held says that calls were held up, so that of errors those count that are the target's own doing, and no times.
	held bool
}

func gather(m Measured) gathered {
	g := gathered{groups: map[string]map[string]group{}, parts: m.Whole.Parts(), from: math.Inf(1), completion: m.Completion}
	elapsed := m.Whole.Elapsed(m.End)
	for _, of := range groupings() {
		figures, latencies, slices := m.Whole.By(of.by, elapsed), m.Whole.Latencies(of.by), m.Stretches.Slices(of.by)
		groups := map[string]group{}
		for name, f := range figures {
			// What a warm-up did is no finding.
			if of.kind != Phase || !m.warmsUp(name) {
				groups[name] = group{Figures: f, latency: latencies[name], slices: slices[name], held: m.held()}
			}
		}
		g.groups[of.kind] = groups
	}
	for _, s := range g.groups[All][""].slices {
		g.from, g.until = min(g.from, s.StartSeconds), max(g.until, s.StartSeconds+s.Seconds)
	}
	return g
}

// warmsUp reports whether a phase is a warm-up.
func (m *Measured) warmsUp(name string) bool {
	for _, p := range m.Labels.Phases {
		if p.Name == name {
			return p.Warmup
		}
	}
	return false
}

// value is the figure of one run: the logarithm of a time or a rate, or a share with what it is of.
type value struct {
	y           float64
	part, whole float64
	known       bool
	// lacks says why it is not known.
	lacks string
}

// share is a value of which the parts are known.
func share(part, whole uint64) value {
	if whole == 0 {
		return value{lacks: "there was no such call"}
	}
	return value{y: float64(part) / float64(whole), part: float64(part), whole: float64(whole), known: true}
}

// positive is the value of a time or a rate.
func positive(v *float64) value {
	if v == nil || *v <= 0 {
		return value{lacks: "there was none, or it was too short to be measured"}
	}
	return value{y: math.Log(*v), known: true}
}

// shareOf counts the calls of a group that a figure is the share of.
func (g *group) shareOf(figure string) (part, whole uint64) {
	switch figure {
	case "violations":
		return g.Violated(), g.Completed
	case "shed":
		return g.Of(results.OutcomeShed), g.Sent
	case "failed":
		return g.Of(results.OutcomeFailed), g.Sent
	}
	if g.held {
		for k, name := range results.KindNames() {
			if results.Kind(k).Theirs() {
				part += g.Errors[name]
			}
		}
		return part, g.Sent
	}
	return g.Failed(), g.Sent
}

// sliced is the same of a slice; what became of calls one by one is not kept by the slice, so that failed ones are
// taken for errors.
func sliced(figure string, s *metrics.Slice) (part, whole float64) {
	switch figure {
	case "violations":
		return float64(s.Violations), float64(s.Completed)
	case "shed":
		return float64(s.Shed), float64(s.Sent)
	}
	return float64(s.Errors), float64(s.Sent)
}
