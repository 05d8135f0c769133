// Package telemetry shows a run to monitoring systems while it goes on.
//
// There is one set of figures, kept by Prometheus' client library: a page that Prometheus scrapes, and what is pushed
// by remote write or by OTLP, are renderings of it, so that all of them agree with each other and, in the end, with
// summary.json. Labels are few and closed: tiers and contents of the description, kinds of error, rules; never a call,
// a caller or a text of the provider's.
package telemetry

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
)

// Telemetry is the live figures of one run. Make it with [New].
type Telemetry struct {
	registry *prometheus.Registry
	run      results.Manifest
	began    time.Time

	calls, outcomes, responses, byStatus, errors, violations, bytes *prometheus.CounterVec
	latency, service, turnedAway, lag, ownLag                       *prometheus.HistogramVec
	inFlight, callers, asked, elapsed, running                      prometheus.Gauge

	executed renewed

	kinds    []string
	closed   []bool    // by phase
	warmup   []string  // by phase, as a label's value
	children []*series // by phase, then class; nil until the first row
	statuses map[string]bool
	// tolerance is how late calls may leave.
	tolerance time.Duration
	// scraped is closed when a page was served that has the final figures, which are there when the run has ended.
	ended   atomic.Bool
	scraped chan struct{}
	once    sync.Once
}

// series is what a row of one class counts up, looked up once.
type series struct {
	latency, service, lag, ownLag                        prometheus.Observer
	ok, failed, shed, canceled, dropped, unsent, in, out prometheus.Counter
	outcomes                                             [results.OutcomeFailed + 1]prometheus.Counter
	turnedAway                                           [results.OutcomeFailed + 1]prometheus.Observer
	responses                                            [6]prometheus.Counter // by status class; 0 is any other
	status                                               map[uint16]prometheus.Counter
	errors, rules                                        []prometheus.Counter // by kind and by rule
}

const (
	// growth is the ratio of neighbouring native buckets: a quantile is at most half of it off.
	growth = 1.1
	// maxBuckets bounds a native histogram: beyond it the buckets are made wider. At a growth of 1.1 these reach over
	// six decades.
	maxBuckets = 160
	// maxStatuses bounds the statuses that are told apart, for a provider that sends them all.
	maxStatuses = 40
	// maxLabel bounds the words of a description that become labels.
	maxLabel = 128
)

// classic are the buckets, in seconds, for whoever cannot read native histograms: few, since each is a series of its
// own.
var classic = [...]float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30}

// New begins the telemetry of the run that m describes.
func New(m results.Manifest) *Telemetry {
	t := &Telemetry{
		registry: prometheus.NewRegistry(), run: m, began: time.Now(), kinds: results.KindNames(),
		children: make([]*series, len(m.Labels.Phases)*len(m.Labels.Classes)), statuses: map[string]bool{}, scraped: make(chan struct{}),
		tolerance: metrics.Tolerated(m),
	}
	t.registry.MustRegister(&t.executed)
	known := constants(m)
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "andon_" + name, Help: help, ConstLabels: known}, labels)
		t.registry.MustRegister(v)
		return v
	}
	histogram := func(name, help string, labels ...string) *prometheus.HistogramVec {
		v := prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "andon_" + name, Help: help, ConstLabels: known, Buckets: classic[:],
			NativeHistogramBucketFactor: growth, NativeHistogramMaxBucketNumber: maxBuckets,
		}, labels)
		t.registry.MustRegister(v)
		return v
	}
	gauge := func(name, help string) prometheus.Gauge {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "andon_" + name, Help: help, ConstLabels: known})
		t.registry.MustRegister(g)
		return g
	}
	t.calls = counter("hits_total", "Calls by what became of them: ok, failed, shed (429, or 503 with Retry-After), canceled (by hand), dropped (waited too long for a free slot) or unsent (the run ended).", "tier", "content", "warmup", "outcome")
	t.outcomes = counter("outcomes_total", "Sent calls by what the provider made of them: accepted (2xx), shed (429, or 503 with Retry-After), refused (other 3xx and 4xx) or failed.", "tier", "content", "warmup", "outcome")
	t.responses = counter("responses_total", "Responses by class of status: 1xx to 5xx, or other.", "tier", "content", "warmup", "class")
	t.byStatus = counter("responses_by_status_total", "Responses by HTTP status; those beyond the first "+strconv.Itoa(maxStatuses)+" statuses are other.", "warmup", "status")
	t.errors = counter("errors_total", "What kept sent calls from being a success, by kind.", "tier", "warmup", "kind")
	t.violations = counter("violations_total", "Responses that broke the contract, by rule.", "tier", "warmup", "rule")
	t.bytes = counter("body_bytes_total", "Bytes of bodies: in of responses, out of requests.", "direction")
	t.latency = histogram("latency_seconds", "From when a call was due to the last byte of its response; in a closed loop service time. Of the accepted calls, and of those that were given up after their time.", "tier", "content", "warmup")
	t.service = histogram("service_seconds", "From the sending of a call to the last byte of its response, of the same calls.", "tier", "content", "warmup")
	t.turnedAway = histogram("turned_away_latency_seconds", "From when a call was due to the last byte of an answer that turned it away, by outcome: shed, refused or failed. They are in no other time.", "tier", "content", "warmup", "outcome")
	t.lag = histogram("lag_seconds", "How late calls left.", "warmup")
	t.ownLag = histogram("own_lag_seconds", "For how long the generator itself held calls up.", "warmup")
	t.inFlight = gauge("in_flight", "Calls in flight now.")
	t.callers = gauge("callers", "Callers of a closed loop now; 0 in an open load.")
	t.asked = gauge("asked_hits_per_second", "The rate that the plan asks for now; 0 in a closed loop.")
	t.elapsed = gauge("elapsed_seconds", "For how long the run has been going on.")
	t.running = gauge("running", "1 while the run goes on, 0 when it is over.")
	t.running.Set(1)
	gauge("in_flight_limit", "The most calls that may be in flight.").Set(float64(m.InFlight))

	seconds, closed := 0.0, false
	for _, p := range m.Labels.Phases {
		seconds = max(seconds, p.StartSeconds+p.Seconds)
		closed = closed || p.Closed
		t.closed = append(t.closed, p.Closed)
		t.warmup = append(t.warmup, strconv.FormatBool(p.Warmup))
	}
	gauge("planned_seconds", "The length of the load.").Set(seconds)
	if !closed {
		planned := uint64(0)
		for _, classes := range m.Planned {
			for _, n := range classes {
				planned += n
			}
		}
		gauge("planned_hits", "The calls of the plan, warm-ups among them.").Set(float64(planned))
	}
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "andon_run_info", Help: "What is run; always 1.", ConstLabels: known},
		[]string{"run", "scenario", "seed", "target", "version", "spec"})
	t.registry.MustRegister(info)
	info.WithLabelValues(label(m.ID), label(m.Scenario), strconv.FormatUint(m.Seed, 10), label(m.Target), label(m.Andon), label(m.SpecSHA256)).Set(1)
	// A counter whose first value is 1 never rose: those that are read most begin with 0.
	for phase := range m.Planned {
		for class, n := range m.Planned[phase] {
			if n > 0 {
				t.at(phase, class)
			}
		}
	}
	return t
}

