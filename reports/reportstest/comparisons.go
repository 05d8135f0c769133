package reportstest

import (
	"math"
	"time"

	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/summary"
)

// Comparison is a comparison of five runs a side in which a declared row came to everything that one can, with figures
// for looking of every kind, and texts that are hostile.
func Comparison() compare.Report {
	r := compare.Report{
		Schema: compare.Schema, Andon: "v1.2.3", Confidence: 0.9,
		Verdict: summary.Verdict{Status: summary.Fail, ExitCode: 1, Causes: []string{"p99 of Full became worse: 102 ms → 126 ms, +24 % (+12 to +36 %); 10 % is tolerated."}},
		Base:    side("baselines/mixed.andon", "2026.10", 5, 6, 0.05),
		New:     side("reports/runs/new", "2026.11-"+Hostile, 5, 18, 0.0612),
		Notes:   []string{"The class text.Full+outputFormat is on one side only.", "The target said " + Hostile},
	}
	declared := func(row compare.Row) {
		row.Declared = true
		r.Rows = append(r.Rows, row)
	}
	tier := func(name, figure string, base, changed float64) compare.Row {
		return compare.Row{Kind: compare.Tier, Name: name, Figure: figure, Unit: compare.Seconds, Base: ptr(base), New: ptr(changed), Tolerance: 0.1, Visible: ptr(0.147)}
	}
	declared(changed(tier("Full", "p50", 0.0402, 0.0412), 0.025, -0.031, 0.084, 0.61, compare.Same))
	declared(changed(tier("Full", "p99", 0.102, 0.126), 0.235, 0.12, 0.36, 0.008, compare.Regression))
	declared(changed(tier("Lite", "p50", 0.0131, 0.0098), -0.252, -0.31, -0.188, 0.0004, compare.Improvement))
	unknown := changed(tier("Lite", "p99", 0.0323, 0.0345), 0.068, -0.11, 0.28, 0.33, compare.Unknown)
	unknown.Visible, unknown.Runs, unknown.Reason = ptr(0.31), 18, "the runs of the base differ by 16 %"
	declared(unknown)
	few := tier("default", "p99", 0, 0)
	few.Base, few.New, few.Visible, few.Verdict, few.Reason = nil, ptr(0.2), nil, compare.Unknown, "the base has 120 calls, and p99 needs 299"
	declared(few)
	declared(changed(compare.Row{Kind: compare.All, Figure: "errors", Unit: compare.Share, Base: ptr(0.0), New: ptr(0.0004), Tolerance: 0.005, Visible: ptr(0.0011)}, 0.0004, -0.0001, 0.0012, 0.4, compare.Same))
	declared(changed(compare.Row{Kind: compare.All, Figure: "violations", Unit: compare.Share, Base: ptr(0.0), New: ptr(0.0), Tolerance: 0, Visible: ptr(0.0003)}, 0, -0.0002, 0.0002, 1, compare.Same))
	looked(&r)
	for _, name := range []string{"", "Full", "Lite", "default"} {
		r.Curves = append(r.Curves, compare.Curves{Tier: name, Base: curve(0.04, 4), New: curve(0.045, 3)})
	}
	r.Curves[3].Base = nil
	return r
}

// ComparisonOfOne is one run against another, which changed by more than the calls of one run tell.
func ComparisonOfOne() compare.Report {
	r := Comparison()
	r.Base, r.New = side("reports/runs/20261125T060000Z-mixed", "2026.10", 1, 6, 0.05), side("reports/runs/20261126T060000Z-mixed", "2026.11", 1, 18, 0.061)
	r.Rows, r.Notes, r.Curves = r.Rows[1:4:4], nil, r.Curves[:3]
	r.Rows[0].Verdict, r.Rows[0].Runs, r.Rows[0].Visible = compare.Drift, 5, nil
	r.Rows[1].Verdict, r.Rows[1].Visible = compare.Drift, nil
	r.Rows[2].Reason = ""
	r.Verdict = summary.Verdict{Status: summary.NoVerdict, ExitCode: 3}
	for _, row := range r.Rows {
		r.Verdict.Causes = append(r.Verdict.Causes, row.Remark())
	}
	return r
}

// ComparisonForced is one of runs that differ in more than they may, and in which nothing became worse.
func ComparisonForced() compare.Report {
	r := Comparison()
	r.Rows = append(r.Rows[:1:1], r.Rows[2], r.Rows[5])
	r.Differs = []string{"openapi.yaml: sha256 abababab… and cdcdcdcd…", "the description of " + Hostile}
	r.Verdict, r.Notes = summary.Verdict{Status: summary.Pass, Causes: []string{}}, nil
	r.Base.Runs, r.New.Runs = r.Base.Runs[:2], r.New.Runs[:3]
	return r
}

