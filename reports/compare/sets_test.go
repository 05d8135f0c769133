package compare_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/results"
)

// measured is a run of the manifest's plan, whose rows are altered.
func measured(t testing.TB, m results.Manifest, change func(*results.Row)) compare.Measured {
	t.Helper()
	a, v := metrics.Of(m), metrics.NewStretches(m.Labels)
	for _, row := range reportstest.Rows(m, change) {
		if err := errors.Join(a.Add(row), v.Add(row)); err != nil {
			t.Fatal(err)
		}
	}
	return compare.Measured{Manifest: m, End: reportstest.Finished(55), Validity: metrics.Valid, Whole: a, Stretches: v}
}

// runs are so many of them, which differ by their ids and a little in their times.
func runs(t testing.TB, name string, n int, change func(*results.Row)) (set compare.Set) {
	t.Helper()
	set.Name = name
	r := rand.New(rand.NewPCG(uint64(len(name)), 3))
	for i := range n {
		m := reportstest.Manifest()
		m.ID = name + "-" + string(rune('1'+i))
		m.Started = m.Started.Add(time.Duration(i) * time.Hour)
		drift := float32(1 + 0.02*r.NormFloat64())
		set.Runs = append(set.Runs, measured(t, m, func(row *results.Row) {
			row.Service *= drift
			if change != nil {
				change(row)
			}
		}))
	}
	return set
}

func row(t testing.TB, r compare.Report, kind, name, figure string) compare.Row {
	t.Helper()
	i := slices.IndexFunc(r.Rows, func(r compare.Row) bool { return r.Kind == kind && r.Name == name && r.Figure == figure })
	if i < 0 {
		t.Fatalf("there is no row of %s %s %s", kind, name, figure)
	}
	return r.Rows[i]
}

