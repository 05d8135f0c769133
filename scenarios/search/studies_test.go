package search

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/scenarios/scalability"
)

func TestParseMix(t *testing.T) {
	s := begun(t, quick).Scenario
	for _, c := range []struct {
		said      string
		of, value string
		shares    []float64
		wrong     string
	}{
		{said: "tier=0,25,50,75,100", of: "tier", value: "Full", shares: []float64{0, 1, 0.5, 0.25, 0.75}},
		{said: "tier", of: "tier", value: "Full", shares: []float64{0, 1, 0.5}},
		{said: "tier.Lite=100%, 10%", of: "tier", value: "Lite", shares: []float64{0.1, 1}},
		{said: "invalid=0,1,5,2.5", of: "invalid", shares: []float64{0, 0.05, 0.025, 0.01}},
		{said: "tier=0,120", wrong: `expected shares from 0 to 100 percent, such as tier=0,25,50,75,100, found "120"`},
		{said: "tier=0,a,-1", wrong: `found "-1"`},
		{said: "tier=5,5.0", wrong: "the share 5.0% stands twice"},
		{said: "tier=", wrong: `found ""`},
		{said: "tier=NaN,1", wrong: `found "NaN"`},
		{said: "tier=50", wrong: "expected from 2 to 20 shares, found 1"},
		{said: "tier.Ful=0,50", wrong: `the description has no tier "Ful"; did you mean "Full"?`},
		{said: "speed=0,50", wrong: `the mix says nothing of "speed"`},
		{said: "content.text=0,100", wrong: "nothing takes the rest"},
	} {
		m, err := ParseMix(c.said, s)
		if c.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%s: %v, expected %s", c.said, err, c.wrong)
			}
			continue
		}
		if err != nil || m.Of != c.of || m.Value != c.value || !slices.Equal(m.Shares, c.shares) {
			t.Errorf("%s: %+v, %v", c.said, m, err)
		}
	}
}

func TestParseLadder(t *testing.T) {
	for said, want := range map[string]string{
		"1,2,4,8": "", " 8, 1 ": "", "": `found ""`, "0,1": `found "0"`, "1,2,1": "the level of 1 caller stands twice", "1,x": `found "x"`, "70000": `found "70000"`,
		"1" + strings.Repeat(",", 1): `found ""`,
	} {
		levels, err := ParseLadder(said)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) || err == nil && !slices.IsSorted(levels) {
			t.Errorf("%q: %v, %v, expected %q", said, levels, err, want)
		}
	}
}

func TestParseReplicas(t *testing.T) {
	for _, c := range []struct {
		said     string
		measured int
		counts   []scalability.Level
		wrong    string
	}{
		{said: "measured=2", measured: 2},
		{said: "1=95/s,2=180/s, 4=350.5/s", counts: []scalability.Level{{N: 1, X: 95}, {N: 2, X: 180}, {N: 4, X: 350.5}}},
		{said: "measured=0", wrong: `found "0"`},
		{said: "2", wrong: `expected the capacity of 2 replicas, such as 2=95/s, found "2"`},
		{said: "2=95", wrong: "2=95/s"},
		{said: "2=-1/s,x=1/s", wrong: `found "x"`},
		{said: "1=Inf/s", wrong: `found "1=Inf/s"`},
		{said: "1=9/s,1=10/s", wrong: "stands twice"},
		{said: "measured=2,1=95/s", wrong: "leave one out"},
	} {
		r, err := ParseReplicas(c.said)
		if c.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%s: %v, expected %s", c.said, err, c.wrong)
			}
			continue
		}
		if err != nil || r.Measured != c.measured || !slices.Equal(r.Counts, c.counts) {
			t.Errorf("%s: %+v, %v", c.said, r, err)
		}
	}
}

// Whatever is written, it is read or refused.
func FuzzParse(f *testing.F) {
	for _, said := range []string{"tier=0,50", "tier.Lite=1%", "invalid", "1,2,4", "measured=2", "1=95/s,2=180/s", "=", ".=,%"} {
		f.Add(said)
	}
	s := begun(f, quick).Scenario
	f.Fuzz(func(t *testing.T, said string) {
		if m, err := ParseMix(said, s); err == nil {
			for _, share := range m.Shares {
				if _, err := s.WithShare(m.Of, m.Value, share); err != nil {
					t.Errorf("%q is read, and cannot be: %v", said, err)
				}
			}
		}
		if levels, err := ParseLadder(said); err == nil && (len(levels) == 0 || levels[0] < 1) {
			t.Errorf("%q is read as %v", said, levels)
		}
		if r, err := ParseReplicas(said); err == nil {
			r.Need, r.Reserve = 100, DefaultReserve
			if out := r.needed(nil); out.Needed < 0 || len(out.Assumptions) == 0 {
				t.Errorf("%q is read as %+v, and comes to %+v", said, r, out)
			}
		}
	})
}