// ComparisonPaired is one of two targets that were met in turn.
func ComparisonPaired() compare.Report {
	r := Comparison()
	r.Rows, r.Notes = r.Rows[:2:2], nil
	r.Rows[0].P, r.Rows[1].P = nil, nil
	r.Verdict.Causes = []string{"p99 of Full became worse."}
	r.Base, r.New = side("a", "2026.10", 1, 6, 0.05), side("b", "2026.11", 1, 18, 0.061)
	r.New.Target = "http://127.0.0.1:8081"
	r.Paired = &compare.Paired{SliceSeconds: 2, Pairs: 30, Ended: "it ended after 30 of 90 pairs, since it was clear"}
	for i := range 30 {
		at := compare.PairPoint{AtSeconds: float64(4 * i), P50: ptr(1.02 + 0.04*math.Sin(float64(i))), P99: ptr(1.23 + 0.3*math.Sin(float64(7*i)))}
		if i == 12 {
			at.P99 = nil
		}
		r.Paired.Points = append(r.Paired.Points, at)
	}
	return r
}

// ComparisonControl is a target against itself, with a false alarm if that is asked for.
func ComparisonControl(alarm bool) compare.Report {
	r := ComparisonPaired()
	r.Paired.Control, r.New.Target, r.New.Release = true, r.Base.Target, r.Base.Release
	if !alarm {
		r.Rows, r.Verdict = r.Rows[:1:1], summary.Verdict{Status: summary.Pass}
		return r
	}
	r.Verdict = summary.Verdict{Status: summary.NoVerdict, ExitCode: 3, Causes: []string{"A change was found where there is none."}}
	return r
}

// changed fills in what a row came to.
func changed(row compare.Row, change, low, high, p float64, verdict string) compare.Row {
	row.Change, row.Low, row.High, row.Verdict = &change, &low, &high, verdict
	if verdict != compare.Looked {
		row.P = &p
	}
	return row
}

// looked adds rows for looking, of every kind and unit.
func looked(r *compare.Report) {
	add := func(kind, name, figure, unit string, base, value, change, wide float64) {
		row := compare.Row{Kind: kind, Name: name, Figure: figure, Unit: unit, Base: ptr(base), New: ptr(value), Visible: ptr(2 * wide)}
		r.Rows = append(r.Rows, changed(row, change, change-wide, change+wide, 0, compare.Looked))
	}
	add(compare.All, "", "p99", compare.Seconds, 0.0846, 0.101, 0.194, 0.1)
	add(compare.All, "", "goodput", compare.PerSecond, 99.1, 98.8, -0.003, 0.004)
	add(compare.All, "", "shed", compare.Share, 0, 0, 0, 0.0003)
	add(compare.All, "", "completion", compare.Share, 0.998, 0.981, -0.017, 0.006)
	for _, name := range []string{"Full", "Lite"} {
		add(compare.Tier, name, "p90", compare.Seconds, 0.0669, 0.068, 0.016, 0.06)
		add(compare.Tier, name, "goodput", compare.PerSecond, 34.3, 34.2, -0.003, 0.01)
	}
	for i, name := range []string{"text", "image", "audio"} {
		add(compare.Content, name, "p50", compare.Seconds, 0.0131, 0.0131*(1+0.04*float64(i)), 0.04*float64(i), 0.05)
	}
	add(compare.Class, "text.Full", "p99", compare.Seconds, 0.1, 0.128, 0.28, 0.2)
	add(compare.Phase, "ramp", "errors", compare.Share, 0.001, 0.0011, 0.0001, 0.0006)
	add(compare.Part, "wait", "p99", compare.Seconds, 0.0846, 0.1, 0.18, 0.1)
	r.Rows = append(r.Rows, compare.Row{Kind: compare.Class, Name: "image.Lite", Figure: "p99", Unit: compare.Seconds, New: ptr(0.04), Verdict: compare.Looked, Reason: "the base has none"})
}

// side is a set of runs around a p50.
func side(name, release string, runs, hour int, p50 float64) compare.Side {
	s := compare.Side{Name: name, Scenario: "mixed", Target: "http://127.0.0.1:8080", Release: release}
	for i := range runs {
		drift := 1 + 0.14*math.Sin(float64(3*i))
		started := time.Date(2026, 11, 20+i, hour, 0, 0, 0, time.UTC)
		one := compare.Run{
			ID: started.Format("20060102T150405Z") + "-mixed", Started: started, Seconds: 600, Sent: 12_000 + uint64(i), Validity: "valid",
			P50: ptr(p50 * drift), P99: ptr(2.1 * p50 * drift * drift), Errors: ptr(0.0002 * float64(i)),
		}
		for at := range 20 {
			wave := drift * (1 + 0.1*math.Sin(float64(at+i)))
			m := compare.Moment{AtSeconds: float64(30 * at), P50: ptr(p50 * wave), P99: ptr(2.1 * p50 * wave * wave)}
			if at == 19 {
				m.P99 = nil
			}
			one.Times = append(one.Times, m)
		}
		s.Runs = append(s.Runs, one)
	}
	if runs > 2 {
		s.Runs[2].ID, s.Runs[2].P99 = Hostile, nil
	}
	return s
}

// curve is one of latency, up to so many nines.
func curve(p50 float64, nines int) (points []compare.Point) {
	for i := range 10*nines + 1 {
		rarity := float64(i) / 10
		points = append(points, compare.Point{Quantile: 1 - math.Pow(10, -rarity), Seconds: p50 * (0.5 + 0.7*rarity)})
	}
	return points
}
