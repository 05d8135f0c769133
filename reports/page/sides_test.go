package page

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/summary"
)

func renderedComparison(t testing.TB, r compare.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteComparison(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// comparisonOfNothing has no figure and no run.
func comparisonOfNothing() compare.Report {
	return compare.Report{Schema: compare.Schema, Confidence: 0.9, Verdict: summary.Verdict{Status: summary.NoVerdict, ExitCode: 3}, Paired: &compare.Paired{}, Curves: []compare.Curves{{}}}
}

// Everything that the page tells is in its text, without a script, and no change stands without its interval.
func TestComparisonPage(t *testing.T) {
	for _, c := range []struct {
		r    compare.Report
		want []string
	}{
		{reportstest.Comparison(), []string{
			"REGRESSION : p99 of Full became worse: 102 ms → 126 ms, +24 % (+12 to +36 %); 10 % is tolerated; 1 better, 2 not known.", "p99 of Full +24 % +12 to +36 %", "Worse 1 of 7 declared figures",
			"p99 of Full ✕ worse 102 ms 126 ms +24 % (+12 to +36 %) 10 % 15 % 0.008", "p99 of default ? unknown – 200 ms – 10 % –", "errors ✓ not worse 0 % 0.04 % +0.04 pp (−0.01 to +0.12) 0.5 pp 0.11 pp 0.400",
			"18 runs a side would tell.", "in 90 % of comparisons; each end is wrong in 5 %. Drift between runs is in it.", "Latency, all calls", "Latency of default", "p99 of the latency over time", "5 of 14 other figures changed beyond its interval",
			"completion 99.80 % 98.1 % −1.7 pp (−2.3 to −1.1) 1.2 pp changed", "p99 of class image.Lite – 40.0 ms – – the base has none", "base 1", "new 5", "baselines/mixed.andon", "Exit code 1",
		}},
		{reportstest.ComparisonOfOne(), []string{"CANNOT TELL : p99 of Full changed, which cannot be told from drift between runs", "how much runs drift is not known, and no change is a regression", "? changed, or drift 102 ms 126 ms +24 % (+12 to +36 %) 10 % 5 runs a side"}},
		{reportstest.ComparisonForced(), []string{"NO REGRESSION :", "The runs may not be compared, and were compared all the same. openapi.yaml: sha256 abababab…"}},
		{reportstest.ComparisonPaired(), []string{"Both sides were met in turn, in 30 pairs of 2.00 s each. It ended after 30 of 90 pairs", "Change by pair of slices", "change (30 pairs)", "Pairs 30 of slices of 2.00 s", "p99 after 4.00 s: +42.7 %"}},
		{reportstest.ComparisonControl(true), []string{"FALSE ALARM : 1 of 2 declared figures changed between a target and itself"}},
		{reportstest.ComparisonControl(false), []string{"NO FALSE ALARM : Of 1 declared figure, none changed between a target and itself."}},
		{comparisonOfNothing(), []string{"CANNOT TELL : No figure was declared.", "None was declared.", "Too few calls for a percentile.", "No pair has enough calls", "There is none."}},
	} {
		page := renderedComparison(t, c.r)
		if path := os.Getenv("ANDON_TEST_PAGE"); path != "" {
			if err := os.WriteFile(path, page, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		said := strings.Join(strings.Fields(told(page)), " ")
		for _, want := range c.want {
			if !strings.Contains(said, want) {
				t.Errorf("the page does not say %q", want)
			}
		}
		reportstest.CheckNoCommand(t, "the page", page)
	}
	if one := told(renderedComparison(t, reportstest.ComparisonOfOne())); strings.Contains(one, "visible") || strings.Contains(one, "0.008") {
		t.Error("with one run on a side a chance is shown")
	}
}

// Whatever the texts are, they stay texts.
func TestComparisonPageHostile(t *testing.T) {
	for why, text := range map[string]string{"nothing": "", "a script": "</script><script>globalThis.owned=1</script>", "an image": "<img src=x onerror=globalThis.owned=1>", "much": strings.Repeat("<b>x\x00\n", 1<<13),
		"a quote": `"><a href="https://evil.example/">`, "a command": reportstest.Commands} {
		r := reportstest.ComparisonPaired()
		for _, s := range []*compare.Side{&r.Base, &r.New} {
			s.Name, s.Scenario, s.Target, s.Release = text, text, text, text
			for i := range s.Runs {
				s.Runs[i].ID, s.Runs[i].Validity = text, text
			}
		}
		r.Rows = reportstest.Comparison().Rows
		for i := range r.Rows {
			x := &r.Rows[i]
			x.Name, x.Figure, x.Reason = text, text, text
			if i%5 == 4 {
				x.Kind, x.Unit, x.Verdict = text, text, text
			}
		}
		for i := range r.Curves {
			r.Curves[i].Tier = text
		}
		r.Andon, r.Verdict.Status, r.Verdict.Causes, r.Notes, r.Differs, r.Paired.Ended = text, text, []string{text}, []string{text}, []string{text}, text
		page := renderedComparison(t, r)
		if bytes.Count(page, []byte("</script")) != 2 || bytes.Contains(page, []byte("<img")) || bytes.Contains(page, []byte("<b>x")) || len(page) > 500_000 {
			t.Errorf("%s: %d bytes, or it is live", why, len(page))
		}
		for _, link := range regexp.MustCompile(`(?:href|src)="([^"]*)"`).FindAllSubmatch(page, -1) {
			if to := string(link[1]); !strings.HasPrefix(to, "#") {
				t.Errorf("%s: a link to %q", why, to)
			}
		}
		if why != "nothing" && why != "much" {
			reportstest.CheckNoCommand(t, "the page", page)
		}
	}
}

// However many runs and rows there are, and whatever their figures, the page is one that a browser shows, with every
// place within its chart.
func TestComparisonPageBounded(t *testing.T) {
	r := reportstest.Comparison()
	for i := range 3000 {
		r.Rows = append(r.Rows, r.Rows[7+i%10])
		r.Base.Runs = append(r.Base.Runs, r.Base.Runs[i%5])
	}
	page := renderedComparison(t, r)
	if len(page) > 6<<20 || !bytes.Contains(page, []byte("2805 more are in comparison.json.")) || !bytes.Contains(page, []byte("2015 more are in comparison.json.")) {
		t.Errorf("%d bytes, or what is left out is not said: %q", len(page), regexp.MustCompile(`[0-9]+ more are`).FindAll(page, -1))
	}
	places := regexp.MustCompile(`(?:x|y|x1|x2|y1|y2|cx|cy|width|height)="([^"]*)%"|<rect [^>]*?(?: x="([^"%]*)")?(?: width="([^"%]*)")[^>]*>`)
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, 1, -1, 1e-300, 1e300, math.MaxFloat64, math.SmallestNonzeroFloat64}), rapid.Float64Range(0, 100))
		some := func(name string) *float64 {
			if v := number.Draw(t, name); v != 1 {
				return &v
			}
			return nil
		}
		r := reportstest.ComparisonPaired()
		r.Rows = reportstest.Comparison().Rows
		for i := range r.Rows[:rapid.IntRange(1, 9).Draw(t, "rows")] {
			x := &r.Rows[i]
			x.Base, x.New, x.Change, x.Low, x.High, x.P, x.Visible, x.Tolerance = some("base"), some("new"), some("change"), some("low"), some("high"), some("p"), some("visible"), number.Draw(t, "tolerance")
			x.Unit = rapid.SampledFrom([]string{compare.Seconds, compare.Share, compare.PerSecond}).Draw(t, "unit")
		}
		for i := range r.Base.Runs[0].Times {
			r.Base.Runs[0].Times[i] = compare.Moment{AtSeconds: number.Draw(t, "at"), P50: some("p50"), P99: some("p99")}
		}
		r.New.Runs[0].P50, r.New.Runs[0].P99 = some("p50"), some("p99")
		for i := range r.Paired.Points {
			r.Paired.Points[i] = compare.PairPoint{AtSeconds: number.Draw(t, "moment"), P50: some("ratio"), P99: some("ratio")}
		}
		for i := range r.Curves[0].Base[:5] {
			r.Curves[0].Base[i] = compare.Point{Quantile: number.Draw(t, "quantile"), Seconds: number.Draw(t, "seconds")}
		}
		var b bytes.Buffer
		if err := WriteComparison(&b, r); err != nil {
			t.Fatal(err)
		}
		for _, m := range places.FindAllSubmatch(b.Bytes(), -1) {
			for _, place := range m[1:] {
				var v float64
				if _, err := fmt.Sscan(string(place), &v); len(place) > 0 && (err != nil || !(v >= 0 && v <= 100)) {
					t.Fatalf("a place at %s: %s", place, m[0])
				}
			}
		}
		if wrong := regexp.MustCompile(` d="[^"]*(NaN|Inf)`).Find(b.Bytes()); wrong != nil {
			t.Fatalf("a line through nowhere: %s", wrong)
		}
	})
}

