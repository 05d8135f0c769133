package telemetry

import (
	"io"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/sizing"
	"github.com/kaizenautomation/andon/reports/summary"
	"github.com/kaizenautomation/andon/reports/text"
)

// WriteCapacity writes what a search for capacity came to in Prometheus' text format, for a collector of text files.
// What is not known has no series: an estimate is only there with both ends of its interval, and whether a need is met
// only where that was decided.
func WriteCapacity(w io.Writer, r sizing.Report) error {
	known := constants(results.Manifest{Release: r.Run.Release, RunLabels: r.Run.Labels})
	known["scenario"], known["target"] = r.Run.Scenario, r.Run.Target
	for name, value := range known {
		known[name] = harmless(value)
	}
	registry := prometheus.NewRegistry()
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "andon_capacity_" + name, Help: help, ConstLabels: known}, labels)
		registry.MustRegister(v)
		return v
	}
	rate := gauge("rate", "The highest rate that is taken, in calls a second: its best estimate, and the ends of its interval. Acceptance is of calls, completion of the executions that they start.", "bound", "of")
	confidence := gauge("confidence_ratio", "The confidence of the interval.", "of")
	inFlight := gauge("in_flight", "Calls in flight on average at the best estimate.", "of")
	goodput := gauge("goodput", "Calls a second that keep all objectives at the best estimate.", "of")
	headroom := gauge("headroom_ratio", "The low end of the interval over the rate that is needed, less 1.", "of")
	for of, c := range map[string]*sizing.Capacity{"acceptance": r.Acceptance, "completion": r.Completion} {
		if c == nil {
			continue
		}
		ends(rate, c, of)
		if c.Headroom != nil {
			headroom.WithLabelValues(of).Set(*c.Headroom)
		}
		if c.Kind != sizing.Interval {
			continue
		}
		confidence.WithLabelValues(of).Set(c.Confidence)
		if c.InFlight > 0 {
			inFlight.WithLabelValues(of).Set(c.InFlight)
		}
		if c.Goodput > 0 {
			goodput.WithLabelValues(of).Set(c.Goodput)
		}
	}
	if n := r.Need; n != nil {
		gauge("need_rate", "The rate that is needed, in calls a second, with its headroom.").WithLabelValues().Set(n.Tried)
		if met, decided := map[string]float64{sizing.Yes: 1, sizing.No: 0}[n.Answer]; decided {
			gauge("need_met", "Whether the rate that is needed is taken: 1 or 0. Undecided, it is not there.").WithLabelValues().Set(met)
		}
	}
	onset := gauge("onset_rate", "Between which rates something begins: the contract is broken, calls are shed.", "bound", "what")
	for _, o := range r.Onsets {
		if o.Low != nil {
			onset.WithLabelValues("low", harmless(o.What)).Set(*o.Low)
		}
		if o.High != nil {
			onset.WithLabelValues("high", harmless(o.What)).Set(*o.High)
		}
	}
	if m := r.Mix; m != nil {
		mix := gauge("mix_rate", "The highest rate that is taken at a share of a value in the mix.", "bound", "value", "share")
		for _, p := range m.Points {
			ends(mix, &p.Capacity, harmless(m.Value), strconv.FormatFloat(p.Share, 'f', -1, 64))
		}
	}
	if n := r.Replicas; n != nil {
		gauge("replicas_needed", "The replicas that a rate takes.").WithLabelValues().Set(float64(n.Needed))
	}
	trials := gauge("trials", "The trials of the search, by what they came to.", "outcome")
	for _, outcome := range []string{sizing.Holds, sizing.Broken, sizing.Open, sizing.Void} {
		trials.WithLabelValues(outcome)
	}
	for _, t := range r.Trials {
		trials.WithLabelValues(t.Outcome).Inc()
	}
	gauge("calls", "The calls that the search sent.").WithLabelValues().Set(float64(r.Budget.SpentCalls))
	found := gauge("found", "1 where the search has answered what was asked, 0 where it has not.").WithLabelValues()
	if r.Verdict.Status != summary.NoVerdict {
		found.Set(1)
	}
	gauge("timestamp_seconds", "When the search ended, in seconds since 1970.").WithLabelValues().Set(float64(r.Run.Started.UnixMilli())/1e3 + r.Run.DurationSeconds)
	return expose(w, registry)
}

// expose writes what was registered in the text format.
func expose(w io.Writer, registry prometheus.Gatherer) error {
	families, err := registry.Gather()
	if err != nil {
		return err
	}
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(w, f); err != nil {
			return err
		}
	}
	return nil
}

// harmless is a label that may stand on a terminal, and on the output of a step of CI.
func harmless(s string) string { return text.Inert(text.Printable(s, maxLabel)) }

// ends sets what is known of a capacity.
func ends(v *prometheus.GaugeVec, c *sizing.Capacity, of ...string) {
	set := func(bound string, value float64) {
		v.WithLabelValues(append([]string{bound}, of...)...).Set(value)
	}
	if c.Low != nil && c.Kind != sizing.AtMost {
		set("low", *c.Low)
	}
	if c.High != nil && c.Kind != sizing.AtLeast {
		set("high", *c.High)
	}
	if c.Kind == sizing.Interval {
		set("best", c.Rate)
	}
}
