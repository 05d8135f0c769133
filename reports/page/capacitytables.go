package page

import (
	"fmt"
	"math"

	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/text"
)

// trialRow is a trial in the table of all.
type trialRow struct {
	verdictWord
	N                         int
	Href, For, Load, Reason   string
	Over, P50, P95, P99, Good string
	Trouble, InFlight         string
	Calls, Measured, After    string
}

func (d search) trialRow(t sizing.Trial) trialRow {
	r := trialRow{
		verdictWord: outcomeWord(t.Outcome), N: t.N, Href: reportOf(t), For: text.Printable(t.Purpose(), 100), Load: t.Load(), Reason: text.Printable(t.Reason, 200),
		Over: text.Unsupported, P50: text.Duration(t.P50), P95: text.Duration(t.P95), P99: text.Duration(t.P99), Good: text.Rate(t.Goodput),
		InFlight: text.Digits(t.InFlight), Calls: text.Count(t.Calls), Measured: text.Duration(&t.Seconds), After: known(t.Low, t.High),
	}
	if v, ok := t.Share(d.focus()); ok {
		r.Over = text.Percent(v)
	}
	for _, part := range []struct {
		share float64
		name  string
	}{{t.Errors, "errors"}, {t.Shed, "shed"}, {t.Violations, "violations"}} {
		if part.share > 0 {
			if r.Trouble != "" {
				r.Trouble += ", "
			}
			r.Trouble += text.Percent(part.share) + " " + part.name
		}
	}
	if r.Trouble == "" {
		r.Trouble = "none"
	}
	return r
}

func rateOr(v float64) string {
	if v <= 0 {
		return text.Unsupported
	}
	return text.Rate(v)
}

// capacities is the table of what was searched for.
func (d search) capacities() table {
	t := table{Header: []column{{"capacity", false}, {"best estimate", true}, {"interval", true}, {"confidence", true}, {"highest that held", true},
		{"lowest that broke", true}, {"trials differ by", true}, {"in flight", true}, {"goodput", true}}}
	for _, c := range d.both() {
		flight := text.Unsupported
		if c.InFlight > 0 {
			flight = text.Digits(c.InFlight)
		}
		t.Rows = append(t.Rows, []string{c.name, rateOr(c.Rate), c.Between(), sizing.Percent(c.Confidence), rateOr(c.Highest), rateOr(c.Lowest),
			text.Percent(c.Spread), flight, rateOr(c.Goodput)})
	}
	return t
}

// broke is what broke first, in a sentence and in its parts.
func (d search) broke() (string, []fact) {
	c := d.main()
	if c == nil || c.Broke == nil {
		return "", nil
	}
	b := c.Broke
	f := []fact{{"Objective", d.expr(b.Objective)}}
	at := func(n int, share float64) string {
		said := fmt.Sprintf("trial %d", n)
		if t := d.Trial(n); t != nil {
			said = t.Load() + ", " + said
		}
		return text.Percent(share) + " at " + said
	}
	if b.Held > 0 {
		f = append(f, fact{"Over the limit where it held", at(b.Held, b.HeldShare)})
	}
	f = append(f, fact{"Over the limit where it broke", at(b.Failed, b.FailedShare)})
	add := func(name, value string) {
		if value != "" {
			f = append(f, fact{name, text.Printable(value, 200)})
		}
	}
	add("Tier that grew most", b.Tier)
	add("Class that grew most", b.Class)
	if b.Phase != "" {
		add("Part of a call that grew most", fmt.Sprintf("%s, by %s at its p95", b.Phase, text.Duration(&b.PhaseSeconds)))
	}
	if b.Status != "" {
		add("Status that came anew", fmt.Sprintf("%s, %s of calls", b.Status, text.Percent(b.StatusShare)))
	}
	if b.Saturated {
		add("Saturated", "calls in flight and latency grew together")
	}
	return text.Sentence(text.Printable(b.Sentence, 600)), f
}

func (d search) objectives() table {
	t := table{Header: []column{{"objective", false}, {"may be over", true}, {"held in", true}, {"broken in", true}}}
	for i, o := range d.Objectives {
		held, broken := uint64(0), uint64(0)
		for _, x := range d.Trials {
			switch v, ok := x.Share(i); {
			case !ok:
			case x.Outcome == sizing.Holds:
				held++
			case x.Outcome == sizing.Broken && v > o.Allowed:
				broken++
			}
		}
		t.Rows = append(t.Rows, []string{text.Printable(o.Expr, 120), text.Percent(o.Allowed), text.Plural(held, "trial"), text.Plural(broken, "trial")})
	}
	return t
}

func (d search) leftOut() table {
	t := table{Header: []column{{"threshold that is no objective", false}, {"why", false}}}
	for _, l := range d.LeftOut {
		t.Rows = append(t.Rows, []string{text.Printable(l.Expr, 120), text.Printable(l.Why, 300)})
	}
	return t
}

func (d search) onsets() (t table, notes []string) {
	t.Header = []column{{"what begins", false}, {"not yet at", true}, {"first at", true}, {"share there", true}}
	for _, o := range d.Onsets {
		row := []string{onsetName(o), text.Unsupported, "not seen", text.Unsupported}
		if o.Low != nil {
			row[1] = text.Rate(*o.Low)
			if o.Clean > 0 {
				row[1] += fmt.Sprintf(" (%s)", text.Plural(o.Clean, "call"))
			}
		}
		if o.High != nil {
			row[2], row[3] = text.Rate(*o.High), text.Percent(o.Share)
		}
		t.Rows = append(t.Rows, row)
		if o.RetryAfter != "" {
			notes = append(notes, text.Sentence(text.Printable(o.RetryAfter, 400)))
		}
	}
	return t, notes
}

func onsetName(o sizing.Onset) string {
	switch {
	case o.What == "contract" && o.Rule != "":
		return "the contract is broken: " + text.Printable(o.Rule, 60)
	case o.What == "contract":
		return "the contract is broken"
	case o.What == "shed":
		return "calls are shed (429)"
	}
	return text.Printable(o.What, 60)
}

// budget is what could be used, and what was.
func (d search) budget() table {
	t := table{Header: []column{{"budget", false}, {"used", true}, {"of at most", true}, {"", false}}}
	b := d.Report.Budget
	limit := func(given bool, said string) string {
		if !given {
			return "no limit"
		}
		return said
	}
	t.Rows = append(t.Rows,
		[]string{"calls", text.Count(b.SpentCalls), limit(b.Calls > 0, text.Count(b.Calls)), fmt.Sprintf("%s started", text.Plural(b.Started, "run"))},
		[]string{"time", text.Duration(&b.SpentSeconds), limit(b.Seconds > 0, text.Duration(&b.Seconds)), ""},
		[]string{"trials", text.Count(uint64(max(b.SpentTrials, 0))), limit(b.Trials > 0, text.Count(uint64(max(b.Trials, 0)))), ""})
	if b.Price > 0 || b.Cost > 0 || b.SpentCost > 0 {
		t.Rows = append(t.Rows, []string{"cost", money(b.SpentCost), limit(b.Cost > 0, money(b.Cost)), "at " + money(b.Price) + " for each run"})
	}
	return t
}

// money writes an amount, of whatever currency it was given in.
func money(v float64) string {
	if v != 0 && math.Abs(v) < 0.01 {
		return fmt.Sprintf("%.4g", v)
	}
	return fmt.Sprintf("%.2f", v)
}
