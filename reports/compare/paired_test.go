package compare_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/kaizenautomation/andon/reports/compare"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
)

// inTurn is how two builds are simulated that are met in turn, for two seconds each.
type inTurn struct {
	simulated
	// own is the standard deviation of the logarithm of what the calls of one slice have in common and no other does.
	own float64
	// hangs is the chance that a second hangs: all its calls take seconds, whichever build it is.
	hangs float64
}

// pairs go on until it is clear, or for a number of pairs: what is found then, and after how many pairs.
func (s inTurn) pairs(most int, a, b build, seed, number uint64) (rows []compare.Row, n int) {
	r := rand.New(rand.NewPCG(seed, number))
	labels := manifest(float64(4*most), "pair").Labels
	sides := [2]*metrics.Stretches{metrics.NewStretches(labels), metrics.NewStretches(labels)}
	var list []compare.Pair
	common := r.NormFloat64() * s.swing
	for n = range most {
		var at [2][2]float64
		for slice := range 2 {
			side := (n + slice) % 2 // AB BA
			of := [2]build{a, b}[side]
			begins := 4*n + 2*slice
			at[side] = [2]float64{float64(begins), float64(begins + 2)}
			own := r.NormFloat64() * s.own
			for second := begins; second < begins+2; second++ {
				common = s.alike*common + math.Sqrt(1-s.alike*s.alike)*r.NormFloat64()*s.swing
				hang := 0.0
				if r.Float64() < s.hangs {
					hang = 4 * r.Float64()
				}
				for i := range s.rate {
					due := float64(i) / float64(s.rate)
					row := results.Row{
						Due: time.Duration((float64(second) + due) * float64(time.Second)), Class: uint16(r.IntN(2)), Status: 200, Error: results.None,
						Service: float32(0.04*math.Exp(0.3*r.NormFloat64()+common+own)*of.factor + hang*(1-due)),
					}
					if r.Float64() < of.errors {
						row.Status, row.Error = 500, results.Status5xx
					}
					if err := sides[side].Add(row); err != nil {
						panic(err)
					}
				}
			}
		}
		list = append(list, compare.Pair{Base: at[0], New: at[1]})
		var clear bool
		if rows, clear = compare.PairedRows(sides[0], sides[1], list, nil); clear {
			return rows, n + 1
		}
	}
	return rows, most
}

// A target that dies in between fails from then on, so that its pairs differ by much; no share changes by more than
// all.
func TestShareOfAll(t *testing.T) {
	labels := manifest(40, "pair").Labels
	a, b := metrics.NewStretches(labels), metrics.NewStretches(labels)
	var pairs []compare.Pair
	for n := range 10 {
		for i := range 20 {
			due := time.Duration(4*n)*time.Second + time.Duration(i)*100*time.Millisecond
			row := results.Row{Due: due, Service: 0.01, Status: 200}
			failed := results.Row{Due: due + 2*time.Second, Service: 0.01, Error: results.DialRefused}
			if n < 1 {
				failed.Status, failed.Error = 200, results.None
			}
			if err := errors.Join(a.Add(row), b.Add(failed)); err != nil {
				t.Fatal(err)
			}
		}
		pairs = append(pairs, compare.Pair{Base: [2]float64{float64(4 * n), float64(4*n + 2)}, New: [2]float64{float64(4*n + 2), float64(4*n + 4)}})
	}
	rows, _ := compare.PairedRows(a, b, pairs, nil)
	i := slices.IndexFunc(rows, func(r compare.Row) bool { return r.Figure == "errors" })
	if r := rows[i]; r.Verdict != compare.Regression || math.Abs(*r.Change-0.9) > 1e-9 || *r.High != 1 || *r.Low < 0 {
		t.Errorf("%s: %v, %v to %v", r.Verdict, *r.Change, *r.Low, *r.High)
	}
}

// TestSimulatePaired meets two simulated builds in turn for three minutes at most, and looks after every pair: a false
// alarm at any look is one. At most 5 % of equals may raise one, and +5 % is to be found in 90 % where the machine is
// at rest.
func TestSimulatePaired(t *testing.T) {
	n := choose(200, 1)
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "seconds are\tthe second is\tworse\tbetter\toutside of an interval\tpairs")
	same := build{factor: 1, errors: 0.001}
	slower, failing := build{factor: 1.05, errors: 0.001}, build{factor: 1, errors: 0.03}
	for _, c := range []struct {
		noise, is string
		inTurn
		changed     build
		least, most float64
	}{
		{"alike", "equal", inTurn{simulated{rate: 200, alike: 0.8, swing: 0.05}, 0.005, 0}, same, 0, 0.05},
		{"alike", "+5 %", inTurn{simulated{rate: 200, alike: 0.8, swing: 0.05}, 0.005, 0}, slower, 0.9, 1},
		{"alike", "+2.9 pp errors", inTurn{simulated{rate: 200, alike: 0.8, swing: 0.05}, 0.005, 0}, failing, 0.9, 1},
		{"their own", "equal", inTurn{simulated{rate: 200, swing: 0.03}, 0.02, 0}, same, 0, 0.05},
		{"hanging", "equal", inTurn{simulated{rate: 200, alike: 0.8, swing: 0.05}, 0.005, 0.02}, same, 0, 0.05},
	} {
		var worse, better, outside, pairs int
		for i := range n {
			rows, after := c.pairs(45, same, c.changed, 7, uint64(i))
			var isWorse, isBetter, isOutside bool
			for _, r := range rows {
				isWorse = isWorse || r.Verdict == compare.Regression
				isBetter = isBetter || r.Verdict == compare.Improvement
				truth := c.changed.factor - 1
				if r.Unit == compare.Share {
					truth = 0
					if r.Figure == "errors" {
						truth = c.changed.errors - same.errors
					}
				}
				isOutside = isOutside || r.Declared && r.Low != nil && (*r.Low > truth || *r.High < truth)
			}
			for of, yes := range map[*int]bool{&worse: isWorse, &better: isBetter, &outside: isOutside} {
				if yes {
					*of++
				}
			}
			pairs += after
		}
		fmt.Fprintf(w, "%s\t%s\t%d of %d\t%d\t%d\t%.1f\n", c.noise, c.is, worse, n, better, outside, float64(pairs)/float64(n))
		if at := float64(worse) / float64(n); *long && (at < c.least || at > c.most) {
			t.Errorf("%s, %s: %d of %d found worse", c.noise, c.is, worse, n)
		}
	}
	_ = w.Flush()
	t.Log("\n" + out.String())
}
