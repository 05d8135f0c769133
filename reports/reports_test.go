package reports

import (
	"bytes"
	"encoding/json"
	"flag"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		_ = os.WriteFile(filepath.Join("testdata", ".got-"+name), got, 0o666)
		t.Errorf("%s differs from what was made, which is in testdata/.got-%s; go test -update rewrites it", path, name)
	}
}

// hostile is what a provider could send to whoever reads a report.
const hostile = "<script>alert(1)</script> \x1b]0;owned\x07\x1b[31m `code` **bold** | cell | [link](http://evil) @someone #1 \u202egnp.exe\r\n## heading\x00\xff"

func manifest() results.Manifest {
	return results.Manifest{
		Schema: "andon.run/2", Andon: "v1.2.3", ID: "20261123T214800Z-mixed", Scenario: "mixed", Seed: 7, Target: "http://127.0.0.1:8080",
		Started: time.Date(2026, 11, 23, 21, 48, 0, 0, time.UTC), SpecSHA256: strings.Repeat("ab", 32), TimeoutSeconds: 30, InFlight: 100,
		Labels: results.Labels{
			Classes: []results.Class{{Name: "text.Full", Tier: "Full", Content: "text"}, {Name: "text.Lite", Tier: "Lite", Content: "text"},
				{Name: "text+file.Full", Tier: "Full", Content: "text+file"}, {Name: "text+file.Lite", Tier: "Lite", Content: "text+file"},
				{Name: "invalid", Tier: "invalid", Content: "invalid", Invalid: true}},
			Phases: []results.Phase{{Name: "warmup", Shape: "20/s", Warmup: true, Seconds: 5},
				{Name: "constant", Shape: "100/s", StartSeconds: 5, Seconds: 30}, {Name: "ramp", Shape: "ramp 100/s → 400/s", StartSeconds: 35, Seconds: 20}},
			Rules: []string{"", "malformed-json", "missing-property", "undocumented-status"},
		},
		Planned:    [][]uint64{{25, 25, 25, 24, 1}, {750, 750, 750, 740, 10}, {1250, 1250, 1250, 1230, 20}},
		Thresholds: []results.Threshold{{Expr: "p99(latency) < 800ms"}, {Expr: "p95(latency){tier=Lite} < 300ms"}, {Expr: "rate(errors) < 0.1%"}, {Expr: "rate(sent) >= 99%"}},
	}
}