// testComparison: wide and narrow, light and dark, nothing is cut off and nothing lies over another.
func testComparison(t *testing.T, chromium context.Context) {
	for name, r := range map[string]compare.Report{"all": reportstest.Comparison(), "paired": reportstest.ComparisonPaired(), "one": reportstest.ComparisonOfOne(), "nothing": comparisonOfNothing()} {
		page := renderedComparison(t, r)
		for _, width := range []int{400, 1200} {
			for _, scheme := range []string{"light", "dark"} {
				t.Run(fmt.Sprintf("%s %d %s", name, width, scheme), func(t *testing.T) {
					t.Parallel()
					b := show(t, chromium, page, width, scheme)
					checkDrawn(t, b, width)
					b.quiet()
				})
			}
		}
	}
}

// What did not change stands on the line of no change, and what changed above or below it.
func TestPairs(t *testing.T) {
	r := reportstest.ComparisonPaired()
	same, more, less := 1.0, 1.5, 0.7
	r.Paired.Points = []compare.PairPoint{{AtSeconds: 0, P50: &same, P99: &more}, {AtSeconds: 4, P50: &less}}
	p := sides{r}.pairs()
	if len(p.Dots) != 3 || p.Dots[0].Y != p.Levels[0].At || p.Dots[1].Y >= p.Dots[0].Y || p.Dots[2].Y <= p.Dots[0].Y {
		t.Errorf("%+v, the line at %v", p.Dots, p.Levels)
	}
}

