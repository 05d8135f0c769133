package summary

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/kaizenautomation/andon/reports/metrics"
	"github.com/kaizenautomation/andon/reports/results"
	"github.com/kaizenautomation/andon/reports/text"
)

// Mergeable names what keeps runs from being reported as one. They can be of different seeds and targets, since a run
// is merged with that of another machine and the embedded provider has a new port each time; whatever rows refer to,
// and whatever they are judged by, must be the same. Nothing is mapped by name: runs of the same scenario and
// description have the same labels, and those of others would be figures of nothing.
func Mergeable(runs []*results.Run) error {
	for i, b := range runs {
		for _, a := range runs[:i] {
			if a.ID == b.ID && a.Started.Equal(b.Started) {
				return fmt.Errorf("%s and %s are the same run, and its calls would count twice: give each run once", a.Dir, b.Dir)
			}
		}
		if difference := differs(&runs[0].Manifest, &b.Manifest); difference != "" {
			return fmt.Errorf("%s and %s cannot be merged: %s; merge runs of one scenario and one description only", runs[0].Dir, b.Dir, difference)
		}
	}
	return nil
}

// differs names the first thing in which two runs differ that must not.
func differs(a, b *results.Manifest) string {
	list := func(what string, x, y []string) string {
		if slices.Equal(x, y) {
			return ""
		}
		for i := range max(len(x), len(y)) {
			var p, q string
			if i < len(x) {
				p = x[i]
			}
			if i < len(y) {
				q = y[i]
			}
			if p != q {
				none := func(s string) string {
					if s == "" {
						return "none"
					}
					return `"` + text.Printable(s, 80) + `"`
				}
				return fmt.Sprintf("%s %d of the one is %s, of the other %s", what, i+1, none(p), none(q))
			}
		}
		return ""
	}
	names := func(m *results.Manifest) (classes, phases, thresholds []string) {
		for _, c := range m.Labels.Classes {
			classes = append(classes, c.Name)
		}
		for _, p := range m.Labels.Phases {
			phases = append(phases, p.Name+": "+p.Shape+fmt.Sprintf(" for %g s", p.Seconds))
		}
		for _, t := range m.Thresholds {
			thresholds = append(thresholds, t.Expr)
		}
		return classes, phases, thresholds
	}
	ac, ap, at := names(a)
	bc, bp, bt := names(b)
	switch {
	case a.SpecSHA256 != b.SpecSHA256:
		return fmt.Sprintf("the description that answers were judged by has the SHA-256 %.12s… in the one, %.12s… in the other", a.SpecSHA256, b.SpecSHA256)
	case a.TimeoutSeconds != b.TimeoutSeconds:
		return fmt.Sprintf("the timeout is %g s in the one, %g s in the other", a.TimeoutSeconds, b.TimeoutSeconds)
	case metrics.Tolerated(*a) != metrics.Tolerated(*b):
		return fmt.Sprintf("the tolerated lag is %s in the one, %s in the other", metrics.Tolerated(*a), metrics.Tolerated(*b))
	}
	if d := cmp.Or(list("class", ac, bc), list("phase", ap, bp), list("rule", a.Labels.Rules, b.Labels.Rules), list("threshold", at, bt)); d != "" {
		return d
	}
	if !reflect.DeepEqual(a.Labels, b.Labels) {
		return "their classes or phases have the same names and mean different things"
	}
	return ""
}

// Joined is the manifest of all runs together.
func Joined(runs []*results.Run) results.Manifest {
	m := runs[0].Manifest
	if len(runs) == 1 {
		return m
	}
	var ids, scenarios, targets, andons, platforms, transports []string
	m.Generator.Command = nil
	// The trace ids of a call follow from its own run's number, which no summary of several has.
	m.Traces = 0
	m.Planned = nil
	for _, r := range runs {
		ids = append(ids, r.ID)
		scenarios, targets, andons = append(scenarios, r.Scenario), append(targets, r.Target), append(andons, r.Andon)
		platforms, transports = append(platforms, r.Generator.Platform), append(transports, r.Generator.Transport)
		m.InFlight = max(m.InFlight, r.InFlight)
		// What one generator has is what it must do with.
		m.Generator.Cores = min(m.Generator.Cores, r.Generator.Cores)
		if files := r.Generator.OpenFiles; files > 0 && (m.Generator.OpenFiles == 0 || files < m.Generator.OpenFiles) {
			m.Generator.OpenFiles = files
		}
		if r.Started.Before(m.Started) {
			m.Started = r.Started
		}
	}
	m.ID, m.Scenario, m.Target = strings.Join(ids, "+"), distinct(scenarios), distinct(targets)
	m.Andon, m.Generator.Platform, m.Generator.Transport = distinct(andons), distinct(platforms), distinct(transports)
	if !slices.ContainsFunc(runs, func(r *results.Run) bool { return r.Planned == nil }) {
		for p := range runs[0].Planned {
			sum := make([]uint64, len(runs[0].Planned[p]))
			for _, r := range runs {
				for c, n := range r.Planned[p] {
					sum[c] += n
				}
			}
			m.Planned = append(m.Planned, sum)
		}
	}
	return m
}

