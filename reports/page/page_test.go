package page

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// gather makes the page's data of a run whose rows each gives.
func gather(t testing.TB, m results.Manifest, samples []results.Sample, vitals []results.Vitals, end results.End, each func(add func(results.Row))) Data {
	t.Helper()
	agg := metrics.New(m.Labels, m.Planned, metrics.Tolerance)
	each(func(r results.Row) {
		if err := agg.Add(r); err != nil {
			t.Fatal(err)
		}
	})
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "scenario.yaml"), []byte("# "+reportstest.Hostile+"\nname: mixed\nload:\n\t- {rate: 100/s, for: 30s}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	run := &results.Run{Dir: dir, Manifest: m, Samples: samples, Vitals: vitals, End: end}
	d := New(summary.Summarize(m, samples, vitals, end, agg), agg, run)
	d.Commands = Commands{
		Run: func(seed uint64) string { return fmt.Sprintf("run again with seed %d", seed) },
		Curl: func(target string, seed, call uint64) string {
			return fmt.Sprintf("print %d of seed %d to %s", call, seed, target)
		},
	}
	return d
}

// rows are calls at a rate that ramps up after the warm-up, with latencies that grow with it, the tiers' apart.
func rows(seconds float64, peak float64, change func(*results.Row)) func(add func(results.Row)) {
	return func(add func(results.Row)) {
		random := rand.New(rand.NewPCG(1, 2))
		var n uint32
		for at := 0.0; at < seconds; n++ {
			r := results.Row{N: n, Phase: 1, Status: 200, BytesIn: 120, BytesOut: 600, Due: time.Duration(at * 1e9)}
			share := at / seconds
			switch {
			case at < 5:
				r.Phase = 0
			case share > 0.6:
				r.Phase = 2
			}
			perSecond := peak / 2 * (1 + max(0, share-0.6)/0.4)
			r.Class = uint16([]int{0, 1, 1, 1, 2, 3, 3, 1, 1, 0}[random.IntN(10)])
			if random.IntN(100) == 0 {
				r.Class, r.Status = 4, 400
			}
			scale := []float64{0.16, 0.05, 0.19, 0.06, 0.002}[r.Class] * (1 + max(0, share-0.7)*8)
			r.Service = float32(scale * math.Exp(random.NormFloat64()*0.4))
			r.Read = r.Service / 20
			r.Lag = float32(20e-6 * math.Exp(random.NormFloat64()))
			r.OwnLag = r.Lag
			if n < 40 {
				r.Connect, r.TLS = 0.0012, 0.004
			}
			if change != nil {
				change(&r)
			}
			add(r)
			at += random.ExpFloat64() / perSecond
		}
	}
}

func pageManifest(seconds float64) results.Manifest {
	m := reportstest.Manifest()
	m.Planned = nil
	m.Labels.Phases = []results.Phase{{Name: "warmup", Shape: "20/s", Warmup: true, Seconds: 5},
		{Name: "constant", Shape: "100/s", StartSeconds: 5, Seconds: seconds*0.6 - 5},
		{Name: "ramp", Shape: "ramp 100/s → 200/s", StartSeconds: seconds * 0.6, Seconds: seconds * 0.4}}
	m.Generator = results.Generator{Command: []string{"andon", "run", "mixed", "--target", "http://127.0.0.1:8080", "--seed", "7", "--out", "it's mine"},
		Transport: "andon's own connections", Cores: 2, OpenFiles: 65536, Platform: "linux/amd64 go1.26.8"}
	for _, p := range m.Labels.Phases {
		n := uint64(p.Seconds * 20)
		m.Planned = append(m.Planned, []uint64{n, n, n, n, n / 20})
	}
	return m
}

func pageVitals(seconds int, inFlight float64) (all []results.Vitals) {
	random := rand.New(rand.NewPCG(5, 6))
	for i := range seconds {
		v := results.Vitals{AtSeconds: float64(i + 1), Seconds: 1, CPUSeconds: 0.1 + 0.3*float64(i)/float64(seconds) + random.Float64()/20,
			PauseSeconds: 0.0004, PauseMax: 0.0002 * random.Float64(), StallSeconds: 0.002, StallMax: 0.001 * random.Float64(),
			InFlight: inFlight, Samples: 100, Queue: 20 + random.IntN(60), Connections: 48}
		if i == seconds/2 {
			v.StallMax, v.StallSeconds = 0.034, 0.04
		}
		all = append(all, v)
	}
	return all
}