// Ticks are changes, of which no change is one; and where pairs are far apart, half stands as far from it as double.
func TestRatios(t *testing.T) {
	for want, ratios := range map[string][]float64{"−10 % −5 % 0 % 5 % 10 % 15 % 20 %": {1, 0.9, 1.2}, "−50 % 0 % 100 % 400 % 900 %": {1, 0.5, 12}} {
		var names []string
		for _, k := range ofRatios(ratios).ticks() {
			names = append(names, k.Text)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%v: %s, want %s", ratios, got, want)
		}
	}
	if a := ofRatios([]float64{1, 0.5, 2, 8}); math.Abs(2*a.at(1)-a.at(0.5)-a.at(2)) > 0.02 {
		t.Errorf("half at %v, no change at %v, double at %v", a.at(0.5), a.at(1), a.at(2))
	}
}

// A picture of an interval is right of the middle where the figure grew, and what is tolerated is where it becomes
// worse.
func TestEffect(t *testing.T) {
	low, change, high := 0.1, 0.2, 0.3
	row := compare.Row{Unit: compare.Seconds, Figure: "p99", Low: &low, Change: &change, High: &high, Tolerance: 0.1}
	if e := newEffect(row, reach([]compare.Row{row}, row.Unit)); !e.OK || !(50 < e.Low && e.Low < e.At && e.At < e.Low+e.Width) || e.Tolerated != e.Low {
		t.Errorf("%+v", e)
	}
	row.Unit, row.Figure = compare.PerSecond, "goodput"
	if e := newEffect(row, 0.3); e.Tolerated >= 50 {
		t.Errorf("%+v", e)
	}
	if row.Change = nil; newEffect(row, 0.3).OK {
		t.Error("a change that is not known has a picture")
	}
}

// The slowest call of all has no place on an axis of what is rare, and stretches none.
func TestCurves(t *testing.T) {
	r := reportstest.Comparison()
	before := sides{r}.curves()
	r.Curves[0].Base = append(r.Curves[0].Base, compare.Point{Quantile: 1, Seconds: 60})
	if after := (sides{r}.curves()); len(after) != 4 || after[0].Shapes[0] != before[0].Shapes[0] || len(after[0].X) != 5 {
		t.Errorf("%+v", after[0])
	}
}
