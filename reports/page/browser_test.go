package page

import (
	"context"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// tab is a page in a browser, and what the browser complained of.
type tab struct {
	t   *testing.T
	ctx context.Context
	mu  *sync.Mutex
	// complaints are errors, violations of the page's policy, dialogs, and requests to anywhere else than the file.
	complaints *[]string
}

// browser starts Chromium. Where there is none, what needs it is skipped, but not in make test, which installs it.
func browser(t *testing.T) context.Context {
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("ANDON_TEST_TOOLS") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("%s does not start: %v", path, err)
	}
	return ctx
}

// show opens a page in a tab of its own, in a window of that width.
func show(t *testing.T, browser context.Context, text []byte, width int, scheme string) tab {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, text, 0o666); err != nil {
		t.Fatal(err)
	}
	b := tab{t: t, mu: new(sync.Mutex), complaints: new([]string)}
	complain := func(format string, args ...any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		*b.complaints = append(*b.complaints, fmt.Sprintf(format, args...))
	}
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithListener(func(event any) {
		switch e := event.(type) {
		case *runtime.EventConsoleAPICalled:
			complain("console.%s", e.Type)
		case *runtime.EventExceptionThrown:
			complain("exception: %s, line %d", e.ExceptionDetails.Text, e.ExceptionDetails.LineNumber)
		case *log.EventEntryAdded:
			if !strings.Contains(e.Entry.Text, "willReadFrequently") { // a hint on how the test itself reads pixels
				complain("log: %s", e.Entry.Text)
			}
		case *page.EventJavascriptDialogOpening:
			complain("dialog: %.100s", e.Message)
		case *network.EventRequestWillBeSent:
			if e.Request.URL != "file://"+path {
				complain("request: %.200s", e.Request.URL)
			}
		}
	}))
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // the first action starts the tab, and must have no deadline
		t.Fatal(err)
	}
	ctx, cancel = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(cancel)
	b.ctx = ctx
	_, err := chromedp.Run(ctx, func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		var none chromedp.Void
		if _, err := cdp.Call(ctx, target, log.Enable, cdp.Empty{}); err != nil {
			return none, err
		}
		if _, err := cdp.Call(ctx, target, network.Enable, network.EnableParams{}); err != nil {
			return none, err
		}
		if _, err := cdp.Call(ctx, target, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: int64(width), Height: 900, DeviceScaleFactor: 1, Mobile: width < 600}); err != nil {
			return none, err
		}
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		return none, err
	})
	if err == nil {
		err = chromedp.Do(ctx, chromedp.Navigate("file://"+path))
	}
	if err != nil {
		t.Fatal(err)
	}
	b.settle()
	return b
}

// settle waits until what was asked for is drawn.
func (b tab) settle() {
	b.t.Helper()
	const drawn = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 20, true))))"
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](drawn, chromedp.EvalAwaitPromise)); err != nil {
		b.t.Fatal(err)
	}
}

// eval gives the value of an expression of JavaScript.
func eval[T any](b tab, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

func (b tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
	b.settle()
}

func (b tab) quiet() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(*b.complaints) > 0 {
		b.t.Errorf("the browser complains: %q", *b.complaints)
	}
}

// ink counts the pixels of each chart's canvas that have a colour and no grey: those of its lines and bars.
const ink = `Object.fromEntries(Object.entries(andon.charts).filter(([, c]) => c.u).map(([id, c]) => {
	const {width, height} = c.u.ctx.canvas, data = c.u.ctx.getImageData(0, 0, width, height).data;
	let n = 0;
	for (let i = 0; i < data.length; i += 4) {
		if (data[i + 3] > 200 && Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 60) n++;
	}
	return [id, n];
}))`

// overflow lists what makes the page wider than so many pixels; innerWidth is no measure, since it grows with the page.
func overflow(width int) string {
	return fmt.Sprintf(`document.documentElement.scrollWidth <= %[1]d ? [] : ["all", ...[...document.querySelectorAll("body *")]
		.filter(e => e.getBoundingClientRect().right > %[1]d + 1).map(e => e.tagName + "." + e.className).slice(0, 5)]`, width)
}

// clipped lists the places whose content is wider than they are, so that a column is cut off. The numbers of a chart as
// a table are left out: they have a frame, within which they can be moved.
const clipped = `[...document.querySelectorAll("body *")].filter(e => !e.closest("details, svg, .plot, .sr, .skip") && e.clientWidth > 0 &&
	e.scrollWidth > e.clientWidth + 1 && !e.classList.contains("run") &&
	(getComputedStyle(e).overflowX !== "visible" || ["TD", "TH", "DD", "LI", "P", "SMALL", "BUTTON"].includes(e.tagName)))
	.map(e => e.tagName + "." + e.className + " " + e.textContent.trim().slice(0, 40))`

