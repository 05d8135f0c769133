package reports

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/kaizenautomation/andon/reports/results"
)

// Format is one rendering of a run.
type Format struct {
	// Name is what asks for it, File the name of what is written below a folder, and About says in a few words what it is.
	Name, File, About string
	need              need
	write             func(io.Writer, *Model) error
	// tier, if not nil, writes one more file for each tier, such as latency-Lite.hgrm.
	tier func(w io.Writer, m *Model, tier string) error
}

// need is what a format is made of.
type need int

const (
	needSummary   need = iota
	needRows           // it reads the rows itself
	needWhole          // all rows, aggregated
	needStretches      // and by second, phase and class
)

// Formats lists all formats. This is the one place where a format is added: most are a function of the summary.
func Formats() []Format {
	return []Format{
		{Name: "terminal", File: "report.txt", About: "the report for people", write: of(func(w io.Writer, s Summary) error { return Terminal(w, s, TerminalOptions{}) })},
		{Name: "html", File: pageFile, About: "one page with charts, which needs nothing else", need: needWhole,
			write: func(w io.Writer, m *Model) error { return Page(w, NewPageData(m.Summary, m.whole, m.runs...)) }},
		{Name: "markdown", File: "report.md", About: "for a comment on a pull request", write: of(Markdown)},
		{Name: "json", File: "summary.json", About: "every figure, by reports/summary.schema.json", write: of(func(w io.Writer, s Summary) error { return JSON(w, s) })},
		{Name: "junit", File: "junit.xml", About: "thresholds, contract and validity as test cases", write: of(summaryJUnit)},
		{Name: "sarif", File: "contract.sarif", About: "the rules of the contract that were broken", write: of(summarySARIF)},
		{Name: "github", File: "annotations.txt", About: "annotations, as GitHub Actions reads them off the output", write: of(annotations)},
		{Name: "csv", File: "seconds.csv", About: "a line for each second, phase and class", need: needStretches, write: secondsCSV},
		{Name: "hgrm", File: "latency.hgrm", About: "percentiles for HdrHistogram's plotter; latency-TIER.hgrm for each tier", need: needWhole,
			write: func(w io.Writer, m *Model) error { return hgrm(w, m, "") }, tier: hgrm},
		{Name: "hlog", File: "latency.hlog", About: "HdrHistogram interval log, tagged by tier", need: needStretches, write: intervalLog},
		{Name: "vegeta-csv", File: "vegeta.csv", About: "every hit for vegeta report, plot and encode", need: needRows, write: vegetaCSV},
		{Name: "vegeta-gob", File: "vegeta.gob", About: "the same, in vegeta's own encoding", need: needRows, write: vegetaGob},
	}
}

func of(write func(io.Writer, Summary) error) func(io.Writer, *Model) error {
	return func(w io.Writer, m *Model) error { return write(w, m.Summary) }
}

// Render writes a model, which was read for the format.
func (f Format) Render(w io.Writer, m *Model) error {
	b := bufio.NewWriterSize(w, 64<<10)
	if err := f.write(b, m); err != nil {
		return err
	}
	return b.Flush()
}

// Files writes the files of a format below a folder, which is made if there is none, each whole or not at all; and gives
// their paths. What was there by that name is overwritten.
func (f Format) Files(dir string, m *Model) (paths []string, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	file := func(name string, write func(io.Writer, *Model) error) error {
		path := filepath.Join(dir, name)
		paths = append(paths, path)
		f.write = write
		return writeWhole(path, func(w io.Writer) error { return f.Render(w, m) })
	}
	if err := file(f.File, f.write); err != nil || f.tier == nil {
		return paths, err
	}
	ext := filepath.Ext(f.File)
	for _, tier := range m.Summary.tiers() {
		name := strings.TrimSuffix(f.File, ext) + "-" + safe(tier) + ext
		if err := file(name, func(w io.Writer, m *Model) error { return f.tier(w, m, tier) }); err != nil {
			return paths, err
		}
	}
	return paths, nil
}

func writeWhole(path string, write func(io.Writer) error) error {
	temporary := path + ".tmp"
	f, err := os.Create(temporary)
	if err != nil {
		return err
	}
	err = write(f)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		_ = os.Remove(temporary)
	}
	return err
}

// safe makes a name harmless in a file's name and in a list with commas, and keeps two names apart: whatever is no letter,
// digit, "-", "_", "." or "+" of ASCII becomes %XX.
func safe(name string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range []byte(name) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.+", c) >= 0 {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + string(hex[c>>4]) + string(hex[c&15]))
		}
	}
	return b.String()
}

// JSON writes a document as summary.json is written.
func JSON(w io.Writer, document any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(document)
}

// eachRun hands all rows of a model to what take makes for each run.
func (m *Model) eachRun(take func(*results.Run) (func([]results.Row) error, error)) error {
	for _, run := range m.runs {
		t, err := take(run)
		if err != nil {
			return err
		}
		if complete, err := eachBatch(run, t); err != nil {
			return err
		} else if !complete && run.End.Reason != results.Cut {
			return damaged(run)
		}
	}
	return nil
}
