package summary

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// Waiver is the known deviation by which a check is waived; nil where it is not.
func (v *Verification) Waiver(c Check) *Deviation {
	if c.Verdict != CheckWaived || c.Deviation < 1 || c.Deviation > len(v.Deviations) {
		return nil
	}
	return &v.Deviations[c.Deviation-1]
}

// Reason says until when a deviation holds, why, and whom to ask, for where there is room for one line.
func (d Deviation) Reason() string {
	said := fmt.Sprintf("deviation until %s: %s", d.Until, d.Why)
	if d.Ask != "" {
		said += " (" + d.Ask + ")"
	}
	return said
}

// Fate says what became of a deviation, of which each was seen in so many of what one stands for.
func (d Deviation) Fate(one string) string {
	times := text.Plural(uint64(max(d.Occurred, 0)), one)
	switch d.State {
	case DeviationWaived:
		return fmt.Sprintf("waived, %s, until %s", times, d.Until)
	case DeviationExpired:
		return fmt.Sprintf("EXPIRED, %s: it was to hold until %s", times, d.Until)
	case DeviationGone:
		return fmt.Sprintf("GONE: it no longer occurs and can be taken out; until %s", d.Until)
	}
	return fmt.Sprintf("not tried: what it is about was not sent, or not all of it; until %s", d.Until)
}

// maxPatterns is how many patterns of a deviation are shown.
const maxPatterns = 4

// Subject is what a deviation is about, in words.
func (d Deviation) Subject() string {
	var said []string
	if len(d.Cases) > 0 {
		said = append(said, few(d.Cases))
	}
	if len(d.Rules) > 0 {
		said = append(said, "by the rule "+few(d.Rules))
	}
	return strings.Join(said, " ")
}

// few lists the first of some patterns.
func few(patterns []string) string {
	said := strings.Join(patterns[:min(len(patterns), maxPatterns)], ", ")
	if more := len(patterns) - maxPatterns; more > 0 {
		said += fmt.Sprintf(" and %d more", more)
	}
	return said
}

// waive says of a rule's check what a known deviation says of it.
func (s Summary) waive(c *Check) {
	c.Deviation = 1 + slices.IndexFunc(s.Run.Deviations, func(d Deviation) bool {
		return slices.Contains(d.Rules, c.Rule) && d.State == DeviationWaived
	})
	if n := s.Total.Waived[c.Rule]; n > 0 && c.Deviation > 0 {
		c.Verdict, c.Reason = CheckWaived, fmt.Sprintf("%s of %s", text.Plural(n, "answer"), text.Count(s.Total.Completed))
		return
	}
	c.Deviation = 0
	for i, d := range s.Run.Deviations {
		if d.State == DeviationExpired && slices.Contains(d.Rules, c.Rule) && s.Total.Violations[c.Rule] > 0 {
			c.Deviation = i + 1
			c.Reason += fmt.Sprintf(" (this was a known deviation until %s, and has expired: %s)", d.Until, d.Why)
			return
		}
	}
}

// known are the deviations of a run, with what became of them in it.
func known(m results.Manifest, total metrics.Figures) (list []Deviation) {
	for _, k := range m.Deviations {
		d := Deviation{Rules: k.Rules, Why: k.Why, Ask: k.Ask, Until: k.Until, State: DeviationUntried}
		if k.File != "" {
			d.Place = &Place{File: k.File, Line: k.Line}
		}
		seen := total.Waived
		if k.Expired {
			seen = total.Violations
		}
		for _, rule := range k.Rules {
			d.Occurred += int(seen[rule])
		}
		switch {
		case d.Occurred > 0 && k.Expired:
			d.State = DeviationExpired
		case d.Occurred > 0:
			d.State = DeviationWaived
		case total.Completed > 0:
			d.State = DeviationGone
		}
		list = append(list, d)
	}
	return list
}
