package search

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios/capacity"
)

const (
	// rest is how long the target is waited for at most, and pause for how long between two looks at it.
	rest  = 60 * time.Second
	pause = 5 * time.Second
	// probes is how many calls such a look takes, one after the other.
	probes = 20
	// calm is by how much more than in the calmest trial they may take.
	calm = 1.5
)

// drain sees that the target has done with what a trial has sent it, and gives how many seconds that took. Where all
// calls were answered it has. Where calls were given up it may work on them yet, which slows others down: a few are
// made, one after the other, until they take no longer than in the calmest trial.
func (s *session) drain(ctx context.Context, m made) (seconds float64, err error) {
	if took, err := s.retry(ctx, m); err != nil || s.report.Run.Ended != "" {
		return took, err
	} else if m.Lost == 0 {
		return took, nil
	} else {
		seconds = took
	}
	about := fmt.Sprintf("after trial %d", m.Shown.N)
	for i := 0; ; i++ {
		p, err := s.trial(ctx, want{Of: "drain", About: about, Scenario: s.acceptance(), Ask: capacity.Ask{Calls: probes}, Callers: 1, Seconds: pause.Seconds()})
		if errors.Is(err, errSpent) {
			return seconds, nil
		} else if err != nil {
			return seconds, s.gone(err)
		}
		seconds += p.Took
		switch {
		case p.Ended != "":
			s.end(p.Ended, p.Why)
			return seconds, nil
		case s.isCalm(p):
			took := seconds
			s.report.Trials[m.Shown.N-1].Drained = &took
			return seconds, nil
		case seconds >= rest.Seconds():
			s.note(fmt.Sprintf("After trial %d the target had not come to rest within %s: single calls took longer than before, so that what came next may look worse than it is.",
				m.Shown.N, rest))
			return seconds, nil
		}
		if !p.replayed {
			seconds += s.wait(ctx, pause)
		}
	}
}

// wait waits, unless the search is told to stop, and counts that in the budget.
func (s *session) wait(ctx context.Context, d time.Duration) (seconds float64) {
	began := time.Now()
	select {
	case <-time.After(d):
	case <-s.interrupt:
	case <-ctx.Done():
	}
	seconds = time.Since(began).Seconds()
	s.report.Budget.SpentSeconds += seconds
	s.record.Waited += seconds
	return seconds
}

// retry sees, once, whether calls are taken again when Retry-After says they would be: after the first trial in which
// calls were shed, when that time is over, a few are made one after the other.
func (s *session) retry(ctx context.Context, m made) (seconds float64, err error) {
	after := m.Summary.Total.RetryAfter
	if s.retries || m.Shown.Shed == 0 || after == nil || after.Max > rest.Seconds() {
		return 0, nil
	}
	s.retries = true
	if !s.replays("retry") {
		seconds = s.wait(ctx, time.Duration(after.Max*float64(time.Second)))
	}
	p, err := s.trial(ctx, want{
		Of: "retry", About: fmt.Sprintf("after trial %d", m.Shown.N), Scenario: s.Scenario, Ask: capacity.Ask{Calls: probes}, Callers: 1, Seconds: pause.Seconds(),
	})
	switch {
	case errors.Is(err, errSpent):
		return seconds, nil
	case err != nil:
		return seconds, s.gone(err)
	case p.Ended != "":
		s.end(p.Ended, p.Why)
		return seconds, nil
	}
	what := fmt.Sprintf("Retry-After, of %s, is kept: %s after it, one after the other, were all taken", text.Duration(&after.Max), text.Plural(p.Calls, "call"))
	if p.Shown.Shed > 0 {
		what = fmt.Sprintf("Retry-After, of %s, is not kept: of %s after it, one after the other, %s were shed again", text.Duration(&after.Max), text.Plural(p.Calls, "call"), text.Percent(p.Shown.Shed))
	}
	s.retried = what
	return seconds + p.Took, nil
}

// isCalm reports whether single calls take what they took in the calmest trial: that of the lowest rate. All have to be
// answered.
func (s *session) isCalm(p made) bool {
	if p.Lost > 0 || p.Shown.P50 == nil {
		return false
	}
	var calmest *sizing.Trial
	for i, t := range s.report.Trials {
		if t.Callers == 0 && t.P50 != nil && (calmest == nil || t.Rate < calmest.Rate) {
			calmest = &s.report.Trials[i]
		}
	}
	return calmest == nil || *p.Shown.P50 <= calm**calmest.P50
}
