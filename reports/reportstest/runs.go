// Package reportstest has runs made up for the tests of what reports them, with every kind of trouble and with texts
// that a hostile provider could send, and what holds a file against the format that it is in.
package reportstest

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/summary"
)

var update = flag.Bool("update", false, "rewrite the Golden files")

// Golden holds what was made against a file of the package's testdata, or rewrites that file.
func Golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		_ = os.WriteFile(filepath.Join("testdata", ".got-"+name), got, 0o666)
		t.Errorf("%s differs from what was made, which is in testdata/.got-%s; go test -update rewrites it", path, name)
	}
}

// Hostile is what a provider could send to whoever reads a report.
const Hostile = "<script>alert(1)</script> \x1b]0;owned\x07\x1b[31m `code` **bold** | cell | [link](http://evil) @someone #1 \u202egnp.exe\r\n## heading\x00\xff"

// Manifest is that of a run of a minute.
func Manifest() results.Manifest {
	return results.Manifest{
		Schema: "andon.run/2", Andon: "v1.2.3", ID: "20261123T214800Z-mixed", Scenario: "mixed", Seed: 7, Target: "http://127.0.0.1:8080",
		Started: time.Date(2026, 11, 23, 21, 48, 0, 0, time.UTC), SpecSHA256: strings.Repeat("ab", 32), TimeoutSeconds: 30, InFlight: 100,
		Labels: results.Labels{
			Classes: []results.Class{{Name: "text.Full", Tier: "Full", Content: "text"}, {Name: "text.Lite", Tier: "Lite", Content: "text"},
				{Name: "text+file.Full", Tier: "Full", Content: "text+file"}, {Name: "text+file.Lite", Tier: "Lite", Content: "text+file"},
				{Name: "invalid", Tier: "invalid", Content: "invalid", Invalid: true}},
			Phases: []results.Phase{{Name: "warmup", Shape: "20/s", Warmup: true, Seconds: 5},
				{Name: "constant", Shape: "100/s", StartSeconds: 5, Seconds: 30}, {Name: "ramp", Shape: "ramp 100/s → 400/s", StartSeconds: 35, Seconds: 20}},
			Rules: []string{"", "malformed-json", "missing-property", "undocumented-status"},
		},
		Planned:    [][]uint64{{25, 25, 25, 24, 1}, {750, 750, 750, 740, 10}, {1250, 1250, 1250, 1230, 20}},
		Thresholds: []results.Threshold{{Expr: "p99(latency) < 800ms"}, {Expr: "p95(latency){tier=Lite} < 300ms"}, {Expr: "rate(errors) < 0.1%"}, {Expr: "rate(sent) >= 99%"}},
	}
}