// What several tests show is gathered once.
var pagePass, pageFail, pageHour, pageClosed = once(makePass), once(makeFail), once(makeHour), once(makeClosed)

func once(gather func(testing.TB) Data) func(testing.TB) Data {
	var (
		made sync.Once
		d    Data
	)
	return func(t testing.TB) Data {
		made.Do(func() { d = gather(t) })
		own := d
		own.Vitals = slices.Clone(d.Vitals)
		return own
	}
}

func makePass(t testing.TB) Data {
	m := pageManifest(90)
	return gather(t, m, nil, pageVitals(90, 17.3), results.End{Reason: results.Finished, Seconds: 90.3}, rows(90, 200, nil))
}

// hostiles are texts that a provider could send to whoever opens the page.
func hostiles() []string {
	return []string{
		reportstest.Hostile, "</script><script>globalThis.owned=1;alert(1)</script>", "<img src=x onerror=globalThis.owned=2>", "\u2028\u2029globalThis.owned=3",
		"]]>--><svg onload=globalThis.owned=4>", "{{.Style}}${globalThis.owned=5}`", "\x1b[2J\x1b]0;owned\x07", "javascript:globalThis.owned=6",
		"<!--<script>", strings.Repeat("<b>A</b>", 1<<17),
	}
}

// makeFail has every kind of trouble: a freeze of the target, refusals, broken bodies, drops, and an end before its
// time.
func makeFail(t testing.TB) Data {
	m := pageManifest(90)
	m.Labels.Classes[1].Content = "text<b>"
	var samples []results.Sample
	for i, text := range hostiles() {
		samples = append(samples, results.Sample{Kind: "contract", Rule: []string{"malformed-json", text}[i%2], N: uint32(i), Class: "text.Full",
			AtSeconds: 1.5, Status: 200, Message: text, Pointer: "/executionId/" + text, Body: text})
	}
	samples = append(samples, results.Sample{Kind: "http-5xx", Rule: "undocumented-status", N: 205, Class: "text.Lite", AtSeconds: 2.71, Status: 503,
		Message: "status 503 is not in the description", Body: `{"error":"overloaded","retryAfter":5}`})
	m.Labels.Rules = append(m.Labels.Rules, hostiles()[1])
	change := func(r *results.Row) {
		at := r.Due.Seconds()
		switch {
		case at > 30 && at < 33: // the target freezes
			wait := float32(33 - at)
			r.Service += wait
			r.Read = 0
		case at > 33 && at < 34:
			r.Lag = 0.4
		case r.N%40 == 3:
			r.Error, r.Rule = results.Contract, 1
		case r.N%90 == 7:
			r.Error, r.Rule = results.Contract, uint8(len(m.Labels.Rules)-1)
		case at > 50 && r.N%9 == 5:
			r.Error, r.Rule, r.Status = results.Status5xx, 3, 503
		case at > 40 && r.N%31 == 7:
			r.Error, r.Status = results.Reset, 0
		case at > 60 && r.N%13 == 9:
			r.Error, r.Status, r.Lag, r.Service, r.Read = results.Dropped, 0, 5, 0, 0
		}
	}
	detail := "the threshold rate(errors) < 0.1% was broken after 72s " + hostiles()[1]
	return gather(t, m, samples, pageVitals(72, 12), results.End{Reason: results.Aborted, Detail: detail, Seconds: 73}, func(add func(results.Row)) {
		rows(90, 200, change)(func(r results.Row) {
			if r.Due > 71900*time.Millisecond {
				r = results.Row{N: r.N, Class: r.Class, Phase: r.Phase, Due: r.Due, Error: results.Unsent}
			}
			if r.Due <= 72*time.Second {
				add(r)
			}
		})
	})
}

// makeHour is an hour at 40 calls a second, which has as many points and percentiles as one with more.
func makeHour(t testing.TB) Data {
	m := pageManifest(3600)
	return gather(t, m, nil, pageVitals(3600, 5.8), results.End{Reason: results.Finished, Seconds: 3601}, rows(3600, 67, func(r *results.Row) {
		if r.N%200 == 7 {
			r.Error, r.Rule, r.Status = results.Status5xx, 3, 503
		}
	}))
}

