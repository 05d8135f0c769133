package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	dto "github.com/prometheus/client_model/go"
	collector "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	otlp "go.opentelemetry.io/proto/slim/otlp/metrics/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/reportstest"
	"github.com/kaizenautomation/andon/reports/results"
)

const foreign = "a \"quoted\\ \x1b[31m\nname\xff<b>"

func manifest() results.Manifest {
	m := results.Manifest{
		Andon: "v1.2.3", ID: "20261124T060000Z-mixed", Scenario: "mixed", Seed: 7, Target: "http://127.0.0.1:8080", InFlight: 100, SpecSHA256: strings.Repeat("ab", 32),
		Labels: results.Labels{
			Classes: []results.Class{{Name: "text.Full", Tier: "Full", Content: "text"}, {Name: "text.Lite", Tier: "Lite", Content: "text"},
				{Name: "odd", Tier: foreign, Content: foreign}, {Name: "invalid", Tier: "invalid", Content: "invalid", Invalid: true}},
			Phases: []results.Phase{{Name: "warm-up", Warmup: true, Seconds: 1}, {Name: "steady", StartSeconds: 1, Seconds: 10}, {Name: "peak", StartSeconds: 11, Seconds: 10}},
			Rules:  []string{"", "schema", foreign},
		},
	}
	for range m.Labels.Phases {
		m.Planned = append(m.Planned, []uint64{100, 200, 30, 4})
	}
	return m
}

// rows are n calls of every kind.
func rows(m results.Manifest, n int) []results.Row {
	random := rand.New(rand.NewPCG(1, 2))
	list := make([]results.Row, n)
	for i := range list {
		r := results.Row{
			N: uint32(i), Class: uint16(random.IntN(len(m.Labels.Classes))), Phase: uint8(random.IntN(len(m.Labels.Phases))), Status: 200,
			Lag: float32(random.ExpFloat64() / 1000), Service: float32(math.Exp(random.NormFloat64()-3) + 1e-6), BytesIn: 100, BytesOut: 50,
		}
		r.OwnLag = r.Lag / 2
		switch random.IntN(20) {
		case 0:
			r.Error, r.Status = results.Status5xx, uint16(500+random.IntN(4))
		case 1:
			r.Error, r.Rule = results.Contract, uint8(1+random.IntN(2))
		case 2:
			r.Error, r.Status = results.Reset, 0
		case 3:
			r.Error, r.Status, r.Service, r.Lag = results.Dropped, 0, 0, 30
		case 4:
			r.Error, r.Status, r.Service = results.TimeoutWaiting, 0, 30
		case 5:
			r.Error, r.Status = results.Unsent, 0
		case 6:
			r.Error, r.Status = results.Canceled, 0
		case 7:
			r.Error, r.Status, r.RetryAfter = results.Shed, 429, 5
		case 8:
			r.Error, r.Status = results.Status4xx, 404
		}
		list[i] = r
	}
	return list
}

func observed(m results.Manifest, list []results.Row) (*Telemetry, *metrics.Aggregator) {
	t, a := New(m), metrics.New(m.Labels, m.Planned, metrics.Tolerance)
	for _, r := range list {
		t.Observe(r)
		if err := a.Add(r); err != nil {
			panic(err)
		}
	}
	return t, a
}

// sum adds up the samples of a family whose labels have the given values.
func sum(t testing.TB, tel *Telemetry, name string, want map[string]string) (value float64, count uint64) {
	t.Helper()
	families, err := tel.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			fits := true
			for _, l := range m.GetLabel() {
				if v, asked := want[l.GetName()]; asked && v != l.GetValue() {
					fits = false
				}
			}
			if !fits {
				continue
			}
			if h := m.GetHistogram(); h != nil {
				value += h.GetSampleSum()
				count += h.GetSampleCount()
			} else {
				value += number(m)
			}
		}
	}
	return value, count
}

