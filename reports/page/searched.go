package page

import (
	"io/fs"
	"strings"

	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/text"
)

// search is a search for capacity to be shown.
type search struct{ sizing.Report }

// main is the capacity that stands first: that of acceptance, where it was searched for.
func (d search) main() *sizing.Capacity {
	if d.Acceptance != nil {
		return d.Acceptance
	}
	return d.Completion
}

// named is a capacity by what it is of.
type named struct {
	name string
	*sizing.Capacity
}

func (d search) both() (list []named) {
	if d.Acceptance != nil {
		list = append(list, named{"acceptance", d.Acceptance})
	}
	if d.Completion != nil {
		list = append(list, named{"completion", d.Completion})
	}
	if len(list) == 1 && d.Acceptance != nil {
		list[0].name = "capacity"
	}
	return list
}

// reportOf is the link to a trial's report; empty where its directory is none within the search's.
func reportOf(t sizing.Trial) string {
	words := strings.ReplaceAll(t.Dir, "/", "")
	if !fs.ValidPath(t.Dir) || t.Dir == "." || text.Token(words) != words || len(words) > 100 {
		return ""
	}
	return t.Dir + "/report.html"
}

// focus is the objective that the shares shown are of.
func (d search) focus() int {
	if i := d.Focus(); i > 0 && i < len(d.Objectives) {
		return i
	}
	return 0
}

// expr is an objective in its own words.
func (d search) expr(i int) string {
	if i < 0 || i >= len(d.Objectives) {
		return ""
	}
	return text.Printable(d.Objectives[i].Expr, 120)
}

// outcomeWord is an outcome as the page shows it.
func outcomeWord(outcome string) verdictWord {
	switch outcome {
	case sizing.Holds:
		return verdictWord{"✓", "holds", "good"}
	case sizing.Broken:
		return verdictWord{"✕", "broken", "bad"}
	case sizing.Void:
		return verdictWord{"–", "void", "soft"}
	}
	return verdictWord{"?", "undecided", "unsure"}
}

// known is an interval of a rate of which an end may be missing.
func known(low, high *float64) string {
	switch {
	case low != nil && high != nil:
		return text.RateBetween(*low, high)
	case low != nil:
		return "≥ " + text.Rate(*low)
	case high != nil:
		return "≤ " + text.Rate(*high)
	}
	return text.Unsupported
}
