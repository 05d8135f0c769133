package search

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/scenarios/capacity"
)

// probed is a session whose trials are single calls that take so long, one trial after the other, with so many shed.
func probed(t *testing.T, shed float64, p50s ...float64) (s *session, asked *[]want) {
	s = begun(t, simulatedScenario)
	s.report.Budget = sizing.Budget{Seconds: 3600}
	calm := 0.1
	for _, rate := range []float64{40, 80} {
		p50 := calm * rate / 40
		if err := s.take(made{Shown: sizing.Trial{N: len(s.report.Trials) + 1, Of: "acceptance", Rate: rate, P50: &p50}}); err != nil {
			t.Fatal(err)
		}
	}
	asked = new([]want)
	s.attempt = func(_ context.Context, w want) (made, error) {
		p50 := p50s[min(len(*asked), len(p50s)-1)]
		*asked = append(*asked, w)
		m := made{Trial: capacity.Trial{Calls: probes}, Took: probes * p50,
			Shown: sizing.Trial{N: len(s.report.Trials) + 1, Of: w.Of, About: w.About, Callers: w.Callers, P50: &p50, Calls: probes, Shed: shed}}
		return m, s.take(m)
	}
	return s, asked
}

// A target that may work on calls that were given up is waited for until single calls take what they took at first.
func TestDrain(t *testing.T) {
	for _, c := range []struct {
		name   string
		lost   uint64
		p50s   []float64
		looks  int
		atRest bool
	}{
		{"all was answered", 0, []float64{1}, 0, false},
		{"it is calm at once", 5, []float64{0.12}, 1, true},
		{"it comes to rest", 5, []float64{0.4, 0.2, 0.14}, 3, true},
		{"it never does", 5, []float64{0.5}, 5, false},
	} {
		s, asked := probed(t, 0, c.p50s...) // a server's sockets are none of the bubble's
		synctest.Test(t, func(t *testing.T) {
			s.interrupt = make(chan struct{})
			took, err := s.drain(t.Context(), made{Shown: s.report.Trials[1], Lost: c.lost})
			if err != nil {
				t.Fatal(err)
			}
			if len(*asked) != c.looks || (s.report.Trials[1].Drained != nil) != c.atRest {
				t.Errorf("%s: %d looks, drained %v; want %d, %t", c.name, len(*asked), s.report.Trials[1].Drained, c.looks, c.atRest)
			}
			if waits := max(float64(c.looks-1), 0) * pause.Seconds(); took < waits || took > rest.Seconds()+3*pause.Seconds() {
				t.Errorf("%s: it took %g s, of which %g s were waiting", c.name, took, waits)
			}
			if noted := len(s.report.Notes) > 0; noted != (c.looks > 0 && !c.atRest) {
				t.Errorf("%s: noted %q", c.name, s.report.Notes)
			}
		})
	}
}

// Whether calls are taken again when Retry-After said they would be is tried once, after that time.
func TestRetryAfter(t *testing.T) {
	for shed, want := range map[float64]string{0: "is kept", 0.25: "is not kept: of 20 calls after it, one after the other, 25.0 % were shed again"} {
		s, asked := probed(t, shed, 0.1)
		synctest.Test(t, func(t *testing.T) {
			s.interrupt = make(chan struct{})
			m := made{Shown: s.report.Trials[1]}
			m.Shown.Shed = 0.1
			m.Summary.Total.RetryAfter = &metrics.RetryAfter{Max: 7}
			for range 2 {
				took, err := s.drain(t.Context(), m)
				if first := len(*asked) == 1 && s.record.Waited == 7; err != nil || !first {
					t.Fatalf("%g shed: %d looks after %g s, %v", shed, len(*asked), took, err)
				}
			}
			if !strings.Contains(s.retried, want) {
				t.Errorf("%g shed: %q; want %q", shed, s.retried, want)
			}
		})
	}
	s, asked := probed(t, 0, 0.1)
	m := made{Shown: sizing.Trial{N: 2, Shed: 0.1}}
	m.Summary.Total.RetryAfter = &metrics.RetryAfter{Max: rest.Seconds() + 1}
	if took, err := s.drain(t.Context(), m); took != 0 || err != nil || len(*asked) > 0 || s.retried != "" {
		t.Errorf("a minute is too long to wait for: %g s, %q, %v", took, s.retried, err)
	}
}