func makeClosed(t testing.TB) Data {
	m := pageManifest(30)
	for i := range m.Labels.Phases {
		m.Labels.Phases[i].Closed, m.Labels.Phases[i].Shape = true, "50 callers (closed loop)"
	}
	m.Planned, m.Generator = nil, results.Generator{}
	return gather(t, m, nil, nil, results.End{Reason: results.Finished, Seconds: 30}, rows(30, 100, func(r *results.Row) { r.Lag, r.OwnLag = 0, 0 }))
}

func pageEmpty(t testing.TB) Data {
	return gather(t, pageManifest(30), nil, nil, results.End{Reason: results.Cut, Detail: "andon was killed"}, func(func(results.Row)) {})
}

func rendered(t testing.TB, d Data) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestPage: whatever a run was like, its page is whole, loads nothing, and has in its markup nothing that a provider
// sent.
func TestPage(t *testing.T) {
	for name, d := range map[string]Data{"pass": pagePass(t), "fail": pageFail(t), "closed": pageClosed(t), "empty": pageEmpty(t), "followed": pageHostile(t)} {
		text := rendered(t, d)
		if !bytes.HasSuffix(bytes.TrimSpace(text), []byte("</html>")) || bytes.Contains(text, []byte("ZgotmplZ")) {
			t.Errorf("%s: the page is not whole", name)
		}
		if n := len(text); n > 400_000 {
			t.Errorf("%s: %d bytes", name, n)
		}
		script := regexp.MustCompile(`(?s)<script[ >].*?</script>|<style>.*?</style>`)
		if n := len(script.FindAll(text, -1)); n != 4 {
			t.Errorf("%s: %d scripts and styles, want 4", name, n)
		}
		markup := script.ReplaceAll(text, nil)
		if loads := regexp.MustCompile(`<[^>]*\s(src|srcset|data|action)=`).FindAll(markup, 3); loads != nil {
			t.Errorf("%s: something is loaded: %q", name, loads)
		}
		for _, bad := range []string{"<img", "<b>A", "onerror=globalThis.owned=2>", "<svg onload", "\x1b", "\u202e", "\u2028", "href=\"http"} {
			if bytes.Contains(markup, []byte(bad)) {
				t.Errorf("%s: %q is in the markup", name, bad)
			}
		}
		var numbers map[string]any
		data := regexp.MustCompile(`(?s)id="numbers">(.*?)</script>`).FindSubmatch(text)
		if data == nil || json.Unmarshal(data[1], &numbers) != nil || bytes.ContainsAny(data[1], "<>&\u2028\u2029") {
			t.Errorf("%s: the numbers are no harmless JSON: %.200s", name, data)
		}
		if !bytes.Equal(rendered(t, d), text) {
			t.Errorf("%s: made again, it differs", name)
		}
	}
	for _, c := range []struct {
		in    Data
		wants []string
	}{
		{pageFail(t), []string{"<strong>FAIL</strong>: ", "/executionId/", "print 206 of seed 7 to http://127.0.0.1:8080<", "missed", "something is wrong with the times", "tag rule", "uPlot 1.6.32",
			"andon run mixed --target http://127.0.0.1:8080 --seed 7 --out &#39;it&#39;\\&#39;&#39;s mine&#39;", "&lt;b&gt;A&lt;/b&gt;"}},
		{pagePass(t), []string{"<strong>PASS</strong>: all ", "The warm-up phase warmup", "Latency grows with the rate", "stood still", "The two agree", "at once", "No errors at any time"}},
		{pageClosed(t), []string{"Closed loop: each caller", "run again with seed 7", "Service time by percentile"}},
		{pageEmpty(t), []string{"<strong>NO VERDICT</strong>", "No call was sent."}},
	} {
		text := string(rendered(t, c.in))
		for _, want := range c.wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s: the page does not have %q", c.in.Summary.Verdict.Status, want)
			}
		}
	}
}

