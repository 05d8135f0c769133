package page

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/summary"
)

func renderedCapacity(t testing.TB, r sizing.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteCapacity(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// told is what a page says without its scripts, its styles and its markup.
func told(page []byte) string {
	return html.UnescapeString(regexp.MustCompile(`(?s)<script.*?</script>|<style.*?</style>|<[^>]*>`).ReplaceAllString(string(page), " "))
}

// searchedFor is a search with nothing but the answer to a need.
func searchedFor(answer string) sizing.Report {
	r := reportstest.Sizing()
	need := *r.Need
	need.Answer, need.Trial = answer, 1
	verdict := map[string]summary.Verdict{sizing.Yes: {Status: summary.Pass}, sizing.No: {Status: summary.Fail, ExitCode: 1}, sizing.Undecided: {Status: summary.NoVerdict, ExitCode: 3}}[answer]
	one := r.Trials[6]
	one.N, one.Of, one.Step, one.Rate, one.Low, one.High = 1, "need", "", need.Tried, nil, nil
	return sizing.Report{Schema: r.Schema, Verdict: verdict, Run: r.Run, Objectives: r.Objectives, Need: &need, Trials: []sizing.Trial{one}, Budget: sizing.Budget{SpentTrials: 1, SpentCalls: one.Calls}}
}

// limited is a search of which the low end alone is known.
func limited() sizing.Report {
	r := reportstest.Sizing()
	r.Need, r.Completion, r.Mix, r.Isolation, r.Scaling, r.Replicas, r.Soak, r.Onsets, r.Notes = nil, nil, nil, nil, nil, nil, nil, nil, nil
	r.Trials, r.Run.Ended = r.Trials[:3], sizing.EndedGenerator
	r.Trials[2].Outcome, r.Trials[2].Reason = sizing.Void, "this machine held up 12.0 % of the calls"
	r.Acceptance = &sizing.Capacity{Kind: sizing.AtLeast, Low: r.Trials[1].Low, Confidence: 0.95, Highest: 20, Why: "this machine was the limit above 20.0/s"}
	r.Verdict = summary.Verdict{Status: summary.NoVerdict, ExitCode: 3, Causes: []string{"This machine was the limit."}}
	return r
}

// Everything that the page tells is in its text, without a script.
func TestCapacityPage(t *testing.T) {
	page := renderedCapacity(t, reportstest.Sizing())
	if path := os.Getenv("ANDON_TEST_PAGE"); path != "" {
		if err := os.WriteFile(path, page, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	said := told(page)
	for _, want := range []string{
		"YES : Takes 60.0/s and 15 % more (69.0/s); accepts 73.1/s (71.0–75.2/s, 95 %); completes 20.1/s (19.4–20.9/s, 95 %).", "71.0–75.2/s most likely 73.1/s; 95 % confidence",
		"p99(latency) < 1s: 0.31 % of 9,120 calls were over.", "p99(latency) < 1s broke first, at 76.0/s", "wait, by 410 ms at its p95", "503, 1.2 % of calls", "0.31 % at 69.0/s, trial 7", "4.3 % at 76.0/s, trial 5",
		"72.5/s held in trial 8", "73.0/s broke when it was come to from above", "the contract is broken: missing-property, first at 76.0/s", "calls are shed (429), first at 95.0/s", "Calls were taken again 2.10 s after",
		"mean(lag) < 5ms", "a mean is no share", "this machine held up 12.0 % of the calls", "confirmation", "1 growth", "? undecided", "– void", "✕ broken", "✓ holds", "30.0 % shed",
		"At 50 % Full it takes 118/s", "76.6/s (73.8–79.5/s)", "≥ 50.8/s", "Full hurts Lite", "+10.0 ms", "−4.00 to +25.0 ms", "250 ms ≥ +30.0 ms", "0.0277 (0.0045 to 0.0509)", "199/s at 96.5 callers",
		"32 replicas for 900/s", "two replicas were measured", "Over 2 hours at 58.5/s the latency drifted.", "p95(latency) grew by 3.10 % an hour", "504,310 600,000 498,200 runs started", "996.40 1200.00", "at 0.002 for each run",
		"andon capacity mixed", "at random (Poisson)", "Gone on with", "1,384",
	} {
		if !strings.Contains(strings.Join(strings.Fields(said), " "), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	for n := 1; n <= 34; n++ {
		if !bytes.Contains(page, fmt.Appendf(nil, `href="trials/%02d/report.html">%d<`, n, n)) {
			t.Errorf("trial %d has no link to its report", n)
		}
	}
	reportstest.CheckNoCommand(t, "the page", page)
}

// What is asked is answered in the first words, and what is not known is said.
func TestCapacityHeadline(t *testing.T) {
	for want, r := range map[string]sizing.Report{
		"YES : Takes 60.0/s and 15 % more (69.0/s). ": searchedFor(sizing.Yes), "NO : Does not take 60.0/s and 15 % more (69.0/s).": searchedFor(sizing.No),
		"UNDECIDED : Undecided whether it takes 60.0/s and 15 % more (69.0/s).": searchedFor(sizing.Undecided), "NO VERDICT : Takes at least 20.0/s: this machine was the limit above 20.0/s.": limited(),
		"NO VERDICT : Not known: ": {}, "Capacity ≥ 20.0/s no interval": limited(), "Capacity – no interval": {Acceptance: &sizing.Capacity{Kind: sizing.Interval}},
		"Completion 19.4–20.9/s most likely 20.1/s; 95 % confidence": {Completion: reportstest.Sizing().Completion},
	} {
		if said := strings.Join(strings.Fields(told(renderedCapacity(t, r))), " "); !strings.Contains(said, strings.TrimSpace(want)) {
			t.Errorf("the page does not say %q: %.300s", want, said[strings.Index(said, "Theme"):])
		}
	}
}

// Whatever the texts are, they stay texts, and no link leads out of the search's directory.
func TestCapacityPageHostile(t *testing.T) {
	for why, text := range map[string]string{"nothing": "", "a script": "</script><script>globalThis.owned=1</script>", "an image": "<img src=x onerror=globalThis.owned=1>", "much": strings.Repeat("<b>x\x00\n", 1<<13),
		"an address": "javascript:globalThis.owned=1", "elsewhere": "//evil.example/x", "above": "../../x", "a quote": `"><a href="https://evil.example/">`, "a command": reportstest.Commands} {
		r := reportstest.Sizing()
		r.Run.ID, r.Run.Scenario, r.Run.Target, r.Run.Andon, r.Run.SpecSHA256, r.Run.Release, r.Run.Arrivals, r.Run.Ended, r.Run.Detail = text, text, text, text, text, text, text, text, text
		r.Run.Command, r.Run.Labels, r.Notes, r.Verdict.Causes, r.Verdict.Status = []string{text}, map[string]string{text: text}, []string{text}, []string{text}, text
		r.Objectives[0].Expr, r.LeftOut[0].Expr, r.LeftOut[0].Why, r.Need.Reason = text, text, text, text
		for i := range r.Onsets {
			r.Onsets[i].What, r.Onsets[i].Rule, r.Onsets[i].RetryAfter = text, text, text
		}
		c, b := r.Acceptance, r.Acceptance.Broke
		c.NotMonotone, c.Hysteresis, c.Why, b.Tier, b.Class, b.Phase, b.Status, b.Sentence = text, text, text, text, text, text, text, text
		r.Mix.Of, r.Mix.Value, r.Mix.Other, r.Mix.Departure, r.Isolation.Tier, r.Isolation.Beside, r.Isolation.Sentence = text, text, text, text, text, text, text
		r.Replicas.Assumptions, r.Soak.Drift, r.Soak.Sentence = []string{text}, []string{text}, text
		for i := range r.Trials {
			x := &r.Trials[i]
			x.Dir, x.Of, x.About, x.Step, x.Outcome, x.Reason = text, text, text, text, text, text
			if i%2 == 0 {
				x.Of = "acceptance"
			}
		}
		page := renderedCapacity(t, r)
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
	for dir, want := range map[string]string{"trials/01": "trials/01/report.html", "": "", ".": "", "/etc": "", "../x": "", "trials/../../x": "", `trials\..\x`: "", "a b/#?": "", "x:y": "", strings.Repeat("x", 101): "", "trials/01-a_b.c+d": "trials/01-a_b.c+d/report.html"} {
		if got := reportOf(sizing.Trial{Dir: dir}); got != want {
			t.Errorf("the report of %q is at %q, want %q", dir, got, want)
		}
	}
}

// However many trials there are, and whatever their figures, the page is one that a browser shows, with every place
// within its chart.
func TestCapacityPageBounded(t *testing.T) {
	r := reportstest.Sizing()
	for i := range 5000 {
		one := r.Trials[i%13]
		one.N = 35 + i
		r.Trials = append(r.Trials, one)
	}
	page := renderedCapacity(t, r)
	if len(page) > 4<<20 || !bytes.Contains(page, []byte("4534 more are in capacity.json.")) {
		t.Errorf("%d bytes, or what is left out is not said", len(page))
	}
	places := regexp.MustCompile(`(?:x|y|x1|x2|y1|y2|cx|cy|width|height)="([^"]*)%"`)
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, 1, -1, 1e-300, 1e300, math.MaxFloat64, math.SmallestNonzeroFloat64}), rapid.Float64Range(0, 100))
		r := reportstest.Sizing()
		some := func(name string) *float64 {
			if v := number.Draw(t, name); v != 1 {
				return &v
			}
			return nil
		}
		c := r.Acceptance
		c.Kind = rapid.SampledFrom([]string{sizing.Interval, sizing.AtLeast, sizing.AtMost, sizing.Unknown, ""}).Draw(t, "kind")
		c.Rate, c.Low, c.High = number.Draw(t, "rate"), some("low"), some("high")
		r.Objectives[0].Allowed = number.Draw(t, "allowed")
		for i := range r.Trials[:rapid.IntRange(1, 13).Draw(t, "trials")] {
			x := &r.Trials[i]
			x.Rate, x.Goodput, x.P50, x.P95, x.P99, x.Errors = number.Draw(t, "of"), number.Draw(t, "goodput"), some("p50"), some("p95"), some("p99"), number.Draw(t, "errors")
			x.Shares, x.Growth = []float64{number.Draw(t, "share")}, &sizing.Bounds{Value: number.Draw(t, "growth"), Low: number.Draw(t, "from"), High: number.Draw(t, "to")}
		}
		for i := range c.Curve {
			c.Curve[i] = sizing.CurvePoint{Rate: number.Draw(t, "at"), Share: number.Draw(t, "fitted"), Low: number.Draw(t, "below"), High: number.Draw(t, "above")}
		}
		r.Mix.Points[1].Predicted.High, r.Scaling.Levels[2].Throughput, r.Scaling.Gamma.Value, r.Scaling.Beta.Value = number.Draw(t, "mix"), number.Draw(t, "throughput"), number.Draw(t, "gamma"), number.Draw(t, "beta")
		var b bytes.Buffer
		if err := WriteCapacity(&b, r); err != nil {
			t.Fatal(err)
		}
		for _, m := range places.FindAllSubmatch(b.Bytes(), -1) {
			var v float64
			if _, err := fmt.Sscan(string(m[1]), &v); err != nil || !(v >= 0 && v <= 100) {
				t.Fatalf("a place at %s %%", m[1])
			}
		}
		if wrong := regexp.MustCompile(` d="[^"]*(NaN|Inf)`).Find(b.Bytes()); wrong != nil {
			t.Fatalf("a line through nowhere: %s", wrong)
		}
		if b.Len() > 1<<20 {
			t.Fatalf("%d bytes", b.Len())
		}
	})
}

// Round values are the ticks of an axis, a few of them, whatever it shows.
func TestTicks(t *testing.T) {
	names := func(ticks []tick) (all []string) {
		for _, k := range ticks {
			all = append(all, k.Text)
		}
		return all
	}
	for want, a := range map[string]axis{
		"0/s 20/s 40/s 60/s 80/s 100/s": fromNothing(ofRates, 95), "0/s 0.2/s 0.4/s 0.6/s 0.8/s 1/s": fromNothing(ofRates), "0/s 500/s 1000/s 1500/s 2000/s": fromNothing(ofRates, 1900, 3),
		"100 ms 200 ms 500 ms 1 s 2 s 5 s": logarithmic(ofTimes, 0.1, 0, 6), "0.01 % 0.1 % 1 % 10 % 100 %": logarithmic(ofShares, 0.0001, 1), "−20 ms 0 20 ms 40 ms 60 ms 80 ms 100 ms": around(ofTimes, -0.02, 0.1),
		"130/s 140/s 150/s 160/s 170/s": {low: 122, high: 178, say: ofRates},
	} {
		if got := strings.Join(names(a.ticks()), " "); got != want {
			t.Errorf("%+v: %s, want %s", a, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOf(rapid.Float64()).Draw(t, "values")
		for _, a := range []axis{fromNothing(ofRates, values...), logarithmic(ofRates, values...), around(ofRates, values...)} {
			ticks := a.ticks()
			if len(ticks) > 12 || !slices.IsSortedFunc(ticks, func(a, b tick) int { return int(math.Copysign(1, a.At-b.At)) }) && len(ticks) > 1 && a.high/max(a.low, 1e-300) > 2 {
				t.Fatalf("%v", ticks)
			}
		}
	})
}

// axisNames are the names of an axis that touch each other, or leave the page.
const axisNames = `[...document.querySelectorAll(".draw")].flatMap(d => [".left", ".foot"].flatMap(of => {
	const boxes = [...d.querySelectorAll(of)].map(e => [e.textContent, e.getBoundingClientRect()]);
	return boxes.flatMap(([a, p], i) => boxes.slice(0, i).filter(([, q]) => Math.min(p.right, q.right) > Math.max(p.left, q.left) && Math.min(p.bottom, q.bottom) > Math.max(p.top, q.top) + 3)
		.map(([b]) => a + " over " + b)).concat(boxes.filter(([, p]) => p.left < 0 || p.right > innerWidth).map(([a]) => a + " leaves the page"));
}))`

// checkDrawn: nothing of a page with drawings is cut off, and nothing lies over another.
func checkDrawn(t *testing.T, b tab, width int) {
	t.Helper()
	if wide := eval[[]string](b, overflow(width)); len(wide) > 0 {
		t.Errorf("the page is wider than the window: %q", wide)
	}
	if cut := eval[[]string](b, clipped); len(cut) > 0 {
		t.Errorf("cut off: %q", cut)
	}
	if over := eval[[]string](b, strings.Replace(collisions, ".marks,", ".marks, .keys,", 1)); len(over) > 0 {
		t.Errorf("one over the other: %q", over)
	}
	if over := eval[[]string](b, axisNames); len(over) > 0 {
		t.Errorf("an axis: %q", over)
	}
	if n := eval[int](b, `document.scripts.length`); n != 2 {
		t.Errorf("%d scripts, want 2", n)
	}
}

// testCapacity: wide and narrow, light and dark, with scripts, nothing is cut off and nothing lies over another.
func testCapacity(t *testing.T, chromium context.Context) {
	for name, r := range map[string]sizing.Report{"found": reportstest.Sizing(), "need": searchedFor(sizing.No), "limited": limited(), "none": {Verdict: summary.Verdict{Status: summary.NoVerdict, ExitCode: 3}}} {
		page := renderedCapacity(t, r)
		for _, width := range []int{390, 600, 1280} {
			for _, scheme := range []string{"light", "dark"} {
				t.Run(fmt.Sprintf("%s %d %s", name, width, scheme), func(t *testing.T) {
					t.Parallel()
					b := show(t, chromium, page, width, scheme)
					checkDrawn(t, b, width)
					if eval[bool](b, "globalThis.owned !== undefined") || eval[int](b, `document.querySelectorAll("img, iframe, object, embed, link, base, form, a[href^='http'], a[href^='javascript']").length`) > 0 {
						t.Error("a text of the target's is live")
					}
					b.quiet()
				})
			}
		}
	}
}

// testDots: each trial of the curve is a mark at its rate, which the keyboard comes to and which leads to its report.
func testDots(t *testing.T, chromium context.Context) {
	r := reportstest.Sizing()
	b := show(t, chromium, renderedCapacity(t, r), 1000, "light")
	dots := eval[[]string](b, `[...document.querySelector("#curve .draw").querySelectorAll("a")].map(a => a.getAttribute("href") + " " + a.tabIndex)`)
	var want, once []string
	for _, x := range r.Trials {
		if x.Of == "acceptance" || x.Of == "onset" {
			want = append(want, x.Dir+"/report.html 0")
		}
		if x.Of == "acceptance" || x.Of == "completion" || x.Of == "onset" {
			once = append(once, x.Dir+"/report.html")
		}
	}
	if !slices.Equal(dots, want) {
		t.Errorf("the marks are %q, want %q", dots, want)
	}
	// A mark stands at its rate: the distance from the left grows with it.
	if !eval[bool](b, `(() => {
		const at = n => document.querySelector("#curve a[href='trials/" + n + "/report.html'] use").getBoundingClientRect(), middle = r => r.left + r.width / 2;
		const [ten, twenty, forty] = ["01", "02", "03"].map(n => middle(at(n)));
		return Math.abs((forty - twenty) - 2 * (twenty - ten)) < 1.5 && twenty > ten + 20;
	})()`) {
		t.Error("the marks do not stand at their rates")
	}
	keyboard := eval[[]string](b, `[...document.querySelectorAll("#curve .draw a")].filter(a => a.tabIndex >= 0).map(a => a.getAttribute("href"))`)
	if slices.Sort(keyboard); !slices.Equal(keyboard, once) {
		t.Errorf("the keyboard comes to %q, want %q", keyboard, once)
	}
	b.do(func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Evaluate[bool](`document.querySelector("#curve a").focus(); true`)(ctx, target)
		return chromedp.Void{}, err
	}, chromedp.KeyEvent(kb.Tab))
	if got := eval[string](b, `document.activeElement.getAttribute("href") + " " + document.activeElement.getAttribute("aria-label")`); !strings.HasPrefix(got, "trials/02/report.html Trial 2: 20.0/s, holds; p50 ") {
		t.Errorf("Tab leads to %q", got)
	}
	// A click between the marks of others goes to the one below it.
	if got := eval[string](b, `(() => { const r = document.querySelector("#curve a[href='trials/03/report.html'] use").getBoundingClientRect();
		return document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2).closest("a").getAttribute("href"); })()`); got != "trials/03/report.html" {
		t.Errorf("a click leads to %q", got)
	}
	b.quiet()
}
