// Package summary says what came of a run, or of a verification, as plain data: the verdict and the figures that every
// rendering is made of.
//
// A [Summary] follows from what was measured alone, so that a run summarized live and the same run read from its files
// have the same one; most renderings are a function of it, and can be made again from summary.json at any time. A
// [Verification] is a list of checks with a verdict; a run can be read as one too, so that what writes checks is
// written once. [Progress] is what is known while a run goes on. What the provider sent is in samples and reasons, and
// is escaped wherever it is shown.
package summary

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/executions"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// Summary is the document summary.json: times in seconds, sizes in bytes, rates in calls a second. A figure that the
// samples cannot support is null.
type Summary struct {
	// Schema names this format: "andon.summary/3".
	Schema   string           `json:"schema"`
	Verdict  Verdict          `json:"verdict"`
	Validity metrics.Validity `json:"validity"`
	Run      Run              `json:"run"`
	// Total is all measured phases, without warm-ups; the times of deliberately invalid calls are left out.
	Total  metrics.Figures `json:"total"`
	Groups Groups          `json:"groups"`
	// Intervals say how far the figures of Total can be off; nil in a summary that a version of andon wrote which had
	// none.
	Intervals *metrics.Intervals `json:"intervals,omitempty"`
	// Drift says how figures changed over the phases that asked for the same load all along, or for one that came again
	// and again, where these were long enough.
	Drift []metrics.Drift `json:"drift,omitempty"`
	// Comparison holds tiers and content signatures against each other; nil in a summary that a version of andon wrote
	// which had none (see [Summary.Compare]).
	Comparison *Comparisons `json:"comparison,omitempty"`
	// Executions say what became of the executions that calls started; nil where they were not followed.
	Executions *executions.Report `json:"executions,omitempty"`
	// Parts are what the service time of all measured phases is made of.
	Parts metrics.Parts `json:"parts"`
	// Generator says how the generator itself did.
	Generator metrics.Generator `json:"generator"`
	// Thresholds are the scenario's, and those that hold without being written down.
	Thresholds []Threshold `json:"thresholds"`
	// Samples show the first call of each kind of trouble.
	Samples []results.Sample `json:"samples"`
	// Slowest are the slowest calls of each class, the slowest first.
	Slowest []SlowCall `json:"slowest"`
	// Timeline is the run in stretches of equal length, warm-ups included.
	Timeline []metrics.Point `json:"timeline"`
}

// SlowCall is one of the slowest calls of its class.
type SlowCall struct {
	metrics.SlowCall
	// TraceID is the trace-id that the call carried, if calls carried one.
	TraceID string `json:"traceId,omitempty"`
}

// Run says what was run.
type Run struct {
	ID       string `json:"id"`
	Scenario string `json:"scenario"`
	Seed     uint64 `json:"seed"`
	Target   string `json:"target"`
	// Started is when the run directory was made; due times count from a few milliseconds later.
	Started time.Time `json:"started"`
	// DurationSeconds is the time from the start to the last response.
	DurationSeconds float64 `json:"durationSeconds"`
	// SpecSHA256 is the hash of the description that responses were judged by.
	SpecSHA256 string `json:"specSha256"`
	// Release is what was deployed at the target, and Labels are what else the run is known by, both in the words of
	// whoever started it; of merged runs, the labels that all have.
	Release string            `json:"release,omitempty"`
	Labels  map[string]string `json:"labels,omitempty"`
	// Insecure says that any certificate of the target was taken.
	Insecure bool `json:"insecure,omitempty"`
	// Command is the command line that repeats the run; Platform is what it ran on.
	Command  []string `json:"command"`
	Platform string   `json:"platform"`
	// Andon is the version of the tool.
	Andon string `json:"andon"`
	// End says how the run ended.
	End End `json:"end"`
	// ClosedLoop marks a run without due times, whose latency is service time.
	ClosedLoop     bool    `json:"closedLoop"`
	InFlight       int     `json:"inFlight"`
	TimeoutSeconds float64 `json:"timeoutSeconds"`
	// LagSeconds is the tolerated lag where the scenario names one.
	LagSeconds float64 `json:"lagSeconds,omitempty"`
	// PacingSeconds is how much later than due calls were allowed to leave, where the scenario says so.
	PacingSeconds float64 `json:"pacingSeconds,omitempty"`
	// Phases and Classes give the order of the groups.
	Phases  []results.Phase `json:"phases"`
	Classes []results.Class `json:"classes"`
	// NoTier is the tier of the calls that name none, where it is not "default".
	NoTier string `json:"noTier,omitempty"`
	// Rules are the rules of the contract that every response was held against, and Unchecked those of them that were
	// switched off.
	Rules     []string `json:"rules,omitempty"`
	Unchecked []string `json:"unchecked,omitempty"`
	// Deviations are the known ones, each with what became of it.
	Deviations []Deviation `json:"deviations,omitempty"`
	// Merged is there if this is the report of several runs: ID, scenario and target then name all of them, the seed is
	// that of the first, and no command line repeats them.
	Merged *Merged `json:"merged,omitempty"`
	// Shard is there if this is the report of one shard alone.
	Shard *results.Shard `json:"shard,omitempty"`
}

