package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/document"
	"github.com/kaizenautomation/andon/contracts/provider"
	"github.com/kaizenautomation/andon/reports/metrics"
)

// New makes a scenario of a description alone: every tier and every content type alike, values that the description
// generates, and [DefaultLimits]. It has no load yet: see [Scenario.WithLoad].
func New(name string, d *contracts.Description) (*Scenario, error) {
	if !isName(name) {
		return nil, fmt.Errorf("expected %s, found %q", aName, document.Clip(name))
	}
	s := &Scenario{
		Name: name, Source: []byte("name: " + strconv.Quote(name) + "\n"), Limits: DefaultLimits(),
		Provider: provider.Config{Latency: provider.DefaultLatency(d.Tiers())}, description: d,
	}
	doc := new(document.Document)
	s.takeMix(newMixReader(name, doc, d).readMix(nil))
	if err := doc.Err(); err != nil {
		return nil, err
	}
	return s, nil
}

// WithFollowing is the scenario with its executions followed in another way, which its source does not say, or not at
// all where that is nil. The thresholds stay.
func (s *Scenario) WithFollowing(f *Following) *Scenario {
	with := *s
	with.Following = f
	if f == nil {
		// What has been read can be written.
		if source, err := document.Replace(s.Source, "follow", ""); err == nil {
			with.Source = source
		}
	}
	return &with
}

// WithLoad is the scenario with another load. The thresholds stay, and [Scenario.Plan] fails if they name a phase that
// is gone. The error names everything that is wrong with the phases.
func (s *Scenario) WithLoad(phases []Phase, arrivals Arrivals) (*Scenario, error) {
	l := load{arrivals: arrivals, pacing: s.load.pacing}
	var wrong []error
	if arrivals > Poisson {
		return nil, fmt.Errorf("expected even or Poisson arrivals, found %d", arrivals)
	}
	if len(phases) == 0 || len(phases) > maxPhases {
		return nil, fmt.Errorf("expected from 1 to %d phases, found %d", maxPhases, len(phases))
	}
	for i, p := range phases {
		if err := l.take(p); err != nil {
			wrong = append(wrong, fmt.Errorf("phase %d: %w", i+1, err))
		}
	}
	switch {
	case len(wrong) > 0:
		return nil, errors.Join(wrong...)
	case l.mixed() >= 0:
		return nil, errors.New(mixedProblem)
	case l.closed() && arrivals != Even:
		return nil, errors.New("a closed loop has no arrivals: each caller sends when its last call is answered")
	}
	// How many calls there may be is for the plan to see: the limits may change until then.
	if wrong := l.place(maxCalls); wrong != nil {
		return nil, errors.New(wrong.problem)
	}
	parts := [][2]string{{"load", loadText(phases)}, {"arrivals", ""}}
	if arrivals == Poisson {
		parts[1][1] = "poisson"
	}
	if l.closed() {
		l.pacing = 0
		parts = append(parts, [2]string{"pacing", ""})
	}
	changed, err := s.with(parts...)
	if err != nil {
		return nil, err
	}
	changed.load = l
	changed.Labels.Phases = l.labels
	return changed, nil
}

// take takes in a phase that code has made.
func (l *load) take(p Phase) error {
	switch {
	case p.Name != "" && !isName(p.Name):
		return fmt.Errorf("expected %s, found %q", aName, document.Clip(p.Name))
	case p.Name != "" && l.isTaken(p.Name):
		return fmt.Errorf("two phases are called %q; give each its own name", p.Name)
	case p.For <= 0 || p.For > document.MaxDuration:
		return fmt.Errorf("expected a length above 0s, up to %s, found %s", document.MaxDuration, p.For)
	}
	if err := p.Shape.check(); err != nil {
		return err
	}
	if wrong := l.add(p); wrong != nil {
		return errors.New(wrong.problem)
	}
	return nil
}