// TestPageOfDrift: what drifts is said above the tables, and how far figures can be off below.
func TestPageOfDrift(t *testing.T) {
	m := reportstest.Steady()
	d := pagePass(t)
	d.Summary = summary.Summarize(m, nil, nil, reportstest.Finished(245.5), reportstest.Aggregate(t, m, reportstest.Drifting))
	text := string(rendered(t, d))
	for _, want := range []string{">Drift: over the 240 s of constant", "How far these figures can be off", "What changed while the load did not", ">p50 latency, constant<", ">95 % interval<"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
}

// TestPageWithoutCommands: where no command line is known, none is promised.
func TestPageWithoutCommands(t *testing.T) {
	for _, d := range []Data{pageFail(t), pageClosed(t)} {
		d.Commands = Commands{}
		page := string(rendered(t, d))
		for _, bad := range []string{"curl line", "print 1 of", "run again", "commands are for"} {
			if strings.Contains(page, bad) {
				t.Errorf("the page has %q", bad)
			}
		}
		if strings.Contains(page, "data-copy hidden") != (len(d.Summary.Run.Command) > 0) {
			t.Error("the page has a command to copy, or has none, where it should not")
		}
	}
}

// TestPageOfShed: what was shed is told apart from errors, in the tiles, by outcome and over time.
func TestPageOfShed(t *testing.T) {
	d := gather(t, pageManifest(60), nil, nil, reportstest.Finished(60), rows(60, 100, func(r *results.Row) {
		if r.N%4 == 1 {
			r.Error, r.Status, r.RetryAfter = results.Shed, 429, float32(1+r.N%5)
		}
	}))
	page := string(rendered(t, d))
	for _, want := range []string{"<dt>Shed</dt>", `<th scope="row">shed</th>`, `<th scope="row">accepted</th>`, "1 s to 5 s", `"shed":[`, "has its times here"} {
		if !strings.Contains(page, want) {
			t.Errorf("there is no %q", want)
		}
	}
	for _, bad := range []string{"<dt>Shed</dt>", "has its times here", `"shed":[`} {
		if strings.Contains(string(rendered(t, pagePass(t))), bad) {
			t.Errorf("where nothing was shed there is %q", bad)
		}
	}
}

// TestPageOfEmbedded: the embedded provider is gone, and so is its address.
func TestPageOfEmbedded(t *testing.T) {
	d := pageFail(t)
	d.Embedded = true
	if page := string(rendered(t, d)); !strings.Contains(page, "print 206 of seed 7 to <") {
		t.Error("a call is aimed at what is gone")
	}
	d.Embedded, d.Summary.Run.Target = false, "http://[::1]:80/a b"
	if page := string(rendered(t, d)); !strings.Contains(page, "print 206 of seed 7 to &#39;http://[::1]:80/a b&#39;<") {
		t.Error("the target is no word of a shell")
	}
}

// TestPageHour: an hour is a small page.
func TestPageHour(t *testing.T) {
	if testing.Short() {
		t.Skip("144,000 rows")
	}
	d := pageHour(t)
	began := time.Now()
	text := rendered(t, d)
	t.Logf("%d calls: %d bytes in %v", d.Summary.Total.Sent, len(text), time.Since(began))
	if d.Summary.Total.Sent < 140_000 || len(text) > 1<<20 {
		t.Errorf("%d bytes for %d calls; an hour must stay far below 3 MB", len(text), d.Summary.Total.Sent)
	}
	if n := len(d.Timeline); n < 400 || n > maxPoints {
		t.Errorf("%d points", n)
	}
}

// TestPlottingLibrary: the library in the page is the one that its note names.
func TestPlottingLibrary(t *testing.T) {
	note, err := os.ReadFile(filepath.Join("uplot", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"uPlot.iife.min.js", "uPlot.min.css", "LICENSE"} {
		text, err := os.ReadFile(filepath.Join("uplot", name))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(text)
		if line := hex.EncodeToString(sum[:]) + "  " + name; !strings.Contains(string(note), line) {
			t.Errorf("uplot/README.md does not have %q", line)
		}
	}
}

func TestColumn(t *testing.T) {
	text, err := json.Marshal(numbers{0, 1.23456, 12345678, 1234.56, math.NaN(), math.Inf(1), 1e-7, -0.5})
	if want := `[0,1.235,12345678,1235,null,null,0.0000001,-0.5]`; err != nil || string(text) != want {
		t.Errorf("%s, %v; want %s", text, err, want)
	}
}

// TestMarks: what a run went through is marked where it was, and explained; more than five stalls are one band and one
// line.
func TestMarks(t *testing.T) {
	said := func(d Data) (marks, lines []string) {
		for _, m := range d.marks() {
			marks = append(marks, fmt.Sprintf("%s %.0f–%.0f", m.Kind, m.Start, m.End))
		}
		for _, l := range d.markLines() {
			lines = append(lines, l.Kind+": "+l.Text)
		}
		return marks, lines
	}
	marks, lines := said(pageFail(t))
	if want := []string{"silence 31–33", "stall 36–37", "stop 72–72"}; !slices.Equal(marks, want) {
		t.Errorf("%q, want %q", marks, want)
	}
	if want := []string{"warmup: warm-up: sent, and in no other figure", "silence: no answer at 31.0 s for 2.00 s",
		"stall: andon stood still at 36.0 s for 34.0 ms", "stop: aborted at 72.0 s"}; !slices.Equal(lines, want) {
		t.Errorf("%q, want %q", lines, want)
	}
	d := pagePass(t)
	for i := range d.Vitals {
		d.Vitals[i].StallMax, d.Vitals[i].StallSeconds = 0, 0
	}
	for n := range apart {
		d.Vitals[3*n].StallMax, d.Vitals[3*n].StallSeconds = 0.05, 0.06
	}
	if marks, _ := said(d); len(marks) != apart {
		t.Errorf("few stalls are %q", marks)
	}
	d.Vitals[80].StallMax, d.Vitals[80].StallSeconds = 0.4, 0.5
	marks, lines = said(d)
	if want := []string{"stalls 0–81"}; !slices.Equal(marks, want) {
		t.Errorf("many stalls are %q, want %q", marks, want)
	}
	if want := "stalls: andon stood still in 6 seconds between 0 ms and 81.0 s, for 800 ms in all and 400 ms at once"; lines[len(lines)-1] != want || len(lines) != 2 {
		t.Errorf("%q, want %q", lines, want)
	}
}

// TestSpoiled: the seconds that andon's own standstill spoils are marked, and no others.
func TestSpoiled(t *testing.T) {
	d := gather(t, pageManifest(60), nil, nil, reportstest.Finished(60), rows(60, 100, func(r *results.Row) {
		at := r.Due.Seconds()
		if at > 20 && at < 22 || at > 40 && at < 41 {
			r.Lag, r.OwnLag = 0.3, 0.3
		}
	}))
	var got []string
	for _, m := range d.marks() {
		if m.Kind == "spoiled" {
			got = append(got, fmt.Sprintf("%.0f–%.0f", m.Start, m.End))
		}
	}
	lines := d.markLines()
	if last := lines[len(lines)-1]; !slices.Equal(got, []string{"20–22", "40–41"}) || last.Text != "1 call in 100 or more was held up by andon itself at 20.0 s for 2.00 s, at 40.0 s for 1.00 s" {
		t.Errorf("%q, %q", got, lines)
	}
}

// TestManySilences: many times without an answer are one line, and a shade for each.
func TestManySilences(t *testing.T) {
	m := pageManifest(60)
	d := gather(t, m, nil, nil, reportstest.Finished(60), rows(60, 100, func(r *results.Row) {
		if at := r.Due.Seconds(); math.Mod(at, 6) > 3 { // what would be answered then is when it is over
			r.Service = float32(6 - math.Mod(at, 6) + 0.1)
		} else {
			r.Service = 0.01
		}
	}))
	silences := 0
	for _, m := range d.marks() {
		if m.Kind == "silence" {
			silences++
		}
	}
	lines := d.markLines()
	if last := lines[len(lines)-1]; silences <= apart || last.Kind != "silence" || !strings.HasPrefix(last.Text, fmt.Sprintf("no answer %d times from ", silences)) {
		t.Errorf("%d silences are %q", silences, lines)
	}
}

// TestSteps: at each moment p50 ≤ p90 ≤ p99, each is that of a window with enough calls which the moment is in, and
// where the run has enough calls for a p99, there is one from its first call to its last.
func TestSteps(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := pageManifest(300)
		agg := metrics.New(m.Labels, m.Planned, metrics.Tolerance)
		seconds := rapid.IntRange(1, 60).Draw(rt, "seconds")
		var n uint32
		for at := range seconds {
			calls := rapid.SampledFrom([]int{0, 1, 4, 30, 31, 200, 700}).Draw(rt, "calls")
			slow := rapid.SampledFrom([]float64{0.01, 0.01, 0.2, 5}).Draw(rt, "slow")
			spread := rapid.Float64Range(0, 1).Draw(rt, "spread")
			for i := range calls {
				share := float64(i) / float64(calls)
				r := results.Row{N: n, Phase: 1, Status: 200, Due: time.Duration((float64(at) + share) * 1e9), Service: float32(slow * (1 + spread*share*share*20))}
				if err := agg.Add(r); err != nil {
					rt.Fatal(err)
				}
				n++
			}
		}
		points := agg.Timeline(maxPoints)
		got := newSteps(points, agg.Between)
		first, last := len(points), -1
		for i, p := range points {
			if p.Due > 0 {
				first, last = min(first, i), i
			}
		}
		for i := range points {
			for _, pair := range [][2]float64{{got.p50[i], got.p90[i]}, {got.p90[i], got.p99[i]}, {got.p50[i], got.p99[i]}} {
				if pair[0] > pair[1] || got.p99[i] > got.max[i] {
					rt.Fatalf("at %d: p50 %v, p90 %v, p99 %v", i, got.p50[i], got.p90[i], got.p99[i])
				}
			}
			if there := !math.IsNaN(got.p99[i]); there != (n >= 299 && i >= first && i <= last) {
				rt.Fatalf("at %d of %d–%d there is a p99: %v; the run has %d calls", i, first, last, there, n)
			}
		}
		for i := first; i <= last && n >= 299; {
			to := i + 1
			for to <= last && got.p99[to] == got.p99[i] {
				to++
			}
			// Neighbouring windows can have the same p99, and are told apart by nothing then.
			if x := agg.Between(points[i].StartSeconds, points[to-1].StartSeconds+points[to-1].Seconds); x.P99 == nil {
				rt.Fatalf("the step from %d to %d has too few calls for a p99", i, to)
			}
			i = to
		}
		if n >= 299 && (got.narrow <= 0 || got.wide < got.narrow) || n < 299 && got.wide != 0 {
			rt.Fatalf("windows of %v to %v s, %d calls", got.narrow, got.wide, n)
		}
	})
}