// collisions lists texts that are drawn over each other within a table, a legend, the tiles or the lists.
const collisions = `(() => {
	const found = [];
	for (const place of document.querySelectorAll("table, .legend, .tiles, .facts, .marks, header .inner")) {
		if (place.closest("details")) continue;
		const boxes = [], walk = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
		for (let n = walk.nextNode(); n; n = walk.nextNode()) {
			if (!n.textContent.trim() || n.parentElement.closest(".sr, [hidden]")) continue;
			const range = document.createRange();
			range.selectNodeContents(n);
			for (const r of range.getClientRects()) if (r.width > 0) boxes.push([n.textContent.trim().slice(0, 30), r]);
		}
		for (let i = 0; i < boxes.length; i++) for (let k = 0; k < i; k++) {
			const [a, p] = boxes[i], [b, q] = boxes[k];
			const wide = Math.min(p.right, q.right) - Math.max(p.left, q.left), high = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
			if (wide > 2 && high > 4) found.push(a + " over " + b);
		}
	}
	return found.slice(0, 5);
})()`

// TestInBrowser opens pages in one browser, several at a time.
func TestInBrowser(t *testing.T) {
	chromium := browser(t)
	for name, test := range map[string]func(*testing.T, context.Context){
		"charts": testCharts, "hostile": testHostile, "controls": testControls, "formats": testFormats, "hour": testHour, "logarithms": testLogarithms, "fits": testFits, "first screen": testFirstScreen, "constant": testConstant, "verification": testVerification, "executions": testExecutions,
		"capacity": testCapacity, "dots": testDots, "comparison": testComparison,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, chromium)
		})
	}
}

// testCharts: every page draws its charts, in wide windows and on phones, in both themes, and nothing is complained of.
func testCharts(t *testing.T, chromium context.Context) {
	common := []string{"rate", "latency", "flight", "tiers-hdr", "knee"}
	open := append([]string{"lag", "lag-hdr", "cpu", "stalls", "queue"}, common...)
	for name, c := range map[string]struct {
		data   Data
		charts []string
	}{
		"pass": {pagePass(t), open}, "fail": {pageFail(t), append([]string{"errors", "violations"}, open...)},
		"closed": {pageClosed(t), common}, "empty": {pageEmpty(t), nil},
		"followed": {pageFollowed(t), append([]string{"lag", "lag-hdr", "backlog", "ends"}, common...)},
	} {
		for _, width := range []int{390, 1280} {
			for _, scheme := range []string{"light", "dark"} {
				t.Run(fmt.Sprintf("%s %d %s", name, width, scheme), func(t *testing.T) {
					t.Parallel()
					b := show(t, chromium, rendered(t, c.data), width, scheme)
					drawn := eval[map[string]int](b, ink)
					for _, id := range c.charts {
						if drawn[id] < 50 {
							t.Errorf("%d pixels are drawn in the chart %s", drawn[id], id)
						}
					}
					if len(drawn) != len(c.charts) {
						t.Errorf("%d charts are drawn, want %d: %v", len(drawn), len(c.charts), drawn)
					}
					if wide := eval[[]string](b, overflow(width)); len(wide) > 0 {
						t.Errorf("the page is wider than the window: %q", wide)
					}
					b.quiet()
				})
			}
		}
	}
}

// testFits: however narrow the window, no column is cut off, no text lies over another, and no figure is missing.
func testFits(t *testing.T, chromium context.Context) {
	many := pageFail(t)
	many.Summary = withTiers(many.Summary, 6)
	many.Summary.Run.Release, many.Summary.Run.Labels = "2026.11.3-rc1", map[string]string{"commit": strings.Repeat("ab", 20)}
	for name, c := range map[string]struct {
		Data
		widths []int
	}{"pass": {pagePass(t), []int{400}}, "closed": {pageClosed(t), []int{800}}, "fail": {pageFail(t), []int{360, 1280}}, "many": {many, []int{360, 500, 800, 1280}},
		"followed": {pageFollowed(t), []int{360, 400, 800, 1280}}} {
		page := rendered(t, c.Data)
		for _, width := range c.widths {
			t.Run(fmt.Sprintf("%s %d", name, width), func(t *testing.T) {
				t.Parallel()
				b := show(t, chromium, page, width, "light")
				if wide := eval[[]string](b, overflow(width)); len(wide) > 0 {
					t.Errorf("the page is wider than the window: %q", wide)
				}
				if cut := eval[[]string](b, clipped); len(cut) > 0 {
					t.Errorf("cut off: %q", cut)
				}
				if over := eval[[]string](b, collisions); len(over) > 0 {
					t.Errorf("one over the other: %q", over)
				}
				if lost := eval[[]string](b, `[...document.querySelectorAll("td b, td.n, tbody th")].filter(e => e.textContent && !e.closest("[hidden], details") &&
					!e.getClientRects().length).map(e => e.textContent)`); len(lost) > 0 {
					t.Errorf("not to be seen: %q", lost)
				}
				b.quiet()
			})
		}
	}
}

