package scenarios

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/metrics"
)

// anyPhase draws a phase as code makes it.
func anyPhase(t *rapid.T, closed bool) Phase {
	rate := func(name string) float64 {
		return float64(rapid.IntRange(0, 3000).Draw(t, name)) / rapid.SampledFrom([]float64{1, 3, 10, 60}).Draw(t, name+" in")
	}
	length := func(name string) time.Duration {
		return time.Duration(rapid.IntRange(1, 3_000_000).Draw(t, name)) * time.Microsecond
	}
	p := Phase{For: length("for"), Warmup: rapid.Bool().Draw(t, "warmup")}
	if closed {
		p.Shape = Callers(rapid.IntRange(1, 100).Draw(t, "callers"))
		return p
	}
	switch rapid.IntRange(0, 4).Draw(t, "kind") {
	case 0:
		p.Shape = Constant(rate("rate"))
	case 1:
		p.Shape = Ramp(rate("from"), rate("to"))
	case 2:
		from, by, n := rate("from"), rate("by")+0.1, rapid.IntRange(0, 5).Draw(t, "steps")
		p.Shape = Steps(from, from+float64(n)*by, by)
	case 3:
		mean := rate("mean")
		p.Shape = Sine(mean, mean*rapid.Float64Range(0, 1).Draw(t, "amplitude"), length("period"))
	default:
		at := time.Duration(rapid.Int64Range(0, int64(p.For)/2).Draw(t, "at"))
		p.Shape = Spike(rate("base"), rate("peak"), at, max(p.For/4, 1))
	}
	return p
}

// same holds two scenarios to be the same: in their labels, limits and thresholds, and call by call.
func same(t interface {
	Helper()
	Fatalf(string, ...any)
}, a, b *Scenario) {
	t.Helper()
	if !reflect.DeepEqual(a.Labels, b.Labels) || a.Limits != b.Limits || !slices.Equal(metrics.Written(a.Thresholds), metrics.Written(b.Thresholds)) || a.Name != b.Name || !maps.EqualFunc(a.Feeders, b.Feeders, slices.Equal) {
		t.Fatalf("%s\n%+v, %+v, %v\n%s\n%+v, %+v, %v", a.Source, a.Labels, a.Limits, a.Thresholds, b.Source, b.Labels, b.Limits, b.Thresholds)
	}
	p, err := a.Plan(3)
	q, other := b.Plan(3)
	if (err == nil) != (other == nil) {
		t.Fatalf("%s\n%v\n%s\n%v", a.Source, err, b.Source, other)
	}
	if err != nil {
		return
	}
	if p.Calls != q.Calls || p.Seconds != q.Seconds || !reflect.DeepEqual(p.Planned, q.Planned) {
		t.Fatalf("%s\nplans %d calls in %v s\n%s\nplans %d in %v s", a.Source, p.Calls, p.Seconds, b.Source, q.Calls, q.Seconds)
	}
	for n := uint64(0); n < p.MaxCalls(); n += 1 + p.MaxCalls()/20 {
		body, class := p.AppendBody(nil, n)
		again, of := q.AppendBody(nil, n)
		if string(body) != string(again) || class != of || !p.Closed() && p.Due(n) != q.Due(n) {
			t.Fatalf("call %d is %s, and %s", n, body, again)
		}
	}
}