// The figures are those of the aggregator.
func TestTotals(t *testing.T) {
	m := manifest()
	tel, agg := observed(m, rows(m, 20_000))
	total := agg.Total(20)
	measured := func(extra ...string) map[string]string {
		l := map[string]string{"warmup": "false"}
		for i := 0; i < len(extra); i += 2 {
			l[extra[i]] = extra[i+1]
		}
		return l
	}
	check := func(what string, got float64, want uint64) {
		t.Helper()
		if got != float64(want) || want == 0 {
			t.Errorf("%s: %v, want %d", what, got, want)
		}
	}
	calls := func(outcome string) float64 {
		v, _ := sum(t, tel, "andon_hits_total", measured("outcome", outcome))
		return v
	}
	check("ok", calls("ok"), total.OK)
	check("failed", calls("failed"), total.Failed())
	check("shed", calls("shed"), total.Of(results.OutcomeShed))
	for _, o := range results.Outcomes() {
		v, _ := sum(t, tel, "andon_outcomes_total", measured("outcome", o.String()))
		check(o.String(), v, total.Of(o))
	}
	check("canceled", calls("canceled"), total.Errors["canceled"])
	check("dropped", calls("dropped"), total.Dropped)
	check("unsent", calls("unsent"), total.Unsent)
	check("sent", calls("ok")+calls("failed")+calls("shed")+calls("canceled"), total.Sent)
	for kind, n := range total.Errors {
		v, _ := sum(t, tel, "andon_errors_total", measured("kind", kind))
		check(kind, v, n)
	}
	for rule, n := range total.Violations {
		v, _ := sum(t, tel, "andon_violations_total", measured("rule", label(rule)))
		check(rule, v, n)
	}
	for status, n := range total.Status {
		v, _ := sum(t, tel, "andon_responses_by_status_total", measured("status", status))
		check(status, v, n)
	}
	v, _ := sum(t, tel, "andon_responses_total", measured("class", "5xx"))
	check("5xx", v, total.Status["500"]+total.Status["501"]+total.Status["502"]+total.Status["503"])
	for tier, f := range agg.By(metrics.ByTier, 20) {
		latency, n := sum(t, tel, "andon_latency_seconds", measured("tier", label(tier)))
		want := *f.Latency.Mean * float64(n)
		if math.Abs(latency-want) > 1e-6*want {
			t.Errorf("%s: the latency adds up to %v, want %v", tier, latency, want)
		}
		away, turned := sum(t, tel, "andon_turned_away_latency_seconds", measured("tier", label(tier)))
		check(tier, float64(n+turned), f.Completed+timedOut(m, tier))
		want = 0
		for _, o := range []string{"shed", "refused", "failed"} {
			_, n := sum(t, tel, "andon_turned_away_latency_seconds", measured("tier", label(tier), "outcome", o))
			if mean := f.Outcomes[o].Latency.Mean; o != "failed" && n > 0 {
				want += *mean * float64(n)
			} else if o == "failed" {
				left, _ := sum(t, tel, "andon_turned_away_latency_seconds", measured("tier", label(tier), "outcome", o))
				away -= left // whose times have the timeouts in the report
			}
		}
		if math.Abs(away-want) > 1e-6*(1+want) {
			t.Errorf("%s: the latency of what was turned away adds up to %v, want %v", tier, away, want)
		}
	}
	tel.Progress(3*time.Second, 200, 0, 12)
	inFlight, _ := sum(t, tel, "andon_in_flight", nil)
	check("in flight", inFlight, 12)
	planned, _ := sum(t, tel, "andon_planned_hits", nil)
	check("planned", planned, 3*334)
	tel.End()
	if running, _ := sum(t, tel, "andon_running", nil); running != 0 {
		t.Error("it runs on")
	}
}

// timedOut counts the calls of a tier that have a latency without a whole response.
func timedOut(m results.Manifest, tier string) (n uint64) {
	for _, r := range rows(m, 20_000) {
		if m.Labels.Classes[r.Class].Tier == tier && !m.Labels.Phases[r.Phase].Warmup && r.Timed() && !r.Completed() {
			n++
		}
	}
	return n
}

// A provider that answers with every status, and rows of nobody, make no more series than there may be.
func TestSeriesAreBounded(t *testing.T) {
	m := manifest()
	tel := New(m)
	for status := range 3000 {
		tel.Observe(results.Row{Class: 1, Phase: 1, Status: uint16(status), Error: results.StatusOther})
	}
	for _, r := range []results.Row{{Class: 99}, {Phase: 99}, {Rule: 99}, {Error: 99}} {
		tel.Observe(r)
	}
	families, err := tel.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if n := len(f.GetMetric()); n > 200 {
			t.Errorf("%s has %d series", f.GetName(), n)
		}
		if f.GetName() == "andon_responses_by_status_total" && len(f.GetMetric()) != maxStatuses+1 {
			t.Errorf("%d statuses", len(f.GetMetric()))
		}
	}
	if n, _ := sum(t, tel, "andon_responses_by_status_total", nil); n != 2999 {
		t.Errorf("%v responses, want 2999", n)
	}
}

func TestHandler(t *testing.T) {
	m := manifest()
	tel, _ := observed(m, rows(m, 100))
	s := httptest.NewServer(tel.Handler())
	defer s.Close()
	page := func() string {
		r, err := http.Get(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		text, err := io.ReadAll(r.Body)
		if err != nil || r.StatusCode != 200 {
			t.Fatal(r.Status, err)
		}
		return string(text)
	}
	text := page()
	for _, want := range []string{`andon_run_info{run="20261124T060000Z-mixed"`, `andon_hits_total{content="text",outcome="ok",tier="Full",warmup="false"}`, `andon_latency_seconds_bucket{`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not on the page", want)
		}
	}
	if strings.Contains(text, "\x1b[31m\nname") {
		t.Error("a foreign name breaks a line")
	}
	select {
	case <-tel.scraped:
		t.Error("it was scraped before the end")
	default:
	}
	tel.End()
	page()
	page()
	<-tel.scraped
}