func TestReplicasNeeded(t *testing.T) {
	capacity := within(180, 190, 200)
	levels := func(xs ...float64) (list []scalability.Level) {
		for i, x := range xs {
			list = append(list, scalability.Level{N: math.Pow(2, float64(i)), X: x})
		}
		return list
	}
	for _, c := range []struct {
		why    string
		r      Replicas
		found  *sizing.Capacity
		needed int
		each   float64
		said   string
	}{
		{"two take 180/s at the least, each 90/s, of which 63/s are used", Replicas{Measured: 2, Need: 900, Reserve: 0.3}, &capacity, 15, 90, "the low end of the capacity counts, 180/s"},
		{"without a reserve", Replicas{Measured: 2, Need: 900}, &capacity, 10, 90, "adding load to one deployment says nothing of adding replicas"},
		{"exactly as many as are there", Replicas{Measured: 2, Need: 180}, &capacity, 2, 90, "a database or a queue"},
		{"not known", Replicas{Measured: 2, Need: 180}, &sizing.Capacity{Kind: sizing.Unknown}, 0, 0, "is not known"},
		{"not searched for", Replicas{Measured: 2, Need: 180}, nil, 0, 0, "is not known"},
		{"two counts: the worse one", Replicas{Counts: levels(95, 180), Need: 900}, nil, 10, 90, "with the capacities of three or more"},
		{"three without a loss", Replicas{Counts: levels(100, 200, 400), Need: 900}, nil, 9, 100, "contention 0.000"},
		{"with a loss of 5 %", Replicas{Counts: levels(100, 200/1.05, 400/1.15, 800/1.35), Need: 900}, nil, 16, 57.1, "contention 0.050"},
		{"more than they ever take", Replicas{Counts: levels(100, 200/1.05, 400/1.15), Need: 3000}, nil, 0, 87, "no number of replicas takes so much: it comes to 2,000/s"},
		{"what no law describes", Replicas{Counts: levels(100, 400, 100), Need: 900}, nil, 36, 25, "is not put to use"},
	} {
		out := c.r.needed(c.found)
		if out.Needed != c.needed || math.Abs(out.Each-c.each) > 0.1 || !strings.Contains(strings.Join(out.Assumptions, "; "), c.said) {
			t.Errorf("%s: %+v", c.why, out)
		}
	}
}

// As many as are needed take it with the reserve, and one less does not.
func TestReplicasAreJustEnough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		low := rapid.Float64Range(0.1, 1e4).Draw(t, "low")
		r := Replicas{Measured: rapid.IntRange(1, 50).Draw(t, "measured"), Need: rapid.Float64Range(0.1, 1e5).Draw(t, "need"), Reserve: rapid.Float64Range(0, 0.9).Draw(t, "reserve")}
		out := r.needed(&sizing.Capacity{Kind: sizing.AtLeast, Low: &low})
		takes := func(n int) float64 { return float64(n) * low / float64(r.Measured) * (1 - r.Reserve) }
		const rounding = 1e-9
		if takes(out.Needed) < r.Need*(1-rounding) || out.Needed > 1 && takes(out.Needed-1) > r.Need*(1+rounding) {
			t.Fatalf("%+v", out)
		}
	})
}

func TestLadderIsFitted(t *testing.T) {
	var out sizing.Scaling
	for _, n := range []int{1, 2, 4, 8, 16, 32, 64} {
		x := float64(n)
		out.Levels = append(out.Levels, sizing.ScalingLevel{Callers: n, Throughput: 100 * x / (1 + 0.03*(x-1) + 0.001*x*(x-1))})
	}
	few := sizing.Scaling{Levels: out.Levels[:5]}
	fitLadder(&out)
	if out.Refused != "" || math.Abs(out.Alpha.Value-0.03) > 1e-3 || math.Abs(out.Beta.Value-0.001) > 1e-4 || math.Abs(out.PeakCallers-31) > 1 || math.Abs(out.Levels[3].Fitted-out.Levels[3].Throughput) > 1 {
		t.Errorf("%+v", out)
	}
	if fitLadder(&few); few.Refused == "" || few.Gamma.Value != 0 {
		t.Errorf("five levels: %+v", few)
	}
}

