package reportstest

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/summary"
)

// Sizing is a search for capacity of which everything was asked and found: both capacities, what began, a mix,
// isolation, a ladder, replicas, a soak, and a trial of every outcome; with texts that are hostile.
func Sizing() sizing.Report {
	r := sizing.Report{
		Schema: sizing.Schema,
		Run: sizing.Run{
			ID: "20261126T090000Z-capacity-mixed", Scenario: "mixed", Target: "http://127.0.0.1:8080", Started: time.Date(2026, 11, 26, 9, 0, 0, 123456789, time.UTC),
			DurationSeconds: 9312, Seed: 7, Andon: "v1.2.3", Command: []string{"andon", "capacity", "mixed"},
			SpecSHA256: strings.Repeat("ab", 32), Release: "2026.11-" + Hostile, Labels: map[string]string{"commit": "3ac1", "by": Hostile}, Insecure: true, Arrivals: "poisson", Ended: sizing.EndedFound, Resumed: 1,
		},
		Verdict:    summary.Verdict{Status: summary.Pass, Causes: []string{}},
		Objectives: []sizing.Objective{{Expr: "p99(latency) < 1s", Allowed: 0.01}, {Expr: "rate(errors) < 0.5%", Allowed: 0.005}},
		LeftOut:    []sizing.LeftOut{{Expr: "mean(lag) < 5ms", Why: "a mean is no share of calls that are over a limit"}},
		Budget: sizing.Budget{Calls: 600_000, Seconds: 14_400, Trials: 60, Price: 0.002, Cost: 1200, SpentCalls: 504_310, SpentSeconds: 9312, SpentTrials: 34,
			SpentCost: 996.4, Started: 498_200},
		Need: &sizing.Need{Rate: 60, Headroom: 0.15, Tried: 69, Answer: sizing.Yes, Error: 0.05, Reason: "p99(latency) < 1s: 0.31 % of 9,120 calls were over", Trial: 7},
		Onsets: []sizing.Onset{
			{What: "contract", Rule: "missing-property", Low: ptr(70), High: ptr(76), Share: 0.0031, Clean: 9120},
			{What: "shed", Low: ptr(80), High: ptr(95), Share: 0.3, Clean: 4120, RetryAfter: "calls were taken again 2.10 s after the first refusal; Retry-After had said 2 s"},
		},
		Notes: []string{"Calls arrive at random (Poisson), as those of many callers do: evenly spaced, the target would take more.", "The target said " + Hostile},
	}
	trials(&r)
	r.Acceptance = &sizing.Capacity{Kind: sizing.Interval, Rate: 73.1, Low: ptr(71), High: ptr(75.2), Confidence: 0.95, Highest: 71.5, Lowest: 76, Spread: 0.012,
		NotMonotone: "72.5/s held in trial 8, above 71.0/s, which was clearly broken in trial 6", Hysteresis: "73.0/s broke when it was come to from above, and held when it was not",
		InFlight: 11.4, Goodput: 72.3, Headroom: ptr(0.183),
		Broke: &sizing.Broke{Objective: 0, Held: 7, Failed: 5, HeldShare: 0.0031, FailedShare: 0.043, Tier: "Full", Class: "text.Full", Phase: "wait", PhaseSeconds: 0.41,
			Status: "503", StatusShare: 0.012, Saturated: true, Sentence: "p99(latency) < 1s broke first, at 76.0/s: the wait of Full grew by 410 ms at its p95, with " + Hostile},
	}
	for rate := 8.0; rate < 100; rate += 4 {
		s := over(rate, 73.1)
		r.Acceptance.Curve = append(r.Acceptance.Curve, sizing.CurvePoint{Rate: rate, Share: s, Low: s / 1.8, High: min(s*1.8, 1)})
	}
	r.Completion = &sizing.Capacity{Kind: sizing.Interval, Rate: 20.1, Low: ptr(19.4), High: ptr(20.9), Confidence: 0.95, Highest: 19, Lowest: 21.5, Spread: 0.02, InFlight: 3.1, Goodput: 20}
	further(&r)
	return r
}

func ptr(v float64) *float64 { return &v }