// The release and the labels of a run are on every series of Prometheus, under names that it can have; in OTLP they are
// the resource's, under their own names.
func TestRunLabels(t *testing.T) {
	m := manifest()
	m.Release = foreign
	m.RunLabels = map[string]string{"team": "core", "k8s.pod-name": "a\"b", "k8s.pod_name": "lost", "class": strings.Repeat("x", 200)}
	tel, _ := observed(m, rows(m, 100))
	families, err := tel.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"release": label(foreign), "label_team": "core", "label_k8s_pod_name": "a\"b", "label_class": strings.Repeat("x", 127) + "…"}
	for _, f := range families {
		for _, metric := range f.GetMetric() {
			found := map[string]string{}
			for _, l := range metric.GetLabel() {
				if l.GetName() == "release" || strings.HasPrefix(l.GetName(), "label_") {
					found[l.GetName()] = l.GetValue()
				}
			}
			if !maps.Equal(found, want) {
				t.Fatalf("%s has %v", f.GetName(), found)
			}
		}
	}
	var request collector.ExportMetricsServiceRequest
	if err := proto.Unmarshal(exportRequest(families, moment{run: m}), &request); err != nil {
		t.Fatal(err)
	}
	attributes := map[string]string{}
	for _, a := range request.ResourceMetrics[0].Resource.Attributes {
		attributes[a.Key] = a.Value.GetStringValue()
	}
	if attributes["andon.release"] != label(foreign) || attributes["andon.label.k8s.pod-name"] != "a\"b" || attributes["andon.label.k8s.pod_name"] != "lost" || attributes["andon.label.team"] != "core" {
		t.Errorf("the resource has %v", attributes)
	}
	for _, scope := range request.ResourceMetrics[0].ScopeMetrics {
		for _, metric := range scope.Metrics {
			for _, point := range metric.GetSum().GetDataPoints() {
				for _, a := range point.Attributes {
					if a.Key == "release" || strings.HasPrefix(a.Key, "label_") {
						t.Fatalf("a point of %s has %s", metric.Name, a.Key)
					}
				}
			}
		}
	}
}

// receiver is a server that keeps what it is sent, and answers with the statuses given, then with the last of them.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	bodies   [][]byte
	headers  []http.Header
	paths    []string
	statuses []int
	answer   []byte
}

func receive(t testing.TB, statuses ...int) *receiver {
	r := &receiver{statuses: statuses}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.bodies, r.headers, r.paths = append(r.bodies, body), append(r.headers, q.Header), append(r.paths, q.URL.Path)
		status := r.statuses[0]
		if len(r.statuses) > 1 {
			r.statuses = r.statuses[1:]
		}
		if status >= 300 && status < 400 {
			w.Header().Set("Location", "http://127.0.0.1:1/stolen")
		}
		w.WriteHeader(status)
		_, _ = w.Write(r.answer)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.bodies)
}

// finish ends the run and pushes its final figures.
func finish(tel *Telemetry, e *Endpoint, warn func(error)) error {
	end := tel.Push(e, time.Hour, warn)
	tel.End()
	return end(context.Background())
}