func compareSets(t testing.TB, base, changed compare.Set, o compare.Options) compare.Report {
	t.Helper()
	r, err := compare.Compare(base, changed, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestCompare compares whole runs: what is declared, what is worse, and what is for looking.
func TestCompare(t *testing.T) {
	slower := func(r *results.Row) {
		if r.Class == 0 || r.Class == 2 { // the tier Full
			r.Service *= 1.5
		}
	}
	r := compareSets(t, runs(t, "base", 3, nil), runs(t, "new", 3, slower), compare.Options{Andon: "v1"})
	if r.Verdict.Status != "fail" || r.Verdict.ExitCode != 1 || len(r.Verdict.Causes) == 0 || !strings.Contains(r.Verdict.Causes[0], "of Full became worse") {
		t.Errorf("the verdict is %+v", r.Verdict)
	}
	var declared []string
	for i, row := range r.Rows {
		if row.Declared {
			declared = append(declared, row.Name+" "+row.Figure)
			if i != len(declared)-1 {
				t.Errorf("row %d is declared, and comes after others", i)
			}
		} else if row.Verdict != compare.Looked {
			t.Errorf("%s is for looking, and is %s", row.Subject(), row.Verdict)
		}
	}
	want := []string{"Full p50", "Full p99", "Lite p50", "Lite p99", "invalid p50", "invalid p99", " errors", " violations"}
	if !slices.Equal(declared, want) {
		t.Errorf("declared are %q, expected %q", declared, want)
	}
	for figure, verdict := range map[string]string{"p50": compare.Regression, "p99": compare.Regression} {
		if full := row(t, r, compare.Tier, "Full", figure); full.Verdict != verdict || *full.Change < 0.4 || *full.Change > 0.6 {
			t.Errorf("%s of Full is %s by %v", figure, full.Verdict, *full.Change)
		}
		if lite := row(t, r, compare.Tier, "Lite", figure); lite.Verdict == compare.Regression {
			t.Errorf("%s of Lite is %s", figure, lite.Verdict)
		}
	}
	if len(r.Base.Runs) != 3 || r.Base.Runs[0].P99 == nil || len(r.Base.Runs[0].Times) < 10 || r.Base.Runs[0].Sent == 0 {
		t.Errorf("the runs of the base are %+v", r.Base.Runs)
	}
	if len(r.Curves) != 4 || r.Curves[0].Tier != "" || len(r.Curves[0].Base) < 5 || len(r.Curves[0].New) < 5 {
		t.Errorf("there are %d curves", len(r.Curves))
	}
	// Neither a warm-up nor the refusals of deliberately invalid calls say anything of the target's latency.
	if slices.ContainsFunc(r.Rows, func(r compare.Row) bool { return r.Name == "warmup" }) {
		t.Error("a warm-up is compared")
	}
	swift := func(r *results.Row) {
		if r.Class == 4 {
			r.Service *= 100
		}
		if r.Phase == 0 {
			r.Service *= 100
		}
	}
	r = compareSets(t, runs(t, "base", 3, nil), runs(t, "new", 3, swift), compare.Options{})
	if all := row(t, r, compare.All, "", "p99"); *all.Change > 0.1 {
		t.Errorf("invalid calls and a warm-up change p99 of all by %v", *all.Change)
	}
}

// TestCompletion compares how many of the accepted executions completed, where all runs tell.
func TestCompletion(t *testing.T) {
	followed := func(set compare.Set, completed uint64) compare.Set {
		for i := range set.Runs {
			set.Runs[i].Completion = &compare.Completion{Completed: completed - uint64(i), Of: 1000}
		}
		return set
	}
	o := compare.Options{Tolerances: compare.Tolerances{"completion": 0.01}}
	base := followed(runs(t, "base", 3, nil), 990)
	r, err := compare.Compare(base, followed(runs(t, "new", 3, nil), 900), o)
	if err != nil {
		t.Fatal(err)
	}
	if c := row(t, r, compare.All, "", "completion"); c.Verdict != compare.Regression || *c.Base < 0.988 || *c.New > 0.9 {
		t.Errorf("completion: %+v", c)
	}
}

// TestDeclared holds that a figure that is named is declared, and that one that the runs lack is told.
func TestDeclared(t *testing.T) {
	o := compare.Options{Tolerances: compare.Tolerances{"goodput": 0.05, "p90": 0.2, "completion": 0.01}}
	r := compareSets(t, runs(t, "base", 2, nil), runs(t, "new", 2, nil), o)
	if g := row(t, r, compare.All, "", "goodput"); !g.Declared || g.Tolerance != 0.05 || g.Verdict != compare.Same {
		t.Errorf("goodput: %+v", g)
	}
	if p := row(t, r, compare.Tier, "Full", "p90"); !p.Declared || p.Tolerance != 0.2 {
		t.Errorf("p90: %+v", p)
	}
	if !slices.Contains(r.Notes, "A tolerance was given for completion, which the runs do not have.") {
		t.Errorf("the notes are %q", r.Notes)
	}
}

// TestInsecure holds that a side whose target's certificate was not checked is told of.
func TestInsecure(t *testing.T) {
	base := runs(t, "base", 2, nil)
	base.Runs[1].Insecure = true
	r := compareSets(t, base, runs(t, "new", 2, nil), compare.Options{})
	if len(r.Notes) != 1 || !strings.HasPrefix(r.Notes[0], "The certificate of the target of the base was not checked") {
		t.Errorf("the notes are %q", r.Notes)
	}
}

// TestLacking holds what is said where there is too little: few calls, none, a tier on one side only.
func TestLacking(t *testing.T) {
	few := func(set compare.Set) compare.Set {
		for i := range set.Runs {
			m := set.Runs[i].Manifest
			a, v := metrics.Of(m), metrics.NewStretches(m.Labels)
			var lite int
			for _, row := range reportstest.Rows(m, nil) {
				if row.Class == 2 || row.Class == 1 || row.Class == 3 {
					if lite++; lite > 100 {
						continue
					}
				}
				if err := errors.Join(a.Add(row), v.Add(row)); err != nil {
					t.Fatal(err)
				}
			}
			set.Runs[i].Whole, set.Runs[i].Stretches = a, v
		}
		return set
	}
	r := compareSets(t, few(runs(t, "base", 2, nil)), runs(t, "new", 2, nil), compare.Options{})
	if p := row(t, r, compare.Tier, "Lite", "p99"); p.Verdict != compare.Unknown || p.Base != nil || p.New == nil || p.Change != nil || p.Low != nil ||
		!strings.Contains(p.Reason, "in 2 of 4 runs it cannot be told: p99 tells nothing below 299 calls") {
		t.Errorf("p99 of Lite: %+v", p)
	}
	if r.Verdict.ExitCode != 3 && r.Verdict.ExitCode != 1 {
		t.Errorf("the verdict is %+v", r.Verdict)
	}

	none := func(set compare.Set) compare.Set {
		for i := range set.Runs {
			m := set.Runs[i].Manifest
			set.Runs[i].Whole, set.Runs[i].Stretches = metrics.Of(m), metrics.NewStretches(m.Labels)
		}
		return set
	}
	r = compareSets(t, runs(t, "base", 2, nil), none(runs(t, "new", 2, nil)), compare.Options{})
	if r.Verdict.ExitCode == 0 {
		t.Errorf("nothing was sent on one side, and the verdict is %+v", r.Verdict)
	}
	if p := row(t, r, compare.Tier, "Full", "p99"); !p.Declared || p.Verdict != compare.Unknown || p.Base == nil || p.New != nil {
		t.Errorf("p99 of a tier that one side lacks: %+v", p)
	}
	if !slices.ContainsFunc(r.Notes, func(n string) bool { return strings.Contains(n, `The tier "Full" has calls in the base alone`) }) {
		t.Errorf("the notes are %q", r.Notes)
	}
	r = compareSets(t, none(runs(t, "base", 2, nil)), none(runs(t, "new", 2, nil)), compare.Options{})
	if r.Verdict.ExitCode != 3 {
		t.Errorf("nothing was sent at all, and the verdict is %+v", r.Verdict)
	}
}

// TestNeedAnswer holds that what cannot be told is a fail for those who want an answer.
func TestNeedAnswer(t *testing.T) {
	for needed, code := range map[bool]int{false: 3, true: 1} {
		r := compareSets(t, runs(t, "base", 1, nil), runs(t, "new", 1, nil), compare.Options{NeedAnswer: needed})
		if r.Verdict.ExitCode != code {
			t.Errorf("where an answer is needed (%v) the exit code is %d, expected %d", needed, r.Verdict.ExitCode, code)
		}
	}
}

// TestRefused lists what keeps runs from being compared, all of it, and what may differ.
func TestRefused(t *testing.T) {
	parts := func(load, arrivals string) []results.Part {
		return []results.Part{{Name: "load", Text: load}, {Name: "arrivals", Text: arrivals}, {Name: "mix.tier", Text: "Full 50%"},
			{Name: "thresholds", Text: load}, {Name: "description", Text: load}}
	}
	for _, c := range []struct {
		why       string
		change    func(*compare.Measured)
		want      []string
		forceable bool
	}{
		{"nothing", func(*compare.Measured) {}, nil, false},
		{"seed, target, release, thresholds and tool may differ", func(m *compare.Measured) {
			m.Seed, m.Target, m.Release, m.Andon = 99, "http://other.test", "2", "v2"
			m.Thresholds = nil
			m.Plan = slices.Clone(m.Plan)
			m.Plan[3].Text, m.Plan[4].Text = "other", "other"
		}, nil, false},
		{"load and arrivals", func(m *compare.Measured) { m.Plan = parts("60/s", "poisson") },
			[]string{"load is 50/s in base-1, 60/s in new-1 and 1 run more", "arrivals is constant in base-1, poisson in new-1 and 1 run more"}, false},
		{"a part that one plan lacks", func(m *compare.Measured) {
			m.Plan = append(slices.Clone(m.Plan), results.Part{Name: "mix.agentId", Text: "20%"})
		},
			[]string{"mix.agentId is none in base-1, 20% in new-1"}, false},
		{"an older run, by its labels", func(m *compare.Measured) {
			m.Plan = nil
			m.Labels.Phases = slices.Clone(m.Labels.Phases)
			m.Labels.Phases[1].Shape = "110/s"
		}, []string{"the load is warmup: 20/s for 5 s, constant: 100/s", "in new-1"}, false},
		{"transport", func(m *compare.Measured) { m.Generator.Transport = "net/http, HTTP/2 where the target speaks it" },
			[]string{"the transport is none in base-1, net/http, HTTP/2 where the target speaks it in new-1"}, false},
		{"proxy", func(m *compare.Measured) { m.Generator.Proxy = "p:1" }, []string{"the proxy is none in base-1, p:1 in new-1"}, false},
		{"following", func(m *compare.Measured) { m.Following = &results.Following{Operation: "POST /x", Sample: 1} },
			[]string{"executions are not followed in base-1, followed by POST /x, 100 % of them in new-1"}, false},
		{"generator-limited", func(m *compare.Measured) {
			m.Validity, m.Reasons = metrics.GeneratorLimited, []string{"it had no cores"}
		},
			[]string{"new-1 is generator-limited: it had no cores", "new-2 is generator-limited"}, false},
		{"no data", func(m *compare.Measured) { m.Validity = metrics.NoData }, []string{"new-1 is no-data"}, false},
		{"cut short", func(m *compare.Measured) { m.End = results.End{Reason: results.Interrupted, Detail: "Ctrl-C"} },
			[]string{"new-1 did not go on to the end of its plan: Ctrl-C"}, false},
		{"ended by a threshold", func(m *compare.Measured) { m.End = results.End{Reason: results.Aborted} }, []string{"new-1 did not go on to the end of its plan: aborted"}, false},
		{"description", func(m *compare.Measured) { m.SpecSHA256 = strings.Repeat("cd", 32) },
			[]string{"the description has the SHA-256 abababababab… in base-1, cdcdcdcdcdcd… in new-1"}, true},
		{"deviations", func(m *compare.Measured) { m.Deviations = []results.Deviation{{Rules: []string{"malformed-json"}}} },
			[]string{"the known deviations waive none in base-1, malformed-json in new-1"}, true},
		{"unchecked rules", func(m *compare.Measured) { m.Unchecked = []string{"missing-property"} }, []string{"the rules that are not checked are none in base-1, missing-property in new-1"}, true},
		{"both", func(m *compare.Measured) {
			m.SpecSHA256 = strings.Repeat("cd", 32)
			m.Plan = parts("60/s", "constant")
		}, []string{"load is 50/s", "the description has"}, false},
		{"words of others", func(m *compare.Measured) { m.Plan, m.ID = parts("100%s\x1b[31m", "constant"), "new\n-1" }, []string{`load is 50/s in base-1, 100%s\x1b[31m in new\n-1`}, false},
	} {
		base, changed := runs(t, "base", 2, nil), runs(t, "new", 2, nil)
		for i := range base.Runs {
			base.Runs[i].Plan, changed.Runs[i].Plan = parts("50/s", "constant"), parts("50/s", "constant")
			c.change(&changed.Runs[i])
		}
		_, err := compare.Compare(base, changed, compare.Options{})
		var refused *compare.RefusedError
		if got := errors.As(err, &refused); got != (c.want != nil) {
			t.Errorf("%s: %v", c.why, err)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: expected %q in:\n%v", c.why, want, err)
			}
		}
		r, err := compare.Compare(base, changed, compare.Options{Force: true})
		switch {
		case c.want == nil:
		case refused.Forceable != c.forceable:
			t.Errorf("%s: it can be forced: %v", c.why, refused.Forceable)
		case c.forceable != (err == nil), c.forceable && len(r.Differs) != len(c.want):
			t.Errorf("%s: forced: %v, %q", c.why, err, r.Differs)
		}
	}
}

// TestTwice holds that no run is held against itself.
func TestTwice(t *testing.T) {
	base, changed := runs(t, "base", 2, nil), runs(t, "new", 2, nil)
	changed.Runs = append(changed.Runs, base.Runs[1], changed.Runs[0])
	_, err := compare.Compare(base, changed, compare.Options{Force: true})
	for _, want := range []string{"base-2 is there on both sides", "new-1 is there twice on one side"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("expected %q in: %v", want, err)
		}
	}
	if _, err := compare.Compare(base, compare.Set{}, compare.Options{}); err == nil || !strings.Contains(err.Error(), "the new side 0") {
		t.Errorf("no run on a side: %v", err)
	}
}

