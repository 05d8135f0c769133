package summary

import (
	"fmt"
	"strings"

	"github.com/kaizenautomation/andon/reports/text"
)

// Deviation is a known breach of the contract that is waived, for a reason and for a time.
type Deviation struct {
	// Cases and Rules are patterns: of the ids of cases, and of the rules that they break. Without any, all match.
	Cases []string `json:"cases,omitempty"`
	Rules []string `json:"rules,omitempty"`
	// Why says why it is waived, and Ask whom to ask: a link, a ticket, a name.
	Why string `json:"why"`
	Ask string `json:"ask,omitempty"`
	// Until is the last day on which it holds, as 2026-12-31.
	Until string `json:"until"`
	// Place is where it was written.
	Place *Place `json:"place,omitempty"`
	// State is one of the states below, and Occurred in how many checks it was seen.
	State    string `json:"state"`
	Occurred int    `json:"occurred"`
}

// The states of a deviation.
const (
	// DeviationWaived was seen, and waived.
	DeviationWaived = "waived"
	// DeviationExpired was seen after its time, so that it waives nothing, and what it is about fails.
	DeviationExpired = "expired"
	// DeviationLapsed was seen after its time, and nothing fails by it: what it is about decides nothing, or a newer
	// deviation waives it.
	DeviationLapsed = "lapsed"
	// DeviationGone was not seen, though what it is about was tried.
	DeviationGone = "gone"
	// DeviationUntried is about what was not tried.
	DeviationUntried = "untried"
)

// Place is a place in a file that people wrote. Lines and columns count from 1; 0 is not known.
type Place struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// Name is what a deviation is about, for sentences.
func (d Deviation) Name() string {
	if d.Place != nil && d.Place.Line > 0 {
		return fmt.Sprintf("at %s:%d (%s)", d.Place.File, d.Place.Line, d.Subject())
	}
	return d.Subject()
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
	case DeviationLapsed:
		return fmt.Sprintf("expired, and nothing fails by it, %s: it was to hold until %s", times, d.Until)
	case DeviationGone:
		return fmt.Sprintf("GONE: it no longer occurs and can be taken out; until %s", d.Until)
	}
	return fmt.Sprintf("not tried: what it is about was not sent or not looked for, or not all of it; until %s", d.Until)
}

// Stale says why a deviation is to be taken out or renewed though nothing fails by it; empty where it is not.
func (d Deviation) Stale() string {
	switch d.State {
	case DeviationGone:
		return fmt.Sprintf("the deviation %s no longer occurs, so it is to be taken out", d.Name())
	case DeviationLapsed:
		return fmt.Sprintf("the deviation %s has expired, so it is to be renewed or taken out: it was to hold until %s", d.Name(), d.Until)
	}
	return ""
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
