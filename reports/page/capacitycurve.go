package page

import (
	"fmt"
	"slices"

	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/text"
)

// curve is what trials came to by their rate, one chart for each kind of figure, all over the same rates, and of the
// share over the limit once more around the capacity. Marks explain the lines and shades across.
func (d search) curve() (plots []plot, marks []key) {
	var trials []sizing.Trial
	var rates []float64
	for _, t := range d.Trials[:min(len(d.Trials), maxTrials)] {
		if t.Rate > 0 && t.Callers == 0 && slices.Contains([]string{"acceptance", "completion", "need", "onset"}, t.Of) {
			trials, rates = append(trials, t), append(rates, t.Rate)
		}
	}
	if len(trials) == 0 {
		return nil, nil
	}
	for _, r := range d.across() {
		rates = append(rates, r.rate)
	}
	x := fromNothing(ofRates, rates...)
	// What completion came to says nothing of acceptance, nor the other way round, where both were searched for.
	followed := slices.DeleteFunc(slices.Clone(trials), func(t sizing.Trial) bool { return t.Growth == nil })
	completing := func(t sizing.Trial) bool { return t.Of == "completion" }
	if d.Acceptance != nil && slices.ContainsFunc(followed, completing) {
		followed = slices.DeleteFunc(followed, func(t sizing.Trial) bool { return !completing(t) })
		trials = slices.DeleteFunc(trials, completing)
	}
	plots = append(plots, d.latencies(x, trials), d.shares(x, trials))
	told := slices.DeleteFunc(slices.Clone(trials), func(t sizing.Trial) bool { return t.Outcome == sizing.Void })
	if len(told) > 0 {
		plots = append(plots, d.goodput(x, told))
		if p := d.troubles(x, told); p != nil {
			plots = append(plots, *p)
		}
	}
	if len(followed) > 0 {
		plots = append(plots, d.growth(x, followed))
	}
	seen := map[string]bool{} // the keyboard comes to each trial once
	for i := range plots {
		d.cross(&plots[i], x)
		plots[i].X = x.ticks()
		for k := range plots[i].Dots {
			one := &plots[i].Dots[k]
			one.Tab, seen[one.Href] = !seen[one.Href], true
		}
	}
	if near := d.near(trials); near != nil {
		plots = slices.Insert(plots, 2, *near)
	}
	return plots, d.marked()
}

// crossing is a rate that is marked in all charts of the curve.
type crossing struct {
	rate        float64
	class, said string
}

func (d search) across() (list []crossing) {
	for i, c := range d.both() {
		class := []string{"interval", "second"}[i]
		switch {
		case c.Kind == sizing.Interval && c.Rate > 0:
			list = append(list, crossing{c.Rate, class, fmt.Sprintf("%s: %s, best estimate %s", c.name, c.Between(), text.Rate(c.Rate))})
		case c.Kind == sizing.AtLeast && c.Low != nil:
			list = append(list, crossing{*c.Low, class, fmt.Sprintf("%s: %s", c.name, c.Between())})
		case c.Kind == sizing.AtMost && c.High != nil:
			list = append(list, crossing{*c.High, class, fmt.Sprintf("%s: %s", c.name, c.Between())})
		}
	}
	if d.Need != nil && d.Need.Rate > 0 {
		said := "needed: " + text.Rate(d.Need.Rate)
		if d.Need.Tried > d.Need.Rate {
			said += ", tried at " + text.Rate(d.Need.Tried)
		}
		list = append(list, crossing{max(d.Need.Tried, d.Need.Rate), "need", said})
	}
	for _, o := range d.Onsets {
		if o.High != nil {
			class := "onset"
			if o.What == "shed" {
				class = "shedding"
			}
			list = append(list, crossing{*o.High, class, onsetName(o) + ", first at " + text.Rate(*o.High)})
		}
	}
	return list
}

// cross draws what is marked at a rate into a chart.
func (d search) cross(p *plot, x axis) {
	for i, c := range d.both() {
		if c.Kind == sizing.Interval && c.Low != nil && c.High != nil && *c.High >= *c.Low {
			p.Bands = append(p.Bands, band{x.at(*c.Low), max(x.at(*c.High)-x.at(*c.Low), 0.2), []string{"interval", "second"}[i]})
		}
	}
	for _, r := range d.across() {
		if r.rate >= x.low && r.rate <= x.high {
			p.Rules = append(p.Rules, ruled{x.at(r.rate), r.class})
		}
	}
}