// withTiers has as many tiers and phases, with what they came to.
func withTiers(s summary.Summary, n int) summary.Summary {
	s.Groups.Tier, s.Groups.Phase = maps.Clone(s.Groups.Tier), maps.Clone(s.Groups.Phase)
	s.Run.Classes, s.Run.Phases = slices.Clone(s.Run.Classes), slices.Clone(s.Run.Phases)
	compared := *s.Comparison
	tiers := *compared.Tier
	tiers.Groups = maps.Clone(tiers.Groups)
	compared.Tier = &tiers
	s.Comparison = &compared
	for i := range n {
		name := fmt.Sprintf("Enterprise-%d", i)
		s.Groups.Tier[name] = s.Groups.Tier["Lite"]
		tiers.Groups[name] = tiers.Groups["Lite"]
		s.Run.Classes = append(s.Run.Classes, results.Class{Name: "text." + name, Tier: name, Content: "text"})
		phase := s.Run.Phases[1]
		phase.Name, phase.Shape = fmt.Sprintf("step-%d", i), fmt.Sprintf("%d callers (closed loop) by steps", 100*i)
		s.Run.Phases = append(s.Run.Phases, phase)
		s.Groups.Phase[phase.Name] = s.Groups.Phase["constant"]
	}
	return s
}

// testFirstScreen: where the load varies, the latency over time and against the rate are seen without a turn of the
// wheel.
func testFirstScreen(t *testing.T, chromium context.Context) {
	for name, d := range map[string]Data{"pass": pagePass(t), "fail": pageFail(t), "closed": pageClosed(t)} {
		b := show(t, chromium, rendered(t, d), 1280, "light")
		for _, id := range []string{"latency", "knee"} {
			if bottom := eval[float64](b, fmt.Sprintf(`document.querySelector("#c-%s .plot").getBoundingClientRect().bottom`, id)); bottom > 900 {
				t.Errorf("%s: the chart %s ends %v pixels below the top", name, id, bottom)
			}
		}
		if rows := eval[[2]float64](b, `["latency", "knee"].map(id => document.querySelector("#c-" + id + " .plot").getBoundingClientRect().top)`); rows[0] != rows[1] {
			t.Errorf("%s: the charts stand %v pixels below the top", name, rows)
		}
	}
}

// testConstant: a load at one rate says nothing of others.
func testConstant(t *testing.T, chromium context.Context) {
	m := pageManifest(60)
	m.Labels.Phases = m.Labels.Phases[1:2]
	d := gather(t, m, nil, nil, results.End{Reason: results.Finished, Seconds: 60}, func(add func(results.Row)) {
		for n := range uint32(3000) {
			add(results.Row{N: n, Status: 200, Due: time.Duration(n) * 20 * time.Millisecond, Service: 0.05})
		}
	})
	b := show(t, chromium, rendered(t, d), 1280, "light")
	if eval[bool](b, `document.querySelector("#c-knee") !== null || document.body.innerText.includes("against rate")`) {
		t.Error("a constant load is drawn against its rate")
	}
	if width := eval[float64](b, `document.querySelector("#c-latency .plot").clientWidth`); width < 1000 {
		t.Errorf("the latency over time is %v pixels wide", width)
	}
	b.quiet()
}