// The source of a scenario that code has changed is that scenario: whoever reads it plans the same calls.
func TestSourceIsTheScenario(t *testing.T) {
	var bases []*Scenario
	for _, text := range []string{
		"# why\nload: [{rate: 10/s, for: 1s}]\nmix: {tier: {Lite: 1}}\nthresholds: ['count(errors) == 0']\n",
		"{name: flow, arrivals: poisson, load: [{rate: 10/s, for: 1s}], data: {skill: {from: skills.csv, column: id}}, limits: {calls: 90}}",
	} {
		s, err := Parse("testdata/base.yaml", []byte(text), rapidDescription, noEnv)
		if err != nil {
			t.Fatal(err)
		}
		bases = append(bases, s)
	}
	bases = append(bases, must(New("fresh", rapidDescription)))
	read := 0
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom(bases).Draw(t, "base")
		closed := rapid.Bool().Draw(t, "closed")
		var phases []Phase
		for range rapid.IntRange(1, 4).Draw(t, "phases") {
			phases = append(phases, anyPhase(t, closed))
		}
		arrivals := Even
		if !closed {
			arrivals = rapid.SampledFrom([]Arrivals{Even, Poisson}).Draw(t, "arrivals")
		}
		changed, err := s.WithLoad(phases, arrivals)
		if err != nil {
			return // nothing but warm-ups, or no call at all
		}
		if rapid.Bool().Draw(t, "limits") {
			changed = must(changed.WithLimits(Limits{
				Timeout:  time.Duration(rapid.IntRange(1, 9999).Draw(t, "timeout")) * time.Millisecond,
				InFlight: rapid.IntRange(10, 100).Draw(t, "in flight"), Calls: 50_000,
				Lag:  time.Duration(rapid.IntRange(1, 9999).Draw(t, "lag")) * time.Millisecond,
				Warm: rapid.IntRange(0, 10).Draw(t, "warm"), Memory: rapid.IntRange(16, 5000).Draw(t, "memory"),
			}))
		}
		if rapid.Bool().Draw(t, "thresholds") {
			changed = must(changed.WithThresholds(
				metrics.Condition{Threshold: must(metrics.ParseThreshold("p99(latency) < 1s")), Abort: true, After: 2500 * time.Millisecond},
				metrics.Condition{Threshold: must(metrics.ParseThreshold("rate(errors){tier=Lite} < 1%"))}))
		}
		again, err := Parse("testdata/"+changed.Name+".yaml", changed.Source, rapidDescription, noEnv)
		if err != nil {
			// What adds up to more calls than the limit is refused by whoever meets it first.
			if _, planned := changed.Plan(3); planned == nil || !strings.Contains(err.Error(), "limits.calls") {
				t.Fatalf("%s\n%v", changed.Source, err)
			}
			return
		}
		read++
		same(t, changed, again)
	})
	if read < 20 {
		t.Errorf("only %d scenarios were read back", read)
	}
}

// A scenario's own load, said in code, is the load of the file.
func TestLoadInCode(t *testing.T) {
	const text = `
load:
  - {warmup: true, rate: 20/s, for: 5s}
  - {ramp: {from: 0/s, to: 100/s}, for: 2s}
  - {name: up, steps: {from: 10/s, to: 30/s, by: 10/s}, for: 3s}
  - {sine: {mean: 90/m, amplitude: 30/m, period: 1m}, for: 2m}
  - {spike: {base: 5/s, peak: 100/s, at: 2s, width: 1s}, for: 4s}
  - {spike: {base: 5/s, peak: 100/s, at: 0s, width: 1s}, for: 4s}
`
	file := parse(t, text)
	code, err := must(New("test", description(t))).WithLoad([]Phase{
		{Shape: Constant(20), For: 5 * time.Second, Warmup: true},
		{Shape: Ramp(0, 100), For: 2 * time.Second},
		{Shape: Steps(10, 30, 10), For: 3 * time.Second, Name: "up"},
		{Shape: Sine(1.5, 0.5, time.Minute), For: 2 * time.Minute},
		{Shape: Spike(5, 100, 2*time.Second, time.Second), For: 4 * time.Second},
		{Shape: Spike(5, 100, 0, time.Second), For: 4 * time.Second},
	}, Even)
	if err != nil {
		t.Fatal(err)
	}
	same(t, code, file)
	closed := must(code.WithLoad([]Phase{{Shape: Callers(4), For: time.Second}}, Even))
	same(t, closed, parse(t, "load: [{callers: 4, for: 1s}]"))
}

