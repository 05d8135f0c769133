package page

import (
	"context"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/executions"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
)

var pageFollowed = once(makeFollowed)

// makeFollowed is a run whose executions were followed.
func makeFollowed(t testing.TB) Data {
	m := reportstest.Manifest()
	d := gather(t, m, nil, nil, reportstest.Finished(55.2), func(add func(results.Row)) {
		for _, r := range reportstest.Rows(m, nil) {
			add(r)
		}
	})
	d.Summary.Executions = reportstest.Became()
	// A stretch in which little is known.
	d.Summary.Executions.Timeline[30].Completed.High = 5000
	return d
}

// pageHostile is one whose provider, description and faults have hostile names.
func pageHostile(t testing.TB) Data {
	d := pageFollowed(t)
	r := reportstest.Became()
	for _, h := range hostiles() {
		r.Operation, r.Detail, r.End = r.Operation+h, r.Detail+h, h
		r.Tiers[h], r.Classes[h] = r.Tiers["Lite"], r.Tiers["Lite"]
		r.Polls.Errors[h] = 1
		r.Faults = append(r.Faults, executions.Fault{Name: h, Count: 12, IDs: hostiles()})
	}
	d.Summary.Executions = r
	return d
}

// TestPageOfExecutions: what became of the executions has a place of its own, and where nobody followed them there is
// no word of it.
func TestPageOfExecutions(t *testing.T) {
	page := string(rendered(t, pageFollowed(t)))
	for _, want := range []string{
		`<a href="#executions">`, "<dt>Completed</dt><dd><b>4,830</b><small>of 5,000 executions, 100 failed, 50 lost</small>", "<dt>Backlog</dt><dd><b>&#43;18.9/s</b>",
		"While the load went on, the backlog grew by 18.9/s (18.1–19.7/s).", `<th scope="row">Lite</th><td class="n">2,500</td><td class="n">2,430 (97.2 %)</td>`,
		`aria-label="p50 1.54–1.66 s, p90 4.88–5.04 s, p95 6.41 s, p99 7.76–8.08 s"`, `aria-label="States over time: at the end 100 % ended or lost, 0 % not known, 0 % running, 0 % waiting"`,
		"not determined, since there were too few", "20.0 % of the executions were followed from the start.", `<th scope="row">resurrected</th><td class="n">3</td>`, "exe-1, &lt;script&gt;", "20 executions had not ended.", "230 never came", `"backlogHigh":[`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("there is no %q", want)
		}
	}
	if plain := string(rendered(t, pagePass(t))); strings.Contains(plain, `id="executions"`) || strings.Contains(plain, `href="#executions"`) || strings.Contains(plain, `"backlogHigh":`) || strings.Contains(plain, "<dt>Backlog") {
		t.Error("executions that nobody followed are told of")
	}
}

