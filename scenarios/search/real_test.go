package search

import (
	"context"
	"testing"

	"github.com/kaizenautomation/andon/reports/sizing"
)

const studied = `
name: studied
load: [{rate: 100/s, for: 1s}]
mix: {tier: {Full: 1, Lite: 3}, content: [{items: [text]}]}
data: {text: {length: 10}}
provider: {latency: 1ms}
limits: {calls: 100_000, lag: 1m}
thresholds: ['p95(latency) < 5s']
`

// sought is a session with a budget on the embedded provider of a scenario.
func sought(t *testing.T, text string, seconds float64) *session {
	s := begun(t, text)
	s.From, s.Confidence, s.Width, s.Find = 100, 0.95, 0.1, true
	s.Calls, s.Seconds = 100_000, seconds
	s.report.Budget = sizing.Budget{Calls: s.Calls, Seconds: 10 * seconds}
	return s
}

// A ladder is so many trials of a closed loop, of which the throughput is told.
func TestLadder(t *testing.T) {
	s := sought(t, studied, 60)
	s.Calls = 3000
	s.report.Budget.Calls = 3000
	if err := s.ladder(context.Background(), []int{1, 2}); err != nil && err != errSpent {
		t.Fatal(err)
	}
	t.Logf("%+v", s.report.Scaling)
}
