package search

import (
	"context"
	"errors"
	"fmt"

	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/text"
	"github.com/kaizenautomation/andon/scenarios/capacity"
)

// soak makes a long trial, and says what drifted. The error is that of the trial.
func (s *session) soak(ctx context.Context, seconds float64) error {
	out := &sizing.Soak{Share: soakShare}
	s.report.Soak = out
	if s.report.Acceptance == nil || best(*s.report.Acceptance) == 0 {
		out.Sentence = "no long trial was made, since no capacity is known of which it could have a share"
		return nil
	}
	out.Rate = soakShare * best(*s.report.Acceptance)
	settle := s.settling(out.Rate)
	if calls, left := out.Rate*(settle+seconds), s.left(); calls*1.05 > float64(min(left.calls, maxCalls)) {
		out.Sentence = fmt.Sprintf("no long trial was made: it takes %s at %s, and %s are left of the budget", text.Plural(uint64(calls*1.05), "call"),
			text.Rate(out.Rate), text.Count(min(left.calls, maxCalls)))
		return nil
	}
	m, err := s.measure(ctx, want{Of: "soak", Scenario: s.acceptance(), Ask: capacity.Ask{Rate: out.Rate, Settle: settle}, Seconds: seconds})
	if errors.Is(err, errSpent) {
		out.Sentence = "no long trial was made: the budget has no time left for it"
		return err
	}
	out.Trial, out.Seconds = m.Shown.N, m.Shown.Seconds
	out.Drift = m.Summary.Drifted()
	length := text.Duration(&out.Seconds)
	switch {
	case err != nil:
		out.Sentence = fmt.Sprintf("the long trial ended after %s: %v", length, err)
	case m.isVoid():
		out.Sentence = fmt.Sprintf("the long trial says nothing of the target: %s", m.Shown.Reason)
	case len(m.Summary.Drift) == 0:
		out.Sentence = fmt.Sprintf("whether anything drifted cannot be told: %s are too short, or had too few calls", length)
	case len(out.Drift) > 0:
		out.Sentence = fmt.Sprintf("over %s at %s, %s of the capacity, it did not stay as it was", length, text.Rate(out.Rate), text.Percent(soakShare))
	default:
		out.Sentence = fmt.Sprintf("over %s at %s, %s of the capacity, nothing drifted by more than chance explains", length, text.Rate(out.Rate), text.Percent(soakShare))
	}
	return err
}
