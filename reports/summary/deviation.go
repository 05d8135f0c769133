package summary

import (
	"fmt"
	"strings"

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
