package compare

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/student"
)

// times makes a declared series of a time from the logarithms of both sides' values.
func times(base, changed []float64, within float64) series {
	s := series{kind: Tier, name: "Full", figure: figures()[2], declared: true, withinBase: within, withinChanged: within}
	for _, y := range base {
		s.base = append(s.base, value{y: y, known: true})
	}
	for _, y := range changed {
		s.changed = append(s.changed, value{y: y, known: true})
	}
	return s
}

// drawn5 are five values that scatter by so much around another.
func drawn5(r *rand.Rand, around, scatter float64) (ys []float64) {
	for range 5 {
		ys = append(ys, around+scatter*r.NormFloat64())
	}
	return ys
}

// TestAlone holds the chance of one figure alone against Student's t.
func TestAlone(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, change := range []float64{0, 0.05, 0.1, 0.15, 0.2} {
		s := times(drawn5(r, 0, 0.08), drawn5(r, change, 0.08), 0)
		row := decide([]series{s})[0]
		e := s.estimate()
		want := 1 - student.UpTo(math.Abs(e.change)/e.scale, 8)
		if math.Abs(*row.P-want) > 0.015 {
			t.Errorf("a change of %.3f by %.3f: p %.4f, expected %.4f", e.change, e.scale, *row.P, want)
		}
	}
}

// shifted are values moved to the mean of others.
func shifted(ys, to []float64) (moved []float64) {
	var by float64
	for i := range ys {
		by += (to[i] - ys[i]) / float64(len(ys))
	}
	for _, y := range ys {
		moved = append(moved, y+by)
	}
	return moved
}

// TestCorrected holds what a figure is corrected for: others that drift with it, do not vary, or do not matter cost
// nothing, and independent ones about as much as there are.
func TestCorrected(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 1))
	base, changed := drawn5(r, 0, 0.08), drawn5(r, 0.13, 0.08)
	one := times(base, changed, 0)
	alone := *decide([]series{one})[0].P
	scaled := func(ys []float64) (other []float64) {
		for _, y := range ys {
			other = append(other, 3+y)
		}
		return other
	}
	unchanged := times(base, shifted(changed, base), 0)
	constant := times(make([]float64, 5), make([]float64, 5), 0)
	small := times(drawn5(r, 0, 0.001), drawn5(r, 0, 0.001), 0)
	for name, others := range map[string][]series{
		"that drift with it":                     {times(scaled(base), scaled(changed), 0), times(scaled(base), scaled(changed), 0)},
		"that drift with it, and did not change": {unchanged, unchanged},
		"that do not vary":                       {constant, constant, constant},
		"that do not matter":                     {small, small},
		"that are no figures":                    {series{declared: true, figure: figures()[0], base: make([]value, 5), changed: make([]value, 5)}},
	} {
		if p := *decide(append([]series{one}, others...))[0].P; math.Abs(p-alone) > 0.005 {
			t.Errorf("beside figures %s: p %.4f, expected %.4f as alone", name, p, alone)
		}
	}
	var free []series
	for range 3 {
		s := times(drawn5(r, 0, 0.3), drawn5(r, 0, 0.3), 0)
		free = append(free, s)
	}
	if p := *decide(append([]series{one}, free...))[0].P; p < 1.5*alone || p > 4.5*alone {
		t.Errorf("beside three free figures: p %.4f, expected up to four times %.4f", p, alone)
	}
}

// TestManyRight holds the chance of any false alarm among free figures, each of which matters whatever it is.
func TestManyRight(t *testing.T) {
	const n = 200
	r := rand.New(rand.NewPCG(3, 1))
	var alarms int
	for range n {
		var list []series
		for range 6 {
			s := times(drawn5(r, 0, 0.3), drawn5(r, 0, 0.3), 0)
			s.figure.tolerance = 0.0001
			list = append(list, s)
		}
		if slices.ContainsFunc(decide(list), func(r Row) bool { return r.Verdict == Regression }) {
			alarms++
		}
	}
	// Without a correction one of six would be wrong in a quarter of them; with one in 5 %, or 11 % once in a thousand.
	if alarms > n*11/100 {
		t.Errorf("%d of %d comparisons of equals raised an alarm", alarms, n)
	}
}

