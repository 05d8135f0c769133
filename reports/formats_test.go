package reports

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/executions"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/page"
	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
)

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

// Every format takes what a provider made up, keeps it inert, and does not grow with it.
func TestFormatsAreInert(t *testing.T) {
	long := strings.Repeat("<script>]]>\x00\n", 1<<20/13)
	for _, text := range []string{
		reportstest.Hostile, "]]><script>alert(1)</script>", "::error::owned", "\n::error::owned\n##[error]owned", "%0A::error::owned", "=HYPERLINK(\"http://evil\")", "\x1b[2J\x00\xff\ufeff\u2028", "|`|`|",
		"<!--", "&amp;", "title=x,y::z", long,
	} {
		m := reportstest.Manifest()
		rows := reportstest.Rows(m, reportstest.Trouble)
		agg := metrics.New(m.Labels, m.Planned, metrics.Tolerance)
		stretches := metrics.NewStretches(m.Labels)
		for _, r := range rows {
			if err := errors.Join(agg.Add(r), stretches.Add(r)); err != nil {
				t.Fatal(err)
			}
		}
		executed := results.Execution{ID: text, Session: text, Class: 1, Phase: 1, State: results.StateLost, Followed: true, Faults: results.Resurrected | results.Stateless}
		agg.Follow(executions.Of([]results.Execution{executed, executed}, executions.About{Labels: m.Labels, Operation: text, Detail: text, End: text, Sample: 0.5,
			Polls: executions.Polls{Sent: 2, Failed: 1, Errors: map[string]uint64{text: 1}}}))
		samples := []results.Sample{{Kind: "contract", Rule: "malformed-json", N: 3, Class: text, Status: 200, Message: text, Body: text}, {Kind: "reset", N: 7, Class: text, Message: text}}
		model := &Model{whole: agg, stretches: stretches}
		model.Summary = summary.Summarize(m, samples, nil, results.End{Reason: results.Aborted, Detail: text, Seconds: 5}, agg)
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
			case "terminal":
				reportstest.CheckNoCommand(t, f.Name, out)
			case "html":
				if bytes.Contains(out, []byte("<script>alert")) || bytes.Contains(out, []byte("<script>]]>")) || bytes.Count(out, []byte("</script")) != 3 {
					t.Errorf("html: %.40q is live", text)
				}
			case "markdown":
				reportstest.CheckNoCommand(t, f.Name, out)
				if outside := reportstest.OutsideCode(string(out)); strings.Contains(outside, "<script") || strings.Contains(outside, "[link]") {
					t.Errorf("markdown: %.40q is live", text)
				}
			case "junit":
				if bytes.Contains(out, []byte("<script")) || bytes.Contains(out, []byte("]]>")) {
					t.Errorf("junit: %.40q is live", text)
				}
				reportstest.CheckJUnit(t, out, summary.Fail)
			case "sarif":
				reportstest.CheckSARIF(t, out)
			case "github":
				reportstest.CheckAnnotations(t, out)
			}
		}
	}
}