// testHostile: what a provider sent is shown, and does nothing.
func testHostile(t *testing.T, chromium context.Context) {
	b := show(t, chromium, rendered(t, pageFail(t)), 1280, "light")
	if owned := eval[bool](b, "globalThis.owned !== undefined"); owned {
		t.Error("a text of the provider's has run")
	}
	if n := eval[int](b, `document.querySelectorAll("img, b b, iframe, object, embed, link, base, form, a[href^='javascript']").length`); n > 0 {
		t.Errorf("%d elements are the provider's", n)
	}
	if n := eval[int](b, `document.scripts.length`); n != 3 {
		t.Errorf("%d scripts, want 3", n)
	}
	text := eval[string](b, "document.body.innerText")
	for _, want := range []string{"</script><script>globalThis.owned=1;alert(1)</script>", "<img src=x onerror=globalThis.owned=2>", `\u2028\u2029globalThis.owned=3`, `\x1b[2J`} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	b.quiet()
	// The test would notice: the policy turns a script away that is not the page's own.
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`const s = document.createElement("script"); s.textContent = "globalThis.owned = 9"; document.body.append(s); ""`)); err != nil {
		t.Fatal(err)
	}
	b.settle()
	b.mu.Lock()
	defer b.mu.Unlock()
	if eval[bool](b, "globalThis.owned === 9") || len(*b.complaints) == 0 {
		t.Errorf("a script that was added has run, or nothing was said of it: %q", *b.complaints)
	}
}