// TestVerdicts holds what a row comes to.
func TestVerdicts(t *testing.T) {
	steady := []float64{0, 0.01, -0.01, 0.005, -0.005}
	by := func(change float64) (ys []float64) {
		for _, y := range steady {
			ys = append(ys, y+change)
		}
		return ys
	}
	wild := []float64{0, 0.2, -0.2, 0.1, -0.1}
	for _, c := range []struct {
		why           string
		base, changed []float64
		within        float64
		want          string
	}{
		{"it is beyond interval and tolerance", steady, by(0.2), 0, Regression},
		{"the same to the better", steady, by(-0.2), 0, Improvement},
		{"it became worse for certain, by less than is tolerated", steady, by(0.05), 0, Same},
		{"it is about as much as is tolerated", steady, by(0.094), 0, Unknown},
		{"it is far from the tolerance", steady, by(0), 0, Same},
		{"runs differ by too much to tell", wild, append([]float64{0.12}, wild[1:]...), 0, Unknown},
		{"what the calls of a run tell is less than what runs say, which is chance", steady, by(0.2), 0.2 * 0.2, Unknown},
		{"one run on a side", steady[:1], by(0.3)[:1], 0.01 * 0.01, Drift},
		{"one run on a side, to the better", steady[:1], by(-0.3)[:1], 0.01 * 0.01, Drift},
		{"one run on a side, and nothing to be seen", steady[:1], by(0)[:1], 0.01 * 0.01, Unknown},
		{"one run against five", steady, by(0.3)[:1], 0.01 * 0.01, Drift},
	} {
		row := decide([]series{times(c.base, c.changed, c.within)})[0]
		if row.Verdict != c.want {
			t.Errorf("%s: %s (%s, %s), expected %s", c.why, row.Verdict, row.Changed(), row.Reason, c.want)
		}
		if (row.Verdict == Unknown || row.Verdict == Drift) && row.Reason == "" {
			t.Errorf("%s: nothing says why", c.why)
		}
		if several := len(c.changed) > 1; several != (row.Visible != nil) {
			t.Errorf("%s: what is visible is %v", c.why, row.Visible)
		}
	}
}

// TestFalling holds that less goodput is worse.
func TestFalling(t *testing.T) {
	s := times([]float64{0, 0.01, -0.01}, []float64{-0.3, -0.29, -0.31}, 0)
	s.figure = figure{name: "goodput", unit: PerSecond, tolerance: 0.1, falls: true}
	if row := decide([]series{s})[0]; row.Verdict != Regression || *row.Change > -0.2 || *row.Visible < 0 {
		t.Errorf("a fall is %s (%v), visible %v", row.Verdict, *row.Change, *row.Visible)
	}
	s.base, s.changed = s.changed, s.base
	if row := decide([]series{s})[0]; row.Verdict != Improvement {
		t.Errorf("a rise is %s", row.Verdict)
	}
}

// TestShares holds what is said of shares against what can be worked out by hand.
func TestShares(t *testing.T) {
	of := func(base, changed []uint64) series {
		s := series{kind: All, figure: figures()[3], declared: true}
		var parts float64
		for _, n := range base {
			s.base = append(s.base, share(n, 10_000))
			parts += float64(n)
		}
		for _, n := range changed {
			s.changed = append(s.changed, share(n, 10_000))
			parts += float64(n)
		}
		p := parts / 1e4 / float64(len(base)+len(changed))
		s.withinBase, s.withinChanged = p*(1-p)/1e4, p*(1-p)/1e4
		return s
	}
	for _, c := range []struct {
		why           string
		base, changed []uint64
		want          string
	}{
		{"none at all", []uint64{0, 0, 0}, []uint64{0, 0, 0}, Same},
		{"a few, far below the tolerance", []uint64{1, 0, 2}, []uint64{2, 4, 1}, Same},
		{"one in a hundred, of none", []uint64{0, 0, 0}, []uint64{100, 110, 90}, Regression},
		{"the same to the better", []uint64{100, 110, 90}, []uint64{0, 0, 0}, Improvement},
		{"one run of three failed, which may be the run's", []uint64{0, 0, 0}, []uint64{0, 600, 0}, Unknown},
		{"one run on a side", []uint64{0}, []uint64{600}, Drift},
	} {
		row := decide([]series{of(c.base, c.changed)})[0]
		if row.Verdict != c.want {
			t.Errorf("%s: %s (%s; %s), expected %s", c.why, row.Verdict, row.Changed(), row.Reason, c.want)
		}
		if row.Low == nil || row.High == nil || *row.Low > *row.Change || *row.High < *row.Change || *row.Low < -1 || *row.High > 1 {
			t.Errorf("%s: the interval is %s", c.why, row.Changed())
		}
	}
}

// TestOrder holds that neither the order of runs nor the unit of time matters, and that what is swapped changes sides.
func TestOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := func(name string) []float64 {
			return rapid.SliceOfN(rapid.Float64Range(-3, 3), 1, 6).Draw(t, name)
		}
		base, changed := values("base"), values("changed")
		within := rapid.Float64Range(0, 0.1).Draw(t, "within")
		one := decide([]series{times(base, changed, within)})[0]
		swapped := decide([]series{times(changed, base, within)})[0]
		slices.Sort(base)
		slices.Sort(changed)
		for i := range base {
			base[i] += 5
		}
		for i := range changed {
			changed[i] += 5
		}
		again := decide([]series{times(base, changed, within)})[0]
		near := func(a, b *float64) bool {
			return a == nil && b == nil || a != nil && b != nil && math.Abs(*a-*b) <= 1e-6*max(math.Abs(*a), 1)
		}
		if !near(one.Change, again.Change) || !near(one.Low, again.Low) || !near(one.High, again.High) || (one.Visible == nil) != (again.Visible == nil) {
			t.Fatalf("in another order and unit: %+v, then %+v", one, again)
		}
		if one.Low == nil {
			return
		}
		if math.Abs(math.Log1p(*one.Low)+math.Log1p(*swapped.High)) > 1e-6 || math.Abs(math.Log1p(*one.Change)+math.Log1p(*swapped.Change)) > 1e-6 {
			t.Fatalf("swapped: %s, then %s", one.Changed(), swapped.Changed())
		}
		opposite := map[string]string{Regression: Improvement, Improvement: Regression, Drift: Drift}
		if want, is := opposite[one.Verdict]; is && swapped.Verdict != want && one.P != nil && math.Abs(*one.P-0.05) > 0.01 {
			t.Fatalf("swapped: %s, then %s", one.Verdict, swapped.Verdict)
		}
	})
}

