package search

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios/capacity"
	"github.com/kaizenautomation/andon/scenarios/trial"
)

// made is what came of a trial.
type made struct {
	// Trial is what the search is to be told; of one that was not judged, it has no counts.
	capacity.Trial
	Shown sizing.Trial
	// Dir is its run directory, and Summary what is in it.
	Dir     string
	Summary summary.Summary
	// Took is how many seconds it took in all, and Started how many runs were started.
	Took    float64
	Started uint64
	// Lost counts the calls that were given up, or never got a whole answer: the target may work on them yet.
	Lost uint64
	// replayed says that it was made before.
	replayed bool
	// Ended is how the search has to end, one of the constants of sizing; empty where it goes on. Why says why. A trial
	// with such an end says nothing of the target, and is made again where the search is gone on with.
	Ended, Why string
}

// judged says what is to be made of the outcome by how the trial ended, and by how the generator did.
func (m *made) judged(end summary.End, sum summary.Summary, conditions []condition, alpha float64, lost error) {
	s := &m.Shown
	var incomplete *trial.IncompleteError
	var short *trial.ShortError
	switch {
	case errors.As(lost, &short):
		m.Outcome, m.Objective, s.Reason = capacity.Void, -1, lost.Error()
		m.Ended, m.Why = sizing.EndedShort, lost.Error()
	case end.Reason == results.Interrupted:
		m.Outcome, s.Reason = capacity.Void, "interrupted"
		m.Ended, m.Why = sizing.EndedInterrupted, end.Detail
	case errors.As(lost, &incomplete):
		m.Outcome, s.Reason = capacity.Void, "not all that was measured could be kept"
		m.Ended, m.Why = sizing.EndedUnkept, strings.SplitN(lost.Error(), "\n", 2)[0]
	case sum.Validity.Status == metrics.GeneratorLimited:
		m.Outcome = capacity.Void
		s.Reason = "generator-limited"
		if len(sum.Validity.Reasons) > 0 {
			s.Reason += ": " + sum.Validity.Reasons[0]
		}
	case end.Reason == results.Aborted && m.Outcome != capacity.Broken:
		m.Outcome, s.Reason = capacity.Broken, end.Detail
	case m.Outcome == capacity.Broken && m.Objective >= 0:
		c := conditions[m.Objective]
		s.Reason = fmt.Sprintf("%s: %s over", c.Expr, percent(share(m.Counts[m.Objective].Over, m.Counts[m.Objective].Calls)))
		if m.Saturated {
			s.Reason += ", and more were in flight the longer it went on"
		}
	case m.Outcome == capacity.Undecided && m.Ask.Step == capacity.Decision:
		s.Reason = m.unclear(conditions, alpha)
	}
}

// unclear says which objective a trial has not decided, and how many calls it takes at least where none was over.
func (m *made) unclear(conditions []condition, alpha float64) string {
	at := -1
	need := func(i int) float64 { return used(m.Counts[i], conditions[i]) }
	for i, c := range m.Counts {
		switch {
		case c.Outcome != capacity.Undecided:
		case at < 0 || need(i) > need(at) || need(i) == need(at) && conditions[i].Allowed < conditions[at].Allowed:
			at = i
		}
	}
	if at < 0 {
		return "nothing was counted"
	}
	c, o := m.Counts[at], conditions[at]
	said := fmt.Sprintf("%s: %s of %s were over, and %s may be: neither is clear", o.Expr, text.Percent(share(c.Over, c.Calls)), text.Plural(c.Calls, "call"), text.Percent(o.Allowed))
	if least := capacity.Fewest(o.objective(), alpha); c.Over == 0 && c.Calls < least {
		said += fmt.Sprintf(", since it takes %s at least", text.Count(least))
	}
	return said
}

// used is how much is used up of what may be over. Where none may be, one in a million is as much as one in a million
// of those.
func used(c capacity.Count, o condition) float64 {
	return share(c.Over, c.Calls) / math.Max(o.Allowed, 1e-6)
}

func share(n, of uint64) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

func percent(share float64) string { return fmt.Sprintf("%.3g %%", 100*share) }

// nothing says what a trial is worth in which nothing could succeed, or in which the target went away.
func (m *made) nothing(end summary.End, gone bool) {
	m.Outcome, m.Objective, m.Shown.Reason = capacity.Void, -1, "no call could succeed"
	m.Ended, m.Why = sizing.EndedUndecided, end.Detail
	if gone {
		m.Ended, m.Shown.Reason = sizing.EndedUnreachable, "the target was gone"
	}
}

func outcomeName(o capacity.Outcome) string {
	return map[capacity.Outcome]string{capacity.Holds: sizing.Holds, capacity.Broken: sizing.Broken, capacity.Undecided: sizing.Open, capacity.Void: sizing.Void}[o]
}

// opened are the runs in the directory of a trial: one, or those of the shards that machines have sent.
func opened(dir string) (runs []*results.Run, err error) {
	for {
		shard, err := results.Open(filepath.Join(dir, fmt.Sprintf("s%d", len(runs))))
		if err != nil {
			break
		}
		runs = append(runs, shard)
	}
	if runs == nil {
		run, err := results.Open(dir)
		return []*results.Run{run}, err
	}
	return runs, nil
}