// TestStepsAreNarrow: where a second has enough calls, it is a window of its own.
func TestStepsAreNarrow(t *testing.T) {
	m := pageManifest(30)
	for perSecond, want := range map[float64]string{800: "p99 and max over 1.00 s", 10: "p99 and max over 30.0 s"} {
		agg := metrics.New(m.Labels, nil, metrics.Tolerance)
		for n := range uint32(30 * perSecond) {
			if err := agg.Add(results.Row{N: n, Phase: 1, Status: 200, Due: time.Duration(float64(n) / perSecond * 1e9), Service: 0.01}); err != nil {
				t.Fatal(err)
			}
		}
		if got := newSteps(agg.Timeline(maxPoints), agg.Between).sentence(); got != want {
			t.Errorf("%v/s: %q, want %q", perSecond, got, want)
		}
	}
}

// TestBoxes: what is refused on purpose is too quick for the axis of the others, and has no box on it.
func TestBoxes(t *testing.T) {
	d := pagePass(t)
	s := run{d.Summary}
	c := s.compare(s.Tiers(), s.Groups.Tier, s.Comparison.Tier)
	least := 100.0
	for i, name := range c.Names {
		if c.Boxes[i].OK == s.Invalid(name) {
			t.Errorf("%s has the box %+v", name, c.Boxes[i])
		}
		if c.Boxes[i].OK {
			least = min(least, c.Boxes[i].Min)
		}
	}
	if least != 0 || len(c.Names) != 3 {
		t.Errorf("the axis of %v begins at %v of its length", c.Names, least)
	}
}