func TestOTLP(t *testing.T) {
	m := manifest()
	list := rows(m, 5000)
	tel, _ := observed(m, list)
	r := receive(t, 200)
	e, err := OTLP(r.URL+"/base/", "x-token=a%20secret, other=1")
	if err != nil {
		t.Fatal(err)
	}
	if err := finish(tel, e, func(err error) { t.Error(err) }); err != nil {
		t.Fatal(err)
	}
	if h := r.headers[0]; r.paths[0] != "/base/v1/metrics" || h.Get("X-Token") != "a secret" || h.Get("Other") != "1" || h.Get("Content-Type") != "application/x-protobuf" {
		t.Errorf("%s %v", r.paths[0], r.headers[0])
	}
	z, err := gzip.NewReader(strings.NewReader(string(r.bodies[0])))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	var request collector.ExportMetricsServiceRequest
	if err := (proto.UnmarshalOptions{}).Unmarshal(body, &request); err != nil {
		t.Fatal(err)
	}
	if len(request.ProtoReflect().GetUnknown()) > 0 {
		t.Error("the request has fields that OTLP does not know")
	}
	resource := request.ResourceMetrics[0]
	attributes := map[string]string{}
	for _, a := range resource.Resource.Attributes {
		attributes[a.Key] = a.Value.GetStringValue()
	}
	if attributes["service.name"] != "andon" || attributes["service.instance.id"] != m.ID {
		t.Errorf("%v", attributes)
	}
	byName := map[string]*otlp.Metric{}
	for _, metric := range resource.ScopeMetrics[0].Metrics {
		byName[metric.Name] = metric
	}
	want, _ := sum(t, tel, "andon_hits_total", nil)
	calls := byName["andon.hits"].GetSum()
	var got int64
	for _, p := range calls.DataPoints {
		got += p.GetAsInt()
		if p.StartTimeUnixNano == 0 || p.TimeUnixNano < p.StartTimeUnixNano || len(p.Attributes) != 4 {
			t.Errorf("a point of %d–%d with %d attributes", p.StartTimeUnixNano, p.TimeUnixNano, len(p.Attributes))
		}
	}
	if !calls.IsMonotonic || calls.AggregationTemporality != otlp.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE || float64(got) != want || got != 5000 {
		t.Errorf("%d calls, want %v: %v", got, want, calls.AggregationTemporality)
	}
	if unit := byName["andon.latency"].Unit; unit != "s" {
		t.Errorf("latency is in %q", unit)
	}
	if v := byName["andon.in_flight_limit"].GetGauge().DataPoints[0].GetAsDouble(); v != 100 {
		t.Errorf("the limit is %v", v)
	}
	// Every latency lies in a bucket that OpenTelemetry would put it in.
	points := 0
	for _, p := range byName["andon.latency"].GetExponentialHistogram().DataPoints {
		of := map[string]string{}
		for _, a := range p.Attributes {
			of[a.Key] = a.Value.GetStringValue()
		}
		points++
		var values []float64
		for _, r := range list {
			c := m.Labels.Classes[r.Class]
			if label(c.Tier) == of["tier"] && label(c.Content) == of["content"] && strconv.FormatBool(m.Labels.Phases[r.Phase].Warmup) == of["warmup"] &&
				(r.Outcome() == results.OutcomeAccepted || r.Timed() && !r.Completed() || c.Invalid && r.Outcome() == results.OutcomeRefused) {
				values = append(values, float64(r.Lag)+float64(r.Service))
			}
		}
		slices.Sort(values)
		if p.Count != uint64(len(values)) || p.ZeroCount != 0 {
			t.Fatalf("%v: %d latencies, %d of them 0, want %d", of, p.Count, p.ZeroCount, len(values))
		}
		base := math.Pow(2, math.Pow(2, -float64(p.Scale)))
		if base > growth {
			t.Errorf("the base is %v", base)
		}
		for i, n := range p.Positive.BucketCounts {
			low := math.Pow(base, float64(int(p.Positive.Offset)+i))
			for range n {
				if v := values[0]; v < low*(1-1e-9) || v > low*base*(1+1e-9) {
					t.Fatalf("%v: %v is counted in %v–%v", of, v, low, low*base)
				}
				values = values[1:]
			}
		}
		if len(values) > 0 {
			t.Errorf("%v: %d latencies are in no bucket", of, len(values))
		}
	}
	if points != 8 {
		t.Errorf("%d histograms", points)
	}
}

// What the receiver rejects is told, and an answer of garbage is not taken for one.
func TestPartialSuccess(t *testing.T) {
	m := manifest()
	answer, err := proto.Marshal(&collector.ExportMetricsServiceResponse{PartialSuccess: &collector.ExportMetricsPartialSuccess{RejectedDataPoints: 3, ErrorMessage: "too much"}})
	if err != nil {
		t.Fatal(err)
	}
	hostile, err := proto.Marshal(&collector.ExportMetricsServiceResponse{PartialSuccess: &collector.ExportMetricsPartialSuccess{RejectedDataPoints: 3, ErrorMessage: "too\n::error::\x1b[31m" + strings.Repeat("x", 400)}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		answer []byte
		want   string
	}{{answer, "3 data points were rejected: too much"}, {hostile, `3 data points were rejected: too\n::error::\x1b[31m` + strings.Repeat("x", 277) + "…"}, {[]byte("{}"), ""}, {nil, ""}, {[]byte("\xff\xff\xff"), ""}} {
		r := receive(t, 200)
		r.answer = c.answer
		e, err := OTLP(r.URL, "")
		if err != nil {
			t.Fatal(err)
		}
		err = New(m).push(context.Background(), e)
		if (err == nil) != (c.want == "") || err != nil && err.Error() != c.want {
			t.Errorf("%q: %v, want %q", c.answer, err, c.want)
		}
	}
}

func FuzzPartialSuccess(f *testing.F) {
	f.Add([]byte("\n\x0c\b\x03\x12\btoo much"))
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		got := partialSuccess(body)
		var want collector.ExportMetricsServiceResponse
		if err := proto.Unmarshal(body, &want); err == nil && (got != nil) != (uint64(want.GetPartialSuccess().GetRejectedDataPoints()) > 0) {
			t.Errorf("%v, where %d points were rejected", got, want.GetPartialSuccess().GetRejectedDataPoints())
		}
	})
}

