package page

import (
	"slices"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// table is a small table; the first cell of a row is its head.
type table struct {
	Header []column
	Rows   [][]string
}

// column is the head of a column. Numbers are set to the right.
type column struct {
	Name    string
	Numbers bool
}

// Lacks reports whether a percentile in it has too few calls.
func (t table) Lacks() bool {
	return slices.ContainsFunc(t.Rows, func(r []string) bool { return slices.Contains(r, text.Unsupported) })
}

// tile is a figure on the first screen.
type tile struct{ Name, Value, Note, Class string }

func printables(texts []string, limit int) (all []string) {
	for _, t := range texts {
		all = append(all, text.Printable(t, limit))
	}
	return all
}

// fact is one line of a list of names and values.
type fact struct{ Name, Value string }

// phases is the table of what was asked of each phase, and what came of it.
func (s run) phases() table {
	t := table{Header: []column{{"phase", false}, {"load", false}, {"sent", true}, {"rate", true}, {"errors", true}, {"p50", true}, {"p99", true}, {"max", true}}}
	for _, p := range s.Run.Phases {
		f, ok := s.Groups.Phase[p.Name]
		if !ok {
			continue
		}
		x := s.Times(f)
		shape := p.Shape
		if p.Warmup {
			shape += ", warm-up"
		}
		t.Rows = append(t.Rows, []string{text.Printable(p.Name, 24), text.Printable(shape, 48), text.Count(f.Sent), text.RateOf(f.Rate.Achieved, f.Rate.Planned),
			text.Counted(f.Failed(), f.Sent), text.Duration(x.P50), text.Duration(x.P99), text.Duration(x.Max)})
	}
	if len(t.Rows) == 1 && !s.Run.Phases[0].Warmup {
		t.Rows = nil
	}
	return t
}

// outcomes is the table of what the provider made of the calls, where it did not accept all of them.
func (s run) outcomes() table {
	t := table{Header: []column{{"outcome", false}, {"calls", true}, {"share", true}, {"p50", true}, {"p95", true}, {"p99", true}, {"max", true}, {"Retry-After", true}}}
	for _, came := range s.TurnedAway() {
		x, later := came.Latency, ""
		if came.Outcome == results.OutcomeShed {
			later = s.Total.RetryAfter.String()
		}
		t.Rows = append(t.Rows, []string{came.Outcome.String(), text.Count(came.Count), text.Share(came.Count, s.Total.Sent),
			text.Duration(x.P50), text.Duration(x.P95), text.Duration(x.P99), text.Duration(x.Max), later})
	}
	return t
}
