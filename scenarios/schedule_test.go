package scenarios

import (
	"fmt"
	"math"
	"os"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// anyProfile draws a phase of any shape, of a few hundred calls.
func anyProfile(t *rapid.T) profile {
	rate := func(name string) float64 { return rapid.Float64Range(0, 1000).Draw(t, name) }
	length := func(name string) float64 { return rapid.Float64Range(0.01, 30).Draw(t, name) }
	var p profile
	for i := range rapid.IntRange(1, 5).Draw(t, "segments") {
		switch rapid.SampledFrom([]string{"rate", "ramp", "sine"}).Draw(t, fmt.Sprint("kind ", i)) {
		case "rate":
			r := rate("rate")
			p = append(p, segment{seconds: length("for"), from: r, to: r})
		case "ramp":
			p = append(p, segment{seconds: length("for"), from: rate("from"), to: rate("to")})
		default:
			mean := rapid.Float64Range(0.1, 1000).Draw(t, "mean")
			p = append(p, segment{seconds: length("for"), from: mean, to: mean,
				amplitude: mean * rapid.Float64Range(0, 1).Draw(t, "amplitude"), period: length("period")})
		}
	}
	return p
}

func lasts(p profile) (t float64) {
	for _, s := range p {
		t += s.seconds
	}
	return t
}

// integral adds the rate up numerically, knowing nothing of its formula (midpoint rule).
func integral(p profile) (sum float64) {
	for _, s := range p {
		const steps = 20_000
		for i := range steps {
			sum += s.rate((float64(i)+0.5)*s.seconds/steps) * s.seconds / steps
		}
	}
	return sum
}

// The formula for the calls of a phase is the integral of its rate.
func TestCallsAreTheIntegralOfTheRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyProfile(t)
		if got, want := p.calls(), integral(p); math.Abs(got-want) > 1e-3*want+1e-3 {
			t.Fatalf("%+v: %v calls, want %v", p, got, want)
		}
	})
}

// Call k is due when the integral of the rate reaches k: due times never fall, stay in the phase, and the last of them
// is the last that fits.
func TestConstantArrivals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyProfile(t)
		a, _ := constantArrivals(p, 0)
		if want := math.Ceil(p.calls() - 1e-6); float64(a.count) != want {
			t.Fatalf("%d calls, want %v", a.count, want)
		}
		if a.count == 0 {
			return
		}
		last := time.Duration(-1)
		step := 1 + a.count/200
		for k := uint64(0); k < a.count; k += step {
			due := a.due(k)
			if due < last || due.Seconds() > lasts(p)+1e-9 {
				t.Fatalf("call %d is due at %v after %v in a phase of %v s", k, due, last, lasts(p))
			}
			last = due
			if got := callsBy(p, due.Seconds()); math.Abs(got-float64(k)) > 1e-5+2e-6*p.peak() {
				t.Fatalf("call %d is due at %v, when %v calls are", k, due, got)
			}
		}
	})
}

// callsBy is the integral of the rate up to t.
func callsBy(p profile, t float64) (c float64) {
	for _, s := range p {
		if t < s.seconds {
			return c + s.calls(t)
		}
		c += s.calls(s.seconds)
		t -= s.seconds
	}
	return c
}

// anyShape draws a shape of any kind, often of less than a call a second, that fits into a phase of at least a second.
func anyShape(t *rapid.T, i int) Shape {
	rate := func(name string) float64 {
		return rapid.OneOf(rapid.Float64Range(0, 2), rapid.Float64Range(0, 300), rapid.SampledFrom([]float64{0, 1.0 / 3600, 1.0 / 60, 0.1, 0.2, 1, 10})).
			Draw(t, fmt.Sprint(name, " ", i))
	}
	switch rapid.SampledFrom([]string{"rate", "ramp", "sine", "spike", "steps"}).Draw(t, fmt.Sprint("kind ", i)) {
	case "ramp":
		return Ramp(rate("from"), rate("to"))
	case "sine":
		mean := rate("mean")
		return Sine(mean, mean*rapid.Float64Range(0, 1).Draw(t, fmt.Sprint("amplitude ", i)), 3*time.Second)
	case "spike":
		return Spike(rate("base"), rate("peak"), 200*time.Millisecond, 300*time.Millisecond)
	case "steps":
		return Steps(0.1, 0.4, 0.1)
	}
	return Constant(rate("rate"))
}

