package compare_test

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/histogram"
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

var usual = simulated{seconds: 120, rate: 200, drift: 0.15, alike: 0.8, swing: 0.05}

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

// outcome is what a comparison of simulated runs came to.
type outcome struct {
	worse, better bool // of any figure
	p99           compare.Row
	// within and between say whether two other tests find that p99 of the same tier became worse: one that takes all
	// calls for independent, and one that draws runs anew.
	within, between bool
}

// compared compares the numbered runs of two builds.
func (s simulated) compared(t testing.TB, changed build, number int) (o outcome) {
	base := build{factor: 1, tail: 1, errors: 0.001}
	a, b := s.sides(5, base, changed, 19, uint64(number))
	report, err := compare.Compare(a, b, compare.Options{})
	if err != nil {
		t.Error(err)
		return o
	}
	for _, row := range report.Rows {
		o.worse = o.worse || row.Verdict == compare.Regression
		o.better = o.better || row.Verdict == compare.Improvement
		if row.Kind == compare.Tier && row.Name == "Full" && row.Figure == "p99" {
			o.p99 = row
		}
	}
	o.within = withinRuns(a, b)
	o.between = redrawn(a, b, uint64(number))
	return o
}

// withinRuns is the naive test: all calls of a side as one sample.
func withinRuns(a, b compare.Set) bool {
	of := func(set compare.Set) histogram.Distribution {
		whole := metrics.Of(set.Runs[0].Manifest)
		for _, m := range set.Runs {
			whole.Merge(m.Whole)
		}
		return whole.Latencies(metrics.ByTier)["Full"]
	}
	in := histogram.Difference(of(a), of(b), 99)
	return in != nil && in.Low > 0
}

// redrawn is the percentile bootstrap over runs, at the same 5 %.
func redrawn(a, b compare.Set, seed uint64) bool {
	of := func(set compare.Set) (ys []float64) {
		for _, m := range set.Runs {
			ys = append(ys, math.Log(*m.Whole.Latencies(metrics.ByTier)["Full"].Percentile(99)))
		}
		return ys
	}
	x, y := of(a), of(b)
	r := rand.New(rand.NewPCG(7, seed))
	draw := func(ys []float64) (sum float64) {
		for range ys {
			sum += ys[r.IntN(len(ys))]
		}
		return sum / float64(len(ys))
	}
	changes := make([]float64, 2000)
	for i := range changes {
		changes[i] = draw(y) - draw(x)
	}
	slices.Sort(changes)
	return changes[len(changes)/20] > 0
}

// many makes so many comparisons, in tests that run side by side: each is its own number's.
func (s simulated) many(t *testing.T, n int, changed build) []outcome {
	all := make([]outcome, n)
	t.Run("many", func(t *testing.T) {
		share := runtime.GOMAXPROCS(0)
		for first := range share {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				for i := first; i < n; i += share {
					all[i] = s.compared(t, changed, i)
				}
			})
		}
	})
	return all
}

func count(all []outcome, of func(outcome) bool) (n int) {
	for _, o := range all {
		if of(o) {
			n++
		}
	}
	return n
}

// TestSimulateComparisons compares five simulated runs of a build with five of another: ±15 % between runs of one
// build, seconds that resemble their neighbours, three tiers. At most 5 % of comparisons of equals may raise an alarm;
// a p99 that is 20 % longer must be found in 90 %, and one of the size that is said to be visible in 80 %.
func TestSimulateComparisons(t *testing.T) {
	s := usual
	// So many tell 5 % to 0.3, and 90 % to 0.6; how far off a stated change is, fewer tell.
	alike, longer, sized := choose(5000, 8), choose(3000, 8), choose(500, 8)
	if !*long {
		s.seconds = 15
	}
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "true change\tcomparisons\tworse\tbetter\tof p99 of one tier: worse\tinterval holds it\tcalls as one sample\truns drawn anew")
	percent := func(n, of int) float64 { return 100 * float64(n) / float64(of) }
	row := func(name string, n int, changed build, change float64) (worse, found float64, all []outcome) {
		all = s.many(t, n, changed)
		worse = percent(count(all, func(o outcome) bool { return o.worse }), n)
		found = percent(count(all, func(o outcome) bool { return o.p99.Verdict == compare.Regression }), n)
		held := percent(count(all, func(o outcome) bool { return *o.p99.Low <= change && change <= *o.p99.High }), n)
		_, _ = fmt.Fprintf(w, "%s\t%d\t%.1f %%\t%.1f %%\t%.1f %%\t%.1f %%\t%.1f %%\t%.1f %%\n", name, n, worse,
			percent(count(all, func(o outcome) bool { return o.better }), n), found, held,
			percent(count(all, func(o outcome) bool { return o.within }), n), percent(count(all, func(o outcome) bool { return o.between }), n))
		return worse, found, all
	}
	alarms, _, equals := row("none", alike, build{factor: 1, tail: 1, errors: 0.001}, 0)
	allFound, _, _ := row("+20 % of all", longer, build{factor: 1.2, tail: 1, errors: 0.001}, 0.2)
	tailFound, _, _ := row("+20 % beyond p97", longer, build{factor: 1, tail: 1.2, errors: 0.001}, 0.2)
	var stated []float64
	for _, o := range equals {
		stated = append(stated, *o.p99.Visible)
	}
	slices.Sort(stated)
	visible := stated[len(stated)/2]
	var below, at float64
	if *long {
		_, below, _ = row(fmt.Sprintf("+%.1f %%: three quarters of what is said to be visible", 75*visible), sized, build{factor: 1 + 0.75*visible, tail: 1, errors: 0.001}, 0.75*visible)
		_, at, _ = row(fmt.Sprintf("+%.1f %%: what is said to be visible", 100*visible), sized, build{factor: 1 + visible, tail: 1, errors: 0.001}, visible)
	}
	_, above, _ := row(fmt.Sprintf("+%.1f %%: a quarter more", 125*visible), sized, build{factor: 1 + 1.25*visible, tail: 1, errors: 0.001}, 1.25*visible)
	_ = w.Flush()
	t.Logf("comparisons of 5 runs with 5, of %d s at %d/s:\n%s", s.seconds, s.rate, out.String())
	if !*long {
		// So few can only tell what is far off.
		if alarms > 40 || above < 50 || allFound < 50 {
			t.Errorf("%.0f %% false alarms, %.0f %% found of what is beyond the visible, %.0f %% of +20 %%", alarms, above, allFound)
		}
		return
	}
	if alarms > 5 {
		t.Errorf("%.1f %% of comparisons of equals raised an alarm, expected at most 5 %%", alarms)
	}
	if allFound < 90 || tailFound < 90 {
		t.Errorf("+20 %% was found in %.1f %%, or of p99 alone in %.1f %%, expected 90 %%", allFound, tailFound)
	}
	if below >= 80 || above <= 80 {
		t.Errorf("of what is said to be visible, three quarters was found in %.1f %%, all in %.1f %%, and a quarter more in %.1f %%; expected 80 %% in between", below, at, above)
	}
}
