package metrics

import (
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kaizenautomation/andon/reports/histogram"
	"github.com/kaizenautomation/andon/reports/results"
)

// What an objective counts call by call is what the threshold is evaluated on, whatever the calls came to.
func TestObjectiveCountsAsEvaluateDoes(t *testing.T) {
	figures := []string{
		"p50(latency)%s < 300ms", "p90(latency)%s <= 500ms", "p50(service)%s < 250ms", "p95(service)%s <= 250ms", "max(latency)%s < 500ms",
		"rate(errors)%s < 10%%", "rate(errors)%s <= 0%%", "rate(violations)%s < 5%%", "rate(shed)%s <= 5%%", "rate(refused)%s < 20%%",
		"rate(ok)%s >= 90%%", "rate(ok)%s > 50%%", "rate(accepted)%s >= 70%%", "rate(ok)%s == 100%%", "count(errors)%s == 0",
		"count(violations)%s <= 0", "count(dropped)%s < 1", "count(shed)%s == 0", "count(refused)%s == 0",
	}
	rapid.Check(t, func(t *rapid.T) {
		figure := rapid.SampledFrom(figures).Draw(t, "figure")
		selectors := []string{"", "{tier=Lite}", "{content=text}", "{class=invalid}", "{tier=invalid}"}
		for _, of := range []struct{ in, selector string }{
			{"latency", "{outcome=any}"}, {"latency", "{outcome=shed}"}, {"latency", "{tier=Full,outcome=failed}"}, {"service", "{outcome=any}"},
			{"service", "{outcome=refused}"}, {"errors", "{error=canceled}"}, {"errors", "{error=reset}"}, {"errors", "{tier=Full,error=http-5xx}"},
			{"violations", "{rule=schema}"}, {"violations", "{rule=repeated-executionId,content=text}"},
		} {
			if strings.Contains(figure, "("+of.in+")") {
				selectors = append(selectors, of.selector)
			}
		}
		expr := strings.Replace(strings.ReplaceAll(figure, "%%", "%"), "%s", rapid.SampledFrom(selectors).Draw(t, "selectors"), 1)
		threshold, err := ParseThreshold(expr)
		if err != nil {
			t.Fatal(err)
		}
		l := labels()
		if rapid.Bool().Draw(t, "waived") {
			l.Waived = []bool{false, true, false}
		}
		o, err := threshold.Objective(l)
		if err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
		a := New(l, nil, Tolerance)
		a.Watch(threshold)
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		bad := rapid.SampledFrom([]float64{0, 0.02, 0.1, 0.3}).Draw(t, "bad")
		var counted, over uint64
		for n := range rapid.IntRange(1, 200).Draw(t, "calls") {
			r := someRow(random, bad)
			r.N = uint32(n)
			if err := a.Add(r); err != nil {
				t.Fatal(err)
			}
			in, out := o.Judge(r)
			if out && !in {
				t.Fatalf("%s: %+v is over and not counted", expr, r)
			}
			if in {
				counted++
			}
			if out {
				over++
			}
		}
		if w := a.watch(threshold.String()); threshold.unit() == Seconds {
			kept := map[string]uint64{"<": w.measured.below, "<=": w.measured.upTo}[threshold.op]
			if w.measured.n != counted || w.measured.n-kept != over {
				t.Fatalf("%s: %d of %d are over, and of %d that are watched %d keep the limit", expr, over, counted, w.measured.n, kept)
			}
		}
		was := threshold.Evaluate(a, 20)
		if was.Samples != counted {
			t.Fatalf("%s is evaluated on %d calls, and counts %d as an objective", expr, was.Samples, counted)
		}
		if was.Value == nil {
			return // too few for a percentile
		}
		holds := over == 0
		switch share := float64(over) / float64(counted); {
		case threshold.percentile > 0:
			holds = over <= counted-histogram.Rank(threshold.percentile, counted)
		case threshold.unit() == Ratio && o.least:
			of := float64(counted-over) / float64(counted)
			holds = of > threshold.limit || of == threshold.limit && threshold.op != ">"
		case threshold.unit() == Ratio:
			holds = share < threshold.limit || share == threshold.limit && threshold.op != "<"
		}
		if holds != was.OK {
			t.Fatalf("%s: %d of %d are over, and it is %+v", expr, over, counted, was)
		}
	})
}

// someRow is a call of which the bad share did not go well.
func someRow(random *rand.Rand, bad float64) results.Row {
	r := ok(uint8(random.IntN(3)), uint16(random.IntN(3)), float32(random.IntN(6))*0.1)
	if random.IntN(4) == 0 {
		r.Service = []float32{0.25, 0.3, 0.5}[random.IntN(3)]
	}
	r.Lag = []float32{0, 0, 0, 0.1, 0.3}[random.IntN(5)]
	if r.Class == invalid {
		r.Status = 400
	}
	if random.Float64() < bad {
		for r.Error = results.Kind(random.IntN(len(results.KindNames()))); r.Error.Kept(); r.Error-- {
		}
		r.Status = []uint16{0, 202, 302, 400, 429, 500}[random.IntN(6)]
	}
	if r.Completed() && random.Float64() < bad {
		if r.Rule = uint8(1 + random.IntN(2)); r.Error == results.None {
			r.Error = results.Contract
		}
	}
	return r
}