func (d search) marked() (marks []key) {
	for _, outcome := range []string{sizing.Holds, sizing.Broken, sizing.Open, sizing.Void} {
		if slices.ContainsFunc(d.Trials, func(t sizing.Trial) bool { return t.Outcome == outcome }) {
			marks = append(marks, key{outcomeWord(outcome).Word, outcomeWord(outcome).Word, map[string]string{
				sizing.Holds: "holds", sizing.Broken: "broken", sizing.Open: "undecided", sizing.Void: "void: says nothing of the target"}[outcome]})
		}
	}
	for _, c := range d.across() {
		marks = append(marks, key{"", c.class, c.said})
	}
	return marks
}

// dotOf is the mark of a trial, which leads to its report.
func dotOf(t sizing.Trial, x axis, up float64, said string) dot {
	w := outcomeWord(t.Outcome)
	return dot{X: x.at(t.Rate), Y: up, Mark: w.Word, Class: w.Word, Href: reportOf(t), Said: fmt.Sprintf("Trial %d: %s, %s; %s", t.N, t.Load(), w.Word, said)}
}

// latencies have a line for each trial, from its p50 to its p99, and its mark at the highest that is known.
func (d search) latencies(x axis, trials []sizing.Trial) plot {
	p := plot{Title: "Latency", Hint: "of each trial, from p50 (–) over p95 (–) to p99 (the mark), on a logarithmic axis; a mark leads to the trial's report"}
	var values []float64
	for _, t := range trials {
		for _, v := range []*float64{t.P50, t.P95, t.P99} {
			if v != nil {
				values = append(values, *v)
			}
		}
	}
	if len(values) == 0 {
		p.Empty = "No trial has enough calls for a percentile."
		return p
	}
	y := logarithmic(ofTimes, values...)
	p.Y = y.heights()
	for _, t := range trials {
		top, low := highest(t.P50, t.P95, t.P99), highest(t.P50)
		if top == nil {
			continue
		}
		if low != nil {
			p.Bars = append(p.Bars, upright{x.at(t.Rate), y.up(*top), y.up(*low), outcomeWord(t.Outcome).Word})
		}
		said := fmt.Sprintf("p50 %s, p95 %s, p99 %s", text.Duration(t.P50), text.Duration(t.P95), text.Duration(t.P99))
		for _, v := range []*float64{t.P50, t.P95} {
			if v != nil && v != top {
				p.Dots = append(p.Dots, dot{X: x.at(t.Rate), Y: y.up(*v), Mark: "dash", Class: outcomeWord(t.Outcome).Word})
			}
		}
		p.Dots = append(p.Dots, dotOf(t, x, y.up(*top), said))
	}
	return p
}

// highest is the last of the percentiles that is known.
func highest(list ...*float64) (v *float64) {
	for _, p := range list {
		if p != nil {
			v = p
		}
	}
	return v
}