// Insecure says what a report is worth of a target whose certificate was not checked.
const Insecure = "WARNING: the target's certificate was not checked, so that anybody in between may have answered in its place."

// uncheckedCertificate says it as a property.
func uncheckedCertificate() [2]string { return [2]string{"certificate", "not checked"} }

// KnownBy is that the target's certificate was not checked, the release and the labels, in the order of their names, as
// name and text.
func (r Run) KnownBy() (list [][2]string) {
	if r.Insecure {
		list = append(list, uncheckedCertificate())
	}
	if r.Release != "" {
		list = append(list, [2]string{"release", r.Release})
	}
	for _, name := range slices.Sorted(maps.Keys(r.Labels)) {
		list = append(list, [2]string{name, r.Labels[name]})
	}
	return list
}

// End says how a run ended: one of the reasons of package results, and one sentence where that is not all.
type End struct {
	Reason string `json:"reason"`
	Detail string `json:"detail,omitempty"`
}

// Merged says that a summary is of several runs, and of which.
type Merged struct {
	// SideBySide reports whether they went on at the same time. If so, rates are those of all together; else they are
	// the mean of one run.
	SideBySide bool        `json:"sideBySide"`
	Runs       []MergedRun `json:"runs"`
	// Shards is there if they are parts of one.
	Shards *Shards `json:"shards,omitempty"`
}

// MergedRun is one of several runs.
type MergedRun struct {
	ID              string    `json:"id"`
	Scenario        string    `json:"scenario"`
	Seed            uint64    `json:"seed"`
	Target          string    `json:"target"`
	Started         time.Time `json:"started"`
	DurationSeconds float64   `json:"durationSeconds"`
	End             End       `json:"end"`
	// Validity is the status of this run alone, as [metrics.Validity] has it.
	Validity string `json:"validity"`
	// Sent counts the calls of the measured phases.
	Sent uint64 `json:"sent"`
	// Verdict is that on this run alone, and Cause the first of its causes.
	Verdict string `json:"verdict,omitempty"`
	Cause   string `json:"cause,omitempty"`
}

// Groups are the figures by tier, content signature, class and phase. Warm-ups are among the phases and in no other
// group.
type Groups struct {
	Tier    map[string]metrics.Figures `json:"tier"`
	Content map[string]metrics.Figures `json:"content"`
	Class   map[string]metrics.Figures `json:"class"`
	Phase   map[string]metrics.Figures `json:"phase"`
}

// Threshold is a condition and what became of it.
type Threshold struct {
	metrics.Outcome
	// Implicit marks a condition that holds though the scenario does not name it.
	Implicit bool `json:"implicit,omitempty"`
	// Left marks one of a shard alone that only all of them together can tell. It counts as OK.
	Left bool `json:"left,omitempty"`
	// Parsed is the condition itself, made of its text once, when a run or a summary is read; the zero value where
	// another version of andon wrote the text, and this one cannot read it.
	Parsed metrics.Threshold `json:"-"`
}

// Verdict is the answer to the question that the run was started for.
type Verdict struct {
	// Status is Pass, Fail or NoVerdict.
	Status string `json:"status"`
	// ExitCode is 0, 1 or 3, in the same order.
	ExitCode int `json:"exitCode"`
	// Causes are sentences that say why it is not a pass.
	Causes []string `json:"causes"`
}

