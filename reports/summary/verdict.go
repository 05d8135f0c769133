package summary

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// decide fills the verdict. What makes a verdict impossible comes first, since it takes the meaning from the rest.
func (s *Summary) decide() {
	v := &s.Verdict
	v.Causes = []string{}
	because := func(format string, args ...any) {
		v.Causes = append(v.Causes, text.Sentence(fmt.Sprintf(format, args...)))
	}
	switch s.Run.End.Reason {
	case results.Interrupted:
		because("the run was interrupted: %s", s.Run.End.Detail)
	case results.Cut:
		because("the run was cut off: %s", s.Run.End.Detail)
	case results.Damaged:
		because("%s", s.Run.End.Detail)
	}
	impossible := s.impossible()
	// What the generator is short of takes the meaning from figures, and not from a breach that was found.
	stands := impossible && s.Validity.Status != metrics.NoData && s.Run.End.Reason != results.Interrupted &&
		s.Run.End.Reason != results.Cut && s.Run.End.Reason != results.Damaged && !s.partial() && s.breached()
	spoils := func() {
		if s.Validity.Status == metrics.NoData || s.Validity.Status == metrics.GeneratorLimited {
			for _, r := range s.Validity.Reasons {
				because("%s", r)
			}
		}
	}
	if !stands {
		spoils()
	}
	s.verdictOnShards(because)

	ended := -1 // the threshold that ended the run, whose figure belongs to that sentence
	switch s.Run.End.Reason {
	case results.Aborted, results.Hopeless, results.Unkept:
		why := s.Run.End.Detail
		if ended = slices.IndexFunc(s.Thresholds, func(t Threshold) bool { return !t.OK && strings.Contains(why, " "+t.Parsed.String()+" ") }); ended >= 0 {
			one := s.Thresholds[ended]
			one.Broke = nil // the sentence has the rates already
			why += ": " + one.Found()
		}
		because("%s", why)
	}
	spoiled := 0
	for i, t := range s.Thresholds {
		// Without data every threshold fails for the same reason, which is given already.
		if !t.OK && i != ended && (s.Validity.Status != metrics.NoData || t.Samples > 0) {
			because("%s: %s", t.Expr, t.Found())
			if t.Spoiled {
				spoiled++
			}
		}
	}
	if why := s.noSuccess(); why != "" {
		because("%s", why)
	}
	if why := s.impossibilities(); why != "" {
		because("the provider told of executions what cannot be: %s", why)
	}
	if why := s.repeated(); why != "" {
		because("%s", why)
	}
	if stands {
		spoils()
	}
	if len(v.Causes) == 0 {
		for _, r := range s.failedAlone() {
			because("%s failed on its own: %s", r.ID, r.Cause)
		}
	}
	switch {
	case impossible && !stands:
		v.Status, v.ExitCode = NoVerdict, 3
	case len(v.Causes) > spoiled:
		v.Status, v.ExitCode = Fail, 1
	case spoiled > 0:
		v.Status, v.ExitCode = NoVerdict, 3
	default:
		v.Status = Pass
	}
}

// Doubt leaves no verdict where all held, for causes that the runs themselves know nothing of: another shard of theirs
// is missing, say.
func (s *Summary) Doubt(causes ...string) {
	if s.Verdict.Status != Pass {
		return
	}
	s.Verdict = Verdict{Status: NoVerdict, ExitCode: 3}
	for _, cause := range causes {
		s.Verdict.Causes = append(s.Verdict.Causes, text.Printable(cause, 1000))
	}
}

// failedAlone are the runs, of several that went on one after the other, that failed: the others do not make up for
// them. Those side by side shared what was asked.
func (s *Summary) failedAlone() (runs []MergedRun) {
	if s.Run.Merged == nil || s.Run.Merged.SideBySide {
		return nil
	}
	for _, r := range s.Run.Merged.Runs {
		if r.Verdict == Fail {
			runs = append(runs, r)
		}
	}
	return runs
}

// impossible reports whether there can be no verdict on the run as a whole.
func (s Summary) impossible() bool {
	return slices.Contains([]string{results.Interrupted, results.Cut, results.Damaged, results.Unkept}, s.Run.End.Reason) ||
		s.Validity.Status == metrics.NoData || s.Validity.Status == metrics.GeneratorLimited || s.partial()
}

