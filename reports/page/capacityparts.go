package page

import (
	"fmt"

	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/text"
)

// mixed is the capacity by the share of one value in the mix, beside what a shared pool would take.
func (d search) mixed() (t table, p *plot, said string) {
	m := d.Mix
	if m == nil || len(m.Points) == 0 {
		return t, nil, ""
	}
	value := text.Printable(m.Value, 40)
	of := fmt.Sprintf("share of %s %s", text.Printable(m.Of, 40), value)
	t.Header = []column{{of, false}, {"capacity", true}, {"interval", true}, {"a shared pool would take", true}, {"", false}}
	x := axis{low: 0, high: 1, say: ofShares}
	var rates []float64
	for _, q := range m.Points {
		rates = append(rates, q.Capacity.Rate, or(q.Capacity.Low), or(q.Capacity.High))
		if q.Predicted != nil {
			rates = append(rates, q.Predicted.High)
		}
	}
	y := fromNothing(ofRates, rates...)
	p = &plot{Title: "Capacity by the mix", Hint: of + "; the line is what a pool shared by both would take, 1/λ = f/λ₁ + (1−f)/λ₀, from the two ends", X: x.ticks(), Y: y.heights()}
	var line, low, high []point
	for _, q := range m.Points {
		predicted, apart := "it is made of this", ""
		at := point{q.Share, q.Capacity.Rate}
		if b := q.Predicted; b != nil {
			predicted = text.Rate(b.Value) + " (" + text.RateBetween(b.Low, &b.High) + ")"
			line, low, high = append(line, point{q.Share, b.Value}), append(low, point{q.Share, b.Low}), append(high, point{q.Share, b.High})
		} else if q.Capacity.Rate > 0 {
			line, low, high = append(line, at), append(low, at), append(high, at)
		}
		mark := "holds"
		if q.Apart {
			apart, mark = "apart from it", "broken"
		}
		t.Rows = append(t.Rows, []string{text.Percent(q.Share), rateOr(q.Capacity.Rate), q.Capacity.Between(), predicted, apart})
		if c := q.Capacity; c.Low != nil && c.High != nil {
			p.Bars = append(p.Bars, upright{x.at(q.Share), y.up(*c.High), y.up(*c.Low), mark})
		}
		if q.Capacity.Rate > 0 {
			p.Dots = append(p.Dots, dot{X: x.at(q.Share), Y: y.up(q.Capacity.Rate), Mark: mark, Class: mark, Said: fmt.Sprintf("%s of %s: %s", text.Percent(q.Share), value, q.Capacity.Between())})
		}
	}
	p.Shapes = []shape{{enclosed(x, y, low, high), "fitted area"}, {drawn(x, y, line), "fitted"}}
	p.Legend = []key{{"holds", "holds", "measured, with its interval"}, {"", "fitted", "a shared pool"}}
	if m.Departure != "" {
		p.Legend = append(p.Legend, key{"broken", "broken", "measured, and apart from a shared pool"})
	}
	return t, p, text.Printable(m.String(), 600)
}

func or(v *float64) float64 {
	if v == nil {
		return 0
	}
	return *v
}

// isolated is what one tier's latency does beside a load of the other.
func (d search) isolated() (t table, p *plot, said string) {
	s := d.Report.Isolation
	if s == nil || len(s.Points) == 0 {
		return t, nil, ""
	}
	tier, beside := text.Printable(s.Tier, 40), text.Printable(s.Beside, 40)
	t.Header = []column{{"load of " + beside, false}, {"p99 of " + tier, true}, {"change", true}, {"interval of the change", true}}
	p = &plot{Title: fmt.Sprintf("p99 of %s beside a load of %s", tier, beside), Hint: fmt.Sprintf("change against %s alone, at %s, with its interval; the load is in percent of the %s that %s takes alone",
		tier, text.Rate(s.Rate), text.Rate(s.Capacity), beside)}
	x := axis{low: 0, high: 1, say: ofShares}
	values := []float64{0}
	for _, q := range s.Points {
		if q.Change != nil {
			values = append(values, q.Change.Low, q.Change.High)
		}
	}
	y := around(ofTimes, values...)
	p.X, p.Y, p.Levels = x.ticks(), y.heights(), []ruled{{y.up(0), "zero"}}
	for _, q := range s.Points {
		row := []string{text.Percent(q.Load), text.Duration(&q.P99), "", ""}
		if q.Load == 0 {
			row[0] = "none, " + tier + " alone"
		}
		if c := q.Change; c != nil {
			row[2], row[3] = text.SignedDuration(c.Value), text.DurationRange(c.Low, c.High)
			mark := "holds"
			if c.Low > 0 {
				mark = "broken"
			}
			p.Bars = append(p.Bars, upright{x.at(q.Load), y.up(c.High), y.up(c.Low), mark})
			one := dot{X: x.at(q.Load), Y: y.up(c.Value), Mark: mark, Class: mark, Said: fmt.Sprintf("%s of its capacity: %s", text.Percent(q.Load), text.SignedDuration(c.Value))}
			if from := d.Trial(q.Trial); from != nil {
				one.Href, one.Tab = reportOf(*from), true
			}
			p.Dots = append(p.Dots, one)
		} else if q.AtLeast != nil {
			row[3] = "≥ " + text.SignedDuration(*q.AtLeast)
		} else if q.Load > 0 {
			row[2] = "cannot be told"
		}
		t.Rows = append(t.Rows, row)
	}
	if len(p.Dots) == 0 {
		p = nil
	}
	return t, p, text.Printable(s.String(), 600)
}