// Over the whole plan, whatever its phases, there are as many calls between two moments as the integral of the rate
// says, give or take less than one, and due times never fall.
func TestArrivalsAreExactOverThePlan(t *testing.T) {
	bare, err := New("exact", description(t))
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		var phases []Phase
		for i := range rapid.IntRange(1, 12).Draw(t, "phases") {
			phases = append(phases, Phase{
				Shape: anyShape(t, i), Warmup: i > 0 && rapid.Bool().Draw(t, fmt.Sprint("warm-up ", i)),
				For: time.Duration(rapid.IntRange(1, 20_000).Draw(t, fmt.Sprint("milliseconds ", i)))*time.Millisecond + time.Second,
			})
		}
		s, err := bare.WithLoad(phases, Even)
		if err != nil {
			t.Skip(err)
		}
		p, err := s.Plan(1)
		if err != nil {
			t.Skip(err)
		}
		whole := profile{}
		for _, ph := range s.load.phases {
			whole = append(whole, ph.profile...)
		}
		for i := range p.Labels.Phases {
			if p.first[i] > p.first[i+1] {
				t.Fatalf("phase %d begins with call %d, after call %d", i, p.first[i], p.first[i+1])
			}
		}
		if total := whole.calls(); math.Abs(float64(p.Calls)-total) >= 1+1e-3 {
			t.Fatalf("%d calls, where the rate adds up to %v", p.Calls, total)
		}
		due := make([]float64, p.Calls)
		last := time.Duration(0)
		for n := range p.Calls {
			at := p.Due(n)
			if at < last || at.Seconds() > p.Seconds+1e-9 {
				t.Fatalf("call %d is due at %v, the one before at %v, in %v s", n, at, last, p.Seconds)
			}
			last, due[n] = at, at.Seconds()
		}
		// The moments at which most could be wrong are those of calls, a hair before and after.
		moments := []float64{0, p.Seconds}
		for i := range p.Labels.Phases {
			moments = append(moments, p.Labels.Phases[i].StartSeconds)
		}
		for i := range 20 {
			n := rapid.IntRange(0, len(due)-1).Draw(t, fmt.Sprint("call ", i))
			moments = append(moments, max(due[n]-1e-7, 0), due[n]+1e-7)
		}
		slices.Sort(moments)
		for i, from := range moments {
			for _, to := range moments[i+1:] {
				calls := float64(sort.SearchFloat64s(due, to) - sort.SearchFloat64s(due, from))
				if want := callsBy(whole, to) - callsBy(whole, from); math.Abs(calls-want) > 1+1e-3 {
					t.Fatalf("%v calls from %v s to %v s, where the rate adds up to %v", calls, from, to, want)
				}
			}
		}
	})
}

// What a phase leaves of the way to the next call is the next phase's: no phase rounds for itself, or begins with a
// call because it begins.
func TestPhasesCarryOn(t *testing.T) {
	often := func(phase string, n int) string { return strings.Repeat(phase+", ", n-1) + phase }
	for _, c := range []struct {
		why, load string
		due       []time.Duration
	}{
		{"a call a minute, cut into seconds", often("{rate: 1/m, for: 1s}", 60), []time.Duration{0}},
		{"two minutes of it", often("{rate: 1/m, for: 1s}", 120/2) + ", " + often("{rate: 1/m, for: 2s}", 30), []time.Duration{0, time.Minute}},
		{"2.6 calls in four phases", often("{rate: 0.1/s, for: 5s}, {rate: 0.2/s, for: 4s}", 2),
			[]time.Duration{0, 7500 * time.Millisecond, 15 * time.Second}},
		{"whole numbers", "{rate: 2/s, for: 1s}, {rate: 1/s, for: 1s}", []time.Duration{0, 500 * time.Millisecond, time.Second}},
		{"a phase without calls between", "{rate: 0.5/s, for: 1s}, {rate: 0/s, for: 1m}, {rate: 0.5/s, for: 3s}", []time.Duration{0, 62 * time.Second}},
		{"half a call of the warm-up", "{rate: 0.5/s, for: 3s, warmup: true}, {rate: 0.5/s, for: 3s}", []time.Duration{0, 2 * time.Second, 4 * time.Second}},
	} {
		p := must(parse(t, "load: ["+c.load+"]").Plan(1))
		var due []time.Duration
		for n := range p.Calls {
			due = append(due, p.Due(n).Round(time.Microsecond))
		}
		if !slices.Equal(due, c.due) {
			t.Errorf("%s: calls are due at %v, want %v", c.why, due, c.due)
		}
	}
	_, err := Parse("a.yaml", []byte("load: [{rate: 0.1/s, for: 1s, warmup: true}, {rate: 0.1/s, for: 1s}]"), description(t), os.LookupEnv)
	if err == nil || !strings.Contains(err.Error(), "no call of the load falls into a phase that is measured") {
		t.Errorf("a load whose only call is in the warm-up: %v", err)
	}
}

