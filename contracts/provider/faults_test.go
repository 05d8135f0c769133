package provider

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/splitmix"
)

func TestFaultsValidate(t *testing.T) {
	for _, c := range []struct {
		why  string
		f    Faults
		want []string // one part of each problem; none is a valid configuration
	}{
		{"the zero value", Faults{}, nil},
		{"everything fails", Faults{HTTP500: 1}, nil},
		{"100 % that sum to 1.0000000000000002", Faults{HTTP500: .18, HTTP503: .26, Reset: .22, Truncated: .05, MissingField: .20, WrongType: .09}, nil},
		{"a length for later", Faults{SlowBody: SlowBody{0, time.Second}}, nil},
		{"negative", Faults{Reset: -0.1}, []string{"fault reset: expected a share from 0 to 1 (0% to 100%), found -0.1"}},
		{"percent taken for a share", Faults{HTML: 5}, []string{"fault html: expected a share from 0 to 1 (0% to 100%), found 5"}},
		{"no number", Faults{WrongType: math.NaN()}, []string{"fault wrongType: expected a share from 0 to 1 (0% to 100%), found NaN"}},
		{"more than all", Faults{HTTP500: .7, RepeatedID: .6}, []string{"http500 + repeatedId sum to 1.3"}},
		{"above a rate", Faults{HTTP500: .1, Above: 56}, nil},
		{"above a rate that is none", Faults{HTTP500: .1, Above: math.Inf(1)}, []string{"faults: above: expected a rate from 0/s to 100000/s, found +Inf/s"}},
		{"below none", Faults{HTTP500: .1, Above: -1}, []string{"faults: above: expected a rate from 0/s to 100000/s, found -1/s"}},
		{"above a rate nothing", Faults{Above: 5}, []string{"faults: above: it says from which rate on faults strike, and none has a share"}},
		{"no length", Faults{SlowBody: SlowBody{Share: .1}}, []string{"fault slowBody: expected a length (for) above 0s, found 0s"}},
		{"all at once", Faults{HTTP500: 2, Truncated: -1, Stall: Stall{At: -1, For: 25 * time.Hour}},
			[]string{"fault http500:", "fault truncated:", "fault stall: at: expected a duration from 0s to 24h0m0s, found -1ns", "fault stall: for: expected a duration from 0s to 24h0m0s, found 25h0m0s"}},
	} {
		err := c.f.Validate()
		if (err == nil) != (len(c.want) == 0) {
			t.Errorf("%s: Validate() = %v, want %q", c.why, err, c.want)
			continue
		}
		if err == nil {
			continue
		}
		if n := len(strings.Split(err.Error(), "\n")); n != len(c.want) {
			t.Errorf("%s: %d problems, want %d:\n%v", c.why, n, len(c.want), err)
		}
		for _, part := range c.want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: Validate() =\n%v, want it to say\n%s", c.why, err, part)
			}
		}
	}
}

func TestShareNames(t *testing.T) {
	want := "http500 http503 reset truncated missingField wrongType html contentType repeatedId"
	if got := strings.Join(ShareNames(), " "); got != want {
		t.Errorf("ShareNames() = %s, want %s", got, want)
	}
	var f Faults
	for i, name := range ShareNames() {
		*f.Share(name) = float64(i+1) / 100
	}
	if want := (Faults{HTTP500: .01, HTTP503: .02, Reset: .03, Truncated: .04, MissingField: .05, WrongType: .06, HTML: .07, ContentType: .08, RepeatedID: .09}); f != want {
		t.Errorf("after setting each by its name: %+v, want %+v", f, want)
	}
	for _, name := range []string{"", "slowBody", "HTTP500", "http5000"} {
		if f.Share(name) != nil {
			t.Errorf("Share(%q) is not nil", name)
		}
	}
}

// Over many calls each fault comes as often as its share says, and the draws for other purposes do not depend on it.
func TestLottery(t *testing.T) {
	f := Faults{HTTP500: .01, HTTP503: .02, Reset: .03, Truncated: .04, MissingField: .05, WrongType: .06, HTML: .07, ContentType: .08, RepeatedID: .09, SlowBody: SlowBody{.1, 1}}
	l := f.lottery()
	const n = 200000
	var counts [faults]int
	slow := 0.0
	for i := range n {
		d := draws{seed: splitmix.Mix(1), n: uint64(i)}
		kind := l.draw(d.unit(forFault))
		counts[kind]++
		if kind == slowBody {
			slow += d.unit(forLatency)
		}
	}
	for kind := http500; kind < faults; kind++ {
		p := *f.share(kind)
		if off, sigma := math.Abs(float64(counts[kind])-n*p), math.Sqrt(n*p*(1-p)); off > 4*sigma {
			t.Errorf("%s: %d of %d, want %.0f ± %.0f", faultNames[kind], counts[kind], n, n*p, 4*sigma)
		}
	}
	if mean := slow / float64(counts[slowBody]); math.Abs(mean-0.5) > 4/math.Sqrt(12*float64(counts[slowBody])) {
		t.Errorf("calls with a slow body draw a mean of %v for their latency, want about 0.5", mean)
	}
}

func TestLotteryEnds(t *testing.T) {
	none, all := (&Faults{}).lottery(), (&Faults{HTML: 1}).lottery()
	for _, u := range []float64{smallest, 0.5, largest} {
		if k := none.draw(u); k != noFault {
			t.Errorf("without faults, %v draws %q", u, faultNames[k])
		}
		if k := all.draw(u); k != html {
			t.Errorf("with html always, %v draws %q", u, faultNames[k])
		}
	}
}

func TestStretch(t *testing.T) {
	const s = time.Second
	stall := Stall{At: 5 * s, For: 2 * s}
	for _, c := range []struct {
		why         string
		at, d, want time.Duration
	}{
		{"over before the stall", 1 * s, 3 * s, 3 * s},
		{"in service when it begins", 4 * s, 3 * s, 5 * s},
		{"due at the very moment", 4 * s, 1 * s, 3 * s},
		{"arriving as it begins", 5 * s, 1 * s, 3 * s},
		{"arriving in the middle, after half of the backlog", 6 * s, 1 * s, 2*s + s/32},
		{"arriving in the middle, served at once", 6 * s, 0, 1*s + s/32},
		{"arriving as it ends", 7 * s, 1 * s, 1 * s},
	} {
		if got := stall.stretch(c.at, c.d); got != c.want {
			t.Errorf("%s: stretch(%v, %v) = %v, want %v", c.why, c.at, c.d, got, c.want)
		}
	}
}

func TestNothingEndsInAStall(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		length := rapid.Int64Range(0, int64(longestFault))
		s := Stall{time.Duration(length.Draw(t, "at")), time.Duration(length.Draw(t, "for"))}
		at, d := time.Duration(length.Draw(t, "arrival")), time.Duration(length.Draw(t, "service"))
		got := s.stretch(at, d)
		if end := at + got; end >= s.At && end < s.At+s.For {
			t.Fatalf("a call ends at %v, within %+v", end, s)
		}
		if got < d || got > d+s.For {
			t.Fatalf("%v of service take %v with %+v", d, got, s)
		}
	})
}
