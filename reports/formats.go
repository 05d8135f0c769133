package reports

import (
	"bufio"
	_ "embed"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/reports/export"
	"github.com/kaizenautomation/andon/reports/page"
	"github.com/kaizenautomation/andon/reports/regular"
	"github.com/kaizenautomation/andon/reports/render"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// SummarySchema is the JSON Schema of summary.json.
//
//go:embed summary.schema.json
var SummarySchema []byte

// Format is one rendering of a run.
type Format struct {
	// Name is what asks for it, File the name of what is written below a folder, and About says in a few words what it
	// is.
	Name, File, About string
	need              need
	write             func(io.Writer, *Model) error
	// more, if not nil, are further files, such as latency-Lite.hgrm.
	more func(*Model) []Format
}

// Formats lists all formats. This is the one place where a format is added: most are a function of the summary.
func Formats() []Format {
	return []Format{
		{Name: "terminal", File: "report.txt", About: "the report for people", write: of(func(w io.Writer, s summary.Summary) error { return render.Terminal(w, s, render.Options{}) })},
		{Name: "html", File: pageFile, About: "one page with charts, which needs nothing else", need: needWhole,
			write: func(w io.Writer, m *Model) error { return page.Write(w, m.page()) }},
		{Name: "markdown", File: markdownFile, About: "for a comment on a pull request", write: of(render.Markdown)},
		{Name: "json", File: "summary.json", About: "every figure, by reports/summary.schema.json", write: of(func(w io.Writer, s summary.Summary) error { return results.WriteSealed(w, s) })},
		{Name: "junit", File: "junit.xml", About: "thresholds, contract and validity as test cases", write: of(junit)},
		{Name: "sarif", File: "contract.sarif", About: "the rules of the contract that were broken", write: of(sarif)},
		{Name: "github", File: "annotations.txt", About: "annotations, as GitHub Actions reads them off the output", write: of(export.Annotations)},
		{Name: "csv", File: "seconds.csv", About: "a line for each second, phase and class; executions.csv has those that did not complete", need: needStretches,
			write: func(w io.Writer, m *Model) error { return export.SecondsCSV(w, m.stretches) }, more: executionFiles},
		{Name: "hgrm", File: "latency.hgrm", About: "percentiles of all calls for HdrHistogram's plotter; accepted.hgrm, and both for each tier", need: needWhole,
			write: func(w io.Writer, m *Model) error { return export.HGRM(w, m.whole.Curve("", true)) }, more: percentileFiles},
		{Name: "hlog", File: "latency.hlog", About: "HdrHistogram interval log of the accepted calls, tagged by tier", need: needStretches,
			write: func(w io.Writer, m *Model) error { return export.HLog(w, m.Summary.Run.Started, m.stretches) }},
		{Name: "arrow", File: "calls.arrow", About: "every call, for readers of Arrow that have no codec", need: needRows,
			write: func(w io.Writer, m *Model) error { return results.WriteArrow(w, m.runs...) }},
		{Name: "vegeta-csv", File: "vegeta.csv", About: "every call for vegeta report, plot and encode", need: needRows,
			write: func(w io.Writer, m *Model) error { return export.VegetaCSV(w, m.runs...) }},
		{Name: "vegeta-gob", File: "vegeta.gob", About: "the same, in vegeta's own encoding", need: needRows,
			write: func(w io.Writer, m *Model) error { return export.VegetaGob(w, m.runs...) }},
	}
}

// percentileFiles are those of each tier, and those of the accepted calls, of which the headline is.
func percentileFiles(m *Model) (files []Format) {
	add := func(name, tier string, whatever bool) {
		if tier != "" {
			name += "-" + text.Token(tier)
		}
		files = append(files, Format{File: name + ".hgrm", write: func(w io.Writer, m *Model) error { return export.HGRM(w, m.whole.Curve(tier, whatever)) }})
	}
	add("accepted", "", false)
	for _, tier := range m.Summary.Tiers() {
		add("latency", tier, true)
		add("accepted", tier, false)
	}
	return files
}

// executionFiles is the list of the executions that did not complete, where they were followed.
func executionFiles(m *Model) []Format {
	account := m.whole.Followed()
	if account == nil {
		return nil
	}
	return []Format{{File: results.UnfinishedFile, write: func(w io.Writer, _ *Model) error { return account.WriteUnfinished(w) }}}
}

// runNames are what the formats of a run are asked for by.
func runNames() (names []string) {
	for _, f := range Formats() {
		names = append(names, f.Name)
	}
	return names
}

// Choose finds the formats of a list with commas between their names; "all" is all of them.
func Choose(list string) (chosen []Format, err error) {
	all := Formats()
	if list == "all" {
		return all, nil
	}
	names := runNames()
	for _, word := range strings.Split(list, ",") {
		word = strings.TrimSpace(word)
		i := slices.Index(names, word)
		if i < 0 {
			return nil, notOf("a run", word, names, nil)
		}
		if !slices.ContainsFunc(chosen, func(f Format) bool { return f.Name == word }) {
			chosen = append(chosen, all[i])
		}
	}
	return chosen, nil
}

// The files of a run directory that are reports.
const (
	markdownFile = "report.md"
	pageFile     = "report.html"
)

// of is a format that is a function of the summary.
func of(write func(io.Writer, summary.Summary) error) func(io.Writer, *Model) error {
	return func(w io.Writer, m *Model) error { return write(w, m.Summary) }
}

// junit writes a run as JUnit XML: a suite each for the run itself, its thresholds, and the rules of the contract.
func junit(w io.Writer, s summary.Summary) error { return export.JUnit(w, s.Checks()) }

// sarif writes the rules of the contract that the answers of a run broke.
func sarif(w io.Writer, s summary.Summary) error { return export.SARIF(w, s.ContractChecks()) }

// Read reads what the formats are made of: the rows of a run only where its summary is missing or does not tell all.
func (m *Model) Read(formats ...Format) error {
	var need need
	for _, f := range formats {
		need = max(need, f.need)
	}
	if m.Summary.Older() {
		if m.readOlder(need) {
			return nil
		}
		m.Summary.Compare(nil)
	}
	known := m.Summary.Schema != ""
	switch {
	case known && need == needSummary:
		return nil
	case known && need == needRows:
		return m.open() // the format reads them itself
	}
	return m.readRows(need)
}

// readOlder makes the summary anew that an older version of andon wrote, of what is kept of the run, and reports
// whether that is still there. What the older version wrote stays as it is.
func (m *Model) readOlder(need need) (ok bool) {
	older := m.Summary
	m.Summary = summary.Summary{}
	if m.readRows(max(need, needWhole)) == nil {
		m.made = false
		return true
	}
	m.Summary, m.whole, m.stretches = older, nil, nil
	return false
}

// Render writes a model, which was read for the format.
func (f Format) Render(w io.Writer, m *Model) error {
	b := bufio.NewWriterSize(w, 64<<10)
	if err := f.write(b, m); err != nil {
		return err
	}
	return b.Flush()
}

// Files writes the files of a format below a folder, which is made if there is none, each whole or not at all; and
// gives the paths of what was written. What was there by that name is overwritten.
func (f Format) Files(dir string, m *Model) (paths []string, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	files := []Format{f}
	if f.more != nil {
		files = append(files, f.more(m)...)
	}
	for _, one := range files {
		path := filepath.Join(dir, one.File)
		if err := regular.Write(path, func(w io.Writer) error { return one.Render(w, m) }); err != nil {
			return paths, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// Keep writes the summary, the Markdown and the page of a run that has ended into its directory, if they were not
// there. Merged runs keep nothing.
func (m *Model) Keep() error {
	if !m.made || m.runs[0].End.Reason == results.Cut || m.runs[0].End.Reason == results.Damaged {
		return nil
	}
	return Keep(m.dirs[0], m.page())
}

// Keep writes what a run directory keeps of a run that has ended: its summary, the Markdown, and the page.
func Keep(dir string, d page.Data) error {
	if err := summary.Write(dir, d.Summary); err != nil {
		return err
	}
	err := regular.Write(filepath.Join(dir, markdownFile), func(w io.Writer) error { return render.Markdown(w, d.Summary) })
	if err != nil {
		return err
	}
	return regular.Write(filepath.Join(dir, pageFile), func(w io.Writer) error { return page.Write(w, d) })
}

// AppendMarkdown adds the Markdown of a run to a file, which may be there already.
func AppendMarkdown(path string, s summary.Summary) error {
	return regular.Append(path, func(w io.Writer) error { return render.Markdown(w, s) })
}

// AppendVerification adds the Markdown of a verification to a file, which may be there already.
func AppendVerification(path string, v summary.Verification) error {
	return regular.Append(path, func(w io.Writer) error { return render.VerificationMarkdown(w, v) })
}