func TestIsolated(t *testing.T) {
	alone := 0.1
	bounds := func(low, high float64) *sizing.Bounds {
		return &sizing.Bounds{Value: (low + high) / 2, Low: low, High: high}
	}
	low, none := 0.4, -0.02
	for _, c := range []struct {
		why    string
		points []sizing.IsolationPoint // beside the other, and alone again
		want   string
	}{
		{"apart", []sizing.IsolationPoint{{Load: 0.2, Change: bounds(-0.01, 0.01)}, {Load: 0.5, Change: bounds(-0.02, 0.01)}, {Load: 0.8, Change: bounds(-0.01, 0.02)}, {Change: bounds(-0.01, 0.01)}},
			"Full is not seen to hurt Lite: beside up to 80 % of its capacity the p99, 100 ms alone, changes by +20.0 ms at the most"},
		{"apart, as the heaviest load says", []sizing.IsolationPoint{{Load: 0.2, AtLeast: &none}, {Load: 0.5}, {Load: 0.8, Change: bounds(-0.01, 0.02)}, {AtLeast: &none}},
			"beside 80 % of its capacity the p99, 100 ms alone, changes by +20.0 ms at the most (95 % intervals); too few calls tell it at 20 %, at 50 %"},
		{"the heaviest load says nothing", []sizing.IsolationPoint{{Load: 0.2, Change: bounds(-0.01, 0.01)}, {Load: 0.5, Change: bounds(-0.01, 0.01)}, {Load: 0.8, AtLeast: &none}, {Change: bounds(-0.01, 0.01)}},
			"whether Full hurts Lite is not known"},
		{"hurt", []sizing.IsolationPoint{{Load: 0.2, Change: bounds(-0.01, 0.02)}, {Load: 0.5, Change: bounds(0.02, 0.06)}, {Load: 0.8, AtLeast: &low}, {Change: bounds(-0.01, 0.01)}},
			"Full hurts Lite: it changes the p99 at 50 % of its capacity by +20.0 ms to +60.0 ms, at 80 % of its capacity by +400 ms at the least"},
		{"by too little to matter", []sizing.IsolationPoint{{Load: 0.2, Change: bounds(0.001, 0.004)}, {Load: 0.5, Change: bounds(0.001, 0.004)}, {Load: 0.8, Change: bounds(0.001, 0.004)}, {Change: bounds(-0.01, 0.01)}},
			"is not seen to hurt"},
		{"the target changed", []sizing.IsolationPoint{{Load: 0.2, Change: bounds(0.1, 0.2)}, {Load: 0.5, Change: bounds(0.1, 0.2)}, {Load: 0.8, Change: bounds(0.1, 0.2)}, {Change: bounds(0.1, 0.2)}},
			"the p99 of Lite alone changed between the first trial and the last, by +100 ms to +200 ms"},
		{"too few calls", []sizing.IsolationPoint{{Load: 0.2}, {Load: 0.5}, {Load: 0.8}, {}}, "whether Full hurts Lite is not known"},
		{"cut short", []sizing.IsolationPoint{{Load: 0.2, Change: bounds(0, 0)}}, "whether Full hurts Lite is not known"},
	} {
		x := &sizing.Isolation{Tier: "Lite", Beside: "Full", Points: append([]sizing.IsolationPoint{{P99: alone}}, c.points...)}
		if got := isolated(x, &alone); !strings.Contains(strings.ReplaceAll(got, "−", "-"), c.want) {
			t.Errorf("%s: %s", c.why, got)
		}
	}
}

// What a search without an end has seen is good enough to take shares of.
func TestKeptAt(t *testing.T) {
	s := &session{report: sizing.Report{Objectives: []sizing.Objective{{Allowed: 0.05}}}}
	add := func(about string, rate, share float64, outcome string) {
		s.report.Trials = append(s.report.Trials, sizing.Trial{Of: "isolation", About: about, Rate: rate, Shares: []float64{share}, Outcome: outcome})
	}
	add("Full alone", 50, 0, sizing.Open)
	if got := s.keptAt("Full alone"); got != 0 {
		t.Errorf("nothing broke, and it is said to keep %g", got)
	}
	add("Full alone", 100, 0.5, sizing.Broken)
	add("Full alone", 80, 0.06, sizing.Open)
	add("Full alone", 90, 0.01, sizing.Open)
	add("Full alone", 75, 0.04, sizing.Open)
	add("Full alone", 78, 0, sizing.Void)
	add("Lite alone", 79, 0, sizing.Holds)
	if got := s.keptAt("Full alone"); got != 75 {
		t.Errorf("it keeps %g", got)
	}
}

// What the studies cannot be made of is said at once, and how much they take.
func TestStudiesAreChecked(t *testing.T) {
	one := strings.Replace(quick, "Full: 1, Lite: 1", "Lite: 1", 1)
	x := Studies{Isolation: true, Soak: -time.Second, Replicas: &Replicas{Measured: 2, Reserve: 1}}
	err := x.Check(begun(t, one).Scenario)
	for _, want := range []string{"the mix has 1 of the description's", "such as 2h, found -1s", "which nobody has said", "less than 100 %"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, expected %s", err, want)
		}
	}
	if err := (Studies{Isolation: true, Soak: time.Hour, Replicas: &Replicas{Measured: 2, Need: 9}}).Check(begun(t, quick).Scenario); err != nil {
		t.Error(err)
	}
	none, all := Studies{}.Most(900), Studies{Mix: &Mix{Shares: []float64{0, 1}}, Isolation: true, Ladder: []int{1, 2}, Soak: time.Hour}.Most(900)
	if none != 0 || all < 3600+3*ofSearch*900+5*mostIsolation+2*10 {
		t.Errorf("%g s, and %g s", none, all)
	}
}
