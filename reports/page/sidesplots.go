package page

import (
	"fmt"
	"math"
	"slices"

	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/text"
)

// times are p50 and p99 over the time of each run, a line for each.
func (d sides) times() (plots []plot) {
	for _, of := range []struct {
		name string
		of   func(compare.Moment) *float64
	}{{"p50", func(m compare.Moment) *float64 { return m.P50 }}, {"p99", func(m compare.Moment) *float64 { return m.P99 }}} {
		var at, values []float64
		var lines [][]point
		var classes []string
		for i, side := range []compare.Side{d.Base, d.New} {
			for _, r := range side.Runs[:min(len(side.Runs), maxShownRuns)] {
				var line []point
				end := func() {
					if len(line) > 0 {
						lines, classes, line = append(lines, line), append(classes, "line thin "+[]string{"base", "new"}[i]), nil
					}
				}
				for _, m := range r.Times {
					v := of.of(m)
					if v == nil {
						end()
						continue
					}
					at, values, line = append(at, m.AtSeconds), append(values, *v), append(line, point{m.AtSeconds, *v})
				}
				end()
			}
		}
		if len(values) == 0 {
			continue
		}
		x, y := fromNothing(ofTimes, at...), logarithmic(ofTimes, values...)
		p := plot{Title: of.name + " of the latency over time", Hint: "a line for each run, from its start, on a logarithmic axis; a gap has too few calls", X: x.ticks(), Y: y.heights(), Legend: d.legend("")}
		for i, line := range lines {
			if len(line) == 1 { // a moment alone is drawn as long as a line is wide
				line = append(line, point{line[0].x + (x.high-x.low)/200, line[0].y})
			}
			p.Shapes = append(p.Shapes, shape{drawn(x, y, line), classes[i]})
		}
		plots = append(plots, p)
	}
	return plots
}

// runs has a bar for each run, from its p50 to its p99; nil where none tells.
func (d sides) runs() *plot {
	var values []float64
	n := 0
	for _, side := range []compare.Side{d.Base, d.New} {
		for _, r := range side.Runs[:min(len(side.Runs), maxShownRuns)] {
			n++
			for _, v := range []*float64{r.P50, r.P99} {
				if v != nil {
					values = append(values, *v)
				}
			}
		}
	}
	if len(values) == 0 {
		return nil
	}
	x, y := axis{low: 0, high: float64(n) + 2}, logarithmic(ofTimes, values...)
	p := &plot{Title: "Latency of each run", Hint: "from p50 (–) to p99 (the mark), on a logarithmic axis, one run beside the other in the order of the table below", Y: y.heights(), Legend: d.legend("mark")}
	every := max(1, (n+5)/6)
	at := 0.0
	for i, side := range []compare.Side{d.Base, d.New} {
		class := []string{"base", "new"}[i]
		for k, r := range side.Runs[:min(len(side.Runs), maxShownRuns)] {
			at++
			if k%every == 0 {
				p.X = append(p.X, tick{x.at(at), fmt.Sprintf("%s %d", class, k+1)})
			}
			if r.P50 != nil && r.P99 != nil {
				p.Bars = append(p.Bars, upright{x.at(at), y.up(*r.P99), y.up(*r.P50), class})
			}
			said := fmt.Sprintf("%s, %s: p50 %s, p99 %s", class, text.Printable(r.ID, 60), text.Duration(r.P50), text.Duration(r.P99))
			if r.P50 != nil {
				p.Dots = append(p.Dots, dot{X: x.at(at), Y: y.up(*r.P50), Mark: "dash", Class: class, Said: said})
			}
			if r.P99 != nil {
				p.Dots = append(p.Dots, dot{X: x.at(at), Y: y.up(*r.P99), Mark: class, Class: class, Said: said})
			}
		}
		at++
	}
	return p
}

// pairs are the changes of pairs of slices; nil where the sides were not met in turn.
func (d sides) pairs() *plot {
	if d.Paired == nil {
		return nil
	}
	points := d.Paired.Points[:min(len(d.Paired.Points), maxShownPairs)]
	var at []float64
	ratios := []float64{1}
	for _, q := range points {
		at = append(at, q.AtSeconds)
		for _, v := range []*float64{q.P50, q.P99} {
			if v != nil && *v > 0 {
				ratios = append(ratios, *v)
			}
		}
	}
	p := &plot{Title: "Change by pair of slices", Hint: "of the new side's latency against the base's, at the moment of the pair; single pairs scatter, and the interval in the table is of all of them"}
	if len(ratios) == 1 {
		p.Empty = "No pair has enough calls for a percentile."
		return p
	}
	x, y := fromNothing(ofTimes, at...), ofRatios(ratios)
	p.X, p.Y, p.Levels = x.ticks(), y.heights(), []ruled{{y.up(1), "zero"}}
	p.Legend = []key{{"base", "base", "p50"}, {"new", "new", "p99"}}
	for _, q := range points {
		for i, v := range []*float64{q.P50, q.P99} {
			if v == nil || *v <= 0 {
				continue
			}
			mark, name := []string{"base", "new"}[i], []string{"p50", "p99"}[i]
			p.Dots = append(p.Dots, dot{X: x.at(q.AtSeconds), Y: y.up(*v), Mark: mark, Class: mark, Said: fmt.Sprintf("%s after %s: %s", name, text.Duration(&q.AtSeconds), signedPercent(*v-1))})
		}
	}
	return p
}

// ofRatios is an axis of ratios, as changes; a logarithmic one where they are far apart, so that half stands as far
// from no change as double.
func ofRatios(ratios []float64) axis {
	say := func(ratio float64) string { return ofShares(math.Round(1e6*(ratio-1)) / 1e6) }
	if slices.Max(ratios) > 4*slices.Min(ratios) {
		return logarithmic(say, ratios...)
	}
	var changes []float64
	for _, v := range ratios {
		changes = append(changes, v-1)
	}
	a := around(say, changes...)
	return axis{low: a.low + 1, high: a.high + 1, say: say}
}
