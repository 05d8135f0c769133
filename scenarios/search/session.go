package search

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios"
	"github.com/kaizenautomation/andon/scenarios/capacity"
)

// session is a search under way.
type session struct {
	Config
	// interrupt is closed when nothing more is to be sent.
	interrupt <-chan struct{}
	dir       string
	held      *os.File // the directory, locked
	began     time.Time
	// thresholds are what the objectives of the report are made of, in the same order.
	thresholds []metrics.Threshold
	report     sizing.Report
	record     record
	// replay are the trials of before, which are given again and not made.
	replay []kept
	// low, rate and high are what is known of the capacity by now; 0 is nothing.
	low, rate, high float64
	// retried says whether calls were taken again when Retry-After said they would be; empty where that is not known.
	retried string
	// attempt, if not nil, makes the trials: where no target is there, and the truth is known.
	attempt func(context.Context, want) (made, error)
	// until is how many seconds may be spent when the question is to be left that is asked now; 0 is no bound.
	until float64
	// retries says that it was tried.
	retries bool
}

// leftover is what is left of a budget.
type leftover struct {
	calls   uint64
	seconds float64
}

// String says what is left of what is bounded.
func (l leftover) String() string {
	var parts []string
	if l.calls < math.MaxUint64 {
		parts = append(parts, text.Plural(l.calls, "call"))
	}
	if !math.IsInf(l.seconds, 1) {
		parts = append(parts, text.Duration(&l.seconds))
	}
	return strings.Join(parts, " and ")
}

// left is what may still be used.
func (s *session) left() leftover {
	b := s.report.Budget
	l := leftover{calls: math.MaxUint64, seconds: math.Inf(1)}
	if b.Calls > 0 {
		l.calls = b.Calls - min(b.SpentCalls, b.Calls)
	}
	if b.Seconds > 0 {
		l.seconds = max(b.Seconds-b.SpentSeconds, 0)
	}
	if s.until > 0 {
		l.seconds = min(l.seconds, max(s.until-b.SpentSeconds, 0))
	}
	return l
}

// spend counts a trial in the budget.
func (s *session) spend(k kept) {
	b := &s.report.Budget
	b.SpentCalls += k.Shown.Calls
	b.SpentSeconds += k.Took
	b.SpentTrials++
	b.SpentCost = b.Price * float64(b.SpentCalls)
	b.Started += k.Started
}

// take adds a trial to the report and to the record.
func (s *session) take(m made) error {
	k := kept{Trial: m.Trial, Shown: m.Shown, Took: m.Took, Started: m.Started, Lost: m.Lost, Ended: m.Ended}
	s.spend(k)
	s.report.Trials = append(s.report.Trials, m.Shown)
	s.record.Trials, s.record.Going = append(s.record.Trials, k), nil
	s.tell(nil)
	return s.remember()
}

// known is the trial of before that stands for the one that is wanted; false where there is none. The order is that in
// which they were made. What is needed may be another rate by now, which no trial at the former one answers.
func (s *session) known(w want) (made, bool) {
	for i, k := range s.replay {
		if k.Shown.Of != w.Of || k.Shown.About != w.About || k.Shown.Callers != w.Callers || w.Ask.Step == capacity.Decision && k.Shown.Rate != w.Ask.Rate {
			continue
		}
		// What is measured at a rate that hangs on the capacity is measured again where more is known of that by now. A
		// search takes any rate.
		if w.Seconds > 0 && w.Callers == 0 && math.Abs(k.Shown.Rate/w.Ask.Rate-1) > 0.005 {
			continue
		}
		dir := filepath.Join(s.dir, filepath.FromSlash(k.Shown.Dir))
		// What only its run directory tells is left out where that is gone.
		sum, _ := summary.Read(dir)
		s.replay = append(s.replay[:i:i], s.replay[i+1:]...)
		s.spend(k)
		return made{Trial: k.Trial, Shown: k.Shown, Dir: dir, Summary: sum, Took: k.Took, Started: k.Started, Lost: k.Lost, replayed: true}, true
	}
	return made{}, false
}

// waiting is what the trials of before have used that have not been given again yet: the budget does not know of it.
func (s *session) waiting() (calls uint64, seconds float64) {
	for _, k := range s.replay {
		calls, seconds = calls+k.Shown.Calls, seconds+k.Took
	}
	return calls, seconds
}

// replays reports whether a trial for something was made before, and is given again when it is asked for.
func (s *session) replays(of string) bool {
	return slices.ContainsFunc(s.replay, func(k kept) bool { return k.Shown.Of == of })
}

// note adds a sentence to the report.
func (s *session) note(said string) {
	s.report.Notes = append(s.report.Notes, said)
	s.tell(nil)
}

// stopped reports whether nothing more is to be sent.
func (s *session) stopped() bool {
	select {
	case <-s.interrupt:
		return true
	default:
		return false
	}
}

// tell tells the progress.
func (s *session) tell(now *sizing.Current) {
	if s.Progress == nil {
		return
	}
	p := sizing.Progress{
		Scenario: s.Scenario.Name, Target: s.Target.String(), Elapsed: time.Since(s.began), Objectives: s.report.Objectives,
		Trials: s.report.Trials, Now: now, Rate: s.rate, Low: s.low, High: s.high, Budget: s.report.Budget, Notes: s.report.Notes,
		Stopping: s.stopped(),
	}
	if s.report.Need != nil {
		p.Need = s.report.Need.Tried
	}
	s.Progress(p)
}

// remember writes the record.
func (s *session) remember() error {
	if err := results.WriteJSON(filepath.Join(s.dir, recordFile), s.record); err != nil {
		return fmt.Errorf("what is known of the search cannot be kept: %w", err)
	}
	return nil
}

// least is for how many seconds a trial measures at least: of a short budget, there is something left for others.
func (s *session) least() float64 {
	if s.Seconds == 0 {
		return 10
	}
	return math.Min(math.Max(s.Seconds/90, 1), 10)
}

// end says how the search has ended, once.
func (s *session) end(ended, detail string) {
	if s.report.Run.Ended == "" {
		s.report.Run.Ended, s.report.Run.Detail = ended, detail
	}
}

func arrivalsName(a scenarios.Arrivals) string {
	if a == scenarios.Poisson {
		return "poisson"
	}
	return "even"
}