// breached reports whether something was found that is the target's doing however the generator did: answers that broke
// the contract, were failures or turned calls away, and connections that were refused, more of them than a condition
// allows, or times that are too long by those calls alone that the generator had no part in.
func (s *Summary) breached() bool {
	if s.impossibilities() != "" || s.repeated() != "" {
		return true
	}
	for _, t := range s.Thresholds {
		if t.OK || t.Spoiled || t.Value == nil {
			continue
		}
		op, limit := t.Parsed.Limit()
		upper, lower := op == "<" || op == "<=" || op == "==", op == ">" || op == ">=" || op == "=="
		switch by := t.Parsed.Selectors(); {
		case t.Certain || t.Parsed.Metric() == "violations":
			return true
		case t.Parsed.OfExecutions():
			if metric := t.Parsed.Metric(); upper && (metric == "failed" || metric == "lost" || metric == "growth") {
				return true // what the provider said, and what is more than it does whoever sends less
			}
		case t.Parsed.Metric() == "shed" || t.Parsed.Metric() == "refused":
			if upper {
				return true // answers that no standstill makes
			}
		case t.Parsed.Metric() == "sent" && t.Unit == metrics.Ratio && lower, t.Parsed.Metric() == "dropped" && upper:
			if t.mostlyTheirs() {
				return true // without what andon held up it falls short as well
			}
		case t.Parsed.Metric() == "ok" || t.Parsed.Metric() == "accepted":
			// Whatever had no answer may have gone well without the generator's part in it.
			if lower && by == nil && t.Unit == metrics.Ratio && *t.Value+s.unanswered() < limit {
				return true
			}
		case t.Parsed.Metric() != "errors":
		case by["error"] != "":
			if theirs(by["error"]) {
				return true
			}
		case by == nil:
			found := float64(s.failures())
			if t.Unit == metrics.Ratio {
				found /= float64(max(s.Total.Sent, 1))
			}
			if found > limit || op == "<" && found == limit && found > 0 {
				return true
			}
		}
	}
	return false
}

// mostlyTheirs reports whether the figure without andon's own part is nearer to the one that was measured than to one
// at which all calls were sent. How much of what was late was whose is an estimate, and on a machine that hardly ran at
// all a small rest is no finding about the target.
func (t Threshold) mostlyTheirs() bool {
	if t.LessOwn == nil {
		return true
	}
	whole := 0.0 // none dropped
	if t.Unit == metrics.Ratio {
		whole = 1
	}
	return math.Abs(*t.LessOwn-whole) > math.Abs(*t.LessOwn-*t.Value)
}

// unanswered is the share of the sent calls that failed without the target having said or done anything: see
// [results.Kind.Theirs].
func (s *Summary) unanswered() float64 {
	return float64(s.Total.Failed()-min(s.failures(), s.Total.Failed())) / float64(max(s.Total.Sent, 1))
}

// failures counts the calls that failed by what the target itself said or did.
func (s *Summary) failures() (n uint64) {
	for kind, count := range s.Total.Errors {
		if theirs(kind) {
			n += count
		}
	}
	return n
}

// theirs reports whether calls of this kind of error failed by what the target itself said or did.
func theirs(kind string) bool {
	k := slices.Index(results.KindNames(), kind)
	return k >= 0 && results.Kind(k).Theirs()
}

// noSuccess says that no call succeeded, and what came back instead; nothing where one did, or might have, or none was
// sent.
func (s *Summary) noSuccess() string {
	if s.Total.OK > 0 || s.Total.Sent == 0 || s.Validity.Status == metrics.NoData || s.Total.Errors[results.Unread.String()] > 0 {
		return ""
	}
	if s.Total.Failed() == 0 {
		return fmt.Sprintf("no call was accepted: all %s that were sent were turned away", text.Count(s.Total.Sent))
	}
	said := fmt.Sprintf("no call succeeded: all %s that were sent failed", text.Count(s.Total.Sent))
	if s.Total.Completed > 0 {
		return said
	}
	var kinds []string
	for _, name := range MostFirst(s.Total.Errors) {
		one := fmt.Sprintf("%s %s", text.Count(s.Total.Errors[name]), name)
		if x, ok := s.Example(func(x results.Sample) bool { return x.Kind == name }); ok && len(kinds) < 3 {
			one += ": " + text.Printable(x.Message, 200)
		}
		kinds = append(kinds, one)
	}
	return said + ". The target was reached, and gave not one whole response (" + strings.Join(kinds, "; ") + ")"
}