// Spans of buckets with gaps between them are spread out.
func TestBuckets(t *testing.T) {
	span := func(offset int32, length uint32) *dto.BucketSpan {
		return &dto.BucketSpan{Offset: &offset, Length: &length}
	}
	for _, c := range []struct {
		spans  []*dto.BucketSpan
		deltas []int64
		first  int
		want   []uint64
	}{
		{nil, nil, 0, nil},
		{[]*dto.BucketSpan{span(0, 0)}, nil, 0, nil},
		{[]*dto.BucketSpan{span(-3, 2), span(2, 1)}, []int64{5, -1, 2}, -3, []uint64{5, 4, 0, 0, 6}},
		{[]*dto.BucketSpan{span(7, 3)}, []int64{1}, 7, []uint64{1}},
	} {
		first, got := buckets(&dto.Histogram{PositiveSpan: c.spans, PositiveDelta: c.deltas})
		if first != c.first || !slices.Equal(got, c.want) {
			t.Errorf("%v: %d %v, want %d %v", c.spans, first, got, c.first, c.want)
		}
	}
}

func TestRemoteWriteRequest(t *testing.T) {
	m := manifest()
	tel, _ := observed(m, rows(m, 100))
	r := receive(t, 204)
	e, err := RemoteWrite(r.URL+"/api/v1/write", "Bearer hush")
	if err != nil {
		t.Fatal(err)
	}
	if err := finish(tel, e, func(err error) { t.Error(err) }); err != nil {
		t.Fatal(err)
	}
	for i, h := range r.headers {
		if h.Get("Authorization") != "Bearer hush" || h.Get("Content-Encoding") != "snappy" || h.Get("X-Prometheus-Remote-Write-Version") != "0.1.0" {
			t.Errorf("%v", h)
		}
		body, err := s2.Decode(nil, r.bodies[i])
		if err != nil {
			t.Fatal(err)
		}
		if has := strings.Contains(string(body), "andon_hits_total"); has != (i == 0) {
			t.Errorf("request %d has counters: %v", i, has)
		}
	}
	if len(r.bodies) != 2 {
		t.Errorf("%d requests", len(r.bodies))
	}
	// The protocol wants labels in the order of their names; TimeSeries is field 1, and so are its labels and their
	// names.
	first := func(message []byte) (list []string) {
		if err := eachField(message, func(field protowire.Number, _ protowire.Type, value []byte, _ uint64) error {
			if field == 1 {
				list = append(list, string(value))
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return list
	}
	body, err := s2.Decode(nil, r.bodies[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, series := range first(body) {
		var names []string
		for _, l := range first([]byte(series)) {
			names = append(names, first([]byte(l))...)
		}
		if !slices.IsSorted(names) || len(names) < 3 || names[0] != "__name__" {
			t.Fatalf("the labels are %q", names)
		}
	}
}

// A receiver that does not know native histograms gets the rest, is asked no more, and that is said once.
func TestNativeRefused(t *testing.T) {
	r := receive(t, 200, 500, 200)
	e, err := RemoteWrite(r.URL, "")
	if err != nil {
		t.Fatal(err)
	}
	tel := New(manifest())
	var warned []string
	end := tel.Push(e, 5*time.Millisecond, func(err error) { warned = append(warned, err.Error()) })
	for r.count() < 6 {
		time.Sleep(time.Millisecond)
	}
	if err := end(context.Background()); err != nil {
		t.Error(err)
	}
	if len(warned) != 1 || !strings.Contains(warned[0], "native histograms are left out from now on") {
		t.Errorf("%q", warned)
	}
	for i, body := range r.bodies {
		decoded, _ := s2.Decode(nil, body)
		if strings.Contains(string(decoded), "andon_hits_total") == (i == 1) {
			t.Errorf("request %d is of the wrong kind", i)
		}
	}
	// In a short run the final push is the first one.
	r = receive(t, 200, 400, 200)
	if e, err = RemoteWrite(r.URL, ""); err != nil {
		t.Fatal(err)
	}
	warned = nil
	if err := finish(New(manifest()), e, func(err error) { warned = append(warned, err.Error()) }); err != nil || len(warned) != 1 {
		t.Errorf("%v, %q", err, warned)
	}
}

// finals counts the pushes of final figures, whose context has a value of the type finally, and tells when one is over.
type finals struct {
	http.RoundTripper
	n    int
	done func()
}

type finally struct{}

func (f *finals) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := f.RoundTripper.RoundTrip(r)
	if r.Context().Value(finally{}) != nil {
		f.n++
		f.done()
	}
	return response, err
}

// Whatever a receiver does, failures are told in few words, without the URL and its secrets, and end in time.
func TestPushFails(t *testing.T) {
	hang := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	t.Cleanup(hanging.Close)
	t.Cleanup(func() { close(hang) })
	flood := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(500)
		for range 1000 {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				return
			}
		}
	}))
	t.Cleanup(flood.Close)
	switches := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		_, _ = io.Copy(io.Discard, conn)
		_ = conn.Close()
	}))
	t.Cleanup(switches.Close)
	speaking := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(400)
		_, _ = io.WriteString(w, "no\n::error::\x1b[31m"+strings.Repeat("x", 400))
	}))
	t.Cleanup(speaking.Close)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + free.Addr().String()
	_ = free.Close()
	for _, c := range []struct{ why, url, says string }{
		{"nobody", nobody, "connection refused"},
		{"says a command", speaking.URL, `400 Bad Request: no\n::error::\x1b[31m` + strings.Repeat("x", 278) + "…"},
		{"redirect", receive(t, 307).URL, "307"},
		{"refused", receive(t, 401).URL, "401"},
		{"flood", flood.URL, "500"},
		{"switches protocols", switches.URL, "101"},
		{"hangs", hanging.URL, "context deadline exceeded"},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			e, err := RemoteWrite(c.url+"/write?token=hush", "Bearer hush")
			if err != nil {
				t.Fatal(err)
			}
			tel := New(manifest())
			var warned []error
			told := make(chan struct{})
			// The time for the end is over when the last push has failed, whenever that is.
			ctx, cancel := context.WithCancel(context.WithValue(context.Background(), finally{}, true))
			defer cancel()
			watched := &finals{RoundTripper: e.client.Transport, done: cancel}
			e.client.Transport = watched
			end := tel.Push(e, time.Millisecond, func(err error) {
				if warned = append(warned, err); len(warned) == 1 {
					close(told)
				}
			})
			if c.why == "hangs" {
				ctx, cancel = context.WithTimeout(ctx, 100*time.Millisecond)
				defer cancel()
			} else {
				<-told
			}
			began := time.Now()
			err = end(ctx)
			if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "Client.Timeout") {
				t.Errorf("%v, want %q", err, c.says)
			}
			if watched.n != 1 {
				t.Errorf("the final figures were pushed %d times, and should once: there was no time for more", watched.n)
			}
			if took := time.Since(began); took > pushTimeout {
				t.Errorf("the end takes %s", took)
			}
			for _, w := range warned {
				if strings.Contains(w.Error(), "hush") {
					t.Errorf("%v", w)
				}
			}
			if c.why != "hangs" && len(warned) != 1 {
				t.Errorf("warned of %v", warned)
			}
		})
	}
}

