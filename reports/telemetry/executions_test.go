package telemetry

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	"google.golang.org/protobuf/proto"

	"github.com/kaizenautomation/andon/reports/executions"
	"github.com/kaizenautomation/andon/reports/reportstest"
)

// What became of executions is there once it was told, as the report has it, whatever tiers and faults are called; told
// again, it is the newer.
func TestExecutions(t *testing.T) {
	tel := New(manifest())
	if before := scraped(tel); strings.Contains(before, "andon_executions") || strings.Contains(before, "andon_polls") {
		t.Errorf("executions are there that nobody followed:\n%s", before)
	}
	r := *reportstest.Became()
	tel.Executions(executions.Report{Tiers: map[string]executions.Figures{"gone": {Accepted: 1}}})
	r.Tiers[foreign], r.Tiers[foreign+"\xfe"] = executions.Figures{Accepted: 3}, executions.Figures{Accepted: 4}
	r.Tiers[strings.Repeat("x", 200)], r.Tiers[strings.Repeat("x", 201)] = executions.Figures{Accepted: 5}, executions.Figures{Accepted: 6}
	r.Faults = append(r.Faults, executions.Fault{Name: foreign, Count: 9})
	tel.Executions(r)
	page := scraped(tel)
	for _, want := range []string{
		`andon_executions_accepted_total{tier="Full"} 2500`, `andon_executions_ended_total{outcome="lost",tier="Lite"} 30`, `andon_executions_ended_total{outcome="completed",tier="Full"} 2400`,
		`andon_executions_ended_total{outcome="failed",tier="Full"} 70`, `andon_executions_open{state="running",tier="Full"} 10`, `andon_executions_open{state="unseen",tier="Lite"} 4`,
		`andon_executions_completion_seconds{bound="low",percentile="p95",tier="Lite"} 6.408`, `andon_executions_backlog{bound="high",when="peak"} 1012`,
		`andon_executions_backlog{bound="low",when="last-call"} 975`, `andon_executions_backlog{bound="high",when="now"} 0`, `andon_executions_backlog_growth_per_second{bound="found"} 18.9`,
		`andon_polls_total{outcome="answered"} 6198`, `andon_polls_total{outcome="failed"} 12`, `andon_webhooks_total{outcome="unsigned"} 20`, `andon_execution_faults_total{fault="resurrected"} 3`,
		strings.Repeat("x", 127) + `…"} 11`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("there is no %s", want)
		}
	}
	for _, bad := range []string{`percentile="p99",tier="Full"`, `tier="gone"`} {
		if strings.Contains(page, bad) {
			t.Errorf("there is %s", bad)
		}
	}
	if t.Failed() {
		t.Log(page)
	}

	families, err := tel.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	e, err := OTLP("http://127.0.0.1:1", "")
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(e.encode(families, moment{tel.run, tel.began, time.Now()})[0].body))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	var sent collector.ExportMetricsServiceRequest
	if err := proto.Unmarshal(body, &sent); err != nil {
		t.Fatal(err)
	}
	units := map[string]string{}
	for _, m := range sent.GetResourceMetrics()[0].GetScopeMetrics()[0].GetMetrics() {
		units[m.GetName()] = m.GetUnit()
	}
	for name, unit := range map[string]string{"andon.executions_accepted": "1", "andon.executions_ended": "1", "andon.executions_completion": "s", "andon.executions_backlog": "1", "andon.polls": "1"} {
		if units[name] != unit {
			t.Errorf("%s has the unit %q, want %q", name, units[name], unit)
		}
	}
}

// scraped is the page that Prometheus reads.
func scraped(t *Telemetry) string {
	w := httptest.NewRecorder()
	t.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}

// Where a run was not begun, nothing is told and nothing fails.
func TestExecutionsOfNoRun(*testing.T) { new(Monitor).Executions(*reportstest.Became()) }
