package compare

import (
	"fmt"
	"math"
	"slices"

	"github.com/kaizenautomation/andon/reports/student"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// worse is 1 where more of a figure is worse, and −1 where less is.
func (f figure) worse() float64 {
	if f.falls {
		return -1
	}
	return 1
}

// beyond is a tolerance as a difference of values.
func (f figure) beyond() float64 {
	switch {
	case f.unit == Share:
		return f.tolerance
	case f.falls:
		return -math.Log(1 - f.tolerance)
	}
	return math.Log(1 + f.tolerance)
}

// shown is a difference of values as a row has it.
func (f figure) shown(difference float64) *float64 {
	if f.unit != Share {
		difference = math.Expm1(difference)
	}
	if math.IsNaN(difference) || math.IsInf(difference, 0) {
		return nil
	}
	return &difference
}

// bounds are those of a change as a row has them: no share changes by more than all there is.
func (f figure) bounds(low, high float64) (*float64, *float64) {
	if f.unit == Share {
		low, high = max(low, -1), min(high, 1)
	}
	return f.shown(low), f.shown(high)
}

// row is what a series comes to, without a verdict.
func (s *series) row() (Row, estimate) {
	r := Row{Kind: s.kind, Name: s.name, Figure: s.figure.name, Unit: s.figure.unit, Declared: s.declared, Verdict: Looked}
	if s.declared {
		r.Verdict, r.Tolerance = Unknown, s.figure.tolerance
	}
	if !s.known() {
		r.Base, r.New, r.Reason = s.alone(s.base), s.alone(s.changed), s.lacks()
		return r, estimate{}
	}
	e := s.estimate()
	shown := func(y float64) *float64 {
		if s.figure.unit != Share {
			y = math.Exp(y)
		}
		return &y
	}
	r.Base, r.New = shown(e.base), shown(e.changed)
	r.Change = s.figure.shown(e.change)
	r.Low, r.High = s.figure.bounds(e.low, e.high)
	return r, e
}

// alone is the figure of one side where the other cannot tell it.
func (s *series) alone(values []value) *float64 {
	var sum float64
	for _, v := range values {
		if !v.known {
			return nil
		}
		sum += v.y / float64(len(values))
	}
	if s.figure.unit != Share {
		sum = math.Exp(sum)
	}
	return &sum
}

// lacks says why a figure is not known.
func (s *series) lacks() string {
	var why string
	var runs int
	for _, v := range slices.Concat(s.base, s.changed) {
		if !v.known {
			runs++
			why = v.lacks
		}
	}
	return fmt.Sprintf("in %d of %d runs it cannot be told: %s", runs, len(s.base)+len(s.changed), why)
}

// decide gives the declared rows their verdicts, and all of them what could have been seen.
func decide(list []series) (rows []Row) {
	estimates := make([]estimate, len(list))
	var at []int // declared, with the spread between runs
	for i := range list {
		var r Row
		r, estimates[i] = list[i].row()
		rows = append(rows, r)
		if list[i].declared && list[i].known() && estimates[i].runs {
			at = append(at, i)
		}
	}
	var least float64
	if len(at) > 0 {
		least = judgeAll(list, estimates, at, rows)
	}
	p := planner{least: least}
	for i := range list {
		p.finish(&list[i], &rows[i], estimates[i])
	}
	return rows
}

// judgeAll finds what became worse or better among the series at some places, and gives by how many standard errors any
// must have become worse.
func judgeAll(list []series, estimates []estimate, at []int, rows []Row) (least float64) {
	var all []judged
	for _, i := range at {
		all = append(all, list[i].judge(estimates[i]))
	}
	ts, ds := rotated(all, len(list[at[0]].base), len(list[at[0]].changed))
	for _, way := range []struct {
		sign    float64
		verdict string
	}{{1, Regression}, {-1, Improvement}} {
		ps, most := corrected(all, ts, ds, func(k int, p float64) bool {
			low, _ := estimates[at[k]].toward(way.sign * list[at[k]].figure.worse())
			if found := p <= direction && low > 0 && all[k].change > all[k].beyond; !found {
				return false
			}
			rows[at[k]].Verdict = way.verdict
			return true
		})
		for k, i := range at {
			if rows[i].P == nil || all[k].change > 0 {
				rows[i].P = &ps[k]
			}
		}
		if way.sign > 0 {
			least = most
			turned(all, ts, ds)
		}
	}
	return least
}

// toward is the interval of a change in one direction.
func (e *estimate) toward(sign float64) (low, high float64) {
	if sign > 0 {
		return e.low, e.high
	}
	return -e.high, -e.low
}

// planner says what could have been seen.
type planner struct {
	least   float64 // standard errors by which any declared figure must change
	freedom int
	draws   *draws
	looked  float64 // what is visible, in standard errors, of a figure that is not declared
}

// visible is the smallest change to the worse that would have been seen of a series, as a difference of values.
func (p *planner) visible(s *series, e estimate) float64 {
	errors := student.Percentile(1-direction, e.freedom)
	if p.freedom != e.freedom {
		p.freedom, p.draws = e.freedom, drawn(e.freedom)
		p.looked = p.draws.visible(errors, 0)
	}
	if !s.declared || e.scale == 0 {
		return p.looked * e.scale
	}
	return e.scale * p.draws.visible(max(errors, p.least), s.figure.beyond()/e.scale)
}

// finish says of a row what could have been seen, and of one that was no find whether that is known, and why not.
func (p *planner) finish(s *series, r *Row, e estimate) {
	switch {
	case r.Reason != "":
		return
	case r.Low == nil || r.High == nil:
		r.Reason = "how far it can be off is not known of so few runs"
		return
	case !e.runs:
		s.alike(r, e)
		return
	}
	f := s.figure
	low, high := e.toward(f.worse())
	change, beyond := f.worse()*e.change, f.beyond()
	if r.Visible = f.shown(f.worse() * p.visible(s, e)); r.Visible != nil {
		*r.Visible = math.Abs(*r.Visible)
	}
	if r.Verdict != Unknown {
		return
	}
	switch {
	case high < beyond:
		r.Verdict = Same
		return
	case low > 0 && change > beyond:
		r.Reason = "it is beyond its own interval, and not once the number of declared figures is corrected for"
	case low > 0:
		r.Reason = "it became worse, and whether by more than is tolerated is not known"
	default:
		r.Reason = "the runs of one side differ by " + s.differ(e.one)
	}
	r.Runs = runsFor(e.one, change, beyond)
}

// usualDrift is by how much runs of the same build differ where nothing is known of it, as a standard deviation: ±15 %.
const usualDrift = 0.09

// alike says of a declared row of which one side is a single run what is known of it.
func (s *series) alike(r *Row, e estimate) {
	if !s.declared {
		return
	}
	r.Reason = "how much runs drift is not known of one run on a side"
	one, beyond := e.one, s.figure.beyond()
	if len(s.base)+len(s.changed) == 2 && s.figure.unit == Seconds {
		one = math.Hypot(one, usualDrift)
		r.Reason += ", and often is ±15 %"
	}
	change := s.figure.worse() * e.change
	if (e.low > 0 || e.high < 0) && math.Abs(change) > beyond {
		r.Verdict = Drift
		// To tell an improvement, it is the size that counts.
		r.Runs = runsFor(one, math.Abs(change), beyond)
		return
	}
	r.Runs = runsFor(one, change, beyond)
}

// differ writes a standard deviation of a value.
func (s *series) differ(one float64) string {
	if s.figure.unit == Share {
		return text.Digits(100*one) + " pp"
	}
	return text.Digits(100*math.Expm1(one)) + " %"
}

// verdict is that of all rows. Where an answer is needed, none is a fail.
func verdict(rows []Row, needAnswer bool) (v summary.Verdict) {
	v = summary.Verdict{Status: summary.Pass, Causes: []string{}}
	var worse, open []string
	for _, r := range rows {
		switch {
		case !r.Declared:
		case r.Verdict == Regression:
			worse = append(worse, r.Remark())
		case r.Verdict == Unknown || r.Verdict == Drift:
			open = append(open, r.Remark())
		}
	}
	v.Causes = append(v.Causes, worse...)
	switch {
	case len(worse) > 0:
		v.Status, v.ExitCode = summary.Fail, 1
	case len(open) > 0 && needAnswer:
		v.Status, v.ExitCode, v.Causes = summary.Fail, 1, open
	case len(open) > 0:
		v.Status, v.ExitCode, v.Causes = summary.NoVerdict, 3, open
	}
	return v
}
