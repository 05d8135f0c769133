package sizing_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/summary"
)

func ptr(v float64) *float64 { return &v }

func TestHeadline(t *testing.T) {
	between := &sizing.Capacity{Kind: sizing.Interval, Rate: 73.1, Low: ptr(71), High: ptr(75.2), Confidence: 0.95}
	completing := &sizing.Capacity{Kind: sizing.Interval, Rate: 20.1, Low: ptr(19.4), High: ptr(20.9), Confidence: 0.9}
	least := &sizing.Capacity{Kind: sizing.AtLeast, Low: ptr(50), Why: "this machine is the limit."}
	for _, c := range []struct {
		r    sizing.Report
		want string
	}{
		{sizing.Report{Acceptance: between}, "takes 73.1/s (71.0–75.2/s, 95 %)"},
		{sizing.Report{Acceptance: between, Completion: completing}, "accepts 73.1/s (71.0–75.2/s, 95 %); completes 20.1/s (19.4–20.9/s, 90 %)"},
		{sizing.Report{Completion: completing}, "completes 20.1/s (19.4–20.9/s, 90 %)"},
		{sizing.Report{Acceptance: least}, "takes at least 50.0/s: this machine is the limit"},
		{sizing.Report{Acceptance: &sizing.Capacity{Kind: sizing.AtMost, High: ptr(10)}}, "takes at most 10.0/s"},
		{sizing.Report{Acceptance: &sizing.Capacity{Kind: sizing.Unknown, Why: "the target went away"}}, "what it takes is not known: the target went away"},
		{sizing.Report{Acceptance: &sizing.Capacity{Kind: sizing.Unknown, Rate: 12}}, "what it takes is not known"},
		{sizing.Report{Run: sizing.Run{Ended: sizing.EndedUnreachable}}, "not known: the target went away"},
		{sizing.Report{Need: &sizing.Need{Rate: 120, Tried: 120, Answer: sizing.Yes}}, "takes 120/s"},
		{sizing.Report{Need: &sizing.Need{Rate: 120, Headroom: 0.2, Tried: 144, Answer: sizing.No}}, "does not take 120/s and 20 % more (144/s)"},
		{sizing.Report{Need: &sizing.Need{Rate: 120, Tried: 120, Answer: sizing.Undecided}, Acceptance: between}, "undecided whether it takes 120/s; takes 73.1/s (71.0–75.2/s, 95 %)"},
	} {
		if got := c.r.Headline(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestSentences(t *testing.T) {
	r := reportstest.Sizing()
	r.Need.Reason = "p99(latency) < 1s: 0.31 % of 9,120 calls were over"
	for _, c := range []struct{ got, want string }{
		{r.Need.String(), "It takes 60.0/s and 15 % more (69.0/s); such an answer is wrong in at most 5 % of cases. p99(latency) < 1s: 0.31 % of 9,120 calls were over."},
		{sizing.Need{Rate: 5, Answer: sizing.Undecided, Error: 0.05}.String(), "Undecided whether it takes 5.00/s."},
		// 1 − 0.05^(1/9120): the rule of three.
		{r.Onsets[0].String(), "The contract is first broken (missing-property) between 70.0/s and 76.0/s, in 0.31 % of the calls at 76.0/s, in none of 9,120 calls at 70.0/s (below 0.03 %, 95 %)."},
		{r.Onsets[1].String(), "Calls are first shed between 80.0/s and 95.0/s, in 30.0 % of the calls at 95.0/s, in none of 4,120 calls at 80.0/s (below 0.07 %, 95 %). Calls were taken again 2.10 s after the first refusal; Retry-After had said 2 s."},
		{sizing.Onset{What: "shed", High: ptr(10), Share: 0.02}.String(), "Calls are first shed at 10.0/s or below, the lowest rate that was tried, in 2.0 % of the calls there."},
		{sizing.Onset{What: "contract", Low: ptr(10), Clean: 300}.String(), "The contract was not broken up to 10.0/s, in none of 300 calls at 10.0/s (below 0.99 %, 95 %)."},
		{sizing.Onset{What: "contract"}.String(), "It is not known when the contract is first broken."},
		{r.Mix.String(), "At 50 % Full it takes 118/s, more than the 76.6/s that a pool shared by both would take: the tiers have pools of their own."},
		{sizing.Mix{Points: []sizing.MixPoint{{}, {Predicted: &sizing.Bounds{}}}, Value: "Full"}.String(), "What was measured is what a pool shared by both would take (1/λ = f/λ of Full + (1−f)/λ of the rest), within the intervals."},
		{sizing.Mix{Points: []sizing.MixPoint{{}, {Share: 1}}}.String(), "Nothing is predicted: the capacity at one end of the mix is not known, or no share between was measured."},
		{r.Replicas.String(), "32 replicas for 900/s, at 35.5/s each, by what 2 replicas took when that was measured; 20 % of each are kept free."},
		{sizing.Replicas{Measured: 1, Need: 40, Each: 50, Needed: 1}.String(), "1 replica for 40.0/s, at 50.0/s each, by what 1 replica took when that was measured."},
		{sizing.Replicas{Measured: 2, Need: 900}.String(), "How many replicas are needed for 900/s is not known."},
		{r.Soak.String(), "120 min at 58.5/s, 80 % of the capacity. Over 2 hours at 58.5/s the latency drifted."},
		{r.Budget.String(), "Used 504,310 calls of at most 600,000, 34 trials of at most 60, 155 min of at most 240 min, a cost of 996 of at most 1,200 (at 0.002 for each run); 498,200 runs started."},
		{sizing.Budget{SpentCalls: 1, SpentTrials: 1, SpentSeconds: 2}.String(), "Used 1 call, 1 trial, 2.00 s; 0 runs started."},
		{sizing.Run{Ended: "storm", Detail: "it rained"}.Ending(), "The search ended: storm. It rained."},
		{sizing.Scaling{Refused: "five levels are too few"}.Sentences()[0], "No law was fitted: five levels are too few."},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
	scaling := strings.Join(r.Scaling.Sentences(), " ")
	for _, want := range []string{"contention (α) is 0.0277 (0.0045 to 0.0509, 95 %)", "coherency delay (β) is 0.000104 (0.00005 to 0.00016, 95 %)", "9.50/s (8.80–10.2/s, 95 %)", "199/s at 96.5 callers, which is beyond the 32 callers"} {
		if !strings.Contains(scaling, want) {
			t.Errorf("%q lacks %q", scaling, want)
		}
	}
	if strings.Contains(scaling, "lock") {
		t.Errorf("a lock is named: %q", scaling)
	}
	for share, want := range map[float64]string{0.95: "95 %", 0.999: "99.9 %", 0.025: "2.5 %", 1.2: "120 %", 0: "0 %", 0.0004: "0.04 %", 0.183: "18.3 %"} {
		if got := sizing.Percent(share); got != want {
			t.Errorf("%v: %q, want %q", share, got, want)
		}
	}
}

var numbers = func(t *rapid.T, name string) float64 { return rapid.Float64Range(0.01, 2000).Draw(t, name) }

// drawn is a report of any kind of answer.
func drawn(t *rapid.T) sizing.Report {
	r := reportstest.Sizing()
	capacity := func(name string) *sizing.Capacity {
		c := *r.Acceptance
		switch c.Kind = rapid.SampledFrom([]string{"", sizing.Interval, sizing.AtLeast, sizing.AtMost, sizing.Unknown}).Draw(t, name); c.Kind {
		case "":
			return nil
		case sizing.Interval:
			low := numbers(t, "low")
			c.Rate, c.Low, c.High = low*1.02, &low, ptr(low*1.04)
		case sizing.AtLeast:
			c.Low, c.High = ptr(numbers(t, "low")), nil
		case sizing.AtMost:
			c.Low, c.High = nil, ptr(numbers(t, "high"))
		default:
			c.Low, c.High = nil, nil
		}
		return &c
	}
	r.Acceptance, r.Completion = capacity("acceptance"), capacity("completion")
	r.Run.Ended = rapid.SampledFrom([]string{sizing.EndedFound, sizing.EndedBudget, sizing.EndedGenerator, sizing.EndedInterrupted, sizing.EndedUnreachable, sizing.EndedCeiling, sizing.EndedUnkept, sizing.EndedUndecided}).Draw(t, "ended")
	r.Verdict = summary.Verdict{Status: summary.NoVerdict, ExitCode: 3}
	if r.Need.Answer = rapid.SampledFrom([]string{"", sizing.Yes, sizing.No, sizing.Undecided}).Draw(t, "need"); r.Need.Answer == "" {
		r.Need = nil
		if r.Run.Ended == sizing.EndedFound && (r.Acceptance != nil || r.Completion != nil) {
			r.Verdict = summary.Verdict{Status: summary.Pass}
		}
	} else if code := slices.Index([]string{sizing.Yes, sizing.No}, r.Need.Answer); code >= 0 {
		r.Verdict = summary.Verdict{Status: []string{summary.Pass, summary.Fail}[code], ExitCode: code}
	}
	if r.Verdict.Status == summary.NoVerdict && r.Need == nil && r.Run.Ended == sizing.EndedFound {
		r.Run.Ended = sizing.EndedUndecided
	}
	r.Trials = r.Trials[:rapid.IntRange(0, len(r.Trials)).Draw(t, "trials")]
	return r
}

// The checks agree with the verdict: nothing is broken where it is a pass or there is none, something is where it is a
// fail, and where there is none something says so.
func TestChecksAgreeWithTheVerdict(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawn(t)
		v := r.Checks()
		broken, open := v.Count(summary.CheckBroken), v.Count(summary.CheckDoubtful)+v.Count(summary.CheckInconclusive)
		if (broken > 0) != (r.Verdict.Status == summary.Fail) || (open > 0) != (r.Verdict.Status == summary.NoVerdict) {
			t.Errorf("%s, with %d broken and %d open: %+v", r.Verdict.Status, broken, open, v.Checks)
		}
		if v.Planned != len(v.Checks) {
			t.Errorf("%d planned, %d there", v.Planned, len(v.Checks))
		}
	})
}

var bareRate = regexp.MustCompile(`(?:takes|accepts|completes) (?:at least |at most )?[0-9][0-9.,]*/s`)

// A headline never gives a rate as that of a capacity without its interval, or without the word that it is one end.
func TestHeadlineHasAnInterval(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawn(t)
		r.Need = nil
		line := r.Headline()
		for _, at := range bareRate.FindAllStringIndex(line, -1) {
			said, rest := line[at[0]:at[1]], line[at[1]:]
			if end := strings.Contains(said, "at least") || strings.Contains(said, "at most"); end == strings.HasPrefix(rest, " (") {
				t.Errorf("%q", line)
			}
		}
		if r.Completion != nil && !strings.Contains(line, "completes") {
			t.Errorf("%q does not tell of completion", line)
		}
		if strings.Contains(line, "takes") && r.Completion != nil {
			t.Errorf("%q tells of two capacities as of one", line)
		}
	})
}
