package search

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/sizing"
)

// within is a capacity with an interval.
func within(low, rate, high float64) sizing.Capacity {
	return sizing.Capacity{Kind: sizing.Interval, Rate: rate, Low: &low, High: &high}
}

func TestSharedPool(t *testing.T) {
	for _, c := range []struct {
		why  string
		a, b float64
		at   float64
		want float64
	}{
		{"half of the calls take twice as long", 0, 1, 0.5, 1 / (0.5/100 + 0.5/50)},
		{"a quarter does", 0, 1, 0.25, 1 / (0.75/100 + 0.25/50)},
		{"at an end it is what was measured", 0, 1, 1, 50},
		{"ends that are not 0 and 1", 0.1, 0.5, 0.3, 1 / (0.5/100 + 0.5/50)},
	} {
		if got := sharedPool(c.at, c.a, c.b, within(95, 100, 105), within(48, 50, 52)); math.Abs(got.Value-c.want) > 1e-9 {
			t.Errorf("%s: %+v, expected %g", c.why, got, c.want)
		}
	}
	open := within(95, 100, 105)
	open.Kind, open.High = sizing.AtLeast, nil
	if got := sharedPool(0.5, 0, 1, open, within(48, 50, 52)); got != nil {
		t.Errorf("of what is not known: %+v", got)
	}
}

// Where the ends are off by chance as much as their intervals say, the interval of the prediction holds the truth as
// often.
func TestSharedPoolCovers(t *testing.T) {
	r := rand.New(rand.NewPCG(18, 2))
	const a, b, times = 100.0, 40.0, 2000
	for _, at := range []float64{0.05, 0.3, 0.5, 0.9} {
		truth, held := 1/((1-at)/a+at/b), 0
		for range times {
			end := func(true, sigma float64) sizing.Capacity {
				rate := true * math.Exp(sigma*r.NormFloat64())
				return within(rate*math.Exp(-1.96*sigma), rate, rate*math.Exp(1.96*sigma))
			}
			if p := sharedPool(at, 0, 1, end(a, 0.02), end(b, 0.03)); p.Low <= truth && truth <= p.High {
				held++
			}
		}
		if held < times*935/1000 || held > times*965/1000 {
			t.Errorf("at %g: %d of %d intervals hold the truth", at, held, times)
		}
	}
}

// The prediction lies between the ends, and so does its interval.
func TestSharedPoolIsBetween(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		end := func(name string) sizing.Capacity {
			rate := rapid.Float64Range(0.1, 1e5).Draw(t, name)
			return within(rate*(1-rapid.Float64Range(0, 0.5).Draw(t, "below")), rate, rate*(1+rapid.Float64Range(0, 0.5).Draw(t, "above")))
		}
		a, b := end("a"), end("b")
		p := sharedPool(rapid.Float64Range(0, 1).Draw(t, "at"), 0, 1, a, b)
		const rounding = 1e-9
		if p.Value < min(a.Rate, b.Rate)*(1-rounding) || p.Value > max(a.Rate, b.Rate)*(1+rounding) || p.Low > p.Value*(1+rounding) || p.High < p.Value*(1-rounding) {
			t.Fatalf("%+v of %+v and %+v", p, a, b)
		}
	})
}

func TestDeparture(t *testing.T) {
	atLeast := func(low float64) sizing.Capacity { return sizing.Capacity{Kind: sizing.AtLeast, Low: &low} }
	atMost := func(high float64) sizing.Capacity { return sizing.Capacity{Kind: sizing.AtMost, High: &high} }
	for _, c := range []struct {
		why    string
		middle sizing.Capacity
		want   string // "" is none
	}{
		{"as predicted", within(65, 67, 69), ""},
		{"off, and the intervals meet", within(67, 72, 77), ""},
		{"off by too little to matter", within(68.4, 68.5, 68.6), ""},
		{"split pools", within(95, 99, 103), "at 50.0 % by 48 % above"},
		{"they hinder each other", within(47, 50, 52), "at 50.0 % by 25 % below"},
		{"at least", atLeast(90), "at 50.0 % by 35 % above"},
		{"at least, which may be as predicted", atLeast(50), ""},
		{"at most", atMost(40), "at 50.0 % by 40 % below"},
		{"not known", sizing.Capacity{Kind: sizing.Unknown}, ""},
	} {
		m := sizing.Mix{Of: "tier", Value: "Full", Points: []sizing.MixPoint{
			{Share: 0, Capacity: within(98, 100, 102)}, {Share: 0.5, Capacity: c.middle}, {Share: 1, Capacity: within(49, 50, 51)},
		}}
		predict(&m)
		p := m.Points[1]
		if p.Predicted == nil || math.Abs(p.Predicted.Value-66.667) > 0.01 || p.Apart != (c.want != "") || !strings.Contains(m.Departure, c.want) || (m.Departure == "") != (c.want == "") {
			t.Errorf("%s: %+v, %q", c.why, p, m.Departure)
		}
		if m.Points[0].Predicted != nil || m.Points[2].Predicted != nil {
			t.Errorf("%s: the ends are predicted", c.why)
		}
	}
}
