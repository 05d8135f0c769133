package render

import (
	"fmt"
	"io"
	"time"

	"github.com/kaizenautomation/andon/reports/baseline"
	"github.com/kaizenautomation/andon/reports/text"
)

// BaselineRuns lists the runs of a baseline for a terminal.
func BaselineRuns(w io.Writer, r baseline.Report, o Options) error {
	t := Table{Header: []string{"run", "started", "release", ">calls", ">p50", ">p99", ">errors", "validity", "target"}}
	for _, run := range r.Runs {
		t.Rows = append(t.Rows, []string{
			text.Printable(run.ID, 100), run.Started.Format(time.DateTime), orNone(run.Release), text.Count(run.Sent),
			text.Duration(run.P50), text.Duration(run.P99), text.Percent(run.Errors), text.Printable(run.Validity, 40), text.Printable(run.Target, 100),
		})
	}
	return t.Text(w, o.Width)
}

// Baseline shows what the runs of a baseline come to together, and how far they lie from each other, for a terminal.
func Baseline(w io.Writer, r baseline.Report, o Options) error {
	times := "latency"
	if r.Service {
		times = "service time, since the load is a closed loop"
	}
	said := fmt.Sprintf("%s: %s of %s, description %.12s…, over %s", r.File, text.Plural(uint64(len(r.Runs)), "run"), r.Scenario, r.SpecSHA256, r.Transport)
	if _, err := fmt.Fprintf(w, "%s\nTimes are %s, of all runs together; in brackets the lowest and the highest of a run.\n\n", text.Message(said, o.Width), times); err != nil {
		return err
	}
	t := Table{Header: []string{"tier", ">calls", ">p50", "", ">p90", "", ">p99", "", ">errors", ""}}
	for _, g := range r.Groups {
		name := "all"
		if g.Tier != "" {
			name = text.Printable(g.Tier, 80)
		}
		row := []string{name, text.Count(g.Sent)}
		for _, s := range []baseline.Spread{g.P50, g.P90, g.P99} {
			row = append(row, text.Duration(s.Whole), between(s, text.DurationBetween))
		}
		t.Rows = append(t.Rows, append(row, text.Percent(*g.Errors.Whole), between(g.Errors, text.PercentBetween)))
	}
	return t.Text(w, o.Width)
}

// between writes what the runs have of a figure; nothing where that is the same in all.
func between(s baseline.Spread, ranged func(low float64, high *float64) string) string {
	if s.Lowest == nil || *s.Lowest == *s.Highest {
		return ""
	}
	return "[" + ranged(*s.Lowest, s.Highest) + "]"
}

// orNone is a name of a user's, or a dash where there is none.
func orNone(name string) string {
	if name == "" {
		return text.Unsupported
	}
	return text.Printable(name, 80)
}
