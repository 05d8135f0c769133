package render

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/text"
)

// search is a search for capacity to be shown.
type search struct{ sizing.Report }

// A chapter is what is said of one thing that was searched for: sentences, then tables.
type chapter struct {
	title  string
	said   []string
	tables []Table
}

// chapters are what is to be said beside the headline, in the order in which people look for it. One of which nothing
// is known is left out.
func (s search) chapters(st style) []chapter {
	list := []chapter{
		s.needed(),
		s.broken(st),
		s.capacities(),
		s.begins(),
		s.tried(st),
		s.mixed(st),
		s.isolated(st),
		s.scaled(),
		s.replicas(),
		s.soaked(),
		s.conditions(st),
		{title: "Budget", said: []string{s.Budget.String()}},
		{title: "Notes", said: append([]string{s.Run.Ending()}, s.Notes...)},
	}
	for i := range list {
		list[i].tables = slices.DeleteFunc(list[i].tables, func(t Table) bool { return len(t.Rows) == 0 })
	}
	return slices.DeleteFunc(list, func(c chapter) bool { return len(c.said) == 0 && len(c.tables) == 0 })
}

func (s search) needed() chapter {
	if s.Need == nil {
		return chapter{}
	}
	said := s.Need.String()
	if s.Need.Trial > 0 {
		said += fmt.Sprintf(" See trial %d.", s.Need.Trial)
	}
	return chapter{title: "What is needed", said: []string{said}}
}

// broken is what broke first, of either capacity.
func (s search) broken(st style) chapter {
	c := chapter{title: "What broke first"}
	for _, of := range s.both() {
		if of.Broke == nil {
			continue
		}
		b := of.Broke
		c.said = append(c.said, text.Sentence(b.Sentence))
		t := Table{Header: []string{of.name, "found"}}
		row := func(name, found string) {
			if found != "" {
				t.Rows = append(t.Rows, []string{name, found})
			}
		}
		at := func(share float64, n int) string {
			said := text.Percent(share)
			if trial := s.Trial(n); trial != nil {
				said += " at " + trial.Load()
			}
			return fmt.Sprintf("%s (trial %d)", said, n)
		}
		expr, allowed := s.objective(b.Objective)
		row("objective", st.foreign(expr, 80)+", over in at most "+allowed)
		if b.Held > 0 {
			row("over where it held", at(b.HeldShare, b.Held))
		}
		row("over where it broke", at(b.FailedShare, b.Failed))
		row("tier that grew most", st.foreign(b.Tier, 40))
		row("class that grew most", st.foreign(b.Class, 60))
		if b.Phase != "" {
			row("part of a call that grew most", fmt.Sprintf("%s, by %s at its p95", st.foreign(b.Phase, 20), text.Duration(&b.PhaseSeconds)))
		}
		if b.Status != "" {
			row("status that came anew", fmt.Sprintf("%s, %s of the calls", st.foreign(b.Status, 20), text.Percent(b.StatusShare)))
		}
		if b.Saturated {
			row("saturated", "calls in flight and latency grew together")
		}
		c.tables = append(c.tables, t)
	}
	return c
}

// objective is an objective in its words, and the share that it allows.
func (s search) objective(i int) (expr, allowed string) {
	if i < 0 || i >= len(s.Objectives) {
		return "", text.Unsupported
	}
	return s.Objectives[i].Expr, text.Percent(s.Objectives[i].Allowed)
}

// sized is a capacity by what it is of.
type sized struct {
	name string
	*sizing.Capacity
}

func (s search) both() (list []sized) {
	for _, c := range []sized{{"acceptance", s.Acceptance}, {"completion", s.Completion}} {
		if c.Capacity != nil {
			list = append(list, c)
		}
	}
	return list
}

// capacities are both, each apart from the other.
func (s search) capacities() chapter {
	c := chapter{title: "Capacity"}
	t := Table{Header: []string{"of", ">best", ">interval", ">confidence", ">held up to", ">broken from"}}
	both := s.both()
	for _, of := range both {
		best, confidence := text.Unsupported, text.Unsupported
		if of.Kind == sizing.Interval {
			best, confidence = text.Rate(of.Rate), sizing.Percent(of.Confidence)
		}
		t.Rows = append(t.Rows, []string{of.name, best, of.Between(), confidence, seen(of.Highest), seen(of.Lowest)})
		for _, said := range of.Sentences() {
			if len(both) > 1 {
				said = strings.ToUpper(of.name[:1]) + of.name[1:] + ": " + said
			}
			c.said = append(c.said, said)
		}
	}
	c.tables = []Table{t}
	return c
}

// seen is a rate that a trial has shown, if one has.
func seen(rate float64) string {
	if rate <= 0 {
		return text.Unsupported
	}
	return text.Rate(rate)
}