// fixture aggregates the rows of the manifest's plan; change alters some of them.
func fixture(t testing.TB, m results.Manifest, change func(*results.Row)) *metrics.Aggregator {
	t.Helper()
	agg := metrics.New(m.Labels, m.Planned)
	for _, r := range rowsOf(m, change) {
		if err := agg.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	return agg
}

// rowsOf are the rows of the manifest's plan; change alters some of them.
func rowsOf(m results.Manifest, change func(*results.Row)) (rows []results.Row) {
	n := uint32(0)
	for phase, classes := range m.Planned {
		at, total := 0, 0
		for _, count := range classes {
			total += int(count)
		}
		for class, count := range classes {
			for i := range count {
				p := m.Labels.Phases[phase]
				r := results.Row{N: n, Phase: uint8(phase), Class: uint16(class), Status: 200, BytesIn: 120, BytesOut: 500,
					Due: time.Duration((p.StartSeconds + p.Seconds*float64(at)/float64(total)) * float64(time.Second)),
					Lag: 50e-6, OwnLag: 50e-6, Service: float32([]float64{0.3, 0.1, 0.35, 0.12, 0.001}[class] * (1 + float64(i%97)/97))}
				if m.Labels.Classes[class].Invalid {
					r.Status = 400
				}
				at, n = at+1, n+1
				if change != nil {
					change(&r)
				}
				rows = append(rows, r)
			}
		}
	}
	return rows
}

func passing(t testing.TB) Summary {
	m := manifest()
	return Summarize(m, nil, nil, results.End{Reason: results.Finished, Seconds: 55.2}, fixture(t, m, nil))
}

// failing has every kind of trouble, with samples that a provider made up.
func failing(t testing.TB) Summary {
	m := manifest()
	m.Generator = results.Generator{Transport: "andon's own connections, HTTP/1.1 over TLS", Cores: 2}
	vitals := []results.Vitals{{AtSeconds: 56, Seconds: 56, CPUSeconds: 21, StallSeconds: 0.3, StallMax: 0.2, InFlight: 10, Samples: 11000, Connections: 110}}
	return Summarize(m, hostileSamples(), vitals, results.End{Reason: results.Finished, Seconds: 56}, fixture(t, m, trouble))
}

// trouble alters rows to have every kind of it.
func trouble(r *results.Row) {
	switch r.N % 50 {
	case 3:
		r.Error, r.Rule = results.Contract, 1
	case 5:
		r.Error, r.Rule, r.Status = results.Status5xx, 3, 500
	case 7:
		r.Error, r.Status = results.Reset, 0
	case 9:
		r.Error, r.Status, r.Lag, r.Service = results.Dropped, 0, 30, 0
	case 11:
		r.Lag = 0.4
	case 13:
		r.Connect, r.TLS, r.Read = 0.002, 0.004, 0.01
	}
}

func hostileSamples() []results.Sample {
	hostile := strings.ToValidUTF8(hostile, "\ufffd") // as samples are once they were kept
	return []results.Sample{
		{Kind: "contract", Rule: "malformed-json", N: 3, Class: "text.Full", AtSeconds: 1.5, Status: 200, Message: "the body is not JSON: " + hostile, Body: hostile},
		{Kind: "http-5xx", Rule: "undocumented-status", N: 5, Class: "text.Full", AtSeconds: 1.7, Status: 500, Message: hostile},
		{Kind: "reset", N: 7, Class: hostile, AtSeconds: 1.9, Message: "read tcp: connection reset by peer"},
	}
}

func closedLoop(t testing.TB) Summary {
	m := manifest()
	for i := range m.Labels.Phases {
		m.Labels.Phases[i].Closed, m.Labels.Phases[i].Shape = true, "50 callers (closed loop)"
	}
	agg := fixture(t, m, func(r *results.Row) { r.Lag, r.OwnLag = 0, 0 })
	m.Planned = nil
	open := metrics.New(m.Labels, nil)
	_ = agg
	for n := range uint32(400) {
		if err := open.Add(results.Row{N: n, Phase: uint8(n % 3), Class: uint16(n % 4), Status: 200, Due: time.Duration(n) * 100 * time.Millisecond, Service: 0.1 + float32(n)/4000}); err != nil {
			t.Fatal(err)
		}
	}
	return Summarize(m, nil, nil, results.End{Reason: results.Finished, Seconds: 55}, open)
}

func TestTerminal(t *testing.T) {
	for name, s := range map[string]Summary{"pass": passing(t), "fail": failing(t), "closed": closedLoop(t)} {
		var b bytes.Buffer
		if err := Terminal(&b, s, TerminalOptions{Width: 110, Dir: "reports/runs/x"}); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".txt", b.Bytes())
		if i := bytes.IndexFunc(b.Bytes(), func(r rune) bool { return r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x202e) }); i >= 0 {
			t.Errorf("%s: the terminal gets a control character: %q", name, b.Bytes()[i:min(i+20, b.Len())])
		}
		var colored bytes.Buffer
		if err := Terminal(&colored, s, TerminalOptions{Width: 110, Dir: "reports/runs/x", Color: true}); err != nil {
			t.Fatal(err)
		}
		plain := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAll(colored.Bytes(), nil)
		if !bytes.Equal(plain, b.Bytes()) {
			t.Errorf("%s: colours change more than colours", name)
		}
		if bytes.Equal(colored.Bytes(), b.Bytes()) {
			t.Errorf("%s: there are no colours", name)
		}
	}
}

func TestMarkdown(t *testing.T) {
	for name, s := range map[string]Summary{"pass": passing(t), "fail": failing(t), "closed": closedLoop(t)} {
		var b bytes.Buffer
		if err := Markdown(&b, s); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".md", b.Bytes())
		// Outside of code spans, nothing of the provider's is left that Markdown or HTML would act on.
		outside := outsideCode(b.String())
		for _, bad := range []string{"<script", "[link]", "**bold**", "@someone", "\n## heading", "\x1b", "\u202e"} {
			if strings.Contains(outside, bad) {
				t.Errorf("%s: %q is live in\n%s", name, bad, outside)
			}
		}
		for i, line := range strings.Split(b.String(), "\n") {
			if strings.HasPrefix(line, "|") && !strings.HasSuffix(line, "|") {
				t.Errorf("%s:%d: a row does not end: %q", name, i+1, line)
			}
		}
	}
}

// outsideCode takes the code spans out of Markdown: from a run of backticks to the next one of the same length.
func outsideCode(s string) string {
	runs := regexp.MustCompile("`+").FindAllStringIndex(s, -1)
	var b strings.Builder
	at := 0
	for i := 0; i < len(runs); i++ {
		for j := i + 1; j < len(runs); j++ {
			if runs[i][1]-runs[i][0] == runs[j][1]-runs[j][0] {
				b.WriteString(s[at:runs[i][0]])
				at, i = runs[j][1], j
				break
			}
		}
	}
	return b.String() + s[at:]
}

