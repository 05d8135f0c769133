package reports

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
)

// tab is a page in a real browser, and what it complained of.
type tab struct {
	*testing.T
	ctx context.Context

	mu         sync.Mutex
	complaints []string
}

// browse opens a page in Chromium. Where there is none the test is skipped, unless it must not be.
func browse(t *testing.T, html []byte, width, height int64) *tab {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		if os.Getenv("ANDON_TEST_TOOLS") != "" {
			t.Fatal("chromium is missing: make test installs it on Debian")
		}
		t.Skip("chromium is missing")
	}
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, html, 0o666); err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true))
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	limited, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	allocator, cancel := chromedp.NewExecAllocator(limited, options...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	p := &tab{T: t, ctx: ctx}
	err := chromedp.Listen(ctx, func(event any) {
		text := ""
		switch e := event.(type) {
		case *runtime.EventConsoleAPICalled:
			text = fmt.Sprintf("console.%s: %v", e.Type, e.Args)
		case *runtime.EventExceptionThrown:
			text = e.ExceptionDetails.Text
			if x := e.ExceptionDetails.Exception; x != nil {
				text += " " + x.Description
			}
		case *log.EventEntryAdded:
			// The test itself reads pixels back, of which the browser says that it could be quicker.
			if text = e.Entry.Text; strings.Contains(text, "willReadFrequently") {
				text = ""
			}
		case *page.EventJavascriptDialogOpening:
			text = "a dialog: " + e.Message
		}
		if text != "" {
			p.mu.Lock()
			p.complaints = append(p.complaints, text)
			p.mu.Unlock()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	do(p, chromedp.EmulateViewport(width, height))
	do(p, chromedp.Navigate("file://"+file))
	do(p, chromedp.WaitReady("#repeat"))
	p.settle()
	return p
}

func do[T any](p *tab, action chromedp.Action[T]) T {
	p.Helper()
	v, err := chromedp.Run(p.ctx, action)
	if err != nil {
		p.Fatal(err)
	}
	return v
}

// run evaluates a script, and waits for what it promises.
func (p *tab) run(script string) {
	p.Helper()
	do(p, chromedp.Evaluate[any]("(async () => { "+script+"; return null })()", chromedp.EvalAwaitPromise))
}

// settle waits until everything is drawn, which it is two frames later.
func (p *tab) settle() {
	p.Helper()
	p.run(`await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))`)
}

// ask evaluates an expression.
func ask[T any](p *tab, expression string) T {
	p.Helper()
	return do(p, chromedp.Evaluate[T](expression))
}

// holds fails where an expression is not true.
func (p *tab) holds(why, expression string) {
	p.Helper()
	if !ask[bool](p, expression) {
		p.Errorf("%s: %s is false", why, expression)
	}
}

// prefers has the system prefer a color scheme.
func (p *tab) prefers(scheme string) {
	p.Helper()
	if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	}); err != nil {
		p.Fatal(err)
	}
}

func (p *tab) quiet() {
	p.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.complaints {
		p.Errorf("the browser complains: %s", c)
	}
}

// drawn counts the pixels of a chart that are not empty.
const drawn = `(id => { const c = document.querySelector("#c-" + id + " canvas"); if (!c) return 0; ` +
	`const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data; let n = 0; for (let i = 3; i < d.length; i += 4) if (d[i]) n++; return n; })`

// troubled is the page of a run in which everything goes wrong, and whose provider is hostile.
func troubled(t testing.TB) []byte {
	m := manifest()
	m.Generator = results.Generator{Transport: "andon's own connections, HTTP/1.1", Cores: 2, Command: []string{"andon", "run", hostile}}
	m.Labels.Classes[1].Content = `text"><img src=x onerror=owned=1>`
	vitals := []results.Vitals{}
	for i := range 56 {
		vitals = append(vitals, results.Vitals{AtSeconds: float64(i + 1), Seconds: 1, CPUSeconds: 0.4, InFlight: 10, Samples: 200, Connections: 50, StallSeconds: 0.05 * float64(i%10/9), StallMax: 0.05 * float64(i%10/9)})
	}
	samples := hostileSamples()
	for i, text := range []string{
		"</script><script>owned=1</script>", "<img src=x onerror=owned=1>", "<svg onload=owned=1>", "\u2028owned=1\u2029", "<!--<script>", "{{.}}",
		"javascript:owned=1", strings.Repeat("<b>", 1<<20/3), "\x1b[2J\x1b]0;owned\x07", "&lt;script&gt;owned=1&lt;/script&gt;",
	} {
		samples = append(samples, results.Sample{Kind: "contract", Rule: "malformed-json", N: uint32(i), Class: text, Pointer: text, Status: 200, Message: text, Body: text})
	}
	agg := fixture(t, m, trouble)
	s := Summarize(m, samples, vitals, results.End{Reason: results.Aborted, Detail: "the threshold was broken " + hostile, Seconds: 56}, agg)
	d := NewPageData(s, agg)
	d.Vitals, d.Scenario = vitals, []byte("name: x\n# </pre><script>owned=1</script>\n")
	var b bytes.Buffer
	if err := Page(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The page loads without a complaint, draws its charts, and its buttons and keys do what they say.
func TestPageInBrowser(t *testing.T) {
	p := browse(t, troubled(t), 1280, 900)
	for _, id := range []string{"rate", "latency", "errors", "violations", "flight", "lag", "cpu", "stalls", "queue", "tiers-hdr", "lag-hdr", "bend"} {
		if n := ask[int](p, drawn+`("`+id+`")`); n < 500 {
			t.Errorf("the chart %s has %d drawn pixels", id, n)
		}
	}

	before := ask[int](p, drawn+`("rate")`)
	p.run(`document.querySelector("#c-rate .legend button").click()`)
	p.settle()
	p.holds("a series that was switched off", `document.querySelector("#c-rate .legend button").getAttribute("aria-pressed") === "false"`)
	if after := ask[int](p, drawn+`("rate")`); after == before {
		t.Error("switching a series off changes nothing in the chart")
	}

	p.run(`document.querySelector("[data-zoom=in]").click()`)
	p.holds("zoomed in, the range is said", `document.getElementById("range").textContent.includes("–")`)
	p.run(`document.querySelector("[data-zoom=all]").click()`)
	p.holds("zoomed out, it is not", `document.getElementById("range").textContent === ""`)
	p.run(`document.querySelector("[data-log]").click()`)
	p.holds("the times are logarithmic", `document.querySelector("[data-log]").getAttribute("aria-pressed") === "true"`)
	p.run(`document.querySelectorAll("[data-heat]")[1].click()`)
	p.holds("the other map is shown", `document.querySelector("[data-map='0']").hidden && !document.querySelector("[data-map='1']").hidden`)
	p.run(`document.querySelector("#c-latency details").open = true`)
	p.settle()
	p.holds("the chart has a table behind it", `document.querySelectorAll("#c-latency details tbody tr").length > 10`)
	p.run(`document.querySelector("#c-latency .plot").focus()`)
	do(p, chromedp.KeyEvent(kb.ArrowRight))
	p.holds("an arrow key reads a point out", `document.querySelector("#c-latency .sr").textContent.includes("p50")`)

	background := func() string { return ask[string](p, `getComputedStyle(document.body).backgroundColor`) }
	colors := map[string]bool{}
	for range 3 {
		p.run(`document.getElementById("theme").click()`)
		colors[background()] = true
	}
	if len(colors) != 2 {
		t.Errorf("the themes have the backgrounds %v", colors)
	}
	p.prefers("dark")
	dark := background()
	p.prefers("light")
	if dark == background() {
		t.Error("the page does not follow what the system prefers")
	}
	p.quiet()
}

// What a provider sends does nothing in the page: it runs nothing, adds no element, and is there to be read.
func TestPageIsInert(t *testing.T) {
	p := browse(t, troubled(t), 1280, 900)
	p.holds("nothing ran", `typeof owned === "undefined" && !document.title.includes("owned\u0007")`)
	p.holds("no script was added", `document.scripts.length === 3`)
	p.holds("no image, frame or link was added", `document.querySelectorAll("img, iframe, object, embed, base, link, form").length === 0`)
	p.holds("no element has a handler", `![...document.querySelectorAll("*")].some(e => [...e.attributes].some(a => a.name.startsWith("on")))`)
	p.holds("the texts are shown", `document.body.textContent.includes("</script><script>owned=1</script>")`)
	p.holds("all links stay on the page", `[...document.links].every(a => a.getAttribute("href").startsWith("#"))`)
	if n := ask[int](p, `document.documentElement.outerHTML.length`); n > 400_000 {
		t.Errorf("the page grows to %d characters", n)
	}
	p.quiet()
}

// On a phone nothing sticks out, and nothing moves while the page loads.
func TestPageOnPhone(t *testing.T) {
	p := browse(t, troubled(t), 390, 844)
	if n := ask[int](p, `document.documentElement.scrollWidth`); n > 390 {
		t.Errorf("the page is %d pixels wide", n)
	}
	p.run(`await new Promise(done => { window.moved = 0; new PerformanceObserver(list => { for (const e of list.getEntries()) window.moved += e.value; })` +
		`.observe({type: "layout-shift", buffered: true}); setTimeout(done, 300); })`)
	// The bound of what counts as good (web.dev, "Cumulative Layout Shift").
	if moved := ask[float64](p, `window.moved`); moved > 0.1 {
		t.Errorf("the layout shifts by %.3f while the page loads", moved)
	}
	p.quiet()
}

// An hour at 200 calls a second stays small, and is there at once.
func TestPageOfAnHour(t *testing.T) {
	m := manifest()
	m.Labels.Phases = []results.Phase{{Name: "soak", Shape: "200/s", Seconds: 3600}}
	m.Planned = nil
	agg := metrics.New(m.Labels, m.Planned)
	rng := rand.New(rand.NewPCG(1, 1))
	for n := range uint32(720_000) {
		r := results.Row{N: n, Class: uint16(n % 4), Status: 200, Due: time.Duration(n) * 5 * time.Millisecond, Service: float32(0.05 + rng.ExpFloat64()/10)}
		if n%500 == 0 {
			r.Error, r.Status = results.Kind(results.Reset+results.Kind(n/500%3)), 0
		}
		if err := agg.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	var vitals []results.Vitals
	for i := range 3600 {
		vitals = append(vitals, results.Vitals{AtSeconds: float64(i + 1), Seconds: 1, CPUSeconds: rng.Float64(), InFlight: 30 * rng.Float64(), Samples: 200})
	}
	s := Summarize(m, nil, vitals, results.End{Reason: results.Finished, Seconds: 3600}, agg)
	d := NewPageData(s, agg)
	d.Vitals = vitals
	var b bytes.Buffer
	if err := Page(&b, d); err != nil {
		t.Fatal(err)
	}
	if b.Len() > 3<<20 {
		t.Errorf("the page has %d bytes", b.Len())
	}
	p := browse(t, b.Bytes(), 1280, 900)
	if n := ask[int](p, drawn+`("latency")`); n < 500 {
		t.Errorf("the chart of latencies has %d drawn pixels", n)
	}
	t.Logf("%d bytes, interactive after %.0f ms", b.Len(), ask[float64](p, `performance.getEntriesByType("navigation")[0].domInteractive`))
	p.quiet()
}