// distinct joins texts, each once, in the order in which they come.
func distinct(texts []string) string {
	var list []string
	for _, t := range texts {
		if !slices.Contains(list, t) {
			list = append(list, t)
		}
	}
	return strings.Join(list, ", ")
}

// Merge summarizes several runs as one. parts are their rows by run, whole all of them: every percentile is that of one
// histogram which was given all calls. The runs lie on one clock, each from its own start.
func Merge(runs []*results.Run, m results.Manifest, parts []*metrics.Aggregator, whole *metrics.Aggregator) Summary {
	merged := Merged{SideBySide: true}
	var (
		samples []results.Sample
		vitals  []results.Vitals
		apart   = make([]metrics.Part, len(runs))
		worst   = metrics.Validity{Status: metrics.Valid}
		reasons []string
		stopped float64
	)
	type kind struct{ kind, rule string }
	seen := map[kind]bool{}
	for i, r := range runs {
		for _, x := range r.Samples {
			if k := (kind{x.Kind, x.Rule}); !seen[k] {
				seen[k] = true
				samples = append(samples, x)
			}
		}
		vitals = append(vitals, r.Vitals...)
		elapsed := parts[i].Elapsed(r.End)
		apart[i] = metrics.Part{Aggregator: parts[i], Elapsed: elapsed}
		stopped = max(stopped, elapsed)
		own := parts[i].Validity(r.InFlight, parts[i].Generator(r.Generator, r.Vitals))
		if severity(own.Status) > severity(worst.Status) {
			worst, reasons = own, nil
		}
		if own.Status == worst.Status {
			for _, reason := range own.Reasons {
				reasons = append(reasons, r.ID+": "+reason)
			}
		}
		seconds := r.End.Seconds
		if r.End.Reason == results.Cut {
			seconds = elapsed
		}
		merged.Runs = append(merged.Runs, MergedRun{
			ID: r.ID, Scenario: r.Scenario, Seed: r.Seed, Target: r.Target, Started: r.Started.UTC(), DurationSeconds: seconds,
			End: End{Reason: r.End.Reason, Detail: r.End.Detail}, Validity: own.Status, Sent: parts[i].Total(elapsed).Sent,
		})
	}
	end := merged.place()
	if end.Reason != results.Finished {
		end.StoppedSeconds = stopped
	}
	if !merged.SideBySide {
		whole.Apart(apart)
	}
	s := Summarize(m, samples, vitals, end, whole)
	s.Run.DurationSeconds, s.Run.Merged = end.Seconds, &merged
	// A merged run is no better than the worst of them: the lateness of one could be lost among the calls of many.
	if severity(worst.Status) >= severity(s.Validity.Status) {
		s.Validity.Status, s.Validity.Reasons = worst.Status, append([]string{}, reasons...)
	}
	s.decide()
	return s
}

func severity(status string) int {
	return slices.Index([]string{metrics.Valid, metrics.TargetLimited, metrics.GeneratorLimited, metrics.NoData}, status)
}

// place finds out whether the runs went on side by side, which they did if all of them went on for nine tenths of the
// longest, and how they ended: as the worst of them did. The length is the time from the first start to the last end
// side by side, else the sum.
func (m *Merged) place() results.End {
	ends := []string{results.Finished, results.Aborted, results.Hopeless, results.Interrupted, results.Cut}
	end := results.End{Reason: results.Finished}
	var details []string
	first, last := m.Runs[0].Started, time.Time{}         // of any
	from, until := time.Time{}, time.Unix(1<<40, 0).UTC() // of all
	longest, sum := 0.0, 0.0
	for _, r := range m.Runs {
		stop := r.Started.Add(time.Duration(r.DurationSeconds * float64(time.Second)))
		if r.Started.Before(first) {
			first = r.Started
		}
		if r.Started.After(from) {
			from = r.Started
		}
		if stop.After(last) {
			last = stop
		}
		if stop.Before(until) {
			until = stop
		}
		longest = max(longest, r.DurationSeconds)
		sum += r.DurationSeconds
		if slices.Index(ends, r.End.Reason) > slices.Index(ends, end.Reason) {
			end.Reason = r.End.Reason
		}
		if r.End.Reason != results.Finished {
			details = append(details, fmt.Sprintf("%s: %s", r.ID, cmp.Or(r.End.Detail, r.End.Reason)))
		}
	}
	end.Detail = strings.Join(details, "; ")
	m.SideBySide = until.Sub(from).Seconds() >= 0.9*longest
	if end.Seconds = sum; m.SideBySide {
		end.Seconds = last.Sub(first).Seconds()
	}
	return end
}
