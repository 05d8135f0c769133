package attack

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/kaizenautomation/andon"
	"github.com/kaizenautomation/andon/contracts"
	"github.com/kaizenautomation/andon/contracts/provider"
	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/scenarios"
)

func description(t testing.TB) *contracts.Description {
	t.Helper()
	d, err := contracts.Load("openapi.yaml", andon.Spec)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func plan(t testing.TB, yaml string, seed uint64) *scenarios.Plan {
	t.Helper()
	s, err := scenarios.Parse("test.yaml", []byte(yaml), description(t), func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Plan(seed)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// embedded serves the plan's provider.
func embedded(t testing.TB, p *scenarios.Plan) *url.URL {
	t.Helper()
	h, err := provider.New(description(t), p.Provider)
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, h)
}

func serve(t testing.TB, h http.Handler) *url.URL {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

type outcome struct {
	agg     *metrics.Aggregator
	end     results.End
	total   metrics.Figures
	samples []results.Sample
	rows    []results.Row
}

// fire runs the plan against the target and reads back what was kept.
func fire(t testing.TB, p *scenarios.Plan, target *url.URL, change ...func(*Config)) outcome {
	t.Helper()
	interrupt := make(chan struct{})
	return fireUntil(context.Background(), t, interrupt, p, target, change...)
}

func fireUntil(ctx context.Context, t testing.TB, interrupt <-chan struct{}, p *scenarios.Plan, target *url.URL, change ...func(*Config)) outcome {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	w, err := results.Create(dir, results.Manifest{
		ID: "run", Scenario: p.Name, Seed: p.Seed, Target: target.String(), Labels: p.Labels, Planned: p.Planned,
		Thresholds: p.Thresholds, TimeoutSeconds: p.Timeout.Seconds(), InFlight: p.InFlight,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Plan: p, Description: description(t), Target: target, Writer: w}
	for _, f := range change {
		f(&c)
	}
	agg, end, err := Run(ctx, interrupt, c)
	if err != nil {
		t.Fatal(err)
	}
	run, err := results.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	o := outcome{agg: agg, end: end, total: agg.Total(agg.Elapsed(end)), samples: run.Samples}
	complete, err := run.Rows(func(r results.Row) error { o.rows = append(o.rows, r); return nil })
	if err != nil || !complete {
		t.Fatalf("the rows cannot be read back: complete %v, %v", complete, err)
	}
	return o
}

func BenchmarkRun(b *testing.B) {
	p := plan(b, fmt.Sprintf(`
name: bench
load: [{callers: 32, for: 1h}]
mix: {tier: {Lite: 1}, content: [{items: [text]}]}
data: {text: {length: 400}}
limits: {calls: %d}
provider: {latency: 0s}
`, b.N), 1)
	target := embedded(b, p)
	b.ReportAllocs()
	b.ResetTimer()
	o := fire(b, p, target)
	if o.total.OK != uint64(b.N) {
		b.Fatalf("%d of %d calls succeeded: %v", o.total.OK, b.N, o.total.Errors)
	}
}