// Whatever the bounds, the areas of a strip lie upon each other, within their axes, and the shares in words are whole.
func TestStrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.Float64Range(0, 1e6)
		bounds := rapid.Custom(func(t *rapid.T) executions.Bounds {
			a, b := number.Draw(t, "a"), number.Draw(t, "b")
			return executions.Bounds{Low: min(a, b), High: max(a, b)}
		})
		var points []executions.Point
		for i := range rapid.IntRange(0, 150).Draw(t, "points") {
			p := executions.Point{AtSeconds: float64(i) / 2, Seconds: 0.5}
			if rapid.Bool().Draw(t, "some") {
				p.Accepted, p.Backlog, p.Running = uint64(number.Draw(t, "accepted")), bounds.Draw(t, "backlog"), bounds.Draw(t, "running")
			}
			points = append(points, p)
		}
		s := newStrip(points, 60)
		if len(s.Areas) == 0 {
			return
		}
		if len(s.Areas) != 4 || len(s.Shares.Rows) > maxRows || s.Load < 0 || s.Load >= 1000 {
			t.Fatalf("%+v", s)
		}
		pair := regexp.MustCompile(`[ML]([^,]+),([^MLZ]+)`)
		var below []string
		for i, a := range s.Areas {
			at := pair.FindAllStringSubmatch(a.Path, -1)
			half := len(at) / 2
			if half < 2 || half > maxMoments || len(at) != 2*half || strings.Count(a.Path, "M") != 1 {
				t.Fatalf("%d points: %s", len(at), a.Path)
			}
			var over, under []string
			for k, p := range at {
				x, _ := strconv.ParseFloat(p[1], 64)
				y, _ := strconv.ParseFloat(p[2], 64)
				if math.IsNaN(x) || x < 0 || x > 1000 || math.IsNaN(y) || y < 0 || y > 100 {
					t.Fatalf("out of its place: %v", p)
				}
				if k < half {
					over = append(over, p[2])
				} else {
					under = append([]string{p[2]}, under...)
				}
			}
			if i > 0 && strings.Join(under, " ") != strings.Join(below, " ") {
				t.Fatalf("%s does not lie upon what is below it", a.Name)
			}
			below = over
		}
		if strings.Trim(strings.Join(below, ""), "0") != "" {
			t.Fatalf("the last does not end at the top: %v", below)
		}
	})
}

// TestThresholdBounds: between what a figure lies is beside it, and a bar has no negative length.
func TestThresholdBounds(t *testing.T) {
	value := -0.5
	for limit, bar := range map[string]float64{"0": 0, "2": 0} {
		parsed, err := metrics.ParseThreshold("backlog(growth) <= " + limit + "/s")
		if err != nil {
			t.Fatal(err)
		}
		row := newThresholdRow(summary.Threshold{Parsed: parsed, Outcome: metrics.Outcome{OK: true, Expr: parsed.Expr(), Unit: metrics.PerSecond, Value: &value, Samples: 9,
			Bounds: &executions.Bounds{Low: -0.7, High: 0.1}}}, "")
		if row.Found != "−0.50/s" || row.Note != "between −0.70/s and 0.10/s" || row.Bar != bar {
			t.Errorf("%+v", row)
		}
	}
}

// TestEndedPerSecond: what came and is not there any more has ended; of a sample, no such line is drawn.
func TestEndedPerSecond(t *testing.T) {
	r := &executions.Report{Sample: 1, Timeline: []executions.Point{
		{Seconds: 2, Accepted: 20, Backlog: executions.Bounds{Low: 8, High: 12}}, {AtSeconds: 2, Seconds: 2, Backlog: executions.Bounds{Low: 1, High: 5}},
		{AtSeconds: 4, Seconds: 2, Accepted: 3, Backlog: executions.Bounds{Low: 9, High: 9}}, {AtSeconds: 6},
	}}
	if got, want := newExecutionColumns(r).Ended, (numbers{5, 3.5, 0}); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	many := &executions.Report{Sample: 1, Timeline: make([]executions.Point, maxMoments+2)}
	for i := range many.Timeline {
		many.Timeline[i] = executions.Point{AtSeconds: float64(i), Seconds: 1, Accepted: 4, Backlog: executions.Bounds{Low: float64(i + 1), High: float64(i + 1)}, Completed: executions.Bounds{Low: 2, High: 5}}
	}
	if got := newExecutionColumns(many); len(got.End) != maxMoments/2+1 || got.End[1] != 4 || got.BacklogLow[1] != 4 || got.Middle[1] != 7.5 || got.Ended[1] != 3 || got.EndedHigh[1] != 5 {
		t.Errorf("joined: %+v", got)
	}
	few := &executions.Report{Sample: 1, Timeline: make([]executions.Point, 100)}
	for i := range few.Timeline {
		few.Timeline[i] = executions.Point{AtSeconds: float64(i), Seconds: 1, Accepted: 7}
	}
	if got := newExecutionColumns(few); len(got.Accepted) != 34 || got.Accepted[33] != 7 || got.Middle[33] != 99.5 || len(got.End) != 100 {
		t.Errorf("few: %+v", got)
	}
	few.Timeline = few.Timeline[:30]
	if got := newExecutionColumns(few); len(got.Accepted) != 30 {
		t.Errorf("short: %+v", got)
	}
	r.Sample = 0.5
	if got := newExecutionColumns(r); got.Ended != nil || len(got.EndedHigh) != 3 {
		t.Errorf("%+v", got)
	}
}

