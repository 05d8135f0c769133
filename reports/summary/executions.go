package summary

import (
	"fmt"
	"strings"

	"github.com/kaizenautomation/andon/reports/executions"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// impossibilities says what the provider told of executions that cannot be; empty where it told nothing of the kind.
func (s Summary) impossibilities() string {
	if s.Executions == nil {
		return ""
	}
	var said []string
	for _, f := range s.Executions.Faults {
		var ids []string
		for _, id := range f.IDs[:min(len(f.IDs), 3)] {
			ids = append(ids, text.Printable(id, 80))
		}
		if more := f.Count - min(uint64(len(ids)), f.Count); more > 0 {
			ids = append(ids, text.Count(more)+" more")
		}
		said = append(said, fmt.Sprintf("%s %s (%s)", text.Count(f.Count), text.Printable(f.Words(), 80), strings.Join(ids, ", ")))
	}
	return strings.Join(said, "; ")
}

// executionChecks are what must be so of executions besides thresholds, where they were followed.
func (s Summary) executionChecks() []Check {
	if s.Executions == nil {
		return nil
	}
	seen := Check{Engine: EngineExecutions, Name: "executions were followed", Proves: "it is known what became of the executions", Verdict: CheckHeld,
		Rule: s.Executions.End, Reason: s.Executions.Detail}
	if s.Executions.End != executions.EndSeen {
		seen.Verdict = CheckNoted
	}
	sane := Check{Engine: EngineExecutions, Name: "no execution did what cannot be", Proves: "states and sessions of executions follow each other as they must",
		Verdict: CheckHeld, Rule: "execution-state"}
	if why := s.impossibilities(); why != "" {
		sane.Verdict, sane.Reason = CheckBroken, why
	} else if s.Executions.Total.Accepted == s.Executions.Total.Unseen {
		sane.Verdict, sane.Reason = CheckSkipped, "nothing is known of any"
	}
	return []Check{seen, sane}
}

// followed are the notes on what became of executions: what was not seen, and what is no finding without a threshold.
func (s Summary) followed() (notes []string) {
	x := s.Executions
	if x == nil {
		return nil
	}
	f := x.Total
	if x.Detail != "" {
		notes = append(notes, text.Sentence("What became of executions is not all known: "+text.Printable(x.Detail, 1000)))
	}
	if n := f.Waiting + f.Running + f.Unseen; n > 0 {
		notes = append(notes, fmt.Sprintf("Not seen to the end: %s (%s waiting, %s running, %s of which nothing is known). "+
			"In the percentiles they take longer than until they were last known to go on.", text.Plural(n, "execution"), text.Count(f.Waiting), text.Count(f.Running), text.Count(f.Unseen)))
	}
	if f.Lost+f.Failed > 0 {
		var said []string
		if f.Failed > 0 {
			said = append(said, "failed: "+text.Counted(f.Failed, f.Accepted))
		}
		if f.Lost > 0 {
			said = append(said, "lost, since the provider accepted them and does not know them: "+text.Counted(f.Lost, f.Accepted))
		}
		where := results.UnfinishedFile
		if x.End == executions.EndCut {
			where += ", which the format csv writes"
		}
		notes = append(notes, fmt.Sprintf("Of %s, %s. The ids are in %s.", text.Plural(f.Accepted, "execution"), strings.Join(said, "; "), where))
	}
	if x.Sample < 1 {
		notes = append(notes, fmt.Sprintf("%s of the executions were followed, and their times are those; all were asked about once at the end.", text.Percent(x.Sample)))
	}
	return notes
}

// Doubt says why it is not known whether a spoiled condition holds.
func (t Threshold) Doubt() string {
	if t.Bounds != nil {
		return "not known: " + t.Between()
	}
	return fmt.Sprintf("spoiled: %s less andon's own", t.FigureLessOwn())
}

// Between says between what the figure lies; empty where that is one figure.
func (t Threshold) Between() string {
	if t.Bounds == nil {
		return ""
	}
	low, high := t, t
	low.Value, high.Value = &t.Bounds.Low, &t.Bounds.High
	return fmt.Sprintf("between %s and %s", low.Figure(), high.Figure())
}
