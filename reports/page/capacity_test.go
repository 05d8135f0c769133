package page

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/summary"
)

func sized() sizing.Report {
	f := func(v float64) *float64 { return &v }
	r := sizing.Report{
		Schema: sizing.Schema, Verdict: summary.Verdict{Status: summary.Pass, Causes: []string{}},
		Run: sizing.Run{ID: "20261126T090000-capacity-mixed", Scenario: "mixed", Target: "http://127.0.0.1:8080", Started: time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC), DurationSeconds: 412,
			Seed: 7, Andon: "v1.2.3", Command: []string{"andon", "capacity", "mixed", "--target", "http://127.0.0.1:8080"}, SpecSHA256: "abab", Arrivals: "poisson", Ended: sizing.EndedFound, Labels: map[string]string{"commit": "3ac1"}},
		Objectives: []sizing.Objective{{Expr: "p99(latency) < 1s", Allowed: 0.01}, {Expr: "rate(errors) < 0.5%", Allowed: 0.005}},
		LeftOut:    []sizing.LeftOut{{Expr: "count(violations) == 0", Why: "a count grows with the length of a trial"}},
		Budget:     sizing.Budget{Calls: 200000, Seconds: 1800, Trials: 40, SpentCalls: 48210, SpentSeconds: 412, SpentTrials: 15, Started: 48000, Price: 0.002, Cost: 400, SpentCost: 96.4},
		Acceptance: &sizing.Capacity{Kind: sizing.Interval, Rate: 155, Low: f(150), High: f(160.5), Confidence: 0.95, Highest: 151, Lowest: 164, Spread: 0.012, InFlight: 16.3, Goodput: 153.2, Headroom: f(0.25),
			Broke: &sizing.Broke{Objective: 0, Held: 9, Failed: 7, HeldShare: 0.0051, FailedShare: 0.043, Tier: "Full", Class: "text.Full", Phase: "wait", PhaseSeconds: 0.41, Status: "503", StatusShare: 0.012, Saturated: true,
				Sentence: "p99(latency) < 1s broke first, at 164/s: 4.3 % of calls took 1 s or longer, most in the tier Full, while they waited for the first byte"}},
		Completion: &sizing.Capacity{Kind: sizing.Interval, Rate: 101, Low: f(97), High: f(106), Confidence: 0.95, Highest: 96, Lowest: 110, Spread: 0.02},
		Onsets:     []sizing.Onset{{What: "contract", Rule: "missing-property", Low: f(151), High: f(164), Share: 0.003, Clean: 9120}, {What: "shed", Low: f(200), High: f(320), Share: 0.3, RetryAfter: "calls were taken again 2 s after Retry-After said so"}},
		Notes:      []string{"The mix was Full 25 %, Lite 75 %."},
	}
	over := func(rate float64) float64 { return 1 / (1 + math.Exp(-(rate-155)/6+math.Log(99))) }
	steps := []string{"growth", "growth", "growth", "growth", "growth", "growth", "narrowing", "narrowing", "narrowing", "from above", "narrowing", "confirmation", "confirmation"}
	for i, rate := range []float64{10, 20, 40, 80, 160, 320, 164, 140, 151, 157, 154, 150.5, 152} {
		outcome, reason := sizing.Holds, ""
		if o := over(rate); o > 0.02 {
			outcome, reason = sizing.Broken, "p99(latency) < 1s: 4.3 % over"
		} else if o > 0.006 {
			outcome = sizing.Open
		}
		low, high := f(rate*0.8), f(rate*1.2)
		if i > 8 {
			low, high = f(155-40/float64(i)), f(155+40/float64(i))
		}
		t := sizing.Trial{N: i + 1, Dir: fmt.Sprintf("trials/%02d", i+1), Of: "acceptance", Step: steps[i], Rate: rate, Outcome: outcome, Reason: reason, Seconds: 25, Settled: 4, Calls: uint64(rate * 29),
			Answered: rate, Accepted: rate * 0.99, Goodput: rate * (1 - over(rate)), P50: f(0.1 + over(rate)), P95: f(0.3 + over(rate)*3), P99: f(0.6 + over(rate)*6), InFlight: rate * 0.105,
			Shares: []float64{over(rate), over(rate) / 20}, Inflation: []float64{1.4, 1}, Status: map[string]uint64{"202": 9}, Growth: &sizing.Bounds{Value: max(0, rate-101), Low: max(0, rate-101) - 2, High: max(0, rate-101) + 2}, Drained: f(0.4), Low: low, High: high}
		if rate > 163 {
			t.Errors, t.Violations, t.Saturated = 0.012*rate/100, 0.003, true
		}
		if rate == 320 {
			t.Shed = 0.3
		}
		if rate == 10 {
			t.Shares[0], t.P99 = 0, nil
		}
		r.Trials = append(r.Trials, t)
	}
	r.Trials = append(r.Trials, sizing.Trial{N: 14, Dir: "trials/14", Of: "acceptance", Step: "narrowing", Rate: 156, Outcome: sizing.Void, Reason: "this machine was the limit", Seconds: 20, Calls: 3100, P50: f(0.2), Shares: []float64{0.2, 0}})
	for rate := 100.0; rate < 200; rate += 2 {
		o := over(rate)
		r.Acceptance.Curve = append(r.Acceptance.Curve, sizing.CurvePoint{Rate: rate, Share: o, Low: o / 1.8, High: min(o*1.8, 1)})
	}
	point := func(share, rate float64, predicted *sizing.Bounds, apart bool) sizing.MixPoint {
		return sizing.MixPoint{Share: share, Capacity: sizing.Capacity{Kind: sizing.Interval, Rate: rate, Low: f(rate * 0.97), High: f(rate * 1.03), Confidence: 0.95}, Predicted: predicted, Apart: apart}
	}
	r.Mix = &sizing.Mix{Of: "tier", Value: "Full", Other: "Lite", Points: []sizing.MixPoint{point(0, 320, nil, false), point(0.25, 190, &sizing.Bounds{Value: 188, Low: 180, High: 197}, false),
		point(0.5, 160, &sizing.Bounds{Value: 133, Low: 127, High: 140}, true), point(0.75, 103, &sizing.Bounds{Value: 103, Low: 99, High: 108}, false), point(1, 84, nil, false)},
		Departure: "at a share of 50 % of Full it takes 160/s, more than the 127–140/s of a pool shared by both"}
	r.Isolation = &sizing.Isolation{Tier: "Lite", Beside: "Full", Rate: 60, Capacity: 84, Sentence: "Full hurts Lite: at 80 % of its capacity, the p99 of Lite is longer by 120 ms",
		Points: []sizing.IsolationPoint{{Load: 0, P99: 0.2, Trial: 15}, {Load: 0.2, P99: 0.21, Change: &sizing.Bounds{Value: 0.01, Low: -0.004, High: 0.025}, Trial: 16}, {Load: 0.5, P99: 0.25, Change: &sizing.Bounds{Value: 0.05, Low: 0.03, High: 0.07}, Trial: 16}, {Load: 0.8, P99: 0.32, Change: &sizing.Bounds{Value: 0.12, Low: 0.09, High: 0.15}, Trial: 16}}}
	r.Scaling = &sizing.Scaling{Alpha: sizing.Bounds{Value: 0.0277, Low: 0.005, High: 0.05}, Beta: sizing.Bounds{Value: 0.000104, Low: 0.00005, High: 0.00016}, Gamma: sizing.Bounds{Value: 89.9, Low: 53, High: 126}, R2: 0.99, PeakCallers: 96.5, Peak: 1883.9}
	for i, n := range []int{1, 18, 36, 72, 108, 144, 216} {
		r.Scaling.Levels = append(r.Scaling.Levels, sizing.ScalingLevel{Callers: n, Throughput: []float64{64.9, 995.9, 1652.4, 1853.2, 1828.9, 1775, 1702.2}[i], P50: float64(n) / 1500, Fitted: 1800, Trial: 20 + i})
	}
	r.Replicas = &sizing.Replicas{Measured: 2, Need: 900, Reserve: 0.2, Each: 75, Needed: 15, Assumptions: []string{"capacity grows linearly with replicas; only one count was measured"}}
	r.Soak = &sizing.Soak{Rate: 124, Share: 0.8, Seconds: 7200, Trial: 14, Drift: []string{"p95 grew by 3.1 % an hour (1.0 to 5.2 %)"}, Sentence: "something drifted"}
	return r
}

func renderedCapacity(t testing.TB, r sizing.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteCapacity(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestCapacityPage(t *testing.T) {
	page := renderedCapacity(t, sized())
	if path := os.Getenv("ANDON_TEST_PAGE"); path != "" {
		if err := os.WriteFile(path, page, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}
