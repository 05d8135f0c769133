package compare_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
)

// ill are builds that nine calls in ten go wrong with, and whether that is found though calls were held up.
func ill() map[string]struct {
	change func(*results.Row)
	figure string // that is found to be worse; empty where none is
} {
	failing := func(k results.Kind, status uint16) func(*results.Row) {
		return func(r *results.Row) {
			if r.Error == results.None && r.N%10 > 0 {
				r.Error, r.Status = k, status
			}
		}
	}
	return map[string]struct {
		change func(*results.Row)
		figure string
	}{
		"refuses connections": {failing(results.DialRefused, 0), "errors"},
		"answers 500":         {failing(results.Status5xx, 500), "errors"},
		"sheds":               {failing(results.Shed, 429), "shed"},
		"times out":           {failing(results.TimeoutWaiting, 0), ""},
		"breaks off":          {failing(results.Reset, 0), ""},
		"takes longer":        {func(r *results.Row) { r.Service *= 3 }, ""},
		"is the same":         {func(*results.Row) {}, ""},
		"breaks the contract": {func(r *results.Row) {
			if r.Error == results.None && r.N%10 > 0 {
				r.Error, r.Rule = results.Contract, 1
			}
		}, "violations"},
	}
}

// Of a pair that was met by a generator that was late, and of such runs, what the target answered or refused is found
// to be worse all the same. Nothing else is known, neither that it is worse nor that it is not.
func TestHeldUp(t *testing.T) {
	for name, c := range ill() {
		base, changed := runs(t, "base", 3, nil), runs(t, "new", 3, c.change)
		for i := range changed.Runs {
			changed.Runs[i].Validity = metrics.GeneratorLimited
		}
		r, err := compare.Compare(base, changed, compare.Options{NeedAnswer: true, Tolerances: compare.Tolerances{"shed": 0.01}})
		var refused *compare.RefusedError
		if got := errors.As(err, &refused); got != (c.figure == "") {
			t.Errorf("runs of one that %s are refused: %v", name, err)
		} else if !got {
			onlyWorse(t, "runs of one that "+name, r, c.figure)
		}
		base.Runs[0].Validity = metrics.GeneratorLimited
		if _, err := compare.Compare(base, changed, compare.Options{}); !errors.As(err, &refused) {
			t.Errorf("a base that was held up is taken for one that %s: %v", name, err)
		}
		for _, side := range []int{0, 1} {
			onlyWorse(t, "one that "+name+", in turn", inTurnHeld(t, c.change, side), c.figure)
		}
	}
}

// inTurnHeld meets a build and a changed one in turn, while the calls of one side are held up.
func inTurnHeld(t *testing.T, change func(*results.Row), held int) compare.Report {
	labels := manifest(60, "pair").Labels
	var sides [2]compare.Measured
	for i := range sides {
		m := manifest(60, "pair")
		sides[i] = compare.Measured{Manifest: m, Validity: metrics.Valid, Whole: metrics.Of(m), Stretches: metrics.NewStretches(labels)}
	}
	sides[held].Validity = metrics.GeneratorLimited
	var pairs []compare.Pair
	for n := range uint32(15 * 4 * 50) {
		at := time.Duration(n) * 20 * time.Millisecond
		row := results.Row{N: n, Due: at, Class: uint16(n % 2), Service: 0.01 + 0.001*float32(n%7), Status: 200}
		side := int(at / (2 * time.Second) % 2)
		if side == 1 {
			change(&row)
		}
		if err := errors.Join(sides[side].Whole.Add(row), sides[side].Stretches.Add(row)); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 15 {
		from := float64(4 * n)
		pairs = append(pairs, compare.Pair{Base: [2]float64{from, from + 2}, New: [2]float64{from + 2, from + 4}})
	}
	return compare.ComparePaired(sides[0], sides[1], pairs, compare.Paired{}, compare.Options{Tolerances: compare.Tolerances{"shed": 0.01}})
}

// onlyWorse holds that of the declared rows one figure is worse, and the others are not known.
func onlyWorse(t *testing.T, what string, r compare.Report, figure string) {
	t.Helper()
	if r.Count(compare.Improvement, compare.Same, compare.Drift) > 0 || len(r.Declared()) == 0 {
		t.Errorf("%s: more is known than can be: %+v", what, r.Declared())
	}
	for _, row := range r.Declared() {
		if row.Verdict == compare.Regression && (row.Figure != figure && (row.Figure != "errors" || figure != "violations")) {
			t.Errorf("%s: %s", what, row.Remark())
		}
	}
	want, code := summary.NoVerdict, 3
	if figure != "" {
		want, code = summary.Fail, 1
	}
	found := slices.ContainsFunc(r.Declared(), func(row compare.Row) bool { return row.Verdict == compare.Regression && row.Figure == figure })
	noted := slices.ContainsFunc(r.Notes, func(n string) bool { return strings.HasPrefix(n, "Calls were held up") })
	if r.Verdict.Status != want || r.Verdict.ExitCode != code || found != (figure != "") || noted != found {
		t.Errorf("%s: %+v, noted: %v", what, r.Verdict, noted)
	}
}
