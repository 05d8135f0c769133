package provider

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/contracts"
)

func TestParseLatency(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		text string
		want Latency
		back string
	}{
		{"20ms", Latency{a: 20 * ms}, "20ms"},
		{"0", Latency{}, "0s"},
		{"1m30s", Latency{a: 90 * time.Second}, "1m30s"},
		{"1h", Latency{a: time.Hour}, "1h0m0s"},
		{"constant(20ms)", Latency{a: 20 * ms}, "20ms"},
		{"uniform(10ms, 50ms)", Latency{shape: uniform, a: 10 * ms, b: 50 * ms}, "uniform(10ms, 50ms)"},
		{"uniform(10ms,10ms)", Latency{shape: uniform, a: 10 * ms, b: 10 * ms}, "uniform(10ms, 10ms)"},
		{"lognormal(400ms, 0.4)", Latency{shape: lognormal, a: 400 * ms, sigma: 0.4}, "lognormal(400ms, 0.4)"},
		{"  lognormal\t( 1.5s ,2 ) ", Latency{shape: lognormal, a: 1500 * ms, sigma: 2}, "lognormal(1.5s, 2)"},
		{"lognormal(1s, -0)", Latency{shape: lognormal, a: time.Second}, "lognormal(1s, 0)"},
	} {
		got, err := ParseLatency(c.text)
		if err != nil || got != c.want {
			t.Errorf("ParseLatency(%q) = %#v, %v; want %#v", c.text, got, err, c.want)
		}
		if got.String() != c.back {
			t.Errorf("ParseLatency(%q) is written %q, want %q", c.text, got, c.back)
		}
	}
}

func TestParseLatencyErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", `latency "": column 1: expected a duration from 0s to 1h, such as 20ms, found the end`},
		{"20", `latency "20": column 1: expected a duration from 0s to 1h, such as 20ms, found "20"`},
		{"20 ms", `latency "20 ms": column 1: expected a duration from 0s to 1h, such as 20ms, found "20"`},
		{"20ms 30ms", `latency "20ms 30ms": column 6: expected the end, found "30ms"`},
		{"-1ms", `latency "-1ms": column 1: expected a duration from 0s to 1h, such as 20ms, found "-1ms"`},
		{"61m", `latency "61m": column 1: expected a duration from 0s to 1h, such as 20ms, found "61m"`},
		{"unifrom(1ms, 2ms)", `latency "unifrom(1ms, 2ms)": column 1: expected a duration or one of constant, uniform, lognormal, found "unifrom" (did you mean "uniform"?)`},
		{"LogNormal(1ms, 1)", `latency "LogNormal(1ms, 1)": column 1: expected a duration or one of constant, uniform, lognormal, found "LogNormal" (did you mean "lognormal"?)`},
		{"pareto(1ms)", `latency "pareto(1ms)": column 1: expected a duration or one of constant, uniform, lognormal, found "pareto"`},
		{"uniform", `latency "uniform": column 8: expected (, found the end`},
		{"uniform(1ms)", `latency "uniform(1ms)": column 12: expected ,, found ")"`},
		{"uniform(2ms, 1ms)", `latency "uniform(2ms, 1ms)": column 14: expected a highest duration of at least 2ms, found "1ms"`},
		{"lognormal(1ms, 2.1)", `latency "lognormal(1ms, 2.1)": column 16: expected sigma, a number from 0 to 2, found "2.1"`},
		{"lognormal(1ms, NaN)", `latency "lognormal(1ms, NaN)": column 16: expected sigma, a number from 0 to 2, found "NaN"`},
		{"lognormal(1ms, )", `latency "lognormal(1ms, )": column 16: expected sigma, a number from 0 to 2, found ")"`},
		{"lognormal(1ms, 1", `latency "lognormal(1ms, 1": column 17: expected ), found the end`},
		{"constant(1ms))", `latency "constant(1ms))": column 14: expected the end, found ")"`},
		{"é(\x1b[31m)", `latency "é(\x1b[31m)": column 1: expected a duration from 0s to 1h, such as 20ms, found "é"`},
		{"constant(é\x1b)", `latency "constant(é\x1b)": column 10: expected a duration from 0s to 1h, such as 20ms, found "é\x1b"`},
	} {
		got, err := ParseLatency(c.text)
		if err == nil || err.Error() != c.want {
			t.Errorf("ParseLatency(%q) =\n%v, want\n%s", c.text, err, c.want)
		}
		if got != (Latency{}) {
			t.Errorf("ParseLatency(%q) = %v beside an error, want the zero latency", c.text, got)
		}
	}
}