// begins is what begins at a rate.
func (s search) begins() chapter {
	c := chapter{title: "What begins, and at which rate"}
	for _, o := range s.Onsets {
		c.said = append(c.said, o.String())
	}
	return c
}

// maxTrials is how many trials are shown: a comment on a pull request takes no more.
const maxTrials = 200

// tried are the trials, in a table for each thing that they were for.
func (s search) tried(st style) chapter {
	c := chapter{title: "Trials"}
	shown := s.Trials[:min(len(s.Trials), maxTrials)]
	if len(shown) == 0 {
		return c
	}
	focus := s.Focus()
	if expr, allowed := s.objective(focus); expr != "" {
		c.said = append(c.said, fmt.Sprintf("over: calls over the limit of %s, of which %s may be.", expr, allowed))
	}
	c.said = append(c.said, "An undecided trial is no failure, and a void one says nothing of the target. Errors, shed calls and breaches of the contract are named where there were any.")
	if more := len(s.Trials) - len(shown); more > 0 {
		c.said = append(c.said, fmt.Sprintf("%s more are in %s.", text.Plural(uint64(more), "trial"), sizing.File))
	}
	var groups []string
	for _, t := range shown {
		if !slices.Contains(groups, t.Of) {
			groups = append(groups, t.Of)
		}
	}
	for _, of := range groups {
		trials := slices.DeleteFunc(slices.Clone(shown), func(t sizing.Trial) bool { return t.Of != of })
		c.tables = append(c.tables, trialTable(of, trials, focus, st), remarks(trials, st))
	}
	return c
}

// trialTable is the table of the trials that were for one thing.
func trialTable(of string, trials []sizing.Trial, focus int, st style) Table {
	t := Table{Header: []string{"#", st.said(text.Printable(of, 24)), ">asked", "outcome", ">p50", ">p95", ">p99", ">over", ">in flight", ">measured"}}
	var figure func(sizing.Trial) string // what the trials of a kind are about
	switch {
	case slices.ContainsFunc(trials, func(t sizing.Trial) bool { return t.Growth != nil }):
		t.Header, figure = append(t.Header, ">backlog grows"), func(t sizing.Trial) string {
			if t.Growth == nil {
				return text.Unsupported
			}
			return fmt.Sprintf("%s (%s to %s)", text.Rate(t.Growth.Value), text.Rate(t.Growth.Low), text.Rate(t.Growth.High))
		}
	case slices.ContainsFunc(trials, func(t sizing.Trial) bool { return t.Callers > 0 }):
		t.Header, figure = append(t.Header, ">answered"), func(t sizing.Trial) string { return text.Rate(t.Answered) }
	}
	for _, x := range trials {
		outcome := map[string]string{sizing.Holds: st.good(x.Outcome), sizing.Broken: st.bad(x.Outcome)}[x.Outcome]
		if outcome == "" {
			outcome = x.Outcome
		}
		over := text.Unsupported
		if share, told := x.Share(focus); told {
			over = text.Percent(share)
		}
		purpose := strings.TrimPrefix(strings.TrimPrefix(x.Purpose(), of), ", ")
		row := []string{strconv.Itoa(x.N), st.said(text.Printable(purpose, 60)), x.Load(), outcome, text.Duration(x.P50), text.Duration(x.P95), text.Duration(x.P99), over,
			text.Digits(x.InFlight), text.Duration(&x.Seconds)}
		if figure != nil {
			row = append(row, figure(x))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// remarks is the table of what else is to be said of trials.
func remarks(trials []sizing.Trial, st style) Table {
	t := Table{Header: []string{"#", "what else"}}
	for _, x := range trials {
		if said := remark(x); said != "" {
			t.Rows = append(t.Rows, []string{strconv.Itoa(x.N), st.said(said)})
		}
	}
	return t
}

// remark is why a trial came to what it did, and what went wrong with its calls.
func remark(t sizing.Trial) string {
	var said []string
	if t.Reason != "" {
		said = append(said, t.Reason)
	}
	if t.Saturated {
		said = append(said, "saturated")
	}
	for _, of := range []struct {
		share float64
		name  string
	}{{t.Errors, "errors"}, {t.Shed, "shed"}, {t.Violations, "broke the contract"}} {
		if of.share > 0 {
			said = append(said, text.Percent(of.share)+" "+of.name)
		}
	}
	return strings.Join(said, ", ")
}

// conditions are the objectives, and what of the scenario is none.
func (s search) conditions(st style) chapter {
	held := Table{Header: []string{"objective", ">may be over"}}
	for i := range s.Objectives {
		expr, allowed := s.objective(i)
		held.Rows = append(held.Rows, []string{st.foreign(expr, 80), allowed})
	}
	left := Table{Header: []string{"left out", "why"}}
	for _, l := range s.LeftOut {
		left.Rows = append(left.Rows, []string{st.foreign(l.Expr, 80), st.said(l.Why)})
	}
	return chapter{title: "Objectives", tables: []Table{held, left}}
}
