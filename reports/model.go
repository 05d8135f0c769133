// Package reports opens the directories of runs, and writes what came of them in any of its formats.
//
// A [Model] has the summary of one run, or of several that were merged; most formats are a function of it alone, so
// that a report can be made again from summary.json at any time. Those that say more (a table by the second,
// histograms, single calls) are made of the rows. [Formats] lists them all; what writes each is in a package of its
// own. Whatever a provider sent is escaped where it is shown.
package reports

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/kaizenautomation/andon/reports/executions"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/page"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
)

// Model is what every rendering is made of: one run, or several that were merged, read from their directories. Make it
// with [Open], then [Model.Read].
type Model struct {
	// Summary is there once the model was read.
	Summary summary.Summary
	// Commands are the command lines that the page shows.
	Commands page.Commands
	// Damaged is why the summary in the directory could not be read, and is made anew of the rows; nil where it could.
	Damaged error

	dirs []string
	runs []*results.Run
	// whole and stretches are nil where no format that was asked for needs them.
	whole     *metrics.Aggregator
	stretches *metrics.Stretches
	made      bool // the summary was made of the rows
	shards    bool // the directories are shards, to be reported as their run
}

// Open opens run directories to be reported as one. Several must be of the same load, thresholds and description, and
// each a run of its own; the error names what differs.
func Open(dirs ...string) (*Model, error) {
	m := &Model{dirs: dirs}
	for _, dir := range dirs {
		if info, err := os.Stat(dir); err == nil && !info.IsDir() {
			return nil, fmt.Errorf("%s is no run directory but a file", dir)
		}
	}
	if len(dirs) == 1 {
		// A summary is enough for most formats, and may be all that was kept of a run.
		s, err := summary.Read(dirs[0])
		if err == nil {
			m.Summary = s
			return m, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			if !errors.Is(err, summary.ErrDamaged) || m.open() != nil {
				return nil, err
			}
			m.Damaged = err
		}
	}
	if err := m.open(); err != nil {
		return nil, err
	}
	return m, summary.Mergeable(m.runs)
}

// Whole is what the figures were taken from; nil where no format that was read needs it.
func (m *Model) Whole() *metrics.Aggregator { return m.whole }

// OpenShards opens what there is of a run on several machines, to be reported as that run: what is missing is told also
// where one shard is all there is.
func OpenShards(dirs ...string) (*Model, error) {
	m := &Model{dirs: dirs, shards: true}
	if err := m.open(); err != nil {
		return nil, err
	}
	return m, summary.Mergeable(m.runs)
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

// need is what a format is made of.
type need int

const (
	needSummary   need = iota
	needRows           // it reads the rows itself
	needWhole          // all rows, aggregated
	needStretches      // and by second, phase and class
)

// readRows gives all rows to what the formats are made of, and makes the summary where there is none.
func (m *Model) readRows(need need) error {
	if err := m.open(); err != nil {
		return err
	}
	parts := make([]*metrics.Aggregator, len(m.runs))
	for i, run := range m.runs {
		part, stretches, err := aggregated(run, need == needStretches)
		if err != nil {
			return err
		}
		account, err := executions.Read(run)
		if err != nil {
			return err
		}
		part.Follow(account)
		parts[i] = part
		if m.stretches == nil {
			m.stretches = stretches
		} else if stretches != nil {
			m.stretches.Merge(stretches)
		}
	}
	manifest := summary.Joined(m.runs)
	if m.shards {
		manifest.Shard = nil
	}
	m.whole = parts[0]
	if len(parts) > 1 {
		m.whole = metrics.Of(manifest)
		for _, part := range parts {
			m.whole.Merge(part)
		}
	}
	switch {
	case m.Summary.Schema != "":
	case len(m.runs) > 1 || m.shards:
		m.Summary = summary.Merge(m.runs, manifest, parts, m.whole)
	default:
		run := m.runs[0]
		m.Summary = summary.Summarize(run.Manifest, run.Samples, run.Vitals, run.End, m.whole)
		m.made = true
	}
	return nil
}

// aggregated is what the rows of a run come to, and by stretches if they are wanted: read from what was kept of them
// where it is there, else from the rows.
func aggregated(run *results.Run, bySecond bool) (*metrics.Aggregator, *metrics.Stretches, error) {
	a, v, unkept := metrics.Kept(run)
	if unkept == nil {
		return a, v, nil
	}
	a = metrics.Of(run.Manifest)
	takers := []func([]results.Row) error{a.AddBatch}
	if bySecond {
		v = metrics.NewStretches(run.Labels)
		takers = append(takers, results.Each(v.Add))
	}
	err := run.Batches(takers...)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, errors.Join(err, unkept)
	}
	return a, v, err
}

// Damage says what of the runs' files is not as it was written, and was left out, where no figures are lost by it.
func (m *Model) Damage() (list []string) {
	for _, run := range m.runs {
		if run.End.Reason != results.Damaged {
			list = append(list, run.Damage...)
		}
	}
	return list
}

// Lost says what is missing in what was written of single calls, where the summary knows it all the same: it is of an
// earlier time, or was made of the histograms.
func (m *Model) Lost() error {
	for _, run := range m.runs {
		if run.End.Reason == results.Damaged && m.Summary.Run.End.Reason != results.Damaged {
			return errors.New(run.End.Detail)
		}
	}
	return nil
}

// page is what the page shows.
func (m *Model) page() page.Data {
	d := page.New(m.Summary, m.whole, m.runs...)
	d.Commands = m.Commands
	return d
}