// shares are those of the calls over the limit of the objective in focus, with what was fitted to them.
func (d search) shares(x axis, trials []sizing.Trial) plot {
	focus := d.focus()
	p := plot{Title: "Calls over the limit", Hint: "of " + d.expr(focus) + ", on a logarithmic axis; what has fewer, or none, is at the bottom"}
	var values []float64
	for _, t := range trials {
		if v, ok := t.Share(focus); ok {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		p.Empty = "No trial was counted."
		return p
	}
	if focus < len(d.Objectives) {
		values = append(values, d.Objectives[focus].Allowed)
	}
	var curve []sizing.CurvePoint
	if c := d.main(); c != nil {
		curve = c.Curve
	}
	var fitted, low, high []point
	for _, c := range curve {
		if c.Rate < x.low || c.Rate > x.high {
			continue // it lies beside the chart
		}
		fitted, low, high = append(fitted, point{c.Rate, c.Share}), append(low, point{c.Rate, c.Low}), append(high, point{c.Rate, c.High})
		values = append(values, c.Share, c.High)
	}
	y := logarithmic(ofShares, values...)
	y.high = min(y.high, 1.4)
	if focus < len(d.Objectives) {
		y.low = max(y.low, d.Objectives[focus].Allowed/300) // a curve falls to nothing, and the axis must not
	}
	y.low = min(max(y.low, 1e-9), y.high/10)
	p.Y = y.heights()
	if len(fitted) > 1 {
		p.Shapes = append(p.Shapes, shape{enclosed(x, y, low, high), "fitted area"}, shape{drawn(x, y, fitted), "fitted"})
		p.Legend = append(p.Legend, key{"", "fitted", "fitted, and the interval of the fit"})
	}
	if focus < len(d.Objectives) && d.Objectives[focus].Allowed > 0 {
		p.Levels = append(p.Levels, ruled{y.up(d.Objectives[focus].Allowed), "allowed"})
		p.Legend = append(p.Legend, key{"", "allowed", text.Percent(d.Objectives[focus].Allowed) + " may be"})
	}
	for _, t := range trials {
		if v, ok := t.Share(focus); ok {
			p.Dots = append(p.Dots, dotOf(t, x, y.up(v), text.Percent(v)+" over the limit"))
		}
	}
	return p
}

// near is the share over the limit around the capacity, where trials crowd.
func (d search) near(trials []sizing.Trial) *plot {
	c := d.main()
	if c == nil || c.Kind != sizing.Interval || c.Low == nil || c.High == nil || !(*c.High > *c.Low) {
		return nil
	}
	low, high := bounded(*c.Low), bounded(*c.High)
	wide := max(2.5*(high-low), 0.15*bounded(c.Rate))
	x := axis{low: max(low-wide, 0), high: high + wide, say: ofRates}
	trials = slices.DeleteFunc(slices.Clone(trials), func(t sizing.Trial) bool { return t.Rate < x.low || t.Rate > x.high })
	if len(trials) < 3 {
		return nil
	}
	p := d.shares(x, trials)
	p.Title = "Calls over the limit, around the capacity"
	p.X = x.ticks()
	d.cross(&p, x)
	return &p
}

// goodput stands beside the rate that was asked for.
func (d search) goodput(x axis, trials []sizing.Trial) plot {
	p := plot{Title: "Goodput", Hint: "calls a second that kept every limit, beside the rate (the line is where they are the same)"}
	values := []float64{0}
	for _, t := range trials {
		values = append(values, t.Goodput)
	}
	y := fromNothing(ofRates, values...)
	p.Y = y.heights()
	most := min(x.high, y.high)
	p.Shapes = append(p.Shapes, shape{drawn(x, y, []point{{0, 0}, {most, most}}), "asked"})
	for _, t := range trials {
		p.Dots = append(p.Dots, dotOf(t, x, y.up(t.Goodput), "goodput "+text.Rate(t.Goodput)))
	}
	return p
}

// troubles are the shares of errors, of calls that were shed, and of breaches of the contract; nil where there are
// none.
func (d search) troubles(x axis, trials []sizing.Trial) *plot {
	p := plot{Title: "Errors, shed calls, breaches of the contract", Hint: "share of the calls; a trial without any has no mark"}
	var values []float64
	for _, t := range trials {
		values = append(values, t.Errors, t.Shed, t.Violations)
	}
	if slices.Max(values) <= 0 {
		return nil
	}
	y := fromNothing(ofShares, values...)
	y.high = min(y.high, 1.06)
	p.Y = y.heights()
	for _, kind := range []struct {
		mark, name string
		of         func(sizing.Trial) float64
	}{
		{"errors", "errors", func(t sizing.Trial) float64 { return t.Errors }}, {"shed", "shed", func(t sizing.Trial) float64 { return t.Shed }},
		{"violations", "breaches of the contract", func(t sizing.Trial) float64 { return t.Violations }},
	} {
		if !slices.ContainsFunc(trials, func(t sizing.Trial) bool { return kind.of(t) > 0 }) {
			continue
		}
		p.Legend = append(p.Legend, key{kind.mark, kind.mark, kind.name})
		for _, t := range trials {
			if kind.of(t) <= 0 {
				continue
			}
			q := dotOf(t, x, y.up(kind.of(t)), text.Percent(kind.of(t))+" "+kind.name)
			q.Mark, q.Class = kind.mark, kind.mark
			p.Dots = append(p.Dots, q)
		}
	}
	return &p
}

// growth is that of the backlog of executions, which have to end as fast as they are accepted.
func (d search) growth(x axis, trials []sizing.Trial) plot {
	p := plot{Title: "Growth of the backlog", Hint: "executions a second that were accepted beyond those that ended, with the interval of that"}
	values := []float64{0}
	for _, t := range trials {
		if t.Growth != nil {
			values = append(values, t.Growth.Low, t.Growth.High)
		}
	}
	y := around(ofRates, values...)
	p.Y = y.heights()
	p.Levels = append(p.Levels, ruled{y.up(0), "zero"})
	for _, t := range trials {
		if g := t.Growth; g != nil {
			p.Bars = append(p.Bars, upright{x.at(t.Rate), y.up(g.High), y.up(g.Low), outcomeWord(t.Outcome).Word})
			p.Dots = append(p.Dots, dotOf(t, x, y.up(g.Value), "the backlog grew by "+text.Rate(g.Value)))
		}
	}
	return p
}