// over is a share over the limit that passes 1 % at the capacity.
func over(rate, capacity float64) float64 {
	return 1 / (1 + math.Exp(4.595-9*math.Log(rate/capacity)))
}

// trials are those of both capacities.
func trials(r *sizing.Report) {
	add := func(t sizing.Trial) {
		t.N = len(r.Trials) + 1
		t.Dir = fmt.Sprintf("trials/%02d", t.N)
		t.Settled, t.Drained = 4.2, ptr(0.35)
		t.Calls = uint64(t.Rate * (t.Seconds + t.Settled))
		t.Answered, t.Accepted = t.Rate*(1-t.Shed/2), t.Rate*(1-t.Shed)
		if t.Callers > 0 {
			t.Answered = []float64{9.4, 18.6, 35.1, 63.8, 106, 160}[t.N-18]
			t.Accepted, t.Calls = t.Answered, uint64(20*t.Answered)
		}
		t.InFlight = float64(t.Callers) + t.Rate*0.11/(1-min(t.Rate/100, 0.95))
		p50 := 0.09 / (1 - min(t.Rate/110, 0.97))
		t.P50, t.P95 = ptr(p50), ptr(3.2*p50)
		if t.Calls > 299 {
			t.P99 = ptr(5.1 * p50)
		}
		s := over(t.Rate, 73.1)
		t.Goodput = t.Accepted * (1 - s)
		t.Shares, t.Inflation = []float64{s, t.Errors}, []float64{1.4, 1}
		t.Status = map[string]uint64{"202": t.Calls}
		r.Trials = append(r.Trials, t)
	}
	const accepting = "acceptance"
	for i, t := range []struct {
		rate, low, high float64
		step, outcome   string
	}{
		{10, 10, 0, "growth", sizing.Holds}, {20, 20, 0, "growth", sizing.Holds}, {40, 40, 0, "growth", sizing.Holds}, {80, 40, 80, "growth", sizing.Broken},
		{76, 60, 78, "narrowing", sizing.Broken}, {71, 64, 76.5, "narrowing", sizing.Broken}, {69, 68, 76, "narrowing", sizing.Holds}, {72.5, 70, 75.8, "narrowing", sizing.Holds},
		{74, 70.2, 75.5, "narrowing", sizing.Open}, {73, 70.2, 75.5, "narrowing", sizing.Void}, {95, 70.4, 75.4, "from above", sizing.Broken}, {73, 70.8, 75.3, "from above", sizing.Open},
		{71.5, 71, 75.2, "confirmation", sizing.Holds},
	} {
		trial := sizing.Trial{Of: accepting, Step: t.step, Rate: t.rate, Outcome: t.outcome, Seconds: 60 + 5*float64(i), Low: ptr(t.low), High: ptr(t.high)}
		if t.high == 0 {
			trial.High = nil
		}
		switch t.outcome {
		case sizing.Broken:
			trial.Reason, trial.Violations, trial.Saturated = fmt.Sprintf("p99(latency) < 1s: %.1f %% over", 100*over(t.rate, 73.1)), 0.0031, t.rate > 79
			trial.Rules = map[string]uint64{"missing-property": 14, Hostile: 1}
		case sizing.Void:
			trial.Reason = "this machine held up 12.0 % of the calls"
		}
		if t.rate == 95 {
			trial.Shed, trial.Errors = 0.3, 0.012
		}
		add(trial)
	}
	for _, rate := range []float64{10, 19, 21.5, 24} {
		outcome, growth := sizing.Holds, rate-20.1
		if growth > 0 {
			outcome = sizing.Broken
		}
		add(sizing.Trial{Of: "completion", Step: "narrowing", Rate: rate, Outcome: outcome, Seconds: 120, Growth: &sizing.Bounds{Value: max(growth, 0), Low: max(growth, 0) - 0.6, High: max(growth, 0) + 0.7}})
	}
	for _, callers := range []float64{1, 2, 4, 8, 16, 32} {
		add(sizing.Trial{Of: "ladder", Callers: int(callers), Outcome: sizing.Holds, Seconds: 20})
	}
	for _, about := range []string{"Lite alone", "Full at 20 %", "Full at 50 %", "Full at 80 %"} {
		add(sizing.Trial{Of: "isolation", About: about, Rate: 40, Outcome: sizing.Open, Seconds: 60})
	}
	for _, share := range []int{0, 25, 50, 75, 100} {
		add(sizing.Trial{Of: "mix", About: fmt.Sprintf("Full %d %%", share), Step: "narrowing", Rate: 60, Outcome: sizing.Holds, Seconds: 60})
	}
	add(sizing.Trial{Of: "onset", About: "contract", Rate: 70, Outcome: sizing.Holds, Seconds: 90})
	add(sizing.Trial{Of: "soak", Rate: 58.5, Outcome: sizing.Holds, Seconds: 7200})
}