func anyLatency(t *rapid.T) Latency {
	length := rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.Int64Range(0, int64(maxLatency)).Draw(t, "ns"))
	})
	l := Latency{shape: rapid.SampledFrom([]shape{constant, uniform, lognormal}).Draw(t, "shape"), a: length.Draw(t, "a")}
	switch l.shape {
	case uniform:
		l.b = l.a + length.Draw(t, "width")
		l.b = min(l.b, maxLatency)
	case lognormal:
		l.sigma = rapid.Float64Range(0, maxSigma).Draw(t, "sigma")
	}
	return l
}

func TestLatencyRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := anyLatency(t)
		if back, err := ParseLatency(l.String()); err != nil || back != l {
			t.Fatalf("%#v is written %q, which reads as %#v, %v", l, l, back, err)
		}
	})
}

func FuzzParseLatency(f *testing.F) {
	for _, s := range []string{"20ms", "constant(20ms)", "uniform(10ms, 50ms)", "lognormal(400ms, 0.4)", "unifrom(1ms", "lognormal(1s,0x1p-2)", "\xff(", "-0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		l, err := ParseLatency(s)
		if err != nil {
			if strings.ContainsFunc(err.Error(), unicode.IsControl) || len(err.Error()) > 2000 {
				t.Errorf("the error for %q is not fit to be shown: %q", s, err)
			}
			return
		}
		if back, err := ParseLatency(l.String()); err != nil || back != l {
			t.Errorf("%q reads as %#v, is written %q, and that reads as %#v, %v", s, l, l, back, err)
		}
		for _, u := range []float64{smallest, 0.5, largest} {
			if d := l.quantile(u); d < 0 || d > maxLatency*lognormalCap {
				t.Errorf("the %v quantile of %v is %v", u, l, d)
			}
		}
	})
}

// The ends of what draws.unit yields.
const (
	smallest = 0.5 / (1 << 52)
	largest  = (1<<52 - 0.5) / (1 << 52)
)

func TestQuantileIsAQuantileFunction(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := anyLatency(t)
		u := []float64{smallest, 0.5, largest, rapid.Float64Range(smallest, largest).Draw(t, "u")}
		slices.Sort(u)
		for i := 1; i < len(u); i++ {
			if l.quantile(u[i-1]) > l.quantile(u[i]) {
				t.Fatalf("%v: the %v quantile is above the %v quantile", l, u[i-1], u[i])
			}
		}
		low, high := l.quantile(smallest), l.quantile(largest)
		switch {
		case l.shape == uniform && (low < l.a || high > l.b):
			t.Fatalf("%v yields from %v to %v", l, low, high)
		case l.shape == lognormal && (low < 0 || high > lognormalCap*l.a || l.quantile(0.5) != l.a):
			t.Fatalf("%v yields from %v to %v with a median of %v", l, low, high, l.quantile(0.5))
		case l.shape == constant && (low != l.a || high != l.a):
			t.Fatalf("%v yields from %v to %v", l, low, high)
		}
	})
}