// TestVisible holds what is said to be visible, and for how many runs, against comparisons that are made anew.
func TestVisible(t *testing.T) {
	const n = 150
	r := rand.New(rand.NewPCG(4, 1))
	var visible []float64
	for range n {
		visible = append(visible, *decide([]series{times(drawn5(r, 0, 0.08), drawn5(r, 0, 0.08), 0)})[0].Visible)
	}
	slices.Sort(visible)
	found := func(change float64) (share float64) {
		for range n {
			if decide([]series{times(drawn5(r, 0, 0.08), drawn5(r, math.Log1p(change), 0.08), 0)})[0].Verdict == Regression {
				share += 1.0 / n
			}
		}
		return share
	}
	stated := visible[n/2]
	if below, above := found(0.75*stated), found(1.25*stated); below > 0.8 || above < 0.8 {
		t.Errorf("of %.3f, which is said to be visible: three quarters is found in %.2f, a quarter more in %.2f", stated, below, above)
	}
	for change, want := range map[float64]int{0.3: 3, 0.2: 4, 0.15: 6} {
		if got := runsFor(0.08, math.Log1p(change), math.Log1p(0.1)); got < want-1 || got > want+1 {
			t.Errorf("runs that tell a change of %.2f: %d, expected about %d", change, got, want)
		}
	}
	if got := runsFor(0.08, math.Log1p(0.1), math.Log1p(0.1)); got != 0 {
		t.Errorf("a change as large as the tolerance is told by %d runs, expected never", got)
	}
}

// TestLeftOver holds the variance of blocks: what comes in all runs at the same time is the load's, and the rest counts
// as much as it lasts.
func TestLeftOver(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 1))
	const n = 4000
	var got, again float64
	for range n {
		var runs, shaped [][]float64
		for range 2 {
			one, other := make([]float64, blocks), make([]float64, blocks)
			var mean float64
			for b := range one {
				one[b] = r.NormFloat64()
				mean += one[b] / blocks
			}
			for b := range one {
				one[b] -= mean
				other[b] = one[b] + 100*math.Sin(float64(b))
			}
			runs, shaped = append(runs, one), append(shaped, other)
		}
		got += leftOver(runs) / n
		again += leftOver(shaped) / n
	}
	if math.Abs(got-blocks) > 0.3 || math.Abs(again-got) > 0.01 {
		t.Errorf("the sum of %d independent blocks has the variance %.2f, with a shape that all share %.2f", blocks, got, again)
	}
}

// TestCommon holds the quantile of two distributions against their times in one order.
func TestCommon(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) (d histogram.Distribution, list []float64) {
			s := histogram.NewScratch()
			for _, v := range rapid.SliceOfN(rapid.Float32Range(0.001, 4), 1, 30).Draw(t, name) {
				var h histogram.Recorder
				h.Record(histogram.Nanoseconds(v))
				s.AddPacked(h.Pack(new([]byte)))
			}
			d = s.Distribution()
			for i := range d.Samples() {
				list = append(list, d.At(i+1))
			}
			return d, list
		}
		a, x := draw("base")
		b, y := draw("changed")
		q, factor := rapid.Float64Range(0.01, 0.999).Draw(t, "q"), rapid.SampledFrom([]float64{1, 0.5, 1.3}).Draw(t, "factor")
		both := slices.Clone(x)
		for _, v := range y {
			both = append(both, v/factor)
		}
		slices.Sort(both)
		want := both[max(int(math.Ceil(q*float64(len(both)))), 1)-1]
		if got := common(a, b, q, factor); got != want {
			t.Fatalf("expected %v, found %v", want, got)
		}
	})
}

// TestReach holds what is found of a distance against it.
func TestReach(t *testing.T) {
	for _, at := range []float64{0.0005, 0.003, 0.1, 1, 6.5} {
		if got := reach(func(d float64) bool { return d >= at }); got < at || got > max(1.06*at, 0.0021) {
			t.Errorf("expected %v, found %v", at, got)
		}
	}
	if got := reach(func(float64) bool { return false }); got != farthest {
		t.Errorf("expected no end, found %v", got)
	}
}