// further is what was found beside the capacities.
func further(r *sizing.Report) {
	at := func(share, rate float64, predicted *sizing.Bounds, apart bool) sizing.MixPoint {
		return sizing.MixPoint{Share: share, Predicted: predicted, Apart: apart,
			Capacity: sizing.Capacity{Kind: sizing.Interval, Rate: rate, Low: ptr(rate * 0.97), High: ptr(rate * 1.03), Confidence: 0.95}}
	}
	r.Mix = &sizing.Mix{Of: "tier", Value: "Full", Other: "Lite", Departure: "at 50 % Full it takes 118/s, more than the 76.6/s that a pool shared by both would take: the tiers have pools of their own", Points: []sizing.MixPoint{
		at(0, 156, nil, false), at(0.25, 102, &sizing.Bounds{Value: 102.7, Low: 98.9, High: 106}, false), at(0.5, 118, &sizing.Bounds{Value: 76.6, Low: 73.8, High: 79.5}, true),
		at(0.75, 61.5, &sizing.Bounds{Value: 61, Low: 58.8, High: 63.4}, false), {Share: 1, Capacity: sizing.Capacity{Kind: sizing.AtLeast, Low: ptr(50.8), Confidence: 0.95, Why: "this machine was the limit"}},
	}}
	r.Isolation = &sizing.Isolation{Tier: "Lite", Beside: "Full", Rate: 40, Capacity: 50.8, Sentence: "Full hurts Lite: beside 80 % of its capacity the p99 of Lite is longer by 120 ms", Points: []sizing.IsolationPoint{
		{Load: 0, P99: 0.2, Trial: 24}, {Load: 0.2, P99: 0.21, Change: &sizing.Bounds{Value: 0.01, Low: -0.004, High: 0.025}, Trial: 25},
		{Load: 0.4, P99: 0.22, Trial: 25}, {Load: 0.5, P99: 0.25, AtLeast: ptr(0.03), Trial: 26}, {Load: 0.8, P99: 0.32, Change: &sizing.Bounds{Value: 0.12, Low: 0.09, High: 0.15}, Trial: 27},
	}}
	r.Scaling = &sizing.Scaling{Alpha: sizing.Bounds{Value: 0.0277, Low: 0.0045, High: 0.0509}, Beta: sizing.Bounds{Value: 0.000104, Low: 0.00005, High: 0.00016}, Gamma: sizing.Bounds{Value: 9.5, Low: 8.8, High: 10.2},
		R2: 0.991, PeakCallers: 96.5, Peak: 199}
	for i, n := range []float64{1, 2, 4, 8, 16, 32} {
		r.Scaling.Levels = append(r.Scaling.Levels, sizing.ScalingLevel{Callers: int(n), Throughput: []float64{9.4, 18.6, 35.1, 63.8, 106, 160}[i], P50: n / 160,
			Fitted: 9.5 * n / (1 + 0.0277*(n-1) + 0.000104*n*(n-1)), Trial: 18 + i})
	}
	r.Replicas = &sizing.Replicas{Measured: 2, Need: 900, Reserve: 0.2, Each: 35.5, Needed: 32, Assumptions: []string{
		"two replicas were measured, and no other number: that each one more adds as much is assumed", "what they share, such as a database, takes as much more"}}
	r.Soak = &sizing.Soak{Rate: 58.5, Share: 0.8, Seconds: 7200, Trial: 34, Drift: []string{"p95(latency) grew by 3.10 % an hour (1.00 to 5.20 %)"}, Sentence: "over 2 hours at 58.5/s the latency drifted"}
}