// testControls works the page as a reader does.
func testControls(t *testing.T, chromium context.Context) {
	b := show(t, chromium, rendered(t, pageFail(t)), 1280, "light")
	ranges := func() (all map[string][2]float64) {
		return eval[map[string][2]float64](b, `Object.fromEntries(Object.entries(andon.charts).filter(([, c]) => c.u && c.o.time).map(([id, c]) => [id, [c.u.scales.x.min, c.u.scales.x.max]]))`)
	}
	same := func(when string) [2]float64 {
		t.Helper()
		all := ranges()
		for id, r := range all {
			if r != all["rate"] {
				t.Errorf("%s: the chart %s shows %v, the rate %v", when, id, r, all["rate"])
			}
		}
		return all["rate"]
	}
	whole := same("at first")
	center := func(selector string, share float64) (x, y float64) {
		p := eval[[2]float64](b, fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.scrollIntoView({block: "center", behavior: "instant"}); const r = e.getBoundingClientRect(); return [r.left + r.width * %v, r.top + r.height / 2]; })()`, selector, share))
		return p[0], p[1]
	}

	x1, y := center("#c-latency .u-over", 0.25)
	x2, _ := center("#c-latency .u-over", 0.5)
	b.do(chromedp.DragAndDropXY(x1, y, x2, y, 5))
	zoomed := same("after a drag")
	if width := zoomed[1] - zoomed[0]; width > (whole[1]-whole[0])/3 || width < (whole[1]-whole[0])/6 {
		t.Errorf("a drag over a quarter zooms to %v of %v", zoomed, whole)
	}
	b.do(chromedp.Click(chromedp.CSS(`[data-zoom="right"]`)))
	if r := same("to the right"); r[0] <= zoomed[0] {
		t.Errorf("to the right of %v is %v", zoomed, r)
	}
	b.do(chromedp.Click(chromedp.CSS(`[data-zoom="all"]`)))
	if r := same("all again"); r != whole {
		t.Errorf("all is %v, was %v", r, whole)
	}
	b.do(chromedp.Focus(chromedp.CSS("#c-rate .plot")), chromedp.KeyEvent("+"))
	if r := same("by key"); r[1]-r[0] >= whole[1]-whole[0] {
		t.Errorf("+ zooms to %v of %v", r, whole)
	}
	b.do(chromedp.KeyEvent("0"), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowRight))
	if said := eval[string](b, `document.querySelector("#c-rate .sr").textContent`); !strings.Contains(said, "sent ") {
		t.Errorf("the keys say %q", said)
	}
	if at := eval[[]string](b, `["rate", "latency", "lag"].map(id => document.querySelector("#c-" + id + " .at").textContent)`); at[0] == "" || at[0] != at[1] || at[0] != at[2] {
		t.Errorf("the cursors are at %q", at)
	}

	before := eval[map[string]int](b, ink)
	b.do(chromedp.Click(chromedp.CSS("#c-errors .legend button")))
	hidden := eval[map[string]int](b, ink)
	if hidden["errors"] == before["errors"] || eval[string](b, `document.querySelector("#c-errors .legend button").ariaPressed`) != "false" {
		t.Errorf("a kind that is switched off leaves the chart as it was, %d pixels", hidden["errors"])
	}
	b.do(chromedp.Click(chromedp.CSS("[data-log]")))
	if d := eval[[2]int](b, `["latency", "rate"].map(id => andon.charts[id].u.scales.y.distr)`); d != [2]int{3, 1} {
		t.Errorf("the axes of latency and rate are %v", d)
	}
	b.do(chromedp.Click(chromedp.CSS(`[data-heat="2"]`)))
	if shown := eval[string](b, `[...document.querySelectorAll("[data-map]")].filter(m => !m.hidden).map(m => m.dataset.map).join()`); shown != "2" {
		t.Errorf("the map %s is shown", shown)
	}
	b.do(chromedp.Click(chromedp.CSS("#c-rate summary")))
	if n := eval[int](b, `document.querySelectorAll("#c-rate details tbody tr").length`); n < 70 || n > 75 {
		t.Errorf("the table has %d rows", n)
	}
	for _, want := range []string{"light", "dark", "system"} {
		b.do(chromedp.Click(chromedp.CSS("#theme")))
		if got := eval[string](b, `document.documentElement.dataset.theme || "system"`); got != want {
			t.Errorf("the theme is %s, want %s", got, want)
		}
	}
	b.do(func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		pdf, err := chromedp.PrintToPDF()(ctx, target)
		if err == nil && len(pdf) < 50_000 {
			err = fmt.Errorf("a PDF of %d bytes", len(pdf))
		}
		return chromedp.Void{}, err
	})
	if theme := eval[string](b, `document.documentElement.dataset.theme || "system"`); theme != "system" {
		t.Errorf("printing leaves the theme %s", theme)
	}
	b.quiet()
}

// testFormats: the script writes numbers as the rest of the reports do.
func testFormats(t *testing.T, chromium context.Context) {
	b := show(t, chromium, rendered(t, pageClosed(t)), 1280, "light")
	for _, v := range []float64{0, 48e-6, 999.4e-6, 0.0009996, 0.00123456, 0.0123, 0.8124, 0.9994, 0.9996, 1.234, 59.96, 99.96, 599, 700, 12345} {
		if got, want := eval[string](b, fmt.Sprintf("andon.format.duration(%v)", v)), text.Duration(&v); got != want {
			t.Errorf("%v s is %q, want %q", v, got, want)
		}
		if got, want := eval[string](b, fmt.Sprintf("andon.format.rate(%v)", v)), text.Rate(v); got != want {
			t.Errorf("a rate of %v is %q, want %q", v, got, want)
		}
	}
	for _, n := range []uint64{0, 999, 1000, 1234567} {
		if got := eval[string](b, fmt.Sprintf("andon.format.commas(%d)", n)); got != text.Count(n) {
			t.Errorf("%d is %q, want %q", n, got, text.Count(n))
		}
	}
}

// testHour shows that the page of an hour works, and tells how long it takes to load and to zoom, which
// depends on the machine.
func testHour(t *testing.T, chromium context.Context) {
	b := show(t, chromium, rendered(t, pageHour(t)), 1280, "light")
	times := eval[string](b, `(() => {
		const n = performance.getEntriesByType("navigation")[0], zoom = performance.now();
		andon.zooms.in();
		globalThis.zoomed = new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - zoom))));
		return "interactive after " + Math.round(n.domInteractive) + " ms";
	})()`)
	zoom, err := chromedp.Run(b.ctx, chromedp.Evaluate[float64]("zoomed", chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s, zoomed into half of it and drawn in %.0f ms", times, zoom)
	if drawn := eval[map[string]int](b, ink); drawn["rate"] < 500 || drawn["errors"] < 500 {
		t.Errorf("drawn: %v", drawn)
	}
	for _, id := range []string{"tiers-hdr", "lag-hdr"} {
		if most := eval[float64](b, fmt.Sprintf("andon.charts[%q].u.scales.x.max", id)); !(most > 4 && most <= 5) {
			t.Errorf("%s goes to p%v; 140,000 calls tell p99.99", id, 100*(1-math.Pow(10, -most)))
		}
	}
	b.quiet()
}

// testLogarithms: wherever a logarithmic axis begins, its ticks come to an end.
func testLogarithms(t *testing.T, chromium context.Context) {
	for _, least := range []float32{0.1094, 0.1, 0.115, 0.00005, 0.9999, 9.99} {
		t.Run(fmt.Sprint(least), func(t *testing.T) {
			t.Parallel()
			d := gather(t, pageManifest(30), nil, nil, results.End{Reason: results.Finished, Seconds: 30}, rows(30, 40, func(r *results.Row) {
				if r.Service, r.Lag = least, least/7; r.N%50 == 9 {
					r.Service = 30
				}
			}))
			b := show(t, chromium, rendered(t, d), 1280, "light")
			b.do(chromedp.Click(chromedp.CSS("[data-log]")))
			b.settle()
			if !eval[bool](b, `document.querySelector("[data-log]").getAttribute("aria-pressed") === "true"`) {
				t.Errorf("from %v s on the times are not logarithmic", least)
			}
			b.quiet()
		})
	}
}