// Aggregate aggregates the rows of the manifest's plan; change alters some of them.
func Aggregate(t testing.TB, m results.Manifest, change func(*results.Row)) *metrics.Aggregator {
	t.Helper()
	agg := metrics.Of(m)
	for _, r := range Rows(m, change) {
		if err := agg.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	return agg
}

// Rows are the rows of the manifest's plan; change alters some of them.
func Rows(m results.Manifest, change func(*results.Row)) (rows []results.Row) {
	n := uint32(0)
	for phase, classes := range m.Planned {
		at, total := 0, 0
		for _, count := range classes {
			total += int(count)
		}
		for class, count := range classes {
			for i := range count {
				p := m.Labels.Phases[phase]
				r := results.Row{N: n, Phase: uint8(phase), Class: uint16(class), Status: 200, BytesIn: 120, BytesOut: 500,
					Due: time.Duration((p.StartSeconds + p.Seconds*float64(at)/float64(total)) * float64(time.Second)),
					Lag: 50e-6, OwnLag: 50e-6, Service: float32([]float64{0.3, 0.1, 0.35, 0.12, 0.001}[class] * (1 + float64(i%97)/97))}
				if m.Labels.Classes[class].Invalid {
					r.Status = 400
				}
				at, n = at+1, n+1
				if change != nil {
					change(&r)
				}
				rows = append(rows, r)
			}
		}
	}
	return rows
}

// Passing is a run in which all was well.
func Passing(t testing.TB) summary.Summary {
	m := Manifest()
	return summary.Summarize(m, nil, nil, results.End{Reason: results.Finished, Seconds: 55.2}, Aggregate(t, m, nil))
}

// Failing has every kind of Trouble, with samples that a provider made up.
func Failing(t testing.TB) summary.Summary {
	m := Manifest()
	m.Generator = results.Generator{Transport: "andon's own connections, HTTP/1.1 over TLS", Cores: 2}
	vitals := []results.Vitals{{AtSeconds: 56, Seconds: 56, CPUSeconds: 21, StallSeconds: 0.3, StallMax: 0.2, InFlight: 10, Samples: 11000, Connections: 110}}
	return summary.Summarize(m, Samples(), vitals, results.End{Reason: results.Finished, Seconds: 56}, Aggregate(t, m, Trouble))
}

// Trouble alters rows to have every kind of it.
func Trouble(r *results.Row) {
	switch r.N % 50 {
	case 3:
		r.Error, r.Rule = results.Contract, 1
	case 5:
		r.Error, r.Rule, r.Status = results.Status5xx, 3, 500
	case 7:
		r.Error, r.Status = results.Reset, 0
	case 9:
		r.Error, r.Status, r.Lag, r.Service = results.Dropped, 0, 30, 0
	case 11:
		r.Lag = 0.4
	case 13:
		r.Connect, r.TLS, r.Read = 0.002, 0.004, 0.01
	}
}

// Samples are those of a provider that makes them up.
func Samples() []results.Sample {
	quoted := strings.ToValidUTF8(Hostile, "\ufffd") // as samples are once they were kept
	return []results.Sample{
		{Kind: "contract", Rule: "malformed-json", N: 3, Class: "text.Full", AtSeconds: 1.5, Status: 200, Message: "the body is not JSON: " + quoted, Body: quoted},
		{Kind: "http-5xx", Rule: "undocumented-status", N: 5, Class: "text.Full", AtSeconds: 1.7, Status: 500, Message: quoted},
		{Kind: "reset", N: 7, Class: quoted, AtSeconds: 1.9, Message: "read tcp: connection reset by peer"},
	}
}

// Steady is the manifest of a run of four minutes at one rate, after a warm-up.
func Steady() results.Manifest {
	m := Manifest()
	m.ID, m.Scenario = "20261123T214800Z-steady", "steady"
	m.Labels.Phases = []results.Phase{{Name: "warmup", Shape: "20/s", Warmup: true, Steady: true, Seconds: 5},
		{Name: "constant", Shape: "50/s", Steady: true, StartSeconds: 5, Seconds: 240}}
	m.Planned = [][]uint64{{25, 25, 25, 24, 1}, {3000, 3000, 3000, 2960, 40}}
	return m
}

// Drifting alters rows of that run: the calls of each tier take longer and longer, and some fail now and then.
func Drifting(r *results.Row) {
	wait := time.Duration(r.N*7919%240_000) * time.Millisecond
	r.Due = 5*time.Second + wait
	if r.Phase == 0 {
		r.Due = wait / 48
	}
	r.Service *= 1 + float32(wait.Seconds()/480)
	if r.N%150 == 5 && r.Phase == 1 {
		r.Error, r.Status, r.Rule = results.Status5xx, 503, 0
	}
}

// Closed is a run without due times.
func Closed(t testing.TB) summary.Summary {
	m := Manifest()
	for i := range m.Labels.Phases {
		m.Labels.Phases[i].Closed, m.Labels.Phases[i].Shape = true, "50 callers (closed loop)"
	}
	m.Planned = nil
	open := metrics.New(m.Labels, nil, metrics.Tolerance)
	for n := range uint32(400) {
		if err := open.Add(results.Row{N: n, Phase: uint8(n % 3), Class: uint16(n % 4), Status: 200, Due: time.Duration(n) * 100 * time.Millisecond, Service: 0.1 + float32(n)/4000}); err != nil {
			t.Fatal(err)
		}
	}
	return summary.Summarize(m, nil, nil, results.End{Reason: results.Finished, Seconds: 55}, open)
}

// RunDir writes a run directory of the rows.
func RunDir(t testing.TB, m results.Manifest, rows []results.Row, samples []results.Sample, end results.End) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	w, err := results.Create(dir, m, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range rows {
		if err := w.Add(r); err != nil {
			t.Fatal(err)
		}
		if i%3000 == 2999 {
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, s := range samples {
		if err := w.Sample(s); err != nil {
			t.Fatal(err)
		}
	}
	if end.Reason == results.Cut {
		err = w.Flush()
	} else {
		err = w.Close(end)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// Finished is the end of a run that went on for so many seconds.
func Finished(seconds float64) results.End {
	return results.End{Reason: results.Finished, Seconds: seconds}
}

// Verification is one whose checks came to these verdicts.
func Verification(verdicts ...string) summary.Verification {
	v := summary.Verification{Schema: summary.VerificationSchema, Target: "http://127.0.0.1:1", Started: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), Planned: len(verdicts), LeftOut: "7"}
	for i, verdict := range verdicts {
		name := []string{"text.Full", "text.missing-text.negative", "file.Full+agentId", "method.GET.negative"}[i%4]
		v.Checks = append(v.Checks, summary.Check{Engine: "description", Name: name, Proves: "something", Expect: []string{"accepted", "refused", "accepted", "refused"}[i%4],
			Verdict: verdict, Reason: Hostile, Pointer: "/a", Status: 200, Curl: "curl " + Hostile})
	}
	return v
}

// Covered is a verification with hostile texts, a coverage that falls short, and one check of each verdict.
func Covered() summary.Verification {
	v := Verification(summary.CheckHeld, summary.CheckBroken, summary.CheckSkipped, summary.CheckDoubtful)
	v.Checks[1].Rule = Hostile
	v.Coverage = []summary.CoveragePart{{Kind: "property", Name: Hostile, Kept: 1, Breakable: true}, {Kind: "status", Name: "404", Open: true}}
	v.MinCoverage = 0.6
	v.Decide("")
	return v
}

// TierCalledInvalid is the manifest of a run whose description has a tier and a kind of content called invalid, beside
// the calls that break the contract on purpose.
func TierCalledInvalid() results.Manifest {
	m := Manifest()
	for i, tier := range []string{"Full", "invalid", "Full", "invalid", "deliberately-invalid"} {
		m.Labels.Classes[i].Tier = tier
	}
	for i, name := range []string{"text.Full", "text.invalid", "invalid.Full", "invalid.invalid", "deliberately-invalid"} {
		m.Labels.Classes[i].Name = name
		m.Labels.Classes[i].Content = strings.Split(name, ".")[0]
	}
	m.Thresholds = nil
	return m
}