// The moments of many draws are those of the distribution that was asked for.
func TestDrawnLatencies(t *testing.T) {
	const n = 20000
	logs, sum := make([]float64, n), 0.0
	l := Latency{shape: lognormal, a: 400 * time.Millisecond, sigma: 0.4}
	u := Latency{shape: uniform, a: 10 * time.Millisecond, b: 50 * time.Millisecond}
	for i := range logs {
		d := draws{seed: 7, n: uint64(i)}
		logs[i] = math.Log(l.quantile(d.unit(forLatency)).Seconds())
		sum += u.quantile(d.unit(forLatency)).Seconds()
	}
	mean, variance := 0.0, 0.0
	for _, x := range logs {
		mean += x / n
	}
	for _, x := range logs {
		variance += (x - mean) * (x - mean) / (n - 1)
	}
	// Four standard errors: σ/√n for a mean, σ/√(2n) for a standard deviation.
	if want := math.Log(0.4); math.Abs(mean-want) > 4*0.4/math.Sqrt(n) {
		t.Errorf("the logarithms' mean is %v, want about %v", mean, want)
	}
	if s := math.Sqrt(variance); math.Abs(s-0.4) > 4*0.4/math.Sqrt(2*n) {
		t.Errorf("the logarithms' standard deviation is %v, want about 0.4", s)
	}
	if m := sum / n; math.Abs(m-0.030) > 4*0.040/math.Sqrt(12*n) {
		t.Errorf("the uniform draws' mean is %v, want about 0.030", m)
	}
}

func TestDefaultLatency(t *testing.T) {
	for _, c := range []struct {
		tiers []string
		want  []string // by tier, then for calls without one
	}{
		{[]string{"Full", "Lite"}, []string{"lognormal(40ms, 0.4)", "lognormal(12ms, 0.4)", "lognormal(40ms, 0.4)"}},
		{[]string{"Full", "Lite", "Nano", "d", "e"}, []string{"lognormal(40ms, 0.4)", "lognormal(12ms, 0.4)", "lognormal(3.6ms, 0.4)", "lognormal(1.08ms, 0.4)", "lognormal(1ms, 0.4)", "lognormal(40ms, 0.4)"}},
		{nil, []string{"lognormal(40ms, 0.4)"}},
		{[]string{"Full", "default"}, []string{"lognormal(40ms, 0.4)", "lognormal(12ms, 0.4)", "lognormal(40ms, 0.4)"}},
	} {
		got := DefaultLatency(c.tiers)
		for i, tier := range append(c.tiers, contracts.NoTier(c.tiers)) {
			if got[tier].String() != c.want[i] {
				t.Errorf("DefaultLatency(%q)[%q] = %v, want %s", c.tiers, tier, got[tier], c.want[i])
			}
		}
	}
}

// A tier that is called default takes its own time, and the calls without a tier theirs.
func TestLatencyOfTierCalledDefault(t *testing.T) {
	tiers := []string{"Full", "default"}
	a, b, c := Latency{a: 1}, Latency{a: 2}, Latency{a: 3}
	for _, given := range []map[string]Latency{{"Full": a, "default": b, "no-tier": c}, {"Full": c, "default": b}, {"no-tier": c, "default": b}} {
		got, err := byTier(tiers, given)
		if err != nil || got["default"] != b || got["no-tier"] != c {
			t.Errorf("%v becomes %v, %v", given, got, err)
		}
	}
	if got, err := ParseLatencies([]string{"no-tier=3ns", "default=2ns"}, map[string]Latency{}, tiers); err != nil || got["no-tier"] != c || got["default"] != b {
		t.Errorf("read is %v, %v", got, err)
	}
}

func TestResolveLatency(t *testing.T) {
	tiers := []string{"Full", "Lite", "Nano"}
	a, b, c := Latency{a: 1}, Latency{a: 2}, Latency{a: 3}
	for _, tc := range []struct {
		why   string
		given map[string]Latency
		want  [4]Latency // Full, Lite, Nano, default
	}{
		{"nothing given, nothing waited", nil, [4]Latency{}},
		{"all given", map[string]Latency{"Full": a, "Lite": b, "Nano": c, "default": b}, [4]Latency{a, b, c, b}},
		{"a tier left out is as the default", map[string]Latency{"Full": a, "default": c}, [4]Latency{a, c, c, c}},
		{"without a default, the first that has one", map[string]Latency{"Nano": c, "Lite": b}, [4]Latency{b, b, c, b}},
	} {
		got, err := byTier(tiers, tc.given)
		if err != nil {
			t.Errorf("%s: %v", tc.why, err)
		}
		for i, tier := range append(slices.Clone(tiers), contracts.NoTier(tiers)) {
			if got[tier] != tc.want[i] {
				t.Errorf("%s: %s takes %v, want %v", tc.why, tier, got[tier], tc.want[i])
			}
		}
	}
}
