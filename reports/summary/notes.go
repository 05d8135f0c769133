package summary

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/reports/executions"
	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// ClosedLoop says what a closed loop hides.
const ClosedLoop = "Closed loop: each caller sends when its last call is answered, so nothing is due and there is no latency from a due time. " +
	"A slow answer delays the calls behind it, and that wait is in none of these figures: service times look better than users would find them."

// Notes are the sentences below the tables.
func (s Summary) Notes() (notes []string) {
	if s.Run.Insecure {
		notes = append(notes, Insecure)
	}
	if s.Run.Merged != nil {
		notes = append(notes, s.Run.Merged.note())
	}
	if note := s.shardNote(); note != "" {
		notes = append(notes, note)
	}
	if s.Run.End.Reason == results.Enough {
		notes = append(notes, text.Sentence("the sending ended before its time, since enough was measured: "+s.Run.End.Detail))
	}
	if s.Run.ClosedLoop {
		notes = append(notes, ClosedLoop)
	}
	for _, r := range s.Doubts() {
		notes = append(notes, text.Sentence(s.Validity.Status+": "+r))
	}
	if note := s.Tolerance(); note != "" {
		notes = append(notes, note)
	}
	if note := s.Pacing(); note != "" {
		notes = append(notes, note)
	}
	if l := s.Generator.Little; s.Generator.Doubtful() {
		notes = append(notes, fmt.Sprintf("Andon's own check fails: by Little's law %s calls were in flight on average, and %s were counted; "+
			"something is wrong with the times of this run.", text.Digits(l.Expected), text.Digits(l.Seen)))
	}
	if note := s.generatorNote(); note != "" {
		notes = append(notes, note)
	}
	if note := s.swapped(); note != "" {
		notes = append(notes, note)
	}
	if n := s.Generator.Encoded; n > 0 {
		notes = append(notes, fmt.Sprintf("The bodies of %s were compressed, which no call asks for; gzip and deflate were unpacked and judged, anything else as it came.",
			text.Plural(n, "answer")))
	}
	notes = append(notes, s.Drifted()...)
	notes = append(notes, s.followed()...)
	if s.Bounds() != nil {
		notes = append(notes, Certainty)
	}
	if note := s.turnedAway(); note != "" {
		notes = append(notes, note)
	}
	if n := s.Total.Touched; n > 0 {
		notes = append(notes, fmt.Sprintf("Andon itself held up %s for longer than is tolerated: the truth lies between the times as measured and those less andon's own standstill.",
			text.Plural(n, "call")))
	}
	if s.lacks() {
		notes = append(notes, fmt.Sprintf("%s: too few samples for this percentile; p95 needs %s, p99 %s, p99.9 %s.", text.Unsupported,
			text.Count(histogram.Needed(95)), text.Count(histogram.Needed(99)), text.Count(histogram.Needed(99.9))))
	}
	if s.Executions != nil && s.Executions.Lacks() {
		notes = append(notes, executions.Undetermined)
	}
	if note := s.MostlyWarmup(); note != "" {
		notes = append(notes, note)
	} else if slices.ContainsFunc(s.Run.Phases, func(p results.Phase) bool { return p.Warmup }) {
		notes = append(notes, "Warm-ups are sent and shown as phases, and left out of all other figures and of the thresholds.")
	}
	if tier, sent := s.Deliberate(); sent > 0 {
		notes = append(notes, text.Printable(tier, 40)+": calls that break the contract on purpose, and are ok when refused; their times are in no other figure.")
	}
	return notes
}

// swapped says that calls may have been given the answers of others; empty where nothing hints at it. Ids that came
// twice are a hint only beside bytes that came unasked: alone they are the provider's own breach. The order of ids is
// none, since calls in flight at a time are answered in any order.
func (s Summary) swapped() string {
	n := s.Generator.Unasked
	if n == 0 {
		return ""
	}
	ids := ""
	if s.Generator.Repeated > 0 {
		ids = fmt.Sprintf(", and %s came with the executionId of another call", text.Plural(s.Generator.Repeated, "answer"))
	}
	return fmt.Sprintf("Unasked bytes came on %s, each of which was closed for it%s: answers of this run may have been swapped. What came when "+
		"the next call was already on its way was taken for its answer, which nobody can tell.", text.Plural(n, "connection"), ids)
}

// Doubts are the reasons for which the run is not valid that the verdict does not give among its causes: what has been
// said there is not said again.
func (s Summary) Doubts() (reasons []string) {
	for _, r := range s.Validity.Reasons {
		if !slices.Contains(s.Verdict.Causes, text.Sentence(r)) {
			reasons = append(reasons, r)
		}
	}
	return reasons
}