func TestEndpoints(t *testing.T) {
	for _, c := range []struct{ url, says string }{
		{"http://[::1", "cannot be read"}, {"ftp://x/", "must begin with http"}, {"http:///write", "name a host"}, {"localhost:9090", "must begin with http"},
		{"http://user:hush@127.0.0.1/", "has a user or password"},
	} {
		for _, open := range []func() (*Endpoint, error){
			func() (*Endpoint, error) { return RemoteWrite(c.url, "") }, func() (*Endpoint, error) { return OTLP(c.url, "") },
		} {
			if _, err := open(); err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "hush") {
				t.Errorf("%s: %v", c.url, err)
			}
		}
	}
	for _, headers := range []string{"hush", "a=%zz", "a b=hush", "=hush", "a=hush%0d%0ainjected"} {
		if _, err := OTLP("http://127.0.0.1:1", headers); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %v", headers, err)
		}
	}
}

// needTool finds a program that make test installs. Plain go test goes without.
func needTool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
		return path
	case os.Getenv("ANDON_TEST_TOOLS") != "":
		t.Fatalf("%s is missing; make test installs it", name)
	}
	t.Skipf("%s is not installed", name)
	return ""
}

// TestPrometheus pushes to a real Prometheus, and asks it for what it has.
func TestPrometheus(t *testing.T) {
	server := startPrometheus(t)
	m := manifest()
	list := rows(m, 20_000)
	tel, agg := observed(m, list)
	e, err := RemoteWrite(server+"/api/v1/write", "")
	if err != nil {
		t.Fatal(err)
	}
	// Some pushes before the last one.
	end := tel.Push(e, 50*time.Millisecond, func(err error) { t.Error(err) })
	time.Sleep(300 * time.Millisecond)
	executed := reportstest.Became()
	tel.Executions(*executed)
	tel.End()
	if err := end(context.Background()); err != nil {
		t.Fatal(err)
	}
	total := agg.Total(20)
	check := func(query string, want float64) {
		t.Helper()
		got := ask(t, server, query)
		if len(got) != 1 || got[0] != want {
			t.Errorf("%s is %v, want %v", query, got, want)
		}
	}
	check(`sum(andon_hits_total{warmup="false",outcome=~"ok|failed|shed|canceled"})`, float64(total.Sent))
	check(`sum(andon_errors_total{warmup="false",kind!="canceled"})`, float64(total.Failed()))
	check(`sum(andon_violations_total{warmup="false"})`, float64(total.Violated()))
	check(`sum(andon_responses_by_status_total{warmup="false",status="200"})`, float64(total.Status["200"]))
	check(`sum(andon_hits_total{warmup="false",outcome="dropped"})`, float64(total.Dropped))
	check(`sum(andon_executions_accepted_total)`, float64(executed.Total.Accepted))
	check(`sum(andon_executions_ended_total{outcome="lost"})`, float64(executed.Total.Lost))
	check(`andon_executions_backlog_growth_per_second{bound="low"}`, executed.Backlog.Growth.Low)
	check(`andon_running{job="andon",instance="`+m.ID+`"}`, 0)
	_, n := sum(t, tel, "andon_latency_seconds", map[string]string{"warmup": "false"})
	check(`sum(andon_latency_seconds_count{warmup="false"})`, float64(n))
	check(`histogram_count(sum(andon_latency_seconds{warmup="false"}))`, float64(n))
	// A quantile of the native histogram is as near to the exact one as its buckets are narrow.
	full := agg.By(metrics.ByTier, 20)["Full"]
	got := ask(t, server, `histogram_quantile(0.5, sum(andon_latency_seconds{warmup="false",tier="Full"}))`)
	if len(got) != 1 || math.Abs(got[0]/(*full.Latency.P50)-1) > growth-1 {
		t.Errorf("the median is %v, want %v", got, *full.Latency.P50)
	}
	// Every query of the dashboard is one, and has an answer.
	for _, q := range queries(t) {
		q = strings.NewReplacer("$__rate_interval", "1m", "$instance", ".*").Replace(q)
		ask(t, server, q)
	}
	// The page is in order too.
	promtool := needTool(t, "promtool")
	page := httptest.NewRecorder()
	tel.Handler().ServeHTTP(page, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	lint := exec.Command(promtool, "check", "metrics")
	lint.Stdin = page.Body
	if out, err := lint.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
}

// startPrometheus starts a Prometheus on loopback that takes remote writes.
func startPrometheus(t *testing.T) (base string) {
	t.Helper()
	path := needTool(t, "prometheus")
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	_ = free.Close()
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(config, []byte("global: {scrape_interval: 1h}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address,
		"--web.enable-remote-write-receiver", "--enable-feature=native-histograms", "--log.level=warn")
	var log strings.Builder
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(50 * time.Millisecond) {
		if r, err := http.Get("http://" + address + "/-/ready"); err == nil {
			_ = r.Body.Close()
			if r.StatusCode == 200 {
				return "http://" + address
			}
		}
	}
	t.Fatal("prometheus does not get ready")
	return ""
}

// ask evaluates a query now, and gives the values of its series.
func ask(t *testing.T, server, query string) (values []float64) {
	t.Helper()
	r, err := http.Get(server + "/api/v1/query?query=" + url.QueryEscape(query))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var answer struct {
		Status string
		Error  string
		Data   struct {
			Result []struct{ Value [2]any }
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&answer); err != nil || answer.Status != "success" {
		t.Errorf("%s: %v %s", query, err, answer.Error)
	}
	for _, s := range answer.Data.Result {
		v, err := strconv.ParseFloat(fmt.Sprint(s.Value[1]), 64)
		if err != nil {
			t.Error(err)
		}
		values = append(values, v)
	}
	return values
}

// queries are those of the dashboard.
func queries(t *testing.T) (list []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "grafana.json"))
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	for _, p := range dashboard.Panels {
		if p.Title == "" || len(p.Targets) == 0 {
			t.Errorf("the panel %q asks nothing", p.Title)
		}
		for _, target := range p.Targets {
			list = append(list, target.Expr)
		}
	}
	if len(list) < 5 {
		t.Errorf("the dashboard has %d queries", len(list))
	}
	return list
}

// The dashboard asks only for what there is.
func TestDashboard(t *testing.T) {
	m := manifest()
	tel, _ := observed(m, rows(m, 1000))
	tel.Executions(*reportstest.Became())
	families, err := tel.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	names, labels := map[string]bool{}, map[string]bool{"instance": true, "job": true, "le": true}
	for _, f := range families {
		names[f.GetName()] = true
		if f.GetType() == dto.MetricType_HISTOGRAM {
			for _, suffix := range []string{"_bucket", "_sum", "_count"} {
				names[f.GetName()+suffix] = true
			}
		}
		for _, metric := range f.GetMetric() {
			for _, l := range metric.GetLabel() {
				labels[l.GetName()] = true
			}
		}
	}
	name := regexp.MustCompile(`andon_[a-z_]+`)
	matcher := regexp.MustCompile(`([a-z_]+)(?:=|!=|=~|!~)"|by \(([a-z_, ]+)\)`)
	for _, q := range queries(t) {
		found := name.FindAllString(q, -1)
		for _, n := range found {
			if !names[n] {
				t.Errorf("%s: there is no %s", q, n)
			}
		}
		if len(found) == 0 {
			t.Errorf("%s asks for nothing of andon's", q)
		}
		for _, match := range matcher.FindAllStringSubmatch(q, -1) {
			for _, l := range strings.Split(match[1]+match[2], ", ") {
				if !labels[l] {
					t.Errorf("%s: there is no label %q", q, l)
				}
			}
		}
	}
}

// What a call costs. Compare with the aggregator's Add, which is there in any case.
func BenchmarkObserve(b *testing.B) {
	m := manifest()
	list := rows(m, 4096)
	b.Run("telemetry", func(b *testing.B) {
		tel := New(m)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			tel.Observe(list[i%len(list)])
		}
	})
	b.Run("aggregator", func(b *testing.B) {
		a := metrics.New(m.Labels, m.Planned, metrics.Tolerance)
		for i := 0; b.Loop(); i++ {
			if err := a.Add(list[i%len(list)]); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkPush(b *testing.B) {
	m := manifest()
	tel, _ := observed(m, rows(m, 20_000))
	for _, c := range []struct {
		name string
		open func(string) (*Endpoint, error)
	}{
		{"remote write", func(u string) (*Endpoint, error) { return RemoteWrite(u, "") }},
		{"otlp", func(u string) (*Endpoint, error) { return OTLP(u, "") }},
	} {
		b.Run(c.name, func(b *testing.B) {
			e, err := c.open("http://127.0.0.1:1")
			if err != nil {
				b.Fatal(err)
			}
			bytes := 0
			for b.Loop() {
				families, err := tel.registry.Gather()
				if err != nil {
					b.Fatal(err)
				}
				bytes = 0
				for _, r := range e.encode(families, moment{m, tel.began, time.Now()}) {
					bytes += len(r.body)
				}
			}
			b.ReportMetric(float64(bytes), "bytes/push")
		})
	}
}

// answering answers every request alike.
type answering struct {
	status int
	reason string
	body   []byte
}

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, r.Body)
	return &http.Response{StatusCode: a.status, Status: fmt.Sprint(a.status, " ", a.reason), Body: io.NopCloser(bytes.NewReader(a.body)), Request: r}, nil
}

// Whatever a receiver answers, a push ends, and what is said of it is short and does not quote what the URL holds.
func FuzzAnswers(f *testing.F) {
	f.Add(200, "OK", []byte("\n\x0c\b\x03\x12\btoo much"))
	f.Add(400, "Bad\x1b[2J", bytes.Repeat([]byte("out of order\n"), 1000))
	f.Add(101, "Switching Protocols", []byte(nil))
	f.Add(503, "", []byte("\xff\xfe"))
	f.Add(302, "Found", []byte("{}"))
	f.Add(204, "", []byte("\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	m := manifest()
	f.Fuzz(func(t *testing.T, status int, reason string, body []byte) {
		if len(reason) > 200 {
			return // net/http bounds the head of an answer as a whole
		}
		for _, make := range []func() (*Endpoint, error){
			func() (*Endpoint, error) { return OTLP("http://127.0.0.1:1/?key=hush-hush", "a=hush-hush") },
			func() (*Endpoint, error) {
				return RemoteWrite("http://127.0.0.1:1/w?key=hush-hush", "Bearer hush-hush")
			},
		} {
			e, err := make()
			if err != nil {
				t.Fatal(err)
			}
			e.client.Transport = answering{status, reason, body}
			err = New(m).push(context.Background(), e)
			if err == nil && status/100 != 2 {
				t.Fatalf("status %d is a success", status)
			}
			if err != nil && (len(err.Error()) > 1500 || strings.Contains(err.Error(), "hush-hush") && !bytes.Contains(body, []byte("hush")) && !strings.Contains(reason, "hush")) {
				t.Fatalf("%q", err)
			}
		}
	})
}
