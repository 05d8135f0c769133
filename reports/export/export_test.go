package export_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/kaizenautomation/andon/reports"
	"github.com/kaizenautomation/andon/reports/export"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
)

func opened(t testing.TB, dirs ...string) *reports.Model {
	t.Helper()
	m, err := reports.Open(dirs...)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Read(reports.Formats()...); err != nil {
		t.Fatal(err)
	}
	return m
}

// rendered is a model in a format, by its name.
func rendered(t testing.TB, m *reports.Model, name string) []byte {
	t.Helper()
	i := slices.IndexFunc(reports.Formats(), func(f reports.Format) bool { return f.Name == name })
	var b bytes.Buffer
	if err := reports.Formats()[i].Render(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The formats that people and tools read as text stay as they are.
func TestFormatGoldens(t *testing.T) {
	m := reportstest.Manifest()
	dirs := map[string]string{
		"pass": reportstest.RunDir(t, m, reportstest.Rows(m, nil), nil, reportstest.Finished(55.2)),
		"fail": reportstest.RunDir(t, m, reportstest.Rows(m, reportstest.Trouble), reportstest.Samples(), reportstest.Finished(56)),
	}
	for name, dir := range dirs {
		model := opened(t, dir)
		for _, f := range reports.Formats() {
			if slices.Contains([]string{"junit", "sarif", "github", "csv", "hgrm"}, f.Name) {
				reportstest.Golden(t, name+"."+f.File, rendered(t, model, f.Name))
			}
		}
	}
}

// For every way in which a run can end, JUnit, SARIF and annotations agree with the verdict.
func TestRunChecks(t *testing.T) {
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
		{"all holds", nil, reportstest.Finished(55), nil, "notice", 0},
		{"a threshold is missed", []string{"p99(latency) < 8ms"}, reportstest.Finished(55), nil, "error", 0},
		{"violations", nil, reportstest.Finished(55), reportstest.Trouble, "error", 2},
		{"violations that are allowed", []string{"count(violations) < 1000", "rate(errors) < 50%", "rate(sent) > 90%"}, reportstest.Finished(55), reportstest.Trouble, "notice", 0},
		{"violations that are allowed in a run that fails", []string{"count(violations) < 1000", "p99(latency) < 8ms"}, reportstest.Finished(55), reportstest.Trouble, "error", 0},
		{"all calls fail", []string{"rate(errors) <= 100%"}, reportstest.Finished(55), func(r *results.Row) { r.Error, r.Status = results.Status5xx, 500 }, "error", 0},
		{"no response at all", nil, reportstest.Finished(55), func(r *results.Row) { r.Error, r.Status = results.Reset, 0 }, "error", 0},
		{"the generator fell behind", nil, reportstest.Finished(55), late, "error", 0},
		{"the target held everything up", nil, reportstest.Finished(55), waiting, "notice", 0},
		{"interrupted", nil, results.End{Reason: results.Interrupted, Detail: "by hand"}, nil, "error", 0},
		{"cut off", nil, results.End{Reason: results.Cut, Detail: "killed"}, nil, "error", 0},
		{"aborted", []string{"p99(latency) < 8s"}, results.End{Reason: results.Aborted, Detail: "x"}, nil, "error", 0},
		{"hopeless", nil, results.End{Reason: results.Hopeless, Detail: "x"}, nil, "error", 0},
	} {
		m := reportstest.Manifest()
		m.Thresholds = nil
		for _, e := range c.thresholds {
			m.Thresholds = append(m.Thresholds, results.Threshold{Expr: e})
		}
		s := summary.Summarize(m, nil, nil, c.end, reportstest.Aggregate(t, m, c.change))
		t.Run(strings.ReplaceAll(c.why, " ", "-"), func(t *testing.T) {
			var x, j, a bytes.Buffer
			if err := errors.Join(export.JUnit(&x, s.Checks()), export.SARIF(&j, s.ContractChecks()), export.Annotations(&a, s)); err != nil {
				t.Fatal(err)
			}
			reportstest.CheckJUnit(t, x.Bytes(), s.Verdict.Status)
			if found := reportstest.CheckSARIF(t, j.Bytes()); len(found) != c.violations {
				t.Errorf("%d results, want %d", len(found), c.violations)
			}
			reportstest.CheckAnnotations(t, a.Bytes())
			if !bytes.HasPrefix(a.Bytes(), []byte("::"+c.level)) {
				t.Errorf("%.200s", a.Bytes())
			}
			for _, cause := range s.Verdict.Causes {
				cause = strings.ToLower(strings.TrimRight(cause, "."))
				if name, found, ok := strings.Cut(cause, ": found "); ok && !strings.Contains(name, " was broken") {
					cause = "found " + found // the name is that of the test
				}
				n := 0
				for _, m := range regexp.MustCompile(`message="([^"]*)"`).FindAllStringSubmatch(x.String(), -1) {
					n += strings.Count(strings.ToLower(html.UnescapeString(m[1])), cause)
				}
				if len(cause) > 10 && n > 1 {
					t.Errorf("JUnit says %d times %q", n, cause)
				}
				if n := strings.Count(strings.ToLower(strings.ReplaceAll(a.String(), "%25", "%")), cause); n != 1 && len(cause) > 10 {
					t.Errorf("the annotations say %d times %q", n, cause)
				}
			}
			if s.Verdict.Status == summary.NoVerdict && strings.Contains(x.String(), `classname="andon.threshold" time="0.000"></testcase>`) {
				t.Error("a threshold holds in a run that has no verdict")
			}
		})
	}
}

// What a run is known by is in what CI shows of it.
func TestKnownByInCI(t *testing.T) {
	s := reportstest.Passing(t)
	s.Run.Release, s.Run.Labels = "rel-77", map[string]string{"team": reportstest.Hostile}
	var x, j, a bytes.Buffer
	if err := errors.Join(export.JUnit(&x, s.Checks()), export.SARIF(&j, s.ContractChecks()), export.Annotations(&a, s)); err != nil {
		t.Fatal(err)
	}
	reportstest.CheckAnnotations(t, a.Bytes())
	for name, told := range map[string]string{"JUnit": x.String(), "SARIF": j.String(), "annotations": a.String()} {
		if !strings.Contains(told, "rel-77") || !strings.Contains(told, "team") || !strings.Contains(told, "[link](http://evil)") {
			t.Errorf("%s: %.600s", name, told)
		}
	}
}

// The table has a line for each second, phase and class; its columns add up to the summary, and no cell is a formula.
func TestSecondsCSV(t *testing.T) {
	m := reportstest.Manifest()
	m.Labels.Classes[1] = results.Class{Name: "=cmd|' /C calc'!A0", Tier: "+Lite", Content: "@text"}
	model := opened(t, reportstest.RunDir(t, m, reportstest.Rows(m, reportstest.Trouble), nil, reportstest.Finished(56)))
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
	m := reportstest.Manifest()
	m.Labels.Classes[1].Tier, m.Labels.Classes[3].Tier = "a, b", "a, b"
	model := opened(t, reportstest.RunDir(t, m, reportstest.Rows(m, reportstest.Trouble), nil, reportstest.Finished(56)))
	dir := t.TempDir()
	percentiles := slices.IndexFunc(reports.Formats(), func(f reports.Format) bool { return f.Name == "hgrm" })
	if _, err := reports.Formats()[percentiles].Files(dir, model); err != nil {
		t.Fatal(err)
	}
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
		var theirs bytes.Buffer
		_, err := h.PercentilesPrint(&theirs, 5, 1e6)
		name := "accepted.hgrm"
		if tag != "" {
			name = "accepted-" + tag + ".hgrm"
		}
		ours, failed := os.ReadFile(filepath.Join(dir, name))
		if err := errors.Join(err, failed); err != nil {
			t.Fatal(err)
		}
		checkHGRM(t, tag, string(ours), theirs.String())
	}
}