// Unexplained is why a threshold has no figure, where the verdict does not say so among its causes; else empty.
func (s Summary) Unexplained(t Threshold) string {
	said := func(cause string) bool { return strings.Contains(cause, t.Expr+": "+strings.TrimRight(t.Reason, ".")) }
	if t.OK || t.Value != nil && t.Samples > 0 || slices.ContainsFunc(s.Verdict.Causes, said) {
		return ""
	}
	return t.Reason
}

// Outcome is what came of the calls with one outcome.
type Outcome struct {
	results.Outcome
	metrics.Came
}

// TurnedAway are the outcomes that occurred, where the provider did not accept all calls, without the refusals that
// were asked for; else none.
func (s Summary) TurnedAway() (all []Outcome) {
	f := s.Total
	if f.Failed()+f.Of(results.OutcomeShed) == 0 {
		return nil
	}
	for _, o := range results.Outcomes() {
		came := f.Outcomes[o.String()]
		if tier, _ := s.Deliberate(); tier != "" && o == results.OutcomeRefused {
			came.Count -= min(s.Groups.Tier[tier].Of(o), came.Count)
		}
		if came.Count > 0 {
			all = append(all, Outcome{o, came})
		}
	}
	return all
}

// turnedAway says which calls are left out of the times, since they were turned away; nothing where none are.
func (s Summary) turnedAway() string {
	f := s.Total
	tier, _ := s.Deliberate()
	shed, accepted := f.Of(results.OutcomeShed), f.Of(results.OutcomeAccepted)
	failed := f.Completed - min(accepted+shed+f.Of(results.OutcomeRefused), f.Completed)
	refused := f.Of(results.OutcomeRefused)
	if tier != "" {
		refused -= min(s.Groups.Tier[tier].Of(results.OutcomeRefused), refused)
	}
	if len(f.Outcomes) == 0 || shed+refused+failed == 0 { // an older version's times are of all answers
		return ""
	}
	var said []string
	for _, left := range []struct {
		n    uint64
		what string
	}{{shed, "shed"}, {refused, "refused"}, {failed, "answered with a failure"}} {
		if left.n > 0 {
			said = append(said, text.Count(left.n)+" "+left.what)
		}
	}
	return "Latency and service times are those of the accepted calls, and of those that were given up after their time. Answers that turn a call away are in none of them: " +
		strings.Join(said, ", ") + ". Each outcome has times of its own."
}

// Tolerance says how late calls may have left, and what comes of it, where that is not the usual. It is empty where it
// is, and in a closed loop, in which nothing is due.
func (s Summary) Tolerance() string {
	usual := metrics.Tolerance.Seconds()
	switch lag := s.Run.LagSeconds; {
	case s.Run.ClosedLoop || !(lag > 0) || lag == usual:
		return ""
	case lag < usual:
		return fmt.Sprintf("The scenario tolerates a lag of no more than %s (limits.lag), where %s is usual.", text.Duration(&lag), text.Duration(&usual))
	default:
		return fmt.Sprintf("The scenario tolerates a lag of %s (limits.lag), where %s is usual: andon itself may have held calls up for so long without the run "+
			"being called generator-limited, and latencies may be longer by as much.", text.Duration(&lag), text.Duration(&usual))
	}
}

// Pacing says that calls left together, and what that is in; empty where each left when it was due.
func (s Summary) Pacing() string {
	if !(s.Run.PacingSeconds > 0) {
		return ""
	}
	by := text.Duration(&s.Run.PacingSeconds)
	return fmt.Sprintf("Calls left up to %s later than they were due, several together (pacing), which is in their lag and their latency.", by)
}

// MostlyWarmup says that warm-ups are most of the run, by its time or by its calls, and what they hide: what they have
// seen decides nothing. It is empty where they are not.
func (s Summary) MostlyWarmup() string {
	var seconds, of float64
	var warm metrics.Counts
	for _, p := range s.Run.Phases {
		if of += p.Seconds; p.Warmup {
			f := s.Groups.Phase[p.Name]
			seconds += p.Seconds
			warm.Sent += f.Sent
			warm.Errors += f.Failed()
			warm.Violations += f.Violated()
		}
	}
	all := warm.Sent + s.Total.Sent
	if 2*seconds <= of && 2*warm.Sent <= all {
		return ""
	}
	return fmt.Sprintf("The warm-up is most of the run: %s of %s and %s of %s are in no other figure and in no threshold, among them "+
		"%s and %s of the contract. What decides is the rest alone: make the warm-up shorter, or the measured phases longer.",
		text.Duration(&seconds), text.Duration(&of), text.Count(warm.Sent), text.Plural(all, "call"),
		text.Plural(warm.Errors, "error"), text.Plural(warm.Violations, "violation"))
}

