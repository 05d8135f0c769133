package page

import (
	"fmt"
	"strings"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// validitySentence says why the figures can be trusted or not, as far as the verdict does not among its causes.
func (d Data) validitySentence() string {
	v := d.Summary.Validity
	switch doubts := d.Summary.Doubts(); {
	case len(doubts) > 0:
		return text.Sentence(text.Printable(strings.Join(doubts, "; "), 2000))
	case len(v.Reasons) > 0:
		return ""
	case d.Summary.Run.ClosedLoop:
		return "In a closed loop nothing is due, so there is no lag to judge the generator by."
	case v.Lag.P99 != nil:
		return fmt.Sprintf("Calls left on time: 99 in 100 within %s of the moment at which they were due; the latest by %s.", text.Duration(v.Lag.P99), text.Duration(v.Lag.Max))
	case v.Lag.Max != nil:
		return fmt.Sprintf("Calls left on time: the latest by %s.", text.Duration(v.Lag.Max))
	}
	return ""
}

// trustSentence answers whether they can; why is said at the top, and not here again.
func (d Data) trustSentence() string {
	switch status := d.Summary.Validity.Status; {
	case d.Summary.Generator.Doubtful() && len(d.Vitals) > 0:
		return "Not without doubt: andon's own check fails."
	case status == metrics.Valid:
		return "By how andon itself did, yes."
	case status == metrics.TargetLimited:
		return "Yes: calls left late because of the target (target-limited), which the top of the page says more of."
	case status == metrics.GeneratorLimited:
		return "No: andon itself held calls up (generator-limited); the top of the page says by what."
	}
	return "There is nothing to trust: the top of the page says why."
}

func (d Data) generatorFacts() (facts []fact) {
	g := d.Summary.Generator
	add := func(name, format string, args ...any) {
		facts = append(facts, fact{name, fmt.Sprintf(format, args...)})
	}
	if g.Transport != "" {
		add("Carried by", "%s", text.Printable(g.Transport, 100))
	}
	if g.Cores > 0 {
		add("Processors", "%s", text.Digits(g.Cores))
	}
	if len(d.Vitals) == 0 {
		return facts
	}
	add("Processors used", "%s on average, %s in the busiest second", text.Digits(g.CPU), text.Digits(g.CPUMax))
	add("Garbage collection", "stopped it for %s in all, %s at once", text.Duration(&g.PauseSeconds), text.Duration(&g.PauseMax))
	add("Stood still", "%s in all, %s at once", text.Duration(&g.StallSeconds), text.Duration(&g.StallMax))
	add("Records waiting", "%s at most", text.Count(uint64(max(g.Queue, 0))))
	files := text.Count(g.Connections)
	if g.OpenFiles > 0 {
		files += fmt.Sprintf(" (of %s files that it may open)", text.Count(g.OpenFiles))
	}
	add("Connections", "%s", files)
	return facts
}

func littleSentence(l *metrics.Little, looked bool) (said, class string) {
	if !looked {
		return "Nobody looked at how many calls were in flight, so the times cannot be checked against Little's law.", ""
	}
	if l == nil {
		return "How many calls of this run alone were in flight is not known, so the times cannot be checked against Little's law.", ""
	}
	how := fmt.Sprintf("Little's law: looking now and then, %s calls were in flight on average; by the times that were measured, it should have been %s.", text.Digits(l.Seen), text.Digits(l.Expected))
	if l.Holds {
		return how + " The two agree, so the times are right.", "good"
	}
	return how + " The two differ by more than chance, so something is wrong with the times.", "bad"
}

// leftOut are sentences on what is in none of the figures, or in some of them only.
func (s run) leftOut() (all []string) {
	for _, p := range s.Run.Phases {
		if f, there := s.Groups.Phase[p.Name]; there && p.Warmup {
			all = append(all, fmt.Sprintf("The warm-up phase %s: %s in %s, sent and shown over time, and in no other figure.", text.Printable(p.Name, 40),
				text.Plural(f.Sent, "call"), text.Duration(&p.Seconds)))
		}
	}
	if _, sent := s.Deliberate(); sent > 0 {
		all = append(all, fmt.Sprintf("The times of %s that broke the contract on purpose: a refusal is quick, and would flatter the rest. They are counted in the totals.", text.Plural(sent, "call")))
	}
	canceled := s.Total.Errors[results.Canceled.String()]
	if canceled > 0 {
		all = append(all, fmt.Sprintf("%s that %s given up because the run was stopped: in no time and in no rate of errors.", text.Plural(canceled, "call"), wasWere(canceled)))
	}
	if unread := s.Total.Errors[results.Unread.String()]; unread > 0 {
		all = append(all, fmt.Sprintf("%s whose answers andon gave up, since those under way took more memory than limits.memory allows: in no time and in no rate of errors.", text.Plural(unread, "call")))
	}
	kept := s.Total.Tried() - s.Total.Sent
	if late := s.Total.Unsent - min(kept, s.Total.Unsent); late > 0 {
		all = append(all, fmt.Sprintf("%s that %s due when the run ended, and never sent.", text.Plural(late, "call"), wasWere(late)))
	}
	if kept > 0 {
		all = append(all, fmt.Sprintf("%s that %s kept from the target, by andon's own machine or a proxy; the errors say by what.", text.Plural(kept, "call"), wasWere(kept)))
	}
	if s.Total.Dropped > 0 {
		all = append(all, fmt.Sprintf("%s never left, since no slot came free within the timeout; the latency has the time that they waited, so that the percentiles are not better for it.", text.Plural(s.Total.Dropped, "call")))
	}
	return all
}

func wasWere(n uint64) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// intervals is the table of how far the headline figures can be off.
func (s run) intervals() table {
	t := table{Header: []column{{"figure", false}, {"found", true}, {"95 % interval", true}}}
	for _, b := range s.Bounds() {
		t.Rows = append(t.Rows, []string{b.Name, b.Value, b.Interval})
	}
	return t
}

// changes is the table of what changed while the load did not.
func (s run) changes() table {
	t := table{Header: []column{{"figure", false}, {"changed by", true}, {"95 % interval", true}}}
	for _, b := range s.Changes() {
		t.Rows = append(t.Rows, []string{b.Name, b.Value, b.Interval})
	}
	return t
}

// supported says which percentiles the samples of each group can tell.
func (d Data) supported() table {
	ps := (metrics.Times{}).Percentiles()
	t := table{Header: []column{{"group", false}, {"samples", true}}}
	for _, p := range ps {
		t.Header = append(t.Header, column{fmt.Sprintf("%s (%s)", p.Name, text.Count(histogram.Needed(p.P))), true})
	}
	row := func(name string, n uint64) {
		r := []string{text.Printable(name, 40), text.Count(n)}
		for _, p := range ps {
			r = append(r, map[bool]string{true: "yes", false: text.Unsupported}[n >= histogram.Needed(p.P)])
		}
		t.Rows = append(t.Rows, r)
	}
	var all uint64
	for name, x := range d.Tiers {
		if !d.Summary.Invalid(name) {
			all += x.Samples()
		}
	}
	row("all calls", all)
	for _, name := range d.Summary.Tiers() {
		row(name, d.Tiers[name].Samples())
	}
	for _, name := range d.Summary.Contents() {
		if !d.Summary.Invalid(name) {
			row(name, d.Contents[name].Samples())
		}
	}
	return t
}
