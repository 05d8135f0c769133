package telemetry

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kaizenautomation/andon/reports/executions"
)

// Executions is told what has become of the executions by now; the last time after they were followed. It is safe for
// concurrent use.
func (t *Telemetry) Executions(r executions.Report) {
	known := constants(t.run)
	var list []prometheus.Collector
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "andon_" + name, Help: help, ConstLabels: known}, labels)
		list = append(list, v)
		return v
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "andon_" + name, Help: help, ConstLabels: known}, labels)
		list = append(list, v)
		return v
	}
	between := func(v *prometheus.GaugeVec, b executions.Bounds, labels ...string) {
		v.WithLabelValues(append(labels, "low")...).Set(b.Low)
		v.WithLabelValues(append(labels, "high")...).Set(b.High)
	}

	accepted := counter("executions_accepted_total", "Executions that accepted calls started, without warm-ups.", "tier")
	ended := counter("executions_ended_total", "Executions that completed or failed, or are lost: the provider, which accepted them, does not know them.", "tier", "outcome")
	open := gauge("executions_open", "Executions that had not ended when they were last asked about: waiting, running, or unseen, of which nothing is known.", "tier", "state")
	completion := gauge("executions_completion_seconds", "From accepted to ended, by percentile, between two bounds; there is none where it is not determined.", "tier", "percentile", "bound")
	for tier, f := range r.Tiers {
		tier = label(tier)
		accepted.WithLabelValues(tier).Add(float64(f.Accepted))
		for outcome, n := range map[string]uint64{"completed": f.Completed, "failed": f.Failed, "lost": f.Lost} {
			ended.WithLabelValues(tier, outcome).Add(float64(n))
		}
		for state, n := range map[string]uint64{"waiting": f.Waiting, "running": f.Running, "unseen": f.Unseen} {
			open.WithLabelValues(tier, state).Add(float64(n))
		}
		for i, p := range f.Completion.Percentiles() {
			if p != nil {
				between(completion, *p, tier, []string{"p50", "p90", "p95", "p99"}[i])
			}
		}
	}
	backlog := gauge("executions_backlog", "Executions that were accepted and had not ended: at the peak, when the last call was answered, and now.", "when", "bound")
	between(backlog, r.Backlog.Peak, "peak")
	between(backlog, r.Backlog.AtEnd, "last-call")
	if n := len(r.Timeline); n > 0 {
		between(backlog, r.Timeline[n-1].Backlog, "now")
	}
	growth := gauge("executions_backlog_growth_per_second", "By how many executions the backlog grew per second while the load went on, with its interval of 95 %.", "bound")
	if g := r.Backlog.Growth; g != nil {
		growth.WithLabelValues("found").Set(g.PerSecond)
		between(growth, executions.Bounds{Low: g.Low, High: g.High})
	}
	polls := counter("polls_total", "Polls that asked what became of executions: answered, or failed.", "outcome")
	polls.WithLabelValues("answered").Add(float64(r.Polls.Sent - min(r.Polls.Failed, r.Polls.Sent)))
	polls.WithLabelValues("failed").Add(float64(r.Polls.Failed))
	webhooks := counter("webhooks_total", "Webhooks that came, by what became of them.", "outcome")
	if w := r.Webhooks; w != nil {
		for outcome, n := range map[string]uint64{"believed": w.Believed, "repeated": w.Repeated, "unsigned": w.Unsigned, "old": w.Old,
			"unknown": w.Unknown, "malformed": w.Malformed, "excess": w.Excess} {
			webhooks.WithLabelValues(outcome).Add(float64(n))
		}
	}
	faults := counter("execution_faults_total", "What the provider told of executions and cannot be, by kind.", "fault")
	for _, f := range r.Faults {
		faults.WithLabelValues(label(f.Name)).Add(float64(f.Count))
	}
	t.executed.become(list)
}