// generatorNote says with what the calls were sent; nothing where it is not known.
func (s Summary) generatorNote() string {
	g := s.Generator
	if g.Transport == "" {
		return ""
	}
	spoken := ""
	if g.Protocol != "" {
		spoken = " (" + text.Printable(g.Protocol, 20) + " was spoken)"
	}
	if g.CPUMax == 0 && g.Connections == 0 {
		return fmt.Sprintf("Sent by %s%s; how that did itself was not noted.", g.Transport, spoken)
	}
	note := fmt.Sprintf("Sent by %s%s: %s; %s of %s used on average, %s in the busiest second.", g.Transport, spoken,
		text.Plural(g.Connections, "connection"), text.Digits(g.CPU), text.Plural(uint64(max(g.Cores, 0)), "core"), text.Digits(g.CPUMax))
	if g.StallSeconds > 0 {
		note += fmt.Sprintf(" Andon itself stood still for %s, for %s at once.", text.Duration(&g.StallSeconds), text.Duration(&g.StallMax))
	}
	if worst := s.Validity.OwnLag.Max; s.Validity.Status != metrics.GeneratorLimited && worst != nil && *worst > metrics.Tolerance.Seconds() {
		note += fmt.Sprintf(" The call that it held up for longest lost %s by that.", text.Duration(worst))
	}
	return note
}

// lacks reports whether a percentile that is shown is not supported.
func (s Summary) lacks() bool {
	short := func(f metrics.Figures) bool {
		x := s.Times(f)
		return x.Max != nil && (x.P50 == nil || x.P95 == nil || x.P99 == nil || x.P999 == nil)
	}
	for _, g := range []map[string]metrics.Figures{s.Groups.Tier, s.Groups.Content, s.Groups.Phase} {
		for _, f := range g {
			if short(f) {
				return true
			}
		}
	}
	return short(s.Total)
}

// VerdictLine says the verdict in one line, without its causes.
func (s Summary) VerdictLine() (word, rest string) {
	held, left := 0, 0
	for _, t := range s.Thresholds {
		if t.Left {
			left++
		}
		if t.OK {
			held++
		}
	}
	switch s.Verdict.Status {
	case Pass:
		if left > 0 {
			return "PASS", fmt.Sprintf("%d of %s held, %d %s", held-left, text.Plural(uint64(held), "threshold"), left, Left)
		}
		if held == 1 {
			return "PASS", "the one threshold held"
		}
		return "PASS", fmt.Sprintf("all %d thresholds held", held)
	case Fail:
		spoiled := 0
		for _, t := range s.Thresholds {
			if t.Spoiled {
				spoiled++
			}
		}
		if missed := len(s.Thresholds) - held - spoiled; missed > 0 {
			return "FAIL", fmt.Sprintf("%d of %s did not hold", missed, text.Plural(uint64(len(s.Thresholds)), "threshold"))
		}
		return "FAIL", "the run did not do what it was for"
	}
	return "NO VERDICT", "the run cannot tell"
}

// note says how a merged report is to be read.
func (m *Merged) note() string {
	var runs []string
	for i, r := range m.Runs {
		if i == 10 {
			runs = append(runs, fmt.Sprintf("and %d more", len(m.Runs)-i))
			break
		}
		runs = append(runs, fmt.Sprintf("%s (seed %d, %s sent, %s, %s, %s)", r.ID, r.Seed, text.Count(r.Sent), r.End.Reason, r.Validity, cmp.Or(r.Verdict, NoVerdict)))
	}
	said := fmt.Sprintf("%s were merged, and every percentile is that of all their calls: %s. ", text.Plural(uint64(len(m.Runs)), "run"), strings.Join(runs, ", "))
	if len(runs) == 1 {
		return fmt.Sprintf("Of the run %s there is one shard: %s.", text.Printable(m.Shards.Group, 80), runs[0])
	}
	if m.Shards != nil {
		return said + fmt.Sprintf("They are shards of one run, %s, and their times count from its start, whatever the clocks of their machines say.", text.Printable(m.Shards.Group, 80))
	}
	if m.SideBySide {
		return said + "By the clocks of their machines they went on side by side, so rates are those of all together."
	}
	return said + "They did not all go on at the same time, so rates are the mean of one run, and the times of the timeline count from the start of each."
}