func TestLoadInCodeIsChecked(t *testing.T) {
	s := parse(t, "load: [{name: peak, rate: 10/s, for: 1s}]\nthresholds: ['p99(latency){phase=peak} < 1s']")
	second := func(shape Shape) []Phase { return []Phase{{Shape: shape, For: time.Second}} }
	for _, c := range []struct {
		why      string
		phases   []Phase
		arrivals Arrivals
		want     string
	}{
		{"no phase", nil, Even, "from 1 to 100 phases"},
		{"too many", slices.Repeat(second(Constant(1)), 101), Even, "from 1 to 100 phases"},
		{"no shape", []Phase{{For: time.Second}}, Even, "says no load"},
		{"no length", []Phase{{Shape: Constant(1)}}, Even, "length above 0s"},
		{"below zero", second(Constant(-1)), Even, "expected rates"},
		{"too high", second(Ramp(1, 2e6)), Even, "expected rates"},
		{"a name that is none", []Phase{{Name: "a b", Shape: Constant(1), For: time.Second}}, Even, "a name of up to 64"},
		{"a name twice", slices.Repeat([]Phase{{Name: "a", Shape: Constant(1), For: time.Second}}, 2), Even, "two phases"},
		{"steps that do not meet", second(Steps(1, 10, 4)), Even, "do not meet"},
		{"no step", second(Steps(1, 10, 0)), Even, "above 0/s"},
		{"an amplitude above the mean", second(Sine(1, 2, time.Second)), Even, "amplitude"},
		{"no period", second(Sine(1, 1, 0)), Even, "lasts no time"},
		{"a spike that ends late", second(Spike(1, 2, time.Second, time.Second)), Even, "after the phase's end"},
		{"no caller", second(Callers(0)), Even, "callers"},
		{"open and closed", append(second(Callers(1)), second(Constant(1))...), Even, "do not go together"},
		{"a closed loop at random", second(Callers(1)), Poisson, "no arrivals"},
		{"arrivals that are none", second(Constant(1)), Arrivals(9), "even or Poisson arrivals, found 9"},
		{"nothing but warm-ups", []Phase{{Shape: Constant(1), For: time.Second, Warmup: true}}, Even, "warm-up"},
		{"no call", second(Constant(0)), Even, "no call at all"},
		{"two mistakes", append(second(Constant(-1)), second(Callers(-1))...), Even, "phase 2"},
	} {
		if _, err := s.WithLoad(c.phases, c.arrivals); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.why, err, c.want)
		}
	}
	changed := must(s.WithLoad(second(Constant(200_000)), Even))
	if _, err := changed.Plan(1); err == nil || !strings.Contains(err.Error(), "peak") {
		t.Errorf("a threshold on a phase that is gone: %v", err)
	}
	changed = must(changed.WithThresholds())
	if _, err := changed.Plan(1); err == nil || !strings.Contains(err.Error(), "limits.calls") {
		t.Errorf("more calls than the limit: %v", err)
	}
	changed = must(changed.WithLimits(Limits{time.Second, 10, 200_000, time.Second, 10, 64}))
	if p, err := changed.Plan(1); err != nil || p.Calls != 200_000 {
		t.Errorf("under another limit: %v", err)
	}
	for _, l := range []Limits{
		{0, 1, 1, 1, 0, 64}, {time.Second, 0, 1, 1, 0, 64}, {time.Second, 1, 0, 1, 0, 64}, {2 * time.Hour, 1, 1, 1, 0, 64}, {time.Second, 1e6, 1, 1, 0, 64},
		{time.Second, 1, 1, 0, 0, 64}, {time.Second, 1, 1, -1, 0, 64}, {time.Second, 1, 1, time.Hour + 1, 0, 64}, {time.Second, 1, 1, 1, 2, 64}, {time.Second, 1, 1, 1, -1, 64}, {time.Second, 1, 1, 1, 0, 15}, {time.Second, 1, 1, 1, 0, 1_000_001},
	} {
		if _, err := s.WithLimits(l); err == nil {
			t.Errorf("the limits %+v are taken", l)
		}
	}
	if _, err := must(New("bare", description(t))).Plan(1); err == nil || !strings.Contains(err.Error(), "no load") {
		t.Errorf("without a load: %v", err)
	}
	if _, err := New("a name", description(t)); err == nil {
		t.Error("a name that is none is taken")
	}
	// The first scenario is what it was.
	if p, err := s.Plan(1); err != nil || p.Calls != 10 || !strings.Contains(string(s.Source), "peak") {
		t.Errorf("the scenario has changed: %v", err)
	}
}
