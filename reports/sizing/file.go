package sizing

import (
	"fmt"
	"slices"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// Document is how the directory of a search keeps its answer.
func Document() results.Document[Report] {
	return results.Document[Report]{
		File: File, Schema: Schema, Name: "the answer of the search", Kind: "search",
		Most:   16 << 20, // a search of thousands of trials takes less
		Listed: (*Report).listed, Wrong: (*Report).wrong,
	}
}

// listed has every list be there.
func (r *Report) listed() {
	r.Verdict.Causes = results.Listed(r.Verdict.Causes)
	r.Objectives, r.Trials = results.Listed(r.Objectives), slices.Clone(results.Listed(r.Trials))
	for i := range r.Trials {
		r.Trials[i].Shares = results.Listed(r.Trials[i].Shares)
	}
	if r.Mix != nil {
		m := *r.Mix
		m.Points, r.Mix = results.Listed(m.Points), &m
	}
	if r.Isolation != nil {
		i := *r.Isolation
		i.Points, r.Isolation = results.Listed(i.Points), &i
	}
	if r.Scaling != nil {
		s := *r.Scaling
		s.Levels, r.Scaling = results.Listed(s.Levels), &s
	}
	if r.Replicas != nil {
		n := *r.Replicas
		n.Assumptions, r.Replicas = results.Listed(n.Assumptions), &n
	}
}

// wrong says what in a report cannot be, of what is shown of it; empty where all can.
func (r *Report) wrong() string {
	if why := r.Verdict.Wrong(); why != "" {
		return why
	}
	if n := r.Need; n != nil {
		if why := results.UnknownWord("/need/answer", n.Answer, Yes, No, Undecided); why != "" {
			return why
		}
	}
	for _, one := range []struct {
		at string
		*Capacity
	}{{"/acceptance", r.Acceptance}, {"/completion", r.Completion}} {
		if why := r.wrongCapacity(one.at, one.Capacity); why != "" {
			return why
		}
	}
	if r.Mix != nil {
		for i := range r.Mix.Points {
			if why := r.wrongCapacity(fmt.Sprintf("/mix/points/%d/capacity", i), &r.Mix.Points[i].Capacity); why != "" {
				return why
			}
		}
	}
	for i, t := range r.Trials {
		at := fmt.Sprintf("/trials/%d", i)
		if why := results.UnknownWord(at+"/outcome", t.Outcome, Holds, Broken, Open, Void); why != "" {
			return why
		}
		if len(t.Shares) > len(r.Objectives) {
			return fmt.Sprintf("%s/shares: expected one for each of %s at most, found %d", at, text.Plural(uint64(len(r.Objectives)), "objective"), len(t.Shares))
		}
	}
	return ""
}

// wrongCapacity says what in a capacity cannot be.
func (r *Report) wrongCapacity(at string, c *Capacity) string {
	if c == nil {
		return ""
	}
	if why := results.UnknownWord(at+"/kind", c.Kind, Interval, AtLeast, AtMost, Unknown); why != "" {
		return why
	}
	switch low, high := c.Low != nil, c.High != nil; {
	case c.Kind == Interval && !(low && high && *c.Low <= *c.High):
		return at + ": expected an interval with a low end and a high one that is not below it"
	case c.Kind == AtLeast && !low:
		return at + ": expected the low end of what it is at least"
	case c.Kind == AtMost && !high:
		return at + ": expected the high end of what it is at most"
	}
	if b := c.Broke; b != nil && (b.Objective < 0 || b.Objective >= len(r.Objectives)) {
		return fmt.Sprintf("%s/broke/objective: expected one of %s, counted from 0, found %d", at, text.Plural(uint64(len(r.Objectives)), "objective"), b.Objective)
	}
	return ""
}