// WithLimits is the scenario under other limits.
func (s *Scenario) WithLimits(l Limits) (*Scenario, error) {
	switch {
	case l.Timeout <= 0 || l.Timeout > maxTimeout:
		return nil, fmt.Errorf("expected a timeout above 0s, up to %s, found %s", maxTimeout, l.Timeout)
	case l.InFlight < 1 || l.InFlight > maxInFlight:
		return nil, fmt.Errorf("expected from 1 to %d calls in flight, found %d", maxInFlight, l.InFlight)
	case l.Calls < 1 || l.Calls > maxCalls:
		return nil, fmt.Errorf("expected from 1 to %d calls in all, found %d", maxCalls, l.Calls)
	case l.Lag <= 0 || l.Lag > maxLag:
		return nil, fmt.Errorf("expected a tolerated lag above 0s, up to %s, found %s", maxLag, l.Lag)
	case l.Warm < 0 || l.Warm > l.InFlight:
		return nil, fmt.Errorf("expected from 0 to %d connections before the first call, found %d", l.InFlight, l.Warm)
	case l.Memory < minMemory || l.Memory > maxMemory:
		return nil, fmt.Errorf("expected from %d to %d megabytes for answers under way, found %d", minMemory, maxMemory, l.Memory)
	}
	text := fmt.Sprintf("{timeout: %s, inFlight: %d, calls: %d, lag: %s, warm: %d, memory: %dMB}", l.Timeout, l.InFlight, l.Calls, l.Lag, l.Warm, l.Memory)
	changed, err := s.with([2]string{"limits", text})
	if err != nil {
		return nil, err
	}
	changed.Limits = l
	return changed, nil
}

// WithThresholds is the scenario with other thresholds, or with none.
func (s *Scenario) WithThresholds(list ...metrics.Condition) (*Scenario, error) {
	var b bytes.Buffer
	for _, t := range list {
		fmt.Fprintf(&b, "- expr: %q\n", t.Threshold)
		if t.Abort {
			fmt.Fprintf(&b, "  abort: true\n  after: %s\n", t.After)
		}
	}
	changed, err := s.with([2]string{"thresholds", b.String()})
	if err != nil {
		return nil, err
	}
	changed.Thresholds = slices.Clone(list)
	return changed, nil
}

// with copies the scenario, with other parts in its source.
func (s *Scenario) with(parts ...[2]string) (*Scenario, error) {
	changed := *s
	for _, p := range parts {
		var err error
		if changed.Source, err = document.Replace(changed.Source, p[0], p[1]); err != nil {
			return nil, fmt.Errorf("the scenario's file cannot have another `%s`: %w", p[0], err)
		}
	}
	return &changed, nil
}

// loadText writes phases as a scenario's file has them.
func loadText(phases []Phase) string {
	var b bytes.Buffer
	for _, p := range phases {
		b.WriteString("- {")
		if p.Name != "" {
			fmt.Fprintf(&b, "name: %q, ", p.Name)
		}
		if p.Warmup {
			b.WriteString("warmup: true, ")
		}
		fmt.Fprintf(&b, "%s: %s, for: %s}\n", p.Shape.kind, p.Shape.text(), p.For)
	}
	return b.String()
}

// text writes what stands behind the shape's key in a scenario's file.
func (s Shape) text() string {
	rate := func(r float64) string { return strconv.FormatFloat(r, 'g', -1, 64) + "/s" }
	switch s.kind {
	case "callers":
		return strconv.Itoa(s.callers)
	case "ramp":
		return fmt.Sprintf("{from: %s, to: %s}", rate(s.first), rate(s.second))
	case "steps":
		return fmt.Sprintf("{from: %s, to: %s, by: %s}", rate(s.first), rate(s.second), rate(s.third))
	case "sine":
		return fmt.Sprintf("{mean: %s, amplitude: %s, period: %s}", rate(s.first), rate(s.second), s.length)
	case "spike":
		return fmt.Sprintf("{base: %s, peak: %s, at: %s, width: %s}", rate(s.first), rate(s.second), s.at, s.length)
	}
	return rate(s.first)
}
