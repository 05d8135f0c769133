package compare_test

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
)

var long = flag.Bool("long", false, "simulate for minutes rather than for seconds (make simulate)")

// choose is the number of comparisons of the long form, or of the short one.
func choose(many, few int) int {
	if *long {
		return many
	}
	return few
}

// build is what a simulated release does.
type build struct {
	// factor is by how much all of its times are longer than those of the base, and tail by how much those beyond the
	// 97th percentile are.
	factor, tail float64
	errors       float64
}

// simulated are how runs are simulated.
type simulated struct {
	seconds, rate int
	// drift is by how much runs of one build differ: uniformly from 1 − drift to 1 + drift.
	drift float64
	// alike is the correlation of neighbouring seconds, and swing the standard deviation of the logarithm of what they
	// have in common.
	alike, swing float64
}

var usual = simulated{seconds: 90, rate: 100, drift: 0.15, alike: 0.8, swing: 0.1}

var tiers = []string{"Full", "Lite", "default"}

// run makes a run of one build: its calls are counted as those of a real run are.
func (s simulated) run(b build, id string, r *rand.Rand) compare.Measured {
	m := manifest(float64(s.seconds), id)
	a, v := metrics.Of(m), metrics.NewStretches(m.Labels)
	drift := 1 + s.drift*(2*r.Float64()-1)
	var common float64
	for second := range s.seconds {
		common = s.alike*common + math.Sqrt(1-s.alike*s.alike)*r.NormFloat64()*s.swing
		if second == 0 {
			common = r.NormFloat64() * s.swing
		}
		for i := range s.rate {
			z := r.NormFloat64()
			service := 0.05 * math.Exp(0.4*z+common) * drift * b.factor
			if b.tail > 1 && z > 1.88 {
				service *= b.tail
			}
			row := results.Row{
				Due: time.Duration(second)*time.Second + time.Duration(i)*time.Second/time.Duration(s.rate), Class: uint16(r.IntN(len(tiers))),
				Phase: 0, Status: 200, Error: results.None, Service: float32(service),
			}
			if r.Float64() < b.errors {
				row.Status, row.Error = 500, results.Status5xx
			}
			if err := a.Add(row); err != nil {
				panic(err)
			}
			if err := v.Add(row); err != nil {
				panic(err)
			}
		}
	}
	return compare.Measured{Manifest: m, End: results.End{Reason: results.Finished, Seconds: float64(s.seconds)}, Validity: metrics.Valid, Whole: a, Stretches: v}
}

// manifest is that of a simulated run.
func manifest(seconds float64, id string) results.Manifest {
	m := results.Manifest{
		Schema: "andon.run/2", Andon: "v1.2.3", ID: id, Scenario: "simulated", Target: "http://127.0.0.1:8080",
		Started: time.Date(2026, 11, 23, 21, 48, 0, 0, time.UTC), SpecSHA256: strings.Repeat("ab", 32), TimeoutSeconds: 30, InFlight: 100,
		Labels: results.Labels{
			Phases: []results.Phase{{Name: "constant", Shape: "100/s", Seconds: seconds, Steady: true}},
			Rules:  []string{"", "malformed-json"},
		},
	}
	for _, tier := range tiers {
		m.Labels.Classes = append(m.Labels.Classes, results.Class{Name: "text." + tier, Tier: tier, Content: "text"})
	}
	return m
}

// sides are so many runs of two builds.
func (s simulated) sides(n int, base, changed build, seed, number uint64) (a, b compare.Set) {
	r := rand.New(rand.NewPCG(seed, number))
	for i := range n {
		a.Runs = append(a.Runs, s.run(base, fmt.Sprintf("base-%d", i), r))
		b.Runs = append(b.Runs, s.run(changed, fmt.Sprintf("new-%d", i), r))
	}
	return a, b
}

// found is what a comparison of simulated runs came to.
type found struct {
	worse, better bool
	rows          map[string]compare.Row
}

func compared(t testing.TB, a, b compare.Set, o compare.Options) found {
	t.Helper()
	report, err := compare.Compare(a, b, o)
	if err != nil {
		t.Fatal(err)
	}
	f := found{rows: map[string]compare.Row{}}
	for _, row := range report.Rows {
		f.rows[row.Kind+" "+row.Name+" "+row.Figure] = row
		f.worse = f.worse || row.Verdict == compare.Regression
		f.better = f.better || row.Verdict == compare.Improvement
	}
	return f
}

func TestSimulateComparisons(t *testing.T) {
	t.Parallel()
	n := choose(500, 30)
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	same := build{factor: 1, tail: 1, errors: 0.001}
	for _, c := range []struct {
		name    string
		changed build
	}{{"equals", same}, {"+20 %", build{factor: 1.2, tail: 1, errors: 0.001}}, {"+20 % beyond p97", build{factor: 1, tail: 1.2, errors: 0.001}}} {
		var worse, better int
		for i := range n {
			a, b := usual.sides(5, same, c.changed, 1, uint64(i))
			f := compared(t, a, b, compare.Options{})
			if f.worse {
				worse++
			}
			if f.better {
				better++
			}
			if i == 0 {
				for k, r := range f.rows {
					if r.Declared {
						fmt.Printf("%s %+v %s %s %s\n", k, r, r.Changed(), r.Seen(), r.Remark())
					}
				}
			}
		}
		fmt.Fprintf(w, "%s\t%d of %d worse\t%d better\n", c.name, worse, n, better)
	}
	_ = w.Flush()
	t.Log("\n" + out.String())
}