// What a verdict can be.
const (
	Pass      = "pass"
	Fail      = "fail"
	NoVerdict = "no-verdict" // nothing can be said: interrupted, cut, generator-limited, or no response at all
)

// Found says what a threshold found.
func (t Threshold) Found() string {
	if t.Spoiled || t.Value == nil || t.Samples == 0 {
		return t.Reason
	}
	figure := t.Figure()
	switch {
	case t.Bounds != nil && t.Parsed.Metric() == "growth":
		figure += " (" + t.Between() + ")"
	case t.Bounds != nil:
		figure = t.Between()
	}
	of := "sample"
	if t.Parsed.OfExecutions() {
		of = "execution"
	}
	said := fmt.Sprintf("found %s over %s", figure, text.Plural(t.Samples, of))
	if t.Windows != nil {
		said += " " + t.Windows.String()
	}
	if t.Broke != nil {
		said += "; it " + t.Broke.String()
	}
	return said
}

// FigureLessOwn is the threshold's value without what andon itself held calls up for, in its unit.
func (t Threshold) FigureLessOwn() string {
	t.Value = t.LessOwn
	return t.Figure()
}

// Figure is the threshold's value in its unit.
func (t Threshold) Figure() string {
	switch {
	case t.Value == nil:
		return text.Unsupported
	case t.Unit == metrics.Seconds:
		return text.Duration(t.Value)
	case t.Unit == metrics.Ratio:
		return text.Percent(*t.Value)
	case t.Unit == metrics.PerSecond:
		return text.Rate(*t.Value)
	}
	return text.Count(uint64(max(*t.Value, 0)))
}

// Tiers gives the tiers in the description's order, as far as calls of them were planned or sent.
func (s Summary) Tiers() []string { return s.ordered(s.Groups.Tier, tierOf) }

// Contents gives the content signatures in the same way.
func (s Summary) Contents() []string { return s.ordered(s.Groups.Content, contentOf) }

func tierOf(c results.Class) string    { return c.Tier }
func contentOf(c results.Class) string { return c.Content }

func (s Summary) ordered(groups map[string]metrics.Figures, name func(results.Class) string) (names []string) {
	for _, c := range s.Run.Classes {
		f, there := groups[name(c)]
		if there && !slices.Contains(names, name(c)) && (f.Sent > 0 || f.Dropped > 0 || f.Planned != nil && *f.Planned > 0) {
			names = append(names, name(c))
		}
	}
	return names
}

// NamesTier reports whether the calls of a group of tiers name one. Those that name none are not what others are held
// against.
func (r Run) NamesTier(group string) bool { return group != cmp.Or(r.NoTier, "default") }

// Invalid reports whether a tier, a content signature or a class is that of the calls that break the contract on
// purpose. A name says nothing of it: a tier of the description can be called invalid too.
func (s Summary) Invalid(group string) bool {
	found := false
	for _, c := range s.Run.Classes {
		if c.Tier == group || c.Content == group || c.Name == group {
			if !c.Invalid {
				return false
			}
			found = true
		}
	}
	return found
}

// Deliberate are the calls that broke the contract on purpose: the name of their tier, and how many were sent.
func (s Summary) Deliberate() (tier string, sent uint64) {
	for _, n := range s.Tiers() {
		if s.Invalid(n) {
			return n, s.Groups.Tier[n].Sent
		}
	}
	return "", 0
}

// Times are the times that stand for a group: latency, or service time where nothing is due.
func (s Summary) Times(f metrics.Figures) metrics.Times {
	if s.Run.ClosedLoop {
		return f.Service
	}
	return f.Latency
}

// MostFirst orders names by their counts.
func MostFirst(counts map[string]uint64) []string {
	return slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), strings.Compare(a, b))
	})
}

// Example is the first sample that fits; false where there is none.
func (s Summary) Example(fits func(results.Sample) bool) (x results.Sample, ok bool) {
	i := slices.IndexFunc(s.Samples, fits)
	if i < 0 {
		return x, false
	}
	return s.Samples[i], true
}

// NoStatus is how many of the calls that were sent got no head of a response.
func (s Summary) NoStatus() uint64 {
	var answered uint64
	for _, n := range s.Total.Status {
		answered += n
	}
	return s.Total.Sent - min(answered, s.Total.Sent)
}
