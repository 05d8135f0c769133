package reports

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/HdrHistogram/hdrhistogram-go"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
)

// runDir writes a run directory of the rows.
func runDir(t testing.TB, m results.Manifest, rows []results.Row, samples []results.Sample, end results.End) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	w, err := results.Create(dir, m, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range rows {
		if err := w.Add(r); err != nil {
			t.Fatal(err)
		}
		if i%3000 == 2999 {
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, s := range samples {
		if err := w.Sample(s); err != nil {
			t.Fatal(err)
		}
	}
	if end.Reason == results.Cut {
		err = w.Flush()
	} else {
		err = w.Close(end)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func finished(seconds float64) results.End {
	return results.End{Reason: results.Finished, Seconds: seconds}
}

func opened(t testing.TB, dirs ...string) *Model {
	t.Helper()
	m, err := Open(dirs...)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Read(Formats()...); err != nil {
		t.Fatal(err)
	}
	return m
}

// rendered is a model in a format, by its name.
func rendered(t testing.TB, m *Model, name string) []byte {
	t.Helper()
	i := slices.IndexFunc(Formats(), func(f Format) bool { return f.Name == name })
	var b bytes.Buffer
	if err := Formats()[i].Render(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The formats that people and tools read as text stay as they are.
func TestFormatGoldens(t *testing.T) {
	m := manifest()
	dirs := map[string]string{
		"pass": runDir(t, m, rowsOf(m, nil), nil, finished(55.2)),
		"fail": runDir(t, m, rowsOf(m, trouble), hostileSamples(), finished(56)),
	}
	for name, dir := range dirs {
		model := opened(t, dir)
		for _, f := range Formats() {
			if slices.Contains([]string{"junit", "sarif", "github", "csv", "hgrm"}, f.Name) {
				golden(t, name+"."+f.File, rendered(t, model, f.Name))
			}
		}
	}
}

// Every format takes what a provider made up, keeps it inert, and does not grow with it.
func TestFormatsAreInert(t *testing.T) {
	long := strings.Repeat("<script>]]>\x00\n", 1<<20/13)
	for _, text := range []string{
		hostile, "]]><script>alert(1)</script>", "::error::owned", "\n::error::owned\n##[error]owned", "%0A::error::owned", "=HYPERLINK(\"http://evil\")", "\x1b[2J\x00\xff\ufeff\u2028", "|`|`|",
		"<!--", "&amp;", "title=x,y::z", long,
	} {
		m := manifest()
		rows := rowsOf(m, trouble)
		agg := metrics.New(m.Labels, m.Planned)
		stretches := metrics.NewStretches(m.Labels)
		for _, r := range rows {
			if err := errors.Join(agg.Add(r), stretches.Add(r)); err != nil {
				t.Fatal(err)
			}
		}
		samples := []results.Sample{{Kind: "contract", Rule: "malformed-json", N: 3, Class: text, Status: 200, Message: text, Body: text}, {Kind: "reset", N: 7, Class: text, Message: text}}
		model := &Model{whole: agg, stretches: stretches}
		model.Summary = Summarize(m, samples, nil, results.End{Reason: results.Aborted, Detail: text, Seconds: 5}, agg)
		for _, f := range Formats() {
			if f.need == needRows || f.Name == "json" {
				continue // the first hold no text of the provider's; JSON is data, and quotes it as it came
			}
			out := rendered(t, model, f.Name)
			if i := bytes.IndexFunc(out, func(r rune) bool {
				return r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x202e || r == 0x2028)
			}); i >= 0 {
				t.Errorf("%s: a control character of %.40q: %q", f.Name, text, out[i:min(i+20, len(out))])
			}
			if !utf8.Valid(out) {
				t.Errorf("%s: %.40q leads to invalid UTF-8", f.Name, text)
			}
			limit := 100_000
			if f.Name == "html" {
				limit = 200_000 // of which the plotting library takes 50,000
			}
			if len(out) > limit {
				t.Errorf("%s: %.40q takes %d bytes", f.Name, text, len(out))
			}
			switch f.Name {
			case "html":
				if bytes.Contains(out, []byte("<script>alert")) || bytes.Contains(out, []byte("<script>]]>")) || bytes.Count(out, []byte("</script")) != 3 {
					t.Errorf("html: %.40q is live", text)
				}
			case "markdown":
				if outside := outsideCode(string(out)); strings.Contains(outside, "<script") || strings.Contains(outside, "[link]") {
					t.Errorf("markdown: %.40q is live", text)
				}
			case "junit":
				if bytes.Contains(out, []byte("<script")) || bytes.Contains(out, []byte("]]>")) {
					t.Errorf("junit: %.40q is live", text)
				}
				checkJUnit(t, out, Fail)
			case "sarif":
				checkSARIF(t, out)
			case "github":
				checkAnnotations(t, out)
			}
		}
	}
}

var annotation = regexp.MustCompile(`^::(notice|warning|error) title=[^:,\r\n]*::[^\r\n]*$`)

// checkAnnotations holds a text against what the runner takes for commands.
func checkAnnotations(t testing.TB, out []byte) {
	t.Helper()
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSuffix(line, "\n")
		if !annotation.MatchString(line) || strings.Contains(line, "##[") {
			t.Errorf("no single annotation: %.200q", line)
		}
		for _, c := range regexp.MustCompile("%..?").FindAllString(line, -1) {
			if !slices.Contains([]string{"%25", "%0A", "%3A", "%2C"}, c) {
				t.Errorf("%q stands in %.200q", c, line)
			}
		}
	}
}

func FuzzAnnotate(f *testing.F) {
	for _, s := range []string{hostile, "::error::x", "%0A", "##[error]", "a:b,c"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, title, line string) {
		var b strings.Builder
		annotate(&b, "error", title, line, title)
		if strings.Count(b.String(), "\n") != 1 {
			t.Errorf("%q, %q: %q", title, line, b.String())
		}
		checkAnnotations(t, []byte(b.String()))
	})
}

type junit struct {
	XMLName xml.Name `xml:"testsuites"`
	Suites  []struct {
		Name      string   `xml:"name,attr"`
		Tests     int      `xml:"tests,attr"`
		Failures  int      `xml:"failures,attr"`
		Errors    int      `xml:"errors,attr"`
		Skipped   int      `xml:"skipped,attr"`
		Time      *float64 `xml:"time,attr"`
		Timestamp string   `xml:"timestamp,attr"`
		Cases     []struct {
			Name  string    `xml:"name,attr"`
			Class string    `xml:"classname,attr"`
			Time  *float64  `xml:"time,attr"`
			Parts []xmlPart `xml:",any"`
			Text  string    `xml:",chardata"`
		} `xml:"testcase"`
		Other []xmlPart `xml:",any"`
	} `xml:"testsuite"`
	Other []xmlPart `xml:",any"`
}

type xmlPart struct {
	XMLName xml.Name
	Message *string    `xml:"message,attr"`
	Type    string     `xml:"type,attr"`
	Other   []xml.Attr `xml:",any,attr"`
	Inner   []xmlPart  `xml:",any"`
}

// checkJUnit holds a document against the shape that viewers of JUnit XML read (testsuites, testsuite, testcase, and at most
// one of failure, error and skipped in it), with counts that add up and agree with a verdict.
func checkJUnit(t testing.TB, out []byte, verdict string) {
	t.Helper()
	var j junit
	if err := xml.Unmarshal(out, &j); err != nil {
		t.Fatalf("%v in %.300s", err, out)
	}
	if len(j.Other) > 0 || len(j.Suites) == 0 {
		t.Errorf("besides suites: %+v", j.Other)
	}
	failures, failed := 0, 0
	for _, s := range j.Suites {
		n := map[string]int{}
		for _, c := range s.Cases {
			if c.Name == "" || c.Class == "" || c.Time == nil || strings.TrimSpace(c.Text) != "" {
				t.Errorf("%s: %+v", s.Name, c)
			}
			verdicts := 0
			for _, p := range c.Parts {
				n[p.XMLName.Local]++
				switch p.XMLName.Local {
				case "failure", "error", "skipped":
					if verdicts++; p.Message == nil || *p.Message == "" || len(p.Inner)+len(p.Other) > 0 {
						t.Errorf("%s, %s: %+v", s.Name, c.Name, p)
					}
				case "system-out":
				default:
					t.Errorf("%s, %s: an element %s", s.Name, c.Name, p.XMLName.Local)
				}
			}
			if verdicts > 1 {
				t.Errorf("%s, %s: %d verdicts", s.Name, c.Name, verdicts)
			}
		}
		if _, err := time.Parse("2006-01-02T15:04:05", s.Timestamp); err != nil || s.Time == nil || s.Name == "" || len(s.Other) > 0 {
			t.Errorf("the suite %+v", s)
		}
		if s.Tests != len(s.Cases) || s.Failures != n["failure"] || s.Errors != n["error"] || s.Skipped != n["skipped"] {
			t.Errorf("%s: %d tests, %d failures, %d errors, %d skipped; counted %d, %v", s.Name, s.Tests, s.Failures, s.Errors, s.Skipped, len(s.Cases), n)
		}
		failures += s.Failures
		failed += s.Failures + s.Errors
	}
	if (verdict == Pass) != (failed == 0) || verdict == Fail && failures == 0 {
		t.Errorf("verdict %s with %d failures and %d errors", verdict, failures, failed-failures)
	}
}

// checkSARIF holds a log against what SARIF 2.1.0 requires of what is in it (OASIS, sections 3.13, 3.14, 3.18, 3.19, 3.27, 3.28).
func checkSARIF(t testing.TB, out []byte) (results []any) {
	t.Helper()
	var log map[string]any
	if err := json.Unmarshal(out, &log); err != nil {
		t.Fatal(err)
	}
	runs, _ := log["runs"].([]any)
	if log["version"] != "2.1.0" || len(runs) != 1 {
		t.Fatalf("version %v, %d runs", log["version"], len(runs))
	}
	run := runs[0].(map[string]any)
	driver := run["tool"].(map[string]any)["driver"].(map[string]any)
	if driver["name"] != "andon" {
		t.Errorf("driver %v", driver["name"])
	}
	rules := map[any]bool{}
	for _, r := range driver["rules"].([]any) {
		id := r.(map[string]any)["id"]
		if rules[id] || id == "" {
			t.Errorf("rule %v twice, or without a name", id)
		}
		rules[id] = true
	}
	for _, i := range run["invocations"].([]any) {
		if _, there := i.(map[string]any)["executionSuccessful"].(bool); !there {
			t.Error("an invocation without executionSuccessful")
		}
	}
	results = run["results"].([]any)
	for _, r := range results {
		r := r.(map[string]any)
		text, _ := r["message"].(map[string]any)["text"].(string)
		if !rules[r["ruleId"]] || !slices.Contains([]any{"error", "warning", "note", "none"}, r["level"]) || text == "" {
			t.Errorf("%v", r)
		}
		for _, l := range r["locations"].([]any) {
			p := l.(map[string]any)["physicalLocation"].(map[string]any)
			if p["artifactLocation"].(map[string]any)["uri"] == "" || p["region"].(map[string]any)["startLine"].(float64) < 1 {
				t.Errorf("%v", p)
			}
		}
	}
	return results
}

// For every way in which a run can end, JUnit, SARIF and annotations agree with the verdict.
func TestJudged(t *testing.T) {
	late := func(r *results.Row) { r.Lag, r.OwnLag = 0.5, 0.5 }
	waiting := func(r *results.Row) { r.Lag = 0.5 }
	for _, c := range []struct {
		why        string
		thresholds []string
		end        results.End
		change     func(*results.Row)
		level      string
		violations int
	}{
		{"all holds", nil, finished(55), nil, "notice", 0},
		{"a threshold is missed", []string{"p99(latency) < 8ms"}, finished(55), nil, "error", 0},
		{"violations", nil, finished(55), trouble, "error", 2},
		{"violations that are allowed", []string{"count(violations) < 1000", "rate(errors) < 50%"}, finished(55), trouble, "notice", 0},
		{"violations that are allowed in a run that fails", []string{"count(violations) < 1000", "p99(latency) < 8ms"}, finished(55), trouble, "error", 0},
		{"all calls fail", []string{"rate(errors) <= 100%"}, finished(55), func(r *results.Row) { r.Error, r.Status = results.Status5xx, 500 }, "error", 0},
		{"no response at all", nil, finished(55), func(r *results.Row) { r.Error, r.Status = results.Reset, 0 }, "error", 0},
		{"the generator fell behind", nil, finished(55), late, "error", 0},
		{"the target held everything up", nil, finished(55), waiting, "notice", 0},
		{"interrupted", nil, results.End{Reason: results.Interrupted, Detail: "by hand"}, nil, "error", 0},
		{"cut off", nil, results.End{Reason: results.Cut, Detail: "killed"}, nil, "error", 0},
		{"aborted", []string{"p99(latency) < 8s"}, results.End{Reason: results.Aborted, Detail: "x"}, nil, "error", 0},
		{"hopeless", nil, results.End{Reason: results.Hopeless, Detail: "x"}, nil, "error", 0},
	} {
		m := manifest()
		m.Thresholds = nil
		for _, e := range c.thresholds {
			m.Thresholds = append(m.Thresholds, results.Threshold{Expr: e})
		}
		s := Summarize(m, nil, nil, c.end, fixture(t, m, c.change))
		t.Run(strings.ReplaceAll(c.why, " ", "-"), func(t *testing.T) {
			var x, j, a bytes.Buffer
			if err := errors.Join(summaryJUnit(&x, s), summarySARIF(&j, s), annotations(&a, s)); err != nil {
				t.Fatal(err)
			}
			checkJUnit(t, x.Bytes(), s.Verdict.Status)
			if found := checkSARIF(t, j.Bytes()); len(found) != c.violations {
				t.Errorf("%d results, want %d", len(found), c.violations)
			}
			checkAnnotations(t, a.Bytes())
			if !bytes.HasPrefix(a.Bytes(), []byte("::"+c.level)) {
				t.Errorf("%.200s", a.Bytes())
			}
			if s.Verdict.Status == NoVerdict && strings.Contains(x.String(), `classname="andon.threshold" time="0.000"></testcase>`) {
				t.Error("a threshold holds in a run that has no verdict")
			}
		})
	}
}

// The table has a line for each second, phase and class; its columns add up to the summary, and no cell is a formula.
func TestSecondsCSV(t *testing.T) {
	m := manifest()
	m.Labels.Classes[1] = results.Class{Name: "=cmd|' /C calc'!A0", Tier: "+Lite", Content: "@text"}
	model := opened(t, runDir(t, m, rowsOf(m, trouble), nil, finished(56)))
	lines, err := csv.NewReader(bytes.NewReader(rendered(t, model, "csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := func(name string) int { return slices.Index(lines[0], name) }
	sums := map[string]uint64{}
	seen := map[string]bool{}
	last := -1.0
	for _, l := range lines[1:] {
		key := strings.Join([]string{l[0], l[column("phase")], l[column("class")]}, "\x00")
		start, err := strconv.ParseFloat(l[0], 64)
		if err != nil || seen[key] || start < last || l[1] != "1" {
			t.Fatalf("%v", l)
		}
		seen[key], last = true, start
		for i, c := range l {
			if c != "" && strings.ContainsAny(c[:1], "=+-@") {
				t.Errorf("%s is %q", lines[0][i], c)
			}
			if n, err := strconv.ParseUint(c, 10, 64); err == nil && l[column("warmup")] == "false" {
				sums[lines[0][i]] += n
			}
		}
	}
	f := model.Summary.Total
	want := map[string]uint64{"sent": f.Sent, "completed": f.Completed, "ok": f.OK, "dropped": f.Dropped, "errors": f.Failed(), "violations": f.Violated()}
	for s, n := range f.Status {
		want["status_"+s] = n
	}
	for e, n := range f.Errors {
		want["error_"+e] = n
	}
	for r, n := range f.Violations {
		want["rule_"+r] = n
	}
	for name, n := range want {
		if sums[name] != n || n == 0 || column(name) < 0 {
			t.Errorf("%s adds up to %d, want %d", name, sums[name], n)
		}
	}
	if !slices.ContainsFunc(lines, func(l []string) bool {
		return l[column("class")] == "'=cmd|' /C calc'!A0" && l[column("tier")] == "'+Lite"
	}) {
		t.Error("the class is not there")
	}
}

// HdrHistogram's own reader reads the log, and its lines add up to the percentile files and the summary.
func TestHdrFiles(t *testing.T) {
	m := manifest()
	m.Labels.Classes[1].Tier, m.Labels.Classes[3].Tier = "a, b", "a, b"
	model := opened(t, runDir(t, m, rowsOf(m, trouble), nil, finished(56)))
	log := rendered(t, model, "hlog")
	reader := hdrhistogram.NewHistogramLogReader(bytes.NewReader(log))
	sums := map[string]*hdrhistogram.Histogram{}
	for {
		h, err := reader.NextIntervalHistogram()
		if err != nil {
			t.Fatal(err)
		}
		if h == nil {
			break
		}
		if start := time.UnixMilli(h.StartTimeMs()).Sub(m.Started); start < 5*time.Second || start >= 55*time.Second || h.EndTimeMs()-h.StartTimeMs() != 1000 {
			t.Errorf("an interval begins %v after the run and lasts %d ms", start, h.EndTimeMs()-h.StartTimeMs())
		}
		if sums[h.Tag()] == nil {
			sums[h.Tag()] = hdrhistogram.New(100, int64(time.Hour), 3)
		}
		sums[h.Tag()].Merge(h)
	}
	if n := bytes.Count(log, []byte("\n")); n != 5+50*3+30 && len(sums) != 4 {
		t.Errorf("%d lines, tags %v", n, sums)
	}
	for tag, f := range map[string]metrics.Figures{"": model.Summary.Total, "Full": model.Summary.Groups.Tier["Full"], "a%2C%20b": model.Summary.Groups.Tier["a, b"], "invalid": model.Summary.Groups.Tier["invalid"]} {
		h := sums[tag]
		if h == nil {
			t.Errorf("no line has the tag %q", tag)
			continue
		}
		for p, want := range map[float64]*float64{50: f.Latency.P50, 90: f.Latency.P90, 95: f.Latency.P95, 99: f.Latency.P99, 99.9: f.Latency.P999} {
			if want != nil && math.Min(float64(h.ValueAtPercentile(p))/1e9, *f.Latency.Max) != *want {
				t.Errorf("%q: p%v is %v, want %v", tag, p, h.ValueAtPercentile(p), *want)
			}
		}
		var theirs, ours bytes.Buffer
		_, err := h.PercentilesPrint(&theirs, 5, 1e6)
		tier := map[string]string{"a%2C%20b": "a, b"}[tag]
		if tier == "" {
			tier = tag
		}
		if err := errors.Join(err, hgrm(&ours, model, tier)); err != nil {
			t.Fatal(err)
		}
		checkHGRM(t, tag, ours.String(), theirs.String())
	}
}

// checkHGRM compares with what the library prints, which has fewer digits, also percentiles that the samples do not support,
// and bucket edges in place of the exact mean and maximum.
func checkHGRM(t *testing.T, name, ours, theirs string) {
	fields := func(s string) (lines [][]string) {
		for line := range strings.Lines(s) {
			if f := strings.Fields(line); len(f) == 4 && f[0] != "Value" {
				lines = append(lines, f)
			}
		}
		return lines
	}
	near := func(a, b string) bool {
		x, err1 := strconv.ParseFloat(a, 64)
		y, err2 := strconv.ParseFloat(b, 64)
		return a == b || err1 == nil && err2 == nil && math.Abs(x-y) <= 0.001*math.Max(x, y)+0.0006
	}
	a, b := fields(ours), fields(theirs)
	if len(a) < 5 || len(a) > len(b) || a[len(a)-1][3] != "inf" {
		t.Fatalf("%q has %d steps, the library prints %d", name, len(a), len(b))
	}
	b = append(b[:len(a)-1], b[len(b)-1])
	for i := range a {
		for k := range a[i] {
			if !near(a[i][k], b[i][k]) {
				t.Errorf("%q, step %d: %v, the library prints %v", name, i, a[i], b[i])
			}
		}
	}
	footer := func(s string) []string {
		return regexp.MustCompile(`[\d.]+`).FindAllString(s[strings.Index(s, "#["):], -1)
	}
	x, y := footer(ours), footer(theirs)
	for i := range y {
		if len(x) != len(y) || !near(x[i], y[i]) && i != 0 && i != 2 {
			t.Errorf("%q ends with %v, the library prints %v", name, x, y)
			break
		}
	}
}

// vegeta's own decoders read both files, and its metrics count what the summary counts.
func TestVegeta(t *testing.T) {
	m := manifest()
	m.Target += "/"
	m.ID = `a,"run"`
	rows := rowsOf(m, func(r *results.Row) {
		trouble(r)
		if r.N%50 == 13 {
			r.Error, r.Status, r.BytesIn, r.BytesOut = results.Unsent, 0, 0, 0
		}
		if r.N%50 == 15 {
			r.Error = results.TimeoutReading // the head of a success, and no body
		}
		if r.N%50 == 17 {
			r.Error, r.Status = results.Status3xx, 302
		}
	})
	slices.SortFunc(rows, func(a, b results.Row) int { return int(a.Due + a.Latency() - b.Due - b.Latency()) })
	model := opened(t, runDir(t, m, rows, nil, finished(56)))
	var first []vegeta.Result
	for _, format := range []string{"vegeta-csv", "vegeta-gob"} {
		text := rendered(t, model, format)
		decode := vegeta.DecoderFor(bytes.NewReader(text))
		var all []vegeta.Result
		var sum vegeta.Metrics
		for {
			var r vegeta.Result
			if err := decode(&r); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", format, err)
			}
			sum.Add(&r)
			all = append(all, r)
		}
		sum.Close()
		f := model.Summary.Total
		if sum.Requests != f.Sent+f.Dropped || sum.BytesIn.Total != f.Bytes.In || sum.BytesOut.Total != f.Bytes.Out {
			t.Errorf("%s: %d requests, %d and %d bytes; want %d, %+v", format, sum.Requests, sum.BytesIn.Total, sum.BytesOut.Total, f.Sent+f.Dropped, f.Bytes)
		}
		none := uint64(sum.StatusCodes["0"])
		for code, n := range f.Status {
			if uint64(sum.StatusCodes[code]) != n {
				t.Errorf("%s: status %s %d times, want %d", format, code, sum.StatusCodes[code], n)
			}
			none += n
		}
		if none != sum.Requests || len(sum.StatusCodes) != len(f.Status)+1 {
			t.Errorf("%s: statuses %v, want %v", format, sum.StatusCodes, f.Status)
		}
		if slices.Sort(sum.Errors); fmt.Sprint(sum.Errors) != "[400 Bad Request 500 Internal Server Error dropped reset timeout-reading]" {
			t.Errorf("%s: errors %q", format, sum.Errors)
		}
		// vegeta encode makes the same file of what it has read.
		var again bytes.Buffer
		encode := vegeta.NewCSVEncoder(&again)
		for _, r := range all {
			if err := encode(&r); err != nil {
				t.Fatal(err)
			}
		}
		if format == "vegeta-csv" && !bytes.Equal(again.Bytes(), text) {
			t.Errorf("vegeta writes %.200s, we %.200s", again.Bytes(), text)
		}
		// Its plot waits for every number from 0, and refuses a time before the last.
		slices.SortFunc(all, func(a, b vegeta.Result) int { return int(a.Seq) - int(b.Seq) })
		if first == nil {
			first = all
		} else if !slices.EqualFunc(first, all, vegeta.Result.Equal) {
			t.Error("the two files differ")
		}
		for i, r := range all {
			if r.Seq != uint64(i) || i > 0 && r.Timestamp.Before(all[i-1].Timestamp) || r.Attack != m.ID || r.Method != "POST" {
				t.Fatalf("%s: result %d is %+v", format, i, r)
			}
		}
		if r := all[0]; r.URL != "http://127.0.0.1:8080/agents/execute#text.Full" || !r.Timestamp.Equal(m.Started.Add(5*time.Second)) {
			t.Errorf("%s: the first result is %+v", format, r)
		}
	}
}

// Where every hit was timed and valid, vegeta's mean is the summary's.
func TestVegetaMean(t *testing.T) {
	m := manifest()
	for _, p := range m.Planned {
		p[4] = 0
	}
	model := opened(t, runDir(t, m, rowsOf(m, nil), nil, finished(56)))
	var sum vegeta.Metrics
	decode := vegeta.NewDecoder(bytes.NewReader(rendered(t, model, "vegeta-gob")))
	for {
		var r vegeta.Result
		if decode(&r) != nil {
			break
		}
		sum.Add(&r)
	}
	sum.Close()
	f := model.Summary.Total.Latency
	if d := sum.Latencies.Mean.Seconds() - *f.Mean; math.Abs(d) > 1e-9 || sum.Latencies.Max.Seconds() != *f.Max || sum.Latencies.Min.Seconds() != *f.Min {
		t.Errorf("vegeta finds %+v, the summary says %v to %v, mean %v", sum.Latencies, *f.Min, *f.Max, *f.Mean)
	}
}

// No error that stands for a status needs quotes in a table.
func TestVegetaErrors(t *testing.T) {
	for status := range uint16(1000) {
		if text := vegetaError(results.Row{Status: status, Error: results.Status5xx}); strings.ContainsAny(text, ",\"\n\r") || http.StatusText(int(status)) != "" && (text == "") != (status >= 200 && status < 400) {
			t.Errorf("%d is %q", status, text)
		}
	}
	for kind, name := range results.KindNames() {
		if strings.ContainsAny(name, ",\"\n\r") {
			t.Errorf("kind %d is %q", kind, name)
		}
	}
}

// Below a folder every format has its file, whole, under its own name, whatever the tiers are called.
func TestFiles(t *testing.T) {
	m := manifest()
	m.Labels.Classes[0].Tier, m.Labels.Classes[2].Tier = "../../Full", "../../Full"
	model := opened(t, runDir(t, m, rowsOf(m, nil), nil, finished(56)))
	out := filepath.Join(t.TempDir(), "a", "b")
	var all []string
	for _, f := range Formats() {
		paths, err := f.Files(out, model)
		if err != nil {
			t.Fatal(err)
		}
		if len(paths) == 0 || filepath.Base(paths[0]) != f.File {
			t.Errorf("%s: %v", f.Name, paths)
		}
		for _, p := range paths {
			all = append(all, filepath.Base(p))
		}
	}
	entries, err := os.ReadDir(out)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, e := range entries {
		found = append(found, e.Name())
		if info, err := e.Info(); err != nil || info.Size() == 0 {
			t.Errorf("%s is empty (%v)", e.Name(), err)
		}
	}
	if slices.Sort(all); !slices.Equal(found, all) || !slices.Contains(found, "latency-..%2F..%2FFull.hgrm") {
		t.Errorf("there are %v, want %v", found, all)
	}
	// What cannot be written leaves nothing half-written behind.
	failing := Format{File: "x", write: func(io.Writer, *Model) error { return io.ErrShortWrite }}
	if _, err := failing.Files(out, model); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("the error is %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(out, "x*")); left != nil {
		t.Errorf("left behind: %v", left)
	}
	if _, err := Formats()[0].Files(filepath.Join(out, "report.md"), model); err == nil {
		t.Error("a file is taken for a folder")
	}
}

// Names stay apart, and are harmless.
func FuzzSafe(f *testing.F) {
	f.Add("Full", "../x")
	f.Add("a b", "a%20b")
	f.Fuzz(func(t *testing.T, a, b string) {
		if (safe(a) == safe(b)) != (a == b) || strings.ContainsFunc(safe(a), func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`/\,:*?"<>|=`, r) }) {
			t.Errorf("%q is %q, %q is %q", a, safe(a), b, safe(b))
		}
	})
}

// The rows reach every taker in order; the first error ends it.
func TestEachBatch(t *testing.T) {
	m := manifest()
	rows := rowsOf(m, nil)
	dir := runDir(t, m, rows, nil, finished(56))
	run, err := results.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got [3][]results.Row
	take := func(i int) func([]results.Row) error {
		return func(r []results.Row) error { got[i] = append(got[i], r...); return nil }
	}
	if complete, err := eachBatch(run, take(0), take(1), one(func(r results.Row) error { got[2] = append(got[2], r); return nil })); err != nil || !complete {
		t.Fatal(complete, err)
	}
	for i := range got {
		if !slices.Equal(got[i], rows) {
			t.Errorf("taker %d has %d rows of %d", i, len(got[i]), len(rows))
		}
	}
	failure := errors.New("the disk is full")
	for _, after := range []int{0, batch - 1, batch, len(rows) - 1} {
		n := 0
		_, err = eachBatch(run, take(0), one(func(results.Row) error {
			if n++; n > after {
				return failure
			}
			return nil
		}))
		if !errors.Is(err, failure) || n != after+1 {
			t.Errorf("after %d rows: %v, %d rows were taken", after, err, n)
		}
	}
	// A damaged file is no whole one, and no figure is made of it.
	path := filepath.Join(dir, "hits.arrow")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, whole[:len(whole)*2/3], 0o666); err != nil {
		t.Fatal(err)
	}
	if model, err := Open(dir); err != nil {
		t.Error(err)
	} else if err := model.Read(); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged run is read: %v", err)
	} else if err := vegetaCSV(io.Discard, model); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged run is written for vegeta: %v", err)
	}
}
