package compare

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/text"
)

// Compare holds new runs against those of a base. The error is a [RefusedError] where they must not be compared.
func Compare(base, changed Set, o Options) (Report, error) {
	if len(base.Runs) == 0 || len(changed.Runs) == 0 {
		return Report{}, fmt.Errorf("a comparison is of runs on both sides; the base has %d, the new side %d", len(base.Runs), len(changed.Runs))
	}
	differs, err := refuse(base, changed, o.Force, false)
	if err == nil {
		return o.report(base, changed, differs, func([]Row) {}), nil
	}
	if r, found := heldAlike(base, changed, o); found {
		return r, nil
	}
	return Report{}, err
}

// heldAlike compares runs though the calls of some of the new ones were held up; false where that finds nothing, or
// something else is in the way.
func heldAlike(base, changed Set, o Options) (r Report, found bool) {
	if !slices.ContainsFunc(changed.Runs, func(m Measured) bool { return m.held() }) {
		return r, false
	}
	differs, err := refuse(base, changed, o.Force, true)
	if err != nil {
		return r, false
	}
	r = o.report(base, changed, differs, func(rows []Row) {
		for i := range rows {
			if !rows[i].standing() {
				rows[i].spoil()
			}
		}
	})
	r.Curves, r.Notes = nil, append([]string{heldNote}, r.Notes...)
	return r, r.Count(Regression) > 0
}

// report compares runs that may be. look is shown what the rows came to before the verdict is made of them.
func (o Options) report(base, changed Set, differs []string, look func([]Row)) Report {
	t := table{tolerances: o.Tolerances}
	for _, m := range base.Runs {
		g := gather(m)
		t.base = append(t.base, &g)
	}
	for _, m := range changed.Runs {
		g := gather(m)
		t.changed = append(t.changed, &g)
	}
	t.fill()
	rows := decide(t.list)
	look(rows)
	return Report{
		Schema: Schema, Andon: o.Andon, Base: side(base), New: side(changed), Confidence: confidence, Differs: differs, Rows: declaredFirst(rows),
		Curves: curves(base, changed), Notes: append(notes(base, changed, t.tolerances, rows), t.notes...), Verdict: verdict(rows, o.NeedAnswer),
	}
}

func declaredFirst(rows []Row) []Row {
	return slices.Concat(Report{Rows: rows}.Declared(), Report{Rows: rows}.Others())
}

// side is what a report says of a set.
func side(set Set) Side {
	s := Side{Name: set.Name}
	var scenarios, targets, releases []string
	for _, m := range set.Runs {
		target := m.Target
		if m.Provider != nil {
			target = "the embedded provider" // which has another port each time
		}
		scenarios, targets, releases = append(scenarios, m.Scenario), append(targets, target), append(releases, m.Release)
		s.Runs = append(s.Runs, runOf(m))
	}
	s.Scenario, s.Target, s.Release = distinct(scenarios), distinct(targets), distinct(releases)
	return s
}

// distinct are texts, each once, in the order in which they come.
func distinct(list []string) string {
	var once []string
	for _, one := range list {
		if one != "" && !slices.Contains(once, one) {
			once = append(once, one)
		}
	}
	return strings.Join(once, ", ")
}

// mostMoments is into how many stretches a run is cut to be drawn.
const mostMoments = 120

// runOf is what a report says of a run.
func runOf(m Measured) Run {
	total := m.Whole.Total(m.Whole.Elapsed(m.End))
	r := Run{
		ID: m.ID, Started: m.Started.UTC(), Seconds: m.End.Seconds, Sent: total.Sent, Validity: m.Validity, P50: total.Latency.P50, P99: total.Latency.P99,
	}
	if total.Sent > 0 {
		failed := float64(total.Failed()) / float64(total.Sent)
		r.Errors = &failed
	}
	for _, p := range m.Whole.Timeline(mostMoments) {
		r.Times = append(r.Times, Moment{AtSeconds: p.StartSeconds, P50: p.Latency.P50, P99: p.Latency.P99})
	}
	return r
}

// curves are the percentile curves of all calls, and of each tier that both sides have.
func curves(base, changed Set) (list []Curves) {
	tiers := []string{""}
	for _, class := range base.Runs[0].Labels.Classes {
		if !slices.Contains(tiers, class.Tier) {
			tiers = append(tiers, class.Tier)
		}
	}
	for _, tier := range tiers {
		if one := (Curves{Tier: tier, Base: curve(base, tier), New: curve(changed, tier)}); one.Base != nil && one.New != nil {
			list = append(list, one)
		}
	}
	return list
}

// notes are what belongs beside the answer.
func notes(base, changed Set, asked Tolerances, rows []Row) (list []string) {
	differ := func(what string, of func(*Measured) string) {
		var a, b []string
		for i := range base.Runs {
			a = append(a, of(&base.Runs[i]))
		}
		for i := range changed.Runs {
			b = append(b, of(&changed.Runs[i]))
		}
		if x, y := distinct(a), distinct(b); x != y {
			list = append(list, fmt.Sprintf("%s of the base: %s; of the new side: %s.", what, text.Printable(or(x), 300), text.Printable(or(y), 300)))
		}
	}
	differ("The machine", func(m *Measured) string {
		if m.Generator.Platform == "" {
			return ""
		}
		return fmt.Sprintf("%s with %g cores", m.Generator.Platform, m.Generator.Cores)
	})
	differ("The version of andon", func(m *Measured) string { return m.Andon })
	for _, of := range partsApart(base.Runs[0].Provider, changed.Runs[0].Provider) {
		list = append(list, fmt.Sprintf("%s is %s in the base, %s on the new side.", of.name, or(of.a), or(of.b)))
	}
	for _, side := range []struct {
		name string
		Set
	}{{"base", base}, {"new side", changed}} {
		if slices.ContainsFunc(side.Runs, func(m Measured) bool { return m.Insecure }) {
			list = append(list, fmt.Sprintf("The certificate of the target of the %s was not checked, so that anybody in between may have answered in its place.", side.name))
		}
	}
	for _, m := range slices.Concat(base.Runs, changed.Runs) {
		if m.Validity == metrics.TargetLimited {
			list = append(list, text.Sentence(fmt.Sprintf("%s is target-limited: calls left late, since all that were allowed at once waited on the target", named(&m))))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		if !slices.ContainsFunc(rows, func(r Row) bool { return r.Declared && r.Figure == name }) {
			list = append(list, fmt.Sprintf("A tolerance was given for %s, which the runs do not have.", name))
		}
	}
	return list
}