// constants are the release and the labels of a run as every series of Prometheus has them: release, and label_ before
// the name. Where two names differ by characters alone that a label cannot have, the later one is left out.
func constants(m results.Manifest) prometheus.Labels {
	by := prometheus.Labels{}
	if m.Release != "" {
		by["release"] = label(m.Release)
	}
	for _, name := range slices.Sorted(maps.Keys(m.RunLabels)) {
		key := "label_" + strings.Map(func(r rune) rune {
			if r == '.' || r == '-' {
				return '_'
			}
			return r
		}, name)
		if _, taken := by[key]; !taken {
			by[key] = label(m.RunLabels[name])
		}
	}
	return by
}

// label makes a text that a label can have: it must be UTF-8, and should not be long.
func label(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	if utf8.RuneCountInString(s) > maxLabel {
		s = string([]rune(s)[:maxLabel-1]) + "…"
	}
	return s
}

func (t *Telemetry) at(phase, class int) *series {
	i := phase*len(t.run.Labels.Classes) + class
	if s := t.children[i]; s != nil {
		return s
	}
	c, warmup := t.run.Labels.Classes[class], t.warmup[phase]
	tier, content := label(c.Tier), label(c.Content)
	outcome := func(name string) prometheus.Counter { return t.calls.WithLabelValues(tier, content, warmup, name) }
	s := &series{
		latency: t.latency.WithLabelValues(tier, content, warmup), service: t.service.WithLabelValues(tier, content, warmup),
		ok: outcome("ok"), failed: outcome("failed"), shed: outcome("shed"), canceled: outcome("canceled"), dropped: outcome("dropped"), unsent: outcome("unsent"),
		in: t.bytes.WithLabelValues("in"), out: t.bytes.WithLabelValues("out"),
		status: map[uint16]prometheus.Counter{},
		errors: make([]prometheus.Counter, len(t.kinds)), rules: make([]prometheus.Counter, len(t.run.Labels.Rules)),
	}
	for _, o := range results.Outcomes() {
		s.outcomes[o] = t.outcomes.WithLabelValues(tier, content, warmup, o.String())
	}
	if !t.closed[phase] {
		s.lag, s.ownLag = t.lag.WithLabelValues(warmup), t.ownLag.WithLabelValues(warmup)
	}
	t.children[i] = s
	return s
}

