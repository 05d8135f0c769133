package reports

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
)

// Model is what every rendering is made of: one run, or several that were merged, read from their directories. Make it
// with [Open], then [Model.Read].
type Model struct {
	// Summary is there once the model was read.
	Summary Summary
	dirs    []string
	runs    []*results.Run
	// whole and stretches are nil where no format that was asked for needs them.
	whole     *metrics.Aggregator
	stretches *metrics.Stretches
	made      bool // the summary was made of the rows
}

// Open opens run directories to be reported as one. Several must be of the same load, thresholds and description, and each
// a run of its own; the error names what differs.
func Open(dirs ...string) (*Model, error) {
	m := &Model{dirs: dirs}
	for _, dir := range dirs {
		if info, err := os.Stat(dir); err == nil && !info.IsDir() {
			return nil, fmt.Errorf("%s is no run directory but a file", dir)
		}
	}
	if len(dirs) == 1 {
		// A summary is enough for most formats, and may be all that was kept of a run.
		s, err := ReadSummary(dirs[0])
		if err == nil {
			m.Summary = s
			return m, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	if err := m.open(); err != nil {
		return nil, err
	}
	return m, mergeable(m.runs)
}

func (m *Model) open() error {
	if m.runs != nil {
		return nil
	}
	for _, dir := range m.dirs {
		run, err := results.Open(dir)
		if err != nil {
			return err
		}
		m.runs = append(m.runs, run)
	}
	return nil
}

// Read reads what the formats are made of: the rows of a run only where its summary is missing or does not tell all.
func (m *Model) Read(formats ...Format) error {
	var need need
	for _, f := range formats {
		need = max(need, f.need)
	}
	if m.Summary.Schema != "" && need == needSummary {
		return nil
	}
	if err := m.open(); err != nil {
		return err
	}
	if m.Summary.Schema != "" && need == needRows {
		return nil // the format reads them itself
	}
	parts := make([]*metrics.Aggregator, len(m.runs))
	for i, run := range m.runs {
		part, stretches, err := aggregated(run, need == needStretches)
		if err != nil {
			return err
		}
		parts[i] = part
		if m.stretches == nil {
			m.stretches = stretches
		} else if stretches != nil {
			m.stretches.Merge(stretches)
		}
	}
	manifest := joined(m.runs)
	m.whole = parts[0]
	if len(parts) > 1 {
		m.whole = metrics.New(manifest.Labels, manifest.Planned)
		for _, part := range parts {
			m.whole.Merge(part)
		}
	}
	switch {
	case m.Summary.Schema != "":
	case len(m.runs) > 1:
		m.Summary = merge(m.runs, manifest, parts, m.whole)
	default:
		run := m.runs[0]
		m.Summary = Summarize(run.Manifest, run.Samples, run.Vitals, run.End, m.whole)
		m.made = true
	}
	return nil
}

// aggregated is what the rows of a run come to, and by stretches if they are wanted: read from what was kept of them where it
// is there, else from the rows.
func aggregated(run *results.Run, bySecond bool) (*metrics.Aggregator, *metrics.Stretches, error) {
	a, v, unkept := metrics.Kept(run)
	if unkept == nil {
		return a, v, nil
	}
	a = metrics.New(run.Labels, run.Planned)
	takers := []func([]results.Row) error{one(a.Add)}
	if bySecond {
		v = metrics.NewStretches(run.Labels)
		takers = append(takers, one(v.Add))
	}
	complete, err := eachBatch(run, takers...)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, errors.Join(err, unkept)
	case err == nil && !complete && run.End.Reason != results.Cut:
		err = damaged(run)
	}
	return a, v, err
}

// Keep writes the summary, the Markdown and the page of a run that has ended into its directory, if they were not there.
// Merged runs keep nothing.
func (m *Model) Keep() error {
	if !m.made || m.runs[0].End.Reason == results.Cut {
		return nil
	}
	return errors.Join(WriteSummary(m.dirs[0], m.Summary), WriteMarkdown(m.dirs[0], m.Summary),
		WritePage(m.dirs[0], NewPageData(m.Summary, m.whole, m.runs...)))
}

func damaged(run *results.Run) error {
	return fmt.Errorf("%s: the results end too early although the run says that it ended; the file was damaged", run.Dir)
}