// scaled is the throughput by callers, with the law that was fitted to it.
func (d search) scaled() (t table, p *plot, facts []fact, said string) {
	s := d.Scaling
	if s == nil {
		return t, nil, nil, ""
	}
	t.Header = []column{{"callers", false}, {"throughput", true}, {"fitted", true}, {"p50", true}}
	var callers, rates []float64
	for _, l := range s.Levels {
		callers, rates = append(callers, float64(l.Callers)), append(rates, l.Throughput, l.Fitted)
		t.Rows = append(t.Rows, []string{text.Count(uint64(max(l.Callers, 0))), text.Rate(l.Throughput), rateOr(l.Fitted), text.Duration(&l.P50)})
	}
	said = text.Sentence(text.Printable(s.Refused, 600))
	fits := s.Refused == "" && s.Gamma.Value > 0
	if fits {
		facts = []fact{{"α, contention", interval(s.Alpha)}, {"β, coherency", interval(s.Beta)}, {"γ, throughput of one caller", text.Rate(s.Gamma.Value) + " (" + text.RateBetween(s.Gamma.Low, &s.Gamma.High) + ")"},
			{"Variance explained", text.Percent(s.R2)}}
		peak := "none by this law"
		if s.PeakCallers > 0 {
			peak = fmt.Sprintf("%s at %s callers", text.Rate(s.Peak), text.Digits(s.PeakCallers))
		}
		facts = append(facts, fact{"Highest throughput", peak})
	}
	if len(callers) < 2 {
		return t, nil, facts, said
	}
	x, y := fromNothing(plainDigits, callers...), fromNothing(ofRates, rates...)
	p = &plot{Title: "Throughput by callers", Hint: "calls a second that so many callers got through, each of whom waits for an answer before the next call", X: x.ticks(), Y: y.heights()}
	if fits {
		var line []point
		for i := range 101 {
			n := max(x.high*float64(i)/100, 0)
			line = append(line, point{n, s.Gamma.Value * n / (1 + s.Alpha.Value*(n-1) + s.Beta.Value*n*(n-1))})
		}
		p.Shapes = []shape{{drawn(x, y, line), "fitted"}}
		p.Legend = []key{{"holds", "holds", "measured"}, {"", "fitted", "Universal Scalability Law, X(N) = γN / (1 + α(N−1) + βN(N−1))"}}
	}
	for _, l := range s.Levels {
		one := dot{X: x.at(float64(l.Callers)), Y: y.up(l.Throughput), Mark: "holds", Class: "holds", Said: fmt.Sprintf("%s: %s", text.Plural(uint64(max(l.Callers, 0)), "caller"), text.Rate(l.Throughput))}
		if from := d.Trial(l.Trial); from != nil {
			one.Href, one.Tab = reportOf(*from), true
		}
		p.Dots = append(p.Dots, one)
	}
	return t, p, facts, said
}

// interval is an estimate of a small number with its interval.
func interval(b sizing.Bounds) string {
	return fmt.Sprintf("%.3g (%.3g to %.3g)", b.Value, b.Low, b.High)
}

// replicas are how many are needed, and what that rests on.
func (d search) replicas() (facts []fact, assumptions []string) {
	r := d.Report.Replicas
	if r == nil {
		return nil, nil
	}
	return []fact{
		{"Needed", text.Plural(uint64(max(r.Needed, 0)), "replica") + " for " + text.Rate(r.Need)}, {"Measured", text.Plural(uint64(max(r.Measured, 0)), "replica")},
		{"Each takes", text.Rate(r.Each)}, {"Kept free of each", text.Percent(r.Reserve)},
	}, printables(r.Assumptions, 600)
}

// soaked is the long run at a share of the capacity.
func (d search) soaked() (facts []fact, said, report string, drift []string) {
	s := d.Report.Soak
	if s == nil {
		return nil, "", "", nil
	}
	if t := d.Trial(s.Trial); t != nil {
		report = reportOf(*t)
	}
	return []fact{{"Rate", text.Rate(s.Rate)}, {"Of the capacity", text.Percent(s.Share)}, {"For", text.Duration(&s.Seconds)}}, text.Printable(s.String(), 600), report, printables(s.Drift, 600)
}
