package executions

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/reports/text"
)

// Undetermined says what stands in the place of a percentile of [Times] that is null.
const Undetermined = text.Unsupported + " among the times of executions: not determined, since there were too few, or too many of them were not seen to their end."

// Duration is the bounds of a time in words; of those that read alike, one.
func (b *Bounds) Duration() string {
	switch {
	case b == nil:
		return text.Unsupported
	case text.Duration(&b.Low) == text.Duration(&b.High):
		return text.Duration(&b.High)
	}
	return text.DurationBetween(b.Low, &b.High)
}

// Count is the bounds of a number of executions in words.
func (b Bounds) Count() string {
	low, high := counted(b.Low), counted(b.High)
	if low == high {
		return high
	}
	return low + "–" + high
}

// Rate is the bounds of a rate in words.
func (b Bounds) Rate() string {
	if text.Rate(b.Low) == text.Rate(b.High) {
		return text.Rate(b.High)
	}
	return text.RateBetween(b.Low, &b.High)
}

func counted(n float64) string { return text.Count(uint64(max(n, 0) + 0.5)) }

// Percentiles are p50, p90, p95 and p99.
func (t Times) Percentiles() []*Bounds { return []*Bounds{t.P50, t.P90, t.P95, t.P99} }

// Backlogged reports whether the backlog grew by more than chance.
func (g *Growth) Backlogged() bool { return g != nil && g.Low > 0 }

// String says whether the backlog grew. An interval that has 0 in it is no growth, unless it is most likely one.
func (g *Growth) String() string {
	if g == nil {
		return "too little is known to say whether it grew"
	}
	apart := fmt.Sprintf("%s to %s/s", text.SignedDigits(g.Low), text.SignedDigits(g.High))
	switch {
	case g.Backlogged():
		return fmt.Sprintf("grew by %s (%s)", text.Rate(g.PerSecond), text.RateBetween(g.Low, &g.High))
	case g.High < 0:
		low, high := -g.High, -g.Low
		return fmt.Sprintf("shrank by %s (%s)", text.Rate(-g.PerSecond), text.RateBetween(low, &high))
	case g.Grows >= 0.9:
		return fmt.Sprintf("may have grown by %s (%s; %s certain)", text.Rate(g.PerSecond), apart, text.WholePercent(g.Grows))
	}
	return "did not grow (" + apart + ")"
}

// Words say what the executions did, as the provider told it.
func (f Fault) Words() string {
	words := map[string]string{
		"resurrected": "were said to go on after they had ended", "ended-otherwise": "were said to have completed, and to have failed",
		"resessioned": "went into another session", "reidentified": "were answered about under another id",
		"reversed": "ended before they began, by the provider's own times", "stateless": "were in a state that is not among those that are known (`follow.states` in the scenario names them)",
		imagined: "were told of, though there is none of that id",
	}
	if w, known := words[f.Name]; known {
		return w
	}
	return "were " + f.Name
}

// Names are the groups in an order that is known, and those that it lacks behind them.
func Names(groups map[string]Figures, order []string) (names []string) {
	for _, n := range slices.Concat(order, slices.Sorted(maps.Keys(groups))) {
		if _, there := groups[n]; there && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names
}

// Known reports whether anything is known of any of them but that it was accepted.
func (f Figures) Known() bool { return f.Unseen < f.Accepted }

// Rate is how many completed per second, in words.
func (f Figures) Rate() string {
	if !f.Known() {
		return text.Unsupported
	}
	return f.PerSecond.Rate()
}

// Lacks reports whether a percentile that is shown is not determined.
func (r Report) Lacks() bool {
	lacks := func(f Figures) bool {
		for _, t := range []Times{f.Completion, f.Start, f.Run} {
			if t.Count > 0 && slices.Contains(t.Percentiles(), nil) {
				return true
			}
		}
		return false
	}
	return lacks(r.Total) || slices.ContainsFunc(slices.Collect(maps.Values(r.Tiers)), lacks)
}

// Facts are how the backlog went, what asking took and, where no [Report.Detail] does, how it ended, each by its name.
// Foreign words in them are as they came.
func (r Report) Facts() [][2]string {
	var facts [][2]string
	if r.Total.Known() {
		facts = append(facts, [2]string{"backlog", fmt.Sprintf("%s at its peak, %s when the last call was answered", r.Backlog.Peak.Count(), r.Backlog.AtEnd.Count())},
			[2]string{"growth", r.Backlog.Growth.String()}, [2]string{"drained", r.Backlog.drained()})
	}
	facts = append(facts, [2]string{"asked by", r.Operation}, [2]string{"polls", r.Polls.words()})
	if r.Webhooks != nil {
		facts = append(facts, [2]string{"webhooks", r.Webhooks.words()})
	}
	if r.End != EndSeen && r.Detail == "" {
		facts = append(facts, [2]string{"ended", r.ended()})
	}
	return facts
}

func (b Backlog) drained() string {
	switch {
	case b.DrainedSeconds == nil:
		return "not seen to be empty"
	case *b.DrainedSeconds <= 0:
		return "when the last call was answered"
	}
	return text.Duration(b.DrainedSeconds) + " after the last call was answered, at the latest"
}

// ended says why following ended before all was seen.
func (r Report) ended() string {
	after := text.Duration(&r.Seconds) + " after the last call was answered"
	said, known := map[string]string{
		EndTime:        "the time for it was over, " + after,
		EndInterrupted: "it was told to stop, " + after,
		EndRefused:     "the target does not tell what becomes of executions",
		EndCut:         "andon ended before it could say how",
	}[r.End]
	if !known {
		said = r.End
	}
	return said
}

func (p Polls) words() string {
	if p.Sent == 0 {
		return "none"
	}
	said := fmt.Sprintf("%s sent, %s of all calls", text.Count(p.Sent), text.Percent(p.Share))
	if p.P50 != nil {
		said += ", answered in " + text.Duration(p.P50)
		if p.P99 != nil {
			said += " (p99 " + text.Duration(p.P99) + ")"
		}
	}
	said += fmt.Sprintf("; %s at most", text.Rate(p.PerSecond))
	if p.Late > 0 {
		said += fmt.Sprintf(", for which %s were put off", text.Count(p.Late))
	}
	if p.Failed > 0 {
		said += fmt.Sprintf("; %s failed", text.Count(p.Failed))
		var by []string
		for _, name := range slices.SortedFunc(maps.Keys(p.Errors), func(a, b string) int {
			return cmp.Or(cmp.Compare(p.Errors[b], p.Errors[a]), strings.Compare(a, b))
		}) {
			by = append(by, name+" "+text.Count(p.Errors[name]))
		}
		if len(by) > 0 {
			said += " (" + strings.Join(by, ", ") + ")"
		}
	}
	return said
}

func (w Webhooks) words() string {
	said := []string{fmt.Sprintf("%s received", text.Count(w.Received)), fmt.Sprintf("%s believed", text.Count(w.Believed))}
	for _, of := range []struct {
		count uint64
		what  string
	}{
		{w.Repeated, "repeated"}, {w.Unsigned, "without a right signature"}, {w.Old, "with a time outside the window"}, {w.Unknown, "for unknown ids"},
		{w.Malformed, "not to be read"}, {w.Excess, "more than are read at a time"}, {w.Missing, "never came"},
	} {
		if of.count > 0 {
			said = append(said, text.Count(of.count)+" "+of.what)
		}
	}
	return strings.Join(said, ", ")
}