func TestKnee(t *testing.T) {
	for _, c := range []struct {
		rates, times numbers
		want         string
	}{
		{numbers{1, 2, 3}, numbers{1, 1, 1}, ""},
		{numbers{10, 10, 10, 20, 20, 20, 30, 30, 30}, numbers{1, 1, 1, 1, 1, 1, 1, 1, 1}, "does not bend"},
		{numbers{10, 10, 10, 20, 20, 20, 30, 30, 30}, numbers{.1, .1, .1, .1, .1, .1, .3, .3, .3},
			"Latency grows with the rate: where the rate was highest (about 30.0/s), the p99 was typically 300 ms, 3.00 times the 100 ms where it was lowest (about 10.0/s)."},
	} {
		if got := kneeSentence("p99", c.rates, c.times); !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// TestVaried: calls that arrive at random at one rate are no load that varies, at however low a rate; a ramp and steps
// are.
func TestVaried(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	poisson := func(mean float64) (n uint64) {
		for at := random.ExpFloat64(); at < mean; at += random.ExpFloat64() {
			n++
		}
		return n
	}
	falsely, missed := 0, 0
	const runs = 400
	for i := range runs {
		mean := []float64{3, 10, 50, 400}[i%4]
		for _, ramp := range []bool{false, true} {
			var points []metrics.Point
			for k := range 40 {
				rate := mean
				if ramp {
					rate *= 1 + 3*float64(k)/40
				}
				p := metrics.Point{Seconds: 1}
				p.Due = poisson(rate)
				points = append(points, p)
			}
			rateOf := func(p metrics.Point) float64 { return float64(p.Due) }
			slices.SortFunc(points, func(a, b metrics.Point) int { return cmp.Compare(a.Due, b.Due) })
			switch got := varied(points, rateOf); {
			case got && !ramp:
				falsely++
			case !got && ramp:
				missed++
			}
		}
	}
	if falsely > runs/50 || missed > runs/10 {
		t.Errorf("of %d constant loads %d seem to vary, of as many ramps %d do not", runs, falsely, missed)
	}
}

func TestShellWord(t *testing.T) {
	for w, want := range map[string]string{"": "''", "a b": "'a b'", "it's": `'it'\''s'`, "--seed=7": "--seed=7", "http://[::1]:80": "'http://[::1]:80'"} {
		if got := shellWord(w); got != want {
			t.Errorf("%q is %s, want %s", w, got, want)
		}
	}
}

// A tier and a content that the description calls invalid are drawn as any other, beside the calls that break the
// contract on purpose.
func TestPageOfTierCalledInvalid(t *testing.T) {
	m := reportstest.TierCalledInvalid()
	agg := reportstest.Aggregate(t, m, nil)
	d := New(summary.Summarize(m, nil, nil, reportstest.Finished(55), agg), agg)
	v := d.view()
	if len(v.Heat) == 0 || len(v.Heat[0].Columns) != 2 || len(v.Heat[0].Rows) != 2 {
		t.Errorf("the heat maps are %+v", v.Heat)
	}
	if c := v.Tiers; c.Reference != 0 || !c.Boxes[1].OK || c.Boxes[2].OK || c.Rows[len(c.Rows)-1].Cells[1].Gap == "" || c.Rows[len(c.Rows)-1].Cells[2].Gap != "" {
		t.Errorf("the comparison is %+v", c)
	}
	if n := d.columns(); len(n.Tiers) != 2 || n.Tiers[1].Name != "invalid" {
		t.Errorf("the curves are of %+v", n.Tiers)
	}
	var all uint64
	for _, c := range m.Labels.Classes[:4] {
		all += d.Summary.Groups.Class[c.Name].Sent
	}
	if rows := v.Supported.Rows; rows[0][1] != text.Count(all) || len(rows) != 1+3+2 {
		t.Errorf("supported are %v", rows)
	}
}

// The bar of a condition is the same whether its summary was made or read.
func TestThresholdRow(t *testing.T) {
	m := reportstest.Manifest()
	m.Thresholds = []results.Threshold{{Expr: "count(violations){rule=missing-property} == 0"}}
	made := summary.Summarize(m, nil, nil, reportstest.Finished(55), reportstest.Aggregate(t, m, func(r *results.Row) {
		if r.N%6 == 1 {
			r.Error, r.Rule = results.Contract, 2
		}
	}))
	dir := t.TempDir()
	if err := summary.Write(dir, made); err != nil {
		t.Fatal(err)
	}
	read, err := summary.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(newThresholdRow(made.Thresholds[0], ""))
	if b, _ := json.Marshal(newThresholdRow(read.Thresholds[0], "")); !bytes.Equal(a, b) || !strings.Contains(string(a), `"Bar":150`) {
		t.Errorf("on the page it is %s, read %s", a, b)
	}
}

// What a run tolerates is named where it is not the usual.
func TestLimits(t *testing.T) {
	var r run
	r.Run.InFlight, r.Run.TimeoutSeconds = 50, 30
	if got, want := r.limits(), "50 in flight, timeout 30.0 s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	r.Run.LagSeconds = 0.25
	if got, want := r.limits(), "50 in flight, timeout 30.0 s, lag 250 ms"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
