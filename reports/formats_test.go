package reports

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

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