// Below a folder every format has its file, whole, under its own name, whatever the tiers are called.
func TestFiles(t *testing.T) {
	m := reportstest.Manifest()
	m.Labels.Classes[0].Tier, m.Labels.Classes[2].Tier = "../../Full", "../../Full"
	model := opened(t, reportstest.RunDir(t, m, reportstest.Rows(m, nil), nil, reportstest.Finished(56)))
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

// What is kept of a run is there, each file whole.
func TestKeep(t *testing.T) {
	m := reportstest.Manifest()
	rows := reportstest.Rows(m, nil)
	dir := reportstest.RunDir(t, m, rows, nil, reportstest.Finished(55.2))
	model := opened(t, dir)
	if err := model.Keep(); err != nil {
		t.Fatal(err)
	}
	for name, starts := range map[string]string{"summary.json": "{\n", "report.md": "## ✅ PASS", "report.html": "<!doctype html>"} {
		written, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !bytes.HasPrefix(written, []byte(starts)) {
			t.Errorf("%s: %.100q, %v", name, written, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.tmp")); left != nil {
		t.Errorf("left behind: %v", left)
	}
	if err := Keep(filepath.Join(dir, "nope"), page.New(model.Summary, model.whole)); err == nil {
		t.Error("a report is written where there is no folder")
	}
}

// Whatever a summary holds that can be read, every format takes it, and no word in it is a runner's command.
func FuzzSummaryFormats(f *testing.F) {
	dir := f.TempDir()
	for _, s := range []summary.Summary{reportstest.Passing(f), reportstest.Failing(f), reportstest.Closed(f)} {
		if err := summary.Write(dir, s); err != nil {
			f.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(dir, "summary.json"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"schema":"andon.summary/3"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "summary.json"), data, 0o666); err != nil {
			t.Fatal(err)
		}
		m, err := Open(dir)
		if err != nil {
			if !strings.Contains(err.Error(), "summary.json") {
				t.Fatalf("the error does not name the file: %v", err)
			}
			return
		}
		for _, format := range Formats() {
			if format.need != needSummary {
				continue
			}
			if err := m.Read(format); err != nil {
				t.Fatal(err)
			}
			out := rendered(t, m, format.Name)
			if format.Name == "github" {
				reportstest.CheckAnnotations(t, out)
			} else {
				reportstest.CheckNoCommand(t, format.Name, out)
			}
		}
	})
}

// Whatever stands in the rows of a run and in what is kept beside them, the run is reported in every format, or the
// error names the file that cannot be.
func FuzzRunFormats(f *testing.F) {
	m := reportstest.Manifest()
	numbers := []float64{0, 1e-9, 0.004, 0.2, 1, 30, 31, 1e6, 3e38, -1, -3e38, math.Inf(1), math.Inf(-1), math.NaN()}
	f.Fuzz(rapid.MakeFuzz(func(t *rapid.T) {
		number := func(name string) float32 { return float32(rapid.SampledFrom(numbers).Draw(t, name)) }
		beyond := 1 - rapid.IntRange(0, 1).Draw(t, "within what the run has") // by how much a text may lie outside
		past := rapid.SampledFrom([]time.Duration{time.Second, time.Minute, math.MaxInt64}).Draw(t, "up to")
		rows := make([]results.Row, rapid.IntRange(0, 12).Draw(t, "rows"))
		for i := range rows {
			rows[i] = results.Row{
				N: rapid.Uint32().Draw(t, "n"), Class: uint16(rapid.IntRange(0, len(m.Labels.Classes)-1+beyond).Draw(t, "class")), Phase: uint8(rapid.IntRange(0, len(m.Labels.Phases)-1+beyond).Draw(t, "phase")),
				Status: rapid.Uint16().Draw(t, "status"), Error: results.Kind(rapid.IntRange(0, len(results.KindNames())-1+beyond).Draw(t, "error")), Rule: uint8(rapid.IntRange(0, len(m.Labels.Rules)-1+beyond).Draw(t, "rule")),
				Due: time.Duration(rapid.Int64Range(-1, int64(past)).Draw(t, "due")), Lag: number("lag"), OwnLag: number("own lag"), Service: number("service"), RetryAfter: number("retry after"),
			}
		}
		dir, err := os.MkdirTemp("", "fuzz")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		dir = filepath.Join(dir, "run")
		w, err := results.Create(dir, m, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			if err := w.Add(r); err != nil {
				return // andon writes no such row
			}
		}
		end := results.End{Reason: rapid.SampledFrom([]string{results.Finished, results.Aborted, results.Interrupted}).Draw(t, "reason"), Seconds: rapid.SampledFrom(numbers[:11]).Draw(t, "seconds")}
		if err := w.Close(end); err != nil {
			t.Fatal(err)
		}
		model, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, format := range Formats() {
			if err := model.Read(format); err != nil {
				if !strings.Contains(err.Error(), dir) {
					t.Fatalf("%s: the error names no file: %v", format.Name, err)
				}
				return
			}
			var b bytes.Buffer
			if err := format.write(&b, model); err != nil {
				t.Fatalf("%s: %v", format.Name, err)
			}
		}
	}))
}