// Every table row has as many cells as its head, whatever stands in the cells.
func TestMarkdownCells(t *testing.T) {
	var b bytes.Buffer
	if err := Markdown(&b, failing(t)); err != nil {
		t.Fatal(err)
	}
	cells := func(line string) int { return strings.Count(strings.ReplaceAll(line, `\|`, ""), "|") }
	want := 0
	for _, line := range strings.Split(b.String(), "\n") {
		switch {
		case !strings.HasPrefix(line, "|"):
			want = 0
		case want == 0:
			want = cells(line)
		case cells(line) != want:
			t.Errorf("%d cells in a table of %d: %s", cells(line)-1, want-1, line)
		}
	}
}

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(SummarySchema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("summary.schema.json", document); err != nil {
		t.Fatal(err)
	}
	return c.MustCompile("summary.schema.json")
}

// What is written conforms to the schema that ships, and reads back as it was.
func TestSummarySchema(t *testing.T) {
	schema := compiled(t)
	m := manifest()
	empty := Summarize(m, nil, nil, results.End{Reason: results.Cut, Detail: "killed"}, metrics.New(m.Labels, m.Planned))
	for name, s := range map[string]Summary{"pass": passing(t), "fail": failing(t), "closed": closedLoop(t), "empty": empty} {
		dir := t.TempDir()
		if err := WriteSummary(dir, s); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(dir, "summary.json"))
		if err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		back, err := ReadSummary(dir)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := json.Marshal(back)
		before, _ := json.Marshal(s)
		if !bytes.Equal(again, before) {
			i := 0
			for i < min(len(again), len(before)) && again[i] == before[i] {
				i++
			}
			t.Errorf("%s: it reads back as …%.80s, was …%.80s", name, again[i:], before[i:])
		}
		// A rendering is a function of the summary alone, read or made.
		var x, y bytes.Buffer
		if err := Terminal(&x, s, TerminalOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := Terminal(&y, back, TerminalOptions{}); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(x.Bytes(), y.Bytes()) {
			t.Errorf("%s: read back, it is shown otherwise", name)
		}
	}
	// The schema can fail.
	for _, change := range []func(map[string]any){
		func(s map[string]any) { delete(s, "verdict") },
		func(s map[string]any) { s["more"] = 1 },
		func(s map[string]any) { s["total"].(map[string]any)["sent"] = -1.0 },
		func(s map[string]any) { s["total"].(map[string]any)["latency"].(map[string]any)["p99"] = "1s" },
		func(s map[string]any) { s["validity"].(map[string]any)["status"] = "fine" },
		func(s map[string]any) { s["thresholds"] = nil },
	} {
		text, _ := json.Marshal(passing(t))
		var value map[string]any
		if err := json.Unmarshal(text, &value); err != nil {
			t.Fatal(err)
		}
		change(value)
		if schema.Validate(value) == nil {
			t.Errorf("the schema accepts a spoiled summary")
		}
	}
}