// A run that sent nothing has no share of errors, and none is shown.
func TestNothingSent(t *testing.T) {
	base, changed := runs(t, "base", 2, nil), runs(t, "new", 2, nil)
	changed.Runs[1].Whole = metrics.Of(changed.Runs[1].Manifest)
	list := compareSets(t, base, changed, compare.Options{}).New.Runs
	if list[0].Errors == nil || list[0].Failed() == "–" || list[1].Errors != nil || list[1].Failed() != "–" {
		t.Errorf("the shares of errors are %v and %v", list[0].Errors, list[1].Errors)
	}
}

// A curve ends with the highest percentile that every run has the samples for.
func TestCurveSupported(t *testing.T) {
	base, changed := runs(t, "base", 3, nil), runs(t, "new", 3, nil)
	few := &base.Runs[1]
	few.Whole = metrics.Of(few.Manifest)
	for i, row := range reportstest.Rows(few.Manifest, func(*results.Row) {}) {
		if i%9 > 0 {
			continue
		}
		if err := few.Whole.Add(row); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range compareSets(t, base, changed, compare.Options{}).Curves {
		for i, points := range [][]compare.Point{c.Base, c.New} {
			least := uint64(math.MaxUint64)
			for _, r := range []compare.Set{base, changed}[i].Runs {
				least = min(least, r.Whole.Curve(c.Tier, false).Samples)
			}
			if last := points[len(points)-1].Quantile; last > 0 && least < histogram.Needed(100*last) {
				t.Errorf("the curve %d of %q goes up to %v, by %d calls", i, c.Tier, last, least)
			}
		}
	}
}