// TestMoments: what had certainly ended, what may have, and what of the rest ran.
func TestMoments(t *testing.T) {
	got := moments([]executions.Point{
		{Seconds: 1, Accepted: 10, Backlog: executions.Bounds{Low: 4, High: 6}, Running: executions.Bounds{Low: 0, High: 6}},
		{AtSeconds: 1, Seconds: 1, Accepted: 10, Backlog: executions.Bounds{Low: 10, High: 10}, Running: executions.Bounds{Low: 12, High: 12}},
	})
	if want := []moment{{1, [4]float64{0.4, 0.2, 0.3, 0.1}}, {2, [4]float64{0.5, 0, 0.5, 0}}}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// Where nothing is known, nothing is drawn and nothing divides by zero.
func TestExecutionsOfNothing(t *testing.T) {
	d := pageFollowed(t)
	for _, r := range []*executions.Report{
		{End: executions.EndRefused},
		{Tiers: map[string]executions.Figures{"Full": {Accepted: 1, Completion: executions.Times{Count: 1, P50: &executions.Bounds{Low: 0, High: 2}}}}, Timeline: []executions.Point{{Accepted: 1}}},
	} {
		d.Summary.Executions = r
		page := string(rendered(t, d))
		if strings.Contains(page, "NaN") || strings.Contains(page, "Inf,") || strings.Contains(page, `class="strip"`) {
			t.Error("what is not known is drawn")
		}
		if !strings.Contains(page, "<dt>Completed</dt><dd><b>–</b>") {
			t.Error("how many completed is told, and not known")
		}
	}
}

// testExecutions: the charts of the executions go on beyond the load, draw their bounds as a band, and can be read with
// the keyboard.
func testExecutions(t *testing.T, chromium context.Context) {
	b := show(t, chromium, rendered(t, pageFollowed(t)), 1280, "light")
	if got := eval[[]float64](b, `["backlog", "ends", "rate"].map(id => andon.charts[id].u.scales.x.max)`); got[0] != 70 || got[1] != 70 || got[2] > 57 {
		t.Errorf("the charts end at %v", got)
	}
	if n := eval[int](b, `andon.charts.backlog.u.bands.length + andon.charts.ends.u.bands.length`); n != 2 {
		t.Errorf("%d bands", n)
	}
	if top := eval[float64](b, `andon.charts.ends.u.scales.y.max`); top > 170 {
		t.Errorf("the axis of 100 a second goes up to %v", top)
	}
	b.do(chromedp.Focus("#c-backlog .plot"), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowRight))
	if got := eval[string](b, `document.querySelector("#c-backlog .sr").textContent`); !regexp.MustCompile(`^\d.* s: at most \d+, at least \d+$`).MatchString(got) {
		t.Errorf("the keyboard tells %q", got)
	}
	if rows := eval[[2]float64](b, `["backlog", "ends"].map(id => document.querySelector("#c-" + id + " .plot").getBoundingClientRect().top)`); rows[0] != rows[1] {
		t.Errorf("the charts stand %v pixels below the top", rows)
	}
	hostile := show(t, chromium, rendered(t, pageHostile(t)), 390, "dark")
	if owned := eval[bool](hostile, `"owned" in globalThis`); owned {
		t.Error("a foreign text had an effect")
	}
	if wide := eval[[]string](hostile, overflow(390)); len(wide) > 0 {
		t.Errorf("the page is wider than the window: %q", wide)
	}
	b.quiet()
	hostile.quiet()
}