// What an objective allows, and from which moment on a call is known to be over.
func TestObjectiveAllows(t *testing.T) {
	for _, c := range []struct {
		expr             string
		allowed, seconds float64
	}{
		{"p99(latency) < 1s", 0.01, 1},
		{"p99.9(latency){tier=Lite} <= 300ms", 0.001, 0.3},
		{"p95(service) < 2s", 0.05, 2},
		{"max(latency) < 3s", 0, 3},
		{"rate(errors) < 1%", 0.01, 0},
		{"rate(violations) <= 0%", 0, 0},
		{"rate(violations) == 0%", 0, 0},
		{"rate(shed) < 0.1%", 0.001, 0},
		{"rate(ok) >= 99.9%", 0.001, 0},
		{"rate(ok) == 100%", 0, 0},
		{"rate(accepted) > 95%", 0.05, 0},
		{"count(violations) == 0", 0, 0},
		{"count(errors) < 1", 0, 0},
		{"count(dropped) <= 0", 0, 0},
	} {
		o, err := parse(t, c.expr).Objective(labels())
		if err != nil || o.Expr != c.expr || o.Allowed != c.allowed || o.Seconds != c.seconds {
			t.Errorf("%s: %q allows %v, known after %v s, %v", c.expr, o.Expr, o.Allowed, o.Seconds, err)
		}
	}
}

// A condition that is none on single calls says why.
func TestNoObjective(t *testing.T) {
	for expr, want := range map[string]string{
		"mean(latency) < 1s":                   "a mean says nothing of single calls; take a percentile, such as p95(latency)",
		"min(service) < 1s":                    "a min says nothing of single calls; take a percentile, such as p95(service)",
		"p99(latency) > 1s":                    "with > it is no limit that calls exceed; take <",
		"max(latency) != 1s":                   "with != it is no limit that calls exceed; take <",
		"p99(lag) < 10ms":                      "lag is of the generator and not of the target",
		"rate(sent) >= 99%":                    "whether calls can leave is seen in every trial; count(dropped) == 0 is a condition on them",
		"count(sent){outcome=shed} == 0":       "whether calls can leave is seen in every trial; count(dropped) == 0 is a condition on them",
		"rate(sent) >= 45/s":                   "it asks for a rate, which is what a search looks for",
		"rate(accepted) >= 45/s":               "it asks for a rate, which is what a search looks for",
		"p99(latency, 30s) < 1s":               "it is judged by windows, and a trial as a whole; leave the window out",
		"p99(latency){phase=steady} < 1s":      "it is of one phase, and a search has phases of its own",
		"p95(completion) < 1m":                 "it is of executions and not of calls",
		"count(lost) == 0":                     "it is of executions and not of calls",
		"count(errors) < 5":                    "a count depends on how long a trial goes on; take a share, such as rate(errors) < 1%",
		"count(errors) != 0":                   "a count depends on how long a trial goes on; take a share, such as rate(errors) < 1%",
		"count(dropped) < 9":                   "a count depends on how long a trial goes on; only count(dropped) == 0 does not",
		"count(unsent) == 0":                   "how many calls are unsent depends on how long a trial goes on",
		"count(completed) > 9":                 "how many calls are completed depends on how long a trial goes on",
		"rate(errors) > 1%":                    "with > it is no limit that calls exceed; take <",
		"rate(ok) < 99%":                       "with < it is no limit that calls exceed; take >",
		"rate(ok) == 99%":                      "with == it is no limit that calls exceed; take >",
		"rate(errors) < 0%":                    "no share is that small, or that large",
		"rate(ok) > 100%":                      "no share is that small, or that large",
		"rate(errors) <= 100%":                 "it holds whatever the calls come to",
		"rate(ok) >= 0%":                       "it holds whatever the calls come to",
		"rate(errors){error=descriptors} < 1%": "such calls do not get as far as the target, and say nothing of it",
		"count(errors){error=proxy} == 0":      "such calls do not get as far as the target, and say nothing of it",
		"p99(latency){tier=Platinum} < 1s":     "the load has no call of those that p99(latency){tier=Platinum} selects",
	} {
		if _, err := parse(t, expr).Objective(labels()); err == nil || err.Error() != want {
			t.Errorf("%s: %v\nwant %s", expr, err, want)
		}
	}
	only := labels()
	only.Classes = only.Classes[invalid:]
	if _, err := parse(t, "p99(latency) < 1s").Objective(only); err == nil || err.Error() != "the load has no call in a measured phase" {
		t.Error(err)
	}
}

// What cannot be of the run is not counted, and does not panic.
func TestObjectiveOfForeignRow(t *testing.T) {
	o, err := parse(t, "rate(errors) < 1%").Objective(labels())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []results.Row{{Class: 3, Phase: steady}, {Phase: 3}, {Class: 60000, Phase: 255}, {Phase: steady, Error: 200}, {Phase: steady, Rule: 9}} {
		if counted, over := o.Judge(r); counted || over {
			t.Errorf("%+v is counted", r)
		}
	}
}
