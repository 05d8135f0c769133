package search

import (
	"math"
	"time"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/sizing"
)

// session is a search under way.
type session struct {
	Config
	// interrupt is closed when nothing more is to be sent.
	interrupt <-chan struct{}
	dir       string
	began     time.Time
	// thresholds are what the objectives of the report are made of, in the same order.
	thresholds []metrics.Threshold
	report     sizing.Report
	// low, rate and high are what is known of the capacity by now; 0 is nothing.
	low, rate, high float64
}

// leftover is what is left of a budget.
type leftover struct {
	calls   uint64
	seconds float64
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
	return l
}

// take adds a trial to the report.
func (s *session) take(m made) {
	b := &s.report.Budget
	b.SpentCalls += m.Calls
	b.SpentSeconds += m.Took
	b.SpentTrials++
	b.SpentCost = b.Price * float64(b.SpentCalls)
	b.Started += m.Started
	s.report.Trials = append(s.report.Trials, m.Shown)
	s.tell(nil)
}

// tell tells the progress.
func (s *session) tell(now *sizing.Current) {
	if s.Progress == nil {
		return
	}
	p := sizing.Progress{
		Scenario: s.Scenario.Name, Target: s.Target.String(), Elapsed: time.Since(s.began), Objectives: s.report.Objectives,
		Trials: s.report.Trials, Now: now, Rate: s.rate, Low: s.low, High: s.high, Budget: s.report.Budget, Notes: s.report.Notes,
	}
	if s.report.Need != nil {
		p.Need = s.report.Need.Tried
	}
	select {
	case <-s.interrupt:
		p.Stopping = true
	default:
	}
	s.Progress(p)
}