func TestShapes(t *testing.T) {
	for _, c := range []struct {
		why   string
		phase string
		k     uint64
		due   time.Duration
	}{
		{"the first call comes at once", "{rate: 100/s, for: 10s}", 0, 0},
		{"a constant rate is a grid", "{rate: 100/s, for: 10s}", 250, 2500 * time.Millisecond},
		{"per minute", "{rate: 60/m, for: 10s}", 7, 7 * time.Second},
		{"a ramp from nothing: half of t²", "{ramp: {from: 0/s, to: 100/s}, for: 100s}", 50, 10 * time.Second},
		{"a ramp to nothing is its mirror", "{ramp: {from: 100/s, to: 0/s}, for: 100s}", 4950, 90 * time.Second},
		{"the second step", "{steps: {from: 10/s, to: 30/s, by: 10/s}, for: 3s}", 20, 1500 * time.Millisecond},
		{"steps downwards", "{steps: {from: 30/s, to: 10/s, by: 10/s}, for: 3s}", 50, 2 * time.Second},
		{"a whole swing has the mean's calls", "{sine: {mean: 100/s, amplitude: 100/s, period: 1s}, for: 2s}", 100, time.Second},
		{"within the spike", "{spike: {base: 10/s, peak: 1000/s, at: 2s, width: 1s}, for: 4s}", 520, 2500 * time.Millisecond},
		{"after the spike", "{spike: {base: 10/s, peak: 1000/s, at: 2s, width: 1s}, for: 4s}", 1025, 3500 * time.Millisecond},
		{"a spike at the start", "{spike: {base: 10/s, peak: 1000/s, at: 0s, width: 1s}, for: 4s}", 500, 500 * time.Millisecond},
	} {
		p := must(parse(t, "load: ["+c.phase+"]").Plan(1))
		if got := p.Due(c.k); (got - c.due).Abs() > 2*time.Microsecond {
			t.Errorf("%s: call %d of %s is due at %v, want %v", c.why, c.k, c.phase, got, c.due)
		}
	}
}

// Random arrivals: as many as the integral says, within sampling error; gaps of which e⁻¹ are longer than their mean;
// and a call's moment does not depend on what was asked before.
func TestPoissonArrivals(t *testing.T) {
	const rate, seconds = 500, 200
	a := poissonArrivals(profile{{seconds: seconds, from: rate, to: rate}}, 11, 0, math.MaxUint64)
	if n := float64(a.count); math.Abs(n-rate*seconds) > 5*math.Sqrt(rate*seconds) {
		t.Errorf("%v calls, want %v", n, rate*seconds)
	}
	long := 0.0
	last := time.Duration(0)
	for k := range a.count {
		due := a.due(k)
		if due < last {
			t.Fatalf("call %d is due at %v, before %v", k, due, last)
		}
		if (due - last).Seconds() > 1.0/rate {
			long++
		}
		last = due
	}
	if got, want, n := long/float64(a.count), math.Exp(-1), float64(a.count); math.Abs(got-want) > 5*math.Sqrt(want*(1-want)/n) {
		t.Errorf("%v of the gaps are longer than their mean, want %v", got, want)
	}
	other := poissonArrivals(profile{{seconds: seconds, from: rate, to: rate}}, 11, 0, math.MaxUint64)
	for k := a.count; k > 0; k -= min(k, 997) {
		if other.due(k-1) != a.due(k-1) {
			t.Fatalf("call %d is due at %v and at %v", k-1, other.due(k-1), a.due(k-1))
		}
	}
	if b := poissonArrivals(profile{{seconds: seconds, from: rate, to: rate}}, 12, 0, math.MaxUint64); b.due(0) == a.due(0) {
		t.Error("another seed gives the same moments")
	}
	if b := poissonArrivals(profile{{seconds: seconds, from: rate, to: rate}}, 11, 1, math.MaxUint64); b.due(0) == a.due(0) {
		t.Error("another phase has the same moments")
	}
}

// In a ramp random arrivals follow the rate: of the calls of a ramp from nothing, a quarter come in the first half.
func TestPoissonFollowsTheRate(t *testing.T) {
	a := poissonArrivals(profile{{seconds: 100, from: 0, to: 2000}}, 5, 0, math.MaxUint64)
	early := 0.0
	for k := range a.count {
		if a.due(k) < 50*time.Second {
			early++
		}
	}
	if got, n := early/float64(a.count), float64(a.count); math.Abs(got-0.25) > 5*math.Sqrt(0.25*0.75/n) {
		t.Errorf("%v of the calls come in the first half, want 0.25", got)
	}
}

func BenchmarkDue(b *testing.B) {
	for _, c := range []struct{ name, load string }{
		{"constant", "load: [{rate: 1000/s, for: 100s}]"},
		{"sine", "load: [{sine: {mean: 1000/s, amplitude: 900/s, period: 10s}, for: 100s}]"},
		{"poisson", "load: [{rate: 900/s, for: 100s}]\narrivals: poisson"},
	} {
		b.Run(c.name, func(b *testing.B) {
			p := must(parse(b, c.load).Plan(1))
			n := uint64(0)
			for b.Loop() {
				p.Due(n % p.Calls)
				n++
			}
		})
	}
}
