package metrics_test

import (
	"fmt"
	"time"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
)

// aggregated is a run of 1000 calls in ten seconds; every tenth is of the tier Lite, and takes 20 ms in place of 80.
func aggregated() *metrics.Aggregator {
	a := metrics.New(results.Labels{
		Classes: []results.Class{{Name: "text.Full", Tier: "Full", Content: "text"}, {Name: "text.Lite", Tier: "Lite", Content: "text"}},
		Phases:  []results.Phase{{Name: "steady", Seconds: 10}},
		Rules:   []string{""},
	}, nil, metrics.Tolerance)
	for n := range 1000 {
		row := results.Row{N: uint32(n), Due: time.Duration(n) * 10 * time.Millisecond, Service: 0.08, Status: 200}
		if n%10 == 0 {
			row.Class, row.Service = 1, 0.02
		}
		if err := a.Add(row); err != nil {
			panic(err)
		}
	}
	return a
}

func ExampleAggregator() {
	a := aggregated()
	elapsed := a.Elapsed(results.End{Reason: results.Finished})
	for _, p := range a.Total(elapsed).Latency.Percentiles() {
		if p.Value != nil { // too few calls for a p99.9
			fmt.Printf("%s %.3f s\n", p.Name, *p.Value)
		}
	}
	lite := a.By(metrics.ByTier, elapsed)["Lite"]
	fmt.Printf("Lite: %d calls at %g/s, mean %.3f s\n", lite.Sent, lite.Rate.Achieved, *lite.Latency.Mean)
	// Output:
	// p50 0.080 s
	// p90 0.080 s
	// p95 0.080 s
	// p99 0.080 s
	// Lite: 100 calls at 10/s, mean 0.020 s
}

func ExampleParseThreshold() {
	for _, expr := range []string{"p95(latency){tier=Lite} < 10ms", "rate(errors) < 1%", "p99(latency){tier=Lite} < 1s", "rate(errors) = 0%"} {
		threshold, err := metrics.ParseThreshold(expr)
		if err != nil {
			fmt.Println(err)
			continue
		}
		if o := threshold.Evaluate(aggregated(), 21); o.OK {
			fmt.Println(expr, "holds over", o.Samples, "samples")
		} else {
			fmt.Println(o.Reason)
		}
	}
	// Output:
	// p95(latency){tier=Lite} is 20 ms over 100 calls, not < 10ms
	// rate(errors) < 1% holds over 1000 samples
	// p99 needs 299 samples and has 100: let the run go on for longer, or ask for a lower percentile
	// threshold "rate(errors) = 0%", column 14: expected one of < <= > >= == !=, found "="; did you mean "=="?
}
