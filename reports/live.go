package reports

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/metrics"
)

// Progress is what is known while a run goes on. Whoever shows one must not change it.
type Progress struct {
	// Scenario and Target say what is run.
	Scenario, Target string
	// Elapsed counts from the start of the run; Total is the length of its load.
	Elapsed, Total time.Duration
	// Phase is the name of the phase, and Shape what it asks for; it is the phase PhaseNumber, from 1, of Phases.
	Phase, Shape        string
	PhaseNumber, Phases int
	Warmup              bool
	// Asked is the rate that the plan wanted lately, in calls a second; 0 in a closed loop. Achieved is what was sent lately.
	Asked, Achieved float64
	// Callers is the number of callers that a closed loop has now; 0 in an open one.
	Callers int
	// InFlight is the number of calls in flight, Limit the most that there may be.
	InFlight, Limit int
	// P50 and P99 are the recent latency in seconds; nil where the samples cannot tell.
	P50, P99 *float64
	// The counts are those of the whole run so far, warm-ups too: Done is the calls that have ended.
	Done, Completed, Errors, Violations, Dropped uint64
	// Tiers are the figures of the measured phases so far.
	Tiers []TierProgress
	// Statuses, Kinds and Rules count what came back, over the whole run so far: by HTTP status, by kind of error and by rule
	// of the contract. The most frequent come first.
	Statuses, Kinds, Rules []Tally
	// Past are the last seconds, the latest last.
	Past []Moment
	// Stopping says that nothing more is sent, because somebody asked for it.
	Stopping bool
	// Notes are sentences on what happened beside the calls.
	Notes []string
}

// TierProgress is one tier's part in a [Progress].
type TierProgress struct {
	Name         string
	Sent, Errors uint64
	Latency      metrics.Times
}

// Tally counts one thing that came back.
type Tally struct {
	Name  string
	Count uint64
	// First is when it was first seen.
	First time.Duration
}

// Moment is one of the last seconds.
type Moment struct {
	Achieved float64
	// P50 and P99 are the latency in seconds; nil where the samples cannot tell.
	P50, P99 *float64
}

// WriteProgress writes p in one line, for logs and for terminals that show no more.
func WriteProgress(w io.Writer, p Progress) {
	fmt.Fprintf(w, "%6.1fs  %s\n", p.Elapsed.Seconds(), p.sentence())
}

// sentence says the most important of it in one line.
func (p Progress) sentence() string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	left := p.left()
	add("%s", p.remaining())
	name := Printable(p.Phase, 20)
	if p.Warmup {
		name += " (warm-up)"
	}
	add("%s", name)
	if p.Callers > 0 || left > 0 {
		add("%s", p.pace())
	}
	add("%d in flight", p.InFlight)
	add("p50 %s p99 %s", duration(p.P50), duration(p.P99))
	add("%s", plural(p.Errors, "error"))
	add("%s", plural(p.Violations, "violation"))
	if p.Dropped > 0 {
		add("%s dropped", count(p.Dropped))
	}
	return strings.Join(parts, " · ")
}

func (p Progress) left() time.Duration { return max(p.Total-p.Elapsed, 0) }

// remaining says how long it will go on.
func (p Progress) remaining() string {
	switch left := p.left(); {
	case p.Stopping:
		return "stopping"
	case left > 0:
		return max(left.Round(time.Second), time.Second).String() + " left"
	}
	return "waiting for the last answers"
}

func (p Progress) pace() string {
	if p.Callers > 0 {
		return fmt.Sprintf("%d callers, closed loop, %s", p.Callers, rate(p.Achieved))
	}
	return fmt.Sprintf("%s of %s", rate(p.Achieved), rate(p.Asked))
}
