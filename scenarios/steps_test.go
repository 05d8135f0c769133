package scenarios

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/results"
)

// That a step is a phase of its own changes no moment and no body: the calls are those of the phases as the scenario
// has them, and each is counted in the step in whose time it is due.
func TestStepsAreRowsAlone(t *testing.T) {
	bare, err := New("rows", description(t))
	if err != nil {
		t.Fatal(err)
	}
	cut := 0
	rapid.Check(t, func(t *rapid.T) {
		var phases []Phase
		for i := range rapid.IntRange(1, 6).Draw(t, "phases") {
			p := Phase{
				Shape: anyShape(t, i), Warmup: rapid.IntRange(0, 3).Draw(t, fmt.Sprint("warm-up ", i)) == 0,
				For: time.Duration(rapid.IntRange(1, 9_000).Draw(t, fmt.Sprint("milliseconds ", i)))*time.Millisecond + time.Second,
			}
			if rapid.Bool().Draw(t, fmt.Sprint("climbs ", i)) {
				from, by := rapid.Float64Range(0, 40).Draw(t, "from"), rapid.Float64Range(0.1, 30).Draw(t, "by")
				n := float64(rapid.IntRange(0, 9).Draw(t, "steps"))
				p.Shape = Steps(from, from+n*by, by)
				if rapid.Bool().Draw(t, "down") {
					p.Shape = Steps(from+n*by, from, by)
				}
			}
			phases = append(phases, p)
		}
		arrivals := rapid.SampledFrom([]Arrivals{Even, Poisson}).Draw(t, "arrivals")
		s, err := bare.WithLoad(phases, arrivals)
		if err != nil {
			t.Skip(err)
		}
		p, err := s.Plan(7)
		if err != nil {
			t.Skip(err)
		}
		n, start, carried := uint64(0), 0.0, 0.0
		for i, ph := range phases {
			rates, _ := ph.Shape.profile(ph.For.Seconds())
			due := poissonArrivals(rates, 7, i, maxCalls)
			if arrivals == Even {
				due, carried = constantArrivals(rates, carried)
			}
			for k := range due.count {
				if want := time.Duration(start*float64(time.Second)) + due.due(k); p.Due(n) != want {
					t.Fatalf("call %d is due at %v, and without rows for the steps at %v", n, p.Due(n), want)
				}
				n++
			}
			start += ph.For.Seconds()
		}
		if n != p.Calls {
			t.Fatalf("%d calls, and without rows for the steps %d", p.Calls, n)
		}
		counted := make([]uint64, len(p.Labels.Phases))
		for n := range p.Calls {
			i := p.Phase(n)
			counted[i]++
			row := p.Labels.Phases[i]
			if at := p.Due(n).Seconds(); at < row.StartSeconds-1e-4 || at > row.StartSeconds+row.Seconds+1e-4 {
				t.Fatalf("call %d is due at %v s, and counted in %+v", n, at, row)
			}
		}
		names, end := map[string]bool{}, 0.0
		for i, row := range p.Labels.Phases {
			if counted[i] != p.CallsOfPhase(i) || math.Abs(row.StartSeconds-end) > 1e-6 || names[row.Name] {
				t.Fatalf("%d calls are in %+v, after %v s; %d were planned", counted[i], row, end, p.CallsOfPhase(i))
			}
			names[row.Name] = true
			end = row.StartSeconds + row.Seconds
			if row.Of == "" {
				continue
			}
			cut++
			if _, _, rate := p.At(time.Duration((row.StartSeconds + row.Seconds/2) * 1e9)); spellRate(rate) != row.Shape {
				t.Fatalf("%v/s are asked for in %+v", rate, row)
			}
		}
		if math.Abs(end-p.Seconds) > 1e-6 {
			t.Fatalf("the phases end at %v s, the load at %v s", end, p.Seconds)
		}
	})
	if cut < 100 {
		t.Errorf("only %d steps were looked at", cut)
	}
}

func TestNamesOfSteps(t *testing.T) {
	for _, c := range []struct {
		load string
		want []string
	}{
		{"[{steps: {from: 100/s, to: 300/s, by: 100/s}, for: 3s}]", []string{"steps@100/s of steps", "steps@200/s of steps", "steps@300/s of steps"}},
		{"[{name: climb, steps: {from: 1/s, to: 1.5/s, by: 0.5/s}, for: 20s}]", []string{"climb@1/s of climb", "climb@90/m of climb"}},
		{
			"[{steps: {from: 2/s, to: 1/s, by: 1/s}, for: 2s}, {steps: {from: 1/s, to: 2/s, by: 1/s}, for: 2s}]",
			[]string{"steps@2/s of steps", "steps@1/s of steps", "steps-2@1/s of steps-2", "steps-2@2/s of steps-2"},
		},
		{"[{name: s, spike: {base: 5/s, peak: 50/s, at: 1s, width: 1s}, for: 4s}]", []string{"s@5/s of s", "s@50/s of s", "s@5/s-2 of s"}},
		// What has one rate is one phase, and so is a warm-up.
		{"[{spike: {base: 5/s, peak: 50/s, at: 0s, width: 4s}, for: 4s}]", []string{"spike of "}},
		{"[{steps: {from: 5/s, to: 5/s, by: 1/s}, for: 4s}]", []string{"steps of "}},
		{"[{warmup: true, steps: {from: 5/s, to: 10/s, by: 5/s}, for: 2s}, {rate: 5/s, for: 1s}]", []string{"warmup of ", "constant of "}},
	} {
		s := must(Parse("steps.yaml", []byte("load: "+c.load+"\n"), description(t), noEnv))
		var got []string
		for _, p := range s.Labels.Phases {
			got = append(got, p.Name+" of "+p.Of)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: the phases are %q, want %q", c.load, got, c.want)
		}
	}
}

// What the digest is of does not know of rows: a run of an earlier version, in which steps were one, has the same plan.
func TestDigestKnowsNoRows(t *testing.T) {
	s := must(Parse("steps.yaml", []byte("load: [{name: climb, steps: {from: 100/s, to: 300/s, by: 100/s}, for: 3m}]\n"), description(t), noEnv))
	if got, want := s.Parts()[0], (results.Part{Name: "load", Text: "climb: steps 100/s → 300/s by 100/s for 3m"}); got != want {
		t.Errorf("the plan has %+v, want %+v", got, want)
	}
}