// checkHGRM compares with what the library prints, which has fewer digits, also percentiles that the samples do not
// support, and bucket edges in place of the exact mean and maximum.
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
	m := reportstest.Manifest()
	m.Target += "/"
	m.ID = `a,"run"`
	rows := reportstest.Rows(m, func(r *results.Row) {
		reportstest.Trouble(r)
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
	model := opened(t, reportstest.RunDir(t, m, rows, nil, reportstest.Finished(56)))
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

// The call is the run's; runs that do not say it are of a time when there was one alone.
func TestVegetaCall(t *testing.T) {
	for _, c := range []struct{ method, path, wantMethod, wantURL string }{
		{"", "", "POST", "http://127.0.0.1:8080/agents/execute#text.Full"},
		{"PUT", "/v2/runs,new", "PUT", "http://127.0.0.1:8080/v2/runs,new#text.Full"},
	} {
		m := reportstest.Manifest()
		m.Method, m.Path = c.method, c.path
		model := opened(t, reportstest.RunDir(t, m, reportstest.Rows(m, nil), nil, reportstest.Finished(56)))
		for _, format := range []string{"vegeta-csv", "vegeta-gob"} {
			var r vegeta.Result
			if err := vegeta.DecoderFor(bytes.NewReader(rendered(t, model, format)))(&r); err != nil {
				t.Fatalf("%s: %v", format, err)
			}
			if r.Method != c.wantMethod || r.URL != c.wantURL {
				t.Errorf("%s of %q %q: %s %s, want %s %s", format, c.method, c.path, r.Method, r.URL, c.wantMethod, c.wantURL)
			}
		}
	}
}

// A call's number that was damaged costs no more than any other, and the results keep their order.
func TestVegetaNumbers(t *testing.T) {
	m := reportstest.Manifest()
	numbers := []uint32{1<<32 - 1, 7, 4095, 4096, 1 << 31, 0}
	rows := reportstest.Rows(m, nil)[100 : 100+len(numbers)]
	for i := range rows {
		rows[i].N = numbers[i]
	}
	model := opened(t, reportstest.RunDir(t, m, rows, nil, reportstest.Finished(56)))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	decode := vegeta.DecoderFor(bytes.NewReader(rendered(t, model, "vegeta-csv")))
	runtime.ReadMemStats(&after)
	if bytes := after.TotalAlloc - before.TotalAlloc; bytes > 64<<20 {
		t.Errorf("%d bytes for %d calls", bytes, len(rows))
	}
	var got []uint64
	for range rows {
		var r vegeta.Result
		if err := decode(&r); err != nil {
			t.Fatal(err)
		}
		got = append(got, r.Seq)
	}
	if want := []uint64{5, 1, 2, 3, 4, 0}; !slices.Equal(got, want) {
		t.Errorf("the numbers are %v, want %v", got, want)
	}
}

// Where every call was timed and valid, vegeta's mean is the summary's.
func TestVegetaMean(t *testing.T) {
	m := reportstest.Manifest()
	for _, p := range m.Planned {
		p[4] = 0
	}
	model := opened(t, reportstest.RunDir(t, m, reportstest.Rows(m, nil), nil, reportstest.Finished(56)))
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

// Every format takes reportstest.Hostile words, keeps them inert, and tells the same story.
func TestVerificationFormats(t *testing.T) {
	v := reportstest.Covered()
	if share, any := v.Covered(); share != 0.5 || !any {
		t.Errorf("covered %v", share)
	}
	if v.Verdict.Status != summary.Fail || len(v.Verdict.Causes) != 3 {
		t.Errorf("%+v", v.Verdict)
	}
	for name, write := range map[string]func(io.Writer, summary.Verification) error{"verification.xml": export.JUnit, "verification.sarif": export.SARIF} {
		var b bytes.Buffer
		if err := write(&b, v); err != nil {
			t.Fatal(err)
		}
		reportstest.Golden(t, name, b.Bytes())
		if i := bytes.IndexFunc(b.Bytes(), func(r rune) bool { return r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x202e) }); i >= 0 {
			t.Errorf("%s holds a control character: %q", name, b.Bytes()[i:min(i+20, b.Len())])
		}
		switch name {
		case "verification.xml":
			var suites struct {
				Suites []struct {
					Tests    int `xml:"tests,attr"`
					Failures int `xml:"failures,attr"`
					Errors   int `xml:"errors,attr"`
					Skipped  int `xml:"skipped,attr"`
				} `xml:"testsuite"`
			}
			if err := xml.Unmarshal(b.Bytes(), &suites); err != nil {
				t.Error(err)
			} else if s := suites.Suites[0]; s.Tests != 4 || s.Failures != 1 || s.Errors != 1 || s.Skipped != 1 {
				t.Errorf("%+v", s)
			}
		case "verification.sarif":
			if !json.Valid(b.Bytes()) {
				t.Error("the SARIF is no JSON")
			}
		}
	}
}

// Each format tells of every verdict what it is to those who read it: what is advice is no failure, what is
// inconclusive no result; and none of the target's words is a command where it stands on the output of a step.
func TestFoundFormats(t *testing.T) {
	v := reportstest.Found()
	var x, j, a bytes.Buffer
	if err := errors.Join(export.JUnit(&x, v), export.SARIF(&j, v), export.VerificationAnnotations(&a, v)); err != nil {
		t.Fatal(err)
	}
	reportstest.Golden(t, "found.xml", x.Bytes())
	reportstest.Golden(t, "found.sarif", j.Bytes())
	reportstest.Golden(t, "found.annotations.txt", a.Bytes())
	reportstest.CheckJUnit(t, x.Bytes(), v.Verdict.Status)
	reportstest.CheckAnnotations(t, a.Bytes())
	for name, out := range map[string][]byte{"JUnit": x.Bytes(), "SARIF": j.Bytes()} {
		reportstest.CheckNoCommand(t, name, out)
	}
	levels, places := map[any]int{}, map[string]int{}
	for _, r := range reportstest.CheckSARIF(t, j.Bytes()) {
		r := r.(map[string]any)
		levels[r["level"]]++
		at := r["locations"].([]any)[0].(map[string]any)["physicalLocation"].(map[string]any)
		places[fmt.Sprint(at["artifactLocation"].(map[string]any)["uri"], " ", at["region"].(map[string]any)["startLine"])]++
		if strings.HasPrefix(r["message"].(map[string]any)["text"].(string), "file.Full") {
			t.Error("what is inconclusive is a result")
		}
	}
	if levels["error"] != 17 || levels["warning"] != 1 || levels["note"] < 2 {
		t.Errorf("levels %v", levels)
	}
	if places["api/openapi.yaml 42"] != 15 || places["api/openapi.yaml 1"] != 1 || places["deviations.yaml 9"] != 2 {
		t.Errorf("places %v", places)
	}
	if n := strings.Count(j.String(), "it was turned away with status 503 each time"); n != 1 || !strings.Contains(j.String(), "toolExecutionNotifications") {
		t.Errorf("of what is inconclusive %d notifications are told", n)
	}
	// One for the verdict, one for each finding, and one for each deviation: what is waived, what has expired, and what is
	// gone.
	if n := strings.Count(a.String(), "\n"); n != 10 {
		t.Errorf("%d annotations", n)
	}
	if n := strings.Count(a.String(), "::error file=api/openapi.yaml,line=42,title=andon verify%3A 14 cases%2C by the description::"); n != 1 {
		t.Errorf("what 14 cases found is told %d times", n)
	}
}

// A verification that fails for what is none of its checks is red in JUnit as well, and there alone: who reads the
// document asks for no exit code.
func TestJUnitFailsForOtherCauses(t *testing.T) {
	held := summary.Check{Engine: "description", Name: "text.Full", Verdict: summary.CheckHeld}
	gone := summary.Deviation{Rules: []string{"missing-property"}, State: summary.DeviationGone}
	lapsed := summary.Deviation{Rules: []string{"missing-property"}, State: summary.DeviationLapsed}
	for _, c := range []struct {
		name string
		v    summary.Verification
		want string
	}{
		{"a deviation is gone", summary.Verification{Strict: []string{summary.StrictDeviations}, Deviations: []summary.Deviation{gone}}, "no longer occurs"},
		{"a deviation has expired", summary.Verification{Strict: []string{summary.StrictDeviations}, Deviations: []summary.Deviation{lapsed}}, "has expired"},
		{"a deviation has expired, and that is let pass", summary.Verification{Deviations: []summary.Deviation{lapsed}}, ""},
		{"a deviation is gone, and that is let pass", summary.Verification{Deviations: []summary.Deviation{gone}}, ""},
		{"too little is covered", summary.Verification{MinCoverage: 1, Coverage: []summary.CoveragePart{{Name: "content", Kind: "property"}}}, "were covered"},
	} {
		// What could not be told is an error in the document, and is not why it failed.
		open := summary.Check{Engine: "description", Name: "text.Lite", Verdict: summary.CheckInconclusive, Rule: "no-answer", Reason: "there was no answer"}
		c.v.Checks, c.v.Planned = []summary.Check{held}, 1
		if c.want != "" {
			c.v.Checks, c.v.Planned = append(c.v.Checks, open), 2
		}
		c.v.Decide("")
		var b bytes.Buffer
		if err := export.JUnit(&b, c.v); err != nil {
			t.Fatal(err)
		}
		reportstest.CheckJUnit(t, b.Bytes(), c.v.Verdict.Status)
		if red := strings.Count(b.String(), "<failure"); red != c.v.Verdict.ExitCode || !strings.Contains(b.String(), c.want) {
			t.Errorf("%s: %d failures: %s", c.name, red, b.String())
		}
	}
}

// What fails besides the checks is told beside them, and what they count is not told again.
func TestJUnitTellsFurtherCauses(t *testing.T) {
	v := summary.Verification{Planned: 1, Checks: []summary.Check{{Engine: "description", Name: "text.Full", Verdict: summary.CheckBroken, Rule: "refused", Reason: "no"}}}
	for _, state := range []string{"", summary.DeviationGone, summary.DeviationExpired} {
		if v.Deviations, v.Strict = nil, []string{summary.StrictDeviations}; state != "" {
			v.Deviations = []summary.Deviation{{Rules: []string{"missing-property"}, State: state}}
		}
		v.Decide("")
		var b bytes.Buffer
		if err := export.JUnit(&b, v); err != nil {
			t.Fatal(err)
		}
		reportstest.CheckJUnit(t, b.Bytes(), v.Verdict.Status)
		if told := strings.Contains(b.String(), "The deviation by the rule missing-property"); told != (state != "") || strings.Contains(b.String(), "1 of 1 case") {
			t.Errorf("%q: %s", state, b.String())
		}
	}
}

// How loud a check is depends on what came of it, and not on the command that made it.
func TestAnnotationLevels(t *testing.T) {
	for verdict, want := range map[string]string{summary.CheckBroken: "error", summary.CheckDoubtful: "warning", summary.CheckInconclusive: "warning", summary.CheckAdvice: "notice"} {
		var b bytes.Buffer
		if err := export.VerificationAnnotations(&b, summary.Verification{Checks: []summary.Check{{Name: "text.Full", Verdict: verdict, Reason: "found"}}}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), "\n::"+want+" ") {
			t.Errorf("%s: %s", verdict, b.String())
		}
	}
	var s summary.Summary
	s.Run.End.Reason, s.Validity.Status = results.Finished, metrics.GeneratorLimited
	s.Validity.Reasons = []string{"too few cores"}
	var b bytes.Buffer
	if err := export.Annotations(&b, s); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "\n::warning title=andon run %3A the figures are valid::") {
		t.Errorf("what is doubtful of a run: %s", b.String())
	}
}

// A file is where a reader of SARIF looks for it, however it was named.
func TestSARIFPlaces(t *testing.T) {
	for file, want := range map[string]string{
		"openapi.yaml": "openapi.yaml", "./api/v1.yaml": "api/v1.yaml", "../x.yaml": "../x.yaml", "/srv/a b.yaml": "file:///srv/a%20b.yaml", "c:d%.yaml": "./c:d%25.yaml", "": "openapi.yaml",
	} {
		var b bytes.Buffer
		if err := export.SARIF(&b, summary.Verification{Description: file, Checks: []summary.Check{{Name: "a", Rule: "r", Reason: "x", Verdict: summary.CheckBroken}}}); err != nil {
			t.Fatal(err)
		}
		reportstest.CheckSARIF(t, b.Bytes())
		if !strings.Contains(b.String(), fmt.Sprintf("\"uri\": %q", want)) {
			t.Errorf("%q is not %q in %s", file, want, b.String())
		}
	}
}