// Observe counts one row. It is for one goroutine. A row that is foreign to the run is not counted.
func (t *Telemetry) Observe(r results.Row) {
	if int(r.Phase) >= len(t.run.Labels.Phases) || int(r.Class) >= len(t.run.Labels.Classes) || int(r.Error) >= len(t.kinds) || int(r.Rule) >= max(len(t.run.Labels.Rules), 1) {
		return
	}
	r = t.run.Labels.Judged(r)
	s := t.at(int(r.Phase), int(r.Class))
	switch r.Error {
	case results.None:
		s.ok.Inc()
	case results.Shed:
		s.shed.Inc()
	case results.Dropped:
		s.dropped.Inc()
	case results.Unsent:
		s.unsent.Inc()
	case results.Canceled, results.Unread:
		s.canceled.Inc()
	default:
		if r.Error.Kept() {
			s.unsent.Inc()
		} else {
			s.failed.Inc()
		}
	}
	sent := r.Sent()
	if (sent || r.Error.Kept()) && r.Error != results.None && r.Error != results.Shed {
		t.counted(&s.errors[r.Error], t.errors, r, func() string { return t.kinds[r.Error] }).Inc()
	}
	if t.run.Labels.Counted(r.Rule) > 0 {
		t.counted(&s.rules[r.Rule], t.violations, r, func() string { return label(t.run.Labels.Rules[r.Rule]) }).Inc()
	}
	if r.Status > 0 {
		t.countStatus(s, r)
	}
	s.in.Add(float64(r.BytesIn))
	s.out.Add(float64(r.BytesOut))
	t.observeTimes(s, r)
	if s.lag != nil && (sent || r.Error == results.Dropped) {
		s.lag.Observe(float64(max(r.Lag, 0)))
		// As in the report, a dropped call says nothing of the generator unless that held it up.
		if own := metrics.HeldUp(r, t.tolerance); sent || own > t.tolerance {
			s.ownLag.Observe(own.Seconds())
		}
	}
}

// observeTimes counts what the provider made of a call, and the times: as in the report, those of an answer that turned
// a call away are apart. Of deliberately invalid calls the refused ones are what the class is for.
func (t *Telemetry) observeTimes(s *series, r results.Row) {
	c, outcome := &t.run.Labels.Classes[r.Class], r.Outcome()
	if outcome != results.OutcomeNone {
		s.outcomes[outcome].Inc()
	}
	if !r.Timed() {
		return
	}
	latency := float64(max(r.Lag, 0)) + float64(max(r.Service, 0))
	if r.Completed() && outcome != results.OutcomeAccepted && !(c.Invalid && outcome == results.OutcomeRefused) {
		if s.turnedAway[outcome] == nil {
			s.turnedAway[outcome] = t.turnedAway.WithLabelValues(label(c.Tier), label(c.Content), t.warmup[r.Phase], outcome.String())
		}
		s.turnedAway[outcome].Observe(latency)
		return
	}
	s.latency.Observe(latency)
	if r.Sent() {
		s.service.Observe(float64(max(r.Service, 0)))
	}
}

// counted is the counter in its place, made when it is first counted.
func (t *Telemetry) counted(place *prometheus.Counter, vec *prometheus.CounterVec, r results.Row, name func() string) prometheus.Counter {
	if *place == nil {
		*place = vec.WithLabelValues(label(t.run.Labels.Classes[r.Class].Tier), t.warmup[r.Phase], name())
	}
	return *place
}

func (t *Telemetry) countStatus(s *series, r results.Row) {
	c, warmup := t.run.Labels.Classes[r.Class], t.warmup[r.Phase]
	class := int(r.Status / 100)
	if class > 5 {
		class = 0
	}
	if s.responses[class] == nil {
		name := "other"
		if class > 0 {
			name = strconv.Itoa(class) + "xx"
		}
		s.responses[class] = t.responses.WithLabelValues(label(c.Tier), label(c.Content), warmup, name)
	}
	s.responses[class].Inc()
	counter := s.status[r.Status]
	if counter == nil {
		name := "other"
		if r.Status >= 100 && r.Status <= 999 {
			name = strconv.Itoa(int(r.Status))
			if !t.statuses[name] && len(t.statuses) == maxStatuses {
				name = "other"
			} else {
				t.statuses[name] = true
			}
		}
		counter = t.byStatus.WithLabelValues(warmup, name)
		s.status[r.Status] = counter
	}
	counter.Inc()
}

// Progress is told how far the run is: the time since its start, the rate that it asks for in calls a second, the
// callers of a closed loop, and the calls in flight.
func (t *Telemetry) Progress(elapsed time.Duration, asked float64, callers, inFlight int) {
	t.elapsed.Set(elapsed.Seconds())
	t.asked.Set(asked)
	t.callers.Set(float64(callers))
	t.inFlight.Set(float64(inFlight))
}

// End is told that the run is over: no more rows come.
func (t *Telemetry) End() {
	t.running.Set(0)
	t.inFlight.Set(0)
	t.asked.Set(0)
	t.callers.Set(0)
	t.ended.Store(true)
}

// Handler serves the page that Prometheus scrapes.
func (t *Telemetry) Handler() http.Handler {
	page := promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		last := t.ended.Load()
		page.ServeHTTP(w, r)
		if last {
			t.once.Do(func() { close(t.scraped) })
		}
	})
}