func TestReadSummary(t *testing.T) {
	dir := t.TempDir()
	if _, err := ReadSummary(dir); err != fs.ErrNotExist {
		t.Errorf("where there is none: %v", err)
	}
	for text, want := range map[string]string{
		"{": "summary.json:1", `{"schema":"andon.summary/1"}`: "another version", `{"schema":"andon.summary/2","x":1}`: "unknown field",
	} {
		if err := os.WriteFile(filepath.Join(dir, "summary.json"), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadSummary(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", text, err, want)
		}
	}
}

// The verdict, for every way in which a run can end.
func TestVerdict(t *testing.T) {
	late := func(r *results.Row) { r.Lag, r.OwnLag = 0.5, 0.5 }
	waiting := func(r *results.Row) { r.Lag = 0.5 }
	for _, c := range []struct {
		why        string
		thresholds []string
		end        results.End
		change     func(*results.Row)
		status     string
		code       int
		cause      string
	}{
		{"all holds", []string{"p99(latency) < 800ms"}, results.End{Reason: results.Finished}, nil, Pass, 0, ""},
		{"a threshold is missed", []string{"p99(latency) < 8ms"}, results.End{Reason: results.Finished}, nil, Fail, 1, "p99(latency) < 8ms: found"},
		{"no threshold at all", nil, results.End{Reason: results.Finished}, nil, Pass, 0, ""},
		{"a threshold over nothing", []string{"p99(latency){phase=warmup} < 1s"}, results.End{Reason: results.Finished}, nil, Fail, 1, "warmup"},
		{"a violation without a word on it", []string{"p99(latency) < 800ms"}, results.End{Reason: results.Finished}, func(r *results.Row) {
			if r.N == 200 {
				r.Error, r.Rule = results.Contract, 1
			}
		}, Fail, 1, "count(violations) == 0: found 1"},
		{"a violation that is allowed", []string{"count(violations) < 5"}, results.End{Reason: results.Finished}, func(r *results.Row) {
			if r.N == 200 {
				r.Error, r.Rule = results.Contract, 1
			}
		}, Pass, 0, ""},
		{"too many errors without a word on them", nil, results.End{Reason: results.Finished}, func(r *results.Row) {
			if r.N%50 == 7 {
				r.Error, r.Status = results.Reset, 0
			}
		}, Fail, 1, "rate(errors) < 1%: found 2.0 %"},
		{"errors that are allowed", []string{"rate(errors) < 5%"}, results.End{Reason: results.Finished}, func(r *results.Row) {
			if r.N%50 == 7 {
				r.Error, r.Status = results.Reset, 0
			}
		}, Pass, 0, ""},
		{"all calls fail", nil, results.End{Reason: results.Finished}, func(r *results.Row) { r.Error, r.Status = results.Status5xx, 500 }, Fail, 1, "No call succeeded"},
		{"no response at all", nil, results.End{Reason: results.Finished}, func(r *results.Row) { r.Error, r.Status = results.Reset, 0 }, NoVerdict, 3, ""},
		{"the generator fell behind", nil, results.End{Reason: results.Finished}, late, NoVerdict, 3, "generator"},
		{"the target held everything up", nil, results.End{Reason: results.Finished}, waiting, Pass, 0, ""},
		{"interrupted", nil, results.End{Reason: results.Interrupted, Detail: "stopped by hand after 3s"}, nil, NoVerdict, 3, "stopped by hand"},
		{"cut off", nil, results.End{Reason: results.Cut, Detail: "killed"}, nil, NoVerdict, 3, "cut off"},
		{"aborted", nil, results.End{Reason: results.Aborted, Detail: "the threshold x was broken"}, nil, Fail, 1, "was broken"},
		{"hopeless with answers", nil, results.End{Reason: results.Hopeless, Detail: "the first 10 calls were all answered with status 401"}, func(r *results.Row) { r.Error, r.Status = results.Status4xx, 401 }, Fail, 1, "status 401"},
		{"hopeless without answers", nil, results.End{Reason: results.Hopeless, Detail: "the first 10 calls all failed"}, func(r *results.Row) { r.Error, r.Status = results.DialRefused, 0 }, NoVerdict, 3, "all failed"},
		{"a threshold of another version", []string{"p42(love) < 3"}, results.End{Reason: results.Finished}, nil, Fail, 1, "p42(love)"},
	} {
		m := manifest()
		m.Thresholds = nil
		for _, e := range c.thresholds {
			m.Thresholds = append(m.Thresholds, results.Threshold{Expr: e})
		}
		s := Summarize(m, nil, nil, c.end, fixture(t, m, c.change))
		causes := strings.Join(s.Verdict.Causes, "\n")
		if s.Verdict.Status != c.status || s.Verdict.ExitCode != c.code || !strings.Contains(causes, c.cause) || (c.cause == "") != (causes == "") && c.status != NoVerdict {
			t.Errorf("%s: %+v; want %s, %d, %q", c.why, s.Verdict, c.status, c.code, c.cause)
		}
	}
}

// Nothing that a terminal acts on passes, nothing is longer than asked, and plain text stays as it is.
func TestPrintable(t *testing.T) {
	for s, want := range map[string]string{
		"plain é 😀": "plain é 😀", "\x1b[31mred": `\x1b[31mred`, "a\nb\r\t": `a\nb\r\t`, "\xff": `\xff`, "\u202e": `\u202e`, "\u200b": `\u200b`, "\x00": `\x00`,
	} {
		if got := Printable(s, 100); got != want {
			t.Errorf("%q is %q, want %q", s, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		checkPrintable(t, rapid.String().Draw(t, "s"), rapid.IntRange(1, 50).Draw(t, "limit"))
	})
}

func checkPrintable(t rapid.TB, s string, limit int) {
	got := Printable(s, limit)
	if n := utf8.RuneCountInString(got); n > limit || !utf8.ValidString(got) {
		t.Fatalf("%q is %q: %d characters, at most %d", s, got, n, limit)
	}
	if i := strings.IndexFunc(got, func(r rune) bool {
		return r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
	}); i >= 0 {
		t.Fatalf("%q is %q", s, got)
	}
}

func FuzzCode(f *testing.F) {
	for _, s := range []string{hostile, "`", "``", "a`", "|", `\|`, " ", "```\n", "", "x`y``z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		checkPrintable(t, s, 40)
		got := code(s, 100)
		if got == "" {
			return
		}
		// CommonMark 6.1: the span ends at the first run of backticks as long as the one that opened it.
		fence := got[:len(got)-len(strings.TrimLeft(got, "`"))]
		inner := got[len(fence) : len(got)-len(fence)]
		for _, run := range regexp.MustCompile("`+").FindAllString(inner, -1) {
			if len(run) == len(fence) {
				t.Fatalf("%q is %q, which ends too early", s, got)
			}
		}
		if !strings.HasSuffix(got, fence) || strings.HasPrefix(inner, "`") || strings.HasSuffix(inner, "`") || strings.Contains(got, "\n") {
			t.Fatalf("%q is %q", s, got)
		}
	})
}

func TestFormat(t *testing.T) {
	f := func(x float64) *float64 { return &x }
	for _, c := range []struct {
		got, want string
	}{
		{duration(nil), "–"}, {duration(f(0)), "0 ms"}, {duration(f(0.8124)), "812 ms"}, {duration(f(0.9996)), "1.00 s"}, {duration(f(1.234)), "1.23 s"},
		{duration(f(48e-6)), "48.0 µs"}, {duration(f(700)), "11.7 min"}, {duration(f(59.96)), "60.0 s"},
		{count(0), "0"}, {count(999), "999"}, {count(1000), "1,000"}, {count(1234567), "1,234,567"},
		{share(0, 10), "0 %"}, {share(10, 10), "100 %"}, {share(1, 0), "–"}, {share(99999, 100000), ">99.99 %"}, {share(1, 100000), "<0.01 %"},
		{share(9990, 10000), "99.90 %"}, {share(1, 3), "33.3 %"}, {share(1, 200), "0.50 %"},
		{rate(99.96), "100/s"}, {rate(0.5), "0.50/s"}, {rate(1234), "1,234/s"}, {plural(1, "error"), "1 error"}, {plural(2, "error"), "2 errors"},
		{gap(f(0.2), f(0.1)), "−100 ms (−50 %)"}, {gap(f(0.1), f(0.2)), "+100 ms (+100 %)"}, {gap(nil, f(1)), ""},
		{sentence("the run ended"), "The run ended."}, {sentence("p99(latency) < 1s: found 2 s"), "p99(latency) < 1s: found 2 s."}, {sentence("Why?"), "Why?"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		whole := rapid.Uint64Range(1, math.MaxUint32).Draw(t, "whole")
		part := rapid.Uint64Range(0, whole).Draw(t, "part")
		if s := share(part, whole); (s == "0 %") != (part == 0) || (s == "100 %") != (part == whole) {
			t.Fatalf("%d of %d is %s", part, whole, s)
		}
	})
}

func TestLive(t *testing.T) {
	half := 0.5
	p := Progress{Elapsed: 3 * time.Second, Total: 10 * time.Second, Phase: "ramp", Asked: 200, Achieved: 199.6, InFlight: 12, P50: &half, Errors: 1, Violations: 2}
	var b bytes.Buffer
	WriteProgress(&b, p)
	p.Phase, p.Warmup, p.Dropped = hostile, true, 3
	WriteProgress(&b, p)
	WriteProgress(&b, Progress{Elapsed: 11 * time.Second, Total: 10 * time.Second, Phase: "ramp", InFlight: 2})
	WriteProgress(&b, Progress{Elapsed: time.Second, Total: 10 * time.Second, Phase: "loop", Callers: 5, Achieved: 50})
	golden(t, "live.txt", b.Bytes())
}

// Half-written reports do not stay behind, and a report is a file of its own.
func TestWriteMarkdown(t *testing.T) {
	dir := t.TempDir()
	if err := WriteMarkdown(dir, passing(t)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "report.md"))
	if err != nil || !bytes.HasPrefix(text, []byte("## ✅ PASS")) {
		t.Errorf("%.100q, %v", text, err)
	}
	if err := WriteMarkdown(filepath.Join(dir, "nope"), passing(t)); err == nil {
		t.Error("a report is written where there is no folder")
	}
}
